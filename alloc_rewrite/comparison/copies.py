"""Copies of arguments, for calls that must not see what another call changed.

In: any objects. Out: objects of the same kind. A copied array has the strides, flags and alignment
of the original, and arrays that share memory still do. What can't be copied is passed on.
"""

from __future__ import annotations

import copy
import ctypes
from typing import Any

import numpy as np

from ..numpy_facts import WRITEABLE

_ALIGNMENT = 64  # bytes; what an address is divided by matters to some kernels up to here


def fresh(values: tuple[Any, ...]) -> tuple[tuple[Any, ...], list[str]]:
    """Return copies, and the names of the types that couldn't be copied."""
    arrays = _Arrays()
    for value in values:
        arrays.find(value)
    made, shared = [], []
    for value in values:
        try:
            made.append(copy.deepcopy(value, arrays.memo))
        except Exception:  # locks, files, generators and others can't be copied
            made.append(value)
            shared.append(type(value).__qualname__)
    return tuple(made), shared


class _Arrays:
    """Copies the arrays inside of values, before `deepcopy` does it in its own way."""

    def __init__(self) -> None:
        self.memo: dict[int, Any] = {}  # the copies, by the originals' identity
        self._memory: dict[int, Any] = {}  # copied bytes, by the identity of their owner
        self._seen: set[int] = set()

    def find(self, value: Any) -> None:
        """Copy the arrays that are found in a value."""
        if id(value) in self._seen or isinstance(value, type):
            return
        self._seen.add(id(value))
        if type(value) is np.ndarray:
            if value.size and not value.dtype.hasobject and value.dtype.kind != "T":
                self.memo[id(value)] = self._copy(value)
            return
        inside = [getattr(value, "__self__", None)]
        if isinstance(value, dict):
            inside += value.values()
        elif isinstance(value, list | tuple | set | frozenset):
            inside += value
        elif hasattr(value, "__dict__"):
            inside += vars(value).values()
        for one in inside:
            self.find(one)

    def _copy(self, array: Any) -> Any:
        owner = array
        while type(owner.base) is np.ndarray:
            owner = owner.base
        low, high = np.lib.array_utils.byte_bounds(owner)
        address = array.ctypes.data
        if owner.base is None:
            if id(owner) not in self.memo:
                self.memo[id(owner)] = owner.copy("K")
            if owner is array:
                return self.memo[id(owner)]
            memory = self.memo[id(owner)].ravel("K").view(np.uint8)
        else:  # memory of another library, or of a buffer
            if id(owner) not in self._memory:
                room = np.empty(high - low + _ALIGNMENT, np.uint8)
                skipped = (low - room.ctypes.data) % _ALIGNMENT
                memory = room[skipped : skipped + high - low]
                memory[:] = np.frombuffer((ctypes.c_char * (high - low)).from_address(low), "u1")
                self._memory[id(owner)] = memory
            memory = self._memory[id(owner)]
        made: Any = np.ndarray(array.shape, array.dtype, memory, address - low, array.strides)
        made.flags.writeable = bool(array.flags.num & WRITEABLE)
        return made
