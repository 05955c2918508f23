"""What regions of the native core take on by themselves, and what they leave alone."""

import numpy as np
import pytest

import alloc_rewrite as alloc

from ..differential.compare import observe


def hits_and_misses(function, *args):
    """Count the hits of a function's region, or of the function as one piece, and the misses."""
    bumped = alloc.bump(alloc.Buffer())(function)
    for _ in range(3):
        bumped(*args)
    explained = alloc.explain(bumped)
    (region,), whole = explained.regions, explained.whole
    return region.hits + (whole.hits if whole else 0), region.misses


@pytest.mark.parametrize(
    "number",
    [1.5, 3, np.float64(1.5), np.float32(1.5), np.int64(3)],
    ids=lambda n: type(n).__name__,
)
def test_scalars_are_computed_with(number):
    def f(x, number):
        off = x - number / x.size
        return off * off

    assert hits_and_misses(f, np.ones(50), number) == (3, 0)


@pytest.mark.parametrize("number", [np.float16(1.5), np.int32(3), np.longdouble(2)], ids=repr)
def test_other_scalars_are_left_to_the_original_code(number):
    def f(x, number):
        off = x - number / x.size
        return off * off

    bumped = alloc.bump(alloc.Buffer())(f)
    for _ in range(3):
        bumped(np.ones(50), number)
    (region,) = alloc.explain(bumped).regions
    assert region.misses
    assert not region.hits


@pytest.mark.parametrize("log", [29, 30, 31])
def test_arrays_of_regions_that_are_too_big(log):
    def f(x):
        y = x * 2.0
        return y[:2, :2] + 1.0

    x = np.broadcast_to(True, (2**31, 2**log))
    for function in (f, alloc.bump(alloc.Buffer())(f)):
        with pytest.raises(ValueError, match="array is too big"):
            function(x)


def test_copies_that_are_changed_stay_arrays_of_their_own():
    def f(x):
        out = x.copy()
        out[1:-1] = 0.5 * (x[2:] + x[:-2]) - x[1:-1]
        return out

    bumped = alloc.bump(alloc.Buffer())(f)
    x = np.linspace(1.0, 2.0, 50)
    for _ in range(3):
        assert bumped(x).tobytes() == f(x).tobytes()
    (region,) = alloc.explain(bumped).regions
    assert region.hits
    assert "out[1:-1] =" in region.program
    assert region.delivers == ()


def test_no_region_ends_within_an_index():
    def f(x, n, flag):
        y = x * 2.0 + 1.0
        z = y * y[n - 1 : n + 1 if flag else None].sum()
        return z

    x = np.linspace(1.0, 2.0, 50)
    bumped = alloc.bump(alloc.Buffer())(f)
    for flag in (True, False) * 3:
        assert bumped(x, 3, flag).tobytes() == f(x, 3, flag).tobytes()
    assert alloc.explain(bumped).regions[0].misses == 0


def by_slices(x, s, t):
    return (x[s] * 2.0 + x[t]) * x[s]


def test_slices_that_are_made_anew_have_their_plan():
    x = np.random.default_rng(0).random((9, 8))
    bumped = alloc.bump(alloc.Buffer())(by_slices)
    makers = [
        lambda n: (slice(1 + n, -2 + n or None), slice(2, -2)),
        lambda n: slice(int("1") + n, -1),
        lambda n: (slice(None, None, 2), 1000 - 999 + n),
        lambda n: (slice(np.int64(0), None), slice(True, None)),
        lambda n: ((0, 1), slice(n, 2)),
        lambda n: (slice(n, 2), None),
    ]
    for make in makers:
        for n in (0, 1, 0, 1):
            expected = observe(by_slices, (x, make(n), make(n)))[0]
            assert not expected.differences(observe(bumped, (x, make(n), make(n)))[0])
    bumped = alloc.bump(alloc.Buffer())(by_slices)
    for n in [0, 1] * 100:
        s = makers[0](n)
        assert bumped(x, s, s).tobytes() == by_slices(x, s, s).tobytes()
    (region,) = alloc.explain(bumped).regions
    assert (region.hits, region.misses, region.given_back) == (200, 0, False)


def joined(x, y):
    return np.concatenate([x * 2.0, y]) + 1.0


def ramped(x, y):
    return np.pad(x * y, 1, mode="linear_ramp") * 2.0 + 1.0


@pytest.mark.parametrize(
    ("function", "dtype", "words"),
    [(joined, "f4", "arrays of `float32` and `float64` are put together"),
     (ramped, "f8", "`pad` has a mode other than constant, edge")],
)  # fmt: skip
def test_explain_says_why_arrays_are_not_put_together(function, dtype, words):
    bumped = alloc.bump(alloc.Buffer())(function)
    for _ in range(12):
        bumped(np.ones(3), np.ones(3, dtype))
    assert words in str(alloc.explain(bumped))
