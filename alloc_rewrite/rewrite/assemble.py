"""From items to a code object: numbers for names and constants, offsets for labels, the tables.

In: the `Bytecode` that `decode` made, changed or not. Out: a code object. The `bytecode` library
does the same in five times the time, and its location tables are wrong for columns from 128 on
(up to 0.19.1). CPython's documents on code objects and on exception handling describe the formats.
"""

from __future__ import annotations

import dis
import itertools
from collections.abc import Iterator
from types import CodeType
from typing import Any

from bytecode import Bytecode, Compare, Label
from bytecode.instr import (
    BITFLAG2_OPCODES,
    BITFLAG_OPCODES,
    DUAL_ARG_OPCODES,
    HAS_BACKWARD_RELATIVE_JUMP,
    UNSET,
    CellVar,
    FreeVar,
    InstrLocation,
    TryBegin,
    TryEnd,
)

from ..errors import RewriteError
from .opcodes import PY311, PY312

_entries: Any = dis._inline_cache_entries  # type: ignore[attr-defined]
#: Code units that follow an instruction, by opcode.
_CACHES: dict[int, int] = (
    {dis.opmap[name]: n for name, n in _entries.items() if name in dis.opmap}
    if hasattr(_entries, "items")  # of a dict, or since 3.15 of one that is frozen
    else dict(enumerate(_entries))
)
_EXTENDED_ARG = dis.EXTENDED_ARG
_CONST, _LOCAL, _LOCALS, _CELL, _NAME, _FLAGGED, _TWICE_FLAGGED, _COMPARE = range(8)
_FORMS = {
    **dict.fromkeys(dis.hasconst, _CONST),
    **dict.fromkeys(dis.haslocal, _LOCAL),
    **dict.fromkeys(dis.hasfree, _CELL),
    **dict.fromkeys(dis.hasname, _NAME),
    **dict.fromkeys(dis.hascompare, _COMPARE),
    **dict.fromkeys(DUAL_ARG_OPCODES, _LOCALS),
    **dict.fromkeys(BITFLAG_OPCODES, _FLAGGED),
    **dict.fromkeys(BITFLAG2_OPCODES, _TWICE_FLAGGED),
}
#: Which outcomes of a comparison are true: unordered (1), less (2), greater (4), equal (8).
_OUTCOMES = {"LT": 2, "LE": 10, "EQ": 8, "NE": 7, "GT": 4, "GE": 12}
_LONGEST = 8  # code units that one entry of the location table is for
#: Forms of its entries.
_ONE_LINE, _NO_COLUMNS, _LONG, _NO_LOCATION = 10, 13, 14, 15


class _Numbers:
    """The names and constants of a code object, by number; those of `like` keep theirs."""

    def __init__(self, frame: Bytecode, like: CodeType | None) -> None:
        self.locals = {name: i for i, name in enumerate(frame.argnames)}
        at = itertools.count(len(self.locals))
        #: Cells, and those of outer functions; a name may be both.
        self.cells = {k: self.locals[k] if k in self.locals else next(at) for k in frame.cellvars}
        self.free = {name: next(at) for name in frame.freevars}
        self.names = {} if like is None else {name: i for i, name in enumerate(like.co_names)}
        self.consts: list[Any] = [] if like is None else [*like.co_consts]
        self._known = {_key(value): i for i, value in enumerate(self.consts)}
        if frame.docstring is not UNSET:
            self.const(frame.docstring)

    def const(self, value: Any) -> int:
        key = _key(value)
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = len(self.consts)
            self.consts.append(value)
        return found

    def name(self, name: str) -> int:
        return self.names.setdefault(name, len(self.names))

    def oparg(self, opcode: int, arg: Any) -> int:
        """Return the number that stands for an argument."""
        form = _FORMS.get(opcode)
        if form is None:
            return 0 if arg is UNSET else int(arg)
        if form == _CONST:
            return self.const(arg)
        if form == _NAME:
            return self.name(arg)
        if form == _FLAGGED:
            return self.name(arg[1]) << 1 | int(arg[0]) if type(arg) is tuple else int(arg)
        if form == _LOCAL:
            return self.locals[arg] if type(arg) is str else self._cell(arg)
        if form == _COMPARE:
            return _compare_oparg(arg)
        if form == _CELL:
            return self._cell(arg)
        if form == _TWICE_FLAGGED:
            return self.name(arg[2]) << 2 | int(arg[1]) << 1 | int(arg[0])
        first, second = (self.locals[name] for name in arg)
        if max(first, second) > 15:
            raise RewriteError("a fused instruction for a local of a higher number")
        return first << 4 | second

    def _cell(self, arg: CellVar | FreeVar) -> int:
        return (self.free if type(arg) is FreeVar else self.cells)[arg.name]


