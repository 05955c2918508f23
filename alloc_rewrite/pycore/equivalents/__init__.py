"""NumPy's allocating primitives, and functions that get the same results with arena memory.

In: nothing. Out: `ROWS`, one for each primitive, and `FORWARDS`, the methods of arrays that are
Python functions called from C. This package must not know who calls, nor where memory comes from.

An equivalent is called as `equivalent(empty, *args, **kwargs)` with the arguments that the user
gave to the primitive. It returns the finished array; or it returns `NotImplemented` or raises an
exception, and then nothing has changed that other code can see, and the original has to run.
"""

from __future__ import annotations

from . import constructors, copies, indexing, joins, products, random, reductions
from .indexing import fancy
from .products import matmul_shape, stacked_layout
from .support import DeclinedError, Empty, Equivalent, Row, Target

ROWS: tuple[Row, ...] = (
    *constructors.ROWS,
    *copies.ROWS,
    *indexing.ROWS,
    *joins.ROWS,
    *products.ROWS,
    *reductions.ROWS,
    *random.ROWS,
)

__all__ = [
    "ROWS",
    "DeclinedError",
    "Empty",
    "Equivalent",
    "Row",
    "Target",
    "fancy",
    "matmul_shape",
    "stacked_layout",
]
