"""Arrays for results, masks of where to compute, and stores by masks, inside of regions."""

from __future__ import annotations

import numpy as np
import pytest

import alloc_rewrite as alloc

from ..cores import NATIVE
from ..differential.compare import observe

N = 24


def outcome(function, args):
    return observe(lambda *a: function(*a), args)[0]


def check(function, made):
    bumped = alloc.bump(alloc.Buffer(1_000_000))(function)
    for _ in range(7):
        assert not outcome(function, made()).differences(outcome(bumped, made()))


def out_by_position(x, y, t):
    np.multiply(x, y, t)
    np.add(t, x, t)
    return t * 2.0


def out_by_name(x, y, t):
    r = np.subtract(x, y, out=t)
    np.exp(t, out=t)
    np.sqrt(x, out=t[...])
    return r is t, t + x


def out_of_views(x, y, t):
    np.multiply(x[1:], y[1:], out=t[1:])
    np.add(t[1:], x[:-1], out=t[:-1])
    np.minimum(x[::2], y[::2], out=x[::2])
    return t * 2.0 + x


def out_overlapping(x, y, t):
    np.add(x[1:], x[:-1], out=x[1:])
    np.add(x, y, out=y)
    np.negative(y[::-1], out=y)
    return x * y + t


def out_made(x, y, t):
    s = x * y
    r = s
    np.add(s, t, out=s)
    np.sin(s, s)
    return s * 2.0, r


def out_made_with_view(x, y, t):
    s = x * y
    v = s[1:]
    np.add(s, t, out=s)
    return v * 2.0, s


def out_clipped(x, y, t):
    np.clip(x * 2.0, 1.0, 3.0, out=t)
    y.clip(0.0, 1.0, t[:])
    return np.clip(x, 0, 1, y) * t


def out_none(x, y, t):
    return np.add(x, y, out=None) * t + np.multiply(x, y, None)


def where_out(x, y, t):
    np.divide(x, y, out=t, where=y > 0.5)
    np.log(x, t, where=x > 0.7)
    return t + x * y


def where_made(x, y, t):
    s = x + y
    return np.sqrt(t, out=s, where=t > x) * 2.0 - s


def where_mask_given(x, y, m):
    s = x * y
    np.add(s, 1.0, out=s, where=m)
    np.multiply(x, s, where=m, out=x)
    return s + x


def masked_made(x, y, t):
    z = (x - y) * 2.0
    z[z < 0.0] = 0.0
    z[np.isnan(t) | (t > x)] = 7
    z[z > 1e300] = np.nan
    return z + t


def masked_given(x, y, t):
    x[x > 1.5] = 1.5
    x[:2][y[:2] > 0.5] = 2
    y[t > 0.1] = np.float64(3.0)
    return x * y + t


def masked_in_place(x, y, t):
    x[y > 0.5] *= 2.0
    x[x > 2.0] -= y[x > 2.0]
    m = t > x
    x[m] += y[m]
    y[~m] = t[~m]
    z = x * y
    z[z > 1.0] /= 3.0
    return z - x


def masked_by_arrays(x, y, t):
    z = x * y
    z[z > 0.5] = t
    x[x > 0.5] = np.array([1.0])
    return z + x


def masked_by_variable(x, y, m):
    z = x * y
    z[m] = 0.5
    x[m] = y[0] * 2.0
    y[m] = z - x
    return z + x, y * 2.0


def masked_then_used(x, y, t):
    s = x[x > 0.5] * 2.0
    z = x * y + t
    z[z > 0.5] = z[z > 0.5] * 2.0
    return s, z


def add_one(z):
    np.add(z, 1.0, out=z)
    z[z > 2.0] = 2.0
    return z


def with_helpers(x, y, t):
    s = x * y
    r = s
    add_one(s)
    a = add_one(x) * 2.0
    np.multiply(x, y, out=y)
    return add_one(t) + x * y, s - r, a + x, s


FUNCTIONS = [
    out_by_position, out_by_name, out_of_views, out_overlapping, out_made, out_made_with_view,
    out_clipped, out_none, where_out, where_made, where_mask_given, masked_made, masked_given,
    masked_in_place, masked_by_arrays, masked_then_used,
    masked_by_variable, with_helpers,
]  # fmt: skip


def arrays(dtype, how):
    with np.errstate(all="ignore"):
        plain = [np.linspace(k - 0.6, k + 2.7, N).astype(dtype) for k in (0.0, 0.3, 0.6)]
    x, y, t = (one.reshape(4, 6) for one in plain)
    match how:
        case "contiguous":
            return plain[0], plain[1], plain[2]
        case "strided":
            return tuple(np.repeat(one, 2)[::2] for one in plain)
        case "reversed":
            return plain[0], plain[1][::-1], plain[2]
        case "axes":
            return x, y, t
        case "fortran":
            return np.asfortranarray(x), y, np.asfortranarray(t)
        case "transposed":
            return x.T, y.T, t.T
        case "broadcast":
            return x, y[0], t
        case "broadcast result":
            return x, y, t[0].copy()
        case "repeated result":
            return x, y, np.broadcast_to(t[0], (4, 6))
        case "read-only":
            t.flags.writeable = False
            return x, y, t
        case "same":
            return x, x, x
        case "overlapping":
            return plain[0][1:], plain[1][1:], plain[0][:-1]
        case "empty":
            return x[:0], y[:0], t[:0]
        case "single":
            return plain[0][:1], plain[1][1:2], plain[2][:1]
        case "no axes":
            return plain[0][3:4].reshape(()), y[2, 2], t[1, 1]
        case "masks":
            return x, y, x > 1.0
        case "numbers":
            return 1.5, x, t
        case "zeros":
            return x, y * 0, t
        case "subclass":
            return np.ma.array(x, mask=x > 1), y, t
        case _:
            return x, y, t.astype("f4" if dtype != "f4" else "f8")


