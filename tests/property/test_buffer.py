"""Programs of operations on a buffer, against a model of what its arrays must hold."""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

import alloc_rewrite as alloc

ALIGNMENT = 64  # bytes
FIRST_CHUNK = 1 << 20  # bytes a buffer without a size starts with
FIXED = 1 << 14
LIMIT = 1 << 15
POLICIES = {
    "raise": lambda: alloc.Buffer(FIXED),
    "grow": lambda: alloc.Buffer(),
    "grow from a size": lambda: alloc.Buffer(FIXED, on_full="grow"),
    "grow to a limit": lambda: alloc.Buffer(1024, on_full="grow", limit=LIMIT),
    "heap": lambda: alloc.Buffer(FIXED, on_full="heap"),
}
LARGEST = {"raise": FIXED, "grow to a limit": LIMIT, "heap": FIXED}
DTYPES = ["f8", "f4", "u1", "i8", "c16", "?", "M8[s]"]
LOOKS = ["view", "slice", "reverse", "bytes", "memoryview", "item", "transpose", "frombuffer"]

shapes = st.lists(st.integers(1, 12), min_size=1, max_size=3).map(tuple)
sizes = st.one_of(st.integers(1, 40), st.integers(1, 1500))


def full(n, value):
    return np.full(n, value)


def zeros(shape, dtype):
    return np.zeros(shape, dtype)


def computed(n, value):
    x = np.arange(n) * 2.0
    y = x + value
    return y - x / 3


def several(n, value):
    x = np.ones(n) * value
    return x, x[::2], x + 1, [x * 2, x.reshape(1, -1)]


def churned(n, value):
    x = np.zeros(n)
    for k in range(8):
        x = x + value * k
    return x


def changing(n, value):
    return [np.full(k + 1, value) for k in range(min(n, 12))]


def transposed(shape, value):
    return (np.ones(shape[::-1]) * value).T + value


def arrays_in(value):
    if isinstance(value, np.ndarray):
        return [value]
    return [one for part in value for one in arrays_in(part)]


def extent(array):
    """The bytes from the first to the last one that an array reaches."""
    low, high = np.lib.array_utils.byte_bounds(array)
    return low, high


class Held:
    """What is kept of a call: an object over arena memory, and the bytes that it must show."""

    def __init__(self, thing, source):
        self.thing = thing
        self.bytes = bytes(thing) if isinstance(thing, memoryview) else thing.tobytes()
        self.source = source  # one number for all views of one array
        view = np.asarray(thing)
        self.extent = extent(view)

    def unchanged(self):
        thing = self.thing
        return (bytes(thing) if isinstance(thing, memoryview) else thing.tobytes()) == self.bytes


