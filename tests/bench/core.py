"""Plain against bumped, kernel by kernel: `python -m tests.bench.core [part of a name]...`.

Each kernel gets a buffer of its own and is warmed up until sites that do not pay are given back. It
also gets a process of its own: whether the heap's pages fault depends on what was freed before.
"""

import argparse
import platform
import time

import numpy as np

import alloc_rewrite as alloc
from tests.bench.kernels import all_kernels
from tests.bench.processes import in_own_process
from tests.bench.timing import ROUNDS, compare, print_table

HEADER = [
    "kernel",
    "bytes a call",
    "plain us",
    "plain / bumped",
    "faults plain",
    "faults bumped",
    "heap bytes bumped",
]


def measure(name: str, rounds: int) -> list[str]:
    """One row of the table."""
    kernel = next(kernel for kernel in all_kernels() if kernel.name == name)
    function, arguments = kernel.function, kernel.arguments
    bumped = alloc.bump(alloc.Buffer())(function)
    result = compare(
        lambda: function(*arguments),
        lambda: bumped(*arguments),
        warm_up=kernel.warm_up,
        rounds=rounds,
    )
    return [
        name,
        f"{alloc.allocated(function, *arguments):,}",
        f"{result.first_seconds * 1e6:,.2f}",
        f"{result.ratio:.2f}",
        f"{result.first_faults:,.1f}",
        f"{result.second_faults:,.1f}",
        f"{alloc.allocated(bumped, *arguments):,}",
    ]


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Time kernels plain and bumped, side by side.")
    parser.add_argument("names", nargs="*", help="parts of kernels' names (default: all)")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="rounds (default: %(default)s)")
    options = parser.parse_args(arguments)
    names = [kernel.name for kernel in all_kernels()]
    if options.names:
        names = [name for name in names if any(part in name for part in options.names)]
    start = time.perf_counter()
    rows = [in_own_process(measure, name, options.rounds) for name in names]
    seconds = time.perf_counter() - start
    where = f"Python {platform.python_version()}, NumPy {np.__version__}, {alloc.core()[0]} core"
    print_table(f"Plain against bumped ({where}; {seconds:.0f} s)", HEADER, rows)


if __name__ == "__main__":
    main()
