"""Elements of arrays in loops: dtypes, layouts, indices, aliases, and what is stored."""

import math

import numpy as np
import pytest

import alloc_rewrite as alloc

from .comparing import compared, compiled, loop_sites

DTYPES = ["f8", "f4", "i8", "i4", "i2", "i1", "u4", "u2", "u1", "b1"]


def copied(x, y, n):
    for i in range(n):
        y[i] = x[i]
    return y


@pytest.mark.parametrize("source", [*DTYPES, ">f8", "f2", "u8", "c16", "O"])
@pytest.mark.parametrize("target", [*DTYPES, ">f8", "f2", "u8", "c16", "O"])
def test_an_element_goes_from_one_dtype_into_another(source, target):
    x = (np.arange(9) * 40 - 3).astype(np.int64).astype(source)
    compared(copied, x, np.zeros(9, target), 9)


@pytest.mark.parametrize("value", [3, -1, 300, 2**40, 2.5, 1e300, True, np.float32(1.5), np.nan])
@pytest.mark.parametrize("target", DTYPES)
def test_a_number_is_stored(value, target):
    def f(y, v, n):
        for i in range(n):
            y[i] = v
        return y

    compared(f, np.zeros(9, target), value, 9)


LAYOUTS = {
    "C": lambda a: a,
    "Fortran": np.asfortranarray,
    "reversed": lambda a: a[::-1, ::-1],
    "strided": lambda a: np.repeat(a, 2, axis=1)[:, ::2],
    "transposed": lambda a: a.T,
    "broadcast": lambda a: np.broadcast_to(a[0], a.shape),
    "empty": lambda a: a[:0],
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_layouts(layout):
    def f(a, b, n):
        for i in range(n):
            for j in range(n):
                b[i, j] = a[i, j] + a[j, i] * 2.0
        return b

    a = LAYOUTS[layout](np.random.default_rng(0).random((7, 7)))
    compared(f, a, np.zeros((7, 7)), 7)
    compared(f, np.ones((7, 7)), a, 7)


@pytest.mark.parametrize("index", ["i - 3", "i + 5", "-i", "i - 20", "-1", "k[i]", "x[i]", "b[i]"])
def test_indices(index):
    source = f"""
def f(x, y, k, b, n):
    for i in range(n):
        y[{index}] = x[{index}] + 1.0
    return y
"""
    namespace = {}
    exec(source, namespace)
    k = np.array([3, 1, -2, 0, 9, 3, 3, 3, 12], np.int32)
    b = np.array([True, False] * 5)
    compared(namespace["f"], np.arange(10.0), np.zeros(10), k, b, 9)


def test_rows():
    def f(a, n):
        s = 0.0
        for i in range(n):
            row = a[i]
            for j in range(len(row)):
                s += row[j] * a[i][j]
            row[0] = s
        return s, row

    compared(f, np.random.default_rng(0).random((5, 6)), 5)


def test_aliases():
    def f(x, y, n):
        for i in range(n):
            y[i] = x[i] * 2.0
            x[i + 1] += y[i]
        return x

    base = np.arange(12.0)

    def shifted(n):
        x = base.copy()
        return f(x[:-1], x[1:], n), x

    def plain(n):
        return shifted(n)

    compared(plain, 9)
    x = np.arange(12.0)
    compiled(f, x, x, 9)


def test_an_iteration_that_fails_in_the_middle_is_undone_and_done_again():
    def f(x, k, n):
        for i in range(n):
            x[i] += 1.0
            x[0] += 0.5
            x[k[i]] = 7.0
        return x

    k = np.array([1, 2, 3, 4, 99, 1])
    compared(f, np.zeros(8), k, 6)


def test_an_array_that_can_not_be_written_to():
    def f(x, n):
        for i in range(n):
            x[i] = 1.0

    x = np.zeros(9)
    x.flags.writeable = False
    compared(f, x, 9)


def test_attributes():
    def f(a):
        s = 0
        for i in range(a.shape[0]):
            for j in range(a.shape[1]):
                s += a[i, j] * a.size + a.ndim
        return s

    compiled(f, np.random.default_rng(0).random((4, 5)))


def test_many_stores():
    def f(x, n, m):
        for k in range(m):
            for i in range(n):
                x[i] = x[i] + k
        return x

    compiled(f, np.zeros(3000), 3000, 40, times=2)


def test_many_stores_through_a_row_that_stays_in_a_local():
    def f(a, n, m):
        for i in range(n):
            row = a[i]
            for j in range(m):
                row[j] += 1.0
        return a, row

    compared(f, np.zeros((300, 200)), 300, 200, times=3)


def test_many_stores_before_a_local_has_a_value():
    def f(a, n, m):
        for i in range(n):
            for j in range(m):
                a[i, j] += 1.0
            if i == n - 1:
                last = a[i, 0]
        return a, last

    compared(f, np.zeros((300, 200)), 300, 200, times=3)


def test_many_stores_and_an_error_at_the_end():
    def f(x, y, n, m):
        for k in range(m):
            for i in range(n):
                x[i] = x[i] + y[k]
        return x

    y = np.ones(40)
    y[39] = np.inf
    x = np.zeros(3000)
    x[-1] = -np.inf
    compared(f, x, y, 3000, 40, times=2)


@pytest.mark.parametrize("dtype", ["?", "f4", "i1"])
def test_truth_values_and_numbers_stored_as_one_another(dtype):
    def f(a, v, n):
        for i in range(n):
            a[i % 8] = v
        return a

    g = alloc.bump(alloc.Buffer(10**5))(f)
    for v in (True, 0, -0.0, math.nan, np.float32(2.0), np.uint64(2**63), np.bool_(True)):
        if dtype == "?" or not isinstance(v, (float, np.uint64)):
            compared(f, np.zeros(8, dtype), v, 20, times=2, g=g)
    assert loop_sites(g)[0].hits


ZERO, HALF, WIDE = np.float32(0.0), np.float64(0.5), np.uint64(2**40)


def test_global_scalars_of_numpy():
    def f(x, k, n):
        s, m, w = ZERO, HALF, WIDE
        for i in range(n):
            s += x[i] * ZERO + x[i]
            m = m * HALF
            w = w if k[i] < WIDE else WIDE
        return s, m, w

    compiled(f, np.arange(30, dtype="f4"), np.arange(30, dtype="u8"), 30)
