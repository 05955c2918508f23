"""Arrays whose items lie as their dtype needs it, and no better, or not even that."""

from __future__ import annotations

import numpy as np
import pytest

DTYPES = ["?", "i1", "i2", "f2", "i4", "f4", "i8", "f8", "c8", "c16", "g", "M8[s]"]
SIZES = [1, 5, 64, 1000]


def shifted(dtype, size, offset):
    """Return a function that makes an array which begins so many bytes after a 64-byte boundary."""
    dtype = np.dtype(dtype)

    def make():
        room = np.zeros(size * dtype.itemsize + 128, np.uint8)
        start = -room.ctypes.data % 64 + offset
        array = room[start : start + size * dtype.itemsize].view(dtype)
        array[...] = (np.arange(size) * 7 % 5).astype(dtype)
        return array

    return make


def rows(dtype):
    alignment = np.dtype(dtype).alignment
    offsets = sorted({0, alignment, 3 * alignment, 1})
    return [(shifted("?", n, 1), shifted(dtype, n, at)) for at in offsets for n in SIZES]


def chosen(c, x):
    return np.where(c, x, x[::-1])


def of_a_number(c, x):
    return np.where(c, x, 1)


def in_a_region(c, x):
    y = x[::-1]
    return np.where(c, x, y), np.where(y == x, y, x)


def among_operations(c, x):
    y = x * x
    return np.where(c, y, x) + y


def stored(c, x):
    y = np.zeros_like(x)
    y[...] = x + x
    x[1:] = y[:-1] * 1 + x[1:]
    return x, y


def moved(c, x):
    x[1:] = x[:-1] + x[1:]
    x[::2] = x[::2] + x[:1]
    return x


def copied(c, x):
    return x.copy(), np.array(x), x.astype("c16"), np.concatenate([x, x]), np.stack((x, x))


def reduced(c, x):
    return x.sum(), x.max(), np.any(x), x[None].sum(axis=0)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    "f", [chosen, of_a_number, in_a_region, among_operations, stored, moved, copied, reduced]
)
def test_every_alignment(same, f, dtype):
    given = rows(dtype)
    for start in range(0, len(given), 8):
        same.each(f, given[start : start + 8])