class Program(RuleBasedStateMachine):
    """Make, keep, view, write, drop, reset, trim; nothing alive may change or overlap."""

    policy = ""

    def __init__(self):
        super().__init__()
        self.held = []
        self.watched = []
        self.refused = []
        self.made = 0
        self.resets = 0
        self.most_live = 0

    @initialize()
    def start(self):
        self.buffer = POLICIES[self.policy]()
        self.peak = 0

    def keep(self, f, *args):
        expected = f(*args)
        try:
            got = alloc.run(f, self.buffer, *args)
        except alloc.BufferFullError as error:
            assert self.policy in ("raise", "grow to a limit")
            self.refused.append((error.nbytes, error.suggested_nbytes))
            return
        for x, y in zip(arrays_in(expected), arrays_in(got), strict=True):
            assert (x.dtype, x.shape, x.strides) == (y.dtype, y.shape, y.strides)
            assert x.tobytes() == y.tobytes()
        parts = arrays_in(got)
        while parts:
            part = parts.pop()
            self.made += 1
            # Views of one array share its number.
            same = [h.source for h in self.held if np.may_share_memory(np.asarray(h.thing), part)
                    and owner(h.thing) is owner(part)]  # fmt: skip
            self.held.append(Held(part, same[0] if same else self.made))

    @rule(n=sizes, value=st.floats(-5, 5))
    def make_full(self, n, value):
        self.keep(full, n, value)

    @rule(shape=shapes, dtype=st.sampled_from(DTYPES))
    def make_zeros(self, shape, dtype):
        self.keep(zeros, shape, dtype)

    @rule(n=sizes, value=st.integers(-5, 5))
    def make_computed(self, n, value):
        self.keep(computed, n, value)

    @rule(n=st.integers(1, 200), value=st.integers(-5, 5))
    def make_several(self, n, value):
        self.keep(several, n, value)

    @rule(n=sizes, value=st.integers(-5, 5))
    def make_churned(self, n, value):
        self.keep(churned, n, value)

    @rule(n=sizes, value=st.integers(-5, 5))
    def make_changing(self, n, value):
        self.keep(changing, n, value)

    @rule(shape=shapes, value=st.integers(-5, 5))
    def make_transposed(self, shape, value):
        self.keep(transposed, shape, value)

    @rule(n=sizes)
    def make_and_drop(self, n):
        before = len(self.held)
        self.keep(computed, n, 1)
        del self.held[before:]

    @precondition(lambda self: self.held)
    @rule(at=st.integers(0, 999))
    def drop(self, at):
        del self.held[at % len(self.held)]

    @precondition(lambda self: len(self.held) > 3)
    @rule()
    def drop_every_second(self):
        del self.held[::2]

    @precondition(lambda self: self.held)
    @rule(at=st.integers(0, 999), how=st.sampled_from(LOOKS), only=st.booleans())
    def look(self, at, how, only):
        """Keep a part of what is held, and sometimes only that."""
        at %= len(self.held)
        held = self.held[at]
        x = np.asarray(held.thing)
        if how == "view":
            new = x.view()
        elif how == "slice":
            new = x[: len(x) // 2 + 1] if x.ndim else x[...]
        elif how == "reverse":
            new = x[..., ::-1]
        elif how == "transpose":
            new = x.T
        elif how == "item":
            new = x[(slice(1),) * x.ndim + (...,)]
        elif not x.flags.c_contiguous or x.dtype.kind == "M":
            return
        elif how == "memoryview":
            new = memoryview(x)
        elif how == "bytes":
            new = x.view(np.uint8)
        else:
            new = np.frombuffer(x, np.uint8)
        self.held.append(Held(new, held.source))
        if only:
            del self.held[at]

    @precondition(lambda self: self.held)
    @rule(at=st.integers(0, 999))
    def watch(self, at):
        """A weak reference neither keeps an array alive nor shows another one in its place."""
        held = self.held[at % len(self.held)]
        if isinstance(held.thing, np.ndarray):
            self.watched.append((weakref.ref(held.thing), held.bytes))

    @precondition(lambda self: self.held)
    @rule(at=st.integers(0, 999), byte=st.integers(0, 255))
    def write(self, at, byte):
        """Writing into one array changes it and its views, and nothing else."""
        held = self.held[at % len(self.held)]
        x = np.asarray(held.thing)
        if x.flags.writeable and x.dtype.kind in "fiu":
            x[...] = byte
            for other in self.held:
                if other.source == held.source:
                    other.__init__(other.thing, other.source)
            self.watched = [(ref, ref().tobytes()) for ref, _ in self.watched if ref() is not None]

    @rule()
    def reset(self):
        self.buffer.reset()
        self.resets += 1
        assert self.buffer.used == self.buffer.live == 0

    @rule()
    def trim(self):
        """What is alive stays; what went can't go again."""
        before = self.buffer.stats()
        assert self.buffer.trim() >= 0
        after = self.buffer.stats()
        assert after["capacity"] <= before["capacity"]
        assert after["used"] <= before["used"]
        assert after["live"] == before["live"]
        assert self.buffer.trim() == 0

    @precondition(lambda self: self.policy == "grow")
    @rule(mebibytes=st.sampled_from([1, 5, 40]), step=st.sampled_from([1, 4096, 1 << 21]))
    def make_large_zeros(self, mebibytes, step):
        """Memory of sizes whose pages come from the system, and go back to it."""

        def f(n):
            x = np.zeros(n, np.uint8)
            clean = not x.any()
            x[::step] = 255
            return x[-1000:].copy(), clean

        part, clean = alloc.run(f, self.buffer, mebibytes << 20)
        assert clean
        self.most_live = max(self.most_live, mebibytes << 20)
        self.made += 1
        self.held.append(Held(part, self.made))

    @rule()
    def collect(self):
        gc.collect()

    @invariant()
    def nothing_alive_changed(self):
        assert all(held.unchanged() for held in self.held)
        for ref, before in self.watched:
            array = ref()
            assert array is None or array.tobytes() == before

    @invariant()
    def nothing_alive_overlaps(self):
        spans = sorted({(h.extent, h.source) for h in self.held})
        for ((_, end), source), ((start, _), other) in zip(spans, spans[1:]):
            assert source == other or end <= start

    @invariant()
    def figures_hold(self):
        b = self.buffer
        figures = b.stats()
        assert 0 <= figures["used"] <= figures["capacity"]
        assert figures["used"] <= figures["peak"]
        assert figures["peak"] >= self.peak
        self.peak = figures["peak"]
        assert figures["used"] % ALIGNMENT == 0
        sources = {h.source for h in self.held}
        if self.policy != "heap":
            assert figures["heap_fallbacks"] == 0
        if not self.resets and self.policy != "heap":
            assert figures["live"] == len(sources), (figures, len(sources))
        else:
            assert figures["live"] <= len(sources)
        assert all(0 < nbytes <= suggested for nbytes, suggested in self.refused)
        assert self.policy not in LARGEST or b.capacity <= LARGEST[self.policy]
        assert repr(b).startswith("<Buffer(")

    @invariant()
    def growth_is_bounded(self):
        """At most a few times what was ever alive at a time, and a chunk to start with."""
        alive = sum({h.source: h.extent[1] - h.extent[0] for h in self.held}.values())
        self.most_live = max(self.most_live, alive)
        if self.policy.startswith("grow"):
            assert self.buffer.capacity <= (1 << 21) + 16 * self.most_live

    def teardown(self):
        self.held.clear()
        self.watched.clear()
        if hasattr(self, "buffer"):
            assert self.buffer.live == 0


def owner(thing):
    """The array at the end of the chain of bases."""
    x = np.asarray(thing)
    while isinstance(x.base, np.ndarray) and type(x.base) is np.ndarray:
        x = x.base
    return x


@pytest.mark.parametrize("policy", POLICIES)
def test_programs(policy):
    machine = type("Program", (Program,), {"policy": policy})
    machine.TestCase.settings = settings(max_examples=max(settings().max_examples // 20, 1))
    machine.TestCase("runTest").runTest()


@pytest.mark.parametrize("policy", POLICIES)
def test_a_loop_over_changing_shapes_is_bounded(policy):
    def f(n):
        total = 0.0
        for k in range(n):
            x = np.ones(k % 97 + 1)
            total += float((x * 2 + x).sum())
        return total

    buffer = POLICIES[policy]()
    assert alloc.run(f, buffer, 3000) == f(3000)
    assert buffer.live == 0
    assert buffer.heap_fallbacks == 0
    assert buffer.capacity <= LARGEST.get(policy, FIRST_CHUNK)


def test_kept_results_of_a_bumped_function_stay():
    buffer = alloc.Buffer()
    f = alloc.bump(buffer)(computed)
    kept = [(n, f(n, n)) for n in range(1, 300)]
    for n, array in kept:
        assert array.tobytes() == computed(n, n).tobytes()
    del array, kept
    assert buffer.live == 0
