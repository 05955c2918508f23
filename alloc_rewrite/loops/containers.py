"""Instructions that build, take apart and store into tuples, lists, slices and arrays.

In: the translator, an instruction, and what is known before it. Out: code, and what is known after.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from bytecode.instr import Intrinsic1Op

from ..rewrite.items import Instr
from . import arrays, elements, lazy, operators, views
from .branches import is_none
from .code import NotTranslatedError, Value, described, tuple_of
from .kinds import BOOL, Display, List, Tuple
from .states import State

if TYPE_CHECKING:
    from .translate import Translator


def settle(t: Translator, state: State) -> None:
    """Compute what lies on the stack, before something is stored that it may depend on."""
    state.stack[:] = [lazy.materialised(t, value) for value in state.stack]


def store_subscr(t: Translator, item: Instr, state: State) -> None:
    index, container, value = state.stack.pop(), state.stack.pop(), state.stack.pop()
    settle(t, state)
    if arrays.is_fancy(index):
        arrays.scatter(t, container, index, value)
    else:
        elements.store(t, container, index, value)


def unpack(t: Translator, item: Instr, state: State) -> None:
    value = lazy.materialised(t, state.stack.pop())
    state.stack.extend(reversed(elements.unpacked(t.code, value, cast(int, item.arg))))


def build_slice(t: Translator, item: Instr, state: State) -> None:
    n = cast(int, item.arg)
    values = state.stack[len(state.stack) - n :]
    del state.stack[len(state.stack) - n :]
    step = values[2] if n == 3 else t.code.constant(None)
    state.stack.append(views.slice_of(values[0], values[1], step))


def binary_slice(t: Translator, item: Instr, state: State) -> None:
    stop, start, container = (state.stack.pop() for _ in range(3))
    index = views.slice_of(start, stop, t.code.constant(None))
    state.stack.append(elements.item(t.code, container, index))


def store_slice(t: Translator, item: Instr, state: State) -> None:
    stop, start, container, value = (state.stack.pop() for _ in range(4))
    settle(t, state)
    elements.store(t, container, views.slice_of(start, stop, t.code.constant(None)), value)


def build_tuple(t: Translator, item: Instr, state: State) -> None:
    n = cast(int, item.arg)
    values = state.stack[len(state.stack) - n :]
    del state.stack[len(state.stack) - n :]
    state.stack.append(tuple_of([lazy.materialised(t, value) for value in values]))


def build_list(t: Translator, item: Instr, state: State) -> None:
    build_tuple(t, item, state)
    value = state.stack.pop()
    assert isinstance(value.kind, Tuple)
    state.stack.append(value._replace(kind=Display(value.kind.items)))


def list_extend(t: Translator, item: Instr, state: State) -> None:
    """Put the items of a tuple into a list as it is written."""
    value = state.stack.pop()
    before = state.stack[-cast(int, item.arg)]
    if not isinstance(value.kind, Tuple) or not isinstance(before.kind, Display):
        raise NotTranslatedError("a list is extended")
    joined = tuple_of([*elements.split(before), *elements.split(value)])
    assert isinstance(joined.kind, Tuple)
    state.stack[-cast(int, item.arg)] = joined._replace(kind=Display(joined.kind.items))


def list_to_tuple(t: Translator, item: Instr, state: State) -> None:
    """Make a tuple of a list as it is written, as `f(x, *args)` does."""
    value = state.stack.pop()
    if item.arg is not Intrinsic1Op.INTRINSIC_LIST_TO_TUPLE or not isinstance(value.kind, Display):
        raise NotTranslatedError("the instruction CALL_INTRINSIC_1")
    state.stack.append(value._replace(kind=Tuple(value.kind.items)))


def list_append(t: Translator, item: Instr, state: State) -> None:
    """Append a number to the list of a comprehension."""
    value = state.stack.pop()
    target = state.stack[-cast(int, item.arg)]
    if not isinstance(target.kind, List):
        raise NotTranslatedError(f"a comprehension appends to {described(target.kind)}")
    t.code.append(target.parts[0], value)


def is_(t: Translator, item: Instr, state: State) -> None:
    y, x = state.stack.pop(), state.stack.pop()
    if x.kind == y.kind == BOOL:  # there is one object for each
        sign = "ne" if item.arg else "eq"
        state.stack.append(operators.compare(t.code, sign, x, y))
        return
    a, b = is_none(x), is_none(y)
    if not (a or b):
        raise NotTranslatedError("`is` of anything but None and truth values")
    state.stack.append(t.code.constant((a and b) != bool(item.arg)))


def contains(t: Translator, item: Instr, state: State) -> None:
    container, x = state.stack.pop(), state.stack.pop()
    if type(container.constant) is frozenset:  # `x in {2, 3}`
        container = tuple_of([t.code.constant(item) for item in container.constant])
    if not isinstance(container.kind, Tuple) or not x.number.is_integer:
        raise NotTranslatedError(f"`in` with {described(container.kind)}")
    b = t.code.builder
    found = t.code.constant(False).parts[0]
    for one in elements.unpacked(t.code, container, len(container.kind.items)):
        found = b.or_(found, operators.compare(t.code, "eq", x, one).parts[0])
    state.stack.append(Value(BOOL, (b.not_(found) if item.arg else found,)))
