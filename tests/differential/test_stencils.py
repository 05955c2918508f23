"""Statements that write into slices: stencils, updates in place, overlapping reads and writes."""

from __future__ import annotations

import numpy as np
import pytest

from .inputs import random, unaligned
from .test_kernels import thoroughly

SIZES = [1, 2, 3, 127, 128, 129, 1000, 1023, 1024, 1025, 5000, 100_001]
GRIDS = [(1, 1), (2, 5), (3, 3), (7, 4), (33, 129), (70_000, 3), (3, 70_000), (0, 4)]
CUBES = [(1, 2, 3), (3, 3, 3), (20, 20, 20), (4, 5, 300), (300, 5, 4), (2, 0, 3)]


def filled(shape, dtype=np.float64, seed=0):
    return lambda: np.asarray(random(shape, dtype, seed))


# ------------------------------------------------------------------------------- vectors


def laplacian(x):
    y = np.zeros_like(x)
    y[1:-1] = x[:-2] - 2 * x[1:-1] + x[2:]
    return y


def laplacian_in_place(x):
    x[1:-1] = 0.5 * x[1:-1] + 0.25 * (x[:-2] + x[2:])
    return x


def shifted(x):
    x[1:] = x[:-1] * 0.5 + x[1:]
    x[:-1] = x[1:] * 0.5 - x[:-1]
    return x


def accumulated(x):
    x[1:] += x[:-1] * 2
    x[:-1] -= x[1:] * 0.5
    x[2:] *= x[:-2] + 0.1
    return x


def reversed_onto_itself(x):
    x[:] = x[::-1] * 2 + x
    x[::-1] += x * 0.25
    x -= x[::-1]
    return x


def red_black(x):
    x[1:-1:2] = 0.5 * (x[:-2:2] + x[2::2])
    x[2:-1:2] = 0.5 * (x[1:-2:2] + x[3::2])
    return x


def halves(x):
    n = len(x) // 2
    x[:n] += x[n : 2 * n] * 0.5
    x[n : 2 * n] = x[:n] * x[n : 2 * n] - 1
    return x


def strided_onto_contiguous(x):
    n = (len(x) + 1) // 2
    x[:n] = x[::2] * 3 - x[:n]
    x[::2] = x[:n] + x[::2] * x[:n]
    return x


def far_apart(x):
    for k in (7, 128, 1000, 1024, 2048):
        x[k:] = x[:-k] * 0.5 + x[k:]
        x[:-k] += x[k:] * 0.25
    return x


def chained(x):
    y = np.ones_like(x)
    z = x[1:] = y[:-1] = x[:-1] * 2 + y[1:]
    x[0] = y[0] = z.sum()
    return x, y, z


def views_read_after_stores(x):
    inner, left = x[1:-1], x[:-2]
    a = inner * 2
    x[...] = x + 1
    b = inner * 2 - left
    inner *= 3
    left += inner
    return a, b, inner + left, x


def upwind(u, n=4):
    for _ in range(n):
        flux = 0.4 * u * u
        u[1:] = u[1:] - (flux[1:] - flux[:-1])
        u[0] = u[-1]
    return u, flux


def triangular(x):
    for k in range(1, min(len(x), 6)):
        x[k:] = x[k:] * 0.5 + x[:-k] * k
        x[: len(x) - k] -= x[k:] * 0.125
    return x


def two_buffers(x):
    now, after = x, x * 0
    for n in range(5):
        after[1:-1] = (now[:-2] + now[1:-1] + now[2:]) / 3
        now, after = after, now
        now[n : n + 2] += after[n : n + 2] * 2
    return now, after


VECTORS = [
    laplacian, laplacian_in_place, shifted, accumulated, reversed_onto_itself, red_black, halves,
    strided_onto_contiguous, far_apart, chained, views_read_after_stores, upwind, triangular,
    two_buffers,
]  # fmt: skip


@pytest.mark.parametrize("f", VECTORS)
def test_vectors(same, f):
    thoroughly(same, f, [(filled(n),) for n in SIZES])


@pytest.mark.parametrize("f", VECTORS)
def test_vectors_of_other_dtypes(same, f):
    """Where a result can't be stored, the error comes after the stores before it."""
    dtypes = ["f4", "f2", "i8", "u1", "c16", "g", "?", ">f8", "O", "m8[s]"]
    thoroughly(same, f, [(filled(40, dtype),) for dtype in dtypes])
    thoroughly(same, f, [(filled(2500, dtype),) for dtype in dtypes[:5]])


@pytest.mark.parametrize("f", VECTORS)
def test_layouts_of_vectors(same, f):
    layouts = [
        lambda n: random(n)[::-1],
        lambda n: random(3 * n)[::3],
        lambda n: random(2 * n)[::-2],
        lambda n: random((n, 3))[:, 1],
        lambda n: unaligned((n,)),
        lambda n: np.broadcast_to(random(()), (n,)),
        lambda n: np.ndarray((n,), float, random(n + 1).data, 8),
    ]
    thoroughly(same, f, [(lambda n=n, make=make: make(n),) for make in layouts for n in (33, 1500)])


