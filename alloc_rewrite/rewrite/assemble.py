"""From items to a code object: numbers for names and constants, offsets for labels, the tables.

In: the items that `decode` made, changed or not. Out: a code object. The `bytecode` library does
the same in five times the time, and its location tables are wrong for columns from 128 on (up to
0.19.1). CPython's documents on code objects and on exception handling describe the formats.
"""

from __future__ import annotations

import dis
import itertools
import operator
from collections.abc import Iterator
from types import CodeType
from typing import Any

from bytecode import Label
from bytecode.instr import (
    HAS_BACKWARD_RELATIVE_JUMP,
    UNSET,
    CellVar,
    FreeVar,
    TryBegin,
    TryEnd,
)

from ..errors import RewriteError
from .items import (
    CACHES,
    CELL,
    COMPARE,
    CONST,
    FLAGGED,
    FORMS,
    LOCAL,
    NAME,
    TWICE_FLAGGED,
    Instr,
    Location,
)
from .opcodes import compare_oparg

_EXTENDED_ARG = dis.EXTENDED_ARG
#: Code units of an instruction with the caches that follow, by opcode.
_SIZES = [1 + CACHES.get(opcode, 0) for opcode in range(max(dis.opmap.values()) + 1)]
_LONGEST = 8  # code units that one entry of the location table is for
#: Forms of its entries.
_ONE_LINE, _NO_COLUMNS, _LONG, _NO_LOCATION = 10, 13, 14, 15


class _Numbers:
    """The names and constants of a code object, by number; those of `like` keep theirs."""

    def __init__(self, code: CodeType, more: tuple[str, ...], like: CodeType | None) -> None:
        self.locals = {name: i for i, name in enumerate((*code.co_varnames, *more))}
        at = itertools.count(len(self.locals))
        #: Cells, and those of outer functions; a name may be both.
        self.cells = {k: self.locals[k] if k in self.locals else next(at) for k in code.co_cellvars}
        self.free = {name: next(at) for name in code.co_freevars}
        self.names = {} if like is None else {name: i for i, name in enumerate(like.co_names)}
        self.consts: list[Any] = [] if like is None else [*like.co_consts]
        self._known = {_key(value): i for i, value in enumerate(self.consts)}
        first = code.co_consts[:1]
        if first and (first[0] is None or isinstance(first[0], str)):  # what may be a docstring
            self.const(first[0])

    def const(self, value: Any) -> int:
        key = _key(value)
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = len(self.consts)
            self.consts.append(value)
        return found

    def name(self, name: str) -> int:
        return self.names.setdefault(name, len(self.names))

    def oparg(self, form: int, arg: Any) -> int:
        """Return the number that stands for an argument of a form."""
        if form == CONST:
            return self.const(arg)
        if form == NAME:
            return self.name(arg)
        if form == FLAGGED:
            return self.name(arg[1]) << 1 | int(arg[0]) if type(arg) is tuple else int(arg)
        if form == LOCAL:
            return self.locals[arg] if type(arg) is str else self._cell(arg)
        if form == COMPARE:
            return compare_oparg(arg)
        if form == CELL:
            return self._cell(arg)
        if form == TWICE_FLAGGED:
            return self.name(arg[2]) << 2 | int(arg[1]) << 1 | int(arg[0])
        first, second = (self.locals[name] for name in arg)
        if max(first, second) > 15:
            raise RewriteError("a fused instruction for a local of a higher number")
        return first << 4 | second

    def _cell(self, arg: CellVar | FreeVar) -> int:
        return (self.free if type(arg) is FreeVar else self.cells)[arg.name]


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

    def __init__(self, code: CodeType, items: list[Any], numbers: _Numbers) -> None:
        self.opcodes: list[int] = []
        self.opargs: list[int] = []
        self.extra: list[int] = []  # how many EXTENDED_ARG come before each
        self.sizes: list[int] = []  # with the caches that follow
        self.locations: list[Location] = []
        self.ranges: list[list[Any]] = []  # first and last instruction, and the TryBegin
        self._labels: dict[Label, int] = {}
        self._jumps: list[tuple[int, Label]] = []
        self._read(items, numbers, Location(code.co_firstlineno, None, None, None))
        self._place()

    def _read(self, items: list[Any], numbers: _Numbers, location: Location) -> None:
        open_: dict[TryBegin, list[Any]] = {}
        opcodes, opargs, locations = self.opcodes, self.opargs, self.locations
        form_of, oparg_of = FORMS.get, numbers.oparg
        for item in items:
            kind = type(item)
            if kind is Instr:
                arg, opcode = item.arg, item.opcode
                if arg is UNSET:
                    arg = 0
                elif item.is_jump:
                    self._jumps.append((len(opcodes), arg))
                    arg = 0
                elif (form := form_of(opcode)) is not None:
                    arg = oparg_of(form, arg)
                location = item.location or location
                opcodes.append(opcode)
                opargs.append(arg if type(arg) is int else int(arg))
                locations.append(location)
            elif kind is Label:
                self._labels[item] = len(opcodes)
            elif kind is TryBegin:
                open_[item] = [len(opcodes), len(opcodes), item]
                self.ranges.append(open_[item])
            elif kind is TryEnd and item.entry in open_:
                open_[item.entry][1] = len(opcodes)
        self.extra = [0 if oparg < 0x100 else _extra(oparg) for oparg in opargs]
        self.sizes = [_SIZES[opcode] for opcode in opcodes]

    def _place(self) -> None:
        """Find out where everything lies; the farther a jump leads, the longer it is itself."""
        grows = True
        while grows:
            grows = False
            sizes = map(operator.add, self.sizes, self.extra)
            self.offsets = offsets = list(itertools.accumulate(sizes, initial=0))
            for at, label in self._jumps:
                distance = offsets[self._labels[label]] - offsets[at + 1]
                if self.opcodes[at] in HAS_BACKWARD_RELATIVE_JUMP:
                    distance = -distance
                if distance < 0:
                    raise RewriteError("a jump in the wrong direction")
                self.opargs[at] = distance
                if distance > 0xFF and (extra := _extra(distance)) > self.extra[at]:
                    self.extra[at], grows = extra, True

    def code(self) -> bytes:
        out = bytearray()
        units = zip(self.opcodes, self.opargs, self.extra, self.sizes, strict=True)
        for opcode, oparg, extra, size in units:
            if extra:
                for k in range(extra, 0, -1):
                    out += bytes((_EXTENDED_ARG, oparg >> 8 * k & 0xFF))
                oparg &= 0xFF
            out.append(opcode)
            out.append(oparg)
            if size > 1:
                out += bytes(2 * size - 2)
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


def _add_location(out: bytearray, location: Location, units: int, line: int) -> int:
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


def assembled(
    code: CodeType,
    items: list[Any],
    stacksize: int,
    like: CodeType | None = None,
    more: tuple[str, ...] = (),
) -> CodeType:
    """Return a code object like `code` that has these items, and `more` locals.

    With `like`, constants and names that this code has too get the same numbers.
    """
    numbers = _Numbers(code, more, like)
    units = _Units(code, items, numbers)
    return CodeType(
        code.co_argcount,
        code.co_posonlyargcount,
        code.co_kwonlyargcount,
        len(numbers.locals),
        stacksize,
        code.co_flags,
        units.code(),
        tuple(numbers.consts),
        tuple(numbers.names),
        tuple(numbers.locals),
        code.co_filename,
        code.co_name,
        code.co_qualname,
        code.co_firstlineno,
        units.location_table(code.co_firstlineno),
        bytes(units.exception_table()),
        code.co_freevars,
        code.co_cellvars,
    )
