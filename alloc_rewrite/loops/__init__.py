"""Loops as machine code: numbers, elements, slices, branches, helpers, nested loops.

`translate` turns a loop into a *kernel* for the kinds of values that come by (`kinds`), the
workshop of `compiled` has it compiled, and the site at the loop's head (`csrc/loops/`) runs it.
"""

from typing import Any

from ..numpy_names import own_names

__all__ = ["plan_kernel"]


_service: Any = None


def plan_kernel(*asked: Any) -> None:
    """Have a kernel made for a loop (see `service`)."""
    global _service
    if _service is None:
        with own_names():  # in most programs no loop gets hot
            from . import service
        _service = service
    _service.plan_kernel(*asked)
