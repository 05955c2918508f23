"""Take in ``value or constant``, a choice that needs no branch.

In: items, or a `Scan` that has come to such a choice. Out: the constant, and where the choice ends;
or the node that it is. It must not know where regions begin and end.
"""

from __future__ import annotations

from typing import Any

from .items import Instr
from .opcodes import constant
from .program import CHOICE, CONST
from .symbolic import Scan

#: What stands between the value and the constant: on 3.11, 3.12, 3.13, and from 3.14 on.
_SHAPES = (
    ("JUMP_IF_TRUE_OR_POP",),
    ("COPY", "POP_JUMP_IF_TRUE", "POP_TOP"),
    ("COPY", "TO_BOOL", "POP_JUMP_IF_TRUE", "POP_TOP"),
    ("COPY", "TO_BOOL", "POP_JUMP_IF_TRUE", "NOT_TAKEN", "POP_TOP"),
)


def or_constant(items: list[Any], at: int) -> tuple[tuple[Any], int] | None:
    """Return the constant of `value or constant`, in a tuple, and where its end label stands.

    The value is on top of the stack before item `at`; None if the code there is anything else.
    """
    names = [getattr(item, "name", "") for item in items[at : at + 7]]
    for shape in _SHAPES:
        end = at + len(shape) + 1
        if names[: len(shape)] != list(shape) or end >= len(items):
            continue
        jump = next(item for item in items[at:end] if item.is_jump)
        label, found = items[end], constant(items[end - 1])
        targets = sum(isinstance(item, Instr) and item.arg is label for item in items)
        if found is not None and jump.arg is label and targets == 1:
            return found, end
    return None


def chosen_constant(scan: Scan, instr: Instr) -> bool:
    """Take a number, or a constant where it is zero, as in ``x[: i - 1 or None]``."""
    found = or_constant(scan.ir.items, scan.at)
    if found is None:
        return scan.refuse("a condition needs the value")
    value = scan.pop()
    if value is None:
        return False
    (other,), end = found
    node = scan.add(CHOICE, (value, scan.add(CONST, (), other)))
    scan.at = end
    return scan.push(node)