def _compare_oparg(arg: Compare) -> int:
    if PY311:
        return int(arg)
    outcomes = _OUTCOMES[arg.name.removesuffix("_CAST")]
    if PY312:
        return arg << 4 | outcomes
    return (arg & 15) << 5 | arg & 16 | outcomes  # the 16 makes it a bool


def _key(value: Any) -> Any:
    """Return what is equal for constants that may be one, as 0.0 and -0.0 may not."""
    kind = type(value)
    if kind in (str, int, bool, bytes, type(None)):
        return kind, value
    if kind in (float, complex):
        return kind, repr(value)
    if kind is tuple or kind is frozenset:
        return kind, kind(map(_key, value))
    return kind, id(value)


class _Units:
    """The instructions of a code object, with their arguments and sizes in code units."""

    def __init__(self, frame: Bytecode, numbers: _Numbers) -> None:
        self.opcodes: list[int] = []
        self.opargs: list[int] = []
        self.extra: list[int] = []  # how many EXTENDED_ARG come before each
        self.caches: list[int] = []
        self.locations: list[InstrLocation] = []
        self.ranges: list[list[Any]] = []  # first and last instruction, and the TryBegin
        self._labels: dict[Label, int] = {}
        self._jumps: list[tuple[int, Label]] = []
        self._read(frame, numbers)
        self._place()

    def _read(self, frame: Bytecode, numbers: _Numbers) -> None:
        location = InstrLocation(frame.first_lineno, None, None, None)
        open_: dict[TryBegin, list[Any]] = {}
        items: list[Any] = list(list.__iter__(frame))
        for item in items:
            kind = type(item)
            at = len(self.opcodes)
            if kind is Label:
                self._labels[item] = at
            elif kind is TryBegin:
                open_[item] = [at, at, item]
                self.ranges.append(open_[item])
            elif kind is TryEnd:
                if item.entry in open_:
                    open_[item.entry][1] = at
            else:
                opcode, arg = item.opcode, item.arg
                if type(arg) is Label:
                    self._jumps.append((at, arg))
                    arg = 0
                oparg = numbers.oparg(opcode, arg)
                location = item.location or location
                self.opcodes.append(opcode)
                self.opargs.append(oparg)
                self.extra.append(_extra(oparg))
                self.caches.append(_CACHES.get(opcode, 0))
                self.locations.append(location)

    def _place(self) -> None:
        """Find out where everything lies; the farther a jump leads, the longer it is itself."""
        grows = True
        while grows:
            grows = False
            sizes = map(sum, zip(self.extra, self.caches, strict=True))
            self.offsets = list(itertools.accumulate((size + 1 for size in sizes), initial=0))
            for at, label in self._jumps:
                distance = self.offsets[self._labels[label]] - self.offsets[at + 1]
                if self.opcodes[at] in HAS_BACKWARD_RELATIVE_JUMP:
                    distance = -distance
                if distance < 0:
                    raise RewriteError("a jump in the wrong direction")
                self.opargs[at] = distance
                if _extra(distance) > self.extra[at]:
                    self.extra[at], grows = _extra(distance), True

    def code(self) -> bytes:
        out = bytearray()
        units = zip(self.opcodes, self.opargs, self.extra, self.caches, strict=True)
        for opcode, oparg, extra, caches in units:
            for k in range(extra, 0, -1):
                out += bytes((_EXTENDED_ARG, oparg >> 8 * k & 0xFF))
            out.append(opcode)
            out.append(oparg & 0xFF)
            if caches:
                out += bytes(2 * caches)
        return bytes(out)

    def exception_table(self) -> Iterator[int]:
        for first, last, mark in self.ranges:
            start, stop = self.offsets[first], self.offsets[last]
            if stop > start:
                target = self.offsets[self._labels[mark.target]]
                begin, *rest = _highest_first(start)
                yield from (begin | 0x80, *rest)
                for number in (stop - start, target, mark.stack_depth << 1 | mark.push_lasti):
                    yield from _highest_first(number)

    def location_table(self, line: int) -> bytes:
        out = bytearray()
        at, n = 0, len(self.locations)
        while at < n:
            here, first = self.locations[at], at
            while at < n and ((other := self.locations[at]) is here or other == here):
                at += 1
            units = self.offsets[at] - self.offsets[first]
            while units > 0:
                line = _add_location(out, here, min(units, _LONGEST), line)
                units -= _LONGEST
        return bytes(out)


