"""A bootstrap particle filter: random numbers, and arrays whose size depends on the data.
Source: N. J. Gordon et al., "Novel Approach to Nonlinear/Non-Gaussian Bayesian State Estimation"
(1993), with systematic resampling (G. Kitagawa, 1996). On the Python core only the result of
`np.repeat` stays on the heap: with an array of counts, it can't write into given memory."""

import numpy as np

from side_by_side import report


def move(x, t, noise):
    return x / 2.0 + 25.0 * x / (1.0 + x**2) + 8.0 * np.cos(1.2 * t) + np.sqrt(10.0) * noise


def resample(x, weights, offset):
    """Copy each particle as often as there are points (i + offset)/n in its share of [0, 1)."""
    share = np.cumsum(weights)
    passed = np.ceil(share / share[-1] * len(x) - offset)
    return np.repeat(x, np.diff(passed, prepend=0.0).astype(np.intp))


def kernel(observations, particles=50_000, seed=0):
    """Return the mean of the state at each time, given the observations up to then."""
    rng = np.random.default_rng(seed)
    x, means = rng.normal(size=particles), np.zeros(len(observations))
    for t, observed in enumerate(observations):
        x = move(x, t, rng.normal(size=len(x)))
        weights = np.exp(-0.5 * (observed - x**2 / 20.0) ** 2)
        means[t] = np.sum(weights * x) / np.sum(weights)
        x = resample(x, weights, rng.random())
    return means


def make_input(size: int = 25, seed: int = 1) -> tuple[np.ndarray]:
    x, noise = 0.1, np.random.default_rng(seed).normal(size=(2, size))
    return (np.array([(x := move(x, t, noise[0, t])) ** 2 / 20.0 for t in range(size)]) + noise[1],)


def main() -> None:
    report(kernel, make_input())


if __name__ == "__main__":
    main()
