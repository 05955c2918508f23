"""The pytest plugin, in sessions of its own."""

import os
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import pytest

import alloc_rewrite as alloc

#: How pytest finds the plugin, where the package is not installed.
INSTALLED = [point for point in entry_points(group="pytest11") if point.name == "alloc_rewrite"]
PLUGIN = [] if INSTALLED else ["-p", "alloc_rewrite.pytest_plugin"]

TESTS = """
import sys

import numpy as np
import pytest
import alloc_rewrite as alloc

def helper(x):
    return x * 2.0 + 1.0

def is_plain():
    return sys._getframe(1).f_code is wrong.__code__

def wrong(x):
    return x + float(is_plain())

def test_fixture(bumped):
    f = bumped(helper)
    assert (f(np.ones(3)) == 3.0).all()
    assert f.checks.compared == 1

def test_fixture_with_a_buffer(bumped):
    buffer = alloc.Buffer(10**5)
    bumped(helper, buffer)(np.ones(3))
    assert buffer.peak > 0

def test_fixture_fails(bumped):
    bumped(wrong)(np.ones(3))

@pytest.mark.bumped
@pytest.mark.parametrize("n", [1, 2])
def test_marked(n, tmp_path):
    assert helper(np.ones(n)).sum() == 3.0 * n

class TestMethods:
    @pytest.mark.bumped
    def test_method(self):
        assert helper(np.ones(1)) == 3.0

@pytest.fixture
def x():
    return np.ones(1000)

fast = alloc.bump(alloc.Buffer())(helper)

@pytest.mark.heap_bytes(0)
def test_takes_nothing(x):
    fast(x)

@pytest.mark.heap_bytes(8000)
def test_takes_little(x):
    x + 1.0

@pytest.mark.heap_bytes(7999)
def test_takes_too_much(x):
    x + 1.0

@pytest.mark.heap_bytes(0)
@pytest.mark.bumped
def test_takes_nothing_when_bumped(x):
    x + 1.0

@pytest.mark.heap_bytes()
def test_no_number():
    pass

def test_unmarked(x):
    x * 2.0
"""


def run(folder, *options):
    root = Path(alloc.__file__).parents[1]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *PLUGIN, "-p", "no:cacheprovider", "-rA",
         "--strict-markers", "test_it.py", *options],
        capture_output=True, text=True, cwd=folder, timeout=200, check=False,
        env={**os.environ, "PYTHONPATH": str(root)},
    )  # fmt: skip
    outcomes = {}
    for line in done.stdout.splitlines():
        outcome, _, rest = line.partition(" ")
        if outcome in ("PASSED", "FAILED", "ERROR"):
            outcomes[rest.partition("::")[2].partition(" - ")[0]] = outcome
    return outcomes, done.stdout


EXPECTED = {
    "test_fixture": "PASSED",
    "test_fixture_with_a_buffer": "PASSED",
    "test_fixture_fails": "FAILED",
    "test_marked[plain-1]": "PASSED",
    "test_marked[bumped-1]": "PASSED",
    "test_marked[plain-2]": "PASSED",
    "test_marked[bumped-2]": "PASSED",
    "TestMethods::test_method[plain]": "PASSED",
    "TestMethods::test_method[bumped]": "PASSED",
    "test_takes_nothing": "PASSED",
    "test_takes_little": "PASSED",
    "test_takes_too_much": "FAILED",
    "test_takes_nothing_when_bumped[plain]": "FAILED",
    "test_takes_nothing_when_bumped[bumped]": "PASSED",
    "test_no_number": "FAILED",
    "test_unmarked": "PASSED",
}


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "test_it.py").write_text(TESTS)
    return tmp_path


@pytest.mark.parametrize("workers", [0, 2])
def test_outcomes(folder, workers):
    if workers:
        pytest.importorskip("xdist")
    outcomes, out = run(folder, *(("-n", str(workers)) if workers else ()))
    assert outcomes == EXPECTED, out
    assert "DifferenceError: the bumped call of wrong differs" in out
    assert "the test may take 7999 bytes from the heap:" in out
    assert "Allocated 8000 bytes in 1 array" in out
    assert "heap_bytes takes one number of bytes" in out


def test_the_option(folder):
    outcomes, _ = run(folder, "--alloc-limit", "0", "-k", "unmarked or takes_little")
    assert outcomes == {"test_unmarked": "FAILED", "test_takes_little": "PASSED"}
    outcomes, _ = run(folder, "--alloc-limit", "8000", "-k", "unmarked")
    assert outcomes == {"test_unmarked": "PASSED"}
