"""Sizes in bytes: those that users give, and those of blocks; numbers in words.

In: any object, or a number and a noun. Out: a positive integer or a clear error, or text. It must
not know what the size is of.
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from .errors import short

ALIGNMENT = 64  # bytes: the widest vector register, and a cache line of most processors
HUGE_PAGE = 2 << 20  # bytes: the largest step between the sizes of blocks
FIRST_CHUNK = 1 << 20  # bytes: what a buffer without a size starts with


def aligned(nbytes: int) -> int:
    """Round a size up to a multiple of the alignment."""
    return -(-nbytes // ALIGNMENT) * ALIGNMENT


def block_size(nbytes: int) -> int:
    """Return the size of the blocks that serve arrays of `nbytes`.

    It is at most a sixteenth larger, and at most a huge page. Sixteen sizes to each power of two
    let arrays of nearly the same size, such as neighbouring slices, reuse each other's blocks while
    these are in the cache.
    """
    step = max(ALIGNMENT, 1 << (nbytes.bit_length() - 5)) if nbytes >= 16 else ALIGNMENT
    step = min(step, HUGE_PAGE)
    return -(-nbytes // step) * step


def machine_memory() -> int:
    """Bytes of memory of this machine, or of its address space where it doesn't say."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return 1 << 46


def counted(number: int, noun: str) -> str:
    """Return a number with its noun, as in "1 chunk" and "2 chunks"."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def checked_size(value: Any, name: str) -> int:
    if isinstance(value, bool | np.bool_):
        raise TypeError(f"{name}={value!r} is not a number of bytes")
    try:
        size = value.__index__()
    except (AttributeError, TypeError):
        raise TypeError(
            f"{name}={short(value)} is not an integer; give a number of bytes such as 10**6"
        ) from None
    if size <= 0:
        raise ValueError(f"{name}={value!r} is not positive; give a number of bytes")
    if size > machine_memory():
        raise ValueError(
            f"{name}={value!r} exceeds this machine's memory of {machine_memory()} bytes"
        )
    return int(size)
