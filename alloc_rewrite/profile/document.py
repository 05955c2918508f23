"""A profile as a document: memory over time, lines, calls, and the source.

In: a profile. Out: a `Document`. It must not know how a document is shown.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from ..report.document import Cell, Document, Part, Picture, Sentences, Table, Tree, size
from ..report.sources import source_lines
from .report import file_names, summary

if TYPE_CHECKING:
    from . import Profile
    from .recorder import Line

_ROWS = 100
_FUNCTIONS = 10


def document(profile: Profile[Any]) -> Document:
    """Return the report of a profile."""
    names = file_names(profile)
    parts: list[Part] = []
    if profile.timeline:
        levels = (
            ("high-water mark", profile.peak),
            ("suggested size of the buffer", profile.suggested_nbytes),
        )
        title = "Bytes alive, after each array that was made or freed"
        parts.append(Picture(title, profile.timeline, levels))
    if profile.lines:
        parts.append(_lines(profile, names))
        parts += _sources(profile, names)
    if profile.calls:
        parts.append(Tree("Bytes by call", "bytes", profile.calls))
    if profile.uncaptured:
        notes = [
            f"{names[x.filename]}:{x.line}, {x.callee}: {size(x.nbytes)}; {x.reason}"
            for x in profile.uncaptured[:_ROWS]
        ]
        parts.append(Sentences("Not counted", notes))
    return Document(f"Profile of {profile.function}", [summary(profile)], parts)


def _lines(profile: Profile[Any], names: dict[str, str]) -> Table:
    rows = [
        (
            Cell(f"{row.nbytes:,}", row.nbytes / profile.nbytes),
            Cell(f"{row.count:,}"),
            Cell(f"{names[row.filename]}:{row.line}"),
            Cell(row.callee, code=True),
            Cell(f"{row.dtype} {'x'.join(map(str, row.shape)) or '0-d'}"),
        )
        for row in profile.lines[:_ROWS]
    ]
    columns = ("bytes", "arrays", "line", "callee", "largest")
    return Table("Lines", columns, rows, frozenset({2, 3, 4}))


def _sources(profile: Profile[Any], names: dict[str, str]) -> list[Part]:
    """Return the source of the functions that allocate most, with bytes beside the lines."""
    groups: dict[tuple[str, str], list[Line]] = defaultdict(list)
    for row in profile.lines:
        groups[row.filename, row.function].append(row)
    parts: list[Part] = []
    for (filename, function), rows in list(groups.items())[:_FUNCTIONS]:
        shown = []
        for number, text in source_lines(filename, (row.line for row in rows)):
            here = [row for row in rows if row.line == number]
            nbytes, count = sum(r.nbytes for r in here), sum(r.count for r in here)
            shown.append(
                (
                    Cell(str(number)),
                    Cell(f"{nbytes:,}" if here else "", nbytes / profile.nbytes),
                    Cell(f"{count:,}" if here else ""),
                    Cell(text, code=True),
                )
            )
        if shown:
            title = f"{function} ({names[filename]})"
            parts.append(Table(title, ("line", "bytes", "arrays", "source"), shown, frozenset({3})))
    return parts
