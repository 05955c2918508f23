"""`Buffer`: sizes, policies, figures, reset, pickling, bad input, and what its errors say."""

import os
import pickle
import re

import numpy as np
import pytest

import alloc_rewrite as alloc
from alloc_rewrite.sizes import ALIGNMENT, FIRST_CHUNK, HUGE_PAGE, aligned, block_size

from ..cores import in_arena, take

F8 = np.dtype(np.float64)


def test_a_size_is_rounded_up_to_the_alignment():
    assert alloc.Buffer(1).capacity == ALIGNMENT == 64
    assert alloc.Buffer(64).capacity == 64
    assert alloc.Buffer(65).capacity == 128
    assert alloc.Buffer(np.int64(1000)).capacity == 1024
    assert [aligned(n) for n in (0, 1, 64, 65)] == [0, 64, 64, 128]


def test_blocks_are_at_most_a_sixteenth_larger_than_arrays():
    assert [block_size(n) for n in (1, 64, 65, 1024, 1025)] == [64, 64, 128, 1024, 1088]
    assert [block_size(n) for n in (8000, 80_000, 2**21 - 4096, 2**21)] == [
        8192,
        81_920,
        2**21,
        2**21,
    ]
    for n in range(1, 100_000, 37):
        size = block_size(n)
        assert n <= size <= max(n + 63, n * 17 / 16)
        assert size % ALIGNMENT == 0
        assert block_size(size) == size


def test_huge_blocks_are_at_most_a_huge_page_larger_than_arrays():
    for k in range(25, 41):
        for n in (2**k - 1, 2**k, 2**k + 1, 3 * 2 ** (k - 1) + 4097):
            size = block_size(n)
            assert n <= size < n + HUGE_PAGE
            assert size % HUGE_PAGE == 0


def test_huge_arrays_fill_a_buffer():
    buf = alloc.Buffer(150 * HUGE_PAGE)
    arrays = [take(buf, n * HUGE_PAGE, np.dtype(np.uint8)) for n in (67, 66, 17)]
    assert buf.used == buf.capacity
    del arrays
    assert len(take(buf, buf.capacity, np.dtype(np.uint8))) == buf.capacity


def test_a_buffer_without_a_size_takes_no_memory_until_used():
    buf = alloc.Buffer()
    assert buf.stats() == dict.fromkeys(buf.stats(), 0)
    take(buf, 1)
    assert buf.capacity == FIRST_CHUNK


@pytest.mark.parametrize(
    ("args", "kwargs", "error", "text"),
    [
        ((0,), {}, ValueError, "nbytes=0 is not positive; give a number of bytes"),
        ((-5,), {}, ValueError, "nbytes=-5 is not positive; give a number of bytes"),
        ((10**18,), {}, ValueError, "nbytes=1000000000000000000 exceeds this machine's memory of"),
        ((1e6,), {}, TypeError, r"nbytes=1000000.0 is not an integer; .* such as 10\*\*6"),
        (("1MB",), {}, TypeError, "nbytes='1MB' is not an integer"),
        ((True,), {}, TypeError, "nbytes=True is not a number of bytes"),
        ((np.True_,), {}, TypeError, "nbytes=.*True"),
        ((float("nan"),), {}, TypeError, "nbytes=nan is not an integer"),
        (([64],), {}, TypeError, r"nbytes=\[64\] is not an integer"),
        (
            (64,),
            {"on_full": "explode"},
            ValueError,
            "on_full='explode' is not one of 'raise', 'grow', 'heap'",
        ),
        ((64,), {"on_full": 3}, ValueError, "on_full=3 is not one of"),
        ((64,), {"limit": 128}, ValueError, "limit=128 needs on_full='grow', not 'raise'"),
        (
            (256,),
            {"limit": 128, "on_full": "grow"},
            ValueError,
            "limit=128 is less than nbytes=256",
        ),
        ((), {"limit": 0}, ValueError, "limit=0 is not positive"),
        ((), {"limit": 2.5}, TypeError, "limit=2.5 is not an integer"),
    ],
)
def test_bad_settings(args, kwargs, error, text):
    with pytest.raises(error, match=text):
        alloc.Buffer(*args, **kwargs)


@pytest.mark.parametrize("policy", [[], {}, object()])
def test_policies_of_odd_types_are_refused(policy):
    with pytest.raises(ValueError, match="is not one of 'raise', 'grow', 'heap'"):
        alloc.Buffer(64, on_full=policy)


def test_default_policies():
    assert "on_full='raise'" in repr(alloc.Buffer(64))
    assert "on_full='grow'" in repr(alloc.Buffer())


