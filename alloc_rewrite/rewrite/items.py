"""What a function's code consists of once it is decoded: instructions, and where they come from.

In: names of instructions, and arguments in the form that the `bytecode` library gives them. Out:
items with plain attributes, which the passes read many times. Labels, marks of try blocks, cells
and the enumerations of operators are the library's. It must not know what instructions do.
"""

from __future__ import annotations

import dis
from typing import Any, NamedTuple

from bytecode.instr import (
    BITFLAG2_OPCODES,
    BITFLAG_OPCODES,
    DUAL_ARG_OPCODES,
    HAS_JUMP,
    IS_INSTR_FINAL,
    UNSET,
)

_entries: Any = dis._inline_cache_entries  # type: ignore[attr-defined]
#: Code units that follow an instruction, by opcode.
CACHES: dict[int, int] = (
    {dis.opmap[name]: n for name, n in _entries.items() if name in dis.opmap}
    if hasattr(_entries, "items")  # of a dict, or since 3.15 of one that is frozen
    else dict(enumerate(_entries))
)
#: The opcodes whose instructions have an argument.
HAS_ARGUMENT = frozenset(getattr(dis, "hasarg", range(dis.HAVE_ARGUMENT, 256)))
CONST, LOCAL, LOCALS, CELL, NAME, FLAGGED, TWICE_FLAGGED, COMPARE = range(8)
#: What the arguments of instructions are, by opcode, if they are more than numbers.
FORMS = {
    **dict.fromkeys(dis.hasconst, CONST),
    **dict.fromkeys(dis.haslocal, LOCAL),
    **dict.fromkeys(dis.hasfree, CELL),
    **dict.fromkeys(dis.hasname, NAME),
    **dict.fromkeys(dis.hascompare, COMPARE),
    **dict.fromkeys(DUAL_ARG_OPCODES, LOCALS),
    **dict.fromkeys(BITFLAG_OPCODES & {*dis.hasname}, FLAGGED),
    **dict.fromkeys(BITFLAG2_OPCODES, TWICE_FLAGGED),
}
#: By name: the opcode, whether it may jump, and whether what follows is only reached by jumps.
_FACTS = {
    name: (opcode, opcode in HAS_JUMP, opcode in IS_INSTR_FINAL)
    for name, opcode in dis.opmap.items()
}


class Location(NamedTuple):
    """A place in the source; None for what is not known."""

    lineno: int | None
    end_lineno: int | None
    col_offset: int | None
    end_col_offset: int | None


class Instr:
    """An instruction; its jump leads to a label."""

    __slots__ = ("arg", "is_final", "is_jump", "location", "name", "opcode")

    def __init__(self, name: str, arg: Any = UNSET, location: Location | None = None) -> None:
        self.name = name
        self.arg = arg
        self.location = location
        self.opcode, self.is_jump, self.is_final = _FACTS[name]

    @property
    def lineno(self) -> int | None:
        return None if self.location is None else self.location.lineno

    def __repr__(self) -> str:
        return f"<{self.name}{'' if self.arg is UNSET else f' {self.arg!r}'}>"
