"""Check what is put in the place of an operation or a call before it becomes code.

In: the items that stand there now, and the stack they find. Out: nothing, or `RewriteError`. It
must not trust the passes: it looks at the instructions alone. Items outside the places are the
original ones, so that a function is sound if each of its places is.
"""

from __future__ import annotations

from collections.abc import Collection
from types import CodeType
from typing import Any

from bytecode import Label

from ..errors import RewriteError
from .ir import symbolic_stacks
from .items import Instr
from .opcodes import FUNCTION, NULL_LOCAL, VALUE, Stack, taken_by


def verify(
    items: list[Any],
    entry: Stack,
    taken: int,
    room: int,
    *,
    left: int = 1,
    locals_: Collection[str] = (),
) -> None:
    """Raise RewriteError unless the items are sound for a stack that ends with `entry`.

    Checked over all paths: the stack never goes below what is `taken` from it, and in the end
    `left` values have taken the place of those; each item finds one depth, not over
    `room` above the entry; no slot that may be NULL is copied, or popped as a value, and nothing
    but a NULL goes into the local that takes NULLs; every jump stays inside; nothing is out of
    reach.

    Parameters
    ----------
    items : list
        Instructions and labels; the last is the label where all paths end.
    entry : tuple
        Labels of the stack's top slots on entry (see `opcodes`).
    taken : int
        Number of slots, from the top, that the place consumes.
    room : int
        Number of slots that it may use above the entry.
    left : int
        Number of values that it leaves.
    locals_ : collection of str
        The locals that it may store values in.
    """
    labels = {item for item in items if type(item) is Label}
    for item in items:
        if type(item) is Instr and item.is_jump and item.arg not in labels:
            raise RewriteError("a jump leads out of its place")
    stacks = symbolic_stacks(items, entry)
    for i, (item, stack) in enumerate(zip(items, stacks, strict=True)):
        if stack is None:
            raise RewriteError(f"item {i} is never reached")
        if len(stack) > len(entry) + room:
            raise RewriteError(f"item {i} needs more than {room} slots of the stack")
        if type(item) is Instr:
            _check_depth(i, item, stack, len(entry) - taken)
            if item.name in _LOOKED_AT:
                _check_nulls(i, item, stack, locals_)
    expected = entry[: len(entry) - taken] + (VALUE,) * left
    if not isinstance(items[-1], Label) or stacks[-1] != expected:
        raise RewriteError(f"it leaves {stacks[-1]} on the stack, not {expected}")


def _check_depth(i: int, item: Instr, stack: Stack, floor: int) -> None:
    pops = taken_by(item)
    if item.name == "COPY":
        pops = 0
    if len(stack) - pops < floor:
        raise RewriteError(f"item {i} takes what is not its own from the stack")


_LOOKED_AT = frozenset({"COPY", "POP_TOP", "STORE_FAST"})


def _check_nulls(i: int, item: Instr, stack: tuple[Any, ...], locals_: Collection[str]) -> None:
    def may_be_null(depth: int) -> bool:
        if len(stack) < depth:
            raise RewriteError(f"stack underflow at item {i}")
        return stack[-depth] not in (VALUE, FUNCTION)

    if item.name == "COPY" and may_be_null(item.arg):
        raise RewriteError(f"item {i} would copy a NULL")
    if item.name == "POP_TOP" and may_be_null(1):
        raise RewriteError(f"item {i} would drop a NULL as a value")
    if item.name != "STORE_FAST":
        return
    if item.arg in locals_ and not may_be_null(1):
        return
    if item.arg != NULL_LOCAL or not may_be_null(1):
        raise RewriteError(f"item {i} would keep a value in a local")


_SAME = (
    "co_argcount",
    "co_posonlyargcount",
    "co_kwonlyargcount",
    "co_name",
    "co_qualname",
    "co_filename",
    "co_firstlineno",
    "co_flags",
    "co_cellvars",
    "co_freevars",
)


def verify_code(new: CodeType, old: CodeType) -> None:
    """Raise RewriteError unless only the body of the code and new locals differ."""
    for name in _SAME:
        if getattr(new, name) != getattr(old, name):
            raise RewriteError(f"{name} changed")
    name = "co_varnames"
    if getattr(new, name)[: len(getattr(old, name))] != getattr(old, name):
        raise RewriteError(f"{name} changed")
