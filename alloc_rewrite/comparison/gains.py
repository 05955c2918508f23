"""Gains by function and line: what a plain call and a bumped call spend where.

In: timed lines of both, profiles of both, and explanations. Out: a `FunctionGain` for each function
of the user's, with its lines. Lines that one region carries out are one row.
"""

from __future__ import annotations

import linecache
from collections import Counter
from types import CellType, FunctionType
from typing import Any

from ..core_sites import ArenaSites
from ..explain import Explanation, explained
from ..profile import Profile
from ..report.document import Call, call_tree
from .advice import region_at, verdict
from .data import FunctionGain, LineGain
from .lines import Key, LineTimer

LITTLE = 1.3  # a gain below it needs a reason, if the lines take
SHARE = 0.05  # at least this share of the time


class Measured:
    """What a comparison measured, before it is put together."""

    def __init__(
        self,
        timers: tuple[LineTimer, LineTimer],
        seconds: tuple[float, float],
        profiles: tuple[Profile[Any], Profile[Any]],
        sites: ArenaSites | None,
    ) -> None:
        self._scales = tuple(map(_scale, timers, seconds))
        self._timers = timers
        self._seconds = tuple(
            Counter({place: ns * scale for place, ns in timer.nanoseconds.items()})
            for timer, scale in zip(timers, self._scales, strict=True)
        )
        self._total = seconds[0]
        self._bytes = tuple(map(_bytes, profiles))
        self._functions = timers[0].functions
        self._sites = sites

    def functions(self) -> tuple[FunctionGain, ...]:
        """Return the functions, in the order of their time."""
        found = [self._function(key) for key in self._functions]
        return tuple(sorted(found, key=lambda one: -one.plain))

    def calls(self, form: int) -> tuple[Call, ...]:
        """Return the tree of calls of either form, in seconds."""
        paths = {
            tuple((key.name, key.filename, line) for key, line in path): ns * self._scales[form]
            for path, ns in self._timers[form].paths.items()
        }
        return call_tree(paths)

    def _function(self, key: Key) -> FunctionGain:
        about = self._explained(key)
        rows: dict[tuple[int, int], list[int]] = {}
        for known, line in sorted(set(self._seconds[0]) | set(self._seconds[1])):
            if known == key:
                region = region_at(about, line)
                span = (line, line) if region is None else (region.first, region.last)
                rows.setdefault(span, []).append(line)
        lines = tuple(self._line(key, about, *span, among) for span, among in rows.items())
        plain, bumped = (
            sum(time for (known, _), time in seconds.items() if known == key)
            for seconds in self._seconds
        )
        return FunctionGain(
            key.name, key.filename, key.line, plain, bumped, plain / self._total, lines
        )

    def _line(
        self, key: Key, about: Explanation | None, first: int, last: int, among: list[int]
    ) -> LineGain:
        plain, bumped = (sum(s[key, line] for line in among) for s in self._seconds)
        nbytes, left = (
            sum(b[key.filename, line] for line in range(first, last + 1)) for b in self._bytes
        )
        share = plain / self._total
        region = region_at(about, first)
        reason = advice = ""
        if share >= SHARE and bumped * LITTLE > plain:
            reason, advice = verdict(
                about, first, last, {k.name.rpartition(".")[2] for k in self._functions}
            )
        shown = ""
        if region is not None and (region.hits or 0) > (region.misses or 0):
            shown = f"{region.operations} operations"
        texts = (linecache.getline(key.filename, n).strip() for n in range(first, last + 1))
        return LineGain(
            first, last, "\n".join(texts), plain, bumped, share, nbytes, left, shown, reason, advice
        )

    def _explained(self, key: Key) -> Explanation | None:
        """Explain a function that ran, with the sites that it has by now."""
        code, names = self._functions[key]
        closure = tuple(CellType() for _ in code.co_freevars)
        function = FunctionType(code, names, code.co_name, None, closure)
        sites = self._sites
        if sites is not None and sites.callees.rewritten(function) is None:
            return explained(function, None, above=None)
        return explained(function, sites, above=None)


def _scale(timer: LineTimer, seconds: float) -> float:
    """Return seconds a nanosecond, so that all lines take the time of a call without the timer."""
    return seconds / (timer.total() or 1)


def _bytes(profile: Profile[Any]) -> Counter[tuple[str, int]]:
    out: Counter[tuple[str, int]] = Counter()
    for row in profile.lines:
        out[row.filename, row.line] += row.nbytes
    return out
