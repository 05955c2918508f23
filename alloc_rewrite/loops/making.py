"""Calls that make arrays: of numbers, of a shape, or like others.

In: the translator, the callable and its arguments. Out: the array, or None if it makes none.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from . import (
    along,
    arrays,
    calls,
    complexes,
    elements,
    filling,
    inner,
    lazy,
    linalg,
    products,
    views,
)
from .code import NotTranslatedError, Value, described, exactly
from .kinds import (
    B1,
    F4,
    F8,
    I8,
    INT,
    NUMBERS,
    Array,
    Display,
    Known,
    Lazy,
    Method,
    Tuple,
)
from .numpy_loops import is_own
from .scratch import known_words

if TYPE_CHECKING:
    from .translate import Translator


def call(t: Translator, callee: Value, args: list[Value]) -> Value | None:
    """Return the array that a call makes; None if it isn't one of those that make arrays."""
    if isinstance(callee.kind, Method) and isinstance(callee.kind.owner, Array):
        array = Value(callee.kind.owner, callee.parts)
        return _METHODS[callee.kind.name](t, [array, *args])
    if not isinstance(callee.kind, Known):
        return None
    function = callee.kind.value
    if isinstance(function, UfuncMethod):
        return _ufunc_method(t, function, args)
    if makes(function) and (function is not abs or lazy.is_array(args[0])):
        return _TABLE[function](t, args)
    if is_own_ufunc(function) and any(map(lazy.is_array, args)):
        return arrays.ufunc(t, function, args)
    return None


def into(t: Translator, callee: Value, args: list[Value], out: Value) -> Value:
    """Call one of NumPy's ufuncs, whose result goes into an array; return that."""
    function = callee.kind.value if isinstance(callee.kind, Known) else None
    if not is_own_ufunc(function) or not any(map(lazy.is_array, args)):
        raise NotTranslatedError(f"a call of {described(callee.kind)} with out=")
    if not isinstance(out.kind, Array) or not out.kind.writeable:
        raise NotTranslatedError("out= of anything but an array that can be written to")
    made = call(t, callee, args)
    if made is None or not lazy.is_array(made) or lazy.axes(made) != out.kind.ndim:
        raise NotTranslatedError("out= of another number of axes")
    elements.store_all(t, out, made)
    return out


def makes(function: Any) -> bool:
    """Whether a callable is known to make arrays."""
    try:
        return function in _TABLE
    except TypeError:
        return False


# ---------------------------------------------------------------------- of numbers


def _array(t: Translator, args: list[Value]) -> Value:
    given, wanted = args[0], filling.dtype_of(args, 1, None)
    if isinstance(given.kind, (Array, Lazy)):
        if wanted not in (None, lazy.item_of(given.kind)):
            raise NotTranslatedError("np.array with another dtype")
        return _copied(t, given)
    if not isinstance(given.kind, (Display, Tuple)):
        raise NotTranslatedError(f"np.array of {described(given.kind)}")
    items, shape = _flat(given)
    number = filling.common([item.kind for item in items])
    if wanted not in (None, number) and (wanted, number) != (F8, I8):
        raise NotTranslatedError("np.array of such items with another dtype")
    number = wanted or number
    made = t.scratch.new(number, tuple(t.code.i64(n) for n in shape))
    size = t.code.itemsize(number)
    for i, item in enumerate(items):
        words = complexes.converted_to_numpy(t.code, item, number)
        address = t.code.builder.add(made.parts[1], t.code.i64(i * size))
        t.code.store_all(words, address, number)
    return made


def _asarray(t: Translator, args: list[Value]) -> Value:
    """Return an array itself; make one of numbers."""
    given, wanted = args[0], filling.dtype_of(args, 1, None)
    if isinstance(given.kind, Array) and wanted in (None, NUMBERS[given.kind.dtype]):
        return given
    return _array(t, args)


def _flat(value: Value) -> tuple[list[Value], tuple[int, ...]]:
    """Return the numbers in lists in lists, and the shape of the array that they make."""
    if not isinstance(value.kind, (Display, Tuple)):
        return [value], ()
    parts = [_flat(item) for item in elements.split(value)]
    shapes = {shape for _, shape in parts}
    if len(shapes) != 1:
        raise NotTranslatedError("np.array of lists of several lengths")
    return [item for items, _ in parts for item in items], (len(parts), *shapes.pop())


