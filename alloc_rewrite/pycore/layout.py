"""The memory layouts that NumPy chooses for arrays it allocates.

In: shapes, strides and arrays. Out: the strides of the new array, or None for plain C order.
This module must not know what is computed, nor where the memory comes from.

Two rules are at work in NumPy. Copies (`empty_like`, `copy`, `astype`) sort the axes of one
array by the size of their strides. Ufuncs sort them by all operands at once, through `nditer`.
They differ in how they treat axes of length one and of stride zero.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

Strides = tuple[int, ...]


def c_strides(shape: Sequence[int], itemsize: int) -> Strides:
    """Strides in bytes of a C ordered array without gaps."""
    strides = [itemsize] * len(shape)
    for axis in range(len(shape) - 1, 0, -1):
        itemsize *= shape[axis]
        strides[axis - 1] = itemsize
    return tuple(strides)


def f_strides(shape: Sequence[int], itemsize: int) -> Strides:
    """Strides in bytes of a Fortran ordered array without gaps."""
    strides = []
    for length in shape:
        strides.append(itemsize)
        itemsize *= length
    return tuple(strides)


def like_order(array: np.ndarray, order: str, itemsize: int | None = None) -> Strides | None:
    """The layout of a copy of `array` in `order`, one of 'K', 'A', 'C' and 'F'.

    `itemsize` is that of the new dtype, where it is another one than the array's. None is C order.
    """
    if order == "C":
        return None
    if itemsize is None:
        itemsize = array.itemsize
    flags = array.flags
    if order == "A":
        return f_strides(array.shape, itemsize) if flags.fnc else None
    if order == "K":
        if flags.c_contiguous or array.ndim <= 1:
            return None
        if not flags.f_contiguous:
            return _sorted_strides(array, itemsize)
    elif order != "F":
        raise ValueError(f"order must be one of 'K', 'A', 'C' and 'F', got {order!r}")
    return f_strides(array.shape, itemsize)


def _sorted_strides(array: np.ndarray, itemsize: int) -> Strides:
    """Gapless strides whose axes rank as those of `array` do; in a tie the first is outermost."""
    shape, old = array.shape, array.strides
    new = [0] * len(shape)
    for axis in sorted(range(len(shape)), key=lambda axis: (abs(old[axis]), -axis)):
        new[axis] = itemsize
        itemsize *= shape[axis]
    return tuple(new)


def broadcast_strides(array: np.ndarray, shape: tuple[int, ...]) -> Strides:
    """The strides of `array` broadcast to `shape`: 0 where an axis is new or of length one."""
    if array.shape == shape and 1 not in shape:
        return array.strides
    own = zip(array.shape, array.strides, strict=True)
    strides = tuple(0 if length == 1 else stride for length, stride in own)
    return (0,) * (len(shape) - len(strides)) + strides


def is_fortran_only(array: np.ndarray) -> bool:
    """Whether `array` is contiguous in Fortran order and not in C order."""
    return array.flags.fnc


def k_order(
    shape: Sequence[int],
    itemsize: int,
    operand_strides: Iterable[Sequence[int]],
    fortran: bool = False,
) -> Strides | None:
    """The layout of a ufunc's fresh output over operands broadcast to `shape`; None is C order.

    Operand strides are as `broadcast_strides` gives them. `fortran` says that NumPy makes one
    inner call without an iterator: every operand is either 0-d or has `shape`, is aligned, needs
    no cast, and is contiguous in Fortran order only. It shows in nothing but the strides of axes
    of length one. Source: `npyiter_find_best_axis_ordering` and
    `try_trivial_single_output_loop` in NumPy.
    """
    ndim = len(shape)
    if ndim < 2:
        return None
    if fortran:
        return f_strides(shape, itemsize)
    operands = tuple(operand_strides)
    if all(_descends(strides, shape) for strides in operands):
        return None
    order = _axis_order(shape, operands)
    strides = [0] * ndim
    for axis in order:
        strides[axis] = itemsize
        itemsize *= shape[axis]
    return tuple(strides)


def _descends(strides: Sequence[int], shape: Sequence[int]) -> bool:
    """Whether the operand agrees to C order: its strides that count never grow inwards."""
    outer = 0
    for stride, length in zip(strides, shape, strict=True):
        if stride and length != 1:
            stride = abs(stride)
            if stride > outer > 0:
                return False
            outer = stride
    return True


def _axis_order(shape: Sequence[int], operands: tuple[Sequence[int], ...]) -> list[int]:
    """The axes from the innermost to the outermost, as `nditer` goes through them.

    A stable insertion sort with a comparison that may be undecided, and so not transitive:
    an axis is moved before the furthest one found larger, and undecided ones are jumped.
    """
    order = list(range(len(shape) - 1, -1, -1))
    for start in range(1, len(order)):
        axis = order[start]
        place = start
        for position in range(start - 1, -1, -1):
            verdict = _is_inside(axis, order[position], shape, operands)
            if verdict is None:
                continue
            if not verdict:
                break
            place = position
        order.insert(place, order.pop(start))
    return order


def _is_inside(
    axis: int, other: int, shape: Sequence[int], operands: tuple[Sequence[int], ...]
) -> bool | None:
    """Whether `axis` goes inside `other`; None if no operand tells; in a conflict, it does not."""
    if shape[axis] == 1 or shape[other] == 1:
        return None
    verdict = None
    for strides in operands:
        here, there = strides[axis], strides[other]
        if here and there:
            if abs(there) <= abs(here):
                return False
            verdict = True
    return verdict


def joined_order(
    shape: Sequence[int], itemsize: int, arrays: Sequence[np.ndarray]
) -> Strides | None:
    """The layout of the concatenation, of `shape`, of arrays of one rank; None is C order.

    The rule is that of `k_order`, but it goes from the outermost axis inwards, and each array
    leaves out its own axes of length one. Source: `PyArray_CreateMultiSortedStridePerm`.
    """
    ndim = len(shape)
    if ndim < 2 or all(array.flags.c_contiguous for array in arrays):
        return None
    order = list(range(ndim))
    for start in range(1, ndim):
        axis = order[start]
        place = start
        for position in range(start - 1, -1, -1):
            verdict = _is_outside(axis, order[position], arrays)
            if verdict is None:
                continue
            if not verdict:
                break
            place = position
        order.insert(place, order.pop(start))
    strides = [0] * ndim
    for axis in reversed(order):
        strides[axis] = itemsize
        itemsize *= shape[axis]
    return tuple(strides)


def _is_outside(axis: int, other: int, arrays: Sequence[np.ndarray]) -> bool | None:
    """Whether `axis` goes outside `other`; None if no array tells; in a conflict, it does not."""
    verdict = None
    for array in arrays:
        shape, strides = array.shape, array.strides
        if shape[axis] != 1 and shape[other] != 1:
            if abs(strides[axis]) <= abs(strides[other]):
                return False
            verdict = True
    return verdict


def reduced_order(
    array: np.ndarray, axes: tuple[int, ...], keepdims: bool, itemsize: int, where: object = True
) -> tuple[tuple[int, ...], Strides | None]:
    """The shape and layout of a ufunc's reduction of `array` over sorted `axes`.

    The axes that go are ranked with the others, and so is the mask `where` if it is an array.
    """
    full, ndim = array.shape, array.ndim
    kept = [axis for axis in range(ndim) if axis not in axes]
    if keepdims:
        shape = tuple([1 if axis in axes else full[axis] for axis in range(ndim)])
    else:
        shape = tuple([full[axis] for axis in kept])
    operands = [array.strides]
    if isinstance(where, np.ndarray):
        operands.append(broadcast_strides(where, full))
    elif (len(kept) < 2 and not keepdims) or array.flags.c_contiguous:
        return shape, None
    strides = [0] * ndim
    for axis in _axis_order(full, tuple(operands)):
        strides[axis] = itemsize
        if axis in kept:
            itemsize *= full[axis]
    return shape, tuple(strides if keepdims else [strides[axis] for axis in kept])


def contracted_order(
    output: str,
    summed: str,
    sizes: dict[str, int],
    strides: Sequence[dict[str, int]],
    itemsize: int,
) -> tuple[tuple[int, ...], Strides | None]:
    """The shape and layout of a sum of products over named axes, as `einsum` allocates it.

    `strides` has for each operand the stride along each axis it has. All axes rank together, those
    of the output before those summed.
    """
    axes = output + summed
    full = [sizes[axis] for axis in axes]
    shape = tuple(full[: len(output)])
    if len(output) < 2:
        return shape, None
    operands = tuple([[own.get(axis, 0) for axis in axes] for own in strides])
    order = [0] * len(output)
    for axis in _axis_order(full, operands):
        if axis < len(output):
            order[axis] = itemsize
            itemsize *= full[axis]
    return shape, tuple(order)
