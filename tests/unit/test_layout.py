"""The layouts that NumPy chooses, found by asking NumPy."""

from __future__ import annotations

import numpy as np
import pytest

from alloc_rewrite.pycore.layout import (
    broadcast_strides,
    c_strides,
    f_strides,
    is_fortran_only,
    joined_order,
    k_order,
    like_order,
)

from .arena_cases import Maker

SEEDS = range(4)
ROUNDS = 400


class Small(Maker):
    """Arrays of up to five dimensions, most of them short, some with strides of zero."""

    def shape(self, least=0, most=5):
        return tuple(self.pick([1, 1, 2, 3, 4]) for _ in range(self.random.randint(least, most)))

    def array(self, shape=None, dtype="d"):
        array = super().array(self.shape() if shape is None else shape, dtype)
        if array.ndim and self.random.random() < 0.15:
            strides = list(array.strides)
            strides[self.axis(array)] = 0
            array = np.lib.stride_tricks.as_strided(array, array.shape, strides)
        return array

    def operand(self, shape):
        """An array that broadcasts to `shape`."""
        shape = list(shape)
        if self.random.random() < 0.4:
            shape = shape[self.random.randint(0, len(shape)) :]
            shape = [1 if self.random.random() < 0.3 else length for length in shape]
        return self.array(shape, self.pick("dddf"))


def strides_of(found, shape, itemsize):
    return c_strides(shape, itemsize) if found is None else found


@pytest.mark.parametrize("seed", SEEDS)
def test_order_of_copies(seed):
    maker = Small(seed)
    for _ in range(ROUNDS):
        array = maker.array()
        for order in "KACF":
            for dtype in ("f8", "f4", "c16"):
                wanted = np.empty_like(array, dtype=dtype, order=order)
                found = like_order(array, order, wanted.itemsize)
                assert strides_of(found, array.shape, wanted.itemsize) == wanted.strides
                assert array.astype(dtype, order=order).strides == wanted.strides
            found = strides_of(like_order(array, order), array.shape, array.itemsize)
            assert found == array.copy(order).strides


def test_unknown_order():
    with pytest.raises(ValueError, match="'Z'"):
        like_order(np.ones((2, 2)), "Z")


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("count", [1, 2, 3])
def test_order_of_ufuncs(seed, count):
    maker = Small(seed)
    ufunc = {1: np.negative, 2: np.add, 3: np.clip}[count]
    for _ in range(ROUNDS):
        shape = maker.shape()
        operands = [maker.operand(shape) for _ in range(count)]
        shape = np.broadcast_shapes(*[one.shape for one in operands])
        if not shape:
            continue
        with np.errstate(all="ignore"):
            wanted = ufunc(*operands)
        direct = [
            one.ndim == 0 or (one.shape == shape and is_fortran_only(one)) for one in operands
        ]
        same = {one.dtype for one in operands} == {wanted.dtype}
        strides = [broadcast_strides(one, shape) for one in operands]
        if not same and 1 in shape and any(is_fortran_only(one) for one in operands):
            continue  # whether NumPy needs the iterator depends on how it casts
        found = k_order(shape, wanted.itemsize, strides, fortran=same and all(direct))
        assert strides_of(found, shape, wanted.itemsize) == wanted.strides


@pytest.mark.parametrize("seed", SEEDS)
def test_order_of_where(seed):
    maker = Small(seed)
    for _ in range(ROUNDS):
        shape = maker.shape(1)
        mask, x, y = maker.array(shape, "?"), maker.array(shape), maker.array(shape)
        strides = [broadcast_strides(one, shape) for one in (mask, x, y)]
        assert strides_of(k_order(shape, 8, strides), shape, 8) == np.where(mask, x, y).strides


@pytest.mark.parametrize("seed", SEEDS)
def test_order_of_concatenations(seed):
    maker = Small(seed)
    for _ in range(ROUNDS):
        shape = list(maker.shape(1))
        axis = maker.random.randrange(len(shape))
        parts = []
        for _ in range(maker.pick([1, 2, 3])):
            shape[axis] = maker.pick([1, 1, 2, 3])
            parts.append(maker.array(shape))
        wanted = np.concatenate(parts, axis)
        found = joined_order(wanted.shape, 8, parts)
        assert strides_of(found, wanted.shape, 8) == wanted.strides


def test_plain_cases_are_none():
    assert k_order((5,), 8, [(16,)]) is None
    assert k_order((4, 5), 8, [(40, 8), (0, 8), (8, 0)]) is None
    assert like_order(np.ones((3, 4)), "K") is None
    assert like_order(np.ones(8)[::2], "K") is None


def test_gapless_strides():
    assert c_strides((2, 3, 4), 8) == np.empty((2, 3, 4)).strides
    assert f_strides((2, 3, 4), 8) == np.empty((2, 3, 4), order="F").strides
    assert c_strides((), 8) == f_strides((), 8) == ()
