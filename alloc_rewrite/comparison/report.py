"""A comparison in words.

In: a comparison. Out: text. It must not know how it was made.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from . import Comparison
    from .gains import FunctionGain, LineGain

_FUNCTIONS = 10  # that are shown with their lines
_LEAST = 0.01  # of the time, for a line that is shown


def summary(comparison: Comparison) -> str:
    """Return the outcome in one line."""
    return f"{comparison.function}: {_equal(comparison)}, {_gain(comparison.speedup)}"


def report(comparison: Comparison) -> str:
    """Return what was compared, what differs, and the gains by function and line."""
    c = comparison
    out = [
        f"{c.function} ({os.path.basename(c.filename)}:{c.line}), {c.core} core: {_equal(c)}, "
        f"{_gain(c.speedup)}"
    ]
    out += [f"  different: {one}" for one in c.differences]
    out += [f"  note: {one}" for one in c.notes]
    out.append(
        f"  plain {time(c.plain)}, bumped {time(c.bumped)} a call; medians of {c.rounds} rounds"
    )
    out.append(
        f"  from the heap: {c.nbytes:,} bytes plain, {c.nbytes_bumped:,} bumped; a buffer of "
        f"{c.suggested_nbytes:,} bytes holds the arrays"
    )
    for function in c.functions[:_FUNCTIONS]:
        if function.share >= _LEAST:
            out += _function(function)
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


def time(seconds: float) -> str:
    """Return a time with three digits and its unit."""
    for factor, unit in ((1.0, "s"), (1e3, "ms"), (1e6, "us")):
        if seconds * factor >= 1:
            return f"{seconds * factor:.3g} {unit}"
    return f"{seconds * 1e9:.0f} ns"


def _equal(comparison: Comparison) -> str:
    if comparison.same:
        return "bit-for-bit identical"
    if not comparison.deterministic:
        return "two plain calls already differ"
    return "DIFFERENT"


def _gain(speedup: float) -> str:
    return f"{speedup:.2f} times as fast"


def _function(function: FunctionGain) -> list[str]:
    place = f"{os.path.basename(function.filename)}:{function.line}"
    out = [
        "",
        f"{function.function} ({place}): {function.share:.0%} of the time, "
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
        f"{lines:>9} {line.share:>5.0%} {time(line.plain):>8} {time(line.bumped):>8} {gain:>5} "
        f"{line.nbytes:>11,}  "
    )
    rest = [f"{' ' * len(head)}{source}" for source in sources[1:]]
    return [f"{head}{sources[0]}{mark}", *rest]
