"""Equivalents of the array methods that copy: copy, astype, flatten, reshape, repeat, take.

In: an array and the arguments of the method. Out: an arena array as NumPy would have made it, or
`NotImplemented`. This module must not know who calls, nor where memory comes from.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy import conjugate as numpy_conjugate
from numpy import expand_dims, multiply, rint, true_divide

from ...numpy_facts import numpy_version
from ..layout import f_strides, is_fortran_only, like_order
from .constructors import can_cast_quietly
from .indexing import as_index_array, in_bounds
from .support import (
    Array,
    DeclinedError,
    Empty,
    Row,
    Shape,
    as_axis,
    as_dtype,
    as_int,
    as_order,
    copyto,
    plain_array,
)

_COPIES_ROUNDED = numpy_version() >= (2, 4)  # before, rounded integers are the array itself
_CASTINGS = frozenset({"no", "equiv", "safe", "same_kind", "unsafe"})


def copy(new: Empty, array: Any, order: Any = "C") -> Any:
    """numpy.ndarray.copy."""
    source = plain_array(array)
    result = new(source.shape, source.dtype, like_order(source, as_order(order)))
    copyto(result, source)
    return result


def shallow_copy(new: Empty, array: Any) -> Any:
    """numpy.ndarray.__copy__, as copy.copy calls it."""
    return copy(new, array, "K")


def deep_copy(new: Empty, array: Any, memo: Any) -> Any:
    """numpy.ndarray.__deepcopy__, as copy.deepcopy calls it."""
    return copy(new, array, "K")


def astype(
    new: Empty,
    array: Any,
    dtype: Any,
    order: Any = "K",
    casting: Any = "unsafe",
    subok: Any = True,
    copy: Any = True,
) -> Any:
    """numpy.ndarray.astype."""
    source = plain_array(array)
    wanted = as_dtype(dtype)
    if source.dtype is wanted or source.dtype == wanted:
        if copy is not True:
            return NotImplemented
    elif not can_cast_quietly(source.dtype, wanted):
        return NotImplemented
    if type(casting) is not str or casting not in _CASTINGS or type(subok) is not bool:
        return NotImplemented
    result = new(source.shape, wanted, like_order(source, as_order(order), wanted.itemsize))
    copyto(result, source, casting=casting)
    return result


def flatten(new: Empty, array: Any, order: Any = "C") -> Any:
    """numpy.ndarray.flatten; order 'K' of an array with gaps is left alone."""
    return _flat_copy(new, plain_array(array), order)


def _flat_copy(new: Empty, source: Array, order: Any) -> Any:
    if order == "A":
        order = "F" if is_fortran_only(source) else "C"
    elif order == "K":
        flags = source.flags
        if not (flags.c_contiguous or flags.f_contiguous):
            return NotImplemented
        order = "C" if flags.c_contiguous else "F"
    elif order not in ("C", "F"):
        return NotImplemented
    result = new((source.size,), source.dtype)
    copyto(result.reshape(source.shape, order=order), source)
    return result


def flat(new: Empty, source: Array) -> Array:
    """`source` in C order as a vector: a view if it can be one, else an arena array."""
    if source.flags.c_contiguous:
        return source.reshape(-1)
    result: Array = _flat_copy(new, source, "C")
    return result


def ravel(new: Empty, array: Any, order: Any = "C") -> Any:
    """numpy.ndarray.ravel; where it gives a view the original does it."""
    source = plain_array(array)
    flags = source.flags
    if order == "K" or (flags.c_contiguous and flags.f_contiguous):
        return NotImplemented
    if order == "A":
        return NotImplemented if flags.forc else _flat_copy(new, source, "C")
    if flags.c_contiguous if order == "C" else flags.f_contiguous:
        return NotImplemented
    return _flat_copy(new, source, order)


def reshape(new: Empty, array: Any, *shape: Any, order: Any = "C", **others: Any) -> Any:
    """numpy.ndarray.reshape; a view where NumPy gives one, else a view of an arena copy."""
    if type(array) is np.ndarray and order == "C" and not others and array.flags.c_contiguous:
        return array.reshape(*shape)
    source = plain_array(array)
    if others or order not in ("C", "F", "A"):
        return NotImplemented
    if len(shape) == 1 and type(shape[0]) in (tuple, list):
        shape = tuple(shape[0])
    lengths = _known_shape(tuple(as_int(length) for length in shape), source.size)
    if order == "A":
        order = "F" if is_fortran_only(source) else "C"
    if _reshapes_in_place(source, lengths, order):
        return source.reshape(shape, order=order)  # a -1 can change strides of axes of length one
    result = new(source.shape, source.dtype, like_order(source, order))
    copyto(result, source)
    return result.reshape(shape, order=order)


def _known_shape(shape: Shape, size: int) -> Shape:
    """`shape` with its -1, if there is one, worked out."""
    known = math.prod(length for length in shape if length != -1)
    if -1 in shape:
        if known <= 0 or size % known or shape.count(-1) > 1:
            raise DeclinedError
        return tuple(size // known if length == -1 else length for length in shape)
    if known != size or min(shape, default=1) < 0:
        raise DeclinedError
    return shape


def _reshapes_in_place(source: Array, shape: Shape, order: str) -> bool:
    """Whether the reshape is a view: axes that melt into a new group lie evenly in memory."""
    if source.flags.c_contiguous if order == "C" else source.flags.f_contiguous:
        return True
    step = 1 if order == "F" else -1
    old = [pair for pair in zip(source.shape, source.strides, strict=True) if pair[0] != 1]
    old = old[::step]
    inner = [length for length in shape[::step] if length != 1]
    place = taken = 0
    while place < len(old):
        length, stride = old[place]
        extent, place = length, place + 1
        group = inner[taken]
        taken += 1
        while group != extent:
            if group < extent:
                group *= inner[taken]
                taken += 1
            else:
                if old[place][1] != stride * length:
                    return False
                length, stride = old[place]
                extent, place = extent * length, place + 1
    return True


def repeat(new: Empty, array: Any, repeats: Any, axis: Any = None) -> Any:
    """numpy.ndarray.repeat by one integer."""
    source = plain_array(array)
    times = as_int(repeats)
    if times <= 0 or not source.ndim:
        return NotImplemented
    shape = source.shape
    if axis is None:
        result = new((source.size * times,), source.dtype)
        spread = result.reshape(*shape, times)
        copyto(spread, source[..., np.newaxis])
        return result
    axis = as_axis(axis, len(shape))
    result = new((*shape[:axis], shape[axis] * times, *shape[axis + 1 :]), source.dtype)
    spread = result.reshape(*shape[: axis + 1], times, *shape[axis + 1 :])
    copyto(spread, expand_dims(source, axis + 1))
    return result


def take(
    new: Empty, array: Any, indices: Any, axis: Any = None, out: Any = None, mode: Any = "raise"
) -> Any:
    """numpy.ndarray.take; with mode 'raise' the bounds are checked before."""
    if out is not None or mode not in ("raise", "wrap", "clip"):
        return NotImplemented
    source = plain_array(array)
    if not source.ndim:
        return NotImplemented
    if axis is None:
        source, axis = flat(new, source), 0
    else:
        axis = as_axis(axis, source.ndim)
    places = as_index_array(new, indices)
    shape = source.shape[:axis] + places.shape + source.shape[axis + 1 :]
    if not shape:
        return NotImplemented
    if mode == "raise":
        if not in_bounds(places, source.shape[axis]):
            return NotImplemented
        mode = "wrap"  # with bounds checked the same, and it needs no copy of `out`
    flags = source.flags
    if not (flags.c_contiguous and flags.aligned):  # NumPy copies such a source first
        ordered = new(source.shape, source.dtype)
        copyto(ordered, source)
        source = ordered
    return source.take(places, axis, new(shape, source.dtype), mode)


def round(new: Empty, array: Any, decimals: Any = 0, out: Any = None) -> Any:
    """numpy.ndarray.round of floats, and of integers where it is a copy."""
    if out is not None or type(decimals) is not int:
        return NotImplemented
    source = plain_array(array)
    dtype = source.dtype
    if not source.ndim or not dtype.isnative or not source.flags.aligned:
        return NotImplemented
    if dtype.kind in "iu":
        return copy(new, source, "K") if decimals >= 0 and _COPIES_ROUNDED else NotImplemented
    if dtype.kind != "f" or abs(decimals) > 300:
        return NotImplemented
    if decimals == 0:  # the layout of a ufunc, which is that of `copy` but for axes of length one
        if 1 in source.shape and not source.flags.c_contiguous:
            return NotImplemented
        return rint(source, out=new(source.shape, dtype, like_order(source, "K")))
    strides = f_strides(source.shape, dtype.itemsize) if is_fortran_only(source) else None
    scale = float(10 ** abs(decimals))
    up, down = (multiply, true_divide)[:: 1 if decimals > 0 else -1]
    result = new(source.shape, dtype, strides)
    up(source, scale, out=result)
    rint(result, out=result)
    return down(result, scale, out=result)


def conjugate(new: Empty, array: Any) -> Any:
    """numpy.ndarray.conj; of a real array it is the array."""
    if type(array) is not np.ndarray:
        return NotImplemented
    if array.dtype.kind in "biuf":
        return array
    source = plain_array(array)
    if source.dtype.kind != "c" or not source.dtype.isnative or not source.ndim:
        return NotImplemented
    if 1 in source.shape and not source.flags.c_contiguous:
        return NotImplemented
    return numpy_conjugate(source, out=new(source.shape, source.dtype, like_order(source, "K")))


_ARGSORT = "its result and its work space come from the heap"

ROWS = (
    Row((np.ndarray, "copy"), "numpy.ndarray.copy", copy),
    Row((np.ndarray, "__copy__"), "numpy.ndarray.__copy__", shallow_copy),
    Row((np.ndarray, "__deepcopy__"), "numpy.ndarray.__deepcopy__", deep_copy),
    Row((np.ndarray, "astype"), "numpy.ndarray.astype", astype, "between numbers, or of one kind"),
    Row((np.ndarray, "flatten"), "numpy.ndarray.flatten", flatten),
    Row((np.ndarray, "ravel"), "numpy.ndarray.ravel", ravel, "orders C, F and A"),
    Row((np.ndarray, "reshape"), "numpy.ndarray.reshape", reshape, "where it copies"),
    Row((np.ndarray, "repeat"), "numpy.ndarray.repeat", repeat, "by one integer"),
    Row((np.ndarray, "take"), "numpy.ndarray.take", take, copies=True),
    Row((np.ndarray, "round"), "numpy.ndarray.round", round, "of floats and integers"),
    Row((np.ndarray, "conj"), "numpy.ndarray.conj", conjugate),
    Row((np.ndarray, "conjugate"), "numpy.ndarray.conjugate", conjugate),
    Row((np.ndarray, "argsort"), "numpy.ndarray.argsort", None, _ARGSORT),
    Row((np.ndarray, "argpartition"), "numpy.ndarray.argpartition", None, _ARGSORT),
    Row((np.ndarray, "searchsorted"), "numpy.ndarray.searchsorted", None, "it has no out"),
    Row((np.ndarray, "nonzero"), "numpy.ndarray.nonzero", None, "it has no out"),
    Row((np.ndarray, "compress"), "numpy.ndarray.compress", None, "goes through nonzero"),
    Row((np.ndarray, "choose"), "numpy.ndarray.choose", None, "it copies its choices"),
    Row((np.ndarray, "byteswap"), "numpy.ndarray.byteswap", None, "it has no out"),
)
