"""Equivalents of reductions and scans: ufunc.reduce and its like, cumsum, argmax, trace.

In: a ufunc or an array and the arguments a user gave. Out: an arena array as NumPy would have made
it, or `NotImplemented`. This module must not know who calls, nor where memory comes from.

A reduction with `out` gives the bits of one without: an output laid out as NumPy would lay it out
agrees with the order of the axes, and from NumPy 2.2 on the iterator never reverses strides.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
from numpy import add, moveaxis, multiply

from ...numpy_facts import numpy_version
from ..layout import k_order, reduced_order
from .copies import flat
from .support import (
    BOOL,
    INTP,
    NUMERIC_KINDS,
    Array,
    DeclinedError,
    Dtype,
    Empty,
    Row,
    as_axes,
    as_axis,
    as_dtype,
    copyto,
    number_array,
)

_NO_VALUE: Any = np._NoValue
_TURNS_STRIDES = numpy_version() < (2, 2)  # then a reduction with `out` may run backwards


@functools.cache
def _reduced_dtype(ufunc: np.ufunc, dtype: Dtype, wanted: Dtype | None) -> Dtype:
    """What `ufunc` reduces native numbers of `dtype` to; the loop works in that dtype or bool."""
    if wanted is None:
        found = ufunc.resolve_dtypes((None, dtype, None), reduction=True)
    else:
        signature = (wanted, None, None)
        found = ufunc.resolve_dtypes((None, dtype, None), signature=signature, reduction=True)
    if found[0] is not found[2] or found[0].kind not in NUMERIC_KINDS:
        raise DeclinedError
    if dtype.kind == "c" and found[1].kind != "c" and found[1] is not BOOL:
        raise DeclinedError  # a cast that warns
    return found[0]


def _native(dtype: Any) -> Dtype | None:
    if dtype is None:
        return None
    found = as_dtype(dtype)
    if found.kind not in NUMERIC_KINDS or not found.isnative:
        raise DeclinedError
    return found


def _may_lack_result(initial: Any, where: Any) -> bool:
    number = type(initial) in (bool, int, float, complex) or initial is _NO_VALUE
    mask = where is True or (type(where) is np.ndarray and where.dtype is BOOL)
    return not (number and mask)


def reduce(
    new: Empty,
    ufunc: Any,
    array: Any,
    axis: Any = 0,
    dtype: Any = None,
    out: Any = None,
    keepdims: Any = False,
    initial: Any = _NO_VALUE,
    where: Any = True,
) -> Any:
    """numpy.ufunc.reduce where the result is an array and not a scalar."""
    if out is not None or type(ufunc) is not np.ufunc or ufunc.signature is not None:
        return NotImplemented
    if axis is None and not keepdims:
        return NotImplemented
    source = number_array(array)
    ndim = source.ndim
    if not ndim or (ndim < 2 and not keepdims):
        return NotImplemented
    if _may_lack_result(initial, where):
        return NotImplemented
    if _TURNS_STRIDES and (_is_backward(source) or _is_backward(where)):
        return NotImplemented
    found = _reduced_dtype(ufunc, source.dtype, _native(dtype))
    usual = keepdims is False and where is True and initial is _NO_VALUE
    if usual and type(axis) is int and (ndim == 2 or source.flags.c_contiguous):
        axis = as_axis(axis, ndim)
        result = new(source.shape[:axis] + source.shape[axis + 1 :], found)
        return ufunc.reduce(source, axis, None if found is BOOL else found, result)
    axes = as_axes(axis, ndim)
    if type(keepdims) is not bool or (len(axes) == ndim and not keepdims):
        return NotImplemented
    shape, strides = reduced_order(source, axes, keepdims, found.itemsize, where)
    result = new(shape, found, strides)
    # the dtype to ask for is not the result's where a loop gives bools
    loop = None if found is BOOL else found
    method: Any = ufunc.reduce  # its stub lacks positional arguments
    if where is True and initial is _NO_VALUE:
        return method(source, axes, loop, result, keepdims)
    return method(source, axes, loop, result, keepdims, initial, where)


def _is_backward(operand: Any) -> bool:
    return type(operand) is np.ndarray and min(operand.strides, default=0) < 0


def accumulate(
    new: Empty, ufunc: Any, array: Any, axis: Any = 0, dtype: Any = None, out: Any = None
) -> Any:
    """numpy.ufunc.accumulate."""
    if out is not None or type(ufunc) is not np.ufunc or ufunc.signature is not None:
        return NotImplemented
    source = number_array(array)
    if not source.ndim:
        return NotImplemented
    return _accumulate(new, ufunc, source, as_axis(axis, source.ndim), _native(dtype))


def _accumulate(new: Empty, ufunc: np.ufunc, source: Array, axis: int, dtype: Dtype | None) -> Any:
    found = _reduced_dtype(ufunc, source.dtype, dtype)
    shape = source.shape
    if found is BOOL and source.dtype is not BOOL:
        return NotImplemented
    strides = k_order(shape, found.itemsize, (source.strides,))
    result = new(shape, found, strides)
    if source.dtype is not found:  # NumPy would cast all of it on the heap; in place is safe
        copyto(result, source, casting="unsafe")
        source = result
    return ufunc.accumulate(source, axis, found, result)


def reduceat(
    new: Empty,
    ufunc: Any,
    array: Any,
    indices: Any,
    axis: Any = 0,
    dtype: Any = None,
    out: Any = None,
) -> Any:
    """numpy.ufunc.reduceat of a vector whose dtype is that of the result."""
    if out is not None or type(ufunc) is not np.ufunc or ufunc.signature is not None:
        return NotImplemented
    source = number_array(array)
    if source.ndim != 1 or type(indices) is not np.ndarray or indices.dtype is not INTP:
        return NotImplemented
    if indices.ndim != 1 or not indices.size or not indices.flags.carray:
        return NotImplemented
    found = _reduced_dtype(ufunc, source.dtype, _native(dtype))
    if found is not source.dtype:
        return NotImplemented
    result = new(indices.shape, found)
    return ufunc.reduceat(source, indices, as_axis(axis, 1), found, result)


def outer(new: Empty, ufunc: Any, a: Any, b: Any, /, **kwargs: Any) -> Any:
    """numpy.ufunc.outer of two arrays."""
    if kwargs or type(ufunc) is not np.ufunc or ufunc.nout != 1 or ufunc.signature is not None:
        return NotImplemented
    left, right = number_array(a), number_array(b)
    if not left.ndim or not right.ndim:
        return NotImplemented
    dtype = _outer_dtype(ufunc, left.dtype, right.dtype)
    shape = left.shape + right.shape
    strides = None
    if not (left.flags.c_contiguous and right.flags.c_contiguous):
        spread = (left.strides + (0,) * right.ndim, (0,) * left.ndim + right.strides)
        strides = k_order(shape, dtype.itemsize, spread)
    result = new(shape, dtype, strides)
    return ufunc(left.reshape(left.shape + (1,) * right.ndim), right, out=result)


@functools.cache
def _outer_dtype(ufunc: np.ufunc, left: Dtype, right: Dtype) -> Dtype:
    found: Dtype = ufunc.resolve_dtypes((left, right, None))[2]
    if found.kind not in NUMERIC_KINDS:
        raise DeclinedError
    return found


def cumsum(new: Empty, array: Any, axis: Any = None, dtype: Any = None, out: Any = None) -> Any:
    """numpy.ndarray.cumsum."""
    return _scan(new, add, array, axis, dtype, out)


def cumprod(new: Empty, array: Any, axis: Any = None, dtype: Any = None, out: Any = None) -> Any:
    """numpy.ndarray.cumprod."""
    return _scan(new, multiply, array, axis, dtype, out)


def _scan(new: Empty, ufunc: np.ufunc, array: Any, axis: Any, dtype: Any, out: Any) -> Any:
    if out is not None:
        return NotImplemented
    source = number_array(array)
    if not source.ndim:
        return NotImplemented
    if axis is None:
        source, axis = flat(new, source), 0
    else:
        axis = as_axis(axis, source.ndim)
    return _accumulate(new, ufunc, source, axis, _native(dtype))


def argmax(
    new: Empty, array: Any, axis: Any = None, out: Any = None, *, keepdims: Any = False
) -> Any:
    """numpy.ndarray.argmax where the result is an array and not a scalar."""
    return _argument(new, np.ndarray.argmax, array, axis, out, keepdims)


def argmin(
    new: Empty, array: Any, axis: Any = None, out: Any = None, *, keepdims: Any = False
) -> Any:
    """numpy.ndarray.argmin where the result is an array and not a scalar."""
    return _argument(new, np.ndarray.argmin, array, axis, out, keepdims)


def _argument(new: Empty, method: Any, array: Any, axis: Any, out: Any, keepdims: Any) -> Any:
    if out is not None or type(keepdims) is not bool or type(array) is not np.ndarray:
        return NotImplemented
    ndim = array.ndim
    if not ndim or ((axis is None or ndim < 2) and not keepdims):
        return NotImplemented
    source = number_array(array)
    shape = source.shape
    if axis is None:
        kept: tuple[int, ...] = (1,) * ndim
        source = flat(new, source)
    else:
        axis = as_axis(axis, ndim)
        kept = (*shape[:axis], *((1,) if keepdims else ()), *shape[axis + 1 :])
        source = moveaxis(source, axis, -1) if axis != ndim - 1 else source
        if not source.flags.c_contiguous:  # NumPy copies such a source first
            ordered = new(source.shape, source.dtype)
            copyto(ordered, source)
            source = ordered
    result = new(kept, INTP)
    method(source, -1, result.reshape(source.shape[:-1]))
    return result


def trace(
    new: Empty,
    array: Any,
    offset: Any = 0,
    axis1: Any = 0,
    axis2: Any = 1,
    dtype: Any = None,
    out: Any = None,
) -> Any:
    """numpy.ndarray.trace of more than two dimensions."""
    if type(array) is not np.ndarray or array.ndim < 3:
        return NotImplemented
    diagonal = number_array(array.diagonal(offset, axis1, axis2))
    return reduce(new, add, diagonal, -1, dtype, out)


ROWS = (
    Row((np.ufunc, "reduce"), "numpy.ufunc.reduce", reduce, "of numbers, to an array"),
    Row((np.ufunc, "accumulate"), "numpy.ufunc.accumulate", accumulate, "of numbers"),
    Row((np.ufunc, "reduceat"), "numpy.ufunc.reduceat", reduceat, "of a vector of numbers"),
    Row((np.ufunc, "outer"), "numpy.ufunc.outer", outer, "of two arrays of numbers"),
    Row((np.ndarray, "cumsum"), "numpy.ndarray.cumsum", cumsum, "of numbers", copies=True),
    Row((np.ndarray, "cumprod"), "numpy.ndarray.cumprod", cumprod, "of numbers", copies=True),
    Row(
        (np.ndarray, "argmax"),
        "numpy.ndarray.argmax",
        argmax,
        "of numbers, to an array",
        copies=True,
    ),
    Row(
        (np.ndarray, "argmin"),
        "numpy.ndarray.argmin",
        argmin,
        "of numbers, to an array",
        copies=True,
    ),
    Row((np.ndarray, "trace"), "numpy.ndarray.trace", trace, "of three dimensions and more"),
)
