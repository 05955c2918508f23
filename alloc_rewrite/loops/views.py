"""Slices of arrays: where a view begins, its shape and its strides.

In: a `Code`, an array, indices. Out: a view, as a value. Nothing is computed of its items.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir

from .code import Code, NotTranslatedError, Value, described, tuple_of
from .kinds import MOST_AXES, Array, Kind, Known, Number, Slice
from .scratch import array_of, known_words, product_of

_NONE = Known(None)


def slice_of(start: Value, stop: Value, step: Value) -> Value:
    """Return a slice."""
    for value in (start, stop, step):
        is_integer = isinstance(value.kind, Number) and value.kind.is_integer
        if not is_integer and value.kind != _NONE:
            raise NotTranslatedError(f"a slice with {described(value.kind)}")
    parts = tuple(part for value in (start, stop, step) for part in value.parts)
    known = (start.constant, stop.constant, step.constant)
    return Value(Slice((start.kind, stop.kind, step.kind)), parts, known)


def constant(code: Code, value: Any) -> Value:
    """Return a value for an object that is known; slices too, and tuples with slices."""
    if type(value) is slice:
        return slice_of(*(code.constant(part) for part in (value.start, value.stop, value.step)))
    if type(value) is tuple:
        return tuple_of([constant(code, item) for item in value])
    return code.constant(value)


def _parts(code: Code, value: Value) -> list[Any]:
    """Return the words of a slice's start, stop and step, with 64 bits; None for None."""
    assert isinstance(value.kind, Slice)
    out: list[Any] = []
    at = 0
    for kind in value.kind.items:
        if isinstance(kind, Number):
            out.append(code.widened(Value(kind, (value.parts[at],))))
            at += 1
        else:
            out.append(None)
    return out


def _clamped(code: Code, word: Any, length: Any, low: int) -> Any:
    """Return a bound of a slice as Python adjusts it: counted from the end, and inside."""
    b = code.builder
    zero = code.i64(0)
    word = b.select(b.icmp_signed("<", word, zero), b.add(word, length), word)
    least = code.i64(low)
    word = b.select(b.icmp_signed("<", word, least), least, word)
    most = length if low == 0 else b.sub(length, code.i64(1))
    return b.select(b.icmp_signed(">", word, most), most, word)


def bounds(code: Code, value: Value, length: Any) -> tuple[Any, Any, Any]:
    """Return where a slice of so many items begins, how many it takes, and its step.

    One that takes none begins with the first item, as NumPy has it.
    """
    b = code.builder
    start, stop, step = _parts(code, value)
    step = code.i64(1) if step is None else step
    known_step = known_words((step,))
    if known_step == (0,):
        raise NotTranslatedError("a slice with step 0")
    if known_step is None:
        code.leave_if(b.icmp_signed("==", step, code.i64(0)))
        code.leave_if(b.icmp_signed("==", step, code.i64(-(2**63))))
    given = tuple(word for word in (start, stop, step, length) if word is not None)
    if known_words(given) is not None:
        low, high = (None if word is None else word.constant for word in (start, stop))
        numbers = range(*slice(low, high, step.constant).indices(length.constant))
        first = numbers.start if len(numbers) else 0
        return code.i64(first), code.i64(len(numbers)), step
    if known_step is None:
        is_up = b.icmp_signed(">", step, code.i64(0))
        up, down = (_ends(code, start, stop, length, is_up=up) for up in (True, False))
        first, last = (b.select(is_up, *both) for both in zip(up, down, strict=True))
        distance = b.select(is_up, b.sub(last, first), b.sub(first, last))
        size = b.select(is_up, step, b.neg(step))
    else:
        first, last = _ends(code, start, stop, length, is_up=known_step[0] > 0)
        distance = b.sub(last, first) if known_step[0] > 0 else b.sub(first, last)
        size = code.i64(abs(known_step[0]))
    zero, one = code.i64(0), code.i64(1)
    count = distance
    if known_words((size,)) != (1,):
        count = b.add(b.sdiv(b.sub(distance, one), size), one)
    count = b.select(b.icmp_signed("<=", distance, zero), zero, count)
    is_known = isinstance(first, ir.Constant) and first.constant == 0
    first = first if is_known else b.select(_is_empty(code, count), zero, first)
    return first, count, step


def _ends(code: Code, start: Any, stop: Any, length: Any, *, is_up: bool) -> tuple[Any, Any]:
    """Return a slice's first position, and the one where it ends; None is what is left out."""
    low = 0 if is_up else -1
    first, last = (
        None if word is None else _clamped(code, word, length, low) for word in (start, stop)
    )
    if is_up:
        return code.i64(0) if first is None else first, length if last is None else last
    end = code.builder.sub(length, code.i64(1))
    return end if first is None else first, code.i64(-1) if last is None else last


