"""Inputs for the tests of equivalents: arrays of every sort, and the calls for each row."""

from __future__ import annotations

import random

import numpy as np

DTYPES = "?bBhHiIlLefdgFD"
_SIZES = (1, 2, 3, 5, 17)


class Empty:
    """Stands for the arena: 64-byte aligned arrays full of garbage, counted."""

    def __init__(self, keep=False):
        self.calls = 0
        self.kept = {} if keep else None

    def __call__(self, shape, dtype, strides=None):
        assert type(shape) is tuple
        assert isinstance(dtype, np.dtype)
        self.calls += 1
        if self.kept is None:
            return self._make(shape, dtype, strides)
        key = (self.calls, shape, dtype, strides)
        if key not in self.kept:
            self.kept[key] = self._make(shape, dtype, strides)
        return self.kept[key]

    @staticmethod
    def _make(shape, dtype, strides):
        nbytes = int(np.prod(shape, dtype=np.int64)) * dtype.itemsize
        memory = np.full(nbytes + 64, 0xAA, np.uint8)
        return np.ndarray(shape, dtype, memory.data, -memory.ctypes.data % 64, strides)


def significant_bytes(array):
    """The bytes of an array in C order without the padding of long doubles."""
    data = np.frombuffer(array.tobytes(), np.uint8)
    if array.dtype.char in "gG" and np.finfo("g").nmant == 63:
        data = data.reshape(-1, 16)[:, :10]
    return data.tobytes()


def assert_same(got, wanted):
    """Arrays, or tuples of them, are the same to the bit, in dtype, shape and layout."""
    assert type(got) is type(wanted)
    if isinstance(wanted, tuple):
        assert len(got) == len(wanted)
        for one, other in zip(got, wanted):
            assert_same(one, other)
        return
    assert got.dtype == wanted.dtype
    assert got.shape == wanted.shape
    assert got.strides == wanted.strides
    assert significant_bytes(got) == significant_bytes(wanted)


class Maker:
    """Random arrays of all dtypes and layouts, the same on every run."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.numbers = np.random.default_rng(seed)
        self.pick = self.random.choice

    def shape(self, least=1, most=4):
        return tuple(self.pick(_SIZES) for _ in range(self.random.randint(least, most)))

    def axis(self, array):
        return self.random.randrange(-array.ndim, array.ndim)

    def axes(self, array):
        some = tuple(self.random.sample(range(array.ndim), self.random.randint(0, array.ndim)))
        return self.pick([None, self.axis(array), some])

    def array(self, shape=None, dtype=None):
        """An array in C, Fortran or any order of axes, some of them strided or backwards."""
        shape = self.shape() if shape is None else tuple(shape)
        dtype = np.dtype(self.pick(DTYPES) if dtype is None else dtype)
        axes = list(range(len(shape)))
        layout = self.random.random()
        if layout < 0.3:
            self.random.shuffle(axes)
        elif layout < 0.5:
            axes.reverse()
        steps = [self.pick([1, 1, 2, -1]) if self.random.random() < 0.3 else 1 for _ in axes]
        full = [shape[axis] * abs(step) for axis, step in zip(axes, steps)]
        whole = self.values(full, dtype)[tuple(slice(None, None, step) for step in steps)]
        return whole.transpose([axes.index(axis) for axis in range(len(shape))])

    def values(self, shape, dtype):
        if dtype.kind == "b":
            return self.numbers.integers(0, 2, shape).astype(dtype)
        if dtype.kind in "iumMSUV":
            low = -50 if dtype.kind == "i" else 0
            return self.numbers.integers(low, 100, shape).astype(dtype)
        numbers = np.asarray(self.numbers.normal(size=shape)) * 10
        if self.random.random() < 0.3 and numbers.size:
            numbers.reshape(-1)[:3] = [np.nan, -np.inf, -0.0][: numbers.size]
        if dtype.kind == "c":
            numbers = numbers + 1j * self.numbers.normal(size=shape)
        return numbers.astype(dtype)