def test_arrays_are_aligned_writable_and_disjoint():
    buf = alloc.Buffer(1 << 14)
    arrays = [
        take(buf, n, d) for n in (1, 3, 9) for d in ("f8", "f4", "u1", "c16", "?", "S3", "M8[s]")
    ]
    for k, a in enumerate(arrays):
        assert a.__array_interface__["data"][0] % ALIGNMENT == 0
        assert a.flags.writeable
        assert a.flags.aligned
        assert type(a) is np.ndarray
        a.view(np.uint8)[:] = k
    for k, a in enumerate(arrays):
        assert (a.view(np.uint8) == k).all()
    assert buf.live == len(arrays)


def test_figures():
    buf = alloc.Buffer(1024)
    a, b = take(buf, 8), take(buf, 9)
    assert (buf.used, buf.peak, buf.live, buf.chunks) == (64 + 128, 192, 2, 1)
    view = a[2:4]
    del a
    assert buf.live == 2  # a view counts as its array
    del view
    assert buf.live == 1
    assert buf.used == 192  # dead blocks wait to be used again
    c = take(buf, 8)
    assert (buf.used, buf.live) == (192, 2)
    assert buf.stats() == {
        "capacity": 1024,
        "used": 192,
        "peak": 192,
        "live": 2,
        "chunks": 1,
        "heap_fallbacks": 0,
    }
    del b, c


def test_repr():
    buf = alloc.Buffer(1000, on_full="grow", limit=4096)
    kept = take(buf, 10)
    assert repr(buf) == (
        "<Buffer(1000, on_full='grow', limit=4096): 128 of 1024 bytes used in 1 chunk, "
        "1 live array, peak 128, 0 heap fallbacks>"
    )
    del kept


def test_dead_blocks_are_used_again_last_in_first_out():
    buf = alloc.Buffer(1024)
    a = take(buf, 8)
    address = a.__array_interface__["data"][0]
    del a
    for n, d in [(8, "f8"), (16, "f4"), (64, "u1"), (1, "f8"), (4, "c16")]:
        b = take(buf, n, d)
        assert b.__array_interface__["data"][0] == address
        assert (b.shape, b.dtype) == ((n,), np.dtype(d))
        del b
    assert buf.used == 64


def test_raise_says_what_was_asked_and_what_would_have_done():
    buf = alloc.Buffer(256)
    kept = take(buf, 16)
    with pytest.raises(alloc.BufferFullError) as info:
        take(buf, 20)
    error = info.value
    assert isinstance(error, MemoryError)
    assert (error.nbytes, error.suggested_nbytes) == (160, 128 + 192)
    text = str(error)
    for part in (
        "shape (20,)",
        "dtype float64",
        "needs 160 bytes",
        "capacity of 256 bytes",
        "128 are in use by 1 live array",
        "320 bytes would have done",
        "profile",
    ):
        assert part in text
    assert take(buf, 16) is not None  # nothing is broken by it
    del kept
    enough = alloc.Buffer(error.suggested_nbytes)
    kept = take(enough, 16)
    assert take(enough, 20) is not None
    del kept


def test_the_error_of_a_function_names_line_and_operation():
    def f(n):
        y = np.zeros(n)
        return y + 1

    line = f.__code__.co_firstlineno
    with pytest.raises(alloc.BufferFullError) as info:
        alloc.run(f, alloc.Buffer(1024), 100)
    assert f"{__file__}:{line + 2}, in " in str(info.value)
    assert re.search(r"f, (\+|add): ", str(info.value))
    with pytest.raises(alloc.BufferFullError) as info:
        alloc.run(f, alloc.Buffer(64), 100)
    assert f"{__file__}:{line + 1}, in " in str(info.value)
    assert "zeros: " in str(info.value)


@pytest.mark.parametrize(
    ("operation", "f"),
    [
        (r" (\*|multiply): ", lambda x: x * 2),
        (r" (-|negative): ", lambda x: -x),
        (r" (\*\*|power): ", lambda x: x**3.5),
        (r" (@|matmul): ", lambda x: x.reshape(100, 1) @ x.reshape(1, 100)),
        ("sin", lambda x: np.sin(x)),
        ("concatenate", lambda x: np.concatenate([x, x])),
        ("fancy indexing", lambda x, i=np.ones(80, int): x[i]),
        ("cumsum", lambda x: x.cumsum()),
        ("absolute", lambda x: abs(x)),
    ],
)
def test_every_kind_of_site_names_its_operation(operation, f):
    x = np.arange(1.0, 101)
    with pytest.raises(alloc.BufferFullError, match=operation) as info:
        alloc.run(f, alloc.Buffer(64), x)
    assert f"{os.path.basename(__file__)}:{f.__code__.co_firstlineno}" in str(info.value)