def _extra(oparg: int) -> int:
    return 0 if oparg < 0x100 else 1 if oparg < 0x10000 else 2 if oparg < 0x1000000 else 3


def _highest_first(number: int) -> list[int]:
    """Return a number with six bits a byte; a seventh says that more follow."""
    out = [number & 63]
    while number := number >> 6:
        out.append(number & 63 | 0x40)
    return out[::-1]


def _lowest_first(number: int) -> Iterator[int]:
    """Return a number likewise, but the other way round."""
    while number >= 64:
        yield number & 63 | 0x40
        number >>= 6
    yield number


def _signed(number: int) -> Iterator[int]:
    return _lowest_first(-number << 1 | 1 if number < 0 else number << 1)


def _add_location(out: bytearray, location: InstrLocation, units: int, line: int) -> int:
    """Add an entry to a table whose last line was `line`; return its own last line."""
    here, end = location.lineno, location.end_lineno
    column, end_column = location.col_offset, location.end_col_offset
    if here is None:
        out.append(0x80 | _NO_LOCATION << 3 | units - 1)
        return line
    delta = here - line
    if column is None or end_column is None:
        if end is None or end == here:
            out.append(0x80 | _NO_COLUMNS << 3 | units - 1)
            out += bytes(_signed(delta))
            return here
    elif end == here:
        if delta == 0 and column < 80 and 0 <= end_column - column < 16:
            out.append(0x80 | column >> 3 << 3 | units - 1)
            out.append((column & 7) << 4 | end_column - column)
            return here
        if 0 <= delta < 3 and column < 128 and end_column < 128:
            out += bytes((0x80 | _ONE_LINE + delta << 3 | units - 1, column, end_column))
            return here
    out.append(0x80 | _LONG << 3 | units - 1)
    out += bytes(_signed(delta))
    out += bytes(_lowest_first((here if end is None else end) - here))
    for number in (column, end_column):
        out += bytes(_lowest_first(0 if number is None else number + 1))
    return here


def assembled(frame: Bytecode, stacksize: int, like: CodeType | None = None) -> CodeType:
    """Return the code object of a frame's items.

    With `like`, constants and names that this code has too get the same numbers.
    """
    numbers = _Numbers(frame, like)
    units = _Units(frame, numbers)
    return CodeType(
        frame.argcount,
        frame.posonlyargcount,
        frame.kwonlyargcount,
        len(numbers.locals),
        stacksize,
        int(frame.flags),
        units.code(),
        tuple(numbers.consts),
        tuple(numbers.names),
        tuple(numbers.locals),
        frame.filename,
        frame.name,
        frame.qualname,
        frame.first_lineno,
        units.location_table(frame.first_lineno),
        bytes(units.exception_table()),
        tuple(frame.freevars),
        tuple(frame.cellvars),
    )
