"""Sizes in bytes that users give: what is a size, and what is too large for this machine.

In: any object. Out: a positive integer, or a clear error. It must not know what the size is of.
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np


def machine_memory() -> int:
    """Bytes of memory of this machine, or of its address space where it doesn't tell."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return 1 << 46


def checked_size(value: Any, name: str) -> int:
    if isinstance(value, bool | np.bool_):
        raise TypeError(f"{name}={value!r} is not a number of bytes")
    try:
        size = value.__index__()
    except (AttributeError, TypeError):
        raise TypeError(
            f"{name}={value!r} is not an integer; give a number of bytes such as 10**6"
        ) from None
    if size <= 0:
        raise ValueError(f"{name}={value!r} is not positive; give a number of bytes")
    if size > machine_memory():
        raise ValueError(
            f"{name}={value!r} exceeds this machine's memory of {machine_memory()} bytes"
        )
    return int(size)
