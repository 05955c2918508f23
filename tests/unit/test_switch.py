"""`ALLOC_REWRITE=0` in the environment: the library stands aside."""

import os
import subprocess
import sys

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PROGRAM = """
import functools
import warnings
warnings.simplefilter("error")
import numpy as np
import alloc_rewrite as alloc

x, buf = np.ones(1000), alloc.Buffer()

def f(v, k=2.0):
    return v * k + 1.0

class Model:
    def apply(self, v):
        return v * 2.0

    @property
    def size(self):
        return np.ones(3)

class Callable:
    def __call__(self, v):
        return v * 3.0

class Names(dict):
    pass

odd = type(f)(f.__code__, Names())
apply = Model.apply
partial, called = functools.partial(f, k=3.0), Callable()
things = [f, Model, odd, partial, called, Model().apply, property(f), staticmethod(f)]
forms = [alloc.bump, alloc.bump(), alloc.bump(buf), alloc.bump(4096), alloc.bump(exclude=["x"])]
for bump in forms:
    for thing in things:
        print(bump(thing) is thing, end=" ")
print(Model.apply is apply)
for bad in (len, np.exp, 2.5, int, functools.lru_cache(f), functools.cached_property(f), [1]):
    for bump in (alloc.bump, alloc.bump(buf)):
        try:
            print(bump(bad))
        except TypeError as error:
            print("TypeError", str(error)[:20])
print(alloc.run(f, buf, x)[:2], alloc.run(partial, buf, x)[:2], buf.peak)
try:
    alloc.run(f, x)
except TypeError as error:
    print(str(error)[:30])
with buf:
    with alloc.Buffer() as inner:
        y = np.ones(1000)
    z = np.ones(1000)
print(buf.peak, inner.peak)
print(alloc.allocated(f, x), alloc.allocated(alloc.bump(f), x), alloc.profile(f, x).count)
print(str(alloc.explain(alloc.bump(f))).splitlines()[0].partition(", ")[2].partition(" core")[0])
print(alloc.core())
"""


def run(value, program=PROGRAM):
    environment = {**os.environ, "PYTHONPATH": ROOT}
    environment.pop("ALLOC_REWRITE", None)
    if value is not None:
        environment["ALLOC_REWRITE"] = value
    return subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
    )


def test_switched_off():
    done = run("0")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert set(lines[0].split()) == {"True"}
    assert all(line.startswith("TypeError bump: ") for line in lines[1:15])
    assert lines[15:17] == ["[3. 3.] [4. 4.] 0", "run: the second argument is an"]
    assert lines[17:19] == ["0 0", "16000 16000 2"]
    assert lines[19].startswith("not bumped (ALLOC_REWRITE=0), ")
    assert lines[20] == "('off', 'ALLOC_REWRITE=0: bump returns functions as they are')"


@pytest.mark.parametrize("value", [None, "", "1"])
def test_not_switched_off(value):
    code = (
        "import numpy as np, alloc_rewrite as alloc\n"
        "f = lambda v: v * 2.0\n"
        "print(alloc.bump(f) is f, alloc.core()[0])\n"
    )
    done = run(value, code)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split()[0] == "False"
    assert done.stdout.split()[1] in ("native", "python")


@pytest.mark.parametrize("value", ["off", "false", "2", " 0", "no", "native"])
def test_other_values_are_refused(value):
    done = run(value, "import alloc_rewrite")
    assert done.returncode == 1
    expected = (
        f"ValueError: ALLOC_REWRITE={value!r} is not one of '0' (bump returns functions as they "
        "are) and '1' (as without it); ALLOC_REWRITE_CORE chooses the core"
    )
    assert done.stderr.splitlines()[-1] == expected
