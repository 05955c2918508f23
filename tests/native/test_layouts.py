"""Layouts of results that NumPy writes over dying operands (from 256 KiB on), and below.

A profile holds operands, so that NumPy does not do this there: these are compared without one.
"""

import numpy as np
import pytest

import alloc_rewrite as alloc

COLUMNS = np.asfortranarray(np.linspace(0.5, 1.0, 90_000).reshape(300, 300))
ROWS = np.ascontiguousarray(COLUMNS)

#: NumPy looks at the C stack first, and does not do it under a preloaded library (a sanitizer).
ELIDES = (ROWS.T * 2.0 + ROWS).strides == (ROWS.T * 2.0).strides

CASES = {
    "left": lambda x, c: x.T * 2.0 + c,
    "right": lambda x, c: c * (x.T * 2.0),
    "not right": lambda x, c: c - (x.T * 2.0),
    "division": lambda x, c: (x.T * 2.0) / c,
    "floor division": lambda x, c: (x.T * 2.0) // c,
    "remainder": lambda x, c: (x.T * 2.0) % c,
    "bits": lambda x, c: (x.T > 0.5) & (c > 0.5),
    "integers": lambda x, c: (x.T * 9.0).astype(int) + (c * 9).astype(int),
    "cast": lambda x, c: (x.T * np.float32(2)).astype("f4") * 2.0,
    "power": lambda x, c: (x.T + 0.5) ** 2 + (c.T + 0.5) ** 0.5,
    "negative": lambda x, c: -(x.T + c),
    "scalar": lambda x, c: 2.0 - (x.T + c) * np.float64(3.0),
    "short axis": lambda x, c: np.copy(x.reshape(1, -1), order="F") + 1,
    "short axis, unary": lambda x, c: -np.copy(x.reshape(1, -1), order="F"),
    "short axis, square": lambda x, c: np.copy(x.reshape(1, -1), order="F") ** 2,
    "short axis, right": lambda x, c: 2.0 / np.copy(x.reshape(1, -1), order="F"),
}


@pytest.mark.parametrize("size", [3, 100, 300])
@pytest.mark.parametrize("name", CASES)
def test_layout(name, size):
    if size == 300 and not ELIDES:
        pytest.skip("NumPy does not write over dying operands here")
    plain = CASES[name]
    bumped = alloc.bump(alloc.Buffer())(plain)
    for x, c in ((ROWS, ROWS), (COLUMNS, ROWS), (ROWS, COLUMNS), (COLUMNS, COLUMNS)):
        x, c = x[:size, :size].copy(order="K"), c[:size, :size].copy(order="K")
        for _ in range(3):
            expected, got = plain(x, c), bumped(x, c)
            assert got.strides == expected.strides
            assert got.flags.c_contiguous == expected.flags.c_contiguous
            assert got.dtype == expected.dtype
            assert got.tobytes() == expected.tobytes()


@pytest.mark.parametrize("log", [29, 30, 31])
def test_arrays_of_regions_that_are_too_big(log):
    def f(x):
        y = x * 2.0
        return y[:2, :2] + 1.0

    x = np.broadcast_to(True, (2**31, 2**log))
    for function in (f, alloc.bump(alloc.Buffer())(f)):
        with pytest.raises(ValueError, match="array is too big"):
            function(x)
