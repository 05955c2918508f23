"""NumPy's inner loops: which one an operation takes for operands of certain kinds.

In: a ufunc, and dtypes or Python types. Out: NumPy's capsule with the loop, for the extension to
call, or None where NumPy does the operation itself. It must not know sites.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy import add, array, float_power, matmul, multiply, power
from numpy._core import umath

from ..cores import native
from ..numpy_facts import numpy_version
from ..sites.exceptions import EXPECTED, from_signal_handler

#: Ufuncs of the extension, by its names for them, which do what functions of NumPy do.
OWN_UFUNCS: dict[str, np.ufunc] = native.OWN_UFUNCS if native else {}
OURS = frozenset(OWN_UFUNCS.values())


class Loop(NamedTuple):
    """A loop of NumPy's, as the extension reads it."""

    capsule: Any
    dtypes: tuple[np.dtype[Any], ...]
    slow_status: bool  # whether it may raise flags in a slower unit, or set an exception
    stride_invariant: bool  # whether items with gaps between them give the bits of those without


class ReductionLoop(NamedTuple):
    """A loop of NumPy's for a reduction, as the extension reads it."""

    capsule: Any
    slow_status: bool
    cuts_rows: bool  # whether NumPy cuts long rows at the size of its buffer, which bits show
    initial: bytes | None  # the result's first value; None for the first item


def plan_loop(ufunc: np.ufunc, kinds: tuple[Any, ...]) -> Loop | None:
    """Return NumPy's loop for operands of these dtypes or types; None to leave it to NumPy."""
    if ufunc.signature is not None or ufunc.nout != 1 or ufunc.nin != len(kinds):
        return None
    if any(isinstance(kind, np.dtype) and not is_plain(kind) for kind in kinds):
        return None
    try:
        dtypes, capsule = ufunc._resolve_dtypes_and_context((*kinds, None))  # type: ignore[attr-defined]
        ufunc._get_strided_loop(capsule)  # type: ignore[attr-defined]
    except EXPECTED as error:  # NumPy raises, and says why
        if from_signal_handler(error):
            raise
        return None
    if not all(map(is_plain, dtypes)):
        return None
    if ufunc not in OWN and any(
        isinstance(kind, np.dtype) and kind != dtype
        for kind, dtype in zip(kinds, dtypes, strict=False)
    ):
        return None  # it would see in which pieces its operands are converted
    if ufunc in (power, float_power) and dtypes[-1].kind in "iu":
        return None  # it raises from within the loop
    quick = ufunc in _ARITHMETIC and all(d.char in "?bBhHiIlLqQfdFD" for d in dtypes)
    real = all(d.kind != "c" for d in dtypes)
    even = (quick and ufunc not in _UNEVEN) or ufunc in _EVEN
    return Loop(capsule, dtypes, not quick, real and even)


def plan_reduction(ufunc: np.ufunc, dtype: np.dtype[Any]) -> ReductionLoop | None:
    """Return NumPy's loop for a reduction of arrays of a dtype; None to leave it to NumPy."""
    if not is_plain(dtype):
        return None
    try:
        dtypes, capsule = ufunc._resolve_dtypes_and_context(  # type: ignore[attr-defined]
            (None, dtype, None), reduction=True
        )
        ufunc._get_strided_loop(capsule)  # type: ignore[attr-defined]
    except EXPECTED as error:
        if from_signal_handler(error):
            raise
        return None
    if any(d is not dtype for d in dtypes):
        return None
    quick = ufunc in _ARITHMETIC and dtype.char in "?bBhHiIlLqQfdFD"
    initial = None
    if ufunc.identity is not None:
        # The sign of a sum's initial zero differs between versions of NumPy.
        first = array([ufunc.identity], dtype)
        initial = ufunc.reduce(-first if ufunc is add and dtype.kind in "fc" else first)
    cut = _CUTS_ROWS and ufunc in (add, multiply) and dtype.kind in "fc"
    start = None if initial is None else initial.astype(dtype).tobytes()
    return ReductionLoop(capsule, not quick, cut, start)


#: How reductions of floats can be fed with pieces of an array: see `ReduceStep`.
_FEEDS = {"sum": "sum", "mean": "sum", "max": "extreme", "min": "extreme"}


def feeds_of(name: str, dtype: np.dtype[Any] | None) -> str | None:
    """Return how a reduction with a result of a dtype can be fed; None if it can't."""
    if dtype is None or dtype.kind in "iub":
        return None if dtype is None else "exact"
    return _FEEDS.get(name) if dtype.char in "fd" else None


def plan_product(dtype: np.dtype[Any]) -> Any:
    """Return NumPy's loop for a matrix product of arrays of a dtype; None to leave it to NumPy."""
    if not is_plain(dtype):
        return None
    try:
        dtypes, capsule = matmul._resolve_dtypes_and_context(  # type: ignore[attr-defined]
            (dtype, dtype, None)
        )
        matmul._get_strided_loop(capsule)  # type: ignore[attr-defined]
    except EXPECTED as error:
        if from_signal_handler(error):
            raise
        return None
    return capsule if all(d is dtype for d in dtypes) else None


#: NumPy's own ufuncs. Those of other libraries may have the same names, and their loops may set
#: exceptions, or do anything else that must not be tried.
OWN = OURS | frozenset(
    ufunc for module in (np, umath) for ufunc in vars(module).values() if type(ufunc) is np.ufunc
)

#: Up to 2.2, reductions go through rows in pieces of the size of the iterator's buffer.
_CUTS_ROWS = numpy_version() < (2, 3)


_DEFINED_BY_USERS = 2  # as `isbuiltin` has it


def is_plain(dtype: np.dtype[Any]) -> bool:
    """Whether a dtype is one of NumPy's numbers in this machine's byte order."""
    return (
        dtype.kind in "?biufc"
        and dtype.isnative
        and dtype.metadata is None
        and dtype.isbuiltin != _DEFINED_BY_USERS
    )


#: Other ufuncs that give an item the same bits wherever it stands.
_EVEN = frozenset({np.floor_divide, np.remainder, np.left_shift, np.right_shift, np.fmod})

#: For two zeros of different signs they take one in whole vectors, and the other in the rest.
_UNEVEN = frozenset({np.fmax, np.fmin})

#: Ufuncs whose loops compute in vector registers only.
_ARITHMETIC = OURS | {getattr(umath, "_ones_like")} | frozenset(  # noqa: B009
    {
        np.add, np.subtract, np.multiply, np.true_divide, np.negative, np.positive, np.square,
        np.absolute, np.fabs, np.maximum, np.minimum, np.fmax, np.fmin, np.sqrt, np.reciprocal,
        np.less, np.less_equal, np.equal, np.not_equal, np.greater, np.greater_equal,
        np.conjugate, np.sign, np.isnan, np.isfinite, np.isinf, np.floor, np.ceil, np.rint,
        np.trunc, np.logical_and, np.logical_or, np.logical_not, np.bitwise_and, np.bitwise_or,
        np.bitwise_xor, np.invert,
    }
)  # fmt: skip
