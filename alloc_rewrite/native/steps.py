"""What is done at a node of a region's program, as the extension reads it.

In: nothing. Out: records. It must not know programs.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from .loops import Loop, ReductionLoop


class LoopStep(NamedTuple):
    """A loop of NumPy's over operands, which are nodes.

    If it is given the array for its result, `into` is that, and the result has to be of its shape.
    Of a masked one the last two operands are what the result is where the mask is false, and the
    mask.
    """

    loop: Loop
    operands: tuple[int, ...]
    ufunc: np.ufunc
    operation: str | None  # the extension's name for the ufunc, if it has one
    order: str = ""  # "C" or "K" if the result's layout is that of a copy
    into: int = -1
    is_masked: bool = False
    #: "n" if the second operand has to be a number, "i" if it has the result's shape; "e" if NumPy
    #: takes numbers for operands with a single axis.
    sets: str = ""
    action: str = "loop"


class WhereStep(NamedTuple):
    """A choice between two operands, by a third. The rest is as it is for a `LoopStep`."""

    dtype: np.dtype[Any]
    into: int = -1
    sets: str = ""
    order: str = ""
    action: str = "where"


class PatchStep(NamedTuple):
    """An array that is put together from parts of operands, which have its dtype, or are numbers.

    `numbers` are the nodes that say where the parts go, -1 where there is none. If `like` is a
    node, the result has the layout of that array.
    """

    dtype: np.dtype[Any]
    operands: tuple[int, ...]
    numbers: tuple[int, ...]
    how: str
    like: int = -1
    action: str = "patch"


class ReduceStep(NamedTuple):
    """A reduction: the name of its native, and the callable that it replaces.

    With the dtype of its result, that can be used in the region; without one it is delivered only.
    If it can be fed with pieces of an array, with its loop and why that gives the same bits:
    ``sum`` of floats, in the order in which NumPy adds; ``exact`` in any order; or ``extreme`` of
    floats, also in any order, but for zeros and NaNs.
    """

    native: str
    callee: Any
    ufunc: Any
    dtype: np.dtype[Any] | None
    loop: ReductionLoop | None
    feeds: str | None
    action: str = "reduce"


class RoutineStep(NamedTuple):
    """A call of a routine: the name of its native, the callable that it replaces, what it needs.

    It is given `arrays`, which are nodes. Its result has this dtype, and the shape of a
    ``product``, an ``outer`` product, the ``first`` or ``last`` array, or a ``running`` sum.
    """

    native: str
    callee: Any
    more: Any
    dtype: np.dtype[Any]
    arrays: tuple[int, ...]
    result: str
    action: str = "routine"


class StoreStep(NamedTuple):
    """A store into a view."""

    action: str = "store"


Step = LoopStep | WhereStep | PatchStep | ReduceStep | RoutineStep | StoreStep


class Refusal(NamedTuple):
    """What is left to the original code: the node, or -1 if it isn't a single one; and why."""

    node: int
    reason: str
