"""Rare shapes, dtypes, roundings and overlaps in loops: all as NumPy has them, strides included."""

import copy

import numpy as np
import pytest

import alloc_rewrite as alloc

from .comparing import compared

RNG = np.random.default_rng(3)
BIG = np.dtype(">f8")
ROUNDED_ONCE = 2**60 + 2**36 + 1  # other bits, if it becomes a float of 64 bits on the way
A, F, K, M = np.arange(1.0, 6.0), np.arange(0.5, 4.5, dtype="f4"), np.full(5, 3), np.ones(9, bool)


def looped(source):
    """Return a function of `a`, `i` and `n` that does something `n` times."""
    names = {"np": np, "BIG": BIG}
    exec(f"def f(a, i, n):\n b = a\n for k in range(n):\n  {source}\n return a, b", names)
    return names["f"]


def tried(source):
    return looped(f"try: {source}\n  except ValueError: b = a * k")


@pytest.mark.parametrize(
    ("a", "source"),
    [
        (F, "b = a ** 2.0"),
        (np.arange(2**30, 2**30 + 5), "b = a ** 2.0"),
        (F, "b = np.float32(i)"),
        (F, "a[1] = i"),
        (F, "a[:] = i"),
        (A, "a[:] = a[0:1] * 1.5"),
        (A, "a += a[:1]"),
        (np.arange(9.0).reshape(3, 3), "a[:, :] = a[:1, :] + a[:, 1:2]"),
        (M, "a[1:][a[:-1]] = False"),
        (K, "a[1:][a[:-1]] = 2"),
        (K.astype("i4"), "a[a] = k % 5"),
        (A, "b = np.zeros(3, BIG)"),
        (A, "b = np.ones(3, '>i4')"),
    ],
)
def test_results(a, source):
    compared(looped(source), a, np.int64(ROUNDED_ONCE), 20, times=2)


@pytest.mark.parametrize("made", ["zeros(-1)", "empty((2, -3))", "ones((2**40, 2**40))", "eye(-2)"])
def test_impossible_shapes(made):
    compared(tried(f"b = np.{made}"), A, 0, 20, times=2)


@pytest.mark.parametrize("dtype", ["q", "Q", "i"])
def test_types_that_are_equal_to_others(dtype):
    a = np.arange(5, dtype=dtype)
    compared(looped("b = a[1] + a[2]"), a, 0, 20, times=2)
    g = alloc.bump(alloc.Buffer(10**6))(looped("b = a + a"))
    for given in (a.astype(a.dtype.str), a):
        assert g(given, 0, 20)[1].dtype.char == given.dtype.char


def chosen(number, is_wanted):
    return number if is_wanted else 0.0


@pytest.mark.parametrize(
    "source",
    [
        "b = k if a[0] - a[1] > 0.0 else b",
        "b = k if abs(a[0] * a[2]) < 0.0 else b",
        "b = k if np.sqrt(a[3]) < 0.0 else b",
        "b = (a[3] / a[2], k)[1]",
        "b = chosen(a[3] / a[2], k > 99)",
        "b = k if np.float32(a[0]) - a[1] > 0.0 else b",
        "b = a[3] / a[2]; b = np.negative(a[0])",  # whose loop clears the flags
        "b = np.isnan(a[3] / a[2])",
    ],
)
def test_warnings_of_values_that_hardly_matter(source):
    f = looped(source)
    f.__globals__["chosen"] = chosen
    compared(f, np.array([np.inf, np.inf, 0.0, -1.0]), 0, 20, times=2)


def views(a, i, n):
    for _ in range(n):
        b, c, d, e, f = a[3:3], a[i:3:2], a[i : i + 1 : -1], a[20 + i : 30 : 3], a[9:i:3]
    return b, c, d, e, f


@pytest.mark.parametrize("shape", [(10,), (0,), (30, 2)])
@pytest.mark.parametrize("i", [3, -2])
def test_views_without_items(shape, i):
    a = np.zeros(shape)
    bumped = alloc.bump(alloc.Buffer(10**6))(views)
    for one, other in zip(views(a, i, 30), bumped(copy.copy(a), i, 30), strict=True):
        assert (one.shape, one.strides) == (other.shape, other.strides)
        assert _offset(one) == _offset(other)


def _offset(view):
    return view.ctypes.data - view.base.ctypes.data
