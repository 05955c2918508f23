"""NumPy's functions and methods that are one loop behind Python code, in regions."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import alloc_rewrite as alloc
from alloc_rewrite.numpy_facts import numpy_version

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


def into_zeros(x):
    s = np.zeros_like(x)
    s += x
    return s, np.divide(x, s, out=np.zeros_like(x), where=s != 0), np.add(s, x, np.empty_like(x))


def stored_into_zeros(x):
    s, t = np.zeros_like(x), np.full_like(x, 2)
    s[...] = x + x
    t[:1] = x[:1] * 2
    return s * t, s + x


def made_real(x):
    q = x * x
    r = q.real
    return q, r is q, q.real + q.imag, np.real(q) * 2


def without_nan(x):
    z = x * x
    np.nan_to_num(z, copy=False, nan=1.0)
    return np.nan_to_num(x, copy=False) is x, x + z


def parts_stored(x):
    x.real[...] = x.imag * 2
    x.imag = 3
    return x + x, x.real[:1] - x.imag[:1]


MORE_CALLS = [
    lambda x: np.nan_to_num(x) * 2 + x,
    lambda x: (np.nan_to_num(x), x + x),
    lambda x: np.nan_to_num(x, nan=0.5) * 2 + x,
    lambda x: np.nan_to_num(x, True, 1, 2.0, -3.0) * 2 + x,
    lambda x: np.nan_to_num(x, posinf=1.0) * 2 + x,
    lambda x: np.nan_to_num(x, nan=x) * 2 + x,
    lambda x: np.nan_to_num(x, nan=1e300) * 2 + x,
    without_nan,
    lambda x: (np.zeros_like(x) + x, np.ones_like(x) * x, np.full_like(x, 3) - x),
    lambda x: (np.full_like(x, 2.5) + x, np.full_like(x, 1e300) * x),
    lambda x: (np.full_like(x, x) + x, np.zeros_like(x, dtype=float) + x, x + x),
    lambda x: (np.zeros_like(x), np.ones_like(x), x * x + x),
    into_zeros,
    stored_into_zeros,
    lambda x: np.round(x, 2) * x + x.round(3) + np.around(x, decimals=8),
    lambda x: np.round(x, -1) * x + x.round(9),
    lambda x: (np.round(x * x, 1), x + x),
    lambda x: np.select([x < 1, x < 2], [x * 2, x * 3], default=x) + x,
    lambda x: np.select([x < 1, x < 2], [1.0, 2]) + x,
    lambda x: (np.select([x < 1], [x]), np.select(condlist=[x > 1], choicelist=[-x]), x + x),
    lambda x: np.select([x < 1, x], [x, x * 2], 0.5) + x,
    lambda x: np.select([x < 1, x < 2, x < 3], [x, x * 2], 0.5) + x,
    lambda x: np.select([x < 1, x < 2], [x, x.real]) + np.select([x[:1] < 2], [x], 7.0),
    lambda x: np.where(x > 1, 1.0, -1.0) * x + np.where(x > 0, 1, 0),
    lambda x: np.where(x > 1, 1j, 0.5) * x + np.where(x > 1, True, False),
    lambda x: x.real * x.imag + x.real,
    lambda x: (x.real, x * x + x.imag),
    lambda x: np.real(x) * 2 + np.imag(x) * np.real(x),
    lambda x: (x[1:].real * 2 + x[1:].imag, x.T.real + x.T.imag),
    lambda x: ((x * x).real + (x * x).imag, np.abs(x).real + x),
    lambda x: (np.exp((x * x).imag) + 1.0, np.exp(x.real) * x.real.T[0]),
    lambda x: (x.real.shape, x.real.sum() + (x * x).real.sum(), x + x),
    made_real,
    parts_stored,
]


@pytest.mark.parametrize("dtype", ["f8", "f4", "i8", "c16", "O"])
@pytest.mark.parametrize("number", range(len(MORE_CALLS)))
def test_more_calls(number, dtype):
    def values(x):
        y = x.copy() if isinstance(x, np.ndarray) else np.array(x)
        if y.size and y.dtype.kind in "fc":
            y.flat[:3] = [np.nan, np.inf, -np.inf][: y.size]
        return y

    for x in arrays(dtype)[::3]:
        bumped = alloc.bump(alloc.Buffer(1_000_000))(MORE_CALLS[number])
        with np.errstate(all="ignore"):
            expected = outcome(MORE_CALLS[number], values(x))
            for _ in range(5):
                assert not expected.differences(outcome(bumped, values(x)))


def select(*arguments, **named):
    return 2.0


def real(x):
    return x * 2.0


def test_functions_by_those_names():
    def f(x):
        return select([x < 1, x < 2], [x, x * 2]) + x * real(x)

    check(f, np.linspace(0.0, 3.0, 9))


@pytest.mark.skipif(not NATIVE, reason="the Python core has no regions")
@pytest.mark.parametrize("number", [0, 2, 3, 8, 14, 17, 23, 25, 27])
def test_more_of_these_are_in_regions(number):
    bumped = alloc.bump(alloc.Buffer(1_000_000))(MORE_CALLS[number])
    for _ in range(3):
        bumped(np.linspace(-1.0, 3.0, 50) + (1j if number >= len(MORE_CALLS) - 9 else 0))
    (region,) = alloc.explain(bumped).regions
    assert (region.hits, region.misses) == (3, 0)


def test_values_that_casts_tell_of():
    for values in ([1e300, 1.0], [np.nan, 1.0], [-1.0, 2.0], [1e-320, 1e-50], [np.inf, 1]):
        x = np.array(values)
        for cast in (np.float32, np.int32, np.uint8, np.float16, complex):
            check(lambda x: (x.astype(cast), x + x), x)  # noqa: B023
            with np.errstate(all="raise"):
                check(lambda x: (x.astype(cast), x + x), x)  # noqa: B023


VALUES = [
    [1e300, 1.0], [np.nan, 1.0], [-1.0, 2.5], [1e-320, 1e-50], [np.inf, 1], [3e9, -3e9],
    [300, -300], [2.0**63, -(2.0**63)], [1e19, 0.5],
]  # fmt: skip


@pytest.mark.parametrize("source", ["f8", "f4", "i8"])
@pytest.mark.parametrize("target", ["f4", "i4", "i8", "u1"])
def test_casts_that_change_values(source, target):
    def cast(x, t):
        return x.astype(target) * 2, x * x + x

    def stored(x, t):
        t[...] = x + x
        return t * 2, x * x

    def stored_then_cast(x, t):
        x *= 2
        t[1:] = x[1:] * 2
        y = x * x
        return t, y.astype(target), y

    for function in (cast, stored, stored_then_cast):
        bumped = alloc.bump(alloc.Buffer(1_000_000))(function)
        for values in (*VALUES[::2], VALUES[0] * 5000):
            with np.errstate(all="ignore"):
                x = np.array(values).astype(source)
            for mode in ("warn", "raise"):
                with np.errstate(all=mode):
                    expected = outcome(function, x.copy(), np.zeros(x.shape, target))
                    got = outcome(bumped, x.copy(), np.zeros(x.shape, target))
                assert not expected.differences(got)


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
    if type(p) is np.float64 and numpy_version() < (2, 3):
        pytest.skip("NumPy before 2.3 chooses by the value")
    bumped = alloc.bump(alloc.Buffer(1_000_000))(lambda x, p: x**p + x)
    for _ in range(3):
        bumped(np.linspace(1.0, 3.0, 50), p)
    assert alloc.explain(bumped).regions[0].hits == 3
