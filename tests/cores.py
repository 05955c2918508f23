"""What tests have to know of the cores: which one is selected, and whose an array's memory is."""

import numpy as np

import alloc_rewrite as alloc
from alloc_rewrite.cores import native
from alloc_rewrite.pycore.blocks import Header

NATIVE = alloc.core()[0] == "native"
SLOTS = native.SLOTS if NATIVE else 0  # small results that a site keeps for its next ones
SMALL = native.LARGEST_SLOT if NATIVE else 1 << 14  # bytes up to which it does


def owner_of(array):
    """Return the array that has the memory."""
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array


def in_arena(array):
    """Whether an array's memory is that of a buffer, of either core."""
    owner = owner_of(array)
    return type(owner) is Header or (native is not None and native.owns(owner))


def take(buf, n, dtype=np.float64):
    """Take an array of `n` elements out of a buffer, or None, as a site does."""
    return buf.arena.empty((n,), np.dtype(dtype))
