"""Loops as machine code: numbers, elements of arrays, branches, nested loops.

`translate` turns a loop into a *kernel* for the kinds of values that come by (`kinds`), `machine`
compiles it, and the site at the loop's head (`csrc/loops/`) runs it.
"""

from .service import plan_kernel

__all__ = ["plan_kernel"]
