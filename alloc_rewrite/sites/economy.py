"""Whether sites pay: the share of its function's time that a site may cost.

In: the sites of one rewritten code object, with the times between their reviews. Out: the
decision to give a site back. It must not know what a site does.

A site of the Python core costs a fixed time at each execution (`overhead`). It is measured
against the time between its executions, which is the time of everything that happens in
between. A function's sites together may cost `TOLERANCE` of that; beyond it the ones executed
most often go, until the rest cost less. Sites executed equally often go together: an expression
with one temporary in the arena and the next on the heap would have the worst of both. What
speaks for sites that cost more is that the heap would fault pages for their arrays: then the
arena saves more than they cost.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

try:
    import resource
except ImportError:  # not a Unix: page faults can't be counted
    resource = None  # type: ignore[assignment]

TOLERANCE = 0.08  # of a function's time
REVIEW = 64  # executions between two looks at a site; a power of two
MISSES = 16  # operands in a row that a site may not handle, having handled none

_SMALLEST_FAULTING = 64 * 1024  # bytes: smaller blocks come from memory that malloc keeps
_measured: list[float] = []

clock = time.perf_counter


def overhead(run: Callable[[], Any], plain: Callable[[], Any]) -> float:
    """Return the seconds by which `run` takes longer than `plain`, measured once."""
    if not _measured:
        _measured.append(max(_seconds(run) - _seconds(plain), 1e-8))
    return _measured[0]


def _seconds(call: Callable[[], Any], rounds: int = 7, times: int = 20) -> float:
    best = float("inf")
    for _ in range(rounds):
        start = clock()
        for _ in range(times):
            call()
        best = min(best, (clock() - start) / times)
    return best


def expendable(periods: Mapping[Any, float], cost: float) -> list[Any]:
    """Return the sites that have to go, given the seconds between executions of each.

    A period of 0 is not known yet; such a site stays.
    """
    left = sorted((period, number) for number, period in periods.items() if period)
    gone: list[Any] = []
    while left and sum(cost / period for period, _ in left) > TOLERANCE:
        often = 2 * left[0][0]
        gone += [number for period, number in left if period < often]
        left = [row for row in left if row[0] >= often]
    return gone


def heap_faults(nbytes: int, arrays: int) -> int:
    """Return the page faults the heap takes, here and now, for some arrays made and dropped."""
    if resource is None or nbytes < _SMALLEST_FAULTING:
        return 0
    faults = 0
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        held = [np.empty(nbytes, np.uint8) for _ in range(arrays)]
        for array in held:
            array[::4096] = 0
        faults = resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
        del held, array
    return faults
