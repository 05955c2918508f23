"""The arena: a bump buffer that arrays are carved from, and that takes dead ones back.

In: requests for arrays (shape, dtype, strides). Out: arrays over memory that no live array
uses, or `BufferFullError`, or None where the policy leaves the array to the heap.
It must not know who asks: nothing of sites, bytecode or NumPy functions is in here.

"""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Iterator
from sys import getrefcount
from typing import Any, NoReturn, cast

import numpy as np

from .blocks import FREE, SCAN, Block, Pool, Space, Spec, aligned, block_size, lost_blocks
from .errors import BufferFullError
from .sizes import checked_size, counted

FIRST_CHUNK = 1 << 20  # bytes: what a buffer without a size starts with
POLICIES = ("raise", "grow", "heap")
_UNKNOWN: Any = object()
_MANY_SPECS = 4096  # specifications remembered before the oldest half is dropped


class Buffer:
    """A bump buffer, backed by 64-byte-aligned `numpy.uint8` memory, that arrays live in.

    Parameters
    ----------
    nbytes : int, optional
        Capacity in bytes. With it the buffer is of fixed size; without it the buffer starts
        small and grows by chunks.
    on_full : {"raise", "grow", "heap"}, optional
        What happens when an array does not fit: `BufferFullError`, another chunk, or an
        ordinary NumPy array (counted in `heap_fallbacks`). The default is ``"raise"`` for a
        buffer with a size and ``"grow"`` for one without.
    limit : int, optional
        Largest capacity, in bytes, that ``on_full="grow"`` may reach; `BufferFullError`
        beyond it.

    Raises
    ------
    TypeError
        If `nbytes` or `limit` is not an integer.
    ValueError
        If they are not positive or exceed the machine's memory, or `on_full` is unknown.

    Notes
    -----
    A bump allocator hands out memory by moving a pointer [1]_. Here a block is also used
    again once no array, view or memoryview is left over it, so a loop of any length needs
    the memory of its live arrays only. Memory under a live array is never handed out.

    A buffer may be used from several threads at once. It pickles as its settings.

    References
    ----------
    .. [1] Hanson, D. R. (1990). Fast allocation and deallocation of memory based on object
       lifetimes. Software: Practice and Experience, 20(1), 5-12.

    Examples
    --------
    >>> import numpy as np
    >>> import alloc_rewrite as alloc
    >>> buf = alloc.Buffer(10**6)
    >>> x = alloc.run(lambda: np.ones(1000) * 2, buf)
    >>> buf.live, buf.peak
    (1, 16384)
    """

    def __init__(
        self,
        nbytes: int | None = None,
        *,
        on_full: str | None = None,
        limit: int | None = None,
    ) -> None:
        nbytes = None if nbytes is None else checked_size(nbytes, "nbytes")
        if on_full is None:
            on_full = "grow" if nbytes is None else "raise"
        if on_full not in POLICIES:
            raise ValueError(f"on_full={on_full!r} is not one of {', '.join(map(repr, POLICIES))}")
        if limit is not None:
            limit = checked_size(limit, "limit")
            if on_full != "grow":
                raise ValueError(f"limit={limit} needs on_full='grow', not {on_full!r}")
            if limit < (nbytes or 0):
                raise ValueError(f"limit={limit} is less than nbytes={nbytes}")
        self._nbytes = nbytes
        self._on_full = on_full
        self._limit = limit
        self._lock = threading.RLock()
        self._carving = False  # tells a finaliser or signal handler that it interrupted us
        self._patience = 0  # arrays left to the heap before the next reclaim
        self._pools: weakref.WeakValueDictionary[int, Pool] = weakref.WeakValueDictionary()
        self._specs: dict[tuple[Any, ...], Spec | None] = {}
        self.companions: dict[Any, Any] = {}  # what others keep for as long as the buffer lives
        self._peak = 0
        self._heap_fallbacks = 0
        self._spaces = [Space(aligned(nbytes))] if nbytes is not None else []
        _buffers.add(self)

    # ------------------------------------------------------------------ what it holds

    @property
    def capacity(self) -> int:
        """Bytes of memory the buffer has now."""
        return sum(space.size for space in self._spaces)

    @property
    def used(self) -> int:
        """Bytes handed out: live arrays, and dead ones whose blocks wait to be used again."""
        with self._lock:
            return self._used()

    @property
    def peak(self) -> int:
        """High-water mark of `used`, in bytes, since the buffer was made."""
        return self._peak

    @property
    def live(self) -> int:
        """Number of arrays that somebody still holds (views count as their array)."""
        with self._lock:
            return sum(not b.is_free() for space in self._spaces for b in list(space.blocks))

    @property
    def chunks(self) -> int:
        """Number of chunks the memory consists of."""
        return len(self._spaces)

    @property
    def heap_fallbacks(self) -> int:
        """Number of arrays left to the heap because the buffer was full."""
        return self._heap_fallbacks

    def stats(self) -> dict[str, int]:
        """Return all the figures at once, by name.

        Examples
        --------
        >>> import alloc_rewrite as alloc
        >>> alloc.Buffer(1024).stats()  # doctest: +NORMALIZE_WHITESPACE
        {'capacity': 1024, 'used': 0, 'peak': 0, 'live': 0, 'chunks': 1, 'heap_fallbacks': 0}
        """
        names = ("capacity", "used", "peak", "live", "chunks", "heap_fallbacks")
        return {name: getattr(self, name) for name in names}

    def __repr__(self) -> str:
        size = "" if self._nbytes is None else f"{self._nbytes}, "
        limit = "" if self._limit is None else f", limit={self._limit}"
        return (
            f"<Buffer({size}on_full={self._on_full!r}{limit}): {self.used} of "
            f"{self.capacity} bytes used in {counted(self.chunks, 'chunk')}, "
            f"{counted(self.live, 'live array')}, peak {self.peak}, "
            f"{counted(self.heap_fallbacks, 'heap fallback')}>"
        )

    def __reduce__(self) -> tuple[Any, ...]:
        return _restored, (self._nbytes, self._on_full, self._limit)

    def reset(self) -> None:
        """Empty the buffer. Arrays that are still alive keep their memory.

        A chunk with live arrays is retired: it leaves the buffer, lives as long as they do,
        and a new chunk takes its place.

        Examples
        --------
        >>> import numpy as np
        >>> import alloc_rewrite as alloc
        >>> buf = alloc.Buffer(4096)
        >>> x = alloc.run(lambda: np.full(10, 7.0), buf)
        >>> buf.reset()
        >>> float(x.sum()), buf.used, buf.live
        (70.0, 0, 0)
        """
        with self._lock:
            if self._carving:
                raise RuntimeError("reset() from code that interrupted the buffer at work")
            free = self._drain(keep_busy=False)
            for i, space in enumerate(self._spaces):
                if space.blocks <= free:
                    space.clear()
                else:
                    self._spaces[i] = Space(space.size)

    # ------------------------------------------------------------------ what it gives

    def spec(
        self,
        shape: tuple[int, ...],
        dtype: np.dtype[Any],
        strides: tuple[int, ...] | None = None,
    ) -> Spec | None:
        """Describe arrays of one kind; None for those that stay on the heap.

        Arrays without bytes, and dtypes that hold references or memory of their own
        (objects, variable-width strings), are NumPy's business.
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
                    self._heap_fallbacks += 1
                    return None
                array = block.new_array(spec)
                spec.pool.blocks.append(block)
                self._peak = max(self._peak, self._used())
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
        live = sum(b.pool.size for b in held)
        suggested = live + spec.pool.size
        if suggested <= self.capacity:  # there is room, but not in one piece
            suggested = self.capacity + spec.pool.size
        what = "limit" if self._on_full == "grow" else "capacity"
        raise BufferFullError(
            f"buffer full: an array of shape {spec.shape} and dtype {spec.dtype} needs "
            f"{spec.nbytes} bytes; the buffer has a {what} of {self._limit or self.capacity} "
            f"bytes, of which {live} are in use by {counted(len(held), 'live array')}; "
            f"{suggested} bytes would have done for this array "
            f"(alloc_rewrite.profile(f, ...).suggested_nbytes says what a whole call needs)",
            spec.nbytes,
            suggested,
        )

    def _used(self) -> int:
        return sum(space.carved for space in self._spaces)

    def _drain(self, *, keep_busy: bool) -> set[Block]:
        """Take the blocks that are free out of all pools, and return them.

        A block that a `take` of another thread has in its hands is in no list, hence not
        free. Blocks come out one by one, as `take` gets them: nobody gets a block twice.
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


def _restored(nbytes: int | None, on_full: str, limit: int | None) -> Buffer:
    return Buffer(nbytes, on_full=on_full, limit=limit)


_buffers: weakref.WeakSet[Buffer] = weakref.WeakSet()


def _after_fork() -> None:
    """A thread of the parent may have held a lock; in the child it is nobody's."""
    for buffer in _buffers:
        buffer._lock = threading.RLock()
        buffer._carving = False


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
