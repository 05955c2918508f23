"""statsmodels: linear and generalised models, time series, robust regression."""

import warnings

import numpy as np
import statsmodels.api as sm
from statsmodels.tsa.arima.model import ARIMA
from statsmodels.tsa.stattools import acf, pacf

from tests.bench.programs.catalogue import program


def _regression(rng):
    x = sm.add_constant(rng.standard_normal((150, 4)))
    return x, x @ np.array([0.5, 1.0, -0.5, 0.0, 0.2]) + 0.3 * rng.standard_normal(150)


@program(_regression)
def linear_models(x, y):
    """Ordinary and robust regression, with what a report shows of them."""
    fitted = sm.OLS(y, x).fit(cov_type="HC1")
    robust = sm.RLM(y, x).fit()
    return (
        *(fitted.params, fitted.bse, fitted.pvalues, fitted.rsquared_adj, fitted.aic),
        *(fitted.conf_int(), robust.params, robust.scale, fitted.get_influence().cooks_distance[0]),
    )


@program(_regression)
def counts(x, y):
    """A Poisson model by reweighting, and its prediction."""
    fitted = sm.GLM(np.round(np.exp(0.3 * y)), x, family=sm.families.Poisson()).fit()
    return fitted.params, fitted.bse, fitted.deviance, fitted.predict(x[:20])


@program(lambda rng: (np.cumsum(0.2 * rng.standard_normal(80)),))
def time_series(series):
    """An ARIMA model with a forecast, and autocorrelations."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fitted = ARIMA(series, order=(1, 1, 0)).fit()
    return fitted.params, fitted.forecast(5), acf(series, nlags=10), pacf(series, 5)
