"""Each allocation in a call fails once: the result is right, or MemoryError is raised.

Sites have made their plans before: planning is Python code and NumPy's, and neither the
interpreter nor NumPy gets through all of their own failing allocations. The arena's are made to
fail in `test_arena.py`.
"""

import os
import subprocess
import sys

import pytest

pytest.importorskip("_testcapi")

SCRIPT = """
import sys, warnings
import numpy as np, _testcapi
import alloc_rewrite as alloc
warnings.simplefilter("ignore")

def helper(x, k=2.0):
    return x * k

CASES = {
    "operators": lambda a, b: a * b + a / 2 - b ** 2,
    "calls": lambda a, b: np.exp(a) + np.maximum(a, b),
    "constructors": lambda a, b: np.zeros(3) + np.array([1.0, 2.0, 3.0]),
    "reductions": lambda a, b: a.sum() + b.max() + np.sum(np.ones((2, 3)), axis=0),
    "products": lambda a, b: np.ones((3, 3)) @ a,
    "joins": lambda a, b: np.where(a > 1, np.concatenate((a, b))[:3], 0.0),
    "entered": lambda a, b: helper(a) + np.clip(b, 0.0, 1.0),
}
a, b = np.arange(3.0), np.array([3.0, 2.0, 1.0])
f = CASES[sys.argv[1]]
expected = f(a, b)
done = 0
for keep in (0, 2, 8):  # with results kept, slots are taken and new arrays have to be made
    for start in range(60):
        g = alloc.bump(alloc.Buffer(1 << 16))(f)
        kept = [g(a, b), g(a, b)] + [g(a, b) for _ in range(keep)]
        if not keep:
            kept.clear()
        _testcapi.set_nomemory(start, start + 1)
        try:
            got = g(a, b)
        except MemoryError:
            got = None
        finally:
            _testcapi.remove_mem_hooks()
        if got is not None:
            assert got.tobytes() == expected.tobytes() and got.dtype == expected.dtype
            done += 1
        assert g(a, b).tobytes() == expected.tobytes()
assert done
print("ok")
"""


@pytest.mark.parametrize(
    "case",
    ["operators", "calls", "constructors", "reductions", "products", "joins", "entered"],
)
def test_failing_allocations(case):
    done = subprocess.run(
        [sys.executable, "-X", "faulthandler", "-c", SCRIPT, case],
        capture_output=True,
        text=True,
        env={**os.environ, "ALLOC_REWRITE_CORE": "native"},
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout == "ok\n"
