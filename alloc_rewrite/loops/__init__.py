"""Loops as machine code: numbers, elements, slices, branches, helpers, nested loops.

`translate` turns a loop into a *kernel* for the kinds of values that come by (`kinds`), the
workshop of `compiled` has it compiled, and the site at the loop's head (`csrc/loops/`) runs it.
"""

from typing import Any

from ..numpy_names import own_names

__all__ = ["plan_kernel"]


def plan_kernel(*asked: Any) -> None:
    """Have a kernel made for a loop (see `service`)."""
    with own_names():  # in most programs no loop gets hot
        from .service import plan_kernel
    plan_kernel(*asked)
