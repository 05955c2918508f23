"""Bumped code that runs in the middle of bumped code: signals, collections, finalisers, forks."""

import gc
import os
import signal
import subprocess
import sys
import threading
import weakref

import numpy as np
import pytest

import alloc_rewrite as alloc

from ..cores import SLOTS


def kernel(x, k):
    y = x * k + 1
    z = np.concatenate([y, -y])
    return z * 2, y


def right(result, x, k):
    return all(a.tobytes() == b.tobytes() for a, b in zip(result, kernel(x, k), strict=True))


def test_finaliser_runs_bumped_code(x):
    buf = alloc.Buffer()
    f = alloc.bump(buf)(kernel)
    seen = []

    class Last:
        def __init__(self, k):
            self.k = k

        def __del__(self):
            seen.append((self.k, f(x, self.k)))

    def g(x):
        out = []
        for k in range(30):
            last = Last(k)
            y = x * k + 5
            del last
            out.append((y * 2, k))
        return out

    out = alloc.bump(buf)(g)(x)
    assert all(np.array_equal(y, (x * k + 5) * 2) for y, k in out)
    assert len(seen) == 30
    assert all(right(result, x, k) for k, result in seen)


@pytest.mark.parametrize("policy", ["raise", "grow", "heap"])
def test_collector_callback_runs_bumped_code(x, policy):
    buf = alloc.Buffer(1 << 20, on_full=policy)
    f = alloc.bump(buf)(kernel)
    inside = []

    def callback(phase, info):
        inside.append(f(x, len(inside)))

    threshold = gc.get_threshold()
    gc.set_threshold(20, 2, 2)
    gc.callbacks.append(callback)
    kept = []
    try:
        for k in range(200):
            kept.append([f(x, k), [[] for _ in range(10)]])
    finally:
        gc.callbacks.remove(callback)
        gc.set_threshold(*threshold)
    assert inside
    assert all(right(result[0], x, k) for k, result in enumerate(kept))
    assert all(right(result, x, k) for k, result in enumerate(inside))


def test_weak_reference_callbacks_run_bumped_code(x):
    buf = alloc.Buffer()
    f = alloc.bump(buf)(kernel)
    log = []

    def g(x):
        out = []
        for k in range(50):
            y = x * k
            r = weakref.ref(y, lambda _, k=k: log.append((k, f(x, k))))
            y = y + 1
            out.append((y, r))
        return out

    out = alloc.bump(buf)(g)(x)
    assert all(np.array_equal(y, x * k + 1) for k, (y, _) in enumerate(out))
    out.clear()
    f(x, 1)
    assert len(log) >= 50 - SLOTS  # the last ones may be in slots
    assert all(right(result, x, k) for k, result in log)


class Tells:
    """An operand whose methods run bumped code in the middle of an operation."""

    def __init__(self, f, x):
        self.f, self.x, self.seen = f, x, []

    def __array__(self, dtype=None, copy=None):
        self.seen.append(self.f(self.x, 3))
        return np.arange(6.0)

    def __index__(self):
        self.seen.append(self.f(self.x, 3))
        return 1

    def __float__(self):
        self.seen.append(self.f(self.x, 3))
        return 2.0


def test_conversions_in_the_middle_of_operations(x):
    buf = alloc.Buffer()
    f = alloc.bump(buf)(kernel)
    tells = Tells(f, x)

    def g(x):
        return [np.add(x, tells) * 2, np.asarray(tells) + x, x[tells], np.full(6, tells) * 2,
                np.concatenate([x, tells]), np.zeros((tells, tells)), x * tells]  # fmt: skip

    plain = [np.array(v).tobytes() for v in g(x)]
    calls = len(tells.seen)
    tells.seen.clear()
    for _ in range(40):
        got = alloc.bump(buf)(g)(x)
        assert [np.array(v).tobytes() for v in got] == plain
        assert len(tells.seen) == calls
        assert all(right(result, x, 3) for result in tells.seen)
        tells.seen.clear()


def test_out_of_object_ufuncs_running_bumped_code(x):
    buf = alloc.Buffer()
    f = alloc.bump(buf)(kernel)

    class Number:
        def __mul__(self, other):
            return float(f(x, 2)[1][0]) * other

        __rmul__ = __mul__

    o = np.array([Number(), Number()], object)

    def g():
        return (o * 2).tolist(), np.multiply(o, 3).tolist(), (x[:2] * o).tolist()

    assert alloc.bump(buf)(g)() == g()


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs POSIX timers")
def test_signal_handler_runs_bumped_code(x):
    buf = alloc.Buffer()
    f = alloc.bump(buf)(kernel)
    inside = []

    def handler(number, frame):
        k = len(inside)
        inside.append((k, f(x, k)))  # another signal may come in between
        if k % 7 == 0:
            buf.stats()

    before = signal.signal(signal.SIGALRM, handler)
    signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0005)
    kept = []
    try:
        k = 0
        while len(inside) < 100:
            kept.append((k, f(x, k)))
            if len(kept) > 100:
                del kept[::3]
            k += 1
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert all(right(result, x, k) for k, result in kept)
    assert all(right(result, x, k) for k, result in inside)


