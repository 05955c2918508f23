"""Options: prices and sensitivities of European calls and puts.

Source: F. Black and M. Scholes, "The Pricing of Options and Corporate Liabilities" (1973); the
normal distribution by M. Abramowitz and I. A. Stegun (1964), formula 26.2.17.
"""

import numpy as np

from show import curves, show

A = (0.319381530, -0.356563782, 1.781477937, -1.821255978, 1.330274429)


def normal(x):
    t = 1.0 / (1.0 + 0.2316419 * np.abs(x))
    series = t * (A[0] + t * (A[1] + t * (A[2] + t * (A[3] + t * A[4]))))
    tail = np.exp(-0.5 * x * x) * 0.3989422804014327 * series
    return np.where(x > 0.0, 1.0 - tail, tail)


def kernel(spot, strike, years, rate=0.02, volatility=0.3):
    spread = volatility * np.sqrt(years)
    d1 = (np.log(spot / strike) + (rate + 0.5 * volatility * volatility) * years) / spread
    d2 = d1 - spread
    discounted = strike * np.exp(-rate * years)
    n1, n2 = normal(d1), normal(d2)
    call = spot * n1 - discounted * n2
    put = call - spot + discounted
    vega = spot * np.sqrt(years) * np.exp(-0.5 * d1 * d1) * 0.3989422804014327
    return call, put, n1, vega


def make_input(options=10_000):
    spot = np.linspace(50.0, 150.0, options)
    return spot, np.full(options, 100.0), np.linspace(0.2, 2.0, options)


if __name__ == "__main__":
    show(kernel, make_input(), lambda result: curves(result[0][::100], result[1][::100]))