def _copied(t: Translator, value: Value) -> Value:
    """Return a copy in the order that NumPy calls K; of a contiguous array, as it is."""
    if isinstance(value.kind, Lazy):
        return lazy.materialised(t, value)
    assert isinstance(value.kind, Array)
    lazy.require_c_order(t.code, value)
    return _copy(t, [value])


def _copy(t: Translator, args: list[Value]) -> Value:
    if len(args) != 1 or not isinstance(args[0].kind, (Array, Lazy)):
        raise NotTranslatedError("a copy of something else than an array")
    value = args[0]
    if isinstance(value.kind, Lazy):
        return lazy.materialised(t, value)
    made = t.scratch.new(lazy.item_of(value.kind), lazy.shape_of(t.code, value))
    lazy.put_all(t, made, value)
    return made


def _np_copy(t: Translator, args: list[Value]) -> Value:
    if len(args) != 1 or not isinstance(args[0].kind, (Array, Lazy)):
        raise NotTranslatedError("np.copy of something else than an array")
    return _copied(t, args[0])


# ---------------------------------------------------------------------- of arrays


class UfuncMethod(NamedTuple):
    """A method of a ufunc, such as `np.add.outer`."""

    ufunc: Any
    name: str


@functools.cache
def ufunc_method(ufunc: Any, name: str) -> UfuncMethod:
    """Return what stands for a method of a ufunc."""
    return UfuncMethod(ufunc, name)


def is_own_ufunc(function: Any) -> bool:
    """Whether a callable is one of NumPy's ufuncs."""
    return isinstance(function, np.ufunc) and is_own(function)


def _ufunc_method(t: Translator, method: UfuncMethod, args: list[Value]) -> Value:
    if method.name == "outer" and len(args) == 2:
        return arrays.ufunc(t, method.ufunc, _crossed(t, args))
    if method.name == "reduce" and len(args) == 1 and lazy.axes(args[0]) == 1:
        return inner.reduced(t, method.ufunc, args[0])
    raise NotTranslatedError(f"np.{method.ufunc.__name__}.{method.name}")


def _crossed(t: Translator, args: list[Value]) -> list[Value]:
    """Return two vectors as a column and a row."""
    x, y = (lazy.materialised(t, arg) for arg in exactly(args, 2))
    if lazy.axes(x) != 1 or lazy.axes(y) != 1:
        raise NotTranslatedError("the outer product of anything but vectors")
    none, full = t.code.constant(None), views.constant(t.code, slice(None))
    return [views.view(t.code, x, [full, none]), views.view(t.code, y, [none, full])]


def _outer(t: Translator, args: list[Value]) -> Value:
    return arrays.binary(t, "mul", *_crossed(t, args))


def _reduced(function: Any) -> Callable[[Translator, list[Value]], Value]:
    def make(t: Translator, args: list[Value]) -> Value:
        axis, keepdims = _axis(args, 1 if function in _EXTREMES else 2)
        is_logical = function in (np.logical_or, np.logical_and)
        if is_logical and lazy.number_of(args[0].kind) != B1:
            raise NotTranslatedError("`any` or `all` of numbers")
        return along.reduced(t, function, args[0], axis, keepdims)

    return make


_EXTREMES = (np.maximum, np.minimum, np.logical_or, np.logical_and)


def _axis(args: list[Value], others: int) -> tuple[int | None, bool]:
    """Return the axis of a reduction, and whether it stays; there are so many others between."""
    given = [*args[1:], *[Value(Known(None))] * (2 + others - len(args[1:]))]
    axis, keepdims = given[0], given[-1]
    is_none = [value.kind == Known(None) for value in given]
    if not lazy.is_array(args[0]) or len(given) != 2 + others or not all(is_none[1:-1]):
        raise NotTranslatedError("a reduction with other arguments")
    if not is_none[0] and (axis.kind != INT or axis.constant is None):
        raise NotTranslatedError("a reduction along an axis that isn't known")
    if len(args) == 3 + others and type(keepdims.constant) is not bool:
        raise NotTranslatedError("a reduction with other arguments")
    return axis.constant, bool(keepdims.constant)


def _mean(t: Translator, args: list[Value]) -> Value:
    axis, keepdims = _axis(args, 2)
    return along.mean(t, args[0], axis, keepdims)


