"""A comparison in words.

In: a comparison. Out: text. It must not know how it was made.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from ..report.document import duration
from ..report.files import short_names

if TYPE_CHECKING:
    from .data import Comparison, FunctionGain, LineGain

_FUNCTIONS = 10  # that are shown with their lines
_LEAST = 0.01  # of the time, for a line that is shown


def summary(comparison: Comparison[Any]) -> str:
    """Return the outcome in one line."""
    return f"{comparison.function}: {_equal(comparison)}, {_gain(comparison.speedup)}"


def head(comparison: Comparison[Any]) -> list[str]:
    """Return the outcome, and the figures of the whole call."""
    c = comparison
    place = f"{os.path.basename(c.filename)}:{c.line}"
    return [
        f"{c.function} ({place}), {c.core} core: {_equal(c)}, {_gain(c.speedup)}",
        f"plain {duration(c.plain)}, bumped {duration(c.bumped)} a call, in the fastest of "
        f"{c.rounds} rounds",
        f"from the heap: {c.nbytes:,} bytes plain, {c.nbytes_bumped:,} bumped"
        + (f"; a buffer of {c.suggested_nbytes:,} bytes holds the arrays" if c.nbytes else ""),
    ]


def report(comparison: Comparison[Any]) -> str:
    """Return what was compared, what differs, and the gains by function and line."""
    c = comparison
    first, *others = head(c)
    out = [first]
    out += [f"  different: {one}" for one in c.differences]
    out += [f"  note: {one}" for one in c.notes]
    out += [f"  {line}" for line in others]
    names = short_names(function.filename for function in c.functions)
    for function in c.functions[:_FUNCTIONS]:
        if function.share >= _LEAST:
            out += _function(function, names[function.filename])
    if c.little:
        out += ["", "What gained little:"]
        for line in c.little:
            out.append(f"  {in_words(line)}")
            if line.advice:
                out.append(f"    to gain: {line.advice}")
    return "\n".join(out)


def in_words(line: LineGain) -> str:
    """Say why a line gained little."""
    reason = f": {line.reason}" if line.reason else ""
    return f"{lines_of(line)}, {line.share:.0%} of the time{reason}"


def lines_of(line: LineGain) -> str:
    """Return how lines are named in text."""
    return f"line {line.first}" if line.first == line.last else f"lines {line.first}-{line.last}"


def _equal(comparison: Comparison[Any]) -> str:
    if comparison.same:
        return "bit-for-bit identical"
    if not comparison.deterministic:
        return "two plain calls already differ"
    return "DIFFERENT"


def _gain(speedup: float) -> str:
    return f"{speedup:.2f} times as fast"


def _function(function: FunctionGain, filename: str) -> list[str]:
    out = [
        "",
        f"{function.function} ({filename}:{function.line}): {function.share:.0%} of the time, "
        f"{_gain(function.speedup)}",
        f"{'line':>9} {'time':>5} {'plain':>8} {'bumped':>8} {'gain':>5} {'bytes':>11}  source",
    ]
    for line in function.lines:
        if line.share >= _LEAST or line.nbytes:
            out += _line(line)
    return out


def _line(line: LineGain) -> list[str]:
    lines = str(line.first) if line.first == line.last else f"{line.first}-{line.last}"
    gain = f"{line.speedup:.2f}" if line.bumped else ""
    sources = line.source.split("\n")
    mark = f"  # region: {line.region}" if line.region else ""
    head = (
        f"{lines:>9} {line.share:>5.0%} {duration(line.plain):>8} {duration(line.bumped):>8} "
        f"{gain:>5} {line.nbytes:>11,}  "
    )
    rest = [f"{' ' * len(head)}{source}" for source in sources[1:]]
    return [f"{head}{sources[0]}{mark}", *rest]
