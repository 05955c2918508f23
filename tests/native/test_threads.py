"""Regions that share their blocks out among threads: the same bits, in all that may happen."""

import os
import platform
import subprocess
import sys
import threading
import time
import warnings

import numpy as np
import pytest

import alloc_rewrite as alloc
from alloc_rewrite import later
from alloc_rewrite.compiled.kernels import workshop

N = 1050


@pytest.fixture(autouse=True)
def one_thread_afterwards():
    yield
    alloc.set_num_threads(1)


def elementwise(a, b):
    return a * b + a * a - b * b


def transcendental(a, b):
    return np.exp(-a * a) * np.sin(b) + np.where(a > b, a, 0.5)


def stencil(a, b):
    b[1:-1, 1:-1] = 0.25 * (a[:-2, 1:-1] + a[2:, 1:-1] + a[1:-1, :-2] + a[1:-1, 2:])
    return b


def smoothed_twice(a, b):
    once = a[1:-1] * 0.5 + a[:-2] * 0.25 + a[2:] * 0.25
    return (once[1:-1] * 0.5 + once[:-2] * 0.25 + once[2:] * 0.25) * b[2:-2]


def in_place(a, b):
    b += a * 0.5 - 1.0
    return b


def shifted(a, b):
    b[1:] = b[:-1] * 0.5 + a[1:]
    return b


def reduced(a, b):
    d = a - b
    return np.sum(d * d, axis=-1), d.max(), (d * a).mean()


def mixed(a, b):
    return a.astype("f4") * 2 + b * np.float32(3), (a > b) & (b > 0), -a.T + b.T * 2


FUNCTIONS = [
    elementwise, transcendental, stencil, smoothed_twice, in_place, shifted, reduced, mixed,
]  # fmt: skip
LAYOUTS = {
    "whole": lambda x: x,
    "rows with gaps": lambda x: np.repeat(np.repeat(x, 2, 0), 2, 1)[::2, ::2],
    "padded": lambda x: np.pad(x, 3)[3:-3, 3:-3],
    "long rows": lambda x: np.repeat(x.reshape(7, -1), 2, 0)[::2],
    "Fortran": np.asfortranarray,
    "backwards": lambda x: x[::-1, ::-1].copy()[::-1, ::-1],
}


def operands(layout):
    a, b = np.random.default_rng(5).normal(size=(2, N, N))
    return LAYOUTS[layout](a), LAYOUTS[layout](b)


def as_bytes(result):
    results = result if type(result) is tuple else (result,)
    return [(r.dtype, r.shape, r.strides, r.tobytes()) for r in results]


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda f: f.__name__)
def test_bits_are_the_same_for_any_number(function, layout):
    expected = as_bytes(function(*operands(layout)))
    bumped = alloc.bump(alloc.Buffer())(function)
    for threads in (2, 5):
        alloc.set_num_threads(threads)
        assert alloc.get_num_threads() == threads
        for _ in range(2):
            assert as_bytes(bumped(*operands(layout))) == expected


@pytest.fixture
def _no_other_threads(monkeypatch):
    """Neither the thread that compiles nor the one that tries again comes or goes."""
    later.looks._stop()
    monkeypatch.setattr(later.looks, "threaded", False)
    workshop.wait(30.0)
    time.sleep(0.05)  # the last steps of a thread are the system's
    alloc.set_compile("off")
    yield
    alloc.set_compile(os.environ.get("ALLOC_REWRITE_COMPILE") or "background")


@pytest.mark.skipif(
    not os.path.isdir("/proc/self/task"), reason="Linux says what threads there are"
)
@pytest.mark.usefixtures("_no_other_threads")
def test_threads_are_started_when_needed_and_end():
    before = len(os.listdir("/proc/self/task"))
    bumped = alloc.bump(alloc.Buffer())(elementwise)
    small, large = np.ones((2, 300)), np.ones((2, 600_000))
    alloc.set_num_threads(3)
    bumped(*small)
    assert len(os.listdir("/proc/self/task")) == before
    bumped(*large)
    assert len(os.listdir("/proc/self/task")) == before + 2
    alloc.set_num_threads(1)
    for _ in range(100):  # the last steps of a thread are the system's
        if len(os.listdir("/proc/self/task")) == before:
            break
        time.sleep(0.01)
    assert len(os.listdir("/proc/self/task")) == before
    bumped(*large)
    assert len(os.listdir("/proc/self/task")) == before


def divide(a, b):
    scaled = a * 2.0
    return scaled / b


