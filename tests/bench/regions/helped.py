"""Code with small functions and methods of its own, as most programs have it."""

from typing import Any

import numpy as np

from tests.bench.regions.kernels import Arguments, kernel

LINE: dict[str, Any] = {"small": 60, "l2": 20_000, "large": 300_000}


def _fields(n: int) -> Any:
    def make(rng: np.random.Generator, shape: int) -> Arguments:
        return tuple(rng.uniform(0.5, 1.5, shape) for _ in range(n))

    return make


def squared(x):
    return x * x


def kinetic(u, v, mass=1.0):
    return 0.5 * mass * (squared(u) + squared(v))


@kernel("helpers", _fields(3), **LINE)
def energies(u, v, p):
    """Kinetic and potential energy, by helpers in helpers."""
    k = kinetic(u, v)
    return k + 2.0 * kinetic(u - v, u + v, mass=0.5) - p * squared(k)


def second(u, dx):
    return (u[2:] - 2.0 * u[1:-1] + u[:-2]) / (dx * dx)


def first(u, dx):
    return (u[2:] - u[:-2]) / (2.0 * dx)


def advected(u, c, dx):
    return c * first(u, dx), 0.1 * second(u, dx)


@kernel("helpers", _fields(1), **LINE)
def drift_and_spread(u):
    """Derivatives by helpers, of which one returns two values."""
    drift, spread = advected(u, 0.4, 0.5)
    return u[1:-1] + 1e-3 * (spread - drift) - 1e-3 * second(u, 0.5) * u[1:-1]


def minmod(a, b):
    return np.where(a * b > 0.0, np.where(np.abs(a) < np.abs(b), a, b), 0.0)


def slopes(u):
    return minmod(u[2:] - u[1:-1], u[1:-1] - u[:-2])


def pressure(rho, energy, gamma=1.4):
    return (gamma - 1.0) * rho * energy


def speed_of_sound(rho, p, gamma=1.4):
    return np.sqrt(gamma * p / rho)


@kernel("helpers", _fields(2), **LINE)
def limited(rho, energy):
    """Limited slopes and an equation of state."""
    p = pressure(rho, energy)
    c = speed_of_sound(rho, p)
    return rho[1:-1] + 0.5 * slopes(rho) * c[1:-1], p[1:-1] + 0.5 * slopes(p) * c[1:-1]


class Heat:
    """A model with methods."""

    def __init__(self) -> None:
        self.rate, self.dx = 0.3, 0.5

    def laplacian(self, u):
        return (u[2:] - 2.0 * u[1:-1] + u[:-2]) / (self.dx * self.dx)

    def change(self, u, source=0.0):
        return self.rate * self.laplacian(u) - source * u[1:-1]


def _model(rng: np.random.Generator, shape: int) -> Arguments:
    return Heat(), rng.uniform(0.5, 1.5, shape)


@kernel("helpers", _model, **LINE)
def heat_of_a_model(model, u):
    """Half a step and a whole one, by methods."""
    half = u[1:-1] + 0.005 * model.change(u)
    return half[1:-1] + 0.01 * model.change(half, source=0.1)
