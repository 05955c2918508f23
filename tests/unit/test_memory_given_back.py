"""Memory goes back to the system: by `Buffer.trim`, and by itself when it is long too much."""

import functools
import gc
import os
import resource
import sys
import threading

import numpy as np
import pytest

import alloc_rewrite as alloc

from ..cores import NATIVE, take

MIB = 1 << 20
LINUX = sys.platform == "linux"
on_linux = pytest.mark.skipif(not LINUX, reason="pages are given back on Linux only")
LARGE = 3 * MIB  # elements of each array of a large call, in bytes 24 MiB
BUFFERS = {
    "grow": lambda: alloc.Buffer(),
    "limit": lambda: alloc.Buffer(limit=1024 * MIB),
    "grow from a size": lambda: alloc.Buffer(MIB, on_full="grow"),
    "raise": lambda: alloc.Buffer(512 * MIB),
    "heap": lambda: alloc.Buffer(512 * MIB, on_full="heap"),
}
every_buffer = pytest.mark.parametrize("kind", BUFFERS)


def resident():
    """Bytes of the process that are in physical memory."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def worked(n):
    """Take some arrays of a size, and write to all of them."""
    x = np.ones(n)
    y = np.cumsum(x)
    return float(np.sqrt(y)[-1])


def bumped(kind):
    buf = BUFFERS[kind]()
    return buf, functools.partial(alloc.run, worked, buf)


@every_buffer
def test_trim_gives_back_what_no_array_needs(kind):
    buf, f = bumped(kind)
    assert buf.trim() == 0
    f(LARGE)
    before = buf.capacity
    given = buf.trim()
    assert LARGE * 8 <= given <= before if LINUX or kind in ("grow", "limit") else given >= 0
    assert buf.capacity == (buf._nbytes or 0)
    assert buf.trim() == 0
    assert (buf.used, buf.live) == (0, 0)
    assert f(LARGE) == worked(LARGE)
    assert buf.heap_fallbacks == 0


@on_linux
@every_buffer
def test_trimmed_memory_is_not_resident(kind):
    buf, f = bumped(kind)
    f(LARGE)
    before = resident()
    given = buf.trim()
    assert before - resident() > 0.9 * given > 0.9 * 8 * LARGE


@on_linux
@every_buffer
def test_trim_with_live_arrays(kind):
    """Arrays that live between gaps keep their memory, and the gaps give theirs."""
    buf = BUFFERS[kind]()
    kept, addresses = [], []
    for k in range(24):
        array = take(buf, 2 * MIB // 8 + 1000 * k)
        array[:] = k
        kept.append(array)
        addresses.append(array.ctypes.data)
    del array, kept[::2], addresses[::2]
    before = resident()
    given = buf.trim()
    assert given > 12 * MIB
    assert before - resident() > 0.8 * given
    assert buf.trim() == 0
    assert buf.live == 12
    assert [array.ctypes.data for array in kept] == addresses
    others = [take(buf, 1000 * k) for k in range(1, 200)]
    for other in others:
        other[:] = -1
    assert all((array == 2 * k + 1).all() for k, array in enumerate(kept))


@every_buffer
def test_trim_between_resets_in_any_order(kind):
    buf = BUFFERS[kind]()
    kept = []
    for k in range(12):
        array = take(buf, 100_000)
        array[:] = k
        kept.append(array)
        for step in (buf.reset, buf.trim) if k % 2 else (buf.trim, buf.reset, buf.trim):
            step()
            assert buf.used >= 0
            assert all((array == i).all() for i, array in enumerate(kept))
    del kept[::2], array
    buf.trim()
    assert [array[-1] for array in kept] == list(range(1, 12, 2))


@on_linux
def test_a_retired_chunk_keeps_no_more_than_its_arrays():
    buf = alloc.Buffer(64 * MIB)
    large = take(buf, LARGE)
    large[:] = 1
    small = take(buf, 10)
    small[:] = 7
    del large
    before = resident()
    buf.reset()
    assert before - resident() > 0.9 * 8 * LARGE
    assert (small == 7).all()


@every_buffer
def test_what_one_large_call_took_is_given_back_in_time(kind):
    buf, f = bumped(kind)
    f(LARGE)
    large = buf.capacity
    for _ in range(2000):
        f(3000)
    if buf._nbytes is None:
        assert buf.capacity < large  # a chunk with arrays in it stays
    assert not LINUX or buf.trim() < 4 * MIB
    assert f(LARGE) == worked(LARGE)


@pytest.mark.skipif(not NATIVE, reason="slots are the native core's")
def test_calls_that_slots_serve_count():
    buf = alloc.Buffer()
    f = alloc.bump(buf)(lambda x: x * 2.0 + 1.0)
    f(np.ones(LARGE))
    x = np.ones(10)
    for _ in range(2500):
        f(x)
    assert buf.capacity <= 2 * MIB


def test_resets_count():
    buf, f = bumped("grow")
    f(LARGE)
    for _ in range(100):
        buf.reset()
    assert buf.capacity == 0


@every_buffer
@pytest.mark.parametrize("small", [1, 60])
def test_large_calls_that_come_back_keep_their_memory(kind, small):
    """Alternating large and small calls: nothing is given back, no page faults."""
    buf, f = bumped(kind)
    f(LARGE)
    f(LARGE)
    capacity = buf.capacity
    faults = []
    for _ in range(5):
        for _ in range(small):
            f(3000)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        f(LARGE)
        faults.append(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
        assert buf.capacity == capacity
    assert max(faults[2:]) < 40
    assert buf.heap_fallbacks == 0


def test_large_calls_between_resets_keep_their_memory():
    buf, f = bumped("grow")
    capacities = []
    for k in range(45):
        f(LARGE if k % 3 == 0 else 1000)
        capacities.append(buf.capacity)
        buf.reset()
    assert len(set(capacities[3:])) == 1


def test_steady_calls_keep_their_memory():
    buf, f = bumped("grow")
    for n, times in ((3000, 2000), (1_000_000, 200)):
        f(n)
        capacity = buf.capacity
        for _ in range(times):
            f(n)
        assert buf.capacity == capacity


def test_many_live_arrays_are_needed():
    """What arrays hold counts as needed, however long nobody asks for memory of that size."""
    buf, f = bumped("grow")
    kept = [take(buf, MIB) for _ in range(6)]
    f(3000)
    capacity = buf.capacity
    for _ in range(1500):
        f(3000)
    assert buf.capacity == capacity
    del kept


def test_trim_while_threads_work():
    buf = alloc.Buffer()

    @alloc.bump(buf)
    def work(n, value):
        x = np.full(n, value)
        y = x + 1.0
        return np.cumsum(y - x), x * 2.0

    wrong, stop = [], threading.Event()

    def run(value):
        for k in range(60):
            n = (1000, 200_000, 30)[k % 3]
            total, double = work(n, value)
            if total[-1] != n or (double != 2 * value).any():
                wrong.append((value, n))

    def trim():
        while not stop.is_set():
            buf.trim()

    threads = [threading.Thread(target=run, args=(float(k),)) for k in range(4)]
    trimming = threading.Thread(target=trim)
    for thread in (*threads, trimming):
        thread.start()
    for thread in threads:
        thread.join()
    stop.set()
    trimming.join()
    assert not wrong
    gc.collect()
    buf.trim()
    assert buf.live == 0


def test_trim_from_code_that_interrupts_the_buffer():
    """A finaliser that trims while the buffer is at work gets an error or what it asks for."""
    buf = alloc.Buffer()
    f = alloc.bump(buf)(lambda x: x + 1.0)
    x = np.ones(10)
    outcomes = []

    class Last:
        def __del__(self):
            try:
                outcomes.append(buf.trim())
            except RuntimeError as error:
                outcomes.append(str(error))

    for step in (buf.trim, buf.reset) * 3:
        held = [f(x) for _ in range(3)]
        held.append(Last())
        del held
        step()
        assert f(x).tolist() == [2.0] * 10
    assert len(outcomes) == 6
    assert all(type(o) is int or "trim() from code that interrupted" in o for o in outcomes)
