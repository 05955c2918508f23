"""Lists and long tuples of numbers in loops: their items are objects, whose types are looked at.

In: a `Code`, a list, indices. Out: numbers. An item of another type, or an integer of more than 30
bits, leaves the loop. What `append` puts into a list is taken back with the iteration.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..cores import native
from . import views
from .code import Code, NotTranslatedError, Value, described
from .kinds import INT, Array, List, Number, Tuple

_TYPES = {"int": int, "float": float}
_VALUE = 16  # where a float, or a NumPy scalar, has its number
_SIZE = 16  # where a list or tuple has its length


def length(code: Code, value: Value) -> Any:
    """Return how many items a sequence has."""
    kind = value.kind
    if isinstance(kind, Array):
        return value.parts[2]
    if isinstance(kind, Tuple):
        return code.i64(len(kind.items))
    if isinstance(kind, List):
        return _word(code, value.parts[1], _SIZE)
    raise NotTranslatedError(f"the length of {described(kind)}")


def _word(code: Code, address: Any, offset: int) -> Any:
    return code.load(code.builder.add(address, code.i64(offset)), Number("i8"))


def item(code: Code, value: Value, index: Value) -> Value:
    """Return an item of a list or of a long tuple."""
    kind, b = value.kind, code.builder
    assert isinstance(kind, List)
    number = kind.item
    if number is None:
        raise NotTranslatedError("an item of a list of several kinds of objects")
    at = b.mul(views.position(code, index, length(code, value)), code.i64(8))
    if kind.is_tuple:
        items = b.add(value.parts[1], code.i64(native.TUPLE_ITEMS))
    else:
        items = _word(code, value.parts[1], native.LIST_ITEMS)
    address = code.load(b.add(items, at), Number("i8"))
    type_ = _TYPES.get(number.name) or np.dtype(number.name).type
    wanted = code.address(f"type.{number.name}", id(type_))
    code.leave_if(b.icmp_signed("!=", _word(code, address, 8), wanted))
    if number == INT:
        return Value(INT, (_small_integer(code, address),))
    return Value(number, (code.load(b.add(address, code.i64(_VALUE)), number),))


def _small_integer(code: Code, address: Any) -> Any:
    """Return the number of an `int` with one digit, as CPython has it since 3.12."""
    b = code.builder
    tag = _word(code, address, 16)
    code.leave_if(b.icmp_unsigned(">=", tag, code.i64(16)))
    digit = b.zext(code.load(b.add(address, code.i64(24)), Number("u4")), code.word)
    sign = b.sub(code.i64(1), b.and_(tag, code.i64(3)))
    return b.mul(sign, digit)
