"""The arena of the Python core: chunks that blocks are carved from, and pools that take them back.

In: requests for arrays (shape, dtype, strides). Out: arrays over memory that no live array
uses, or `BufferFullError`, or None where the policy leaves the array to the heap.
It must not know sites, bytecode or NumPy functions.
"""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Iterator
from sys import getrefcount
from typing import Any, NoReturn, cast

import numpy as np

from ..errors import buffer_full
from ..sizes import FIRST_CHUNK, aligned, block_size
from .blocks import FREE, SCAN, Block, Pool, Space, Spec, lost_blocks

_UNKNOWN: Any = object()
_MANY_SPECS = 4096  # specifications remembered before the oldest half is dropped
_COUNTED = 64  # requests of a pool that are counted at a time, and that a reset counts as
_PERIOD = 512  # requests between two reviews of what is kept
_LONG = 2  # reviews after which what was not used is not needed
_MUCH, _SPARE = 4, 16 << 20  # times what is needed may be kept, and so many bytes on top


class PythonArena:
    """The memory of one buffer; see `Buffer` for the meaning of the settings and figures."""

    def __init__(self, nbytes: int | None, on_full: str, limit: int | None) -> None:
        self._nbytes = nbytes
        self._on_full = on_full
        self._limit = limit
        self._lock = threading.RLock()
        self._carving = False  # tells a finaliser or signal handler that it interrupted us
        self._patience = 0  # arrays left to the heap before the next reclaim
        self._until_review = _PERIOD
        self._most = [0, 0]  # bytes in blocks at resets: at most since the last review, and before
        self._pools: weakref.WeakValueDictionary[int, Pool] = weakref.WeakValueDictionary()
        self._specs: dict[tuple[Any, ...], Spec | None] = {}
        self.peak = 0
        self.heap_fallbacks = 0
        self._spaces = [Space(aligned(nbytes), True)] if nbytes is not None else []
        _arenas.add(self)

    @property
    def capacity(self) -> int:
        """Bytes of memory."""
        return sum(space.size for space in self._spaces)

    @property
    def used(self) -> int:
        """Bytes in blocks, live or waiting."""
        with self._lock:
            return self._used()

    @property
    def live(self) -> int:
        """Arrays that are still referenced."""
        with self._lock:
            return sum(not b.is_free() for space in self._spaces for b in list(space.blocks))

    @property
    def chunks(self) -> int:
        """Pieces of memory."""
        return len(self._spaces)

    def reset(self) -> None:
        """Empty it; live arrays keep their memory."""
        with self._lock:
            if self._carving:
                raise RuntimeError("reset() from code that interrupted the buffer at work")
            self._most[0] = max(self._most[0], self._used())
            self._count()
            free = self._drain(keep_busy=False)
            for i, space in enumerate(self._spaces):
                if space.blocks <= free:
                    space.clear()
                else:
                    self._spaces[i] = Space(space.size, space.is_kept)
                    space.release(free)
                    space.trim()  # nothing will be carved from it any more

    def trim(self) -> int:
        """Return what no array needs to the system; return the bytes that went."""
        with self._lock:
            if self._carving:
                raise RuntimeError("trim() from code that interrupted the buffer at work")
            return self._trimmed(0)

    def empty(
        self, shape: tuple[int, ...], dtype: np.dtype[Any], strides: tuple[int, ...] | None = None
    ) -> np.ndarray[Any, Any] | None:
        """Return an uninitialised array, or None to leave it to the heap."""
        spec = self.spec(shape, dtype, strides)
        return None if spec is None else self.take(spec)

    def spec(
        self,
        shape: tuple[int, ...],
        dtype: np.dtype[Any],
        strides: tuple[int, ...] | None = None,
    ) -> Spec | None:
        """Describe arrays of one kind; None for those that stay on the heap.

        Arrays without bytes, and dtypes that hold references or memory of their own
        (objects, variable-width strings), are left to NumPy.
        """
        # Dtypes that compare equal need not be the same; only those told apart are remembered.
        key = (shape, dtype, dtype.num, strides)
        found = self._specs.get(key, _UNKNOWN)
        if found is not _UNKNOWN and dtype.metadata is None:
            return cast(Spec | None, found)
        known = dtype.metadata is None and dtype.kind in "?biufcmMSU"
        nbytes = dtype.itemsize
        for n in shape:
            nbytes *= n
        spec = None
        if nbytes > 0 and (known or dtype.kind in "?biufcmMSUV") and not dtype.hasobject:
            size = block_size(nbytes)
            with self._lock:
                pool = self._pools.get(size)
                if pool is None:
                    pool = self._pools[size] = Pool(size)
            spec = Spec(shape, dtype, strides, nbytes, pool)
        if not known:
            return spec
        if len(self._specs) >= _MANY_SPECS:
            for old in list(self._specs)[: _MANY_SPECS // 2]:
                self._specs.pop(old, None)
        self._specs[key] = spec
        return spec

    def take(self, spec: Spec) -> np.ndarray[Any, Any] | None:
        """Return an uninitialised array as `spec` says, or None to leave it to the heap."""
        pool = spec.pool
        blocks = pool.blocks
        requests = pool.requests = pool.requests + 1
        if not requests % _COUNTED:
            self._count()
        busy: list[Block] | None = None
        while True:
            try:
                block = blocks.pop()  # atomic: from here on the block is this call's alone
            except IndexError:
                return self._carved(spec, busy)
            if getrefcount(block.header) == FREE:
                break
            if busy is None:
                busy = [block]
            else:
                busy.append(block)
                if len(busy) >= SCAN:
                    pool.busy.extend(busy)
                    return self._carved(spec, None)
        array = block.new_array(spec)
        blocks.append(block)
        if busy is not None:
            blocks += busy
        return array

    def _carved(self, spec: Spec, busy: list[Block] | None) -> np.ndarray[Any, Any] | None:
        """Make room for a new block: swept, bumped, reclaimed or grown, in this order."""
        with self._lock:
            if self._carving:
                return None
            self._carving = True
            try:
                block = self._swept(spec.pool) or self._bumped(spec) or self._grown(spec)
                if block is None:
                    self.heap_fallbacks += 1
                    return None
                array = block.new_array(spec)
                spec.pool.blocks.append(block)
                self.peak = max(self.peak, self._used())
                return array
            finally:
                self._carving = False
                if busy is not None:
                    spec.pool.blocks += busy

    def _swept(self, pool: Pool) -> Block | None:
        """Look again at the blocks set aside, at doubling intervals: constant amortised cost."""
        if len(pool.busy) < pool.sweep_at:
            return None
        # The list stays: another thread may be about to extend it, and no block may be in two.
        free: list[Block] = []
        busy: list[Block] = []
        for block in _popped(pool.busy):
            (free if block.is_free() else busy).append(block)
        pool.busy.extend(busy)
        pool.sweep_at = max(2 * SCAN, 2 * len(pool.busy))
        found = free.pop() if free else None
        pool.blocks += free
        return found

    def _bumped(self, spec: Spec) -> Block | None:
        for space in self._spaces:
            block = space.carve(spec)
            if block is not None:
                return block
        return None

    def _grown(self, spec: Spec) -> Block | None:
        """Reclaim what is dead; then, as the policy says, grow, raise or leave it."""
        if self._patience > 0:
            self._patience -= 1
            return None
        used = self._used()
        free = self._drain(keep_busy=True)
        for space in self._spaces:
            space.release(free)
        # Growing although half of a large buffer has just come free would be waste; growing
        # although little came free would be a reclaim for every few arrays.
        roomy = self._on_full != "grow" or self._used() <= 0.5 * used
        block = self._bumped(spec) if roomy else None
        if block is None and self._on_full == "heap":
            self._patience = sum(len(space.blocks) for space in self._spaces) // 8
        if block is not None or self._on_full == "heap":
            return block
        need, capacity = spec.pool.size, self.capacity
        if self._on_full == "grow":
            room = None if self._limit is None else self._limit - capacity
            if room is None or need <= room:
                size = max(FIRST_CHUNK if self._nbytes is None else 0, capacity, need)
                if not self._add_space(size if room is None else min(size, room), need):
                    return self._bumped(spec)
            block = self._bumped(spec)
            if block is not None:
                return block
        self._full(spec)

    def _add_space(self, size: int, need: int) -> bool:
        """Add a chunk of `size`, or as large as needed if the machine has no more."""
        for nbytes in (size, need):
            try:
                self._spaces.append(Space(nbytes))
                return True
            except MemoryError:
                pass
        return False

    def _full(self, spec: Spec) -> NoReturn:
        held = [b for space in self._spaces for b in space.blocks]
        raise buffer_full(
            f"an array of shape {spec.shape} and dtype {spec.dtype}",
            nbytes=spec.nbytes,
            block=spec.pool.size,
            held=sum(b.pool.size for b in held),
            arrays=len(held),
            capacity=self.capacity,
            limit=self._limit if self._on_full == "grow" else None,
        )

    def _count(self) -> None:
        """Count some requests; after so many, look whether more is kept than needed."""
        self._until_review -= _COUNTED
        if self._until_review > 0:
            return
        with self._lock:
            if not self._carving:
                self._until_review = max(_PERIOD, sum(len(space.blocks) for space in self._spaces))
                self._review()

    def _review(self) -> None:
        """Return to the system what has long not been needed."""
        for pool in list(self._pools.values()):
            pool.note()
        most = max(self._most)
        self._most = [0, self._most[0]]
        kept = self._touched()
        if kept <= _SPARE:
            return
        blocks = [block for space in self._spaces for block in list(space.blocks)]
        needed = sum(b.pool.size for b in blocks if b.pool.idle < _LONG or not b.is_free())
        needed = max(needed, most)
        if kept > _MUCH * needed + _SPARE:
            self._trimmed(2 * needed)

    def _trimmed(self, keep: int) -> int:
        """Return free memory to the system, but about `keep` bytes; return the bytes that went."""
        self._carving = True
        try:
            free = self._drain(keep_busy=True)
            for space in self._spaces:
                space.release(free)
            del free
            given = 0
            for space in sorted(self._spaces, key=lambda space: -space.size):
                if space.blocks or space.is_kept:
                    continue
                if space.size > keep or self.capacity - space.size >= keep:
                    given += space.touched()
                    self._spaces.remove(space)
            for space in self._spaces:
                if self._touched() > keep:
                    given += space.trim()
            return given
        finally:
            self._carving = False

    def _touched(self) -> int:
        return sum(space.touched() for space in self._spaces)

    def _used(self) -> int:
        return sum(space.carved for space in self._spaces)

    def _drain(self, *, keep_busy: bool) -> set[Block]:
        """Take the blocks that are free out of all pools, and return them.

        A block that a `take` of another thread has in its hands is in no list, hence not
        free. Blocks come out one by one, as `take` gets them: no caller gets a block twice.
        """
        free: set[Block] = set()
        for pool in list(self._pools.values()):
            busy = []
            for blocks in (pool.blocks, pool.busy):
                for block in _popped(blocks):
                    if block.is_free():
                        free.add(block)
                    else:
                        busy.append(block)
            if keep_busy:
                pool.blocks += busy
        return free | lost_blocks(self._spaces)


def _popped(blocks: list[Block]) -> Iterator[Block]:
    while True:
        try:
            yield blocks.pop()
        except IndexError:
            return


_arenas: weakref.WeakSet[PythonArena] = weakref.WeakSet()


def _after_fork() -> None:
    """A thread of the parent may have held a lock; in the child no thread holds it."""
    for arena in _arenas:
        arena._lock = threading.RLock()
        arena._carving = False


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
