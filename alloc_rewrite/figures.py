"""What has happened in this process: figures that outlive the objects they are about.

In: buffers, verdicts on functions, and what counts elsewhere. Out: figures of the process as it is
now. It must not know who asks.
"""

from __future__ import annotations

import os
import weakref
from collections import Counter
from collections.abc import Callable
from typing import Any

MOST_NAMES = 1000  # of functions, whose verdicts are kept


class Figures:
    """The figures of one process. A forked process begins with counts of its own.

    Attributes
    ----------
    token : str
        Tells this process from others that have its number at another time or place.
    asked : int
        How often the figures have been asked for.
    """

    def __init__(self) -> None:
        self.sources: list[Callable[[], dict[str, int]]] = []  # of counts that only grow
        self.verdicts: dict[str, bool] = {}  # by function: whether it stays rewritten
        self._arenas: dict[int, tuple[weakref.ref[Any], Any]] = {}  # of buffers that are alive
        self._gone: Counter[str] = Counter()
        self._peak = 0  # of buffers that are gone
        self._before: Counter[str] = Counter()  # what the process counted before it was forked
        self.token, self.asked = _token(), 0
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._begin)

    def enter(self, buffer: Any, arena: Any) -> None:
        """Take up a new buffer, by its arena."""
        key = id(buffer)

        def close(_: Any) -> None:
            self._arenas.pop(key, None)
            self._peak = max(self._peak, arena.peak)
            self._gone["heap_fallbacks"] += arena.heap_fallbacks

        self._gone["buffers"] += 1
        self._arenas[key] = weakref.ref(buffer, close), arena

    def judge(self, name: str, keeps: bool) -> None:
        """Note whether a function stays rewritten."""
        if name in self.verdicts or len(self.verdicts) < MOST_NAMES:
            self.verdicts[name] = keeps

    def now(self) -> dict[str, int]:
        """Return counts, and of the buffers that are alive their capacity and largest peak."""
        self.asked += 1
        arenas = [arena for _, arena in list(self._arenas.values())]
        return {
            **(self._counts() - self._before),
            "capacity": sum(arena.capacity for arena in arenas),
            "peak": max([self._peak, *(arena.peak for arena in arenas)]),
        }

    def _counts(self) -> Counter[str]:
        counts = self._gone.copy()
        for _, arena in list(self._arenas.values()):
            counts["heap_fallbacks"] += arena.heap_fallbacks
        for source in self.sources:
            counts.update(source())
        return counts

    def _begin(self) -> None:
        self._before = self._counts()
        self.token, self.asked = _token(), 0


def _token() -> str:
    return os.urandom(4).hex()


figures = Figures()
