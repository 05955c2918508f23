"""The pieces of an arena: chunks, the blocks carved from them, and pools of blocks of one size.

In: sizes and specifications of arrays. Out: headers over memory that nothing else uses. It must
not know policies, threads or who asks.

How a block is known to be free
-------------------------------
Every block has a *header*, an array over the block's memory that never leaves the library. What
is handed out is a view of the header, whose `base` is the header. A view made of that one later
has the handed-out array for its base, since NumPy follows a chain of bases only through arrays of
one type, and `Header` is another. So the header has one reference more than the block's memory
has holders, and a block whose header has a single reference can be used again.
"""

from __future__ import annotations

from sys import getrefcount
from typing import Any, NamedTuple, cast

import numpy as np

from ..sizes import ALIGNMENT
from .pages import Chunk, give_back, is_mapped, new_chunk, whole_pages

SCAN = 8  # blocks looked at before the busy ones are set aside


class Header(np.ndarray[Any, Any]):
    """The array over a block that all others over it are views of.

    A user can reach it as the `base` of an array, but can't change its shape, dtype or flags:
    the next array over the block is a view of it.
    """

    shape = property(np.ndarray.shape.__get__)
    strides = property(np.ndarray.strides.__get__)
    dtype = property(np.ndarray.dtype.__get__)
    #: The block is all that an array over it may reach: following bases leads to no chunk.
    base = property(lambda self: None)

    @property
    def flags(self) -> Any:
        """The flags of another view, so that setting one changes nothing here."""
        return self.view(np.ndarray).flags

    def setflags(self, *args: Any, **kwargs: Any) -> None:
        """Set flags of another view."""
        self.view(np.ndarray).setflags(*args, **kwargs)


class Pool:
    """The blocks of one size: those that may be free, and those seen to be busy."""

    __slots__ = ("__weakref__", "blocks", "busy", "idle", "noted", "requests", "size", "sweep_at")

    def __init__(self, size: int) -> None:
        self.size = size
        self.blocks: list[Block] = []
        self.busy: list[Block] = []
        self.sweep_at = 2 * SCAN
        self.requests = 0
        self.noted = 0  # how many of these there were at the last review
        self.idle = 0  # reviews in a row since which there were none

    def note(self) -> None:
        """Take note, at a review, of whether the pool was used since the last one."""
        self.idle = self.idle + 1 if self.requests == self.noted else 0
        self.noted = self.requests


class Spec(NamedTuple):
    """What an array of a site looks like: everything that `Buffer.take` needs to make one."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    strides: tuple[int, ...] | None
    nbytes: int
    pool: Pool


class Block:
    """A piece of a chunk, its header, and the pool it returns to."""

    __slots__ = ("chunk", "header", "offset", "pool", "spec")

    def __init__(self, chunk: Space, offset: int, spec: Spec) -> None:
        self.chunk = chunk
        self.offset = offset
        self.pool = spec.pool
        self.shape_as(spec)

    def shape_as(self, spec: Spec) -> None:
        """Give the block a header for another shape or dtype of the same size."""
        self.spec = spec
        self.header = Header(spec.shape, spec.dtype, self.chunk.memory, self.offset, spec.strides)

    def new_array(self, spec: Spec) -> np.ndarray[Any, Any]:
        """Return an array as `spec` says over the memory, which must be free."""
        if self.spec is not spec:
            self.shape_as(spec)
        return self.header.view(np.ndarray)

    def is_free(self) -> bool:
        """Whether nothing but this block refers to its memory."""
        return getrefcount(self.header) == FREE


def _references_of_a_free_header() -> int:
    """Count what `getrefcount(block.header)` says of a header that only its block holds."""
    block = object.__new__(Block)
    block.header = Header(0)
    return getrefcount(block.header)


def lost_blocks(spaces: list[Space]) -> set[Block]:
    """Return the free blocks that are in no pool and that no call holds.

    An exception that a signal handler raises in the middle of `Buffer.take` leaves one behind.
    """
    lost = set()
    for space in spaces:
        blocks = list(space.blocks)
        for block in blocks:
            if getrefcount(block) == _LOST and block.is_free():
                lost.add(block)
    return lost


def _references_of_a_lost_block() -> int:
    """Count what `lost_blocks` sees of a block that only its space holds."""
    held = {object()}
    blocks = list(held)
    for block in blocks:
        return getrefcount(block)
    raise AssertionError


FREE = _references_of_a_free_header()
_LOST = _references_of_a_lost_block()


def _within(spans: list[tuple[int, int]], begin: int, end: int) -> int:
    """Return how many bytes of a stretch are in spans that don't overlap."""
    return sum(max(0, min(to, end) - max(at, begin)) for at, to in spans)


def _without(spans: list[tuple[int, int]], begin: int, end: int) -> list[tuple[int, int]]:
    """Return the spans without the bytes of a stretch."""
    parts = [part for at, to in spans for part in ((at, min(to, begin)), (max(at, end), to))]
    return [(at, to) for at, to in parts if at < to]


class Space:
    """A chunk's memory with its gaps: the first gap large enough is carved from its start."""

    __slots__ = ("blocks", "carved", "clean", "gaps", "is_kept", "memory", "size", "start")

    def __init__(self, size: int, is_kept: bool = False) -> None:
        self.size = size
        self.is_kept = is_kept  # the user asked for it, so it stays when it is empty
        chunk, self.start = new_chunk(size, ALIGNMENT)
        # What no block has had yet, or the system has got back since.
        self.clean = [(0, size)] if is_mapped(chunk) else []
        # Headers are made from a memoryview (their base is the chunk all the same), which stays
        # writeable if a user follows the bases of an array and makes the chunk read-only.
        self.memory = memoryview(chunk)
        self.clear()

    def clear(self) -> None:
        self.blocks: set[Block] = set()
        self.gaps: list[tuple[int, int]] = [(0, self.size)]
        self.carved = 0  # bytes in blocks

    def carve(self, spec: Spec) -> Block | None:
        """Cut a block from the first gap with room for it, or return None."""
        size = spec.pool.size
        for i, (begin, end) in enumerate(self.gaps):
            if end - begin >= size:
                self.gaps[i] = (begin + size, end)
                block = Block(self, self.start + begin, spec)
                self.blocks.add(block)
                self.carved += size
                self.clean = _without(self.clean, begin, begin + size)
                return block
        return None

    def release(self, free: set[Block]) -> None:
        """Take back the blocks of this chunk that are in `free`, and join the gaps."""
        left = self.blocks - free
        gaps, at = [], 0
        for offset, size in sorted((b.offset - self.start, b.pool.size) for b in left):
            if offset > at:
                gaps.append((at, offset))
            at = offset + size
        gaps.append((at, self.size))
        self.carved = sum(b.pool.size for b in left)
        self.blocks, self.gaps = left, gaps

    def touched(self) -> int:
        """Bytes that blocks may have written to since the system gave them."""
        return self.size - _within(self.clean, 0, self.size)

    def trim(self) -> int:
        """Give the pages in gaps back to the system; return the bytes of those that blocks had."""
        chunk = cast(Chunk, self.memory.obj)
        given = 0
        for at, to in self.gaps if is_mapped(chunk) else ():
            begin, end = whole_pages(self.start + at, self.start + to)
            begin, end = begin - self.start, end - self.start
            had = end - begin - _within(self.clean, begin, end) if begin < end else 0
            if had and give_back(chunk, self.start + begin, self.start + end):
                given += had
                self.clean = [*_without(self.clean, begin, end), (begin, end)]
        return given
