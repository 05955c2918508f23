"""Equivalents of the functions that make arrays: empty, zeros, array, arange and their like.

In: the arguments a user gave. Out: an arena array as NumPy would have made it, or `NotImplemented`.
This module must not know who calls, nor where memory comes from.
"""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np
from numpy import add, multiply
from numpy import arange as numpy_arange
from numpy import empty as numpy_empty

from ..layout import f_strides, like_order
from ..pages import clear
from .support import (
    BOOL,
    FLOAT,
    INTP,
    PYTHON_NUMBERS,
    Array,
    DeclinedError,
    Dtype,
    Empty,
    Row,
    Shape,
    as_dtype,
    as_order,
    as_shape,
    copyto,
    is_number,
    is_plain,
    plain_array,
)

_NUMBERS: dict[type, Dtype] = {
    bool: BOOL, int: INTP, float: FLOAT, complex: np.dtype(np.complex128),
}  # fmt: skip
_SCALARS: dict[type, Dtype] = {
    t: np.dtype(t)
    for t in np.sctypeDict.values()
    if issubclass(t, (np.number, np.bool))
}  # fmt: skip


def empty(
    new: Empty, shape: Any, dtype: Any = None, order: Any = "C", *, device: Any = None
) -> Any:
    """numpy.empty."""
    if device is not None:
        return NotImplemented
    found = FLOAT if dtype is None else as_dtype(dtype)
    lengths = as_shape(shape)
    if order == "C":
        return new(lengths, found)
    if order == "F":
        return new(lengths, found, f_strides(lengths, found.itemsize))
    return NotImplemented


def zeros(
    new: Empty, shape: Any, dtype: Any = None, order: Any = "C", *, device: Any = None
) -> Any:
    """numpy.zeros."""
    array = empty(new, shape, dtype, order, device=device)
    if array is not NotImplemented:
        clear(array)
    return array


def empty_like(
    new: Empty,
    prototype: Any,
    dtype: Any = None,
    order: Any = "K",
    subok: Any = True,
    shape: Any = None,
    *,
    device: Any = None,
) -> Any:
    """numpy.empty_like, of an array."""
    if device is not None or type(prototype) is not np.ndarray or type(subok) is not bool:
        return NotImplemented
    found = prototype.dtype if dtype is None else as_dtype(dtype)
    if not is_plain(found) or not found.itemsize:
        return NotImplemented
    if shape is None:
        if not prototype.size:
            return NotImplemented
        return new(prototype.shape, found, like_order(prototype, as_order(order), found.itemsize))
    lengths = as_shape(shape)
    flags = prototype.flags
    if order == "C" or (
        order == "K" and (len(lengths) != prototype.ndim or len(lengths) < 2 or flags.c_contiguous)
    ):
        return new(lengths, found)
    if order == "F" or (order == "K" and flags.f_contiguous):
        return new(lengths, found, f_strides(lengths, found.itemsize))
    return NotImplemented


def ndarray(
    new: Empty,
    shape: Any,
    dtype: Any = float,
    buffer: Any = None,
    offset: Any = 0,
    strides: Any = None,
    order: Any = None,
) -> Any:
    """numpy.ndarray called as a constructor without a buffer."""
    if buffer is not None or strides is not None or offset != 0:
        return NotImplemented
    return empty(new, shape, dtype, "C" if order is None else order)


def array(
    new: Empty,
    object: Any,
    dtype: Any = None,
    *,
    copy: Any = True,
    order: Any = "K",
    subok: Any = False,
    ndmin: Any = 0,
) -> Any:
    """numpy.array of an array, or of numbers and arrays in lists and tuples."""
    if type(ndmin) is not int or (
        ndmin and (type(object) is not np.ndarray or ndmin > object.ndim)
    ):
        return NotImplemented
    if (copy is not True and copy is not None) or type(subok) is not bool:
        return NotImplemented
    return _convert(new, object, dtype, "K" if order is None else order, bool(copy))


def asarray(
    new: Empty, a: Any, dtype: Any = None, order: Any = None, *, device: Any = None,
    copy: Any = None,
) -> Any:  # fmt: skip
    """numpy.asarray and numpy.asanyarray."""
    if device is not None or (copy is not True and copy is not None):
        return NotImplemented
    if dtype is None and order is None and copy is None and type(a) is np.ndarray:
        return a
    return _convert(new, a, dtype, "K" if order is None else order, bool(copy))


