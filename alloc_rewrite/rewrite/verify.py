"""Check rewritten items before they become code.

In: the IR and the items that go to the encoder. Out: nothing, or `RewriteError`. It must not
trust the passes: it looks at the instructions alone.
"""

from __future__ import annotations

from types import CodeType
from typing import Any

from bytecode import Instr, Label, TryBegin, TryEnd

from ..errors import RewriteError
from .ir import IR, symbolic_stacks
from .opcodes import NULL_LOCAL


def verify(ir: IR, items: list[Any], stacksize: int) -> None:
    """Raise RewriteError unless the items are sound and keep the originals as they were.

    Checked over all paths: the stack never underflows, and has one depth at each item; an
    original item finds the depth it always had; no slot that may be NULL is copied, popped
    or dropped as a value, and only a NULL goes into the local that takes NULLs; the deepest
    stack fits; every jump and try mark has its label.
    """
    labels = {item for item in items if isinstance(item, Label)}
    for item in items:
        target = item.target if isinstance(item, TryBegin) else getattr(item, "arg", None)
        if isinstance(target, Label) and target not in labels:
            raise RewriteError("a jump leads nowhere")
    stacks = symbolic_stacks(items)
    before = {id(item): stack for item, stack in zip(ir.items, ir.stacks, strict=True)}
    for i, (item, stack) in enumerate(zip(items, stacks, strict=True)):
        if stack is None or isinstance(item, Label | TryBegin | TryEnd):
            continue
        if len(stack) > stacksize:
            raise RewriteError(f"item {i} needs a stack deeper than {stacksize}")
        original = before.get(id(item))
        if original is not None:
            if len(original) != len(stack):
                raise RewriteError(f"stack depth at item {i} changed")
            continue
        _check_nulls(i, item, stack)


def _check_nulls(i: int, item: Instr, stack: tuple[Any, ...]) -> None:
    def may_be_null(depth: int) -> bool:
        if len(stack) < depth:
            raise RewriteError(f"stack underflow at item {i}")
        return isinstance(stack[-depth], tuple)

    if item.name == "COPY" and may_be_null(int(item.arg)):  # type: ignore[call-overload]
        raise RewriteError(f"item {i} would copy a NULL")
    if item.name == "POP_TOP" and may_be_null(1):
        raise RewriteError(f"item {i} would drop a NULL as a value")
    if item.name == "STORE_FAST" and item.arg == NULL_LOCAL and not may_be_null(1):
        raise RewriteError(f"item {i} would keep a value as NULL")


def verify_code(new: CodeType, old: CodeType) -> None:
    """Raise RewriteError unless the code's outside is the same but for the cells."""
    for name in ("co_argcount", "co_posonlyargcount", "co_kwonlyargcount", "co_name",
                 "co_qualname", "co_filename", "co_firstlineno", "co_flags", "co_cellvars"):
        if getattr(new, name) != getattr(old, name):
            raise RewriteError(f"{name} changed")
    for name in ("co_varnames", "co_freevars"):
        kept = getattr(new, name)[: len(getattr(old, name))]
        if kept != getattr(old, name):
            raise RewriteError(f"{name} changed")
