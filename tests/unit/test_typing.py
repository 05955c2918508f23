"""Type checkers see in a user's program what the library does."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import alloc_rewrite as alloc

PROGRAM = """
from typing import Any, Callable, assert_type

import numpy as np
import alloc_rewrite as alloc

Array = np.ndarray[Any, np.dtype[np.float64]]

def f(x: Array, n: int = 1) -> Array:
    return x * n

@alloc.bump
def g(x: Array) -> float:
    return float(x.sum())

@alloc.bump(alloc.Buffer(10**6, on_full="heap"), exclude=["scipy"])
def h() -> int:
    return 1

@alloc.check
def k(x: str) -> bytes:
    return x.encode()

class C:
    @alloc.bump
    def method(self, n: int) -> str:
        return str(n)

x = np.ones(3)
buffer = alloc.Buffer(1000)
assert_type(alloc.run(f, buffer, x, n=2), Array)
assert_type(g(x), float)
assert_type(h(), int)
assert_type(k("a"), bytes)
assert_type(C().method(3), str)
assert_type(alloc.profile(g, x).result, float)
assert_type(alloc.profile(f, x).diff(alloc.profile(g, x)).rows[0].callee, str)
assert_type(alloc.compare(h).result, int)
assert_type(alloc.compare(h).functions[0].lines[0].speedup, float)
assert_type(alloc.allocated(f, x), int)
assert_type(alloc.explain(f).callees[0].regions[0].hits, int | None)
assert_type(alloc.explain(f).to_dict(), dict[str, Any])
assert_type((alloc.stats() | alloc.stats()).processes[0].hits, int)

with buffer as same:
    assert_type(same, alloc.Buffer)
"""
WRONG = (
    "alloc.run(f, buffer, 'text')",
    "alloc.run(f, buffer)",
    "alloc.profile(f, x, m=3)",
    "alloc.compare(g, 3)",
    "alloc.Buffer(on_full='never')",
    "alloc.bump(alloc.Buffer('10'))",
    "alloc.check(f, on_difference='print')",
    "g(1)",
)
FIRST = len(PROGRAM.splitlines()) + 1


def checked(tool, tmp_path, text):
    path = tmp_path / "program.py"
    path.write_text(text)
    root = Path(alloc.__file__).parents[1]
    (tmp_path / "pyrightconfig.json").write_text(f'{{"extraPaths": ["{root}"]}}')
    command = {
        "mypy": ["-m", "mypy", "--strict", "--config-file", os.devnull, "--cache-dir",
                 str(tmp_path / "cache"), "program.py"],
        "pyright": ["-m", "pyright", "--pythonpath", sys.executable, "program.py"],
    }[tool]  # fmt: skip
    done = subprocess.run(
        [sys.executable, *command], capture_output=True, text=True, cwd=tmp_path, timeout=300,
        env={**os.environ, "MYPYPATH": str(root), "PYTHONPATH": str(root)}, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


@pytest.fixture(params=["mypy", "pyright"])
def tool(request):
    pytest.importorskip(request.param)
    return request.param


def test_a_program_and_mistakes_below_it(tool, tmp_path):
    code, out = checked(tool, tmp_path, PROGRAM + "\n".join(WRONG) + "\n")
    assert code == 1, out
    lines = {
        int(line.split(":")[1])
        for line in out.splitlines()
        if " error: " in line or " error - " in line
    }
    assert lines == set(range(FIRST, FIRST + len(WRONG))), out