def ascontiguousarray(new: Empty, a: Any, dtype: Any = None) -> Any:
    """numpy.ascontiguousarray; 0-d arrays, which it makes 1-d, are left alone."""
    result = _convert(new, a, dtype, "C", False)
    return result if result is NotImplemented or result.ndim else NotImplemented


def asfortranarray(new: Empty, a: Any, dtype: Any = None) -> Any:
    """numpy.asfortranarray; 0-d arrays, which it makes 1-d, are left alone."""
    result = _convert(new, a, dtype, "F", False)
    return result if result is NotImplemented or result.ndim else NotImplemented


def _convert(new: Empty, value: Any, dtype: Any, order: str, always: bool) -> Any:
    order = as_order(order)
    if type(value) is not np.ndarray:
        return _from_numbers(new, value, dtype, order)
    wanted = value.dtype if dtype is None else as_dtype(dtype)
    if wanted == value.dtype and not always:
        flags = value.flags
        if order in "KA" or (flags.c_contiguous if order == "C" else flags.f_contiguous):
            return value if wanted is value.dtype else NotImplemented
    return _copy(new, value, wanted, order)


def _copy(new: Empty, value: Any, dtype: Dtype, order: str) -> Any:
    source = plain_array(value)
    if source.dtype != dtype and (
        order == "A" or not can_cast_quietly(source.dtype, dtype)
    ):  # fmt: skip
        return NotImplemented
    result = new(
        source.shape,
        source.dtype if source.dtype == dtype else dtype,
        like_order(source, as_order(order), dtype.itemsize),
    )
    copyto(result, source, casting="unsafe")
    return result


def can_cast_quietly(source: Dtype, target: Dtype) -> bool:
    """Whether a cast gives no other warning than floating point ones."""
    if source.kind == target.kind:
        return source.kind != "V" or source == target
    if source.kind == "c":
        return False
    return source.kind in "biuf" and target.kind in "biufc"


def _from_numbers(new: Empty, value: Any, dtype: Any, order: str) -> Any:
    """An array of one number, or of lists and tuples of numbers or of arrays alike."""
    kinds: set[type] = set()
    if type(value) is list or type(value) is tuple:
        if value and type(value[0]) is np.ndarray:
            return _from_arrays(new, value, dtype, order)
        shape = _measure(value, kinds)
    else:
        shape = ()
        kinds.add(type(value))
    found = _common_dtype(kinds)
    if int in kinds and found is not INTP and not _all_fit(value):
        return NotImplemented
    if dtype is not None:
        wanted = as_dtype(dtype)
        if wanted.kind not in "biufc" or (found.kind == "c" and wanted.kind != "c"):
            return NotImplemented
        found = wanted
    strides = f_strides(shape, found.itemsize) if order == "F" else None
    if order not in ("K", "A", "C", "F"):
        return NotImplemented
    result = new(shape, found, strides)
    result[...] = value
    return result


def _measure(value: Any, kinds: set[type]) -> Shape:
    """The shape of nested lists and tuples; the types of what they hold go to `kinds`."""
    if not value:
        raise DeclinedError
    own = set(map(type, value))
    if list not in own and tuple not in own:
        kinds |= own
        return (len(value),)
    if own - {list, tuple}:
        raise DeclinedError
    shapes = {_measure(one, kinds) for one in value}
    if len(shapes) != 1:
        raise DeclinedError
    return (len(value), *shapes.pop())


def _all_fit(value: Any) -> bool:
    """Whether the Python integers among nested numbers fit the default integer type."""
    if type(value) is list or type(value) is tuple:
        return all(map(_all_fit, value))
    return type(value) is not int or -(2**63) <= value < 2**63


def _common_dtype(kinds: set[type]) -> Dtype:
    if len(kinds) == 1:
        (kind,) = kinds
        return _NUMBERS.get(kind) or _SCALARS[kind]
    if not kinds <= PYTHON_NUMBERS:
        raise DeclinedError
    for kind in (complex, float):
        if kind in kinds:
            return _NUMBERS[kind]
    return INTP


def _from_arrays(new: Empty, parts: Any, dtype: Any, order: str) -> Any:
    first = parts[0]
    shape, found = first.shape, first.dtype
    if not shape or not first.size or not is_number(found) or order not in ("K", "C"):
        return NotImplemented
    for part in parts:
        if type(part) is not np.ndarray or part.shape != shape or part.dtype is not found:
            return NotImplemented
    if dtype is not None:
        wanted = as_dtype(dtype)
        if not can_cast_quietly(found, wanted):
            return NotImplemented
        found = wanted
    result = new((len(parts), *shape), found)
    for place, part in enumerate(parts):
        result[place] = part
    return result


