"""Slices and array expressions in loops: bounds, overlaps, shapes, products, what is undone."""

import numpy as np
import pytest

from .comparing import compared, compiled

RNG = np.random.default_rng(0)


def square(n=9, dtype="f8"):
    return (RNG.random((n, n)) + 0.5).astype(dtype)


@pytest.mark.parametrize("dtype", ["f8", "f4"])
@pytest.mark.parametrize("layout", [np.ascontiguousarray, np.asfortranarray])
def test_elimination(dtype, layout):
    def f(a, n):
        for i in range(n):
            for j in range(i):
                a[i, j] -= a[i, :j] @ a[:j, j]
                a[i, j] /= a[j, j]
            for j in range(i, n):
                a[i, j] -= np.dot(a[i, :i], a[:i, j])
        return a

    a = layout(square(12, dtype) + 12 * np.eye(12, dtype=dtype))
    compiled(f, a, 12)


@pytest.mark.parametrize(
    "statement",
    [
        "a[i, :] = a[i, :] * 2.0 + b[i, :]",
        "a[i] += b[i] * a[0, 1]",
        "a[:, i] -= b[i, :] / 3",
        "a[i, 1:-1] = (b[i, 2:] - b[i, :-2]) * 0.5",
        "a[1:, i] = a[:-1, i]",
        "a[i, 1:] = a[i, :-1] + 1.0",
        "a[i, ::-1] = b[i]",
        "a[i, ::2] *= b[i, ::2]",
        "a[i, i:] = 0.0",
        "a[i, :i] = b[i, :i] * s",
        "a[i, -3:] = -b[i, :3]",
        "a[i, 5:2] = b[i, 5:2]",
        "a[i, ...] = np.sqrt(b[i, ...])",
        "a[...] = a + b",
        "a[i, :] = np.abs(b[:, i]) ** 2",
        "a[i, :] = b[i, :4]",
        "a[i, :1] = b[i, :]",
        "a[i, :] = b[i, i]",
        "a[i, :] = b[:, :]",
        "a[i] = 3",
        "a[i, 2 * i:] = 1.0 / (b[i, 2 * i:] - b[i, 5])",
        "s = a[i, :i] @ b[:i, i]",
        "s = np.dot(a[i], b[i])",
        "s += a[i, ::-1] @ b[i]",
        "s = a[i, :2] @ b[i, :3]",
    ],
)
@pytest.mark.parametrize(
    "dtypes", [("f8", "f8"), ("f4", "f4"), ("f8", "f4"), ("f4", "f8")], ids="-".join
)
def test_a_statement(statement, dtypes):
    source = f"""
def f(a, b, s, n):
    for i in range(n):
        {statement}
    return a, s
"""
    namespace = {"np": np}
    exec(source, namespace)
    a, b = (square(9, dtype) for dtype in dtypes)
    for s in (1.5, np.float64(0.5), np.float32(2.0), 3):
        compared(namespace["f"], a, b, s, 9)
    compared(namespace["f"], a, a, 1.5, 9)


@pytest.mark.parametrize("shift", [0, 1, 2, -1])
def test_overlaps(shift):
    def f(x, y, n):
        for i in range(n):
            y[:] = x * 0.5 + y
        return y

    def plain(n):
        base = np.arange(20.0)
        return f(base[4:12], base[4 + shift : 12 + shift], n), base

    compared(plain, 5)

    def through(x, n):
        for i in range(n):
            x[2:9] = x[2 + shift : 9 + shift] * 1.5
        return x

    compared(through, np.arange(12.0), 5)


def test_a_long_row_needs_a_long_log():
    def f(a, n):
        for i in range(n):
            a[i % 3, :] = a[(i + 1) % 3, :] + 1.0
        return a

    compiled(f, RNG.random((3, 100_000)), 9, times=3)


@pytest.mark.parametrize("mode", ["warn", "raise", "ignore"])
def test_what_was_stored_is_undone_where_a_flag_is_raised(mode):
    def f(a, b, n):
        for i in range(n):
            a[i, :] = b[i, :] / b[:, i]
            a[:, i] += 1.0
        return a

    b = square()
    b[6, 4] = 0.0
    with np.errstate(all=mode):
        compared(f, square(), b, 9)


def test_over_arrays():
    def f(x, a, n):
        s, t = 0.0, 0
        for v in x:
            s += v * 2
            t = t ^ n
        for row in a:
            for v in row:
                s -= v
        return s, t, v

    for x in (np.arange(30.0), np.arange(30, dtype=np.uint8), np.arange(60.0)[::-2], np.zeros(0)):
        compared(f, x, square(), 5)
    compiled(f, np.arange(30.0), square(), 5)


def test_over_an_array_with_a_break():
    def f(x, limit):
        s = 0.0
        for v in x:
            if v > limit:
                break
            s += v
        return s, v

    compared(f, np.arange(30.0), 17)
    compiled(f, np.arange(30.0), 70)


@pytest.mark.parametrize("flags", [0, 1], ids=["one axis", "two axes"])
def test_computed_steps(flags):
    def f(a, out, starts, stops, steps):
        for k in range(len(steps)):
            i, j, s = starts[k], stops[k], steps[k]
            a[i:j:s] = k
            part = a[:j:s]
            out[k, 0] = part.shape[0]
            a[i::s] += 0.5
            out[k, 1] = a[::s].sum()
        return a, out

    n = 7
    triples = [
        (i, j, s)
        for i in (-9, -7, -2, 0, 1, 6, 7, 12)
        for j in (-9, -7, -3, 0, 3, 6, 7, 12)
        for s in (-(2**62), -8, -3, -1, 1, 2, 3, 8, 2**62)
    ]
    starts, stops, steps = (np.array(column) for column in zip(*triples, strict=True))
    a = np.zeros((n, 3) if flags else n)
    compiled(f, a, np.zeros((len(steps), 2)), starts, stops, steps)
    for wrong in (0, -(2**63)):
        spoilt = steps.copy()
        spoilt[40] = wrong
        compared(f, a, np.zeros((len(steps), 2)), starts, stops, spoilt)


def test_sieve():
    def f(n):
        prime = np.ones(n, dtype=bool)
        for i in range(2, int(n**0.5) + 1):
            if prime[i]:
                prime[i * i :: i] = False
        return prime

    compiled(f, 1000)
