"""Find the regions: code that a site may do in one go.

In: an `IR`. Out: a list of `Region`, in order. It must not know what sites do with them.
A region is one operator today; it grows to expressions and statements.
"""

from __future__ import annotations

from typing import Any

from bytecode import Instr

from .ir import IR, Region
from .opcodes import VALUE, is_slicing, is_truth_test, is_unpacking, operator_of


def find_regions(ir: IR, *, extras: bool = False) -> list[Region]:
    """Return the operators that may make an array.

    Left out, as no array data comes of them: a subscript by a constant or a slice (an element
    or a view), as the instruction before tells, and a comparison whose truth is asked for.
    With `extras` come slices, and the places where a sequence is unpacked: the instruction
    stays, behind an empty region.
    """
    items = ir.items
    found = []
    for i, instr, stack in ir.instructions():
        operator = operator_of(instr)
        if operator is None:
            if extras and is_unpacking(instr) and stack[-1:] == (VALUE,):
                found.append(Region(i, i, "unpack", 1, instr.location))
            elif extras and is_slicing(instr) and stack[-3:] == (VALUE,) * 3:
                found.append(Region(i, i + 1, "slice", 3, instr.location))
            continue
        name, operands = operator
        if len(stack) < operands or any(not isinstance(s, str) for s in stack[-operands:]):
            continue
        if name == "getitem" and _is_plain_index(items[i - 1], extras):
            continue
        if i + 1 < len(items) and is_truth_test(items[i + 1]):
            continue
        found.append(Region(i, i + 1, name, operands, instr.location))
    return found


def _is_plain_index(before: Any, extras: bool) -> bool:
    if not isinstance(before, Instr):
        return False
    return before.name in ("LOAD_CONST", "LOAD_SMALL_INT") or (
        before.name == "BUILD_SLICE" and not extras
    )
