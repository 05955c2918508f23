"""Python code that runs while a site looks something up, and uses the same site meanwhile."""

import gc

import numpy as np
import pytest

import alloc_rewrite as alloc
from alloc_rewrite.sites import errstate

DTYPES = ["f4", "f8", "i4", "i8", "c8", "c16", "i2", "u2", "u4", "u8"]


def stored(x, y):
    x[...] = x * 2 + y
    return x


def in_place(x, y):
    x += y * 2 + 1
    return x


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("function", [stored, in_place])
def test_a_region_asks_what_to_do_about_errors(function, dtype, monkeypatch):
    bumped = alloc.bump(alloc.Buffer())(function)
    ask, asked = errstate.geterr, []

    def disturb():  # the site keeps neither the types nor the plan that it has found by then
        if not asked:
            asked.append(1)
            for other in DTYPES:
                bumped(np.ones(4, other), np.ones(4, other))
            for size in range(5, 12):
                bumped(np.ones(size, dtype), np.ones(size, dtype))
            gc.collect()
        return ask()

    times = 0
    for size in (3, 4, 50):
        x, y = np.arange(size).astype(dtype), np.ones(size, dtype)
        expected = function(x.copy(), y)
        bumped(x.copy(), y)
        with np.errstate(divide="ignore"), monkeypatch.context() as patched:
            patched.setattr(errstate, "geterr", disturb)
            got = bumped(x.copy(), y)
        assert got.dtype == expected.dtype
        assert got.tobytes() == expected.tobytes()
        times += len(asked)
        asked.clear()
    assert times


def test_a_region_is_told_apart_by_types_that_go():
    namespace = {"np": np}
    exec("def f(a, x):\n    return x * a.k + x\n", namespace)
    bumped = alloc.bump(alloc.Buffer())(namespace["f"])
    x = np.arange(4.0)
    for i in range(200):
        slots = ("k",) if i % 2 else ()
        kind = type("Kind", (), {"__slots__": slots} if slots else {})
        one = kind()
        one.k = float(i)
        assert np.array_equal(bumped(one, x), x * i + x)
        del one, kind
        gc.collect(0)
