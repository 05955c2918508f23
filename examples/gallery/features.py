"""Features from a DataFrame: returns, volatility, momentum and scores of a table of prices.

Source: the definitions are the usual ones, as in R. S. Tsay, "Analysis of Financial Time Series"
(2010), chapters 1 and 3. The table is pandas'; the kernel computes on its columns.
"""

import numpy as np
import pandas as pd

from show import curves, show


def kernel(prices, volumes, window=20):
    returns = prices[1:] / prices[:-1] - 1.0
    total, square = np.cumsum(returns, axis=0), np.cumsum(returns * returns, axis=0)
    mean = (total[window:] - total[:-window]) / window
    variance = (square[window:] - square[:-window]) / window - mean * mean
    volatility = np.sqrt(np.maximum(variance, 0.0) * 252.0)
    momentum = prices[window:] / prices[:-window] - 1.0
    score = (returns[window:] - mean) / np.sqrt(np.maximum(variance, 1e-12))
    pressure = np.clip(score, -3.0, 3.0) * volumes[window + 1 :]
    return volatility, momentum, score, pressure


def make_input(days=500, shares=40, seed=0):
    rng = np.random.default_rng(seed)
    steps = rng.normal(0.0003, 0.01, (days, shares))
    table = pd.DataFrame(100.0 * np.exp(np.cumsum(steps, axis=0)))
    volumes = pd.DataFrame(rng.lognormal(0.0, 0.5, (days, shares)))
    return table.to_numpy(), volumes.to_numpy()


if __name__ == "__main__":
    show(kernel, make_input(), lambda result: curves(result[0][:, 0], result[1][:, 0]))
