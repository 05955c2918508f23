"""Short instruction sequences that mean the same on every version of the interpreter.

In: what to push, call or jump to. Out: instructions of the `bytecode` library, all at one place in
the source.
"""

from __future__ import annotations

import functools
from typing import Any

from bytecode.instr import UNSET, FreeVar

from .items import Instr, Location
from .opcodes import NULL_FIRST, NULL_LOCAL, PY311, PY312, attribute_load


@functools.lru_cache(4096)
def _cell(name: str) -> FreeVar:
    return FreeVar(name)


class Emitter:
    """Collects instructions that all stand at one source location."""

    def __init__(self, location: Location | None) -> None:
        self.out: list[Any] = []
        self.location = location

    def op(self, name: str, arg: Any = UNSET) -> None:
        self.out.append(Instr(name, arg, self.location))

    def put(self, instr: Instr) -> None:
        """Add an instruction, but at this location."""
        self.out.append(Instr(instr.name, instr.arg, self.location))

    def jump_to(self, name: str, target: Any) -> None:
        self.out.append(Instr(name, target, location=self.location))

    def copy(self, depth: int, times: int = 1) -> None:
        for _ in range(times):
            self.op("COPY", depth)

    def sink(self, depth: int) -> None:
        """Move the top of the stack down to `depth`, and what lay above it up by one."""
        for k in range(depth, 1, -1):
            self.op("SWAP", k)

    def pop(self, times: int = 1) -> None:
        for _ in range(times):
            self.op("POP_TOP")

    def load_cell(self, name: str) -> None:
        self.op("LOAD_DEREF", _cell(name))

    def load_same_cell(self, load: Instr) -> None:
        """Push the cell whose content an instruction loads; that never fails."""
        name = "LOAD_CLOSURE" if NULL_FIRST else "LOAD_FAST"
        self.out.append(Instr(name, load.arg, location=self.location))

    def load_content(self, gate: Any, attribute: str) -> None:
        """Push a gate's content (see `Style`): its attribute, or what it returns."""
        if attribute:
            self.load_constant(gate)
            self.out.append(attribute_load(attribute, self.location))
            return
        if NULL_FIRST:
            self.op("PUSH_NULL")
        self.load_constant(gate)
        if not NULL_FIRST:
            self.op("PUSH_NULL")
        self.call(0)

    def load_constant(self, value: Any) -> None:
        """Push an object that no template may keep."""
        self.out.append(Instr("LOAD_CONST", value, location=self.location))

    def load_site(self, name: str, absent: Any) -> None:
        """Push a site, ready to be called; jump to `absent`, with None on top, if it is gone.

        The cell is read once: another thread may empty it at any time.
        """
        self.load_cell(name)
        self.copy(1)
        self.jump_if_none(absent)
        self.op("PUSH_NULL")
        if NULL_FIRST:
            self.op("SWAP", 2)

    def jump_if_none(self, target: Any) -> None:
        """Jump if the top of the stack, which is popped, is None.

        The compiler lets NOT_TAKEN follow a conditional jump since 3.14, for the branch events of
        `sys.monitoring`. Here it is left out: a site is no branch of the user's code.
        """
        self.jump_to("POP_JUMP_FORWARD_IF_NONE" if PY311 else "POP_JUMP_IF_NONE", target)

    def jump_if_not_none(self, target: Any) -> None:
        """Do the reverse."""
        self.jump_to("POP_JUMP_FORWARD_IF_NOT_NONE" if PY311 else "POP_JUMP_IF_NOT_NONE", target)

    def jump(self, target: Any) -> None:
        self.jump_to("JUMP_FORWARD", target)

    def call(self, size: int, names: tuple[str, ...] = ()) -> None:
        """Call with `size` arguments, the last ones under the given names."""
        if names and NULL_FIRST:
            self.op("KW_NAMES", names)
        if names and not NULL_FIRST:
            self.op("LOAD_CONST", names)
            self.op("CALL_KW", size)
            return
        if PY311:
            self.op("PRECALL", size)
        self.op("CALL", size)

    def end_of_call(self) -> None:
        """Separate a call from the label after it.

        On 3.12 the label would count as a new line when an inlined Python function returns.
        """
        if PY312:
            self.op("NOP")

    def drop_null(self) -> None:
        """Take a NULL off the stack, which POP_TOP must not do."""
        self.op("STORE_FAST", NULL_LOCAL)
