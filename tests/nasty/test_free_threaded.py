"""Free-threaded builds are left in peace: here such a build is played to a fresh interpreter."""

import os
import subprocess
import sys
import sysconfig

import pytest

#: What tells the library (and anybody) that the build is free-threaded, before its first import.
PLAY = """
import sys, warnings
warnings.simplefilter("error")
sys.version = sys.version.replace(" (", " free-threading build (", 1)
import functools
import numpy as np
import alloc_rewrite as alloc

def f(x, *rest):
    y = x * 2 + 1
    return np.sqrt(y, *rest)

x = np.arange(1000.0)
"""
IS_FREE_THREADED = bool(sysconfig.get_config_var("Py_GIL_DISABLED"))


def played(code, **environment):
    """Run code after PLAY and return what it printed."""
    given = {k: v for k, v in os.environ.items() if not k.startswith("ALLOC_REWRITE_")}
    done = subprocess.run(
        [sys.executable, "-c", PLAY + code],
        env=given | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))} | environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert not done.stderr
    return done.stdout


def test_importing_loads_no_extension():
    out = played("""
print("alloc_rewrite._native" in sys.modules, *alloc.core(), sep=";")
""")
    reason = "free-threaded builds of Python are not supported: functions run as they are"
    assert out == f"False;off;{reason}\n"


@pytest.mark.skipif(not IS_FREE_THREADED, reason="the build has the GIL")
def test_importing_leaves_the_gil_off():
    assert played("print(sys._is_gil_enabled())", PYTHON_GIL="") == "False\n"


def test_bump_returns_what_it_is_given():
    played("""
class C:
    def method(self, x):
        return x + 1
    static = staticmethod(f)
    of_class = classmethod(f)
    value = property(lambda self: 1)

before = dict(vars(C))
given = [f, functools.partial(f, x), C, C().method, vars(C)["static"], vars(C)["of_class"],
         vars(C)["value"], lambda: 1]
for target in given:
    assert alloc.bump(target) is target
    assert alloc.bump(alloc.Buffer(10**6))(target) is target
    assert alloc.bump(1000)(target) is target
assert dict(vars(C)) == before
buf = alloc.Buffer(10**6)
assert alloc.run(f, buf, x).tobytes() == f(x).tobytes()
assert buf.live == buf.used == 0
for wrong in (3.5, "f", np.sin):
    try:
        alloc.bump(alloc.Buffer())(wrong)
    except TypeError:
        continue
    raise AssertionError(wrong)
""")


def test_explain_says_why():
    out = played("print(alloc.explain(f))")
    assert "not bumped (free-threaded builds of Python are not supported)" in out


def test_profile_counts():
    out = played("""
p = alloc.profile(f, x)
print(p.nbytes, p.count, p.peak, alloc.allocated(alloc.bump(f), x))
""")
    assert out == "24000 3 16000 24000\n"


def test_the_books_hold_when_many_threads_write_into_them():
    out = played("""
import threading
from alloc_rewrite.profile.recorder import Recorder
from alloc_rewrite.rewrite import Where

sys.setswitchinterval(1e-6)
recorder, where = Recorder(), Where("file", 1, "f")

def make():
    for _ in range(500):
        recorder.made(np.ones(100), where, "ones")

threads = [threading.Thread(target=make) for _ in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(recorder.count, recorder.nbytes, recorder.live)
""")
    assert out == "4000 3200000 0\n"


def test_the_native_core_is_refused():
    with pytest.raises(AssertionError, match="free-threaded builds of Python are not supported"):
        played("", ALLOC_REWRITE_CORE="native")
    assert played("print(alloc.core()[0])", ALLOC_REWRITE_CORE="python") == "off\n"
