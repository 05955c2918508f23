"""Whether sites pay: the share of the time that they may cost.

In: the sites of one buffer, with the times between their executions. Out: the decision to switch
sites off. It must not know what a site does.

A site of the Python core costs a fixed time at each execution (`Economy.unit`, times the site's
weight). It is measured against the time between its executions, which is the time of everything
that happens in between: the quotient is the share of all time that goes into this site. All sites
of a buffer together, those in the functions called included, may take `TOLERANCE`. Beyond it the
ones executed most often go, until the rest take less. Sites executed equally often go together:
an expression with one temporary in the arena and the next on the heap would have the worst of
both. Sites that cost more stay if their arrays would trigger page faults on the heap: then the
arena saves more than they cost.
"""

from __future__ import annotations

import threading
import time
import weakref
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import numpy as np
from numpy import empty

try:
    import resource
except ImportError:  # not a Unix: page faults can't be counted
    resource = None  # type: ignore[assignment]

TOLERANCE = 0.05  # of the time
REVIEW = 256  # executions between two looks at a site; a power of two
MISSES = 16  # operands in a row that a site may not handle, having handled none
_ALIKE = 16  # sites executed that many times less often than another still go with it

_SMALLEST_FAULTING = 64 * 1024  # bytes: smaller blocks come from memory that malloc keeps
_LARGEST_KEPT = 32 << 20  # bytes: glibc maps larger blocks each time, which triggers page faults
_MOST_PROBED = 8  # arrays held at a time by a probe, and as many bytes as the largest kept

clock = time.perf_counter


class Costs(Protocol):
    """What the budget knows of a site."""

    period: float  # seconds between two executions, at the last review; 0 before
    since: float  # when that was
    nbytes: int  # size of the array it served then
    weight: float  # what an execution costs, in units

    def give_back(self) -> None:
        """Switch the site off."""
        ...


class Budget:
    """The budget of all sites of one buffer."""

    def __init__(self, unit: Callable[[], float]) -> None:
        self._unit = unit  # returns the cost of an operator's site, in seconds
        self._sites: weakref.WeakSet[Costs] = weakref.WeakSet()
        self._share = 0.0
        self._lock = threading.Lock()

    def reviewed(self, site: Costs, before: float) -> None:
        """Note a site's new period; switch off what all together can't afford.

        `before` is the site's former period. A review that comes in the middle of another one
        is skipped: the site comes up again.
        """
        if self._lock.acquire(blocking=False):
            try:
                self._review(site, before)
            finally:
                self._lock.release()

    def _review(self, site: Costs, before: float) -> None:
        unit = self._unit()
        self._share += _share(site.period, site.weight, unit) - _share(before, site.weight, unit)
        self._sites.add(site)
        if self._share <= TOLERANCE:
            return
        now = clock()
        sites = [s for s in self._sites if now - s.since <= 4 * REVIEW * s.period]
        gone = expendable({s: s.period / s.weight for s in sites}, unit)
        if gone and not heap_faults(max(s.nbytes for s in gone), len(gone)):
            for one in gone:
                one.give_back()
            sites = [s for s in sites if s not in gone]
        self._sites = weakref.WeakSet(sites)
        self._share = sum(_share(s.period, s.weight, unit) for s in sites)


def _share(period: float, weight: float, unit: float) -> float:
    return weight * unit / period if period else 0.0


def overhead(run: Callable[[], Any], plain: Callable[[], Any]) -> float:
    """Return the seconds by which `run` takes longer than `plain`."""
    return max(_seconds(run) - _seconds(plain), 1e-8)


def _seconds(call: Callable[[], Any], rounds: int = 7, times: int = 20) -> float:
    best = float("inf")
    for _ in range(rounds):
        start = clock()
        for _ in range(times):
            call()
        best = min(best, (clock() - start) / times)
    return best


def expendable(periods: Mapping[Any, float], unit: float) -> list[Any]:
    """Return the sites that have to go, given the seconds between executions of each."""
    left = sorted(periods.items(), key=lambda row: row[1])
    gone: list[Any] = []
    while left and sum(unit / period for _, period in left) > TOLERANCE:
        often = _ALIKE * left[0][1]
        gone += [site for site, period in left if period < often]
        left = [row for row in left if row[1] >= often]
    return gone


def heap_faults(nbytes: int, arrays: int) -> int:
    """Return the page faults that making and dropping some arrays triggers on the heap."""
    if resource is None or nbytes < _SMALLEST_FAULTING:
        return 0
    if nbytes > _LARGEST_KEPT:
        return 1
    arrays = min(arrays, _MOST_PROBED, _LARGEST_KEPT // nbytes)
    faults = 0
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        held = [empty(nbytes, np.uint8) for _ in range(arrays)]
        for array in held:
            array[::4096] = 0
        faults = resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
        del held, array
    return faults
