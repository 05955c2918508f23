"""Calls that make arrays: of numbers, of a shape, or like others.

In: the translator, the callable and its arguments. Out: the array, or None if it makes none.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from . import arithmetic, elements, lazy
from .code import NotTranslatedError, Value, described
from .kinds import F8, FLOAT, I8, INT, NUMBERS, Array, Display, Known, Lazy, Method, Number, Tuple

if TYPE_CHECKING:
    from .translate import Translator


def call(t: Translator, callee: Value, args: list[Value]) -> Value | None:
    """Return the array that a call makes; None if it isn't one of those that make arrays."""
    if isinstance(callee.kind, Method):
        array = Value(callee.kind.array, callee.parts)
        return _METHODS[callee.kind.name](t, [array, *args])
    if isinstance(callee.kind, Known) and makes(callee.kind.value):
        return _TABLE[callee.kind.value](t, args)
    return None


def makes(function: Any) -> bool:
    """Whether a callable is known to make arrays."""
    try:
        return function in _TABLE
    except TypeError:
        return False


# ---------------------------------------------------------------------- of numbers


def _array(t: Translator, args: list[Value]) -> Value:
    if len(args) != 1:
        raise NotTranslatedError("np.array with other arguments")
    (given,) = args
    if isinstance(given.kind, (Array, Lazy)):
        return _copied(t, given)
    if not isinstance(given.kind, (Display, Tuple)):
        raise NotTranslatedError(f"np.array of {described(given.kind)}")
    items, shape = _flat(given)
    number = _common([item.kind for item in items])
    made = t.scratch.new(number, tuple(t.code.i64(n) for n in shape))
    size = t.code.itemsize(number)
    for i, item in enumerate(items):
        word = arithmetic.as_numpy(t.code, item, number)
        t.code.store(word, t.code.builder.add(made.parts[1], t.code.i64(i * size)))
    return made


def _flat(value: Value) -> tuple[list[Value], tuple[int, ...]]:
    """Return the numbers in lists in lists, and the shape of the array that they make."""
    if not isinstance(value.kind, (Display, Tuple)):
        return [value], ()
    parts = [_flat(item) for item in elements.split(value)]
    shapes = {shape for _, shape in parts}
    if len(shapes) != 1:
        raise NotTranslatedError("np.array of lists of several lengths")
    return [item for items, _ in parts for item in items], (len(parts), *shapes.pop())


def _common(kinds: list[Any]) -> Number:
    """Return the dtype of an array of such numbers."""
    if all(kind in (INT, I8) for kind in kinds):
        return I8
    if all(kind in (INT, I8, FLOAT, F8) for kind in kinds):
        return F8
    if len(set(kinds)) == 1 and isinstance(kinds[0], Number) and not kinds[0].is_bool:
        return kinds[0]
    raise NotTranslatedError("np.array of such items")


# ---------------------------------------------------------------------- of a shape


def _shape(given: Value) -> tuple[Any, ...]:
    items = elements.split(given) if isinstance(given.kind, (Tuple, Display)) else [given]
    if not items or len(items) > 3 or any(item.kind != INT for item in items):
        raise NotTranslatedError("an array of such a shape")
    return tuple(item.parts[0] for item in items)


def _dtype(args: list[Value], at: int) -> Number:
    if len(args) > at + 1:
        raise NotTranslatedError("an array made with other arguments")
    if len(args) == at:
        return F8
    try:
        name = np.dtype(args[at].constant).str[1:]
    except TypeError:
        name = ""
    if args[at].constant is None or name not in NUMBERS:
        raise NotTranslatedError("an array of such a dtype")
    return NUMBERS[name]


def _filled(value: int | None) -> Callable[[Translator, list[Value]], Value]:
    def make(t: Translator, args: list[Value]) -> Value:
        number = _dtype(args, 1)
        made = t.scratch.new(number, _shape(args[0]))
        if value is not None:
            _fill(t, made, number, t.code.constant(value))
        return made

    return make


def _fill(t: Translator, array: Value, number: Number, value: Value) -> None:
    if number.is_bool:
        raise NotTranslatedError("an array of truth values is filled")
    word = arithmetic.as_numpy(t.code, value, number)
    lazy.put_all(t, array, Value(number, (word,)))


def _full(t: Translator, args: list[Value]) -> Value:
    if len(args) != 2:
        raise NotTranslatedError("np.full with other arguments")
    number = _common([args[1].kind])
    made = t.scratch.new(number, _shape(args[0]))
    _fill(t, made, number, args[1])
    return made


def _like(value: int | None) -> Callable[[Translator, list[Value]], Value]:
    def make(t: Translator, args: list[Value]) -> Value:
        if len(args) != 1 or not isinstance(args[0].kind, Array):
            raise NotTranslatedError("an array like something else")
        kind = args[0].kind
        lazy.require_c_order(t.code, args[0])
        made = t.scratch.new(NUMBERS[kind.dtype], args[0].parts[2 : 2 + kind.ndim])
        if value is not None:
            _fill(t, made, NUMBERS[kind.dtype], t.code.constant(value))
        return made

    return make


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
    made = t.scratch.new(lazy.number_of(value.kind), lazy.shape_of(t.code, value))
    lazy.put_all(t, made, value)
    return made


def _np_copy(t: Translator, args: list[Value]) -> Value:
    if len(args) != 1 or not isinstance(args[0].kind, (Array, Lazy)):
        raise NotTranslatedError("np.copy of something else than an array")
    return _copied(t, args[0])


_TABLE: dict[Any, Callable[[Translator, list[Value]], Value]] = {
    np.array: _array,
    np.copy: _np_copy,
    np.empty: _filled(None),
    np.zeros: _filled(0),
    np.ones: _filled(1),
    np.full: _full,
    np.empty_like: _like(None),
    np.zeros_like: _like(0),
    np.ones_like: _like(1),
}
_METHODS: dict[str, Callable[[Translator, list[Value]], Value]] = {"copy": _copy}