# -------------------------------------------------------------------------------- grids


def jacobi(u):
    v = u.copy()
    for _ in range(3):
        v[1:-1, 1:-1] = 0.25 * (u[:-2, 1:-1] + u[2:, 1:-1] + u[1:-1, :-2] + u[1:-1, 2:])
        u, v = v, u
    return u, v


def nine_points(u):
    u[1:-1, 1:-1] = (
        u[:-2, :-2] + u[:-2, 1:-1] + u[:-2, 2:]
        + u[1:-1, :-2] - 8 * u[1:-1, 1:-1] + u[1:-1, 2:]
        + u[2:, :-2] + u[2:, 1:-1] + u[2:, 2:]
    )  # fmt: skip
    return u


def red_black_grid(u):
    for i in (1, 2):
        for j in (1, 2):
            u[i:-1:2, j:-1:2] = 0.25 * (
                u[i - 1 : -2 : 2, j:-1:2]
                + u[i + 1 :: 2, j:-1:2]
                + u[i:-1:2, j - 1 : -2 : 2]
                + u[i:-1:2, j + 1 :: 2]
            )
    return u


def rows_and_columns(u):
    u[1:] += u[:-1] * 0.5
    u[:, 1:] -= u[:, :-1] * 0.5
    u[:, ::-1] = u * 2 + u[:, ::-1]
    u[::-1] *= u
    u[0], u[-1] = u[-1] * 2, u[0] * 3
    u[:, 0] = u[:, -1] + u.sum(axis=1)
    return u


def fields(h):
    """Maxwell's equations in two dimensions, on a staggered grid."""
    ex, ey = h * 0.5, h + 1
    for n in range(3):
        ey[0, :] = n
        ey[1:, :] = ey[1:, :] - 0.5 * (h[1:, :] - h[:-1, :])
        ex[:, 1:] = ex[:, 1:] - 0.5 * (h[:, 1:] - h[:, :-1])
        h[:-1, :-1] = h[:-1, :-1] - 0.7 * (ex[:-1, 1:] - ex[:-1, :-1] + ey[1:, :-1] - ey[:-1, :-1])
    return ex, ey, h


def wave(u):
    before, c = u * 0.5, 0.1 + abs(u)
    for _ in range(3):
        lap = -4 * u
        lap[1:] += u[:-1]
        lap[:-1] += u[1:]
        lap[:, 1:] += u[:, :-1]
        lap[:, :-1] += u[:, 1:]
        u, before = 2 * u - before + c * lap, u
    return u, before, lap


def limited(u):
    """A flux limiter: slopes, ratios, where and clip."""
    down, up = u[1:-1] - u[:-2], u[2:] - u[1:-1]
    ratio = np.where(up != 0, down / np.where(up == 0, 1, up), 0)
    phi = np.clip(np.maximum(np.minimum(2 * ratio, 1), np.minimum(ratio, 2)), 0, 2)
    u[1:-1] -= 0.1 * phi * (up + abs(down))
    return u, phi


def eliminated(a):
    for k in range(min(min(a.shape) - 1, 5)):
        a[k + 1 :, k + 1 :] -= a[k + 1 :, k, None] * a[k, k + 1 :] / (a[k, k] + 10)
    return a


def life(u):
    alive = u > 0
    n = alive[:-2, 1:-1] * 1 + alive[2:, 1:-1] + alive[1:-1, :-2] + alive[1:-1, 2:]
    alive[1:-1, 1:-1] = (n == 3) | (alive[1:-1, 1:-1] & (n == 2))
    return alive, n


PLANES = [jacobi, nine_points, red_black_grid, rows_and_columns, fields, wave, limited,
          eliminated, life]  # fmt: skip


@pytest.mark.parametrize("f", PLANES)
def test_grids(same, f):
    thoroughly(same, f, [(filled(shape),) for shape in GRIDS])


@pytest.mark.parametrize("f", PLANES)
def test_layouts_and_dtypes_of_grids(same, f):
    layouts = [
        lambda: np.asfortranarray(random((9, 14))),
        lambda: random((14, 9)).T,
        lambda: random((9, 14))[::-1, ::-1],
        lambda: random((18, 42))[::2, ::3],
        lambda: random((9, 2, 14))[:, 1],
        lambda: np.broadcast_to(random(14), (9, 14)),
        lambda: unaligned((9, 14)),
        lambda: random((9, 14)).view(np.matrix),
        lambda: np.ma.masked_greater(random((9, 14)), 1),
        lambda: random((40, 200), np.float32)[:, ::-1].T,
    ]
    dtypes = ["f4", "f2", "i4", "u1", "c8", "g", "?", "O"]
    thoroughly(same, f, [(make,) for make in layouts])
    thoroughly(same, f, [(filled((9, 14), dtype),) for dtype in dtypes])


