"""NumPy's routines that work on whole arrays, which regions call as they are.

In: what is called, with the kinds of its arguments as inference has them. Out: the native that
calls the routine, and which shape its result has. It must not know shapes themselves: the extension
works them out, and calls the routine with the layouts that the original code would.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from .loops import is_plain
from .resolve import NATIVES
from .steps import RoutineStep


class _Routine(NamedTuple):
    """How many arrays it takes, how many numbers may follow, and which shape its result has."""

    arrays: int
    numbers: int
    result: str
    dtypes: str  # the characters of those that it gives back as they are; empty for all


_ROUTINES: dict[Any, _Routine] = {
    np.matmul: _Routine(2, 0, "product", ""),
    np.dot: _Routine(2, 0, "product", ""),
    np.ndarray.dot: _Routine(2, 0, "product", ""),
    np.outer: _Routine(2, 0, "outer", ""),
    np.interp: _Routine(3, 0, "first", "d"),
    np.cumsum: _Routine(1, 1, "running", "fdFDlq"),
    np.ndarray.cumsum: _Routine(1, 1, "running", "fdFDlq"),
}
_KINDS = frozenset(map(type, _ROUTINES))
#: The names by which code calls these: functions, and methods.
ROUTINE_NAMES = frozenset(value.__name__ for value in _ROUTINES)
ROUTINE_METHODS = frozenset({"dot", "cumsum"})


def routine(
    callee: Any, nodes: Sequence[int], kinds: Sequence[Any], names: tuple[str, ...] = ()
) -> RoutineStep | None:
    """Return what a call of a routine comes to; None if it is none of these, or isn't plain."""
    found = _ROUTINES.get(callee) if type(callee) in _KINDS else None
    if found is None or not 0 <= len(nodes) - found.arrays <= found.numbers:
        return None
    if len(names) > found.numbers or any(name != "axis" for name in names):
        return None
    dtypes = kinds[: found.arrays]
    if not isinstance(dtypes[0], np.dtype) or any(dtype != dtypes[0] for dtype in dtypes):
        return None
    if not is_plain(dtypes[0]) or dtypes[0].char not in (found.dtypes or dtypes[0].char):
        return None
    native, more = NATIVES[callee]
    arrays = tuple(nodes[: found.arrays])
    return RoutineStep(native, callee, more, dtypes[0], arrays, found.result)
