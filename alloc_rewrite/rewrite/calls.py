"""Find the calls: places where a callable can be swapped for its arena-backed equivalent.

In: an `IR`. Out: a list of `Call`, in order. It must not know what is called.
"""

from __future__ import annotations

from typing import Any

from .ir import IR, Call
from .items import Instr
from .opcodes import (
    FUNCTION,
    NULL_FIRST,
    VALUE,
    Label,
    attribute_name,
    call_size,
    keyword_names,
    spread_call,
    taken_by,
)


def find_calls(ir: IR) -> list[Call]:
    """Return the calls whose slots on the stack are known for certain."""
    found = []
    for i, instr, _ in ir.instructions():
        call = None
        if instr.name == "CALL_FUNCTION_EX":
            call = _spread_call(ir, i, instr)
        elif call_size(instr) is not None:
            call = _explicit_call(ir, i, instr)
        if call is not None:
            found.append(call)
    return found


def callee_name(ir: IR, start: int, size: int) -> str:
    """Return how the code names what it calls at item `start`, with so many arguments.

    It is dotted, as ``np.linalg.norm``; a method of something that was computed begins with the
    dot. Empty if what is called was computed itself.
    """
    stack = ir.stacks[start] or ()
    depth = len(stack) - size - 2  # where the callable lies
    if depth < 0:
        return ""
    lower, upper = stack[depth], stack[depth + 1]
    if _is_pair(lower, upper):
        arg = ir.items[lower[1]].arg
        name = arg[-1] if isinstance(arg, tuple) else arg
        return f"{_dotted(ir, lower[1] - 1)}.{name}"
    null = lower if NULL_FIRST else upper
    if not _is_null(null):
        return ""
    last: int = null[1]
    if NULL_FIRST:  # the callable comes after it
        last += ir.items[last].name == "PUSH_NULL"
        while getattr(ir.items[last + 1], "name", "") == "LOAD_ATTR":
            last += 1
        floors = [_floor(ir, at) for at in range(last + 1, start)]
        return _dotted(ir, last) if min(floors, default=depth + 2) >= depth + 2 else ""
    return _dotted(ir, last - (ir.items[last].name == "PUSH_NULL"))


def _dotted(ir: IR, last: int) -> str:
    """Return the name that the loads up to item `last` load; empty if they load none."""
    parts: list[str] = []
    while getattr(ir.items[last], "name", "") in ("LOAD_ATTR", "LOAD_METHOD"):
        parts.append(attribute_name(ir.items[last]))
        last -= 1
    load = ir.items[last]
    if not isinstance(load, Instr) or not load.name.startswith(_LOADS):
        return ""
    arg: Any = load.arg
    parts.append(str(arg[1] if load.name == "LOAD_GLOBAL" else getattr(arg, "name", arg)))
    return ".".join(reversed(parts))


def _floor(ir: IR, at: int) -> int:
    """Return how much of the stack an item leaves as it is."""
    item, stack = ir.items[at], ir.stacks[at]
    taken = taken_by(item) if isinstance(item, Instr) else 0
    return len(stack or ()) - (0 if taken and item.name == "COPY" else taken)


_LOADS = ("LOAD_FAST", "LOAD_GLOBAL", "LOAD_NAME", "LOAD_DEREF")


def _explicit_call(ir: IR, at: int, instr: Instr) -> Call | None:
    size = call_size(instr)
    assert size is not None
    group = keyword_names(ir.items, at)
    if group is None:
        return None
    start, names = group
    before = ir.stacks[start]
    if before is None or len(before) < size + 2:
        return None
    lower, upper = before[-size - 2], before[-size - 1]
    loads: tuple[int, ...]
    if _is_pair(lower, upper):
        loads = (lower[1],)
    elif _is_null(lower if NULL_FIRST else upper):
        loads = ()
    elif lower == FUNCTION and upper in (VALUE, FUNCTION):
        return Call(start, at + 1, "self", size, names, (), instr.location)
    else:
        return None
    return Call(start, at + 1, "null", size, names, loads, instr.location)


def _spread_call(ir: IR, at: int, instr: Instr) -> Call | None:
    start, size = spread_call(ir.items, at)
    stack = ir.stacks[start]
    if stack is None or len(stack) < size + 2 or stack[-size:] != (VALUE,) * size:
        return None
    lower, upper = stack[-size - 2], stack[-size - 1]
    loads: tuple[int, ...]
    if _is_pair(lower, upper):
        loads = (lower[1],)
    elif _is_null(lower if NULL_FIRST else upper):
        loads = ()
    else:
        return None
    return Call(start, at + 1, "spread", size, (), loads, instr.location)


def _is_null(label: Label) -> bool:
    return isinstance(label, tuple) and label[0] == "null"


def _is_pair(lower: Label, upper: Label) -> bool:
    return isinstance(lower, tuple) and lower[0] == "method" and lower == upper