# -------------------------------------------------------------------------------- cubes


def heat(u):
    for _ in range(2):
        u[1:-1, 1:-1, 1:-1] += 0.1 * (
            u[2:, 1:-1, 1:-1] + u[:-2, 1:-1, 1:-1]
            + u[1:-1, 2:, 1:-1] + u[1:-1, :-2, 1:-1]
            + u[1:-1, 1:-1, 2:] + u[1:-1, 1:-1, :-2]
            - 6 * u[1:-1, 1:-1, 1:-1]
        )  # fmt: skip
    return u


def advected(u):
    v = u[..., ::-1] * 0.5
    w = np.zeros_like(u)
    w[:, :, 1:] = v[:, :, 1:] * (u[:, :, 1:] - u[:, :, :-1])
    w[:, 0] = u[:, -1] * v[0, 0]
    u -= 0.1 * w
    return u, v, w


def layers(u):
    for k in range(1, len(u)):
        u[k] = u[k - 1] * 0.5 + u[k]
        u[k, 1:] += u[k - 1, :-1]
        u[:, -1, k % u.shape[2]] = u[k, :, 0].sum()
    return u


@pytest.mark.parametrize("f", [heat, advected, layers])
def test_cubes(same, f):
    thoroughly(same, f, [(filled(shape),) for shape in CUBES])
    thoroughly(same, f, [(lambda s=s: np.asfortranarray(random(s)),) for s in CUBES])
    thoroughly(same, f, [(lambda s=s: random(s).transpose(1, 2, 0),) for s in CUBES])
    thoroughly(same, f, [(lambda s=s: random(s, "f4")[::-1, :, ::-1],) for s in CUBES])


# ----------------------------------------------------------------- arguments that overlap


def mixed(out, x, y):
    t = x * y + out
    out += t * 0.5
    out[...] = out - x * 2 + y
    x *= 0.5
    return t, out + x, x - y


OVERLAPS = {
    "the same": lambda b, n: (b[:n], b[:n], b[:n]),
    "one ahead": lambda b, n: (b[1 : n + 1], b[:n], b[2 : n + 2]),
    "reversed": lambda b, n: (b[:n], b[n - 1 :: -1], b[1 : n + 1]),
    "every second": lambda b, n: (b[:n], b[: 2 * n : 2], b[1 : 2 * n + 1 : 2]),
    "every second, of each other": lambda b, n: (b[: 2 * n : 2], b[1 : 2 * n + 1 : 2], b[:n]),
    "a block apart": lambda b, n: (b[64 : n + 64], b[:n], b[128 : n + 128]),
    "spread": lambda b, n: (b[:n], np.broadcast_to(b[n // 2], (n,)), b[n // 2 : n // 2 + 1]),
    "of bytes": lambda b, n: (b[:n], b.view("i8")[:n] % 7, b.view("f4")[1 : n + 1]),
    "shifted by bytes": lambda b, n: (b[:n], b.view("u1")[4 : 8 * n + 4].view(float), b[1 : n + 1]),
    "rows on themselves": lambda b, n: (
        np.ndarray((3, n), float, b, 0, (8, 8)),
        b[:n],
        np.ndarray((3, n), float, b, 8, (8, 8)),
    ),
}


@pytest.mark.parametrize("name", OVERLAPS)
def test_arguments_that_overlap(same, name):
    parts = OVERLAPS[name]

    def f(base, n):
        return mixed(*parts(base, n)), base

    sizes = (1, 2, 9, 130, 3000)  # and no half of the numbers' bytes is a signalling NaN
    thoroughly(same, f, [(lambda n=n: np.arange(3 * n + 130) / 1024 + 1, n) for n in sizes])


def test_a_matrix_and_its_transpose(same):
    def f(base):
        return mixed(base, base.T, base[::-1]), mixed(base.T, base, base[0]), base

    thoroughly(
        same, f, [(lambda n=n: np.linspace(1, 2, n * n).reshape(n, n),) for n in (1, 2, 7, 150)]
    )


@pytest.mark.parametrize("n", [5, 129, 1025])
def test_an_error_after_some_stores(same, n):
    def f(x, y):
        x[1:] = x[:-1] * 2
        x[:2] += x[1:3] * y[0]
        x[1:-1] = x[:-2] * y + x[2:]
        x[0] = 1000

    same(f, filled(n), filled(n, seed=1))
    same(f, filled(n), filled(n - 2, seed=1))
    same(f, filled(n), filled((n - 2, 1), seed=1))
    same(f, lambda: np.broadcast_to(1.5, (n,)), filled(n))
