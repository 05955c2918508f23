"""Where in the source a value on the stack was computed.

In: an `IR`, an item, and how deep the value lies before it. Out: the text of the source. It must
not know who asks.
"""

from __future__ import annotations

import linecache

from .ir import IR
from .items import Instr, Location
from .opcodes import taken_by

_LONGEST = 40  # characters that are shown of an expression


def expression_at(ir: IR, at: int, depth: int) -> str:
    """Return the expression of the value that lies `depth` deep on the stack before item `at`.

    Empty if there is no source, or if it doesn't tell.
    """
    place = _producer(ir, at, depth)
    return "" if place is None else _text(ir.code.co_filename, place)


def text_at(ir: IR, at: int) -> str:
    """Return the expression that an instruction computes; empty if there is no source."""
    place = ir.items[at].location
    return _text(ir.code.co_filename, place) if isinstance(place, Location) else ""


def _producer(ir: IR, at: int, depth: int) -> Location | None:
    """Return the location of the instruction that left the value there."""
    before = ir.stacks[at]
    if before is None or depth > len(before):
        return None
    height = len(before) - depth + 1  # of the stack up to the value
    for i in range(at - 1, -1, -1):
        item, stack = ir.items[i], ir.stacks[i]
        if not isinstance(item, Instr) or stack is None or item.is_jump:
            return None  # where paths join, several instructions may have left it
        if len(stack) - taken_by(item) < height:
            return item.location if isinstance(item.location, Location) else None
    return None


def _text(filename: str, place: Location) -> str:
    """Return what stands at a place in the source, in one line and not too long."""
    if place.lineno is None or place.col_offset is None or place.end_col_offset is None:
        return ""
    lines = linecache.getlines(filename)[place.lineno - 1 : place.end_lineno]
    if not lines:
        return ""
    parts = [line.encode() for line in lines]  # columns count bytes
    parts[-1] = parts[-1][: place.end_col_offset]
    parts[0] = parts[0][place.col_offset :]
    text = " ".join(part.decode(errors="replace").strip() for part in parts)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 4]} ..."
