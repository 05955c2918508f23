"""An equation of state of about 150 operations in one piece of code.

A polynomial in salinity, temperature and pressure of the form that oceanographers use (McDougall et
al., 2003: a quotient of two of them); the coefficients here are round numbers.
"""

from typing import Any

import numpy as np

from tests.bench.regions.kernels import Arguments, Shape, kernel

SIZES: dict[str, Any] = {"small": 60, "l2": 10_000, "large": 500_000}


def _water(rng: np.random.Generator, shape: Shape) -> Arguments:
    return rng.uniform(30, 40, shape), rng.uniform(0, 30, shape), rng.uniform(0, 4000, shape)


@kernel("steps", _water, **SIZES)
def equation_of_state(salinity, temperature, pressure):
    """Density and two of its derivatives."""
    s = np.maximum(salinity, 0.0)
    t = temperature
    p = pressure * 1e-4
    r = np.sqrt(s)
    top0 = 9.998e2 + t * (7.35 + t * (-5.4e-2 + t * 3.8e-4))
    top1 = s * (2.5 + t * -7.2e-3 + s * 2.1e-3)
    top2 = p * (1.2e-2 + t * t * 9.9e-8 + s * 5.9e-6)
    top3 = p * p * (-2.3e-8 + t * t * 1.2e-11)
    top = top0 + top1 + top2 + top3
    low0 = 1.0 + t * (7.3e-3 + t * (-5.4e-5 + t * (3.6e-7 + t * 1.7e-10)))
    low1 = s * (2.1e-3 + t * (-9.3e-6 + t * t * -1.8e-10))
    low2 = s * r * (3.6e-6 + t * t * 1.5e-9)
    low3 = p * (6.7e-6 + p * (t * t * t * -3.2e-16 + p * t * -1.2e-17))
    low = low0 + low1 + low2 + low3
    rho = top / low
    top_t = (
        7.35 + t * (-1.08e-1 + t * 1.14e-3) + s * -7.2e-3 + p * t * 1.98e-7 + p * p * t * 2.4e-11
    )
    low_t = 7.3e-3 + t * (-1.08e-4 + t * (1.08e-6 + t * 6.8e-10))
    low_t = low_t + s * (-9.3e-6 + t * t * -5.4e-10) + s * r * t * 3.0e-9
    low_t = low_t + p * p * (t * t * -9.6e-16 + p * -1.2e-17)
    rho_t = (top_t - rho * low_t) / low
    top_s = 2.5 + t * -7.2e-3 + s * 4.2e-3 + p * 5.9e-6
    low_s = 2.1e-3 + t * (-9.3e-6 + t * t * -1.8e-10) + 1.5 * r * (3.6e-6 + t * t * 1.5e-9)
    rho_s = (top_s - rho * low_s) / low
    alpha = -rho_t / rho
    beta = rho_s / rho
    ratio = alpha / (beta + 1e-12)
    cabbeling = (alpha * alpha + 2.0 * ratio * alpha * beta - ratio * ratio * beta * beta) * 0.5
    stiffness = (top2 + 2.0 * top3) / top - (low3 * 2.0 + p * 6.7e-6) / low
    return rho, cabbeling + stiffness * 1e-3
