"""A comparison as a document: differences, gains by function and line, and calls.

In: a comparison. Out: a `Document`. It must not know how a document is shown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..report.document import Cell, Document, Part, Sentences, Table, Tree, duration, size
from .report import head, in_words

if TYPE_CHECKING:
    from .data import Comparison, FunctionGain, LineGain

_FUNCTIONS = 20
_LEAST = 0.01  # of the time, for a function that is shown
_LEFT = frozenset({6, 7})


def document(comparison: Comparison[Any]) -> Document:
    """Return the report of a comparison."""
    c = comparison
    parts: list[Part] = []
    if c.differences:
        parts.append(Sentences("What differs", list(c.differences), code=True))
    if c.little:
        lines = [
            f"{in_words(line)}{f'. To gain: {line.advice}.' if line.advice else ''}"
            for line in c.little
        ]
        parts.append(Sentences("What gained little", lines))
    shown = [one for one in c.functions if one.share >= _LEAST][:_FUNCTIONS]
    parts += [_function(one) for one in shown]
    parts.append(Tree("Plain: seconds by call", "seconds", c.calls))
    parts.append(Tree("Bumped: seconds by call", "seconds", c.calls_bumped))
    if c.notes:
        parts.append(Sentences("Notes", list(c.notes)))
    return Document(f"Comparison of {c.function}, plain and bumped", head(c), parts)


def _function(function: FunctionGain) -> Table:
    title = (
        f"{function.function}: {function.share:.0%} of the time, "
        f"{function.speedup:.2f} times as fast"
    )
    columns = ("line", "time", "plain", "bumped", "gain", "bytes", "source", "region, or why not")
    rows = [row for line in function.lines for row in _lines(line)]
    return Table(title, columns, rows, _LEFT)


def _lines(line: LineGain) -> list[tuple[Cell, ...]]:
    marked = bool(line.region)
    first, *others = line.source.split("\n")
    why = line.region or ("; ".join(x for x in (line.reason, line.advice) if x))
    figures = (
        Cell(str(line.first)),
        Cell(f"{line.share:.0%}", line.share),
        Cell(duration(line.plain)),
        Cell(duration(line.bumped)),
        Cell(f"{line.speedup:.2f}" if line.bumped else ""),
        Cell(size(line.nbytes) if line.nbytes else ""),
        Cell(first, code=True, marked=marked),
        Cell(why),
    )
    empty = (Cell(""),) * 5
    rest = [
        (Cell(str(line.first + n)), *empty, Cell(text, code=True, marked=marked), Cell(""))
        for n, text in enumerate(others, 1)
    ]
    return [figures, *rest]
