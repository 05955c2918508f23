"""Steps of simulations, with several stores each, and what is normalised by its own reductions."""

from typing import Any

import numpy as np

from tests.bench.regions.kernels import Arguments, Shape, kernel

PLANE: dict[str, Any] = {"small": (12, 14), "l2": (90, 100), "large": (800, 1000)}
LINE: dict[str, Any] = {"small": 60, "l2": 20_000, "large": 1_000_000}
ROWS: dict[str, Any] = {"small": (8, 32), "l2": (128, 256), "large": (2048, 512)}


def _fields(n: int, low: float = 0.5, high: float = 1.5) -> Any:
    def make(rng: np.random.Generator, shape: Shape) -> Arguments:
        return tuple(rng.uniform(low, high, shape) for _ in range(n))

    return make


@kernel("steps", _fields(3), **PLANE)
def shallow_water(u, v, h):
    """Velocities and height of shallow water, in place, between walls."""
    dt, g, damping = 1e-3, 1.0, 0.999
    u[1:-1, 1:-1] -= dt * g * (h[2:, 1:-1] - h[:-2, 1:-1])
    v[1:-1, 1:-1] -= dt * g * (h[1:-1, 2:] - h[1:-1, :-2])
    u[0, :] = 0.0
    u[-1, :] = 0.0
    v[:, 0] = 0.0
    v[:, -1] = 0.0
    divergence = (u[2:, 1:-1] - u[:-2, 1:-1]) + (v[1:-1, 2:] - v[1:-1, :-2])
    h[1:-1, 1:-1] = damping * (h[1:-1, 1:-1] - 0.5 * dt * divergence) + (1.0 - damping)
    h[0, :] = h[1, :]
    h[-1, :] = h[-2, :]
    h[:, 0] = h[:, 1]
    h[:, -1] = h[:, -2]


@kernel("steps", _fields(4), **LINE)
def kick_and_drift(x, v, a, m):
    """Half a kick, a drift, and half a kick, in a spring's force."""
    dt = 1e-2
    v += 0.5 * dt * a
    x += dt * v
    a[:] = -(x - 1.0) / m
    v += 0.5 * dt * a
    v *= 0.999


@kernel("steps", _fields(2), **LINE)
def leapfrog(x, v):
    """An oscillator with friction and a wall."""
    dt = 1e-2
    v -= dt * (x + 0.1 * x * x * x) + 0.05 * dt * v
    x += dt * v
    x[:] = np.minimum(np.maximum(x, -2.0), 2.0)


def _fluxes(rng: np.random.Generator, shape: Shape) -> Arguments:
    n = int(np.prod(shape))
    return tuple(rng.uniform(0.5, 1.5, n) for _ in range(4))


@kernel("steps", _fluxes, **LINE)
def finite_volumes(rho, momentum, flux, other):
    """Upwind fluxes of mass and momentum, and what they change."""
    dt = 1e-6
    velocity = momentum / rho
    pressure = 0.4 * rho
    flux[1:] = 0.5 * (velocity[1:] + velocity[:-1]) * 0.5 * (rho[1:] + rho[:-1])
    other[1:] = flux[1:] * 0.5 * (velocity[1:] + velocity[:-1]) + 0.5 * (
        pressure[1:] + pressure[:-1]
    )
    rho[1:-1] -= dt * (flux[2:] - flux[1:-1]) + 1e-3 * (rho[1:-1] - 1.0)
    momentum[1:-1] -= dt * (other[2:] - other[1:-1]) + 1e-3 * (momentum[1:-1] - 1.0)
    rho[0] = rho[1]
    rho[-1] = rho[-2]
    momentum[0] = momentum[1]
    momentum[-1] = momentum[-2]


def _lattice(rng: np.random.Generator, shape: tuple[int, int]) -> Arguments:
    return tuple(rng.uniform(0.09, 0.11, shape) for _ in range(5))


@kernel("steps", _lattice, **PLANE)
def lattice_gas(f0, f1, f2, f3, f4):
    """Collisions of five populations, in place, and their streaming."""
    omega = 0.6
    rho = f0 + f1 + f2 + f3 + f4
    ux = (f1 - f2) / rho
    uy = (f3 - f4) / rho
    f0 += omega * (rho / 3.0 - f0)
    f1 += omega * (rho * (1.0 + 3.0 * ux) / 6.0 - f1)
    f2 += omega * (rho * (1.0 - 3.0 * ux) / 6.0 - f2)
    f3 += omega * (rho * (1.0 + 3.0 * uy) / 6.0 - f3)
    f4 += omega * (rho * (1.0 - 3.0 * uy) / 6.0 - f4)
    f1[1:, :] = f1[:-1, :]
    f2[:-1, :] = f2[1:, :]
    f3[:, 1:] = f3[:, :-1]
    f4[:, :-1] = f4[:, 1:]


@kernel("normalisation", _fields(1), **ROWS)
def softmax_rows(x):
    """Along the last axis."""
    e = np.exp(x - np.max(x, axis=-1, keepdims=True))
    return e / np.sum(e, axis=-1, keepdims=True)


@kernel("normalisation", _fields(1), **ROWS)
def layer_norm(x):
    """Each row with mean zero and variance one."""
    mean = np.mean(x, axis=-1, keepdims=True)
    centred = x - mean
    variance = np.mean(centred * centred, axis=-1, keepdims=True)
    return centred / np.sqrt(variance + 1e-5) * 1.5 + 0.5


@kernel("normalisation", _fields(1), **ROWS)
def standardised(x):
    """Each column with mean zero and deviation one."""
    return (x - x.mean(axis=0)) / (x.std(axis=0) + 1e-8)


@kernel("normalisation", _fields(1), **LINE)
def z_scores(x):
    """A vector with mean zero and deviation one."""
    return (x - x.mean()) / x.std()


@kernel("normalisation", _fields(1), **LINE)
def min_max(x):
    """From zero to one."""
    low, high = x.min(), x.max()
    return (x - low) / (high - low)


@kernel("normalisation", _fields(2), **LINE)
def residual_step(x, b):
    """A relaxation, and how far it was from the solution."""
    r = b[1:-1] - (2.0 * x[1:-1] - x[:-2] - x[2:])
    norm = np.sqrt(np.sum(r * r))
    x[1:-1] += 0.25 * r / (1.0 + norm)
    return norm
