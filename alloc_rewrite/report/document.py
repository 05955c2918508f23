"""What a report says, as data: titles, sentences, tables, source lines, trees and a picture.

In: nothing. Out: the types of a document's parts. It must not know who makes documents, nor how
they are shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of a table: its text, and what part of a full bar stands behind it."""

    text: str
    bar: float = 0.0
    code: bool = False
    marked: bool = False  # as part of a region


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under named columns; the columns in `left` are flush left."""

    title: str
    columns: tuple[str, ...]
    rows: Sequence[tuple[Cell, ...]]
    left: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Sentences:
    """Lines of text, one under the other."""

    title: str
    lines: list[str]
    code: bool = False


@dataclass(frozen=True, slots=True)
class Call:
    """A line that called, and what was spent below it, in bytes or seconds.

    Attributes
    ----------
    function, filename, line : str, str, int
        The line, and the function that it is in.
    value : float
        Bytes or seconds, with those of the calls below.
    below : tuple of Call
        The calls from this line, largest first.
    """

    function: str
    filename: str
    line: int
    value: float
    below: tuple[Call, ...] = ()


@dataclass(frozen=True, slots=True)
class Tree:
    """Calls and what they spent; `unit` is bytes or seconds."""

    title: str
    unit: str
    calls: tuple[Call, ...]


@dataclass(frozen=True, slots=True)
class Picture:
    """Values over the course of a call, and levels drawn across."""

    title: str
    values: tuple[int, ...]
    levels: tuple[tuple[str, int], ...]


Part = Table | Sentences | Tree | Picture


@dataclass(frozen=True, slots=True)
class Document:
    """A report."""

    title: str
    summary: list[str]
    parts: list[Part] = field(default_factory=list)


def call_tree(paths: dict[tuple[tuple[str, str, int], ...], float]) -> tuple[Call, ...]:
    """Return the tree of calls, from what was spent at the end of each path.

    A path has function, file and line of each frame, the outermost first.
    """
    groups: dict[tuple[str, str, int], dict[tuple[tuple[str, str, int], ...], float]] = {}
    values: dict[tuple[str, str, int], float] = {}
    for path, value in paths.items():
        if path:
            first, rest = path[0], path[1:]
            values[first] = values.get(first, 0) + value
            below = groups.setdefault(first, {})
            below[rest] = below.get(rest, 0) + value
    calls = (Call(*place, values[place], call_tree(below)) for place, below in groups.items())
    return tuple(sorted(calls, key=lambda call: -call.value))


def size(nbytes: float) -> str:
    """Return a number of bytes, short."""
    for unit, factor in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if nbytes >= 0.9995 * factor:  # which three digits show as 1
            return f"{nbytes / factor:.3g} {unit}"
    return f"{nbytes:.0f} B"


def duration(seconds: float) -> str:
    """Return a time with three digits and its unit."""
    for factor, unit in ((1.0, "s"), (1e3, "ms"), (1e6, "us")):
        if seconds * factor >= 0.9995:  # which three digits show as 1
            return f"{seconds * factor:.3g} {unit}"
    return f"{seconds * 1e9:.0f} ns"
