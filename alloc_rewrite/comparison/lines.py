"""The time that each line of a call takes, with everything that the line calls.

In: a call. Out: seconds by function and line. It must not know what is bumped.

A trace function [1]_ looks at the clock at each line of code outside NumPy and this library. The
clock stands still while it runs, and what the interpreter needs to call it is measured and
subtracted. Only the thread that calls is looked at. If a function calls itself, the outermost call
counts.

.. [1] https://docs.python.org/3/library/sys.html#sys.settrace
"""

from __future__ import annotations

import functools
import sys
import time
from collections import Counter
from collections.abc import Callable
from types import CodeType, FrameType
from typing import Any, NamedTuple

_DEEPEST = 64  # lines of a path
HIDDEN = frozenset({"numpy", "alloc_rewrite"})  # top-level packages


class Key(NamedTuple):
    """A function, whichever code it has by now."""

    filename: str
    line: int
    name: str


def key_of(code: CodeType) -> Key:
    """Return the key of a function's code, rewritten or not."""
    return Key(code.co_filename, code.co_firstlineno, code.co_qualname)


class _Open:
    """A function that runs."""

    __slots__ = ("counts", "key", "line", "since")

    def __init__(self, key: Key, line: int, since: int, counts: bool) -> None:
        self.key, self.line, self.since, self.counts = key, line, since, counts


class LineTimer:
    """Adds up the time of lines, over any number of calls."""

    def __init__(self, residues: Residues | None = None) -> None:
        self.nanoseconds: Counter[tuple[Key, int]] = Counter()
        #: What each stack of lines took itself, without the lines that these call.
        self.paths: Counter[tuple[tuple[Key, int], ...]] = Counter()
        self.functions: dict[Key, tuple[CodeType, dict[str, Any]]] = {}
        self._open: list[_Open] = []
        self._running: Counter[Key] = Counter()
        self._residues = _residues() if residues is None else residues
        self._last = 0  # when the last event was
        self._excluded = 0  # nanoseconds for which the clock stood still

    def run(self, call: Callable[[], Any]) -> None:
        """Call, and add the times of its lines."""
        former = sys.gettrace()
        sys.settrace(self._call)
        try:
            call()
        finally:
            sys.settrace(former)
            self._open.clear()
            self._running.clear()

    def total(self) -> int:
        """Return the nanoseconds of all calls."""
        return sum(self.paths.values())

    def _call(self, frame: FrameType, event: str, arg: Any) -> Any:
        begin = time.perf_counter_ns()
        shown = str(frame.f_globals.get("__name__")).partition(".")[0] not in HIDDEN
        if shown:
            code = frame.f_code
            key = key_of(code)
            self.functions.setdefault(key, (code, frame.f_globals))
            self._running[key] += 1
            now = begin - self._excluded
            self._spend(now)
            self._open.append(_Open(key, frame.f_lineno, now, self._running[key] == 1))
        self._excluded += time.perf_counter_ns() - begin + self._residues.call
        return self._line if shown else None

    def _line(self, frame: FrameType, event: str, arg: Any) -> Any:
        begin = time.perf_counter_ns()
        if event in ("line", "return") and self._open:
            top, now = self._open[-1], begin - self._excluded
            self._spend(now)
            if top.counts:
                self.nanoseconds[top.key, top.line] += max(now - top.since, 0)
            top.line, top.since = frame.f_lineno, now
            if event == "return":
                self._running[top.key] -= 1
                self._open.pop()
        self._excluded += time.perf_counter_ns() - begin + self._residues.line
        return self._line

    def _spend(self, now: int) -> None:
        """Add the time since the last event to the lines that were running."""
        if self._open:
            path = tuple((one.key, one.line) for one in self._open[-_DEEPEST:])
            self.paths[path] += max(now - self._last, 0)
        self._last = now


class Residues(NamedTuple):
    """Nanoseconds of an event that the trace function can't see itself."""

    call: int
    line: int


@functools.cache
def _residues() -> Residues:
    """Measure what the interpreter needs to call a trace function."""
    # Calls of a hidden package have one event, and their lines none.
    scope: dict[str, Any] = {"__name__": "calibration", "hidden": _in_package("numpy")}
    exec("def lines(n):\n    for _ in range(n):\n        _ = 1\n", scope)
    exec("def calls(n):\n    for _ in range(n):\n        hidden()\n", scope)
    line = _added(scope["lines"]) // 2  # two events each time
    return Residues(max(_added(scope["calls"]) - 2 * line, 0), line)


def _in_package(name: str) -> Callable[[], None]:
    """Return a function that seems to be of a package."""
    scope: dict[str, Any] = {"__name__": name}
    exec("def function():\n    pass\n", scope)
    function: Callable[[], None] = scope["function"]
    return function


def _added(loop: Callable[[int], None], n: int = 500, rounds: int = 15) -> int:
    """Return the nanoseconds that tracing adds to each repetition; other load only ever adds."""
    alone, traced = [], []
    for _ in range(rounds):
        start = time.perf_counter_ns()
        loop(n)
        alone.append(time.perf_counter_ns() - start)
        timer = LineTimer(Residues(0, 0))
        timer.run(functools.partial(loop, n))
        traced.append(timer.total())
    return max((min(traced) - min(alone)) // n, 0)
