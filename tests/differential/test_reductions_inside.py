"""Code that uses the values of reductions: one region for all of it."""

from __future__ import annotations

import numpy as np
import pytest

from .inputs import random


def softmax(x):
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def of_columns(x):
    e = np.exp(x - np.max(x, axis=0))
    return e / np.sum(e, axis=0), e.sum()


def layer_norm(x):
    centred = x - np.mean(x, axis=-1, keepdims=True)
    variance = np.mean(centred * centred, -1, keepdims=True)
    return centred / np.sqrt(variance + 1e-5) * 1.5 + 0.5


def standardised(x):
    return (x - x.mean(axis=0)) / (x.std(axis=0) + 1e-8), x.var(axis=0, ddof=1) * x


def z_scores(x):
    return (x - x.mean()) / x.std()


def between(x):
    low, high = x.min(), x.max()
    span = high - low
    return (x - low) / span, span * 2.0, -low, high


def norms(x):
    r = x * 2.0 - x[::-1]
    n = np.linalg.norm(r)
    return r / n, n, np.sqrt(np.mean(r * r)), r.sum() / n + 1.0, np.abs(r).max() * x


def whole(x):
    total = x.sum()
    return x * total, total * 2, (x > x.min()) * total, np.all(x > 0) | (x > 1)


def in_place(x):
    y = x * 1.0
    x -= x.mean()
    x /= np.sqrt((x * x).sum()) + 1.0
    y[...] = x * y.max()
    return y, x.sum() * y


def twice(x):
    m = x.sum(axis=-1)
    return m, m * 2.0, m[..., None] * x, m.max() - m


def stored(x):
    y = x * 2
    x[:1] = y[1:] = x.sum()
    x[1:2] = x.mean()
    y[:1] = x.max() - 1
    return x, y


ALL = [softmax, of_columns, layer_norm, standardised, z_scores, between, norms, whole, in_place,
       stored, twice]  # fmt: skip
SHAPES = [
    (1,),
    (5,),
    (300,),
    (3000,),
    (4, 5),
    (1, 6),
    (6, 1),
    (40, 70),
    (3, 4, 5),
    (0,),
    (2, 0),
    (),
]
DTYPES = ["f4", "f2", "i8", "u1", "c16", "?", "O"]


def made(shape, dtype="f8", order="C"):
    return lambda: np.array(random(shape, dtype), order=order)


@pytest.mark.parametrize("f", ALL)
def test_values_of_reductions(same, f):
    same.each(f, [(made(shape),) for shape in SHAPES])
    same.each(f, [(made((20, 30), dtype),) for dtype in DTYPES])
    same.each(f, [(made((20, 30), "f8", "F"),), (lambda: random((20, 30))[::2, ::3],)])


@pytest.mark.parametrize("f", ALL)
def test_errors_around_reductions(same, f):
    def row(value):
        def changed():
            x = random((30,))
            x[4] = value
            return x

        return (changed,)

    for mode in ("warn", "raise"):
        with np.errstate(all=mode):
            same.each(f, [row(v) for v in (np.nan, np.inf, 1e308, 0.0)])
            same.each(f, [(lambda: np.zeros(30),), (lambda: np.full((3, 8), 1e308),)])


def test_axes_from_variables(same):
    def f(x, axis, keeps):
        return x - x.sum(axis=axis, keepdims=keeps) * 0.5, x.max(axis) * 2.0 + 1.0

    rows = [(made((6, 6)), axis, keeps) for axis in (0, 1, -1, None, 2) for keeps in (True, False)]
    same.each(f, rows * 3)
