"""Storing numbers into lists in loops: without a new object, where that can't be seen.

In: a translator, a list, an index that it has, a number. Out: code, with entries in the log.

A number that comes from a list takes its object along. Small integers and truth values are objects
that live for ever: where one replaces another, only the list changes. An object that nothing but
the list holds gets another number. For everything else the kernel calls a function, which makes a
new object.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from llvmlite import ir

from ..cores import native
from .code import Code, Value
from .kinds import BOOL, FLOAT, INT, Complex, Number
from .worth import STORE

if TYPE_CHECKING:
    from .translate import Translator

TYPE, VALUE, TAG, DIGITS = 8, 16, 16, 24  # where objects have these
# The integers that CPython has one object of: to 256, since 3.15 to 1024.
_LEAST = -5
_GREATEST = next(i for i in range(256, 2**30) if int(str(i + 1)) is not int(str(i + 1)))
_SIZE = id(1) - id(0)
_HAS_TABLE = all(id(i) == id(0) + _SIZE * i for i in range(_LEAST, _GREATEST + 1))
_ONE_DIGIT = 1 << 3  # the tag of a positive `int` of one digit, since 3.12
U4 = Number("u4")


def put(t: Translator, container: Any, index: Any, value: Value) -> None:
    """Store a number into the list at an address."""
    code, b = t.code, t.code.builder
    t.count(-STORE)
    items = _word(code, container, native.LIST_ITEMS)
    place = b.add(items, b.mul(index, code.i64(8)))
    before = _word(code, place, 0)
    if isinstance(value.kind, Complex):
        t.put(container, index, value)
        return
    done = code.function.append_basic_block()

    def where(condition: Any, act: Callable[[], None]) -> None:
        inside, other = (code.function.append_basic_block() for _ in range(2))
        b.cbranch(condition, inside, other)
        b.position_at_end(inside)
        act()
        b.branch(done)
        b.position_at_end(other)

    def replace(address: Any) -> None:
        entry = t.log.note_list(container)
        t.log.complete(entry, before, b.sub(code.i64(-2), index))
        code.store(address, place)

    known = _known_object(code, value)
    if known is not None:
        is_known = b.and_(known[1], _lives_for_ever(code, before))
        where(is_known, lambda: replace(known[0]))
    if value.kind in (INT, FLOAT):
        where(_may_change(code, before, value), lambda: _change(t, before, value))
    origin = code.origins.get(id(value.parts))
    if origin is not None and origin[0] is value.parts:

        def move() -> None:
            replace(origin[1])
            b.store(code.i64(1), t.slot("is_put"))
            _hold(code, origin[1])

        where(_may_move(code, before, origin[1], value), move)
    t.put(container, index, value)
    b.branch(done)
    b.position_at_end(done)


def _may_move(code: Code, before: Any, object_: Any, value: Value) -> Any:
    """Return whether the object that a number came from still has it, and may replace another."""
    b, word = code.builder, value.parts[0]
    is_alike = b.icmp_signed("==", _word(code, before, TYPE), _word(code, object_, TYPE))
    may = b.or_(is_alike, _lives_for_ever(code, before))
    if value.kind != INT:
        now = code.bits(code.load(b.add(object_, code.i64(VALUE)), value.number))
        return b.and_(may, b.icmp_signed("==", now, code.bits(word)))
    tag = _word(code, object_, TAG)
    digit = b.zext(code.load(b.add(object_, code.i64(DIGITS)), U4), code.word)
    now = b.mul(b.sub(code.i64(1), b.and_(tag, code.i64(3))), digit)
    is_short = b.icmp_unsigned("<", tag, code.i64(2 * _ONE_DIGIT))
    return b.and_(may, b.and_(is_short, b.icmp_signed("==", now, word)))


def _hold(code: Code, object_: Any) -> None:
    """Count one more reference to an object, unless it is immortal."""
    b = code.builder
    counted, on = (code.function.append_basic_block() for _ in range(2))
    b.cbranch(_lives_for_ever(code, object_), on, counted)
    b.position_at_end(counted)
    count = code.load(object_, U4)
    code.store(b.add(count, ir.Constant(count.type, 1)), object_)
    b.branch(on)
    b.position_at_end(on)


def _lives_for_ever(code: Code, address: Any) -> Any:
    """Return whether an object is immortal: the sign of its count says so."""
    count = code.load(address, U4)
    return code.builder.icmp_signed("<", count, ir.Constant(count.type, 0))


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
