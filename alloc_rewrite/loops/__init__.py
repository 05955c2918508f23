"""Loops as machine code: numbers, elements, slices, branches, helpers, nested loops.

`translate` turns a loop into a *kernel* for the kinds of values that come by (`kinds`), the
workshop of `compiled` has it compiled, and the site at the loop's head (`csrc/loops/`) runs it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from ..compiled.kernels import Job, workshop
from ..numpy_names import are_replaced, own_names

__all__ = ["plan_kernel"]


def plan_kernel(*asked: Any) -> None:
    """Have a kernel made for a loop (see `service`)."""
    is_loaded = f"{__name__}.service" in sys.modules  # in most programs no loop gets hot
    if is_loaded or workshop.now or are_replaced():
        _plan(asked)
    else:
        workshop.submit(_FirstJob(asked))


class _FirstJob(Job):
    """What is asked first: the thread that compiles loads the modules for it."""

    def __init__(self, asked: tuple[Any, ...]) -> None:
        self.state = "waiting"
        self._asked = asked

    def make(self, load: Callable[[], Any]) -> None:
        """Load what makes kernels, and pass on what was asked."""
        self.state = "passed on"
        _plan(self._asked)

    def refuse(self, reason: str) -> None:
        """Leave the loop to the interpreter."""
        self.state = reason
        self._asked[0].install(reason)


def _plan(asked: tuple[Any, ...]) -> None:
    with own_names():
        from .service import plan_kernel
    plan_kernel(*asked)
