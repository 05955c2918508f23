"""A profile in words.

In: a profile. Out: text. It must not know how the figures were made.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from . import Profile

_ROWS = 30


def summary(profile: Profile[Any]) -> str:
    """Return the totals in one line."""
    arrays = "1 array" if profile.count == 1 else f"{profile.count} arrays"
    return (
        f"Allocated {profile.nbytes} bytes in {arrays}, at most {profile.peak} of them at a "
        f"time; a buffer of {profile.suggested_nbytes} bytes holds them"
    )


def file_names(profile: Profile[Any]) -> dict[str, str]:
    """Return how the files of a profile are named."""
    from ..report.files import short_names

    return short_names(
        [x.filename for x in profile.lines] + [x.filename for x in profile.uncaptured]
    )


def report(profile: Profile[Any]) -> str:
    """Return the totals and a table of lines, largest first."""
    out = [summary(profile)]
    names = file_names(profile)
    if profile.lines:
        out.append(f"{'bytes':>12} {'arrays':>8}  {'line':<28} {'callee':<24} largest")
    for row in profile.lines[:_ROWS]:
        place = f"{names[row.filename]}:{row.line}"
        shape = "x".join(map(str, row.shape)) or "0-d"
        heap = "  (stays on the heap)" if row.heap else ""
        out.append(
            f"{row.nbytes:>12} {row.count:>8}  {place:<28} {row.callee:<24} "
            f"{row.dtype} {shape}{heap}"
        )
    if len(profile.lines) > _ROWS:
        rest = sum(row.nbytes for row in profile.lines[_ROWS:])
        out.append(f"{rest:>12} bytes in {len(profile.lines) - _ROWS} more rows")
    for note in profile.uncaptured[:_ROWS]:
        place = f"{names[note.filename]}:{note.line}"
        out.append(f"not counted: {note.nbytes} bytes, {place}, {note.callee}: {note.reason}")
    return "\n".join(out)
