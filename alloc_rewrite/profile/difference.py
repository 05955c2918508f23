"""What changed between two profiles.

In: two profiles. Out: a `ProfileDiff`. Lines move when code is edited, so that rows are matched by
file, function and callee.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..report import Report

if TYPE_CHECKING:
    from ..report.document import Document
    from . import Profile

_ROWS = 30


@dataclass(frozen=True, slots=True)
class DiffRow:
    """What one callee allocated in one function: bytes and arrays, before and now."""

    filename: str
    function: str
    callee: str
    before: int
    nbytes: int
    count_before: int
    count: int


@dataclass(frozen=True, slots=True, repr=False)
class ProfileDiff(Report):
    """What changed between two profiles. ``print`` shows it as a table.

    Attributes
    ----------
    function : str
        What was called.
    before, nbytes : int
        Bytes of all arrays, before and now.
    peak_before, peak : int
        Most bytes alive at a time, before and now.
    rows : tuple of DiffRow
        ``filename``, ``function``, ``callee``, ``before``, ``nbytes``, ``count_before`` and
        ``count`` of what allocates more or less, or in another number of arrays; the largest change
        first.
    """

    function: str
    before: int
    nbytes: int
    peak_before: int
    peak: int
    rows: tuple[DiffRow, ...]

    def __str__(self) -> str:
        from ..report.files import short_names

        names = short_names(row.filename for row in self.rows)
        out = [self._title()]
        if self.rows:
            out.append(f"{'before':>12} {'now':>12} {'arrays':>13}  {'callee':<24} function")
        out += [
            f"{row.before:>12,} {row.nbytes:>12,} {f'{row.count_before} -> {row.count}':>13}  "
            f"{row.callee:<24} {row.function} ({names[row.filename]})"
            for row in self.rows[:_ROWS]
        ]
        if len(self.rows) > _ROWS:
            out.append(f"and {len(self.rows) - _ROWS} more rows")
        return "\n".join(out)

    def _title(self) -> str:
        return (
            f"{self.function}: {self.before:,} -> {self.nbytes:,} bytes, peak "
            f"{self.peak_before:,} -> {self.peak:,}"
        )

    def _document(self) -> Document:
        from ..report.document import Cell, Document, Table, size
        from ..report.files import short_names

        names = short_names(row.filename for row in self.rows)
        largest = max((max(row.before, row.nbytes) for row in self.rows), default=1) or 1
        rows = [
            (
                Cell(size(row.before), row.before / largest),
                Cell(size(row.nbytes), row.nbytes / largest),
                Cell(f"{row.count_before} → {row.count}"),
                Cell(row.callee, code=True),
                Cell(f"{row.function} ({names[row.filename]})"),
            )
            for row in self.rows
        ]
        columns = ("before", "now", "arrays", "callee", "function")
        table = Table("What changed", columns, rows, frozenset({3, 4}))
        return Document(f"Difference of two profiles of {self.function}", [self._title()], [table])


def diff(before: Profile[Any], now: Profile[Any]) -> ProfileDiff:
    """Return what changed from one profile to another."""
    bytes_of: tuple[Counter[tuple[str, str, str]], ...] = (Counter(), Counter())
    arrays_of: tuple[Counter[tuple[str, str, str]], ...] = (Counter(), Counter())
    for i, profile in enumerate((before, now)):
        for line in profile.lines:
            key = line.filename, line.function, line.callee
            bytes_of[i][key] += line.nbytes
            arrays_of[i][key] += line.count
    rows = [
        DiffRow(*key, *(counter[key] for counter in (*bytes_of, *arrays_of)))
        for key in {**bytes_of[1], **bytes_of[0]}
    ]
    changed = [row for row in rows if (row.before, row.count_before) != (row.nbytes, row.count)]
    changed.sort(key=lambda row: -abs(row.nbytes - row.before))
    return ProfileDiff(
        now.function, before.nbytes, now.nbytes, before.peak, now.peak, tuple(changed)
    )
