"""The way around a region's items: its site before them; they run if it declines.

In: a region and the items of its function. Out: items, verified. `encode` says how sites are
called.
"""

from __future__ import annotations

from typing import Any

from bytecode import Label as Target

from .convention import ROOM
from .emitter import Emitter
from .ir import Region
from .items import Instr, Location
from .opcodes import VALUE
from .program import CELL, GLOBAL
from .verify import verify


class Writer:
    """Collects a function's items, with the sites of regions in front of theirs."""

    def __init__(self) -> None:
        self.out: list[Any] = []
        self._open: list[tuple[int, Target, Location | None]] = []

    def begin_region(self, region: Region, name: str, items: list[Any]) -> None:
        """Put a region's site before its items."""
        emit, done = Emitter(region.location), Target()
        _emit_region(emit, region, name, done, _other_lines(region, items))
        self.out += emit.out
        self._open.append((region.stop, done, items[region.stop - 1].location))
        _verify_region(region, emit, done)

    def end_region(self, at: int) -> None:
        """End the ways around a region's items, if they end here."""
        if self._open and self._open[0][0] == at:
            emit = Emitter(self._open[0][2])
            emit.end_of_call()
            self.out += [*emit.out, *(done for _, done, _ in self._open)]
            self._open.clear()


def _other_lines(region: Region, items: list[Any]) -> list[Location]:
    """Return a location on each line that a region comes to after its first, in that order."""
    lines: list[Location] = []
    line = None if region.location is None else region.location.lineno
    for item in items[region.start : region.stop]:
        at = item.location if isinstance(item, Instr) else None
        if at is not None and at.lineno not in (None, line):
            lines.append(at)
            line = at.lineno
    return lines


def _emit_region(
    emit: Emitter, region: Region, name: str, done: Target, lines: list[Location]
) -> None:
    """Call a region's site and store its outputs; if it declines, go on to the original items.

    Nothing that is loaded here can fail: the site looks globals and the contents of cells up, and
    declines if one has no value, so that the original code fails where it should. Each line gets
    its event, as tracers want them: the first one with the site, where it stays if that declines.
    """
    absent = Target()
    emit.load_site(name, absent)
    given = 0
    for load, origin in zip(region.loads, region.program.origins, strict=True):
        if origin == GLOBAL:
            continue
        if isinstance(load, int):
            emit.copy(load + 2 + given)
        elif origin == CELL:
            emit.load_same_cell(load)
        else:
            emit.put(load)
        given += 1
    emit.call(given)
    emit.copy(1)
    emit.jump_if_none(absent)
    for location in lines:
        emit.location = location
        emit.op("NOP")
    _emit_outputs(emit, region)
    emit.jump(done)
    emit.location = region.location
    emit.out.append(absent)
    emit.pop()


def _emit_outputs(emit: Emitter, region: Region) -> None:
    """Put what a region's site returned in the place of its operands, and into locals."""
    n, count = region.size, len(region.program.outputs)
    if n:
        emit.op("SWAP", n + 1)
        emit.pop(n)
    if count == 0:
        emit.pop()
    elif region.program.is_packed:
        emit.op("UNPACK_SEQUENCE", count)
    for local in region.stores:
        emit.op("STORE_FAST", local)
    for local in region.resets:
        emit.op("LOAD_CONST", None)
        emit.op("STORE_FAST", local)


def _verify_region(region: Region, emit: Emitter, done: Target) -> None:
    """Verify what stands before a region's items, with a stand-in for these."""
    values = len(region.program.outputs) - len(region.stores)
    emit.pop(region.size)
    for _ in range(values):
        emit.op("LOAD_CONST", None)
    room = len(region.loads) + len(region.program.outputs) + ROOM
    entry = (VALUE,) * region.reach
    locals_ = {*region.stores, *region.resets}
    verify([*emit.out, done], entry, region.size, room, left=values, locals_=locals_)
