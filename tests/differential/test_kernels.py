"""Whole functions of arithmetic over arrays of many sizes, dtypes and layouts."""

from __future__ import annotations

import numpy as np
import pytest
from numpy import exp

from .inputs import INPUTS, random

SHAPES = [1, 2, 3, 127, 128, 129, 1000, 1023, 1024, 1025, 5000, 100_001, (20, 20, 20), (3, 70_000),
          (70_000, 3), 0, (4, 0), (1, 7), (7, 1), ()]  # fmt: skip


def pair(shape, one=np.float64, other=None):
    first = lambda: np.asarray(random(shape, one, 1))
    return first, lambda: np.asarray(random(shape, one if other is None else other, 2))


def thoroughly(same, f, rows):
    """Call a function several times with each row, of which `same.each` has a limited number."""
    for start in range(0, len(rows), 8):
        same.each(f, rows[start : start + 8])


def horner(x, y):
    return ((((0.5 * x - 1) * x + y) * x + 2) * x - y) * x + 1


def softmax(x, y):
    shifted = x - np.max(x, axis=-1, keepdims=True)
    e = np.exp(shifted * 0.5)
    total = e.sum(axis=-1, keepdims=True)
    return e / total, np.log(total) + y * 2


def normalised(x, y):
    mean = x.mean(axis=-1, keepdims=True)
    d = x - mean
    variance = np.mean(d * d, axis=-1, keepdims=True)
    return d / np.sqrt(variance + 1e-5) * y + 0.5, np.sum(d * d, axis=-1), (x * y).mean()


def black_scholes(x, y):
    s, k, t, rate = abs(x) + 1, abs(y) + 1, 0.5, 0.03
    root = 0.2 * t**0.5
    d1 = (np.log(s / k) + (rate + 0.02) * t) / root
    d2 = d1 - root
    n1, n2 = 0.5 * (1 + np.tanh(0.8 * d1)), 0.5 * (1 + np.tanh(0.8 * d2))
    call = s * n1 - k * exp(-rate * t) * n2
    return call, call - s + k * exp(-rate * t)


def mandelbrot(x, y):
    c = x + 1j * y
    z, n = c * 0, np.zeros(c.shape, np.int64)
    for _ in range(6):
        z = z * z + c
        inside = abs(z) < 2
        n += inside
        z = np.where(inside, z, 0)
    return z, n


def clipped(x, y):
    a = np.where(x > y, x - y, np.where(x < -1, -x, y * 0.5))
    b = np.clip(a * 3, -2, 2)
    c = np.minimum(np.maximum(b, y), 1.5)
    np.clip(c, -1, None, out=c)
    return a, b, c, np.where((a > 0) & (b < 1) | ~(c > 0), a, b) + (c > 1)


def chosen(x, y):
    a = np.where(x < y, x * 2, y), np.where(x <= 0.5, y, 1.5), np.where(0 > y, -1.0, x - y)
    b = np.where(x >= y, 0.0, 1.0), np.where(x == y, x, y) * 2, np.where(y != 0, x, y + 1)
    positive = x > y
    both = np.where(positive, x, 0.25), np.where(positive, y, x)
    nested = np.where(x > 0, np.where(y > 0, x * y, x), np.where(y > x, y, -x))
    return a, b, both, nested, np.where(x * 2 > y, x / 2, y)


def in_place(x, y):
    x *= 2
    x += y
    z = x
    z -= 0.5 * y
    y *= z
    np.add(x, y, out=x)
    x /= 3
    return x, y, z


def particles(x, y):
    v, dt = y, 0.01
    for _ in range(3):
        force = -x - 0.1 * v * abs(v)
        v = v + 0.5 * dt * force
        x = x + dt * v
        bounced = abs(x) > 2
        v = np.where(bounced, -v, v)
        x = np.clip(x, -2, 2)
    return x, v, 0.5 * (v * v + x * x).sum()


def adam(x, y):
    m, v = np.zeros_like(x), np.zeros_like(x)
    for step in range(1, 4):
        g = 2 * x - y
        m = 0.9 * m + 0.1 * g
        v = 0.999 * v + 0.001 * g * g
        x -= 0.01 * (m / (1 - 0.9**step)) / (np.sqrt(v / (1 - 0.999**step)) + 1e-8)
    return x, m, v


def dead_and_live(x, y):
    unused = x * y + 1  # noqa: F841
    t = x - y
    t = t * t
    unused = t + x  # noqa: F841
    alias = t
    t = t + 1
    again = x - y
    other = x - y
    return alias, t, again, other, [again * 2, {"x": x * y, "y": (x * y, x * y)}]


def distances(x, y):
    """Rows against columns, with as many of each as stay small."""
    a, b = x.ravel()[:150, None], y.ravel()[None, :40]
    d2 = (a - b) * (a - b) + 0.5
    w = np.exp(-d2) / d2
    return w, w.sum(axis=1), (w * b).sum(axis=0), (a * b).mean()


