"""One operation, `a + b`, on arrays of 1 KB to 64 MB: `python -m tests.bench.sizes`.

Each size runs in a process of its own: whether the heap's pages fault depends on what was freed
before. All times are processor time.
"""

import argparse
import platform
import time
from functools import partial

import numpy as np

import alloc_rewrite as alloc
from tests.bench.processes import in_own_process
from tests.bench.timing import Comparison, compare, print_table

ROUNDS = 51
KIB = [4**k for k in range(9)]  # of the result: 1 KiB to 64 MiB
MANY, FEW = 3000, 40  # calls before anything is timed, for arrays up to LARGE and for larger ones
LARGE = 1 << 20


def added(a, b):
    return a + b


def measure(nbytes: int, rounds: int) -> Comparison:
    """Time the operation plain and bumped, with a result of that size."""
    a, b = np.random.default_rng(0).random((2, nbytes // 8))
    bumped = alloc.bump(alloc.Buffer())(added)
    return compare(
        partial(added, a, b),
        partial(bumped, a, b),
        warm_up=MANY if nbytes <= LARGE else FEW,
        rounds=rounds,
        clock=time.process_time,
    )


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Time a + b on arrays of many sizes.")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="rounds (default: %(default)s)")
    options = parser.parse_args(arguments)
    rows = []
    for kib in KIB:
        found = in_own_process(measure, kib << 10, options.rounds)
        name = f"{kib} KiB" if kib < 1024 else f"{kib >> 10} MiB"
        faults = f"{found.first_faults:,.1f}", f"{found.second_faults:,.1f}"
        rows.append([name, f"{found.first_seconds * 1e6:,.2f}", f"{found.ratio:.2f}", *faults])
    where = f"Python {platform.python_version()}, NumPy {np.__version__}, {alloc.core()[0]} core"
    header = ["result", "plain us", "plain / bumped", "faults plain", "faults bumped"]
    print_table(f"One operation, a + b ({where})", header, rows)


if __name__ == "__main__":
    main()
