"""The native core's own loops over every short length: whole vectors, and what is left over."""

import itertools

import numpy as np
import pytest

import alloc_rewrite as alloc

LENGTHS = [*range(34), 63, 64, 65, 71, 127, 128, 130, 200]


def same(one, other):
    return one.dtype == other.dtype and one.tobytes() == other.tobytes()


@pytest.mark.parametrize("dtype", "fd")
def test_fused_arithmetic(dtype):
    def left(a, b, c):
        return (a + b) * c

    def right(a, b, c):
        return c - a * b

    def both(a, b, c):
        return (a - b) * (c + a)

    def inside(a, b, c):
        a[...] = (a * b) + (c - b)
        return a

    rng = np.random.default_rng(1)
    for function in (left, right, both, inside):
        bumped = alloc.bump(alloc.Buffer(), always=True)(function)
        for n, scalar in itertools.product(LENGTHS, (False, True)):
            a, b, c = rng.normal(size=(3, n)).astype(dtype)
            b = b.dtype.type(1.7) if scalar else b
            for _ in range(2):
                assert same(function(a.copy(), b, c), bumped(a.copy(), b, c)), (n, scalar)


@pytest.mark.parametrize("dtype", ["f", "d", "?", "i2", "i8", "c8", "c16"])
def test_choices(dtype):
    def choose(chosen, x, y):
        return np.where(chosen, x, y)

    def choose_larger(x, y):
        return np.where(x > y, x, y)

    chosen_by, larger = (
        alloc.bump(alloc.Buffer(), always=True)(f) for f in (choose, choose_larger)
    )
    rng = np.random.default_rng(2)
    for n in LENGTHS:
        x, y = (rng.normal(size=n) * 9).astype(dtype), (rng.normal(size=n) * 9).astype(dtype)
        chosen = rng.random(n) < 0.5
        one, other = x.dtype.type(1), x.dtype.type(0)
        for first, second in ((x, y), (x, other), (one, y), (one, other)):
            assert same(choose(chosen, first, second), chosen_by(chosen, first, second)), n
            if n and (first is x or second is y):
                assert same(choose_larger(first, second), larger(first, second)), n


def test_casts():
    """Every integer and bool to every type, where it fits and where it doesn't, dense or not."""

    def widened(x, like):
        return x * like + like

    def cast(x, like):
        y = x.astype(like.dtype)
        return y * like + y

    bits = np.array([0, 1, 2, 127, 128, 255, 32768, 2**31, 2**32 - 1, 2**63, 2**64 - 1], "Q")
    types = [np.dtype(code) for code in "?bBhHiIlLqQfdFD"]
    for source, target in itertools.product(types[:-4], types):
        functions = [(f, alloc.bump(alloc.Buffer(), always=True)(f)) for f in (widened, cast)]
        x = bits.astype(source)
        like = np.ones(1, target)
        for one, (function, bumped) in itertools.product(
            (x, np.repeat(x, 3)[::3], x[:1]), functions
        ):
            for _ in range(2):
                assert same(function(one, like), bumped(one, like)), (source, target)