def test_a_full_buffer_can_be_caught_where_it_happens():
    def f(n):
        try:
            return np.zeros(n)
        except MemoryError as error:
            return type(error).__name__

    assert alloc.run(f, alloc.Buffer(64), 1000) == "BufferFullError"


def test_heap_policy_counts():
    buf = alloc.Buffer(64, on_full="heap")
    kept = take(buf, 8)
    assert take(buf, 8) is None
    assert take(buf, 100) is None
    assert buf.heap_fallbacks == 2
    y = alloc.run(lambda: np.ones(100) + 1, buf)
    assert y.tolist() == [2.0] * 100
    assert not in_arena(y)
    assert buf.heap_fallbacks == 4
    del kept
    kept = take(buf, 8)
    assert kept is not None


def test_grow_policy_and_limit():
    buf = alloc.Buffer(128, on_full="grow", limit=1024)
    kept = [take(buf, 8) for _ in range(16)]
    assert buf.capacity == 1024
    assert buf.used == 1024
    assert buf.chunks > 1
    with pytest.raises(alloc.BufferFullError, match="limit of 1024 bytes"):
        take(buf, 8)
    del kept[0]
    assert take(buf, 8) is not None
    for k, a in enumerate(kept):
        a[:] = k
    assert all((a == k).all() for k, a in enumerate(kept))


def test_limit_without_a_size():
    buf = alloc.Buffer(limit=1000)
    kept = take(buf, 100)
    assert buf.capacity <= 1024
    with pytest.raises(alloc.BufferFullError, match="limit of 1000 bytes"):
        take(buf, 100)
    del kept


def test_an_array_larger_than_a_chunk_gets_one_of_its_own():
    buf = alloc.Buffer()
    assert take(buf, FIRST_CHUNK).nbytes == 8 * FIRST_CHUNK
    assert buf.capacity >= 8 * FIRST_CHUNK


def test_dead_blocks_of_other_sizes_make_room():
    buf = alloc.Buffer(1024)
    kept = [take(buf, 8) for _ in range(16)]
    del kept
    big = take(buf, 128)
    assert big.nbytes == 1024
    with pytest.raises(alloc.BufferFullError):
        take(buf, 8)


def test_fragmentation_is_told_apart_from_fullness():
    buf = alloc.Buffer(1024)
    kept = [take(buf, 8) for _ in range(16)]
    del kept[::2]
    with pytest.raises(alloc.BufferFullError) as info:
        take(buf, 16)
    assert info.value.suggested_nbytes > buf.capacity
    assert buf.live == 8


@pytest.mark.parametrize("shape", [(0,), (3, 0, 2), ()])
def test_arrays_without_bytes_are_not_the_buffers(shape):
    array = alloc.Buffer(64).arena.empty(shape, F8)
    assert (array is None) == (0 in shape)


@pytest.mark.parametrize("dtype", ["O", [("a", "f8"), ("b", "O")], np.dtypes.StringDType()])
def test_dtypes_with_references_stay_on_the_heap(dtype):
    assert take(alloc.Buffer(1024), 3, dtype) is None


def test_structured_dtypes():
    buf = alloc.Buffer(1024)
    a = take(buf, 3, [("a", "f8"), ("b", "i2")])
    a["a"] = 1
    a["b"] = 2
    assert a.tolist() == [(1.0, 2)] * 3


def test_reset_with_and_without_live_arrays():
    buf = alloc.Buffer(1024)
    kept = take(buf, 8)
    kept[:] = 7
    address = kept.__array_interface__["data"][0]
    buf.reset()
    assert (buf.used, buf.live, buf.capacity, buf.chunks) == (0, 0, 1024, 1)
    others = [take(buf, 8) for _ in range(16)]
    for other in others:
        other[:] = 1
        assert other.__array_interface__["data"][0] != address
    assert (kept == 7).all()
    assert buf.peak == 1024
    del others, other
    first = take(buf, 1)
    address = first.__array_interface__["data"][0]
    del first
    buf.reset()
    again = take(buf, 128)
    assert again.nbytes == 1024
    assert address - 1024 < again.__array_interface__["data"][0] <= address  # the chunk is kept


def test_blocks_of_a_retired_chunk_do_not_come_back():
    buf = alloc.Buffer(256)
    kept = [take(buf, 8) for _ in range(4)]
    buf.reset()
    kept.clear()
    fresh = [take(buf, 8) for _ in range(4)]
    addresses = [a.__array_interface__["data"][0] for a in fresh]
    assert max(addresses) - min(addresses) == 3 * 64
    with pytest.raises(alloc.BufferFullError):
        take(buf, 8)


