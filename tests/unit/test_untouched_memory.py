"""Large memory that is hardly touched costs next to nothing, in the arena as on the heap."""

import os
import random
import resource
import sys

import numpy as np
import pytest

import alloc_rewrite as alloc

from ..cores import NATIVE, in_arena

MIB = 1 << 20
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
native_only = pytest.mark.skipif(not NATIVE, reason="NumPy itself writes to all of it")
BUFFERS = {
    "grow": lambda: alloc.Buffer(),
    "limit": lambda: alloc.Buffer(limit=4096 * MIB),
    "fixed": lambda: alloc.Buffer(2048 * MIB),
    "heap": lambda: alloc.Buffer(2048 * MIB, on_full="heap"),
}
MAKERS = {
    "zeros": lambda n: np.zeros(n),
    "zeros of bytes": lambda n: np.zeros(8 * n, np.uint8),
    "zeros of a shape": lambda n: np.zeros((n // 64, 64)),
    "zeros in Fortran order": lambda n: np.zeros((n // 64, 64), order="F"),
    "zeros of a record": lambda n: np.zeros(n // 2, [("a", "f8"), ("b", "i8")]),
    "zeros of another byte order": lambda n: np.zeros(n, ">f8"),
    "zeros of times": lambda n: np.zeros(n, "M8[s]"),
    "empty": lambda n: np.empty(n),
    "empty of a shape": lambda n: np.empty((64, n // 64), np.float32),
}


def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def hardly(make):
    """Make an array, write to a few of its items, and say which are not zero."""

    def f(n):
        a = make(n)
        flat = a.reshape(-1, order="A").view(np.uint8)
        flat[0] = flat[len(flat) // 2] = flat[-1] = 1
        return a

    return f


@pytest.mark.parametrize("kind", BUFFERS)
@pytest.mark.parametrize("maker", MAKERS)
def test_hardly_touched_memory_is_not_resident(kind, maker):
    buf = BUFFERS[kind]()
    f = hardly(MAKERS[maker])
    g = alloc.bump(buf)(f)
    before = resident()
    for _ in range(3):
        a = g(128 * MIB)
        assert in_arena(a) or not NATIVE and "record" in maker
        assert resident() - before < 24 * MIB
        if "zeros" in maker:
            flat = a.reshape(-1, order="A").view(np.uint8)
            assert flat[:: len(flat) // 4].tolist() == [1, 0, 1, 0]
            assert flat[-1] == 1
            assert not flat[1:5000].any()
        del a
    assert buf.heap_fallbacks == 0


@native_only
@pytest.mark.parametrize("nbytes", [32 * MIB, 100 * MIB])
def test_untouched_zeros_make_no_page_resident(nbytes):
    def faults():
        return resource.getrusage(resource.RUSAGE_SELF).ru_minflt

    f = alloc.bump(alloc.Buffer())(lambda n: np.zeros(n, np.uint8).size)
    plain = bumped = 0
    rounds = 50
    for _ in range(rounds):
        before = faults()
        np.zeros(nbytes, np.uint8)
        middle = faults()
        assert f(nbytes) == nbytes
        plain, bumped = plain + middle - before, bumped + faults() - middle
    assert bumped < plain + rounds / 2  # now and then one has another cause


@native_only
@pytest.mark.parametrize("maker", ["zeros_like", "with", "routed"])
def test_other_ways_to_zeros(maker):
    buf = alloc.Buffer()
    model = np.empty(128 * MIB)
    before = resident()
    for _ in range(3):
        if maker == "with":
            with buf:
                a = np.zeros(128 * MIB)
        elif maker == "routed":
            a = alloc.run(lambda: np.zeros(128 * MIB, "S8"), buf)
        else:
            a = alloc.run(lambda: np.zeros_like(model), buf)
        assert in_arena(a)
        a[3] = 1
        a[-1] = 1
        assert resident() - before < 24 * MIB
        assert not a[4:5000].any() or maker == "routed"
        del a


@pytest.mark.parametrize("make", [np.zeros, np.empty])
def test_an_array_larger_than_what_is_free(make):
    with open("/proc/meminfo") as file:
        sizes = {line.split(":")[0]: int(line.split()[1]) * 1024 for line in file}
    # The system maps no more at once than it has.
    n = min(sizes["MemAvailable"] + 512 * MIB, sizes["MemTotal"] - 256 * MIB)
    try:
        make(n, np.uint8)
    except MemoryError:
        pytest.skip("the system promises no more memory than it has")
    f = alloc.bump(alloc.Buffer())(hardly(lambda n: make(n, np.uint8)))
    before = resident()
    for _ in range(2):
        a = f(n)
        assert in_arena(a)
        assert a.size == n
        del a
    assert resident() - before < 64 * MIB


def test_a_fixed_buffer_is_not_resident_until_used():
    before = resident()
    buf = alloc.Buffer(1024 * MIB)
    f = alloc.bump(buf)(lambda n: np.ones(n) * 2.0)
    f(1000)
    f(MIB)
    assert buf.capacity == 1024 * MIB
    assert resident() - before < 40 * MIB


@pytest.mark.parametrize("seed", range(4))
def test_zeros_are_zero_wherever_they_come_from(seed):
    """Among arrays that were written to, dropped, trimmed and reset, of sizes above and below
    those from which on pages are given back."""
    draw = random.Random(seed)
    buf = alloc.Buffer() if seed % 2 else alloc.Buffer(256 * MIB, on_full="heap")
    zeros = alloc.bump(buf)(lambda n, dtype: np.zeros(n, dtype))
    empty = alloc.bump(buf)(lambda n: np.empty(n))
    kept = []
    for _ in range(40):
        n = draw.choice((10, 3000, 70_000, 600_000, 2 * MIB, 5 * MIB)) + draw.randrange(1000)
        dtype = draw.choice(("f8", "i8", "M8[s]", ">f8"))
        made = zeros(n, dtype) if draw.random() < 0.6 else empty(n)
        if made.dtype != np.float64 or made.base is None and draw.random() < 0.5:
            made = zeros(n, dtype)
            assert made.dtype == np.dtype(dtype)
        if draw.random() < 0.9:
            check = zeros(n, "i8")
            assert not check.any()
            check[draw.randrange(n) :] = -1
            if draw.random() < 0.5:
                check[:] = -1
        made.view(np.uint8)[:: draw.choice((1, 4096, 1 << 21))] = 255
        kept.append((made, made.view(np.uint8)[::4096].copy()))
        if draw.random() < 0.6:
            kept.pop(draw.randrange(len(kept)))
        if draw.random() < 0.1:
            draw.choice((buf.trim, buf.reset))()
        del made
        for array, bytes_ in kept:
            assert (array.view(np.uint8)[::4096] == bytes_).all()
