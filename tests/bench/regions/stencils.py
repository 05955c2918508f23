"""Kernels that combine an array with its own neighbours, by slices."""

from typing import Any

import numpy as np

from tests.bench.regions.kernels import Arguments, Shape, kernel, uniform

PLANE: dict[str, Any] = {"small": (12, 12), "l2": (120, 120), "large": (1000, 1000)}
STEPS = 2


def _twice(rng: np.random.Generator, shape: Shape) -> Arguments:
    """A number of steps, a field and a copy of it."""
    field = rng.uniform(0.5, 1.5, shape)
    return (STEPS, field, field.copy())


@kernel("stencil", _twice, small=100)
def jacobi_1d(steps, a, b):
    """Means of three neighbours, from one array to the other and back."""
    for _ in range(steps):
        b[1:-1] = (a[:-2] + a[1:-1] + a[2:]) / 3.0
        a[1:-1] = (b[:-2] + b[1:-1] + b[2:]) / 3.0


@kernel("stencil", _twice, **PLANE)
def jacobi_2d(steps, a, b):
    """Means of five neighbours, from one array to the other and back."""
    for _ in range(steps):
        b[1:-1, 1:-1] = 0.2 * (
            a[1:-1, 1:-1] + a[1:-1, :-2] + a[1:-1, 2:] + a[2:, 1:-1] + a[:-2, 1:-1]
        )
        a[1:-1, 1:-1] = 0.2 * (
            b[1:-1, 1:-1] + b[1:-1, :-2] + b[1:-1, 2:] + b[2:, 1:-1] + b[:-2, 1:-1]
        )


@kernel("stencil", _twice, small=(20, 20, 20), l2=(28, 28, 28), large=(110, 110, 110))
def heat_3d(steps, a, b):
    """Heat in a block, by explicit steps of Euler."""
    for _ in range(steps):
        centre = a[1:-1, 1:-1, 1:-1]
        b[1:-1, 1:-1, 1:-1] = (
            0.125 * (a[2:, 1:-1, 1:-1] - 2.0 * centre + a[:-2, 1:-1, 1:-1])
            + 0.125 * (a[1:-1, 2:, 1:-1] - 2.0 * centre + a[1:-1, :-2, 1:-1])
            + 0.125 * (a[1:-1, 1:-1, 2:] - 2.0 * centre + a[1:-1, 1:-1, :-2])
            + centre
        )
        a, b = b, a


def _fields(rng: np.random.Generator, shape: tuple[int, int]) -> Arguments:
    fields = tuple(rng.uniform(-1.0, 1.0, shape) for _ in range(3))
    return (*fields, rng.uniform(-1.0, 1.0, STEPS))


@kernel("stencil", _fields, small=(12, 15), l2=(90, 120), large=(1000, 1000))
def fdtd_2d(ex, ey, hz, source):
    """An electromagnetic field on Yee's staggered grid, in place."""
    for value in source:
        ey[0, :] = value
        ey[1:, :] -= 0.5 * (hz[1:, :] - hz[:-1, :])
        ex[:, 1:] -= 0.5 * (hz[:, 1:] - hz[:, :-1])
        hz[:-1, :-1] -= 0.7 * (ex[:-1, 1:] - ex[:-1, :-1] + ey[1:, :-1] - ey[:-1, :-1])


def _layers(rng: np.random.Generator, shape: tuple[int, int, int]) -> Arguments:
    rows, columns, layers = shape
    field = rng.uniform(0.5, 1.5, (rows + 4, columns + 4, layers))
    return (field, rng.uniform(0.1, 0.2, shape), np.zeros(shape))


@kernel("stencil", _layers, small=(8, 8, 4), l2=(32, 32, 16), large=(128, 128, 64))
def horizontal_diffusion(field, strength, out):
    """Fourth-order diffusion with limited fluxes, as in models of the weather."""
    laplacian = 4.0 * field[1:-1, 1:-1] - (
        field[2:, 1:-1] + field[:-2, 1:-1] + field[1:-1, 2:] + field[1:-1, :-2]
    )
    change = laplacian[1:, 1:-1] - laplacian[:-1, 1:-1]
    flux = np.where(change * (field[2:-1, 2:-2] - field[1:-2, 2:-2]) > 0.0, 0.0, change)
    across = laplacian[1:-1, 1:] - laplacian[1:-1, :-1]
    other = np.where(across * (field[2:-2, 2:-1] - field[2:-2, 1:-2]) > 0.0, 0.0, across)
    out[:] = field[2:-2, 2:-2] - strength * (flux[1:] - flux[:-1] + other[:, 1:] - other[:, :-1])


