"""Loops that set an exception or warn on their own, as those in the old style do."""

import types

import numpy as np
import pytest
import scipy.special as special

SIZES = [1, 2, 300, 20_000, 1_500_000]


def numbers(size, negative=()):
    def make():
        x = np.linspace(1.0, 2.0, size)
        x[list(negative)] = -1.0
        return x

    return make


def rows(sizes=SIZES):
    return [(numbers(n, at),) for n in sizes for at in ((), (n - 1,), (0, n // 2))]


@pytest.fixture(scope="module", params=["raises", "warns"])
def ufunc(foreign, request):
    return foreign.ufunc("sqrt", request.param)


def test_calls(same, ufunc):
    library = types.SimpleNamespace(sqrt=ufunc)

    def alone(x):
        return ufunc(x)

    def strided(x):
        return ufunc(x[::2]), ufunc(x[::-1])

    def cast(x):
        return ufunc(x.astype("f4"))

    def of_two_axes(x):
        return ufunc(x[: len(x) // 2 * 2].reshape(-1, 2).T)

    def nested(x):
        return library.sqrt(library.sqrt(x) - 1.0)

    def out(x):
        try:
            ufunc(x, x)
        except ValueError as error:
            return str(error), x
        return x

    def caught(x):
        try:
            return ufunc(x)
        except ValueError as error:
            return str(error)

    for f in (alone, strided, cast, of_two_axes, nested, out, caught):
        same.each(f, rows(SIZES[:-1]))


def test_within_operations(same, ufunc):
    library = types.SimpleNamespace(sqrt=ufunc)

    def first(x):
        return ufunc(x) * 2.0 + x

    def last(x):
        t = x * 2.0 - x
        return library.sqrt(t)

    def amid(x):
        t = x + 1.0 - 1.0
        u = library.sqrt(t) * t
        return u.sum(), u

    def stored(x):
        y = np.zeros_like(x)
        y[...] = ufunc(x) + x
        return y

    def in_place(x):
        t = x * 1.0
        t += ufunc(x + 0.0)
        return t

    for f in (first, last, amid, stored, in_place):
        same.each(f, rows(SIZES[:-1]))


def test_on_several_threads(same, ufunc):
    import alloc_rewrite as alloc

    def f(x):
        return ufunc(x * x - x) * x + np.sqrt(x)

    before = alloc.get_num_threads()
    alloc.set_num_threads(3)
    try:
        same.each(f, rows(SIZES[-2:]))
    finally:
        alloc.set_num_threads(before)


@pytest.mark.parametrize("mode", ["raise", "warn", "ignore"])
@pytest.mark.parametrize("name", ["gammaln", "psi", "loggamma", "exp1", "log1p", "expm1", "xlogy"])
def test_special_functions(same, name, mode):
    function = getattr(special, name)
    two = function.nin == 2

    def inside(x):
        with special.errstate(all=mode):
            return function(x, x) if two else function(x)

    def mixed(x):
        with special.errstate(all=mode):
            t = x * 2.0 - x
            return (function(t, x) if two else function(t)) * t + x

    def outside(x):
        return function(x, x) if two else function(x)

    given = [
        [1.0, 0.0], [0.0], [-1.0, 2.0, 0.0], [0.5, 1.5], [-2.0] * 600, [np.inf],
    ]  # fmt: skip
    for f in (inside, mixed, outside):
        same.each(f, [(lambda v=v: np.array(v),) for v in given])
        same.each(f, [(lambda v=v: np.array(v, "f4"),) for v in given])
