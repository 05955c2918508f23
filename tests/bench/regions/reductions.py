"""Kernels that end in a sum or a maximum."""

import numpy as np

from tests.bench.regions.kernels import kernel, uniform


@kernel("reduction", uniform(2), small=(30, 3), l2=(7000, 3), large=(400_000, 3))
def squared_distances(p, q):
    """Of points in rows."""
    return np.sum((p - q) ** 2, axis=-1)


@kernel("reduction", uniform(2), small=(12, 12), l2=(120, 120), large=(1000, 1000))
def residual_norm(u, f):
    """How far u is from a solution of Poisson's equation."""
    laplacian = u[:-2, 1:-1] + u[2:, 1:-1] + u[1:-1, :-2] + u[1:-1, 2:] - 4.0 * u[1:-1, 1:-1]
    residual = f[1:-1, 1:-1] + laplacian
    return np.sqrt(np.sum(residual * residual))


@kernel("reduction", uniform(1), small=100, l2=30_000, large=2_000_000)
def mean_and_variance(x):
    """By their definitions."""
    mean = np.sum(x) / x.size
    off = x - mean
    return mean, np.sum(off * off) / x.size


@kernel("reduction", uniform(2), small=100)
def largest_error(x, y):
    return np.max(np.abs(x - y))


@kernel("reduction", uniform(4), small=20)
def kinetic_energy(mass, u, v, w):
    return 0.5 * np.sum(mass * (u * u + v * v + w * w))
