"""The longest pauses of a hot main thread while code is compiled: `python -m tests.bench.gaps`.

In fresh processes, the main thread looks at the clock in a loop of Python code. A pause is the time
between two looks. The rows: nothing is compiled; the import of llvmlite with the first kernel; 20
kernels; a loop of 100 lines.

On a busy machine most pauses are the system's: it runs other processes. So a pause counts in
processor time, that of all other threads of the process, and only if the main thread waited
meanwhile (for the GIL, as it does nothing else): its count of voluntary context switches tells.
"""

import argparse
import os
import platform
import statistics
import subprocess
import sys

import numpy as np

from tests.bench.timing import print_table

PROCESSES = 15
STEPS = ("nothing", "the import and the first kernel", "20 kernels", "a loop of 100 lines")
TIMED = """
import resource, sys, time
import numpy as np
import alloc_rewrite as alloc
from alloc_rewrite.compiled.kernels import workshop
from tests.bench.compiling import function_with_loop, piece

def switches():
    return resource.getrusage(resource.RUSAGE_THREAD).ru_nvcsw

def others():
    return time.process_time() - time.thread_time()

def pauses(submit, shortest=0.1):
    "Return the longest pause in processor time and in all, and how long it all took, in ms."
    clock = time.perf_counter
    waited = longest = 0.0
    submit()
    begin = last = clock()
    count, used = switches(), others()
    while not workshop._idle or last - begin < shortest:
        now = clock()
        if now - last > 2e-4:
            longest = max(longest, now - last)
            before, count = count, switches()
            if count > before:
                waited = max(waited, min(now - last, others() - used))
            now = clock()
        used = others()
        last = now
    return waited * 1e3, longest * 1e3, (last - begin) * 1e3

def kernels(some):
    for n in some:
        workshop.kernel_of(piece(n))

f = function_with_loop(100)
g = alloc.bump(alloc.Buffer())(f)
expected = f(5000, np.ones(10))

def loop():
    assert g(5000, np.ones(10)) == expected

for submit in (lambda: None, lambda: kernels([3]), lambda: kernels(range(4, 24)), loop):
    print(*pauses(submit))
assert all(kernel.state == "compiled" for kernel in workshop._kernels.values())
"""


def measured() -> list[list[float]]:
    """The figures of each step in one fresh process."""
    names = {**os.environ, "ALLOC_REWRITE_CACHE": "off"}
    done = subprocess.run(
        [sys.executable, "-c", TIMED], env=names, capture_output=True, text=True, check=True
    )
    return [[float(number) for number in line.split()] for line in done.stdout.splitlines()]


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Measure pauses while code is compiled.")
    parser.add_argument("--processes", type=int, default=PROCESSES, help="default: %(default)s")
    options = parser.parse_args(arguments)
    made = []
    all_steps = zip(*(measured() for _ in range(options.processes)), strict=True)
    for name, figures in zip(STEPS, all_steps, strict=True):
        waited, longest, took = zip(*figures, strict=True)
        made.append(
            [name, f"{statistics.median(waited):.1f}", f"{max(waited):.1f}"]
            + [f"{statistics.median(longest):.1f}", f"{statistics.median(took):.0f}"]
        )
    where = f"Python {platform.python_version()}, NumPy {np.__version__}"
    columns = ["compiled meanwhile", "median ms", "longest ms", "with the system's", "all took ms"]
    print_table(f"Longest pauses of the main thread ({where})", columns, made)


if __name__ == "__main__":
    main()
