"""Memory from the system for the Python core: zero and not resident until it is written to.

In: sizes, and stretches of memory that are not needed. Out: a `Chunk` of bytes, and whether pages
of it were returned. It must not know blocks, nor who asks.
"""

from __future__ import annotations

import contextlib
import mmap
import sys
from typing import Any

import numpy as np

from ..numpy_facts import wants_huge_pages
from ..sizes import HUGE_PAGE

LARGE = 2 * HUGE_PAGE  # bytes from which on NumPy asks for huge pages as well
_MAPPED_EACH_TIME = 32 << 20  # bytes from which on glibc maps each array anew
_CAN_MAP = sys.platform == "linux" and hasattr(mmap, "MADV_DONTNEED")


class Chunk(np.ndarray[Any, np.dtype[np.uint8]]):
    """One piece of arena memory; a type of its own so that chains of bases end at a header."""


def new_chunk(nbytes: int, alignment: int) -> tuple[Chunk, int]:
    """Return memory, and where in it `nbytes` begin on such a boundary; `MemoryError` if none."""
    if nbytes < LARGE or not _CAN_MAP:
        chunk: Chunk = np.ndarray.__new__(Chunk, nbytes + alignment, np.uint8)
        return chunk, -_address(chunk) % alignment
    try:
        flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS
        pages = mmap.mmap(-1, nbytes + HUGE_PAGE, flags=flags)
    except (OSError, OverflowError, ValueError):
        raise MemoryError(f"Unable to allocate {nbytes} bytes for a chunk") from None
    if wants_huge_pages():
        with contextlib.suppress(OSError):  # a kernel without them
            pages.madvise(mmap.MADV_HUGEPAGE)
    chunk = np.ndarray.__new__(Chunk, len(pages), np.uint8, pages)
    return chunk, -_address(chunk) % HUGE_PAGE


def is_mapped(chunk: Chunk) -> bool:
    """Whether pages of the chunk can be returned to the system."""
    return isinstance(chunk.base, mmap.mmap)


def give_back(chunk: Chunk, begin: int, end: int) -> bool:
    """Return pages of a mapped chunk to the system; they are zero then."""
    try:
        chunk.base.madvise(mmap.MADV_DONTNEED, begin, end - begin)  # type: ignore[union-attr]
    except OSError:  # locked in memory
        return False
    return True


def clear(array: np.ndarray[Any, Any]) -> None:
    """Make all bytes of a contiguous array zero.

    Where the heap would map an array anew, its pages are returned if they are an arena's.
    """
    if array.nbytes < _MAPPED_EACH_TIME and array.dtype.kind in "biufc":
        array.fill(0)
        return
    flat = array.reshape(-1, order="A").view(np.uint8)  # whatever a zero of the dtype may be
    header = array.base
    # A header says that it has no base.
    chunk = np.ndarray.base.__get__(header) if isinstance(header, np.ndarray) else None
    if array.nbytes < _MAPPED_EACH_TIME or type(chunk) is not Chunk or not is_mapped(chunk):
        flat.fill(0)
        return
    start = _address(array) - _address(chunk)
    begin, end = whole_pages(start, start + array.nbytes)
    if give_back(chunk, begin, end):
        flat[: begin - start].fill(0)
        flat[end - start :].fill(0)
    else:
        flat.fill(0)


def whole_pages(begin: int, end: int) -> tuple[int, int]:
    """Return the begin of the first and the end of the last page within a stretch."""
    return -(-begin // mmap.PAGESIZE) * mmap.PAGESIZE, end // mmap.PAGESIZE * mmap.PAGESIZE


def _address(array: np.ndarray[Any, Any]) -> int:
    return int(array.__array_interface__["data"][0])
