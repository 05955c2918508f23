"""NumPy's functions and methods that are one loop behind Python code, in regions."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import alloc_rewrite as alloc

from ..cores import NATIVE
from ..differential.compare import observe

DTYPES = ["f8", "f4", "f2", "i8", "i4", "u1", "?", "c16", "c8", "g", ">f8", "O", "M8[s]"]


def outcome(function, *args):
    return observe(lambda *a: function(*a), args)[0]


def check(function, *args):
    bumped = alloc.bump(alloc.Buffer(1_000_000))(function)
    expected = outcome(function, *args)
    for _ in range(6):
        assert not expected.differences(outcome(bumped, *args))


def arrays(dtype):
    plain = np.linspace(-3.6, 3.7, 24)
    with np.errstate(all="ignore"):
        base = plain.astype(dtype) if dtype not in ("O", "M8[s]") else plain.astype("i8")
    base = base.astype(dtype).reshape(4, 6)
    return [
        base, np.asfortranarray(base), base[::2, 1:4], base[::-1], base.T, base[0], base[:, :1],
        np.broadcast_to(base[0], (3, 6)), base[:0], base[1, 2], base[None, 0, ::-2],
    ]  # fmt: skip


CALLS = [
    lambda x: x.clip(0, 2) + x,
    lambda x: x.clip(min=0) + x,
    lambda x: x.clip(None, 2) + x,
    lambda x: x.clip(max=2, min=1) + x,
    lambda x: np.clip(x, 0, 2) * x,
    lambda x: np.clip(x, a_min=0.1, a_max=0.9) + x,
    lambda x: np.clip(x, None, a_max=1) + x,
    lambda x: np.clip(a=x, a_min=1, a_max=2) + x,
    lambda x: np.clip(x, None, None) + x,
    lambda x: np.clip(x, 0, 300) + x,
    lambda x: np.clip(x, -1, 2) + x,
    lambda x: np.round(x) + x,
    lambda x: np.around(x, 0) + x,
    lambda x: np.round(x, 1) + x,
    lambda x: x.round() + x,
    lambda x: x.round(decimals=0) * x,
    lambda x: x.conj() * x,
    lambda x: (x * x).conj() + x,
    lambda x: (x.conjugate() is x, x * x + x),
    lambda x: x.copy() + x,
    lambda x: (x.copy(), x + x),
    lambda x: (x.copy("K"), x * x + x),
    lambda x: (x.copy(order="F"), x * x + x),
    lambda x: ((x + x).copy(), x + x),
    lambda x: (np.copy(x), x + x),
    lambda x: (np.copy(x + x), x + x),
    lambda x: (x.astype(np.float32), x + x),
    lambda x: (x.astype(float), x + x),
    lambda x: (x.astype("f8") + 1.0, x + x),
    lambda x: (x.astype(int), x + x),
    lambda x: (x.astype(np.int16) * 2, x + x),
    lambda x: (x.astype(complex) * 2, x + x),
    lambda x: (x.astype(bool), x + x),
    lambda x: (x.astype(dtype="f4"), x + x),
    lambda x: (x.astype("f4", copy=False), x + x),
    lambda x: (x.astype("S5"), x + x),
    lambda x: ((x + x).astype(np.float32) + 1, x + x),
    lambda x: abs(x) + np.abs(x) + np.absolute(x),
    lambda x: (x > 1).astype(float) * x,
]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("number", range(len(CALLS)))
def test_calls(number, dtype):
    for x in arrays(dtype):
        check(CALLS[number], x)


def test_values_that_casts_tell_of():
    for values in ([1e300, 1.0], [np.nan, 1.0], [-1.0, 2.0], [1e-320, 1e-50], [np.inf, 1]):
        x = np.array(values)
        for cast in (np.float32, np.int32, np.uint8, np.float16, complex):
            check(lambda x: (x.astype(cast), x + x), x)  # noqa: B023
            with np.errstate(all="raise"):
                check(lambda x: (x.astype(cast), x + x), x)  # noqa: B023


POWERS = [
    2,
    2.0,
    0.5,
    -1,
    -1.0,
    0,
    1,
    3,
    -2,
    1.5,
    2**60,
    1e300,
    np.float64(2),
    np.int64(2),
    True,
    2j,
]


@pytest.mark.parametrize("dtype", ["f8", "f4", "i8", "u1", "c16", "?"])
def test_exponents(dtype):
    def f(x, p):
        return x**p + x

    def g(x, p):
        return x**p + p * x

    with np.errstate(all="ignore"):
        x = np.linspace(0.0, 3.9, 9).astype(dtype)
        for function in (f, g):
            bumped = alloc.bump(alloc.Buffer(1_000_000))(function)
            for p, _ in itertools.product(POWERS, range(2)):
                assert not outcome(function, x, p).differences(outcome(bumped, x, p))
            for p in POWERS:
                check(function, x, p)


@pytest.mark.skipif(not NATIVE, reason="the Python core has no regions")
@pytest.mark.parametrize("number", [0, 1, 2, 3, 4, 5, 6, 7, 11, 12, 14, 15, 19, 24, 27, 28])
def test_these_are_in_regions(number):
    bumped = alloc.bump(alloc.Buffer(1_000_000))(CALLS[number])
    for _ in range(3):
        bumped(np.linspace(-1.0, 3.0, 50))
    (region,) = alloc.explain(bumped).regions
    assert (region.hits, region.misses) == (3, 0)


@pytest.mark.skipif(not NATIVE, reason="the Python core has no regions")
@pytest.mark.parametrize("p", [2, 0.5, 1.4, 3, np.float64(1.5)])
def test_powers_with_a_variable_are_in_regions(p):
    bumped = alloc.bump(alloc.Buffer(1_000_000))(lambda x, p: x**p + x)
    for _ in range(3):
        bumped(np.linspace(1.0, 3.0, 50), p)
    assert alloc.explain(bumped).regions[0].hits == 3
