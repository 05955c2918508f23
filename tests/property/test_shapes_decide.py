"""Helpers with conditions on shapes, with `*args`, inner ones; shapes of what a region computes."""

from __future__ import annotations

import random

import numpy as np
import pytest

import alloc_rewrite as alloc
from alloc_rewrite import cores

from ..differential.compare import observe


def checked(a, b):
    if a.shape != b.shape:
        raise ValueError("one shape, please")
    if a.ndim != 2:
        raise ValueError("two axes, please")
    return a * b + 1.0


def as_column(v):
    if v.ndim == 1:
        v = v[:, np.newaxis]
    return v * 2.0


def differences(x):
    n = len(x)
    if n < 3:
        return x * 0.0
    return (x[2:] - x[:-2]) / (n - 1)


def longest(x, y):
    if x.shape[0] > y.shape[0] + 1 and x.size > 3:
        return x * 2.0
    return y + 1.0


def weighted(f, *args):
    return f * args[0] + args[-1] * 2.0


def total(*parts):
    a, b, c = parts
    return a + b * c


def passed_on(x, *args):
    return total(*args) + x


def of_others(x, y):
    return weighted(x, y, 2.0) - weighted(y, x), passed_on(x, y, x * y, 3.0) * total(y, x, x)


def of_inner(x, y, limit=2.0):
    def tapered(z, width=0.5):
        return np.tanh((limit - np.abs(z)) / width)

    return tapered(x * y) * 2.0 + tapered(x, width=y.ndim)


def of_checked(x, y):
    return checked(x * 2.0, y) - checked(y, x)


def of_columns(x, y):
    return as_column(x + 1.0) * y + as_column(y)


def of_differences(x, y):
    return differences(x * x) + 1.0, differences(y) * 2.0


def of_longest(x, y):
    return longest(x * 2.0, y) * longest(y, x - 1.0)


def of_shapes(x, y):
    d = x * y
    e = np.maximum(d[1:], 0.5).T
    return d / d.shape[0] + len(d) * e.size, e * e.ndim + e.shape[-1]


FUNCTIONS = (of_checked, of_columns, of_differences, of_longest, of_shapes, of_others, of_inner)
SHAPES = ((3, 4), (3, 4), (3, 4), (4,), (4,), (2,), (1, 4), (), (0, 4), (5, 4))


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda f: f.__name__)
@pytest.mark.parametrize("seed", range(4))
def test_results_and_errors_are_numpys(function, seed):
    pick = random.Random(seed).choice
    bumped = alloc.bump(alloc.Buffer())(function)
    for k in range(12):
        shapes = pick(SHAPES), pick(SHAPES)
        for _ in range(pick((1, 8, 20))):
            args = [np.arange(float(np.prod(shape))).reshape(shape) + k for shape in shapes]
            if pick(range(9)) == 0:
                args[0] = pick(([1.0, 2.0], 2.0, np.ma.array(args[0])))
            outcomes = [observe(one, tuple(args))[0] for one in (function, bumped)]
            assert not outcomes[0].differences(outcomes[1]), (shapes, k)


@pytest.mark.skipif(cores.selected().name != "native", reason="only the native core has regions")
@pytest.mark.parametrize(
    ("function", "shapes"),
    [
        (of_checked, ((3, 4), (3, 4))), (of_columns, ((4,), (4, 3))), (of_columns, ((4, 1), (4,))),
        (of_differences, ((9,), (2,))), (of_longest, ((6, 2), (2,))), (of_others, ((9,), (9,))),
        (of_inner, ((9,), (9,))),
    ],
)  # fmt: skip
def test_they_become_part_of_regions(function, shapes):
    bumped = alloc.bump(alloc.Buffer())(function)
    args = [np.ones(shape) for shape in shapes]
    for _ in range(40):
        bumped(*args)
    explained = alloc.explain(bumped)
    inlined = sum(len(region.helpers) for region in explained.regions if region.hits)
    assert inlined or explained.whole.hits  # it may be machine code as one piece


def test_shapes_of_results_are_known():
    bumped = alloc.bump(alloc.Buffer())(of_shapes)
    for n in (3, 4, 3):
        x, y = np.ones((n, 3)), np.ones(3)
        for one, other in zip(bumped(x, y), of_shapes(x, y), strict=True):
            assert one.tobytes() == other.tobytes()
    if cores.selected().name == "native":
        (region,) = alloc.explain(bumped).regions
        assert region.hits
