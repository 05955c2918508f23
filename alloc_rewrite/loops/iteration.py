"""Iterators in loops: over ranges, arrays, lists, tuples; `enumerate`, `zip` and `reversed`.

In: what a loop goes over. Out: an iterator's value, its items, and its state, which is what an
iterator object has to be told when a kernel ends.
"""

from __future__ import annotations

from typing import Any

from . import elements, sequences
from .code import Code, NotTranslatedError, Value, described, exactly, tuple_of
from .kinds import (
    INT,
    RANGE,
    STEPS,
    Array,
    Enumerate,
    Items,
    Kind,
    List,
    Steps,
    Tuple,
    Zip,
    words,
)


def length_of_range(code: Code, start: Any, stop: Any, step: Any) -> Any:
    """Return how many numbers a range has; leave where that takes more than 63 bits."""
    b = code.builder
    zero, one = code.i64(0), code.i64(1)
    code.leave_if(b.icmp_signed("==", step, zero))
    is_up = b.icmp_signed(">", step, zero)
    low, high = b.select(is_up, start, stop), b.select(is_up, stop, start)
    size = b.select(is_up, step, b.sub(zero, step))
    for word in (start, stop, step):
        code.leave_unless_between(word, -(2**61), 2**61)
    wide = b.sub(high, low)
    count = b.add(b.udiv(b.sub(wide, one), size), one)
    return b.select(b.icmp_signed(">", high, low), count, zero)


def started(code: Code, value: Value) -> Value:
    """Return an iterator over a value."""
    kind = value.kind
    if kind == RANGE:
        start, stop, step = value.parts
        left = length_of_range(code, start, stop, step)
        code.tick(left)
        return Value(STEPS, (start, step, left))
    if isinstance(kind, (Array, List)):
        code.tick(sequences.length(code, value))
        return Value(Items(kind, 0), (code.i64(0), *value.parts))
    if isinstance(kind, Tuple) and len(set(kind.items)) == 1:
        return Value(Items(kind, 0), (code.i64(0), *value.parts))
    if isinstance(kind, (Items, Enumerate, Zip, Steps)):
        return value
    raise NotTranslatedError(f"a loop over {described(kind)}")


def backwards(code: Code, args: list[Value]) -> Value:
    """Return what `reversed` gives."""
    (value,) = exactly(args)
    kind, b = value.kind, code.builder
    if kind == RANGE:
        start, step, left = started(code, value).parts
        last = b.add(start, b.mul(step, b.sub(left, code.i64(1))))
        return Value(STEPS, (last, b.neg(step), left))
    if isinstance(kind, (Array, List)):
        length = sequences.length(code, value)
        code.tick(length)
        return Value(Items(kind, 3), (b.sub(length, code.i64(1)), *value.parts))
    raise NotTranslatedError(f"`reversed` of {described(kind)}")


def enumerated(code: Code, args: list[Value]) -> Value:
    if len(args) not in (1, 2):
        raise NotTranslatedError("`enumerate` with other arguments")
    below = started(code, args[0])
    start = code.i64(0)
    if len(args) == 2:
        if args[1].kind != INT:
            raise NotTranslatedError("`enumerate` from anything but an integer")
        start = args[1].parts[0]
        code.leave_unless_between(start, -(2**62), 2**62)
    return Value(Enumerate(below.kind), (start, *below.parts))


def zipped(code: Code, args: list[Value]) -> Value:
    if not args:
        raise NotTranslatedError("`zip` of nothing")
    iterators = [started(code, arg) for arg in args]
    if len(iterators) > 1 and any(is_iterator(arg.kind) for arg in args):
        raise NotTranslatedError("`zip` of iterators")  # one may be there twice
    return _joined(iterators)


def _joined(iterators: list[Value]) -> Value:
    parts = tuple(part for iterator in iterators for part in iterator.parts)
    return Value(Zip(tuple(iterator.kind for iterator in iterators)), parts)


def _below(value: Value) -> list[Value]:
    """Return the iterators that a `zip` goes over."""
    assert isinstance(value.kind, Zip)
    out, at = [], 0
    for kind in value.kind.iterators:
        n = words(kind)
        out.append(Value(kind, value.parts[at : at + n]))
        at += n
    return out


def ends(code: Code, iterator: Value) -> Any:
    """Return whether an iterator is at its end, as a bit."""
    b, kind = code.builder, iterator.kind
    match kind:
        case Steps():
            return b.icmp_signed("==", iterator.parts[2], code.i64(0))
        case Items(sequence, type_):
            at, *parts = iterator.parts
            length = sequences.length(code, Value(sequence, tuple(parts)))
            # A list may have become shorter; an index that counts down is -1 at the end.
            return (
                b.icmp_unsigned(">=", at, length) if type_ >= 3 else b.icmp_signed(">=", at, length)
            )
        case Enumerate(below):
            return ends(code, Value(below, iterator.parts[1:]))
        case Zip():
            bits = [ends(code, one) for one in _below(iterator)]
            ended = bits[0]
            for bit in bits[1:]:
                ended = b.or_(ended, bit)
            return ended
        case _:
            raise NotTranslatedError(f"a loop over {described(kind)}")


def following(code: Code, iterator: Value) -> tuple[Value, Value]:
    """Return an iterator that isn't at its end one item further on, and that item."""
    b, kind, one = code.builder, iterator.kind, code.i64(1)
    match kind:
        case Steps():
            value, step, left = iterator.parts
            return (
                Value(STEPS, (b.add(value, step), step, b.sub(left, one))),
                Value(INT, (value,)),
            )
        case Items(sequence, type_):
            at, *parts = iterator.parts
            item = elements.item(code, Value(sequence, tuple(parts)), Value(INT, (at,)))
            moved = b.sub(at, one) if type_ >= 3 else b.add(at, one)
            return Value(kind, (moved, *parts)), item
        case Enumerate(below):
            inner, item = following(code, Value(below, iterator.parts[1:]))
            index = iterator.parts[0]
            moved = Value(kind, (b.add(index, one), *inner.parts))
            return moved, tuple_of([Value(INT, (index,)), item])
        case _:
            pairs = [following(code, below) for below in _below(iterator)]
            return _joined([pair[0] for pair in pairs]), tuple_of([pair[1] for pair in pairs])


def state(iterator: Value) -> list[Any]:
    """Return the words that say where an iterator is, as `csrc/loops/iterator.c` reads them."""
    match iterator.kind:
        case Steps():
            return [iterator.parts[0], iterator.parts[2]]
        case Items():
            return [iterator.parts[0]]
        case Enumerate(below):
            return [iterator.parts[0], *state(Value(below, iterator.parts[1:]))]
        case Zip():
            return [word for below in _below(iterator) for word in state(below)]
        case _:
            return []


def is_iterator(kind: Kind) -> bool:
    return isinstance(kind, (Steps, Items, Enumerate, Zip))
