"""`python -m tests.bench.programs [part of a name or kind]...`: prints the table.

Each figure comes from a process of its own: the first calls plain and bumped, each the median of a
few processes, and the calls after many, plain and bumped in turns. All times are processor time,
and libraries are held to one thread.
"""

import argparse
import contextlib
import json
import platform
import statistics
import sys
import time
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import alloc_rewrite as alloc
from tests.bench.processes import hold_to_one_thread, in_own_process
from tests.bench.programs.catalogue import catalogue
from tests.bench.programs.measure import Row, first_call, later_calls
from tests.bench.timing import ROUNDS, print_table

CALLS = 100  # before the later calls are timed
LIBRARIES = ("NumPy", "SciPy", "scikit-image", "scikit-learn", "statsmodels", "pandas")
FIRSTS = 3  # processes for each first call
QUICK_ROUNDS = 5
#: A later call may not be slower than this; a first call may take twice as long, or so much longer.
SLOWER, FIRST_TIMES, FIRST_SECONDS = 0.97, 2.0, 0.020
HEADER = ["program", "kind", "plain ms", "plain / bumped", "first plain ms", "first bumped ms"]


def parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Time real programs plain and bumped.")
    parser.add_argument("names", nargs="*", help="parts of programs' or kinds' names")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="rounds (default: %(default)s)")
    parser.add_argument(
        "--calls", type=int, default=CALLS, help="calls before timing (default: %(default)s)"
    )
    parser.add_argument("--quick", action="store_true", help="few rounds, one first call each")
    parser.add_argument("--no-firsts", action="store_true", help="leave the first calls out")
    parser.add_argument("--json", type=Path, help="save the results in this file")
    return parser.parse_args(arguments)


def measured(name: str, kind: str, options: argparse.Namespace) -> Row:
    """Measure one program; what ends its process early is told in the row."""
    rounds = QUICK_ROUNDS if options.quick else options.rounds
    firsts = 0 if options.no_firsts else 1 if options.quick else FIRSTS
    try:
        row = in_own_process(later_calls, kind, name, options.calls, rounds)
        if firsts:
            plain, bumped = (
                [in_own_process(first_call, kind, name, is_bumped) for _ in range(firsts)]
                for is_bumped in (False, True)
            )
            row.plain_first, row.bumped_first = statistics.median(plain), statistics.median(bumped)
    except Exception as error:  # a crash too
        return Row(name, kind, troubles=[f"ended early: {type(error).__name__}: {error}"])
    return row


def where() -> str:
    """Name what the figures depend on."""
    versions = [f"Python {platform.python_version()}"]
    for library in LIBRARIES:
        with contextlib.suppress(PackageNotFoundError):
            versions.append(f"{library} {version(library)}")
    return ", ".join([*versions, f"{alloc.core()[0]} core"])


def cells(row: Row) -> list[str]:
    milliseconds = (row.plain_seconds * 1e3, row.plain_first * 1e3, row.bumped_first * 1e3)
    plain, *firsts = (f"{value:,.2f}" for value in milliseconds)
    return [row.name, row.kind, plain, f"{row.ratio:.2f}", *firsts]


def show(rows: list[Row], title: str) -> None:
    """Print the table, the mean, and what is slower than it may be."""
    print_table(title, HEADER, [cells(row) for row in rows])
    sound = [row for row in rows if not row.troubles]
    if sound:
        print(f"\nGeometric mean: {statistics.geometric_mean(row.ratio for row in sound):.2f}")
    slower = [f"{row.name}: {row.ratio:.2f}" for row in sound if row.ratio < SLOWER]
    print(f"Slower than plain: {', '.join(slower) or 'nothing'}")
    late = [
        f"{row.name}: {(row.bumped_first - row.plain_first) * 1e3:+.0f} ms"
        for row in sound
        if row.bumped_first > max(FIRST_TIMES * row.plain_first, row.plain_first + FIRST_SECONDS)
    ]
    print(f"Slow at the first call: {', '.join(late) or 'nothing'}")


def main(arguments: list[str] | None = None) -> int:
    """Return how many programs are in trouble."""
    options = parse(arguments)
    start = time.perf_counter()
    hold_to_one_thread()
    programs, missing = catalogue()
    rows = []
    for name, program in programs.items():
        words = f"{name} {program.kind}"
        if options.names and not any(part in words for part in options.names):
            continue
        if sys.stderr.isatty():
            print(f"\r{name}".ljust(60), end="\r", file=sys.stderr)
        rows.append(measured(name, program.kind, options))
    seconds = time.perf_counter() - start
    title = f"Programs ({where()}; {seconds:.0f} s)"
    show(rows, title)
    for reason in missing:
        print(f"Skipped: {reason}")
    if options.json:
        saved = {"title": title, "rows": [asdict(row) for row in rows]}
        options.json.write_text(json.dumps(saved, indent=1) + "\n", encoding="utf-8")
    troubles = [f"{row.name}: {trouble}" for row in rows for trouble in row.troubles]
    for trouble in troubles:
        print(f"TROUBLE: {trouble}", file=sys.stderr)
    return len(troubles)


if __name__ == "__main__":
    sys.exit(min(main(), 1))
