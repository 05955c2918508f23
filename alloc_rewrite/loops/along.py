"""Reductions of all items, or along one axis of a matrix, in NumPy's order.

In: the translator, an array, an axis. Out: a number or a new array.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from . import arrays, inner, lazy
from .code import NotTranslatedError, Value
from .kinds import F4, F8, I8, INT
from .numpy_loops import CUTS_ROWS, initial_of, reduction_loop

if TYPE_CHECKING:
    from .translate import Translator

_ADDED = (np.add, np.multiply)  # whose results may have another dtype than the items


def reduced(t: Translator, function: Any, value: Value, axis: int | None, keepdims: bool) -> Value:
    """Return what a ufunc's `reduce` gives, over all items or along an axis."""
    axes = lazy.axes(value)
    if keepdims and axes != 2:
        raise NotTranslatedError("keepdims= with anything but a matrix")
    if axis is None or (axes == 1 and axis in (0, -1)):
        if keepdims:
            raise NotTranslatedError("keepdims= without an axis")
        return inner.reduced(t, function, value)
    if axes != 2 or axis not in (0, 1, -1, -2):
        raise NotTranslatedError("a reduction along an axis of anything but a matrix")
    number = lazy.number_of(value.kind)
    if function in _ADDED and number not in (F8, F4, I8):
        raise NotTranslatedError("a reduction along an axis whose result has another dtype")
    loop = reduction_loop(function, number)
    if loop is None:
        raise NotTranslatedError(f"np.{function.__name__}.reduce along an axis")
    value = lazy.materialised(t, value)
    lazy.require_c_order(t.code, value)
    initial = initial_of(function, number)
    first = None if initial is None else inner.known(t, number, initial)
    if CUTS_ROWS and number.is_float and function in _ADDED and axis in (1, -1):
        too_long = t.code.builder.icmp_signed(">", value.parts[3], t.code.i64(8192))
        t.code.leave_if(too_long)
    return _of_matrix(t, loop, value, first, axis in (0, -2), keepdims)


def _of_matrix(
    t: Translator, loop: Any, matrix: Value, first: Any, is_down: bool, keepdims: bool
) -> Value:
    """Reduce a matrix along its rows or columns, from `first` on or else from their first items."""
    code, b = t.code, t.code.builder
    number = lazy.number_of(matrix.kind)
    _, address, rows, columns, down, across = matrix.parts
    for dim in (rows, columns):  # else NumPy would see one axis
        code.leave_if(b.icmp_signed("<=", dim, code.i64(1)))
    t.tick(b.mul(rows, columns))
    n = columns if is_down else rows
    zero, one, size = code.i64(0), code.i64(1), code.i64(code.itemsize(number))
    dims = ((one, n) if is_down else (n, one)) if keepdims else (n,)
    made = t.scratch.new(number, dims)
    out = made.parts[1]
    skipped = zero if first is not None else one

    def begin(indices: list[Any]) -> None:
        at = b.mul(indices[0], across if is_down else down)
        word = first if first is not None else code.load(b.add(address, at), number)
        code.store(word, b.add(out, b.mul(indices[0], size)))

    def row(indices: list[Any]) -> None:
        (at,) = indices
        if is_down:
            here = b.add(address, b.mul(b.add(at, skipped), down))
            inner.called(t, loop, [out, here, out], [columns], [size, across, size])
            return
        here = b.add(address, b.add(b.mul(at, down), b.mul(skipped, across)))
        to = b.add(out, b.mul(at, size))
        inner.called(t, loop, [to, here, to], [b.sub(columns, skipped)], [zero, across, zero])

    lazy.nest(code, (n,), [], begin)
    lazy.nest(code, (b.sub(rows, skipped) if is_down else rows,), [], row)
    return made


def mean(t: Translator, value: Value, axis: int | None, keepdims: bool) -> Value:
    """Return `np.mean`, over all items or along an axis."""
    if axis is None and not keepdims:
        return inner.mean(t, value)
    if lazy.axes(value) != 2 or lazy.number_of(value.kind) != F8:
        raise NotTranslatedError("np.mean along an axis of anything but a matrix of floats")
    value = lazy.materialised(t, value)
    total = reduced(t, np.add, value, axis, keepdims)
    n = value.parts[2 if axis in (0, -2) else 3]
    return arrays.binary(t, "truediv", total, Value(INT, (n,)))
