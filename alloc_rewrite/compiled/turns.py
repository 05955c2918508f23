"""Giving other threads their turn while the compiler's thread runs Python code for long.

Another thread that wants to run has to ask for the GIL, and gets it after the interpreter's switch
interval: 5 ms. So long Python code asks here, often, whether it is time to let others go first.

It must not know what runs.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TypeVar

_SLICE = 1e-3  # seconds that code runs at a time,
_PAUSE = 1e-5  # and then lets go of the GIL

T = TypeVar("T")
_began = [0.0]


def give_turns() -> None:
    """Let other threads run if this one has for a while."""
    if time.perf_counter() - _began[0] > _SLICE:
        time.sleep(_PAUSE)
        _began[0] = time.perf_counter()


class InTurns(list[T]):
    """A list; who goes over it gives other threads their turn."""

    def __iter__(self) -> Iterator[T]:
        for item in super().__iter__():
            give_turns()
            yield item
