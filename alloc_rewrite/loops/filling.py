"""Calls that make arrays of a shape, or like others, filled with one number or with anything.

In: the translator, and arguments. Out: arrays.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from . import arithmetic, elements, lazy
from .code import NotTranslatedError, Value, tuple_of
from .incoming import name_of
from .kinds import (
    C16,
    COMPLEX,
    F8,
    FLOAT,
    I8,
    INT,
    NUMBERS,
    Array,
    Complex,
    Display,
    Known,
    Number,
    Tuple,
)

if TYPE_CHECKING:
    from .translate import Translator


def common(kinds: list[Any]) -> Number:
    """Return the dtype of an array of such numbers."""
    if all(kind in (INT, I8) for kind in kinds):
        return I8
    if all(kind in (INT, I8, FLOAT, F8) for kind in kinds):
        return F8
    if all(kind in (INT, I8, FLOAT, F8, COMPLEX, C16) for kind in kinds):
        return C16
    if len(set(kinds)) == 1 and isinstance(kinds[0], Number) and not kinds[0].is_bool:
        return kinds[0]
    raise NotTranslatedError("np.array of such items")


def _shape(given: Value) -> tuple[Any, ...]:
    items = elements.split(given) if isinstance(given.kind, (Tuple, Display)) else [given]
    if not items or len(items) > 3 or any(item.kind != INT for item in items):
        raise NotTranslatedError("an array of such a shape")
    return tuple(item.parts[0] for item in items)


def dtype_of(args: list[Value], at: int, default: Any = F8) -> Any:
    """Return what a dtype among the arguments stands for."""
    if len(args) > at + 1:
        raise NotTranslatedError("an array made with other arguments")
    if len(args) == at or args[at].kind == Known(None):
        return default
    try:
        name = name_of(np.dtype(args[at].constant))
    except TypeError:
        name = None
    if args[at].constant is None or name is None:
        raise NotTranslatedError("an array of such a dtype")
    return NUMBERS[name]


def _filled(value: int | None) -> Callable[[Translator, list[Value]], Value]:
    def make(t: Translator, args: list[Value]) -> Value:
        number = dtype_of(args, 1)
        made = t.scratch.new(number, _shape(args[0]))
        if value is not None:
            _fill(t, made, number, t.code.constant(value))
        return made

    return make


def _fill(t: Translator, array: Value, number: Number, value: Value) -> None:
    if number.is_bool:
        raise NotTranslatedError("an array of truth values is filled")
    if not isinstance(number, Complex):
        value = Value(number, (arithmetic.as_numpy(t.code, value, number),))
    lazy.put_all(t, array, value)


def _full(t: Translator, args: list[Value]) -> Value:
    number = dtype_of(args, 2, None) or common([args[1].kind])
    made = t.scratch.new(number, _shape(args[0]))
    _fill(t, made, number, args[1])
    return made


def _eye(t: Translator, args: list[Value]) -> Value:
    if len(args) != 1 or args[0].kind != INT:
        raise NotTranslatedError("np.eye with other arguments")
    (n,) = args[0].parts
    made = _filled(0)(t, [tuple_of([args[0], args[0]])])
    code, b = t.code, t.code.builder
    one = arithmetic.as_numpy(code, code.constant(1.0), F8)
    step = b.mul(b.add(n, code.i64(1)), code.i64(8))

    def put(indices: list[Any]) -> None:
        code.store(one, b.add(made.parts[1], b.mul(indices[0], step)))

    lazy.nest(code, (n,), [], put)
    return made


def _like(value: int | None) -> Callable[[Translator, list[Value]], Value]:
    def make(t: Translator, args: list[Value]) -> Value:
        if not isinstance(args[0].kind, Array):
            raise NotTranslatedError("an array like something else")
        kind = args[0].kind
        number = dtype_of(args, 1, NUMBERS[kind.dtype])
        lazy.require_c_order(t.code, args[0])
        made = t.scratch.new(number, args[0].parts[2 : 2 + kind.ndim])
        if value is not None:
            _fill(t, made, number, t.code.constant(value))
        return made

    return make


TABLE: dict[Any, Callable[[Translator, list[Value]], Value]] = {
    np.empty: _filled(None),
    np.zeros: _filled(0),
    np.ones: _filled(1),
    np.full: _full,
    np.empty_like: _like(None),
    np.zeros_like: _like(0),
    np.ones_like: _like(1),
    np.eye: _eye,
    np.identity: _eye,
}