def _is_empty(code: Code, count: Any) -> Any:
    return code.builder.icmp_signed("==", count, code.i64(0))


def _stepped(code: Code, stride: Any, step: Any, count: Any) -> Any:
    """Return the stride of a slice of so many items; with none, NumPy takes no step."""
    is_one = known_words((step,)) == (1,)
    wide = stride if is_one else product_of(code, (stride, step))
    if is_one or known_words((count,)) is not None:
        return stride if known_words((count,)) == (0,) else wide
    return code.builder.select(_is_empty(code, count), stride, wide)


def view(code: Code, array: Value, indices: list[Value]) -> Value:
    """Return the view (or the address of the item) that integers, slices and None lead to."""
    kind, b = array.kind, code.builder
    assert isinstance(kind, Array)
    n = kind.ndim
    is_item = is_whole_item(kind, indices)
    indices = _filled(indices, n)
    address = array.parts[1]
    shape, strides = array.parts[2 : 2 + n], array.parts[2 + n :]
    dims: list[Any] = []
    steps: list[Any] = []
    axis = 0
    for index in indices:
        if index.kind == _NONE:
            dims.append(code.i64(1))
            steps.append(code.i64(0))
            continue
        if isinstance(index.kind, Slice):
            first, count, step = bounds(code, index, shape[axis])
            address = _moved(code, address, first, strides[axis])
            dims.append(count)
            steps.append(_stepped(code, strides[axis], step, count))
        else:
            wide = position(code, index, shape[axis])
            address = _moved(code, address, wide, strides[axis])
        axis += 1
    dims += shape[axis:]
    steps += strides[axis:]
    owner = array.parts[0]
    if not is_item:
        owner = b.select(b.icmp_signed("<", owner, code.i64(0)), owner, b.not_(owner))
    if not dims:
        return Value(Array(kind.dtype, 0, kind.writeable, False), (owner, address))
    if len(dims) > MOST_AXES:
        raise NotTranslatedError("an array of many axes")
    return array_of(
        code, kind.dtype, (owner, address), tuple(dims), tuple(steps), writeable=kind.writeable
    )


def _moved(code: Code, address: Any, index: Any, stride: Any) -> Any:
    return code.builder.add(address, product_of(code, (index, stride)))


def transposed(code: Code, array: Value) -> Value:
    """Return `array.T`."""
    kind, b, owner = array.kind, code.builder, array.parts[0]
    assert isinstance(kind, Array)
    owner = b.select(b.icmp_signed("<", owner, code.i64(0)), owner, b.not_(owner))
    n = kind.ndim
    dims, steps = array.parts[2 : 2 + n][::-1], array.parts[2 + n :][::-1]
    place = owner, array.parts[1]
    return array_of(code, kind.dtype, place, dims, steps, writeable=kind.writeable)


def _filled(indices: list[Value], n: int) -> list[Value]:
    """Return indices with slices instead of an ellipsis; None makes an axis."""
    made = sum(index.kind == _NONE for index in indices)
    at = [i for i, index in enumerate(indices) if index.kind == Known(...)]
    if len(at) > 1:
        raise NotTranslatedError("two ellipses")
    if at:
        full = slice_of(*(Value(_NONE, (), None) for _ in range(3)))
        missing = n + made - len(indices) + 1
        if missing < 0:
            raise NotTranslatedError("more indices than axes")
        indices = [*indices[: at[0]], *([full] * missing), *indices[at[0] + 1 :]]
    if len(indices) > n + made:
        raise NotTranslatedError("more indices than axes")
    return indices


def position(code: Code, index: Value, length: Any) -> Any:
    """Return an index counted from the beginning; leave where it is out of range."""
    b = code.builder
    if not index.number.is_integer:
        raise NotTranslatedError(f"an index that is {described(index.kind)}")
    wide = code.widened(index)
    known = known_words((wide, length))
    if known is not None and -known[1] <= known[0] < known[1]:
        return code.i64(known[0] % known[1])
    if type(index.constant) is int:
        wide = wide if index.constant >= 0 else b.add(wide, length)
    else:
        from_end = b.icmp_signed("<", wide, code.i64(0))
        wide = b.select(from_end, b.add(wide, length), wide)
    code.leave_if(b.icmp_unsigned(">=", wide, length))
    return wide


def is_whole_item(array: Kind, indices: list[Value]) -> bool:
    """Whether indices lead to one item."""
    return (
        isinstance(array, Array)
        and len(indices) == array.ndim
        and all(isinstance(index.kind, Number) for index in indices)
    )
