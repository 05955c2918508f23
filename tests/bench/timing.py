"""Side-by-side timing of two callables in one process, and the tables it is printed in.

In: callables without arguments, or rows of text. Out: medians, or a printed table. It knows nothing
of the library, except that it compiles in the background.

Clock frequency, other load and the state of the heap drift over a run, so the two callables take
turns, round by round, and the figure given is the median over the rounds of the ratio within each.
"""

import gc
import resource
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from alloc_rewrite.compiled.kernels import workshop

Call = Callable[[], Any]
#: `time.process_time`, which other processes don't change, or `time.perf_counter` for threads.
Clock = Callable[[], float]

ROUNDS = 15
COMPILED_TIMES = 3  # that what a call makes hot is compiled, in turns with calls
PATIENCE = 60.0  # seconds that this takes at most, each time
ROUND_SECONDS = 0.005  # long against the clock's resolution, short against a scheduler's slice


@dataclass(frozen=True)
class Comparison:
    """Medians over rounds: seconds and page faults a call, and the ratio of first to second."""

    first_seconds: float
    second_seconds: float
    ratio: float
    first_faults: float
    second_faults: float


def repeated(call: Call, times: int, clock: Clock = time.process_time) -> tuple[float, float]:
    """Seconds and minor page faults a call, over `times` calls."""
    repetitions = range(times)
    faults = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    start = clock()
    for _ in repetitions:
        call()
    seconds = clock() - start
    faults = resource.getrusage(resource.RUSAGE_SELF).ru_minflt - faults
    return seconds / times, faults / times


def repetitions_for(call: Call, seconds: float = ROUND_SECONDS) -> int:
    """How many calls take about `seconds`; at least one."""
    times = 1
    while True:
        taken = repeated(call, times)[0] * times
        if taken >= seconds / 4:
            return max(1, round(times * seconds / taken))
        times *= 4


@contextmanager
def collector_off() -> Iterator[None]:
    """The garbage collector's pauses fall on whoever allocates next: keep them out."""
    enabled = gc.isenabled()
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def wait_for_code() -> None:
    """Wait until nothing is being compiled: that takes processor time, too."""
    workshop.wait(PATIENCE)


def compare(
    first: Call,
    second: Call,
    *,
    warm_up: int = 0,
    rounds: int = ROUNDS,
    clock: Clock = time.process_time,
) -> Comparison:
    """Time two callables in turns, after `warm_up` calls of each, and what they have compiled."""
    for call in (first, second):
        for _ in range(COMPILED_TIMES):
            for _ in range(warm_up):
                call()
            wait_for_code()
    with collector_off():
        times = [repetitions_for(call) for call in (first, second)]
        measured: list[tuple[tuple[float, float], tuple[float, float]]] = []
        for number in range(rounds):
            # Who goes first alternates as well, so that neither always follows the other's caches.
            order = (0, 1) if number % 2 == 0 else (1, 0)
            both = {i: repeated((first, second)[i], times[i], clock) for i in order}
            measured.append((both[0], both[1]))
    return Comparison(
        first_seconds=statistics.median(one[0] for one, _ in measured),
        second_seconds=statistics.median(two[0] for _, two in measured),
        ratio=statistics.median(one[0] / two[0] for one, two in measured),
        first_faults=statistics.median(one[1] for one, _ in measured),
        second_faults=statistics.median(two[1] for _, two in measured),
    )


def print_table(title: str, header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print rows under a header; the first column flush left, the others flush right."""
    widths = [max(len(row[i]) for row in (header, *rows)) for i in range(len(header))]
    print(title)
    for row in (header, ["-" * width for width in widths], *rows):
        cells = [row[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(row[1:], widths[1:]))]
        print("  ".join(cells).rstrip())
