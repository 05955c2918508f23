"""Calls in loops: methods, keyword arguments, choices, numbers' functions, `is` and `in`."""

import math
import operator

import numpy as np
import pytest

import alloc_rewrite as alloc

from .comparing import compared, compiled, loop_sites

NUMBERS = (
    -1.5, 3, np.float64(-2.5), np.float32(1.25), np.uint8(200), np.True_, np.uint64(5), 1e300,
)  # fmt: skip
OTHERS = (2, np.float64(0.5), np.int64(-2))
EXPRESSIONS = (
    "math.sqrt(v), math.exp(v), math.sin(v), math.erf(v)",
    "math.floor(v), round(v), math.ceil(v)",
    "math.isnan(v), math.isfinite(v), math.radians(v)",
    "np.exp(v), np.tanh(v), np.square(v)",
    "np.isnan(v), np.sign(v), np.logical_not(v)",
    "np.float64(v), np.float32(v)",
    "np.int64(v), np.uint8(v), np.bool_(v)",
    "min(v, w), max(v, w)",
    "divmod(v, w), math.copysign(v, w)",
    "np.maximum(v, w), np.arctan2(v, w), np.hypot(v, w)",
    "(v > w) * w, (v < w) & (w > 1)",
    "v is None, v is not None, w in (1, 2, 3), w not in (2,)",
)


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_a_function_of_numbers(expression, monkeypatch):
    names = {"np": np, "math": math}
    exec(
        f"def f(v, w, n):\n    r = 0\n    for i in range(n):\n        r = {expression}\n"
        "    return r\n",
        names,
    )
    g = alloc.bump(alloc.Buffer(10**6))(names["f"])
    for v in NUMBERS:
        for w in OTHERS if "w" in expression else (2,):
            compared(names["f"], v, w, 3, times=1, g=g)


def test_append():
    def f(x, n):
        found, counts = [], [0]
        for i in range(n):
            if x[i] > 0.5:
                found.append(x[i])
                counts.append(counts[-1] + i)
        return found, counts

    compiled(f, np.random.default_rng(0).random(200), 200)


@pytest.mark.parametrize("mode", ["warn", "raise"])
def test_what_was_appended_is_taken_back(mode):
    def f(x, n):
        found = []
        for i in range(n):
            found.append(i)
            found.append(1.0 / x[i])
            x[i] = len(found)
        return found

    x = np.arange(-20.0, 20.0)
    with np.errstate(all=mode):
        compared(f, x, 40)
        compared(f, x, 60)


def test_append_to_what_is_gone_through_and_to_what_is_given_twice():
    def f(a, b, n):
        for i in range(n):
            a.append(i)
            b.append(a[-1] + len(b))
        for v in a:
            if len(a) < 100:
                a.append(v)
        return a, b

    def twice(n):
        a = [1]
        return f(a, a, n)

    compared(f, [1.5], [], 9)
    compared(twice, 9)


def helper(v, w=2.0, *, scale=1.0):
    return v * w * scale


def named(v, w=2.0, by=None):
    return v * w if by is None else v * by


def test_keyword_arguments_of_helpers():
    def f(x, n):
        s = 0.0
        for i in range(n):
            s += named(x[i], by=3.0) + named(v=x[i], w=i) + named(x[i], 0.5, by=None)
        return s

    def wrong(x, n):
        s = 0.0
        for i in range(n):
            s += helper(x[i], scale=2.0)
            if i == 5:
                s += named(x[i], v=1.0)
        return s

    compiled(f, np.arange(9.0), 9)
    compared(wrong, np.arange(9.0), 9)


def test_none_that_comes_later():
    def f(x, other, n):
        s = 0.0
        for i in range(n):
            if other is None:
                s -= x[i]
            s += x[i]
            k = other is not None
        return s, k

    g = alloc.bump(alloc.Buffer(10**6))(f)
    for other in (None, object, 1.0, "text", None, {}):
        compared(f, np.arange(9.0), other, 9, g=g)
    assert loop_sites(g)[0].hits


def test_methods_of_numbers():
    def f(x, n):
        s = 0.0
        for i in range(n):
            s += x[i].item() * x[i].conjugate()
        return s

    compiled(f, np.arange(9.0), 9)


@pytest.mark.parametrize("dtype", ["f8", "f4"])
@pytest.mark.parametrize("shape", [(5, 4), (4, 1), (1, 4), (1, 1), (30, 20)])
def test_dot_of_a_matrix_and_a_vector(shape, dtype):
    """In either order, backwards; with zeros of both signs, and numbers that vanish."""

    def f(a, b, v, out, n):
        for i in range(n):
            out[0] = np.dot(a, v)
            out[1] = np.dot(b.T, v)
            v[-1] = -0.0 if i & 1 else 0.5
        return out

    rng = np.random.default_rng(5)
    a = (rng.random(shape) - 0.5).astype(dtype)
    a[0, 0] = -0.0
    v = rng.random(shape[1]).astype(dtype)
    out = np.zeros((2, shape[0]), dtype)
    compiled(f, a, np.ascontiguousarray(a.T), v, out, 3)
    compared(f, np.asfortranarray(a), a.T.copy(), v[::-1], out, 4)
    compared(f, a * a.dtype.type(1e-30), a.T.copy(), v * v.dtype.type(1e-30), out, 4)


def test_a_dtype_that_comes_in():
    def f(x, dtype, n):
        for i in range(n):
            x = np.asarray([x[1], x[0] * 0.5], dtype=dtype)
        return x

    compiled(f, np.ones(2), float, 5)
    compared(f, np.ones(2), np.float32, 5)


def test_sets_that_are_written_and_indices():
    def f(x, n):
        t = 0
        for i in range(n):
            if i in {2, 3, 5} or x[i] not in {1, 4}:
                t += operator.index(x[i]) + operator.index(i > 3)
        return t

    compiled(f, np.arange(9), 9)
    compared(f, np.arange(9.0), 9)
