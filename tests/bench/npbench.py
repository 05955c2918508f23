"""NPBench's kernels, plain against bumped: `python -m tests.bench.npbench PATH [name]...`.

PATH is a checkout of https://github.com/spcl/npbench, which this project doesn't contain. Its
kernels run with the preset S. With `--numba` each is also timed as NPBench has it for Numba, in one
thread, without parallel loops where there is such a variant. Those variants use fast-math, and may
give other bits.
"""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tests.bench.checkout import Kernel, run

PRESET = "S"
NUMBA = ("numba_n", "numba_np", "numba_npr")  # the first one that exists


def names(path: Path) -> Sequence[str]:
    """Return the names of a checkout's kernels."""
    return sorted(entry.stem for entry in (path / "bench_info").glob("*.json"))


def load(path: Path, name: str, with_numba: bool) -> Kernel:
    """Load a kernel, and make its arguments."""
    info = json.loads((path / "bench_info" / f"{name}.json").read_text())["benchmark"]
    folder = path / "npbench" / "benchmarks" / info["relative_path"]
    sys.path.insert(0, str(folder))
    values = dict(info["parameters"][PRESET])
    if info.get("init"):
        made = _function(folder, info["module_name"], info["init"]["func_name"])(
            *(values[given] for given in info["init"]["input_args"])
        )
        outputs = info["init"]["output_args"]
        values.update(zip(outputs, made if isinstance(made, tuple) else (made,), strict=True))
    compiled = None
    for variant in NUMBA if with_numba else ():
        module = f"{info['module_name']}_{variant}"
        if compiled is None and (folder / f"{module}.py").exists():
            compiled = _function(folder, module, info["func_name"])
    return Kernel(
        _function(folder, f"{info['module_name']}_numpy", info["func_name"]),
        tuple(values[given] for given in info["input_args"]),
        compiled,
    )


def _function(folder: Path, module: str, name: str) -> Callable[..., Any]:
    spec = importlib.util.spec_from_file_location(module, folder / f"{module}.py")
    assert spec is not None
    assert spec.loader is not None
    loaded = importlib.util.module_from_spec(spec)
    sys.modules[module] = loaded
    spec.loader.exec_module(loaded)
    function: Callable[..., Any] = getattr(loaded, name)
    return function


if __name__ == "__main__":
    sys.exit(min(run("NPBench, preset S", load, names, None), 1))