def reduced(x, y):
    d = x - y
    return (
        np.sum(d * d, axis=-1), (d * d).sum(), np.max(abs(d), axis=0), (d > 0).any(), np.mean(-d),
        (x * y).mean(axis=0), np.sqrt((d**2).sum(axis=-1)), (d < 9).all(axis=-1), (d + 1).prod(),
    )  # fmt: skip


def gravity(x, y):
    """Of up to 40 bodies whose positions are rows of two or three numbers."""
    p, m = x.reshape(x.size // 3, 3)[:40] if x.size % 3 == 0 else x[:40, None], abs(y).ravel()[:40]
    d = p[:, None] - p[None]
    r2 = np.sum(d * d, axis=-1) + 0.1
    pull = d * (r2**-1.5)[..., None]
    a = -(pull * m[: len(p), None]).sum(axis=1)
    return a, p + 0.5 * a, np.sum(p * p, axis=-1).mean(), p[:, 0] * p[:, -1] - p[..., 0]


KERNELS = [horner, softmax, normalised, black_scholes, mandelbrot, clipped, chosen, in_place,
           particles, adam, dead_and_live, distances, gravity, reduced]  # fmt: skip
LAYOUTS = {
    "columns first": lambda x: np.asfortranarray(x),
    "turned": lambda x: x.T,
    "reversed": lambda x: x[::-1, ::-1],
    "every second": lambda x: x[:, ::2],
    "a row": lambda x: x[:1],
    "a column": lambda x: x[:, :1],
    "spread": lambda x: np.broadcast_to(x[0], x.shape),
    "frozen": lambda x: np.broadcast_to(x, x.shape),
    "a matrix": lambda x: x[:12, :12].view(np.matrix),
    "masked": lambda x: np.ma.masked_greater(x, 1),
    "a list": lambda x: x[:3].tolist(),
    "a number": lambda x: float(x[0, 0]),
    "a NumPy scalar": lambda x: x[0, 0],
    "no axes": lambda x: np.array(x[0, 0]),
    "objects": lambda x: x[:2].astype(object),
    "records": lambda x: x.view([("re", "f8"), ("im", "f8")]),
    "nothing": lambda x: None,
}


@pytest.mark.parametrize("f", KERNELS)
def test_shapes(same, f):
    thoroughly(same, f, [pair(shape) for shape in SHAPES])


@pytest.mark.parametrize("f", KERNELS)
def test_dtypes(same, f):
    pairs = [("f4",), ("f2",), ("g",), ("c16",), ("c8",), ("i8",), ("u1",), ("?",), ("f8", "f4"),
             ("i4", "f8"), ("f4", "i8"), ("c8", "f8"), ("u1", "i1"), ("f2", "?"), ("O", "f8"),
             (">f8", "f8"), ("m8[s]",), ("M8[D]", "m8[D]"), ("U3",)]  # fmt: skip
    thoroughly(same, f, [pair((33, 4), *dtypes) for dtypes in pairs])
    thoroughly(same, f, [pair(2500, *dtypes) for dtypes in pairs[:13]])


@pytest.mark.parametrize("f", KERNELS)
def test_layouts(same, f):
    first, second = pair((12, 30))
    rows = []
    for make in LAYOUTS.values():
        one, other = lambda make=make: make(first()), lambda make=make: make(second())
        rows += [(one, other), (one, second), (first, other)]
    thoroughly(same, f, rows)


def test_sizes_and_kinds_that_change_from_call_to_call(same):
    rows = [pair(n) for n in (5, 5, 2000, 5, 0, 5)] + [pair(5, "f4"), pair((5, 5)), (1.5, 2)]
    rows += [(INPUTS["n"], INPUTS["n"]), pair(5), pair(70_000), pair(5), (INPUTS["z"], 1)]
    for f in (horner, clipped, in_place, dead_and_live):
        same.each(f, rows * 2)


@pytest.mark.parametrize("modes", [{}, {"all": "raise"}, {"invalid": "raise", "divide": "ignore"}])
@pytest.mark.parametrize("dtype", ["f8", "f4"])
def test_choices_between_special_values(same, dtype, modes):
    """Comparisons with NaN raise nothing; what came before them, or comes after, does."""
    values = np.array([np.nan, -np.nan, np.inf, -np.inf, 0.0, -0.0, 1.0, -1.0, 5e-324], dtype)
    x, y = (np.repeat(a.ravel(), 20) for a in np.meshgrid(values, values))

    def f(x, y):
        with np.errstate(**modes):
            return chosen(x, y)

    def after(x, y):
        with np.errstate(**modes):
            return np.where(x / y > y, x, y * 0.5)

    def before(x, y):
        with np.errstate(**modes):
            return np.where(x > y, x, y) / y

    for g in (f, after, before):
        same.each(g, [(x, y), (x, 0.5), (y, x)] * 2)
