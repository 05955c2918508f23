"""What importing costs: processor time in fresh processes, `python -m tests.bench.importing`.

The rows are NumPy alone, this library beyond NumPy, and what the first bumped function of a program
costs beyond both: the decoration and the first call of a small function.
"""

import argparse
import os
import platform
import statistics
import subprocess
import sys

import numpy as np

import alloc_rewrite as alloc
from tests.bench.timing import print_table

PROCESSES = 25
#: What each step executes, after those before it.
STEPS = {
    "import numpy": "import numpy as np",
    "import alloc_rewrite": "import alloc_rewrite as alloc",
    "the first bumped call": "alloc.bump(alloc.Buffer())(lambda x: x * x + x)(np.ones(3))",
}
TIMED = """
import time
for code in {codes!r}:
    start = time.process_time()
    exec(code)
    print(time.process_time() - start)
"""


def seconds() -> list[float]:
    """Processor seconds of each step in one fresh process."""
    command = [sys.executable, "-c", TIMED.format(codes=list(STEPS.values()))]
    names = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(command, env=names, capture_output=True, text=True, check=True)
    return [float(line) for line in done.stdout.split()]


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Time imports in fresh processes.")
    parser.add_argument("--processes", type=int, default=PROCESSES, help="default: %(default)s")
    options = parser.parse_args(arguments)
    seconds()  # everything is compiled, and in the system's cache, from here on
    measured = zip(*(seconds() for _ in range(options.processes)), strict=True)
    rows = [
        [name, f"{statistics.median(times) * 1e3:.1f}", f"{min(times) * 1e3:.1f}"]
        for name, times in zip(STEPS, measured, strict=True)
    ]
    where = f"Python {platform.python_version()}, NumPy {np.__version__}, {alloc.core()[0]} core"
    print_table(f"Imports ({where})", ["step", "median ms", "shortest ms"], rows)


if __name__ == "__main__":
    main()
