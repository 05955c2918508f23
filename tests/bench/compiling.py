"""What machine code costs, in fresh processes: `python -m tests.bench.compiling`.

The rows are steps of one process, one after the other: processor time of the process, wall time,
and the memory (resident set) that each adds. The kernels are those of polynomials of growing
degree, each with its trial; the loop has a hundred lines, and is compiled for two combinations of
kinds. Then the same with the object code on disk.
"""

import argparse
import os
import platform
import statistics
import subprocess
import sys
import tempfile

import numpy as np

from tests.bench.timing import print_table

PROCESSES = 15
STEPS = (
    "the import of llvmlite",
    "the first kernel",
    "20 kernels, each",
    "a loop of 100 lines, twice",
)
TIMED = """
import time
import numpy as np
import alloc_rewrite as alloc
from alloc_rewrite.compiled.kernels import workshop
from alloc_rewrite.compiled.llvm import Compiler
from tests.bench.compiling import piece, function_with_loop

def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096

def timed(n, step):
    before, wall, own = resident(), time.perf_counter(), time.process_time()
    step()
    own, wall = time.process_time() - own, time.perf_counter() - wall
    print(own / n, wall / n, (resident() - before) / n)

def first():
    workshop._compiler = Compiler()

def kernels(some):
    for n in some:
        assert workshop.kernel_of(piece(n)).state == "compiled"

alloc.set_compile("now")
f = function_with_loop(100)
g = alloc.bump(alloc.Buffer())(f)
expected = f(2000, np.ones(10))
timed(1, first)
timed(1, lambda: kernels([3]))
timed(20, lambda: kernels(range(4, 24)))
timed(1, lambda: g(2000, np.ones(10)))
assert expected == g(2000, np.ones(10))
"""


def piece(degree):
    """Return the piece of a polynomial's Horner scheme."""
    from alloc_rewrite.compiled.pieces import Access, Operation, Piece

    reads = (Access("d", "contiguous"), *(Access("d", "scalar") for _ in range(degree)))
    operations = []
    last = 1
    for k in range(degree):
        operations.append(Operation("multiply", (last, 0), "d"))
        operations.append(Operation("add", (len(reads) + 2 * k, 1 + (k + 1) % degree), "d"))
        last = len(reads) + 2 * k + 1
    return Piece(reads, tuple(operations), (Access("d", "contiguous"),), (last,), False)


def function_with_loop(lines):
    """Return a function whose loop has so many lines of arithmetic on numbers and items."""
    kinds = (
        "total = total + x[i % 10] * {k}.0",
        "if total > 1e6: total = total * 0.5",
        "other = other * 0.25 + total",
        "x[{m}] = other - x[(i + {k}) % 10]",
        "count += 1",
    )
    source = ["def f(n, x):", "    total, other, count = 0.0, 1.0, 0", "    for i in range(n):"]
    source += [f"        {kinds[k % 5].format(k=k, m=k % 10)}" for k in range(lines)]
    source += ["    return total, other, count"]
    names: dict = {}
    exec("\n".join(source), names)
    return names["f"]


def measured(folder: str) -> list[list[float]]:
    """Processor seconds, wall seconds and bytes of each step in one fresh process."""
    command = [sys.executable, "-c", TIMED]
    names = {**os.environ, "ALLOC_REWRITE_CACHE": folder}
    done = subprocess.run(command, env=names, capture_output=True, text=True, check=True)
    return [[float(number) for number in line.split()] for line in done.stdout.splitlines()]


def rows(title: str, folder: str, processes: int) -> list[list[str]]:
    measured(folder)  # everything is in the system's cache from here on
    all_steps = zip(*(measured(folder) for _ in range(processes)), strict=True)
    made = []
    for name, one in zip(STEPS, all_steps, strict=True):
        own, wall, size = (statistics.median(column) for column in zip(*one, strict=True))
        made.append(
            [f"{name}{title}", f"{own * 1e3:.1f}", f"{wall * 1e3:.1f}", f"{size / 1e6:.2f}"]
        )
    return made


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Time the compiler in fresh processes.")
    parser.add_argument("--processes", type=int, default=PROCESSES, help="default: %(default)s")
    options = parser.parse_args(arguments)
    made = rows("", "off", options.processes)
    with tempfile.TemporaryDirectory() as folder:
        made += rows(", code on disk", folder, options.processes)[1:]
    where = f"Python {platform.python_version()}, NumPy {np.__version__}"
    print_table(f"Machine code ({where})", ["step", "processor ms", "wall ms", "MB"], made)


if __name__ == "__main__":
    main()
