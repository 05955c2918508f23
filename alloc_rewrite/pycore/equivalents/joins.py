"""Equivalents of the functions that put arrays together: concatenate and where.

In: arrays and the arguments a user gave. Out: an arena array as NumPy would have made it, or
`NotImplemented`. This module must not know who calls, nor where memory comes from.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy import asarray, bitwise_xor, broadcast_shapes, multiply, result_type

from ..layout import broadcast_strides, joined_order, k_order
from .constructors import can_cast_quietly
from .support import (
    BOOL,
    PYTHON_NUMBERS,
    Array,
    DeclinedError,
    Dtype,
    Empty,
    Row,
    as_axis,
    as_dtype,
    concatenate_arrays,
    copyto,
    is_number,
    is_plain,
)


def concatenate(
    new: Empty,
    arrays: Any,
    /,
    axis: Any = 0,
    out: Any = None,
    *,
    dtype: Any = None,
    casting: Any = "same_kind",
) -> Any:
    """numpy.concatenate of arrays in a list or tuple."""
    if out is not None or (type(arrays) is not tuple and type(arrays) is not list):
        return NotImplemented
    found = _joined_dtype(arrays)
    if dtype is not None:
        found = _asked_dtype(as_dtype(dtype), arrays)
    if axis is None:
        size = sum([array.size for array in arrays])
        strides, shape = None, (size,)
    else:
        first = arrays[0].shape
        axis = as_axis(axis, len(first))
        length = sum([array.shape[axis] for array in arrays])
        shape = (*first[:axis], length, *first[axis + 1 :])
        strides = joined_order(shape, found.itemsize, arrays)
    if 0 in shape:
        return NotImplemented
    result = new(shape, found, strides)
    return concatenate_arrays(arrays, axis, result, casting=casting)


def _joined_dtype(arrays: Any) -> Dtype:
    """The common dtype of arrays: of numbers, or one that they all have."""
    found: Dtype = arrays[0].dtype
    same = True
    for array in arrays:
        if type(array) is not np.ndarray:
            raise DeclinedError
        if array.dtype is not found:
            same = False
    if not is_plain(found) or not found.isnative or found.kind == "V":
        raise DeclinedError
    if not same:
        kinds = {array.dtype.kind for array in arrays}
        if not kinds <= set("biufc"):
            raise DeclinedError
        found = result_type(*[array.dtype for array in arrays])
    return found


def _asked_dtype(wanted: Dtype, arrays: Any) -> Dtype:
    """The dtype asked for, if the casts to it give no warning of their own."""
    for array in arrays:
        if not can_cast_quietly(array.dtype, wanted):
            raise DeclinedError
    return wanted


def where(new: Empty, condition: Any, x: Any = None, y: Any = None, /) -> Any:
    """numpy.where of a boolean array and of numbers or arrays of numbers."""
    if type(condition) is not np.ndarray or condition.dtype is not BOOL or not condition.size:
        return NotImplemented
    operands = [condition]
    for one in (x, y):
        if type(one) is np.ndarray:
            if not is_number(one.dtype):
                return NotImplemented
            operands.append(one)
        elif type(one) not in PYTHON_NUMBERS and not (
            isinstance(one, np.generic) and is_number(one.dtype)
        ):
            return NotImplemented
    found = result_type(x, y)
    if type(x) in PYTHON_NUMBERS and type(y) in PYTHON_NUMBERS:
        found = result_type(type(x), type(y))
    shape = condition.shape
    for one in operands:
        if one.shape != shape:
            shape = broadcast_shapes(*[one.shape for one in operands])
            break
    if not shape:
        return NotImplemented
    strides = None
    if len(shape) > 1 and not all(one.flags.c_contiguous for one in operands):
        strides = k_order(
            shape, found.itemsize, [broadcast_strides(one, shape) for one in operands]
        )
    result = new(shape, found, strides)
    alike = all(one.dtype is found for one in operands[1:])
    if alike and result.size >= _BLENDED and found.itemsize in _BITS:
        return _blend(result, condition, x, y)
    copyto(result, y, casting="same_kind")
    copyto(result, x, casting="same_kind", where=condition)
    return result


# From this size on three passes of integer arithmetic beat a masked copy, whose time depends on how
# the mask is spread: 3 to 7 times less for a random one, 2 times more for one of long runs.
_BLENDED = 1024
_BITS = {size: np.dtype(f"u{size}") for size in (1, 2, 4, 8)}


def _blend(result: Array, condition: Array, x: Any, y: Any) -> Array:
    """x where the condition holds, else y, as y ^ ((x ^ y) * condition) on their bits."""
    dtype, bits = result.dtype, _BITS[result.itemsize]
    left, right = asarray(x, dtype).view(bits), asarray(y, dtype).view(bits)
    out = result.view(bits)
    bitwise_xor(left, right, out=out)
    multiply(out, condition, out=out)
    bitwise_xor(out, right, out=out)
    return result


ROWS = (
    Row(np.concatenate, "numpy.concatenate", concatenate, "of arrays in native byte order"),
    Row(np.where, "numpy.where", where, "with a boolean condition and two choices"),
    Row(np.lexsort, "numpy.lexsort", None, "it has no out"),
    Row(np.bincount, "numpy.bincount", None, "it has no out"),
    Row(np.packbits, "numpy.packbits", None, "it has no out"),
    Row(np.unpackbits, "numpy.unpackbits", None, "it has no out"),
    Row(np.ravel_multi_index, "numpy.ravel_multi_index", None, "it has no out"),
    Row(np.unravel_index, "numpy.unravel_index", None, "it has no out"),
    Row(np.datetime_as_string, "numpy.datetime_as_string", None, "it has no out"),
    Row(np.busday_count, "numpy.busday_count", None, "rarely used with arrays"),
    Row(np.busday_offset, "numpy.busday_offset", None, "rarely used with arrays"),
    Row(np.is_busday, "numpy.is_busday", None, "rarely used with arrays"),
)