HOW = [
    "contiguous", "strided", "reversed", "axes", "fortran", "transposed", "broadcast",
    "broadcast result", "repeated result", "read-only", "same", "overlapping", "empty", "single",
    "no axes", "masks", "numbers", "zeros", "subclass", "other dtype",
]  # fmt: skip


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda f: f.__name__)
def test_results_errors_and_what_is_changed(function):
    for how in HOW:
        check(function, lambda: arrays("f8", how))  # noqa: B023
    for dtype in ("f4", "i8", "?", "c16", "f2", "O"):
        check(function, lambda: arrays(dtype, "axes"))  # noqa: B023


@pytest.mark.parametrize(
    "index",
    [
        3, slice(1, 4), [1, 2], np.arange(5), np.arange(N) > 3, np.zeros(N, bool), True, None, ...,
        np.ones(N + 1, bool), np.array(2), (np.arange(N) > 3,), np.arange(N)[::-1], 1.5, np.True_,
    ],
    ids=str,
)  # fmt: skip
def test_indices_that_may_be_masks(index):
    check(masked_by_variable, lambda: [*arrays("f8", "contiguous")[:2], index])


def test_one_place_for_masks_and_indices():
    def f(x, y, i):
        y[i] = x * y[i]
        z = x + y
        z[i] = 2.0
        return z * y

    bumped = alloc.bump(alloc.Buffer(1_000_000))(f)
    for i in [3, np.arange(N) > 5, 4, slice(3), np.arange(3), np.arange(N) > 7, 0, -1] * 3:
        for x in (1.5, np.float64(2.0)):
            expected = outcome(f, (x, np.linspace(0, 1, N), i))
            assert not expected.differences(outcome(bumped, (x, np.linspace(0, 1, N), i)))


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda f: f.__name__)
def test_floating_point_errors(function):
    for mode in ("raise", "warn", "ignore"):
        with np.errstate(all=mode):
            check(function, lambda: arrays("f8", "zeros"))
            check(function, lambda: [1e200 * one for one in arrays("f8", "contiguous")])


@pytest.mark.skipif(not NATIVE, reason="the Python core has no regions")
@pytest.mark.parametrize(
    "function",
    [
        out_by_position, out_of_views, out_made, out_clipped, where_made, masked_made,
        masked_in_place, where_out,
    ],
    ids=lambda f: f.__name__,
)  # fmt: skip
def test_these_are_one_region(function):
    bumped = alloc.bump(alloc.Buffer(1_000_000))(function)
    with np.errstate(all="ignore"):  # else what may raise comes from its own line
        for _ in range(3):
            bumped(*(one.copy() + 1.0 for one in arrays("f8", "contiguous")))
    (region,) = alloc.explain(bumped).regions
    assert (region.hits, region.misses) == (3, 0)


@pytest.mark.skipif(not NATIVE, reason="the Python core has no regions")
def test_masked_loops_raise_no_flags_elsewhere():
    def f(x, y):
        r = np.zeros_like(x)
        np.divide(x, y, out=r, where=y != 0.0)
        return r * 2.0

    bumped = alloc.bump(alloc.Buffer(1_000_000))(f)
    x, y = np.linspace(1.0, 2.0, N), np.arange(N) % 3 / 2.0
    with np.errstate(all="raise"):
        for _ in range(3):
            assert bumped(x, y).tobytes() == f(x, y).tobytes()
    assert [(r.hits, r.misses) for r in alloc.explain(bumped).regions] == [(3, 0)]


def test_helpers_that_change_what_they_get():
    bumped = alloc.bump(alloc.Buffer(1_000_000))(with_helpers)
    with np.errstate(all="ignore"):
        for number in range(60):
            args = [arrays("f8", HOW[number % 4]) for _ in range(2)]
            assert not outcome(with_helpers, args[0]).differences(outcome(bumped, args[1]))


@pytest.mark.parametrize("ahead", [0, 1])
def test_loops_that_see_where_their_operands_overlap(ahead):
    def f(x, y):
        z = x * 2.0
        np.exp(x, out=y)
        return z + y

    def made():
        line = np.linspace(-1.0, 2.0, 41)
        return (line[1:], line[:-1]) if ahead else (line[:-1], line[1:])

    with np.errstate(all="ignore"):
        check(f, made)


def test_a_method_of_a_reduced_number_after_a_change():
    def function(x, y):
        x += y
        s = y.sum() * 2.0
        return s.max() * x

    with np.errstate(all="ignore"):  # so that nothing is reported, and what is changed at once
        bumped = alloc.bump(alloc.Buffer(1_000_000))(function)
        for _ in range(3):
            x, y = np.arange(20.0), np.ones(20)
            assert np.array_equal(bumped(x, y), (np.arange(20.0) + 1.0) * 40.0)
            assert np.array_equal(x, np.arange(20.0) + 1.0)


@pytest.mark.parametrize("value", [1.5, np.nan, 1e300, 2**40])
def test_numbers_that_are_stored_as_integers(value):
    def f(x, y):
        t = x - x.dtype.type(0.5)
        y[...] = t.max()
        return t * 2.0

    bumped = alloc.bump(alloc.Buffer(1_000_000))(f)
    with np.errstate(all="ignore"):
        for _ in range(3):
            seen = []
            for function in (f, bumped):
                y = np.zeros(20, "i4")
                try:
                    seen.append((function(np.full(20, value), y).tobytes(), y.tobytes()))
                except (ValueError, OverflowError) as error:
                    seen.append((type(error), str(error), y.tobytes()))
            assert seen[0] == seen[1]
