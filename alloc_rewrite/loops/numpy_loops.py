"""NumPy's inner loops: which one a ufunc takes for operands of certain dtypes, and where it is.

In: ufuncs, dtypes, Python types. Out: addresses for kernels, which stay as long as the process.
"""

from __future__ import annotations

import functools
from typing import Any, NamedTuple

import numpy as np

from ..cores import native
from .kinds import NUMBERS, Number

#: NumPy's own ufuncs. Those of other libraries may have the same names, and do anything.
_OWN = frozenset(one for one in vars(np).values() if type(one) is np.ufunc and one.nout == 1)
#: Up to NumPy 2.2, reductions of floats go through rows in pieces.
CUTS_ROWS = tuple(int(part) for part in np.__version__.split(".")[:2]) < (2, 3)


class InnerLoop(NamedTuple):
    """A loop: its address, the dtypes of its operands and result, and what keeps it alive."""

    name: str  # of all that have this address, in any process
    address: int
    numbers: tuple[Number, ...]
    capsule: Any


@functools.cache
def is_own(ufunc: Any) -> bool:
    """Whether something is a ufunc of NumPy's, with one result, that goes item by item."""
    return type(ufunc) is np.ufunc and ufunc in _OWN and ufunc.signature is None


@functools.cache
def inner_loop(ufunc: Any, kinds: tuple[Any, ...]) -> InnerLoop | None:
    """Return the loop for operands of these dtypes or Python types; None if there is none."""
    return _found(ufunc, (*kinds, None), reduction=False)


@functools.cache
def reduction_loop(ufunc: Any, number: Number) -> InnerLoop | None:
    """Return the loop that reduces arrays of a dtype to a number of the same dtype."""
    dtype = np.dtype(number.name)
    found = _found(ufunc, (None, dtype, None), reduction=True)
    return found if found is not None and set(found.numbers) == {number} else None


@functools.cache
def initial_of(ufunc: Any, number: Number) -> Any:
    """Return what a reduction starts with: a number of the dtype, or None for the first item."""
    if ufunc.identity is None:
        return None
    dtype = np.dtype(number.name)
    first = np.array([ufunc.identity], dtype)
    # The sign of a sum's initial zero differs between versions of NumPy.
    return ufunc.reduce(-first if ufunc is np.add and dtype.kind == "f" else first).item()


def _found(ufunc: Any, kinds: tuple[Any, ...], *, reduction: bool) -> InnerLoop | None:
    try:
        dtypes, capsule = ufunc._resolve_dtypes_and_context(kinds, reduction=reduction)
        ufunc._get_strided_loop(capsule)
    except (TypeError, ValueError):
        return None
    names = [dtype.str[1:] for dtype in dtypes]
    if not all(
        dtype.isnative and name in NUMBERS for dtype, name in zip(dtypes, names, strict=True)
    ):
        return None
    if reduction and any(name.startswith("c") for name in names):
        return None
    address = native.inner_loop(capsule)
    kind = "reduce" if reduction else "call"
    name = ".".join((ufunc.__name__, kind, *names))
    return address and InnerLoop(name, address, tuple(NUMBERS[name] for name in names), capsule)


@functools.cache
def adds_in_order(number: Number) -> bool:
    """Whether NumPy adds up fewer than eight items one after the other, to a negative zero."""
    kind: Any = np.dtype(number.name).type
    initial = kind(initial_of(np.add, number))
    tried = [0.1, 1e7, 3.3, -1e7, 0.7, 1e-3, -0.0, -0.0, -0.0, -0.0, 1e5, -0.3, 0.2, 9.9, -2.2]
    items = np.array(tried * 3, kind)
    for n in range(1, 8):
        for at in range(len(tried)):
            total = kind(-0.0)
            for item in items[at : at + n]:
                total = total + item
            if (initial + total).tobytes() != np.add.reduce(items[at : at + n]).tobytes():
                return False
    return True
