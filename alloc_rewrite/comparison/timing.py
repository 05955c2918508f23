"""Times two calls in turns, so that whatever else the machine does hits both.

In: two callables of the same arguments, and what makes these. Out: seconds a call, and their ratio.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

Call = tuple[Any, tuple[Any, ...], dict[str, Any], Any]  # what to call, with what; its owner

ROUNDS = 51
SECONDS = 2.0  # that all rounds may take together, of which at least `FEWEST` are done
FEWEST = 5
ROUND = 0.001  # seconds, long against the resolution of the clock


class Times(NamedTuple):
    """Seconds a call in the fastest of the rounds, and the ratio of the two.

    Whatever else the machine does only ever adds time, so the fastest round is the truest.
    """

    rounds: int
    plain: float
    bumped: float
    speedup: float


def in_turns(call: Callable[[int], Call], may_repeat: bool) -> Times:
    """Time the plain call and the bumped call, 0 and 1; `call` makes either anew.

    Calls are only repeated within a round if they leave their arguments as they are.
    """
    with _collector_off():
        times = [1, 1]
        if may_repeat:
            for which in (0, 1):
                once = _seconds(call(which), 1)
                times[which] = max(1, min(int(ROUND / max(once, 1e-9)), 10_000))
        measured: list[tuple[float, float]] = []
        start = time.perf_counter()
        while len(measured) < ROUNDS:
            if len(measured) >= FEWEST and time.perf_counter() - start > SECONDS:
                break
            order = (0, 1) if len(measured) % 2 == 0 else (1, 0)  # neither always comes second
            both = {i: _seconds(call(i), times[i]) for i in order}
            measured.append((both[0], both[1]))
    plain, bumped = (min(round_[form] for round_ in measured) for form in (0, 1))
    return Times(len(measured), plain, bumped, plain / bumped)


def _seconds(call: Call, times: int) -> float:
    target, args, kwargs, _ = call
    repetitions = range(times)
    start = time.perf_counter()
    for _ in repetitions:
        try:
            target(*args, **kwargs)
        except Exception as error:  # the same each time: it was compared before
            del error
    return (time.perf_counter() - start) / times


@contextmanager
def _collector_off() -> Iterator[None]:
    """Keep pauses of the garbage collector out, which hit whoever allocates next."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
