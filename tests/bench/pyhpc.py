"""The kernels of pyhpc-benchmarks, plain against bumped: `python -m tests.bench.pyhpc PATH`.

PATH is a checkout of https://github.com/dionhaefner/pyhpc-benchmarks, which this project doesn't
contain. Each kernel is measured at two sizes. With `--numba` it is also timed as the checkout has
it for Numba, in one thread.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.bench.checkout import Kernel, run

SIZES = (4096, 65536)  # items


def names(path: Path) -> Sequence[str]:
    """Return the names of a checkout's kernels, with each size."""
    folders = sorted(entry.parent.name for entry in (path / "benchmarks").glob("*/__init__.py"))
    return [f"{name}, {size}" for name in folders for size in SIZES]


def load(path: Path, name: str, with_numba: bool) -> Kernel:
    """Load a kernel, and make its arguments."""
    sys.path.insert(0, str(path))
    name, size = name.split(", ")
    package = importlib.import_module(f"benchmarks.{name}")
    arguments = package.generate_inputs(int(size))
    compiled = package.try_import("numba") if with_numba else None
    function = package.try_import("numpy").run
    return Kernel(function, arguments, None if compiled is None else compiled.run)


if __name__ == "__main__":
    sys.exit(min(run("pyhpc-benchmarks", load, names, None), 1))
