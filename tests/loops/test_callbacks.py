"""Functions that a loop gets as values: arguments, closures, attributes of objects."""

import math

import numpy as np

import alloc_rewrite as alloc

from .comparing import compared, compiled


def decay(t, y):
    return -0.5 * y + math.sin(t)


def growth(t, y, rate=0.25):
    return rate * y


def stepped(f, y, n, h):
    t = 0.0
    for _ in range(n):
        k1 = f(t, y)
        k2 = f(t + h / 2, y + h / 2 * k1)
        y = y + h * k2
        t += h
    return y


def scaled_by(k):
    def f(t, y):
        return k * y - t

    return f


def counted(inner):
    def f(t, y):
        return inner(t, y) + 1.0

    return f


class Model:
    def __init__(self, f, rate):
        self.f = f
        self.rate = rate

    def __eq__(self, other):
        return vars(self) == vars(other)

    __hash__ = None

    def slope(self, t, y):
        return self.f(t, y) * self.rate


def modelled(model, y, n):
    for i in range(n):
        y = y + 0.1 * model.slope(0.5 * i, y)
    return y


def test_functions_that_are_arguments():
    g = alloc.bump(stepped)
    assert compared(stepped, decay, 1.0, 20, 0.1, g=g)[0].hits
    compared(stepped, growth, 1.0, 20, 0.1, g=g)
    compared(stepped, decay, np.array([1.0, 2.0]), 20, 0.1, g=g)
    compared(stepped, math.atan2, 1.0, 20, 0.1, g=g)
    compared(stepped, np.arctan2, 1.0, 20, 0.1, g=g)
    compared(stepped, lambda t, y: y - t, 1.0, 20, 0.1, g=g)
    compared(stepped, None, 1.0, 20, 0.1, g=g)


def test_closures_each_with_its_own_cells():
    g = alloc.bump(stepped)
    for k in (0.5, 0.25, 2, np.float64(1.5), "a"):
        sites = compared(stepped, scaled_by(k), 1.0, 20, 0.1, g=g)
    assert sites[0].hits
    for inner in (decay, scaled_by(0.5), growth, decay):
        compared(stepped, counted(inner), 1.0, 20, 0.1, g=g)


def test_builtins_that_are_arguments():
    def f(function, x, n):
        s = 0.0
        for i in range(n):
            s += function(x[i])
        return s

    g = alloc.bump(f)
    for function in (math.sin, np.cos, float, math.sqrt, abs):
        sites = compared(f, function, np.linspace(0.5, 1.5, 10), 10, g=g)
    assert sites[0].hits


def test_functions_that_objects_hold():
    g = alloc.bump(modelled)
    for f in (decay, growth, scaled_by(0.5), scaled_by(0.25), decay):
        sites = compared(modelled, Model(f, 0.5), 1.0, 20, g=g)
    assert sites[0].hits


def test_objects_in_objects():
    def f(outer, n):
        s = 0.0
        for i in range(n):
            s += outer.inner.rate * i + outer.inner.slope(0.5, s)
        return s

    outer = Model(None, 1.0)
    outer.inner = Model(decay, 0.125)
    compiled(f, outer, 20)


def test_other_code_defaults_and_cells_are_noticed():
    def rate(t, y, k=2.0):
        return y * k

    shift = 1.0

    def moved(t, y):
        return y + shift

    g = alloc.bump(stepped)
    compared(stepped, rate, 1.0, 20, 0.1, g=g)
    rate.__defaults__ = (0.5,)
    compared(stepped, rate, 1.0, 20, 0.1, g=g)
    rate.__code__ = growth.__code__
    compared(stepped, rate, 1.0, 20, 0.1, g=g)
    compared(stepped, moved, 1.0, 20, 0.1, g=g)
    shift = 3
    compared(stepped, moved, 1.0, 20, 0.1, g=g)


def test_a_function_without_loops_calls_what_its_cells_hold():
    def outer(f):
        def whole(x):
            return f(x[0], x[1]) * 2.0 + x[0] - x[1]

        return whole

    whole = outer(decay)
    compiled(whole, np.array([1.0, 2.0]))


def bound(inner, rate):
    return lambda t, y, inner=inner, rate=rate: inner(t, y) * rate


def test_closures_with_other_defaults():
    g = alloc.bump(alloc.Buffer(10**6))(stepped)
    sites = []
    for rate in (0.5, 0.25, np.float64(0.125), 1, 0.75):
        f = bound(decay, rate)
        sites = compared(stepped, f, 1.0, 12, 0.1, g=g)
        f.__defaults__ = (growth, rate)
        compared(stepped, f, 1.0, 12, 0.1, g=g)
        f.__defaults__ = (rate,)
        compared(stepped, f, 1.0, 12, 0.1, g=g)
    assert sites[0].hits
