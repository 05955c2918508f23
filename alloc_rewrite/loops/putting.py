"""Storing numbers into lists in loops: without a new object, where that can't be seen.

In: a translator, a list, an index that it has, a number. Out: code, with entries in the log.

Small integers and truth values are objects that live for ever: where one replaces another, only
the list changes. An object that nothing but the list holds gets another number. For everything
else the kernel calls a function, which makes a new object.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llvmlite import ir

from ..cores import native
from .code import Code, Value
from .kinds import BOOL, FLOAT, INT, Number

if TYPE_CHECKING:
    from .translate import Translator

TYPE, VALUE, TAG, DIGITS = 8, 16, 16, 24  # where objects have these
_LEAST, _GREATEST = -5, 256  # the integers that CPython has one object of
_SIZE = id(1) - id(0)
_HAS_TABLE = all(id(i) == id(0) + _SIZE * i for i in range(_LEAST, _GREATEST + 1))
_ONE_DIGIT = 1 << 3  # the tag of a positive `int` of one digit, since 3.12
U4 = Number("u4")


def put(t: Translator, container: Any, index: Any, value: Value) -> None:
    """Store a number into the list at an address."""
    code, b = t.code, t.code.builder
    items = _word(code, container, native.LIST_ITEMS)
    place = b.add(items, b.mul(index, code.i64(8)))
    before = _word(code, place, 0)
    slow, done = (code.function.append_basic_block() for _ in range(2))
    known = _known_object(code, value)
    if known is not None:
        address, is_known = known
        count = code.load(before, U4)
        lives = b.icmp_signed("<", count, ir.Constant(count.type, 0))
        inside, other = (code.function.append_basic_block() for _ in range(2))
        b.cbranch(b.and_(is_known, lives), inside, other)
        b.position_at_end(inside)
        entry = t.log.note_list(container)
        t.log.complete(entry, before, b.sub(code.i64(-2), index))
        code.store(address, place)
        b.branch(done)
        b.position_at_end(other)
    if value.kind in (INT, FLOAT):
        inside = code.function.append_basic_block()
        b.cbranch(_may_change(code, before, value), inside, slow)
        b.position_at_end(inside)
        _change(t, before, value)
        b.branch(done)
    else:
        b.branch(slow)
    b.position_at_end(slow)
    t.put(container, index, value)
    b.branch(done)
    b.position_at_end(done)


def _known_object(code: Code, value: Value) -> tuple[Any, Any] | None:
    """Return the address of the object that a number always is, and whether it is one of these."""
    b, word = code.builder, value.parts[0]
    if value.kind == BOOL:
        addresses = [code.address(str(one), id(one)) for one in (True, False)]
        return b.select(word, *addresses), code.bit(True)
    if value.kind == INT and _HAS_TABLE:
        offset = b.sub(word, code.i64(_LEAST))
        is_small = b.icmp_unsigned("<=", offset, code.i64(_GREATEST - _LEAST))
        first = code.address("int.0", id(0))
        return b.add(first, b.mul(word, code.i64(_SIZE))), is_small
    return None


def _may_change(code: Code, before: Any, value: Value) -> Any:
    """Return whether an object can become this number, and nothing but the list holds it."""
    b, word = code.builder, value.parts[0]
    count = code.load(before, U4)
    is_held = b.icmp_signed("==", count, ir.Constant(count.type, 1))
    type_ = int if value.kind == INT else float
    wanted = code.address(f"type.builtins.{type_.__name__}", id(type_))
    may = b.and_(is_held, b.icmp_signed("==", _word(code, before, TYPE), wanted))
    if value.kind == FLOAT:
        return may
    is_alike = b.icmp_signed("==", _word(code, before, TAG), code.i64(_ONE_DIGIT))
    offset = b.sub(word, code.i64(_GREATEST + 1))
    fits = b.icmp_unsigned("<", offset, code.i64(2**30 - _GREATEST - 1))
    return b.and_(may, b.and_(is_alike, fits))


def _change(t: Translator, before: Any, value: Value) -> None:
    code, b, word = t.code, t.code.builder, value.parts[0]
    is_int = value.kind == INT
    at = b.add(before, code.i64(DIGITS if is_int else VALUE))
    t.log.note(at, 4 if is_int else 8)
    code.store(b.trunc(word, ir.IntType(32)) if is_int else word, at)


def _word(code: Code, address: Any, offset: int) -> Any:
    return code.load(code.builder.add(address, code.i64(offset)), Number("i8"))
