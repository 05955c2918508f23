"""Threads hammer bumped functions; every result is checked to the bit, and so are kept ones."""

import threading

import numpy as np
import pytest

import alloc_rewrite as alloc


def kernel(x, k):
    y = x * k + np.sqrt(x)
    z = np.concatenate([y, x[::-1] - y])
    w = z[np.arange(0, len(z), 2)]
    return y @ x, z * (z > k), np.cumsum(w)[1:]


def run_threads(count, work):
    errors = []
    start = threading.Barrier(count)

    def guarded(k):
        try:
            start.wait()
            work(k)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=guarded, args=(k,)) for k in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


@pytest.fixture
def quick_switches():
    import sys

    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.parametrize("count", [2, 8])
@pytest.mark.parametrize("shared", [True, False])
@pytest.mark.parametrize("size", [50, 3000])
def test_hammering_one_function(quick_switches, count, shared, size):
    buf = alloc.Buffer()
    one = alloc.bump(buf)(kernel)

    def work(k):
        f = one if shared else alloc.bump(alloc.Buffer())(kernel)
        rng = np.random.default_rng(k)
        kept = []
        for i in range(60):
            x = rng.random(size + i % 3)
            expected = kernel(x, k)
            got = f(x, k)
            for a, b in zip(expected, got, strict=True):
                assert a.tobytes() == b.tobytes()
            kept.append((expected, got))
            if len(kept) > 10:
                kept.pop(rng.integers(10))
        for expected, got in kept:
            for a, b in zip(expected, got, strict=True):
                assert a.tobytes() == b.tobytes()

    run_threads(count, work)
    if shared:
        assert buf.live <= 3


@pytest.mark.parametrize("policy", ["raise", "heap", "grow"])
def test_a_small_shared_buffer_under_pressure(quick_switches, policy):
    buf = alloc.Buffer(1 << 15, on_full=policy)
    f = alloc.bump(buf)(lambda x, k: (x * k + 1) * 2 - np.ones(len(x)))
    full = []

    def work(k):
        kept = []
        for i in range(150):
            x = np.full(10 + 50 * (i % 7), float(i))
            try:
                y = f(x, k)
            except alloc.BufferFullError:
                full.append(1)
                kept.clear()
                continue
            assert (y == (i * k + 1) * 2 - 1).all()
            kept.append((y, (i * k + 1) * 2 - 1))
            if len(kept) == 20:
                assert all((a == b).all() for a, b in kept)
                del kept[::2]
        assert all((a == b).all() for a, b in kept)

    run_threads(6, work)
    assert buf.live == 0
    assert policy == "raise" or not full


def test_reset_while_others_work(quick_switches):
    buf = alloc.Buffer()
    f = alloc.bump(buf)(lambda x, k: x * k + k)
    stop = threading.Event()

    def work(k):
        if k == 0:
            for _ in range(60):
                buf.reset()
                buf.stats()
                repr(buf)
            stop.set()
            return
        kept = []
        while not stop.is_set():
            x = np.arange(100.0 * k)
            y = f(x, k)
            kept.append(y)
            assert y.tobytes() == (x * k + k).tobytes()
            if len(kept) > 20:
                assert all(v.tobytes() == y.tobytes() for v in kept)
                kept.clear()

    run_threads(4, work)
    assert buf.live == 0


def test_first_calls_at_once(quick_switches):
    x = np.arange(50.0)
    expected = kernel(x, 2)
    for _ in range(10):
        f = alloc.bump(alloc.Buffer())(kernel)

        def work(k, f=f):
            for a, b in zip(expected, f(x, 2), strict=True):
                assert a.tobytes() == b.tobytes()

        run_threads(6, work)


def test_bumping_at_once_gives_working_functions(quick_switches):
    x = np.arange(50.0)
    expected = kernel(x, 2)
    buf = alloc.Buffer()

    def work(k):
        for _ in range(20):
            for a, b in zip(expected, alloc.bump(buf)(kernel)(x, 2), strict=True):
                assert a.tobytes() == b.tobytes()

    run_threads(4, work)


def test_sites_given_back_by_several_threads(quick_switches):
    def f(x, k):
        y = x * k + k
        z = [v * 2 + y for v in (1, 2.0, k)]
        return y, -z[0], abs(z[1]), z[2] > 3

    bumped = alloc.bump(alloc.Buffer())(f)

    def work(k):
        for i in range(200):
            v = i if i % 3 else float(i)
            assert bumped(v, k) == f(v, k)

    run_threads(6, work)


def test_arrays_passed_between_threads(quick_switches):
    import queue

    buf = alloc.Buffer()
    make = alloc.bump(buf)(lambda i: np.full(200, i) * 2)
    inbox = queue.Queue(5)
    wrong = []

    def work(k):
        if k % 2:
            for i in range(300):
                inbox.put((i, make(i)))
            return
        for _ in range(300):
            i, y = inbox.get()
            if not (y == 2 * i).all():
                wrong.append(i)

    run_threads(6, work)
    assert wrong == []
    assert buf.live <= 3


def test_errstate_of_other_threads_is_left_alone(quick_switches):
    f = alloc.bump(alloc.Buffer())(lambda x: x / 0)
    g = alloc.bump(alloc.Buffer())(lambda x: np.sqrt(x * 2))

    def work(k):
        x = np.ones(10)
        for _ in range(100):
            with np.errstate(divide="ignore" if k % 2 else "raise"):
                g(x)
                if k % 2:
                    assert np.isinf(f(x)).all()
                else:
                    with pytest.raises(FloatingPointError):
                        f(x)

    run_threads(4, work)
