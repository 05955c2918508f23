"""Helpers in loops: Python functions that become part of a kernel, and when they no longer do."""

import math

import numpy as np
import pytest

import alloc_rewrite as alloc

from .comparing import compared, compiled, loop_sites

SCALE = 2.0


def scaled(v, by=None):
    return v * SCALE if by is None else v * by


def match(a, b):
    if a + b == 3:
        return 1
    return 0


def clipped(v, low=-1.0, high=1.0):
    if v < low:
        return low
    elif v > high:
        return high
    return scaled(v)


def divided(a, b):
    return a / b


def summed(row):
    s = 0.0
    for v in row:
        s += v
    return s


def test_helpers_with_branches_defaults_and_helpers():
    def f(x, k, n):
        s, c = 0.0, 0
        for i in range(n):
            s += clipped(x[i]) + clipped(x[i], 0.0)
            c += match(k[i], 1)
            s = scaled(s, 0.5)
        return s, c

    compiled(f, np.linspace(-2, 2, 30), np.arange(30) % 4, 30)


def test_a_helper_with_a_loop():
    def f(a, n):
        t = 0.0
        for i in range(n):
            t += summed(a[i])
        return t

    compiled(f, np.random.default_rng(0).random((9, 7)), 9)


@pytest.mark.parametrize("mode", ["warn", "raise"])
def test_an_error_in_a_helper(mode):
    def f(x, n):
        for i in range(n):
            x[i] = divided(1.0, x[i])
        return x

    x = np.arange(12.0) - 5.0
    with np.errstate(all=mode):
        compared(f, x, 12)

    def g(k, n):
        t = 0.0
        for i in range(n):
            t += divided(1, n - i - 4)
        return t

    compared(g, None, 12)


def test_a_helper_that_changes():
    namespace = {"math": math, "np": np}
    source = """
def helper(v, k=2.0):
    return v * k + offset
offset = 1.0
def f(x, n):
    s = 0.0
    for i in range(n):
        s += helper(x[i])
    return s
"""
    exec(source, namespace)
    f, helper = namespace["f"], namespace["helper"]
    g = alloc.bump(alloc.Buffer(10**6))(f)
    x = np.arange(9.0)

    def both():
        for _ in range(3):
            assert g(x, 9) == f(x, 9)
        return f(x, 9)

    values = [both()]
    assert loop_sites(g)[0].hits
    namespace["offset"] = 2.0
    values.append(both())
    helper.__defaults__ = (3.0,)
    values.append(both())
    other = {}
    exec("def helper(v, k=2.0):\n    return v - k", other)
    helper.__code__ = other["helper"].__code__
    values.append(both())
    namespace["helper"] = lambda v: 0.25
    values.append(both())
    assert len(set(values)) == 5


def test_functions_of_modules_that_are_replaced(monkeypatch):
    def f(x, n):
        s = 0.0
        for i in range(n):
            s += math.sqrt(x[i]) + np.sqrt(x[i])
        return s

    g = alloc.bump(alloc.Buffer(10**6))(f)
    x = np.arange(9.0)
    for _ in range(3):
        assert g(x, 9) == f(x, 9)
    monkeypatch.setattr(math, "sqrt", lambda v: 1.0)
    assert g(x, 9) == f(x, 9)
    monkeypatch.setattr(np, "sqrt", lambda v: 2.0)
    assert g(x, 9) == f(x, 9) == 27.0


def recursive(n):
    return 1 if n < 1 else recursive(n - 1) + 1


def keywords(a, *, b=1):
    return a + b


def test_what_is_no_helper():
    def f(n):
        s = 0
        for i in range(n):
            s += recursive(i % 5) + keywords(i, b=2)
        return s

    compared(f, 9)


def integrated(rate, y, n, h=0.1, squash=math.tanh):
    for i in range(n):
        y = squash(y + h * rate(i * h, y))
    return y


def test_functions_that_come_in_as_arguments():
    def decayed(t, y):
        return -y * t

    def grown(t, y, by=0.5):
        return by * y

    g = alloc.bump(alloc.Buffer(10**5))(integrated)
    for rate in (decayed, grown, decayed, lambda t, y: t - y, grown):
        compared(integrated, rate, 1.0, 30, g=g)
    assert any(site.hits for site in loop_sites(g))


def test_a_function_that_is_made_for_each_call_and_one_that_is_changed():
    def f(n, by):
        def rate(t, y, by=by):
            return by * y

        return integrated(rate, 1.0, n)

    for by in (0.5, -0.25, 1):
        compared(f, 30, by)

    def rate(t, y):
        return y

    g = alloc.bump(alloc.Buffer(10**5))(integrated)
    compared(integrated, rate, 1.0, 30, g=g)
    rate.__code__ = (lambda t, y: y - t).__code__
    compared(integrated, rate, 1.0, 30, g=g)


def test_a_function_passed_on_to_a_helper():
    def f(x, n):
        s = 0.0
        for i in range(n):
            s += applied(math.sqrt, x[i]) + applied(scaled, x[i])
        return s

    compiled(f, np.linspace(0.0, 2.0, 30), 30)


def applied(function, v):
    return function(v)
