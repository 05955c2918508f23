"""Where control goes on in a kernel: jumps, loops, and choices between kinds of values.

In: a `Translator`, an instruction, and what is known before it. Out: blocks that go on elsewhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from ..rewrite.items import Instr
from ..rewrite.opcodes import ITERATOR_DEPTH, PY311, keyword_names
from . import iteration, operators
from .code import NotTranslatedError, Value, described
from .kinds import UNBOUND, Known, may_be_held
from .states import State, Unit

if TYPE_CHECKING:
    from .translate import Translator

NONE = Known(None)


def jump(t: Translator, item: Instr, index: int, state: State) -> bool:
    """Go on where a jump leads, and after it; return whether control goes elsewhere."""
    name, stack = item.name, state.stack
    target = state.unit.where[item.arg]
    if name == "FOR_ITER":
        _for_iter(t, index, target, state)
        return True
    if name.startswith("JUMP_IF_"):  # 3.11: or pop
        value = stack[-1]
        left = state.copy()
        stack.pop()
        _branch(t, name, value, target, left, index + 1, state)
        return True
    if name.startswith("POP_JUMP"):
        value = stack.pop()
        if name.endswith("NONE"):
            none = is_none(value)
            jumps = none != ("_NOT_NONE" in name)
            t.go(target if jumps else index + 1, state, t.head)
            return True
        _branch(t, name, value, target, state, index + 1, state)
        return True
    if name.startswith("JUMP"):
        if target <= index and not _is_for(t, state.unit, target):
            t.tick(t.code.i64(1))
        t.go(target, state, t.head)
        return True
    raise NotTranslatedError(f"the instruction {name}")


def _is_for(t: Translator, unit: Unit, label: int) -> bool:
    following = unit.items[label + 1]
    return isinstance(following, Instr) and following.name == "FOR_ITER"


def _branch(
    t: Translator, name: str, value: Value, target: int, there: State, on: int, here: State
) -> None:
    b = t.code.builder
    if isinstance(value.kind, Known):
        is_true = bool(value.constant)
        jumps = is_true == ("IF_TRUE" in name)
        t.go(target if jumps else on, there if jumps else here, t.head)
        return
    truth = operators.truth(t.code, value)
    if "IF_FALSE" in name:
        truth = b.not_(truth)
    yes = t.code.function.append_basic_block()
    no = t.code.function.append_basic_block()
    b.cbranch(truth, yes, no)
    b.position_at_end(yes)
    t.go(target, there, t.head)
    b.position_at_end(no)
    t.go(on, here, t.head)


def _for_iter(t: Translator, index: int, target: int, state: State) -> None:
    code, b = t.code, t.code.builder
    stack = state.stack
    assert t.head is not None
    iterator = stack[-ITERATOR_DEPTH]
    ends = iteration.ends(code, iterator)
    end, on = (code.function.append_basic_block() for _ in range(2))
    b.cbranch(ends, end, on)
    b.position_at_end(end)
    if state.unit is t.unit and index == t.loop.start:
        b.branch(t.head.leave)
    else:
        after = state.copy()
        if PY311:
            after.stack.pop()
        else:
            after.stack.append(Value(UNBOUND))
        t.go(target, after, t.head)
    b.position_at_end(on)
    stack[-ITERATOR_DEPTH], item = iteration.following(code, iterator)
    stack.append(item)
    t.go(index + 1, state, t.head)


def choice(t: Translator, item: Instr, index: int, state: State) -> bool:
    """Go on with the lesser or greater of two numbers of different kinds, if that is called."""
    stack, n = state.stack, cast(int, item.arg)
    if item.name != "CALL" or keyword_names(state.unit.items, index) != (index - PY311, ()):
        return False
    callees = [value.kind.value for value in stack[-n - 2 : -n] if isinstance(value.kind, Known)]
    if n != 2 or not any(callee is min or callee is max for callee in callees):
        return False
    x, y = stack[-2:]
    if x.kind == y.kind:
        return False
    sign = "lt" if any(callee is min for callee in callees) else "gt"
    second = operators.compare(t.code, sign, y, x).parts[0]
    del stack[-n - 2 :]
    other = state.copy()
    stack.append(x)
    other.stack.append(y)
    b = t.code.builder
    yes, no = (t.code.function.append_basic_block() for _ in range(2))
    b.cbranch(second, yes, no)
    b.position_at_end(yes)
    t.go(index + 1, other, t.head)
    b.position_at_end(no)
    t.go(index + 1, state, t.head)
    return True


def is_none(value: Value) -> bool:
    """Whether a value is None."""
    if not may_be_held(value.kind):  # another object may come by, or None, next time
        raise NotTranslatedError(f"whether {described(value.kind)} is None")
    return value.kind == NONE
