"""Signals and other threads while kernels run."""

import gc
import signal
import threading

import numpy as np
import pytest

import alloc_rewrite as alloc

from .comparing import loop_sites


def counted(x, y, n):
    for i in range(n):
        for j in range(len(x)):
            x[j] += 1.0
        y[i % len(y)] += 1


class Stopped(Exception):
    pass


@pytest.fixture
def no_collection():
    """Let no garbage of other tests be collected: a handler that runs then can't raise."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs interval timers")
def test_a_handler_that_raises_stops_a_loop_between_statements(no_collection):
    def stop(*_):
        raise Stopped

    def interrupted(seconds, x, y):
        signal.setitimer(signal.ITIMER_REAL, seconds)
        g(x, y, 10**7)

    g = alloc.bump(alloc.Buffer(10**6))(counted)
    g(np.zeros(500), np.zeros(10, np.int64), 100)
    before = signal.signal(signal.SIGALRM, stop)
    try:
        for seconds in (0.001, 0.004, 0.01, 0.02, 0.03):
            x, y = np.zeros(500), np.zeros(10, np.int64)
            with pytest.raises(Stopped):
                interrupted(seconds, x, y)
            done = int(y.sum())
            assert x[0] in (done, done + 1)
            assert all(a >= b for a, b in zip(x, x[1:], strict=False))
            assert x[0] - x[-1] in (0, 1)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert loop_sites(g)[0].hits


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs interval timers")
def test_a_handler_that_runs_code_runs_between_statements():
    seen, rest = [], []

    def look(*_):
        seen.append(len(rest))
        rest.append(1.0)

    def f(items, n):
        s = 0.0
        for i in range(n):
            items.append(1.0)
            s += items[-1]
        return s

    g = alloc.bump(alloc.Buffer(10**6))(f)
    g([], 1000)
    before = signal.signal(signal.SIGALRM, look)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.002, 0.002)
        assert g(rest, 400_000) == 400_000.0
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0, 0)
        signal.signal(signal.SIGALRM, before)
    assert len(rest) == 400_000 + len(seen)
    assert seen == sorted(seen)


def test_threads():
    def f(x, items, n):
        found = []
        for i in range(n):
            for k, v in enumerate(items):
                x[k] += v * 0.5
            found.append(x[i % len(x)])
        return found

    g = alloc.bump(alloc.Buffer(10**6))(f)
    items = [0.5 * i for i in range(100)]
    wanted = f(np.zeros(100), items, 300)
    results = {}

    def run(number):
        results[number] = [g(np.zeros(100), items, 300) for _ in range(5)]

    threads = [threading.Thread(target=run, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(result == wanted for number in range(4) for result in results[number])
    assert loop_sites(g)[0].hits
