"""Complex numbers in loops: Python's, NumPy's, items of arrays and lists."""

import cmath
import itertools
import math

import numpy as np
import pytest

import alloc_rewrite as alloc

from .comparing import compared, compiled
from .test_numbers import repeated

REALS = {
    "int": [3, -7, 2**60],
    "float": [1.5, -0.0, 1e300],
    "bool": [True],
    "f8": [np.float64(v) for v in (2.5, -0.0, math.inf)],
    "f4": [np.float32(v) for v in (2.5, -1.5)],
    "i8": [np.int64(3)],
}
COMPLEX = {
    "complex": [1.5 - 2j, 0j, complex(-0.0, -1.0), 1e200 + 1e200j, complex(math.inf, math.nan)],
    "c16": [np.complex128(v) for v in (2.5 + 1j, -0j, math.inf, 1e200 + 1e200j, 1 + 1e999j)],
    "c8": [np.complex64(v) for v in (2.5 + 1j, 0j, 1e30 - 1e30j)],
}
ALL = REALS | COMPLEX
ARITHMETIC = ["(a + b, b - a, a * b)", "(b * a, a == b, b + a)", "(a / b,)", "(b / a, b != a)"]


@pytest.mark.parametrize("kind", COMPLEX)
def test_operators(kind):
    """One way to combine them for half of the pairs of kinds: all take half a minute."""
    for i, other in [*enumerate(ALL)][len(kind) % 2 :: 2]:
        f = repeated(ARITHMETIC[(i + len(kind)) % 4])
        g = alloc.bump(alloc.Buffer(10**6))(f)
        for a, b in itertools.product(COMPLEX[kind], ALL[other]):
            compared(f, None, a, b, 3, times=2, g=g)


EXPRESSIONS = [
    "(-a, +a, a.real, a.imag)", "(a.conjugate(), not a, abs(a))", "(a ** 2, a ** 3, a ** 5)",
    "(complex(a), np.complex128(a), np.conj(a))", "(np.abs(a), np.exp(a), np.multiply(a, a))",
    "(np.sqrt(a), np.real(a), cmath.sqrt(a))", "(cmath.exp(a), cmath.phase(a))", "a < a", "a // a",
    "cmath.rect(1.0, a)", "np.square(a)",
]  # fmt: skip


@pytest.mark.parametrize("kind", COMPLEX)
def test_expressions_of_one_number(kind):
    for expression in EXPRESSIONS:
        f = repeated(expression)
        f.__globals__["cmath"] = cmath
        g = alloc.bump(alloc.Buffer(10**6))(f)
        for a in COMPLEX[kind]:
            compared(f, None, a, 0, 3, times=2, g=g)


def escaped(xs, ys, limit):
    out = []
    for _, x in enumerate(xs):  # 3.15 knows alone how far a loop over a list has come
        for y in ys:
            c, z = complex(x, y), 0j
            for n in range(limit):
                if abs(z) > 2.0:
                    break
                z = z * z + c
            out.append(n)
    return out


def julia(grid, c, out):
    for i in range(grid.shape[0]):
        for j in range(grid.shape[1]):
            z, n = grid[i, j], 0
            while n < 30 and z.real * z.real + z.imag * z.imag <= 4.0:
                z = z * z + c
                n += 1
            out[i, j] = n
    return out


def transformed(x):
    n = len(x)
    out = np.zeros(n, dtype=complex)
    for k in range(n):
        s = 0j
        for i in range(n):
            s += x[i] * np.exp(-2j * np.pi * k * i / n)
        out[k] = s
    return out


def butterflies(x):
    n, size = len(x), 2
    while size <= n:
        step = cmath.exp(-2j * cmath.pi / size)
        for start in range(0, n, size):
            w = 1 + 0j
            for k in range(start, start + size // 2):
                even, odd = x[k], x[k + size // 2] * w
                x[k] = even + odd
                x[k + size // 2] = even - odd
                w *= step
        size *= 2
    return x


def turned(state, gate, qubits):
    for q in range(qubits):
        for i in range(len(state)):
            if not i >> q & 1:
                j = i | 1 << q
                a, b = state[i], state[j]
                state[i] = gate[0, 0] * a + gate[0, 1] * b
                state[j] = gate[1, 0] * a + gate[1, 1] * b
    return state


RNG = np.random.default_rng(3)
Z = RNG.normal(size=(8, 8)) + 1j * RNG.normal(size=(8, 8))


@pytest.mark.parametrize(
    ("f", "args"),
    [
        (escaped, ([-1.5, -0.5, 0.2], [0.1, 0.7], 40)),
        (julia, (Z, -0.4 + 0.6j, np.zeros((8, 8)))),
        (transformed, (Z[0],)),
        (butterflies, (Z[0].copy(),)),
        (butterflies, (Z[0].astype(np.complex64),)),
        (butterflies, (Z[0].tolist(),)),
        (turned, (Z[0].copy(), Z[:2, :2].copy(), 3)),
    ],
)
def test_a_kernel(f, args):
    compiled(f, *args)


def test_arrays():
    def f(x, y, n):
        for i in range(n):
            a = np.array([y[i], 1j, 2.0])
            x[1:] = 0.5j
            b = x * y[0] + y
            b *= 2j
            x[:] = b.copy()
            y[i] = a[1] + np.ones(2, dtype=complex)[0]
        return x, y, a, b

    compiled(f, Z[0].copy(), Z[1].copy(), 5)


def test_what_a_failed_iteration_stored_is_taken_back():
    def f(x, values, n):
        out = []
        for i in range(n):
            x[i] = x[i] * 2j
            values[i] += 1j
            out.append(x[i])
            x[i] = 1 / values[i]
        return out, x, values

    values = [1j, 2 + 1j, -1j, 3j]
    compared(f, Z[0].copy(), values, 4)
    compared(f, Z[0].astype(np.complex64), values[:2], 4)


@pytest.mark.parametrize("dtype", ["c16", "c8"])
def test_vectors_with_numbers_before_and_behind(dtype):
    def f(x, y, s, n):
        z, w = x + y, y
        for i in range(n):
            z = s * x + z
            w = i - w * s
            z = np.multiply(2, np.subtract(1.5j, z)) + np.add(y, s)
            w = np.divide(s, w) + np.float32(0.5) * x
        return z, w

    rng = np.random.default_rng(1)
    x, y = (rng.normal(size=6) + 1j * rng.normal(size=6) for _ in range(2))
    x, y = x.astype(dtype), y.astype(dtype)
    for s in (3, 0.5, 1 - 2j, np.complex64(2j)):
        compiled(f, x, y, s, 3)
    compiled(f, x[::2], y[::-2], 2.5, 3)
