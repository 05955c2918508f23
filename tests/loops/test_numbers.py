"""Arithmetic in loops: the type and the bits of every operator, for every pair of kinds."""

import itertools
import math

import numpy as np
import pytest

import alloc_rewrite as alloc

from .comparing import compared, compiled

OPERATORS = ["+", "-", "*", "/", "//", "%", "**", "&", "|", "^", "<<", ">>"]
COMPARISONS = ["<", "<=", "==", "!=", ">", ">="]
VALUES = {
    "int": [3, -7, 0, 2**40, 2**62, -(2**63)],
    "float": [1.5, -0.0, 1e300, math.inf, math.nan],
    "bool": [True, False],
    "f8": [np.float64(v) for v in (2.5, -1.5, 0.0, 1e-300, math.inf, math.nan)],
    "f4": [np.float32(v) for v in (2.5, -1.5, 1e30)],
    "i8": [np.int64(v) for v in (3, -5, 0, 2**62)],
    "i4": [np.int32(v) for v in (3, -5, 2**30)],
    "u1": [np.uint8(v) for v in (3, 200)],
    "b1": [np.True_, np.False_],
}


def repeated(expression):
    """Return a function that computes an expression of two numbers in a loop."""
    source = f"""
def f(values, a, b, n):
    t = b
    for i in range(n):
        t = {expression}
    return t
"""
    namespace = {"math": math, "np": np}
    exec(compile(source, "loop.py", "exec"), namespace)
    return namespace["f"]


def compared_for_all(expression, first, second):
    """Compare an expression of two numbers for all values of these kinds, with their kernels."""
    f = repeated(expression)
    g = alloc.bump(alloc.Buffer(10**6))(f)
    for a, b in itertools.product(VALUES[first], VALUES[second]):
        if isinstance(b, int) and abs(b) > 99 and ("<<" in expression or "**" in expression):
            continue  # which takes for ever
        compared(f, None, a, b, 3, times=2, g=g)


@pytest.mark.parametrize("kind", ["int", "i8", "i4", "u1"])
@pytest.mark.parametrize("divisor", ["10", "-3", "1"])
def test_divisions_by_constants(kind, divisor):
    if kind == "u1" and divisor.startswith("-"):
        pytest.skip("NumPy refuses that")
    compared_for_all(f"(a // {divisor}, a % {divisor})[i % 2]", kind, "bool")


@pytest.mark.parametrize("operator", OPERATORS + COMPARISONS)
@pytest.mark.parametrize("kind", VALUES)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_an_operator(operator, kind):
    """A third of the operators for each pair of kinds: all take minutes."""
    first = (OPERATORS + COMPARISONS).index(operator) + list(VALUES).index(kind)
    for i, other in enumerate(VALUES):
        if (first + i) % 3 == 0:
            compared_for_all(f"a {operator} b", kind, other)


@pytest.mark.parametrize("sign", ["-", "+", "not ", "~"])
@pytest.mark.parametrize("kind", VALUES)
def test_an_operator_of_one_number(sign, kind):
    compared_for_all(f"{sign}a", kind, "bool")


CALLS = [
    "abs(a)", "int(a)", "float(a)", "bool(a)", "min(a, b)", "max(a, b)", "math.sqrt(a)",
    "math.exp(a)", "math.log(a)", "math.sin(a)", "math.cos(a)", "math.tan(a)", "math.atan(a)",
    "math.tanh(a)", "math.fabs(a)", "np.sqrt(a)", "np.abs(a)", "np.fabs(a)", "np.floor(a)",
    "np.ceil(a)", "np.maximum(a, b)", "np.minimum(a, b)", "np.float64(a)",
]  # fmt: skip


@pytest.mark.parametrize("call", CALLS)
def test_a_call(call):
    for kind, other in itertools.product(VALUES, ("float", "i8") if " b)" in call else ("bool",)):
        compared_for_all(call, kind, other)
        compared_for_all(call, kind, kind)


@pytest.mark.parametrize(
    "call", ["math.sin(a, b)", "math.atan2(a)", "round(a, b)", "np.sqrt(a, b)"]
)
def test_a_call_with_another_number_of_arguments(call):
    (site,) = compared(repeated(call), None, 2.5, 3.5, 3)
    assert "arguments" in site.reason


def test_functions_of_modules_that_are_called_as_they_are():
    def f(x, n):
        t, k = 0.0, 0
        for i in range(n):
            t += math.hypot(x[i], t) + math.fmod(float(x[i]), 0.3) + math.pow(1.5, i)
            k += math.gcd(i, 12) + math.comb(n, i)
        return t, k, math.isclose(t, 1.0)

    compiled(f, np.arange(8.0), 8)
    compared(f, np.arange(8.0) * 2e307, 8)


def test_sums_of_python_floats_and_of_elements():
    def f(x, n):
        s, t = 0.0, 0
        for i in range(n):
            s += x[i] * 0.5
            t = t + i * 2
        return s, t

    sites = compiled(f, np.random.default_rng(0).random(40), 40)
    assert sites[0].kernels >= 1


def test_an_integer_becomes_too_large():
    def f(n):
        t = 1
        for i in range(n):
            t = t * 3
        return t

    compiled(f, 60)


def test_an_integer_is_too_large_from_the_start():
    def f(t, n):
        for i in range(n):
            t = t + 1
        return t

    compared(f, 2**70, 9)


@pytest.mark.parametrize("mode", ["warn", "ignore", "raise"])
@pytest.mark.parametrize("at", [0, 1, 7, 19])
def test_a_floating_point_error_in_the_middle(mode, at):
    def f(x, y, n):
        for i in range(n):
            y[i] = 1.0 / x[i]
        return y

    x = np.arange(20.0) + 1.0
    x[at] = 0.0
    with np.errstate(all=mode):
        compared(f, x, np.zeros(20), 20)


def test_an_error_whose_value_is_not_used():
    def f(x, n):
        t = 0.0
        for i in range(n):
            t = x[i] / 0.0
            t = 1.0
        return t

    compared(f, np.ones(9), 9)


def test_constants_that_overflow():
    def f(x, n):
        for i in range(n):
            x[i] = 1e200
            x[i] = x[i] * 1e200
        return x

    compared(f, np.ones(9), 9)