# A fixed scratch of 8 KiB, the only integers that `arange` does not make itself.
_IOTA = np.arange(1024)


def arange(
    new: Empty, start: Any, /, stop: Any = None, step: Any = None, dtype: Any = None, *,
    device: Any = None,
) -> Any:  # fmt: skip
    """numpy.arange of integers and of float64; other dtypes are left alone."""
    if device is not None:
        return NotImplemented
    if stop is None:
        if type(start) is int and 0 < start <= len(_IOTA) and step is None and dtype is None:
            result = new((start,), INTP)
            copyto(result, _IOTA[:start])
            return result
        start, stop = 0, start
    if step is None:
        step = 1
    floats = False
    for one in (start, stop, step):
        if type(one) is float or type(one) is np.float64:
            floats = True
        elif type(one) is not int and type(one) is not np.int64:
            return NotImplemented
    if dtype is not None:
        wanted = as_dtype(dtype)
        if wanted is not (FLOAT if wanted.kind == "f" else INTP) or (floats and wanted is INTP):
            return NotImplemented
        floats = wanted is FLOAT
    # from NumPy's integers to Python's, whose arithmetic does not wrap
    start, stop, step = (one if isinstance(one, float) else int(one) for one in (start, stop, step))
    length = math.ceil((stop - start) / step)
    if length <= 0:
        return NotImplemented
    if floats:
        return _float_range(new, start, start + step, length)
    if not -(2**62) < start + length * step < 2**62 or not -(2**62) < start < 2**62:
        return NotImplemented
    return _integers(new((length,), INTP), start, step)


def _integers(out: Array, start: int, step: int) -> Array:
    """Fill with start + i * step by doubling what is there."""
    length = len(out)
    filled = min(length, len(_IOTA))
    if step == 1 and start == 0:
        out[:filled] = _IOTA[:filled]
    else:
        head = out[:filled]
        multiply(_IOTA[:filled], step, out=head)
        add(head, start, out=head)
    while filled < length:
        more = min(filled, length - filled)
        add(out[:more], filled * step, out=out[filled : filled + more])
        filled += more
    return out


def _float_range(new: Empty, start: Any, second: Any, length: int) -> Any:
    if length > 2**53 or not _rounds_twice():
        return NotImplemented
    out = new((length,), FLOAT)
    _fill_float_range(out, float(start), float(second))
    return out


def _fill_float_range(out: Array, start: float, second: float) -> None:
    """NumPy's formula: start, second, and then start + i * (second - start)."""
    _integers(out, 0, 1)
    multiply(out, second - start, out=out)
    add(out, start, out=out)
    out[0] = start
    if len(out) > 1:
        out[1] = second


@functools.cache
def _rounds_twice() -> bool:
    """Whether NumPy's own loop rounds the product and the sum, and not once, as fused ones do."""
    out = numpy_empty(1000)  # a fixed scratch of 8 KiB
    _fill_float_range(out, 0.1, 0.1 + 0.7)
    return out.tobytes() == numpy_arange(0.1, 0.1 + 0.7 * 999.5, 0.7).tobytes()


ROWS = (
    Row(np.empty, "numpy.empty", empty),
    Row(np.zeros, "numpy.zeros", zeros),
    Row(np.empty_like, "numpy.empty_like", empty_like),
    Row(np.ndarray, "numpy.ndarray", ndarray, "without buffer and strides"),
    Row(np.array, "numpy.array", array, "of arrays, numbers, and lists of either"),
    Row(np.asarray, "numpy.asarray", asarray, "as numpy.array"),
    Row(np.asanyarray, "numpy.asanyarray", asarray, "as numpy.array"),
    Row(np.ascontiguousarray, "numpy.ascontiguousarray", ascontiguousarray, "as numpy.array"),
    Row(np.asfortranarray, "numpy.asfortranarray", asfortranarray, "as numpy.array"),
    Row(np.arange, "numpy.arange", arange, "of int64 and float64"),
    Row(np.fromiter, "numpy.fromiter", None, "grows its memory while it reads"),
    Row(np.frombuffer, "numpy.frombuffer", None, "a view, which allocates nothing"),
    Row(np.fromfile, "numpy.fromfile", None, "reads straight into memory of its own"),
    Row(np.fromstring, "numpy.fromstring", None, "grows its memory while it reads"),
    Row(np.from_dlpack, "numpy.from_dlpack", None, "a view, which allocates nothing"),
)
