"""An explanation as a document: the source with its regions, programs, other sites, and callees.

In: an explanation. Out: a `Document`. It must not know how a document is shown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..report.document import Cell, Document, Part, Sentences, Table
from ..report.sources import source_lines
from .report import found, report

if TYPE_CHECKING:
    from . import Explanation
    from .parts import Region


def document(explained: Explanation) -> Document:
    """Return the report of an explanation, with those of the functions that it calls."""
    parts: list[Part] = []
    for one in _all(explained):
        source = _source(one)
        if source is not None:
            parts.append(source)
        words = report(one).splitlines()
        parts.append(Sentences("" if source else one.function, words, code=True))
    return Document(f"Explanation of {explained.function}", [found(explained)], parts)


def _all(explained: Explanation) -> list[Explanation]:
    out = {(one.filename, one.line): one for one in explained.callees}
    below = [inner for one in out.values() for inner in _all(one)[1:]]
    return [explained, *{(one.filename, one.line): one for one in [*out.values(), *below]}.values()]


def _source(explained: Explanation) -> Table | None:
    """Return the source lines, with the region that each belongs to, and what ended it."""
    numbers = [explained.line]
    for region in explained.regions:
        numbers += [region.first, region.last]
    numbers += [site.line for site in explained.sites] + [one.line for one in explained.breaks]
    rows: list[tuple[Cell, ...]] = []
    for number, text in source_lines(explained.filename, numbers):
        own = [one for one in explained.regions if one.first <= number <= one.last]
        notes = [one.reason for one in explained.breaks if one.line == number]
        notes += [site.what for site in explained.sites if site.line == number]
        rows.append(
            (
                Cell(str(number)),
                Cell("; ".join(_region(one) for one in own if number == one.first)),
                Cell(text, code=True, marked=bool(own)),
                Cell("; ".join(dict.fromkeys(notes))),
            )
        )
    columns: tuple[str, ...] = ("line", "region", "source", "outside regions")
    if not any(row[3].text for row in rows):
        columns, rows = columns[:3], [row[:3] for row in rows]
    return Table(explained.function, columns, rows, frozenset({1, 2, 3})) if rows else None


def _region(region: Region) -> str:
    text = f"{region.operations} operations"
    return text if region.hits is None else f"{text}, {region.hits} hits, {region.misses} misses"
