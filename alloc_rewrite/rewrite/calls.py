"""Find the calls: places where a callable can be swapped for its arena-backed equivalent.

In: an `IR`. Out: a list of `Call`, in order. It must not know what is called.
"""

from __future__ import annotations

from bytecode import Instr

from .ir import IR, Call
from .opcodes import FUNCTION, NULL_FIRST, VALUE, Label, Stack, call_size, keyword_names


def find_calls(ir: IR) -> list[Call]:
    """Return the calls whose stack layout is known for certain."""
    found = []
    for i, instr, stack in ir.instructions():
        call = None
        if instr.name == "CALL_FUNCTION_EX":
            call = _spread_call(i, instr, stack)
        elif call_size(instr) is not None:
            call = _explicit_call(ir, i, instr, stack)
        if call is not None:
            found.append(call)
    return found


def _explicit_call(ir: IR, at: int, instr: Instr, stack: Stack) -> Call | None:
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


def _spread_call(at: int, instr: Instr, stack: Stack) -> Call | None:
    flags = instr.arg
    if not isinstance(flags, int):
        return None  # since 3.14 a NULL may stand for the mapping
    size = 1 + (flags & 1)
    if len(stack) < size + 2:
        return None
    lower, upper = stack[-size - 2], stack[-size - 1]
    loads: tuple[int, ...]
    if _is_pair(lower, upper):
        loads = (lower[1],)
    elif _is_null(lower if NULL_FIRST else upper):
        loads = ()
    else:
        return None
    return Call(at, at + 1, "spread", size, (), loads, instr.location)


def _is_null(label: Label) -> bool:
    return isinstance(label, tuple) and label[0] == "null"


def _is_pair(lower: Label, upper: Label) -> bool:
    return isinstance(lower, tuple) and lower[0] == "method" and lower == upper