@kernel("stencil", uniform(1), small=60, l2=30_000, large=2_000_000)
def fourth_order(u):
    """A derivative with an error of the fourth order."""
    return (u[:-4] - 8.0 * u[1:-3] + 8.0 * u[3:-1] - u[4:]) / 12.0


@kernel("stencil", uniform(1), **PLANE)
def nine_point(u):
    """The Laplace operator over nine points."""
    edges = u[:-2, 1:-1] + u[2:, 1:-1] + u[1:-1, :-2] + u[1:-1, 2:]
    corners = u[:-2, :-2] + u[:-2, 2:] + u[2:, :-2] + u[2:, 2:]
    return (4.0 * edges + corners - 20.0 * u[1:-1, 1:-1]) / 6.0


def _flow(rng: np.random.Generator, shape: Shape) -> Arguments:
    return (rng.uniform(0.5, 1.5, shape), rng.uniform(-1.0, 1.0, shape))


@kernel("stencil", _flow, small=200)
def advection(u, velocity):
    """What a flow carries along, by differences against the wind, in place."""
    speed = velocity[1:-1]
    upwind = np.where(speed > 0.0, u[1:-1] - u[:-2], u[2:] - u[1:-1])
    u[1:-1] -= 0.4 * speed * upwind


@kernel("stencil", _twice, small=150)
def wave(steps, u, before):
    """A string that swings; the two last states change places."""
    for _ in range(steps):
        before[1:-1] = 2.0 * u[1:-1] - before[1:-1] + 0.25 * (u[2:] - 2.0 * u[1:-1] + u[:-2])
        u, before = before, u


def _cavity(rng: np.random.Generator, shape: Shape) -> Arguments:
    return (STEPS, *(rng.uniform(-1.0, 1.0, shape) for _ in range(3)))


@kernel("stencil", _cavity, small=(10, 10), l2=(100, 100), large=(1000, 1000))
def cavity_pressure(steps, p, u, v):
    """The pressure in a box below a moving lid, from the velocities, in place."""
    across = (u[1:-1, 2:] - u[1:-1, :-2]) / 2.0
    down = (v[2:, 1:-1] - v[:-2, 1:-1]) / 2.0
    shear = (u[2:, 1:-1] - u[:-2, 1:-1]) / 2.0 * ((v[1:-1, 2:] - v[1:-1, :-2]) / 2.0)
    right = 10.0 * (across + down) - across**2 - 2.0 * shear - down**2
    for _ in range(steps):
        old = p.copy()
        around = old[1:-1, 2:] + old[1:-1, :-2] + old[2:, 1:-1] + old[:-2, 1:-1]
        p[1:-1, 1:-1] = 0.25 * (around - right)
        p[:, -1] = p[:, -2]
        p[0, :] = p[1, :]
        p[:, 0] = p[:, 1]
        p[-1, :] = 0.0


def _reagents(rng: np.random.Generator, shape: Shape) -> Arguments:
    u, v = rng.uniform(0.3, 1.0, shape), rng.uniform(0.1, 0.5, shape)
    return (u, v, u.copy(), v.copy())


@kernel("stencil", _reagents, **PLANE)
def gray_scott(u, v, next_u, next_v):
    """Two reagents that diffuse and react, after Gray and Scott: a step into other arrays."""
    inner_u, inner_v = u[1:-1, 1:-1], v[1:-1, 1:-1]
    spread_u = u[:-2, 1:-1] + u[2:, 1:-1] + u[1:-1, :-2] + u[1:-1, 2:] - 4.0 * inner_u
    spread_v = v[:-2, 1:-1] + v[2:, 1:-1] + v[1:-1, :-2] + v[1:-1, 2:] - 4.0 * inner_v
    reaction = inner_u * inner_v * inner_v
    next_u[1:-1, 1:-1] = inner_u + (0.16 * spread_u - reaction + 0.035 * (1.0 - inner_u))
    next_v[1:-1, 1:-1] = inner_v + (0.08 * spread_v + reaction - 0.1 * inner_v)
