"""Find ``value or constant``, a choice that needs no branch.

In: items. Out: the constant, and where the choice ends. It must not know regions.
"""

from __future__ import annotations

from typing import Any

from .items import Instr
from .opcodes import constant

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
