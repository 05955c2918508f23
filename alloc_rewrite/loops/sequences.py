"""Lists and long tuples in loops: their items are objects, whose types are looked at.

In: a `Code`, a list, indices. Out: numbers, tuples of numbers, lists. An item of another type, or
an integer of more than 63 bits, leaves the loop. What is stored into a list, or appended, is taken
back with the iteration.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..cores import native
from . import putting, views
from .code import Code, NotTranslatedError, Value, described, tuple_of
from .kinds import INT, Array, Complex, Kind, List, Number, Tuple

_TYPES = {"int": int, "float": float, "complex": complex}
_VALUE = 16  # where a float, or a NumPy scalar, has its number
_SIZE = 16  # where a list or tuple has its length
_DIGITS = 24  # where an `int` has its digits, of 30 bits each
_TWO_DIGITS, _THREE_DIGITS, _FOUR_DIGITS = (
    2 << 3,
    3 << 3,
    4 << 3,
)  # the least tags of an `int` with so many digits


def length(code: Code, value: Value) -> Any:
    """Return how many items a sequence has."""
    kind = value.kind
    if isinstance(kind, Array):
        return value.parts[2]
    if isinstance(kind, Tuple):
        return code.i64(len(kind.items))
    if isinstance(kind, List):
        return _word(code, value.parts[0], _SIZE)
    raise NotTranslatedError(f"the length of {described(kind)}")


def _word(code: Code, address: Any, offset: int) -> Any:
    return code.load(code.builder.add(address, code.i64(offset)), Number("i8"))


def item(code: Code, value: Value, index: Value) -> Value:
    """Return an item of a list or of a long tuple."""
    kind, b = value.kind, code.builder
    assert isinstance(kind, List)
    if kind.item is None:
        raise NotTranslatedError("an item of a list of several kinds of objects")
    at = b.mul(views.position(code, index, length(code, value)), code.i64(8))
    if kind.is_tuple:
        items = b.add(value.parts[0], code.i64(native.TUPLE_ITEMS))
    else:
        items = _word(code, value.parts[0], native.LIST_ITEMS)
    return _object(code, _word(code, b.add(items, at), 0), kind.item)


def store(translator: Any, container: Value, index: Value, value: Value) -> None:
    """Do `container[index] = value`."""
    code: Code = translator.code
    if not isinstance(container.kind, List) or container.kind.is_tuple:
        raise NotTranslatedError(f"a store into {described(container.kind)}")
    if not isinstance(value.kind, Number):
        raise NotTranslatedError(f"{described(value.kind)} is stored into a list")
    at = views.position(code, index, length(code, container))
    putting.put(translator, container.parts[0], at, value)


def _object(code: Code, address: Any, kind: Kind) -> Value:
    """Return the object at an address; leave if it isn't of this kind."""
    b = code.builder
    match kind:
        case Number("bool"):
            is_true = b.icmp_signed("==", address, code.address("True", id(True)))
            is_false = b.icmp_signed("==", address, code.address("False", id(False)))
            code.leave_if(b.not_(b.or_(is_true, is_false)))
            return Value(kind, (is_true,))
        case Complex(name):
            _require_type(code, address, _TYPES.get(name) or np.dtype(name).type)
            return Value(kind, code.loaded(b.add(address, code.i64(_VALUE)), kind))
        case Number(name):
            _require_type(code, address, _TYPES.get(name) or np.dtype(name).type)
            at = b.add(address, code.i64(_VALUE))
            parts = (_integer(code, address) if kind == INT else code.load(at, kind),)
            code.origins[id(parts)] = parts, address
            return Value(kind, parts)
        case Tuple(items):
            _require_type(code, address, tuple)
            size = _word(code, address, _SIZE)
            code.leave_if(b.icmp_signed("!=", size, code.i64(len(items))))
            first = native.TUPLE_ITEMS
            addresses = [_word(code, address, first + 8 * i) for i in range(len(items))]
            pairs = zip(addresses, items, strict=True)
            return tuple_of([_object(code, word, item) for word, item in pairs])
        case List():
            _require_type(code, address, tuple if kind.is_tuple else list)
            return Value(kind, (address,))
        case _:
            raise NotTranslatedError(f"{described(kind)} in a list")


def _require_type(code: Code, address: Any, type_: type) -> None:
    wanted = code.address(f"type.{type_.__module__}.{type_.__name__}", id(type_))
    code.leave_if(code.builder.icmp_signed("!=", _word(code, address, 8), wanted))


def _integer(code: Code, address: Any) -> Any:
    """Return the number of an `int`, as CPython has it since 3.12; leave beyond 63 bits."""
    b = code.builder
    tag = _word(code, address, 16)
    digits = _digit(code, address, 0)
    begin, done = b.block, code.function.append_basic_block()
    found = [(digits, begin)]
    for number, limit in ((1, _TWO_DIGITS), (2, _THREE_DIGITS)):
        more = code.function.append_basic_block()
        branch = b.cbranch(b.icmp_unsigned("<", tag, code.i64(limit)), done, more)
        branch.set_metadata("prof", code.mostly)
        b.position_at_end(more)
        digit = _digit(code, address, number)
        if number == 2:
            code.leave_if(b.icmp_unsigned(">=", tag, code.i64(_FOUR_DIGITS)))
            code.leave_if(b.icmp_unsigned(">=", digit, code.i64(8)))
        digits = b.or_(digits, b.shl(digit, code.i64(30 * number)))
        found.append((digits, b.block))
    b.branch(done)
    b.position_at_end(done)
    size = b.phi(code.word)
    for word, block in found:
        size.add_incoming(word, block)
    sign = b.sub(code.i64(1), b.and_(tag, code.i64(3)))
    return b.mul(sign, size)


def _digit(code: Code, address: Any, number: int) -> Any:
    at = code.builder.add(address, code.i64(_DIGITS + 4 * number))
    return code.builder.zext(code.load(at, Number("u4")), code.word)
