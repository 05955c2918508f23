"""Measures the kernels of a checkout of another project: plain, bumped, and compiled by Numba.

In: for each kernel a function that loads it, and the number of calls before timing. Out: rows, and
a printed table. Kernels may change their arguments, so each call gets copies, made before the clock
runs. It must not know how any checkout is laid out.
"""

from __future__ import annotations

import argparse
import copy
import platform
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import alloc_rewrite as alloc
from tests.bench.processes import hold_to_one_thread, in_own_process
from tests.bench.programs.measure import quiet
from tests.bench.timing import print_table
from tests.differential.compare import fingerprint

CALLS = 10  # before timing
MOST_ROUNDS = 25
SECONDS = 1.0  # of plain calls that are timed


class Kernel(NamedTuple):
    """A function with its arguments, and the same function compiled by Numba, if there is one."""

    function: Callable[..., Any]
    arguments: tuple[Any, ...]
    compiled: Callable[..., Any] | None = None


#: Loads a kernel of a checkout, by its name: with its Numba variant, if asked for.
Loader = Callable[[Path, str, bool], Kernel]


@dataclass
class Row:
    """What was found out about one kernel, in processor time."""

    name: str
    seconds: float = 0.0  # of a plain call
    ratio: float = 1.0  # of plain to bumped
    numba: float | None = None  # of plain to Numba's
    troubles: list[str] = field(default_factory=list)


def timed(function: Callable[..., Any], arguments: tuple[Any, ...]) -> tuple[float, Any]:
    """Call with copies; return the seconds, and all that can be seen of the call."""
    given = copy.deepcopy(arguments)
    start = time.process_time()
    result = function(*given)
    return time.process_time() - start, (result, given)


def measure(load: Loader, path: Path, name: str, with_numba: bool, warm: float) -> Row:
    """Compare the results of a kernel, then time its forms in turns, after so many more seconds."""
    kernel, row = load(path, name, with_numba), Row(name)
    bumped = alloc.bump(alloc.Buffer())(kernel.function)
    forms = [kernel.function, bumped] + ([kernel.compiled] if kernel.compiled else [])
    with quiet():
        first, seen = timed(kernel.function, kernel.arguments)
        expected = fingerprint(seen)
        for number in range(CALLS):
            if fingerprint(timed(bumped, kernel.arguments)[1]) != expected:
                row.troubles.append(f"other results than plain at call {number + 1}")
                break
            time.sleep(0.05)  # for the thread that compiles
        for form in forms[2:]:
            timed(form, kernel.arguments)
        end = time.monotonic() + warm
        while time.monotonic() < end:
            timed(bumped, kernel.arguments)
        rounds = max(3, min(MOST_ROUNDS, int(SECONDS / max(first, 1e-5))))
        times = [[timed(form, kernel.arguments)[0] for form in forms] for _ in range(rounds)]
    row.seconds, *others = (statistics.median(column) for column in zip(*times, strict=True))
    row.ratio = row.seconds / others[0]
    row.numba = row.seconds / others[1] if others[1:] else None
    return row


def run(
    what: str, load: Loader, names: Callable[[Path], Sequence[str]], arguments: list[str] | None
) -> int:
    """Measure each kernel in a process of its own; return how many are in trouble."""
    parser = argparse.ArgumentParser(description=f"Time the kernels of a checkout of {what}.")
    parser.add_argument("path", type=Path, help="the checkout")
    parser.add_argument("names", nargs="*", help="parts of kernels' names")
    parser.add_argument("--numba", action="store_true", help="time Numba's variants as well")
    parser.add_argument(
        "--warm",
        type=float,
        default=0.0,
        help="seconds of bumped calls before (default: few calls)",
    )
    options = parser.parse_args(arguments)
    hold_to_one_thread()
    rows, troubles = [], []
    for name in names(options.path):
        if options.names and not any(part in name for part in options.names):
            continue
        try:
            row = in_own_process(measure, load, options.path, name, options.numba, options.warm)
        except Exception as error:  # a crash too
            troubles.append(f"{name}: ended early: {type(error).__name__}: {error}")
            continue
        rows.append(row)
        troubles += [f"{name}: {trouble}" for trouble in row.troubles]
    _show(what, rows)
    for trouble in troubles:
        print(f"TROUBLE: {trouble}")
    return len(troubles)


def _show(what: str, rows: list[Row]) -> None:
    title = f"{what} (Python {platform.python_version()}, {alloc.core()[0]} core)"
    header = ["kernel", "plain ms", "plain / bumped", "plain / Numba"]
    cells = [
        [
            row.name,
            f"{row.seconds * 1e3:,.2f}",
            f"{row.ratio:.2f}",
            "" if row.numba is None else f"{row.numba:.2f}",
        ]
        for row in rows
    ]
    print_table(title, header, cells)
    if rows:
        least = min(rows, key=lambda row: row.ratio)
        mean = statistics.geometric_mean(row.ratio for row in rows)
        print(f"\nGeometric mean: {mean:.2f}; least: {least.name}, {least.ratio:.2f}")
    both = [row for row in rows if row.numba is not None]
    if both:
        ours = statistics.geometric_mean(row.ratio for row in both)
        numbas = statistics.geometric_mean(row.numba or 1.0 for row in both)
        print(f"Where Numba has a variant: {ours:.2f}; Numba: {numbas:.2f}")