def divide_in_place(a, b):
    a *= 2.0 / b
    return a


@pytest.mark.parametrize("function", [divide, divide_in_place])
@pytest.mark.parametrize("at", [0, 750_001, 1_499_999])
def test_errors_of_any_part_are_reported(function, at):
    alloc.set_num_threads(4)
    bumped = alloc.bump(alloc.Buffer())(function)
    told = []
    for run in (function, bumped, bumped):
        a, b = np.ones((2, 1_500_000))
        run(a, b)
        b[at] = 0.0
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            run(a, b)
        told.append([(str(w.message), w.filename, w.lineno) for w in caught])
        with np.errstate(all="raise"), pytest.raises(FloatingPointError, match="divide by zero"):
            run(a, b)
    assert len(told[0]) == 1
    assert told[1] == told[2] == told[0]


def test_callers_in_several_threads_while_the_number_changes():
    inputs = [np.random.default_rng(k).normal(size=(2, 300_000)) for k in range(4)]
    expected = [transcendental(*ab).tobytes() for ab in inputs]
    bumped = alloc.bump(alloc.Buffer())(transcendental)
    wrong = []

    def work(k):
        for _ in range(40):
            if bumped(*inputs[k]).tobytes() != expected[k]:
                wrong.append(k)

    workers = [threading.Thread(target=work, args=(k,)) for k in range(4)]
    for worker in workers:
        worker.start()
    number = 0
    while any(worker.is_alive() for worker in workers):
        number += 1
        alloc.set_num_threads(1 + number % 5)
        time.sleep(0.001)
    for worker in workers:
        worker.join()
    assert not wrong
    assert number > 1


@pytest.mark.parametrize("number", [0, -1, 257, 2**70])
def test_numbers_out_of_range(number):
    with pytest.raises(ValueError, match=f"set_num_threads: {number} is not from 1 to 256"):
        alloc.set_num_threads(number)
    assert alloc.get_num_threads() == 1


@pytest.mark.parametrize("number", [2.0, "2", None])
def test_what_is_no_number(number):
    with pytest.raises(TypeError, match="the number of threads is an int, not"):
        alloc.set_num_threads(number)


def printed(source, *arguments):
    command = [sys.executable, "-X", "faulthandler", "-c", source, *map(str, arguments)]
    environment = {**os.environ, "ALLOC_REWRITE_CORE": "native"}
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=300, env=environment, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


#: Upward, for `fesetround`.
UPWARD = {"x86_64": 0x800, "aarch64": 0x400000}
ROUNDING = """
import ctypes
import sys
import numpy as np
import alloc_rewrite as alloc

plain = lambda a, b: a / b + a * b
f = alloc.bump(alloc.Buffer())(plain)
a, b = np.random.default_rng(1).normal(size=(2, 1_500_000))
alloc.set_num_threads(2)
f(a, b)
nearest = plain(a, b).tobytes()
ctypes.CDLL("libm.so.6").fesetround(int(sys.argv[1]))
upward = plain(a, b).tobytes()
print(upward == nearest, f(a, b).tobytes() == upward)
"""


@pytest.mark.skipif(
    not (sys.platform == "linux" and platform.machine() in UPWARD), reason="of one C library"
)
def test_threads_round_as_their_caller_does():
    assert printed(ROUNDING, UPWARD[platform.machine()]) == ["False", "True"]


FORKING = """
import os
import numpy as np
import alloc_rewrite as alloc

alloc.set_num_threads(3)
f = alloc.bump(alloc.Buffer())(lambda x: x * x + 2.0 * x)
x = np.linspace(0.0, 1.0, 1_500_000)
before = f(x).tobytes()
child = os.fork()
if child == 0:
    assert f(x).tobytes() == before
    alloc.set_num_threads(2)
    assert f(x).tobytes() == before
    raise SystemExit(7)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), f(x).tobytes() == before)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_child_process_starts_threads_of_its_own():
    assert printed(FORKING) == ["7", "True"]


EXITING = """
import threading
import numpy as np
import alloc_rewrite as alloc

alloc.set_num_threads(3)
f = alloc.bump(alloc.Buffer())(lambda x: np.exp(x * x + 2.0 * x))
x = np.linspace(0.0, 1.0, 1_500_000)

def work():
    while True:
        f(x)

threading.Thread(target=work, daemon=True).start()
for _ in range(5):
    f(x)
print("done")
"""


def test_the_interpreter_exits_while_threads_work():
    assert printed(EXITING) == ["done"]
