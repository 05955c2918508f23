"""Kinds as numbers: how the native core reads them (`csrc/loops/kinds.h`).

In: kinds. Out: lists of numbers.
"""

from __future__ import annotations

from typing import Any

from .kinds import (
    DTYPES,
    Array,
    Display,
    Enumerate,
    Function,
    Given,
    Items,
    Kind,
    Known,
    List,
    Number,
    Object,
    Steps,
    Tuple,
    Unbound,
    Zip,
)

NUMBER_CODES = {name: i for i, name in enumerate(("int", "float", "bool", *DTYPES, "complex"))}
_ARRAY, _TUPLE, _NONE, _UNBOUND, _GIVEN, _STEPS = 20, 21, 22, 23, 24, 25
_LIST, _LONG_TUPLE, _ITEMS, _ENUMERATE, _ZIP, _DISPLAY = 26, 27, 28, 29, 30, 31


def encoded(kind: Kind) -> list[int]:
    """Return a kind as the native core reads it (`csrc/loops/kinds.h`)."""
    match kind:
        case Number(name):
            return [NUMBER_CODES[name]]
        case Array(dtype, ndim, writeable, is_dense, shape):
            known = [0] if shape is None else [1, *shape]
            return [_ARRAY, NUMBER_CODES[dtype], ndim, int(writeable), int(is_dense), *known]
        case Tuple(items) | Display(items):
            code = _TUPLE if isinstance(kind, Tuple) else _DISPLAY
            return [code, len(items), *(code for item in items for code in encoded(item))]
        case Given(number) | Object(number) | Function(number):
            return [_GIVEN, number]
        case Unbound():
            return [_UNBOUND]
        case Steps():
            return [_STEPS]
        case List():
            return [_LONG_TUPLE if kind.is_tuple else _LIST]
        case Items(sequence, type_):
            return [_ITEMS, type_, *encoded(sequence)]
        case Enumerate(below):
            return [_ENUMERATE, *encoded(below)]
        case Zip(iterators):
            return [_ZIP, len(iterators), *(code for one in iterators for code in encoded(one))]
        case Known(value) if value is not None:  # looked up, as a method: compared otherwise
            return [_GIVEN, 0]
        case _:
            return [_NONE]


def function_of(kind: Kind) -> Any:
    """Return the function that a method has to be, or None."""
    return kind.value if isinstance(kind, Known) else None
