"""`python -m tests.bench.regions [part of a name]...`: prints the tables, and saves results.

The core is the one selected, or each in turn with `--cores`; `--peers` adds the other ways to run
the kernels. Results that were saved with `--json` are shown again by `--read`, in other forms.
"""

import argparse
import json
import platform
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np

from alloc_rewrite import cores
from tests.bench.processes import hold_to_one_thread, in_own_process
from tests.bench.regions import peers, tables
from tests.bench.regions.kernels import SIZES, all_kernels
from tests.bench.regions.measure import Row, Settings, measure
from tests.bench.regions.picture import svg
from tests.bench.timing import ROUNDS, print_table

QUICK_ROUNDS = 5
LONGEST = 600.0  # seconds for a kernel in one way and size
WARM_UP_SECONDS, QUICK_SECONDS = 2.0, 0.4  # at most


def parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Time array kernels in several ways.")
    parser.add_argument("names", nargs="*", help="parts of kernels' or classes' names")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="rounds (default: %(default)s)")
    parser.add_argument("--sizes", default=",".join(SIZES), help="sizes (default: %(default)s)")
    parser.add_argument("--quick", action="store_true", help="few rounds, short warm-ups")
    parser.add_argument("--cores", action="store_true", help="all cores, not only the selected one")
    parser.add_argument("--threads", type=int, default=1, help="of a region (default: 1)")
    parser.add_argument("--peers", action="store_true", help="peers as well, where installed")
    parser.add_argument("--json", type=Path, help="save the results in this file")
    parser.add_argument("--read", type=Path, help="show saved results, measure nothing")
    parser.add_argument("--picture", type=Path, help="draw geometric means into this SVG file")
    parser.add_argument("--peers-picture", type=Path, help="draw the times of the peers likewise")
    return parser.parse_args(arguments)


def measured(options: argparse.Namespace) -> list[Row]:
    """Run what was chosen, each kernel, size and core in a process of its own."""
    selected = cores.selected().name
    others = ("native", "python") if options.cores and cores.native is not None else ()
    settings = Settings(
        core=selected,
        ways=(),
        threads=options.threads,
        rounds=QUICK_ROUNDS if options.quick else options.rounds,
        seconds=QUICK_SECONDS if options.quick else WARM_UP_SECONDS,
    )
    hold_to_one_thread()
    rows = []
    for name, kernel in all_kernels().items():
        words = f"{name} {kernel.kind}"
        if options.names and not any(part in words for part in options.names):
            continue
        for size in options.sizes.split(","):
            if sys.stderr.isatty():
                print(f"\r{name}, {size}".ljust(60), end="\r", file=sys.stderr)
            row = row_of(name, size, settings)
            for core in others:
                if core != selected:
                    row.add(row_of(name, size, replace(settings, core=core)))
            for way in peers.WAYS if options.peers else ():  # a crash takes along only its own
                row.add(row_of(name, size, replace(settings, core=None, ways=(way,))))
            rows.append(row)
    return rows


def row_of(name: str, size: str, settings: Settings) -> Row:
    """Measure in a new process; what ends it early is told in the row."""
    try:
        return in_own_process(measure, name, size, settings, seconds=LONGEST)
    except Exception as error:  # a crash too
        trouble = f"ended early: {type(error).__name__}: {error}"
        return Row(name, all_kernels()[name].kind, size, troubles=[trouble])


def show(rows: list[Row], title: str) -> None:
    """Print every table."""
    print_table(title, *tables.by_kernel(rows))
    if any(row.other_bits for row in rows):
        print("~: the results are near NumPy's, not the same to the bit")
    for name in tables.figures(rows):
        print()
        print_table(f"Geometric means of plain / {name}", *tables.by_class(rows, name))
    for core in (name for name in tables.figures(rows) if name not in peers.WAYS):
        if tables.against_peers(rows, core)[1]:
            print()
            print_table(f"Time of each peer / {core} (kernels)", *tables.against_peers(rows, core))
        print(f"\nSlower than plain, {core}: {', '.join(tables.slower(rows, core)) or 'nothing'}")


def main(arguments: list[str] | None = None) -> int:
    """Return how many rows are in trouble."""
    options = parse(arguments)
    start = time.perf_counter()
    if options.read:
        saved = json.loads(options.read.read_text(encoding="utf-8"))
        title, rows = saved["title"], [Row(**row) for row in saved["rows"]]
    else:
        rows = measured(options)
        seconds = time.perf_counter() - start
        where = f"Python {platform.python_version()}, NumPy {np.__version__}; {seconds:.0f} s"
        if options.threads > 1:
            where += f"; {options.threads} threads"
        title = f"Array kernels ({where})"
    show(rows, title)
    if options.json:
        saved = {"title": title, "rows": [asdict(row) for row in rows]}
        options.json.write_text(json.dumps(saved, indent=1) + "\n", encoding="utf-8")
    if options.picture:
        core = tables.figures(rows)[0]
        heading = f"Times faster than plain NumPy, {core} core (geometric means)"
        shown = tables.means(rows, core)
        shown.pop(tables.WITHOUT_FAULTS, None)
        options.picture.write_text(svg(heading, shown), encoding="utf-8")
    if options.peers_picture:
        core = tables.figures(rows)[0]
        heading = f"Time of each peer / {core} core (geometric means; above 1x it takes longer)"
        shown = tables.times_of_peers(rows, core)
        options.peers_picture.write_text(svg(heading, shown), encoding="utf-8")
    troubles = [f"{row.kernel} ({row.size}): {text}" for row in rows for text in row.troubles]
    for trouble in troubles:
        print(f"TROUBLE: {trouble}", file=sys.stderr)
    return len(troubles)


if __name__ == "__main__":
    sys.exit(min(main(), 1))