def test_pickles_as_its_settings():
    for buf in (
        alloc.Buffer(),
        alloc.Buffer(100),
        alloc.Buffer(64, on_full="heap"),
        alloc.Buffer(limit=9999),
    ):
        kept = take(buf, 3)
        restored = pickle.loads(pickle.dumps(buf))
        fresh = type(buf)(buf._nbytes, on_full=buf._on_full, limit=buf._limit)
        assert repr(restored) == repr(fresh)
        del kept


@pytest.mark.usefixtures("python_core")
def test_many_specifications_are_forgotten():
    arena = alloc.Buffer().arena
    for n in range(1, 10_000):
        arena.spec((n,), F8)
    assert len(arena._specs) <= 4096
    a = arena.empty((5,), F8)
    del a
    assert len(arena._pools) < 4096


def test_overflowing_sizes_are_not_wrapped():
    buf = alloc.Buffer(1024)
    with pytest.raises(alloc.BufferFullError):
        buf.arena.empty((1 << 40, 1 << 40), F8)
    growing = alloc.Buffer(limit=1 << 20)
    with pytest.raises(alloc.BufferFullError):
        take(growing, 1 << 40)


def test_a_growing_buffer_that_meets_an_absurd_array_raises_as_numpy_does():
    def f(n):
        return np.empty(n) + 1

    with pytest.raises(MemoryError):
        alloc.run(f, alloc.Buffer(), 1 << 58)


@pytest.fixture
def small_machine(python_core, monkeypatch):
    """Let no chunk be larger than the size that is set."""
    from alloc_rewrite.pycore import arena

    class Machine:
        largest = 0

    def space(size, *more):
        if size > Machine.largest:
            raise MemoryError(f"Unable to allocate {size} bytes")
        return original(size, *more)

    original = arena.Space
    monkeypatch.setattr(arena, "Space", space)
    return Machine


def test_growth_takes_what_is_needed_if_there_is_no_more(small_machine):
    small_machine.largest = FIRST_CHUNK
    buf = alloc.Buffer()
    kept = [take(buf, FIRST_CHUNK // 8)]
    small_machine.largest = FIRST_CHUNK // 2
    kept.append(take(buf, FIRST_CHUNK // 16))
    assert (buf.capacity, buf.chunks) == (FIRST_CHUNK * 3 // 2, 2)
    assert buf.heap_fallbacks == 0
    assert buf.live == len(kept)


def test_growth_leaves_an_array_to_the_heap_if_there_is_no_memory_for_a_chunk(small_machine):
    small_machine.largest = FIRST_CHUNK
    buf = alloc.Buffer()
    kept = take(buf, FIRST_CHUNK // 8)
    small_machine.largest = 0
    x = np.ones(1000)
    y = alloc.run(lambda: x + 1.0, buf)
    assert (y == 2.0).all()
    assert not in_arena(y)
    assert (buf.heap_fallbacks, buf.chunks, buf.live) == (1, 1, 1)
    del kept


def test_specifications_tell_equal_dtypes_apart():
    buf = alloc.Buffer(1 << 12)
    dtypes = [np.dtype(code) for code in "lqLQ"]
    dtypes += [np.dtype("f8"), np.dtype("f8", metadata={"unit": "m"})]
    dtypes += [np.dtype("i4,i4"), np.dtype("i4,i4", align=True)]
    for dtype in dtypes * 2:
        got = take(buf, 3, dtype).dtype
        assert (got.num, got.metadata) == (dtype.num, dtype.metadata)
        assert got.isalignedstruct == dtype.isalignedstruct


@pytest.mark.usefixtures("python_core")
def test_a_sweep_keeps_the_list_that_another_thread_may_extend():
    buf = alloc.Buffer(10**6)
    kept = [take(buf, 10) for _ in range(40)]
    pool = buf.arena.spec((10,), np.dtype(F8)).pool
    aside, sweep_at = pool.busy, pool.sweep_at
    kept += [take(buf, 10) for _ in range(100)]
    assert pool.sweep_at > sweep_at  # it was swept
    assert pool.busy is aside
    del kept[::2]
    kept += [take(buf, 10) for _ in range(200)]
    blocks = [*pool.blocks, *pool.busy]
    assert len(blocks) == len(set(blocks))  # no block is in two places
    for number, array in enumerate(kept):
        array.fill(number)
    assert all((array == number).all() for number, array in enumerate(kept))