def product(t: Translator, args: list[Value], *, is_dot: bool = False) -> Value:
    """Return the product of two arrays, as `@` gives it, or `np.dot`."""
    if len(args) != 2:
        raise NotTranslatedError("a product with other arguments")
    x, y = (lazy.materialised(t, arg) for arg in args)
    if lazy.axes(x) == lazy.axes(y) == 1:
        if is_dot:
            x, y = (_forwards(t, value) for value in (x, y))
        return calls.product(t.code, x, y, is_dot=is_dot)
    if is_dot and lazy.axes(x) == 2 and lazy.axes(y) == 1:
        return products.of_matrix_and_vector(t, x, y)
    if is_dot:  # where it calls the same functions of BLAS as `@` does
        for value in (x, y):
            kind = value.kind
            if not isinstance(kind, Array) or (kind.shape and 1 in kind.shape):
                raise NotTranslatedError("np.dot of such arrays")
            for dim in value.parts[2 : 2 + kind.ndim]:
                t.code.leave_if(t.code.builder.icmp_signed("<=", dim, t.code.i64(1)))
            inner.flat(t, value)
            t.code.leave_if(
                t.code.builder.icmp_signed("!=", value.parts[-1], t.code.i64(kind.itemsize))
            )
        same = t.code.builder.icmp_signed("==", x.parts[1], y.parts[1])
        t.code.leave_if(same)
    return inner.product(t, x, y)


def _forwards(t: Translator, value: Value) -> Value:
    """Return a copy of a vector that is known to be backwards."""
    known = known_words(value.parts[3:])
    return _copy(t, [value]) if known is not None and known[0] < 0 else value


def _dot(t: Translator, args: list[Value]) -> Value:
    return product(t, args, is_dot=True)


def _where(t: Translator, args: list[Value]) -> Value:
    if len(args) != 3:
        raise NotTranslatedError("np.where with other arguments")
    return lazy.where(*args)


def _flip(t: Translator, args: list[Value]) -> Value:
    if len(args) != 1 or lazy.axes(args[0]) != 1:
        raise NotTranslatedError("np.flip with other arguments")
    backwards = views.constant(t.code, slice(None, None, -1))
    return views.view(t.code, lazy.materialised(t, args[0]), [backwards])


def _absolute(t: Translator, args: list[Value]) -> Value:
    return arrays.ufunc(t, np.absolute, args)


def _norm(t: Translator, args: list[Value]) -> Value:
    """Do what `np.linalg.norm` does for a vector: a product with itself, and a square root."""
    if len(args) != 1 or lazy.axes(args[0]) != 1 or lazy.number_of(args[0].kind) not in (F8, F4):
        raise NotTranslatedError("np.linalg.norm of anything but a vector of floats")
    value = lazy.materialised(t, args[0])
    assert isinstance(value.kind, Array)
    size = t.code.i64(value.kind.itemsize)
    t.code.leave_if(t.code.builder.icmp_signed("!=", value.parts[3], size))
    return calls.call(
        t.code, t.code.constant(np.sqrt), [calls.product(t.code, value, value, is_dot=True)]
    )


_TABLE: dict[Any, Callable[[Translator, list[Value]], Value]] = {
    abs: _absolute,
    np.array: _array,
    np.asarray: _asarray,
    np.sum: _reduced(np.add),
    np.prod: _reduced(np.multiply),
    np.max: _reduced(np.maximum),
    np.min: _reduced(np.minimum),
    np.any: _reduced(np.logical_or),
    np.all: _reduced(np.logical_and),
    np.mean: _mean,
    np.dot: _dot,
    np.matmul: product,
    np.outer: _outer,
    np.where: _where,
    np.flip: _flip,
    np.linalg.norm: _norm,
    **filling.TABLE,
    **linalg.TABLE,
    np.copy: _np_copy,
}
_METHODS: dict[str, Callable[[Translator, list[Value]], Value]] = {
    "all": _reduced(np.logical_and),
    "any": _reduced(np.logical_or),
    "copy": _copy,
    "dot": _dot,
    "max": _reduced(np.maximum),
    "mean": _mean,
    "min": _reduced(np.minimum),
    "prod": _reduced(np.multiply),
    "sum": _reduced(np.add),
}
