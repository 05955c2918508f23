"""The location table of a code object: which place in the source each instruction is from.

In: a code object that the `bytecode` library encoded. Out: its table, encoded anew where that
library's is wrong: up to 0.19.1 it writes columns from 128 on in a form that has seven bits for
them, and the lines of all that follows go wrong. CPython's documents on code objects describe the
format.
"""

from __future__ import annotations

from collections.abc import Iterator
from types import CodeType
from typing import Any

_LONGEST = 8  # code units that one entry is for
_NO_LOCATION, _LONG = 15, 14
_FIRST_WRONG, _FIRST_RIGHT = 128, 256  # columns between which the other form is taken

_Position = tuple[Any, Any, Any, Any]


def corrected(code: CodeType) -> CodeType:
    """Return the code with a correct table; the same object if it has one already."""
    positions = list(code.co_positions())
    if not any(map(_is_affected, positions)):
        return code
    return code.replace(co_linetable=bytes(_table(positions, code.co_firstlineno)))


def _is_affected(position: _Position) -> bool:
    line, end_line, column, end_column = position
    if line is None or line != end_line or column is None or end_column is None:
        return False
    return bool(_FIRST_WRONG <= max(column, end_column) < _FIRST_RIGHT)


def _table(positions: list[_Position], line: int) -> Iterator[int]:
    """Encode the positions of all code units, runs of equal ones together."""
    at = 0
    while at < len(positions):
        here = positions[at]
        stop = at + 1
        while stop < len(positions) and positions[stop] == here and stop - at < _LONGEST:
            stop += 1
        length = stop - at - 1
        at = stop
        if here[0] is None:
            yield 0x80 | _NO_LOCATION << 3 | length
            continue
        yield 0x80 | _LONG << 3 | length
        yield from _signed(here[0] - line)
        line = here[0]
        yield from _unsigned((here[1] or line) - line)
        for column in here[2:]:
            yield from _unsigned(0 if column is None else column + 1)


def _unsigned(value: int) -> Iterator[int]:
    """Six bits a byte, the lowest first; a seventh says that more follow."""
    while value >= 64:
        yield 0x40 | value & 63
        value >>= 6
    yield value


def _signed(value: int) -> Iterator[int]:
    return _unsigned(-value << 1 | 1 if value < 0 else value << 1)
