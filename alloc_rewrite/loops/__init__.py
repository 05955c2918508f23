"""Loops as machine code: numbers, elements, slices, branches, helpers, nested loops.

`translate` turns a loop into a *kernel* for the kinds of values that come by (`kinds`), the
workshop of `compiled` has it compiled, and the site at the loop's head (`csrc/loops/`) runs it.
"""

from .service import plan_kernel

__all__ = ["plan_kernel"]
