"""scikit-learn: fits and predictions."""

import warnings

import numpy as np
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.ensemble import RandomForestClassifier
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, WhiteKernel
from sklearn.linear_model import Lasso, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from tests.bench.programs.catalogue import program


def _classes(rng):
    x = rng.standard_normal((200, 6))
    return x, (x @ np.array([1.0, -2.0, 0.5, 0.0, 1.5, 0.0]) + 0.5 * rng.standard_normal(200) > 0)


@program(_classes)
def logistic_regression(x, y):
    """Scaled columns, then a logistic regression."""
    fitted = make_pipeline(StandardScaler(), LogisticRegression()).fit(x, y)
    return fitted.predict_proba(x), fitted.score(x, y)


@program(lambda rng: (np.sort(rng.uniform(0.0, 10.0, 40)), rng.standard_normal(40)))
def gaussian_process(x, noise):
    """A Gaussian process with a kernel whose parameters are fitted."""
    kernel = RBF() + WhiteKernel(0.1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fitted = GaussianProcessRegressor(kernel).fit(x[:, None], np.sin(x) + 0.2 * noise)
    mean, deviation = fitted.predict(np.linspace(0.0, 10.0, 100)[:, None], return_std=True)
    return mean, deviation, fitted.kernel_.theta


@program(_classes)
def forest(x, y):
    """A forest of ten trees."""
    fitted = RandomForestClassifier(10, random_state=1).fit(x, y)
    return fitted.predict_proba(x), fitted.feature_importances_


@program(_classes)
def clusters(x, y):
    """Principal components, clusters of them, and a sparse regression."""
    parts = PCA(3).fit_transform(x)
    found = KMeans(4, n_init=2, random_state=1).fit(parts)
    return found.labels_, found.cluster_centers_, Lasso(0.05).fit(x, parts[:, 0]).coef_