class Interrupt(Exception):
    pass


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs POSIX timers")
def test_interrupts_leave_the_buffer_sound(monkeypatch):
    """Exceptions out of a signal handler may strike anywhere, in the library as well."""
    monkeypatch.setattr(sys, "unraisablehook", lambda _: None)  # in weak references' callbacks
    buf = alloc.Buffer()
    f = alloc.bump(buf)(lambda n, k: np.full(n, k) * 2 + 1)
    armed = False

    def handler(number, frame):
        nonlocal armed
        if armed:  # once, or it may strike again in what handles the exception
            armed = False
            raise Interrupt

    before = signal.signal(signal.SIGALRM, handler)
    kept, k, struck = [], 0, 0

    def go_on():  # a function: 3.14 leaves the end of a `while True` out of the `try` around it
        nonlocal armed, k
        while True:
            armed = True  # anew: an exception may be lost in a callback
            k += 1
            y = f(1 + k % 900, k)
            kept.append((k, y))
            if len(kept) > 60:
                del kept[::2]

    signal.setitimer(signal.ITIMER_REAL, 0.0003, 0.0003)
    try:
        while struck < 150:
            try:
                go_on()
            except Interrupt:
                struck += 1
    finally:
        armed = False
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    error = None
    assert all((y == 2 * k + 1).all() for k, y in kept)
    for k in range(50):  # it still works, and keeps what lives
        more = f(100, k)
        assert (more == 2 * k + 1).all()
    assert all((y == 2 * k + 1).all() for k, y in kept)
    kept.clear()
    del more, error
    gc.collect()
    assert buf.live == 0
    assert buf.capacity < 64 << 20
    buf.reset()
    assert buf.used == 0


def fork_and(check):
    """Run `check` in a forked child and return whether it succeeded."""
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        code = 1
        try:
            signal.alarm(20)
            code = 0 if check() else 2
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_fork_in_the_middle(x):
    buf = alloc.Buffer()

    def g(x):
        y = x * 2

        def check():
            z = x * 5
            return (y == x * 2).all() and (z == x * 5).all() and right(f(x, 3), x, 3)

        ok = fork_and(check)
        return ok, y + 1

    f = alloc.bump(buf)(kernel)
    ok, y = alloc.bump(buf)(g)(x)
    assert ok
    assert np.array_equal(y, x * 2 + 1)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_fork_while_other_threads_are_in_the_buffer(x):
    buf = alloc.Buffer()
    f = alloc.bump(buf)(kernel)
    stop = threading.Event()

    def work():
        rng = np.random.default_rng()
        kept = []
        while not stop.is_set():
            n = int(rng.integers(1, 5000))
            kept.append(f(np.ones(n), 2))
            if len(kept) > 20:
                kept.clear()

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:

        def check():
            return all(right(f(np.ones(n), 3), np.ones(n), 3) for n in range(1, 3000, 50))

        assert all(fork_and(check) for _ in range(10))
    finally:
        sys.setswitchinterval(interval)
        stop.set()
        for thread in threads:
            thread.join()


def test_bumped_code_inside_sorting_keys_and_callbacks(x):
    buf = alloc.Buffer()
    f = alloc.bump(buf)(kernel)

    def g(x):
        order = sorted(range(6), key=lambda k: -f(x, k)[1].sum())
        table = np.fromiter((f(x, k)[1][0] for k in range(6)), float) * 2
        lifted = np.vectorize(lambda v: float(f(x, v)[1][1]))(x) + 1
        pieces = np.piecewise(x, [x < 3, x >= 3], [lambda v: v * 2, lambda v: f(v, 2)[1]])
        return order, table, lifted, pieces, np.apply_along_axis(lambda v: f(v, 2)[1], 0, x)

    plain = g.__code__ and repr(g(x))
    for _ in range(20):
        assert repr(alloc.bump(buf)(g)(x)) == plain


COLLECTIONS = """
import gc
import numpy as np
import alloc_rewrite as alloc

def kernel(x, k):
    y = x * k + 1
    z = np.concatenate([y, -y])
    return np.cumsum(z) ** 2.0, np.sqrt(y, out=None)

x = np.arange(1.0, 7.0)
f = alloc.bump(alloc.Buffer())(kernel)
expected = f(x, 3)
inside, blocks = [], []

class Last:
    def __init__(self):
        self.itself = self

    def __del__(self):
        callback()

def callback(*_):
    inside.append(f(x, 3))
    blocks[:] = [bytes(24) for _ in range(4)]  # over what was freed

if {by_callback}:
    gc.callbacks.append(callback)
for k in range(10_000):
    Last()
    gc.set_threshold(3 + k % 29, 5, 5)  # collections in all places
    f(x, k)
    gc.set_threshold(700)
    with np.errstate(all="ignore"), np.errstate(over="raise"):
        pass
assert len(inside) > 100
for result in inside:
    assert all(map(np.array_equal, result, expected))
"""


@pytest.mark.parametrize("by_callback", [False, True])
def test_collections_in_the_middle_of_a_change_of_the_error_state(by_callback):
    """Where the interpreter crashes, if it does (CPython's gh-148891), it does not recover."""
    source = COLLECTIONS.format(by_callback=by_callback)
    subprocess.run([sys.executable, "-X", "faulthandler", "-c", source], check=True, timeout=100)
