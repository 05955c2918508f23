"""`stats`: what the library has done in this process, to be merged with that of other processes.

In: the figures of this process, and `Stats` from others. Out: a `Stats`. It must not know how
figures come from one process to another.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .errors import short
from .figures import figures
from .report import Report
from .sizes import counted

if TYPE_CHECKING:
    from .report.document import Document

_COLUMNS = ("buffers", "capacity", "peak", "heap_fallbacks", "hits", "misses", "kernels")


@dataclass(frozen=True, slots=True)
class ProcessStats:
    """What one process did up to a moment.

    Attributes
    ----------
    process : str
        The machine's name and the number of the process.
    token : str
        Tells it from another process that has the same number later.
    number : int
        How often the process had been asked by then: of two, the larger is the later one.
    buffers : int
        Buffers that it made.
    capacity : int
        Bytes of memory in the buffers that were alive.
    peak : int
        The largest high-water mark that any one buffer had, in bytes.
    heap_fallbacks : int
        Arrays left to the heap because a buffer was full.
    hits, misses : int
        Operations, calls and regions that sites of the native core handled, and that they left to
        the original code.
    kernels : int
        Kernels of machine code that were made, for stages of regions and for loops.
    kept, left : tuple of str
        Functions that were timed in both forms: those that stay rewritten, and those that run as
        they are, because that was faster.
    """

    process: str
    token: str
    number: int
    buffers: int
    capacity: int
    peak: int
    heap_fallbacks: int
    hits: int
    misses: int
    kernels: int
    kept: tuple[str, ...]
    left: tuple[str, ...]


@dataclass(frozen=True, slots=True, repr=False)
class Stats(Report):
    """What the library has done in one or more processes. ``print`` shows it as a table.

    ``a | b`` has the processes of both, each as it was when it was asked last: a process that
    reports after each task counts once. The order doesn't matter. A `Stats` can be pickled.

    Attributes
    ----------
    processes : tuple of ProcessStats
        ``process``, ``buffers``, ``capacity``, ``peak``, ``heap_fallbacks``, ``hits``, ``misses``,
        ``kernels``, ``kept`` and ``left`` of each process (see the properties), and ``token`` and
        ``number``, by which `|` knows a process and its latest figures.
    """

    processes: tuple[ProcessStats, ...]

    @property
    def buffers(self) -> int:
        """Buffers made."""
        return self._sum("buffers")

    @property
    def capacity(self) -> int:
        """Bytes of memory in the buffers that were alive when the processes were asked."""
        return self._sum("capacity")

    @property
    def peak(self) -> int:
        """The largest high-water mark that any one buffer had, in bytes."""
        return max((one.peak for one in self.processes), default=0)

    @property
    def heap_fallbacks(self) -> int:
        """Arrays left to the heap because a buffer was full."""
        return self._sum("heap_fallbacks")

    @property
    def hits(self) -> int:
        """Operations, calls and regions that sites handled; the Python core doesn't count them."""
        return self._sum("hits")

    @property
    def misses(self) -> int:
        """Operations, calls and regions that sites left to the original code; likewise."""
        return self._sum("misses")

    @property
    def kernels(self) -> int:
        """Kernels of machine code that were made, for stages of regions and for loops."""
        return self._sum("kernels")

    @property
    def kept(self) -> tuple[str, ...]:
        """Functions that were timed in both forms and stay rewritten, in some process."""
        return tuple(sorted({name for one in self.processes for name in one.kept}))

    @property
    def left(self) -> tuple[str, ...]:
        """Functions that were timed in both forms and run as they are, in some process."""
        return tuple(sorted({name for one in self.processes for name in one.left}))

    def __or__(self, other: Stats) -> Stats:
        if not isinstance(other, Stats):
            return NotImplemented
        return _merged((self, other))

    def __str__(self) -> str:
        rows = [("process", *(name.replace("_", " ") for name in _COLUMNS)), *self._rows()]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = [
            "  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])])
            for row in rows
        ]
        return "\n".join([*lines, *self._judged()])

    def _sum(self, name: str) -> int:
        return sum(getattr(one, name) for one in self.processes)

    def _rows(self) -> list[tuple[str, ...]]:
        owners: list[tuple[str, ProcessStats | Stats]] = [(p.process, p) for p in self.processes]
        if len(owners) > 1:
            owners.append(("all", self))
        return [(name, *(f"{getattr(o, c):,}" for c in _COLUMNS)) for name, o in owners]

    def _judged(self) -> list[str]:
        words = ("stays rewritten", self.kept), ("runs as it is, which is faster", self.left)
        return [f"{name}: {what}" for what, names in words for name in names]

    def _title(self) -> str:
        many = len(self.processes)
        return (
            f"{many} {'process' if many == 1 else 'processes'}: "
            f"{counted(self.buffers, 'buffer')}, peak {self.peak:,} bytes, "
            f"{counted(self.heap_fallbacks, 'heap fallback')}, {self.hits:,} hits, "
            f"{self.misses:,} misses"
        )

    def _document(self) -> Document:
        from .report.document import Cell, Document, Sentences, Table

        rows = [tuple(map(Cell, row)) for row in self._rows()]
        names = ("process", *(name.replace("_", " ") for name in _COLUMNS))
        parts: list[Table | Sentences] = [Table("Processes", names, rows, frozenset({0}))]
        if self._judged():
            parts.append(Sentences("Functions that were timed", self._judged()))
        return Document("What alloc_rewrite did, by process", [self._title()], [*parts])


def stats(*others: Stats) -> Stats:
    """Return what the library has done in this process so far.

    Parameters
    ----------
    *others : Stats
        From other processes, to be merged with it.

    Returns
    -------
    Stats
        Figures of this process and of those of the others. It can be pickled, and merged by ``|``.

    Raises
    ------
    TypeError
        If one of `others` is no `Stats`.

    Notes
    -----
    Have workers of joblib, dask or `multiprocessing` return ``alloc.stats()`` with their results,
    however often: of each process the latest figures count. A forked process counts from its
    fork on, but its `peak` and `capacity` include the buffers it got from its parent.

    Small arrays that a site reuses, and temporaries of regions, which never become arrays, add
    to hits but to no figure of memory.

    Examples
    --------
    >>> import numpy as np
    >>> import alloc_rewrite as alloc
    >>> buf = alloc.Buffer(10**7)
    >>> before = alloc.stats()
    >>> x = alloc.run(lambda: np.ones(10**5) * 2.0, buf)
    >>> now = alloc.stats()
    >>> now.peak >= 8 * 10**5, now.buffers == before.buffers, now | before == now
    (True, True, True)
    """
    for one in others:
        if not isinstance(one, Stats):
            raise TypeError(f"stats: {short(one)} is not a Stats")
    now = figures.now()
    judged = sorted(figures.verdicts.items())
    here = ProcessStats(
        process=f"{platform.node()}:{os.getpid()}",
        token=figures.token,
        number=figures.asked,
        **{name: now.get(name, 0) for name in _COLUMNS},
        kept=tuple(name for name, keeps in judged if keeps),
        left=tuple(name for name, keeps in judged if not keeps),
    )
    return _merged((Stats((here,)), *others))


def _merged(several: Iterable[Stats]) -> Stats:
    """Return the latest figures of each process."""
    latest: dict[tuple[str, str], ProcessStats] = {}
    for one in (process for stats in several for process in stats.processes):
        key = one.process, one.token
        if key not in latest or latest[key].number < one.number:
            latest[key] = one
    return Stats(tuple(latest[key] for key in sorted(latest)))
