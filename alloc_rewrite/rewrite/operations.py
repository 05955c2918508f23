"""Find the operations: single operators, each of which a site may do.

In: an `IR`. Out: a list of `Operation`, in order. It must not know what sites do with them.
"""

from __future__ import annotations

from typing import Any

from .ir import IR, Operation
from .items import Instr
from .opcodes import (
    MAY_OPERATE,
    PY311,
    QUICK_SLICES,
    VALUE,
    constant,
    is_slicing,
    is_truth_test,
    is_unpacking,
    operator_of,
)


def find_operations(ir: IR, *, extras: bool = False) -> list[Operation]:
    """Return the operators that may make an array.

    Left out, as no array data comes of them: a subscript by a constant or a slice (an element
    or a view), as the instruction before tells, and a comparison whose truth is asked for.
    With `extras` come slices, and the places where a sequence is unpacked: the instruction
    stays, after an empty operation.
    """
    items = ir.items
    found = []
    for i, instr in enumerate(items):
        if type(instr) is not Instr or instr.name not in MAY_OPERATE:
            continue
        stack = ir.stacks[i]
        if stack is None:
            continue
        operator = operator_of(instr)
        if operator is None:
            if extras and is_unpacking(instr) and stack[-1:] == (VALUE,):
                found.append(Operation(i, i, "unpack", 1, instr.location, instr.arg))
            elif extras and is_slicing(instr) and stack[-3:] == (VALUE,) * 3 and not QUICK_SLICES:
                found.append(Operation(i, i + 1, "slice", 3, instr.location))
            continue
        name, operands = operator
        if len(stack) < operands or not all(type(s) is str for s in stack[-operands:]):
            continue
        if name == "getitem" and _is_plain_index(items, i - 1, extras):
            continue
        if i + 1 < len(items) and is_truth_test(items[i + 1]):
            continue
        found.append(Operation(i, i + 1, name, operands, instr.location))
    return found


def _is_plain_index(items: list[Any], at: int, extras: bool) -> bool:
    if not isinstance(items[at], Instr):
        return False
    if items[at].name == "BUILD_SLICE":
        return not extras or _is_quick_slice(items, at)
    if items[at].name == "BUILD_TUPLE":
        return QUICK_SLICES and _is_of_slices(items, at)
    return constant(items[at]) is not None


def _is_quick_slice(items: list[Any], at: int) -> bool:
    """Whether item `at` makes a slice that the interpreter takes in no more time than a site.

    On 3.11 it does so if a bound is left out: ``x[:n]`` took 45 ns there, and 50 ns with a site.
    """
    if not PY311:
        return QUICK_SLICES
    return items[at].arg == 2 and (None,) in map(constant, items[at - 2 : at])


def _is_of_slices(items: list[Any], at: int) -> bool:
    """Whether item `at` makes a tuple of constants and of slices with simple bounds."""
    left, at = items[at].arg, at - 1
    while left and isinstance(items[at], Instr):
        if items[at].name == "BUILD_SLICE":
            bounds = items[at - items[at].arg : at]
            if not all(isinstance(b, Instr) and b.name.startswith("LOAD_") for b in bounds):
                return False
            at -= len(bounds)
        elif constant(items[at]) is None:
            return False
        left, at = left - 1, at - 1
    return not left
