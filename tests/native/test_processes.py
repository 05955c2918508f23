"""Forks, threads and the end of the interpreter."""

import os
import subprocess
import sys
import textwrap
import threading

import numpy as np
import pytest

import alloc_rewrite as alloc
from alloc_rewrite.cores import native


def expression(a, b):
    t = a * b + np.exp(-a)
    return np.where(t > 1.0, t, 0.0) + t.sum()


def run(source):
    """Run a script in another process, and return what it prints; it must end well."""
    environment = {**os.environ, "ALLOC_REWRITE_CORE": "native"}
    done = subprocess.run(
        [sys.executable, "-X", "faulthandler", "-c", textwrap.dedent(source)],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("workers", [2, 8])
@pytest.mark.parametrize("shared", [True, False])
def test_threads_on_the_same_function(workers, shared):
    buffers = [alloc.Buffer()] * workers if shared else [alloc.Buffer() for _ in range(workers)]
    functions = [alloc.bump(buffer)(expression) for buffer in buffers]
    wrong = []

    def work(k):
        rng = np.random.default_rng(k)
        kept = []
        for i in range(300):
            n = int(rng.choice([3, 100, 5000, 20_000]))
            a, b = rng.uniform(0, 2, n), rng.uniform(0, 2, n)
            got, expected = functions[k](a, b), expression(a, b)
            kept.append((got, expected))
            if len(kept) > 4:
                old, was = kept.pop(0)
                if old.tobytes() != was.tobytes():
                    wrong.append((k, i))

    threads = [threading.Thread(target=work, args=(k,)) for k in range(workers)]
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(before)
    assert wrong == []


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_fork_in_the_middle():
    out = run("""
        import os, threading, numpy as np, alloc_rewrite as alloc
        buffer = alloc.Buffer()
        f = alloc.bump(buffer)(lambda x: np.exp(x) * 2 + x)
        x = np.linspace(0, 1, 5000)
        expected = np.exp(x) * 2 + x
        stop = threading.Event()
        def busy():
            while not stop.is_set():
                f(x)
        thread = threading.Thread(target=busy)
        thread.start()
        for _ in range(20):
            kept = f(x)
            child = os.fork()
            if child == 0:
                good = all((f(x) == expected).all() for _ in range(50)) and (kept == expected).all()
                os._exit(0 if good else 1)
            assert os.waitpid(child, 0)[1] == 0
            assert (kept == expected).all()
        stop.set()
        thread.join()
        print("done")
        """)
    assert out == "done\n"


@pytest.mark.parametrize("end", ["", "sys.exit(0)", "os._exit(0)", "raise SystemExit"])
def test_exit_with_live_arrays(end):
    run(f"""
        import atexit, os, sys, numpy as np, alloc_rewrite as alloc
        buffer = alloc.Buffer()
        f = alloc.bump(buffer)(lambda n: [np.ones(n) * k for k in range(50)])
        kept = f(1000)
        sys.kept = f(10)
        class Last:
            def __init__(self): self.arrays = f(100)
            def __del__(self): self.arrays[0] += 1; f(3)
        last = Last()
        cycle = [f(5)]; cycle.append(cycle)
        atexit.register(lambda: f(7))
        del buffer, f
        {end}
        """)


def test_an_array_outlives_buffer_function_and_module():
    run("""
        import gc, sys, numpy as np
        import alloc_rewrite as alloc
        f = lambda n: np.arange(n) * 1.0
        kept = [alloc.run(f, alloc.Buffer(), n) for n in (3, 1000, 10**6)]
        del alloc, f
        for name in [name for name in sys.modules if name.startswith("alloc_rewrite")]:
            del sys.modules[name]
        gc.collect()
        for array in kept:
            assert (array == np.arange(len(array))).all() and array.flags.owndata
            array *= 2
            array.resize(2 * len(array), refcheck=False)
        del array, kept
        gc.collect()
        """)


def test_owned_like_any_other_array():
    array = alloc.run(lambda: np.arange(5.0) + 1, alloc.Buffer())
    assert array.base is None
    assert array.flags.owndata
    assert array.ctypes.data % 64 == 0
    assert native.owns(array)
    assert not native.owns(np.arange(5.0))


def test_with_a_buffer():
    buffer = alloc.Buffer()
    with buffer:
        inside = np.arange(1000.0).reshape(10, 100)
        total = inside @ inside.T
        with alloc.Buffer() as other:
            nested = np.ones(10)
        after = np.ones(10)
    outside = np.ones(10)
    owns = native.owns
    assert [owns(x) for x in (inside.base, total, nested, after, outside)] == [1, 1, 1, 1, 0]
    assert other.live == 1
    with pytest.raises(KeyError), buffer:
        raise KeyError
    assert not owns(np.ones(10))


def test_the_handler_does_not_leak():
    buffer = alloc.Buffer()

    def generator(x):
        yield np.argsort(x)
        yield np.linspace(0, 1, 5)

    def failing(x):
        return np.linspace(0, 1, -1)

    made = alloc.bump(buffer)(generator)(np.arange(3.0))
    for _ in made:
        assert not native.owns(np.ones(3))
    with pytest.raises(ValueError, match="samples"):
        alloc.bump(buffer)(failing)(np.arange(3.0))
    assert not native.owns(np.ones(3))


def test_results_that_escape_come_back():
    buffer = alloc.Buffer()
    f = alloc.bump(buffer)(lambda x: x * 2.0)
    x = np.ones(200_000)
    kept = [f(x), f(x)]
    used = buffer.used
    for _ in range(100):
        kept = [kept[1], f(x)]
    assert buffer.used <= used + 1_700_000
    kept.clear()
    assert buffer.live == 0


def test_a_buffer_fills_up_at_every_step():
    def f(a):
        b = a * 2
        c = np.concatenate((a, b))
        d = np.sort(c)[:4] @ np.ones((4, 4))
        return d, c + 1, np.linspace(0, 1, 9), np.zeros(20)

    a = np.arange(6.0)
    expected = f(a)
    good = 0
    for size in range(64, 3000, 64):
        buffer = alloc.Buffer(size)
        try:
            got = alloc.run(f, buffer, a)
        except alloc.BufferFullError as error:
            told = error
        else:
            good += 1
            assert all((x == y).all() for x, y in zip(got, expected))
            continue
        assert "buffer full" in str(told)
        assert told.suggested_nbytes > size
    assert good > 5


def test_random_shapes_in_a_bounded_buffer():
    rng = np.random.default_rng(0)
    buffer = alloc.Buffer(1 << 20)
    f = alloc.bump(buffer)(lambda x, y: (x + y) * 2 - x)
    source = np.arange(4000.0)
    for n in rng.integers(1, 2000, 50_000):
        x, y = source[:n], source[n : 2 * n]
        got = f(x, y)
        assert got[-1] == (x[-1] + y[-1]) * 2 - x[-1]
    assert buffer.chunks == 1
    del got
    assert buffer.live == 0
