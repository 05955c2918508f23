"""Inline caches: what a ufunc gives for operands of the kinds a site has seen.

In: a ufunc and operands. Out: a `Variant` (the array to make, and whether floating point
errors can occur), worked out once for each combination of dtypes, shapes and strides. It must
not know bytecode; it never runs the ufunc.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ..buffer import Buffer, Spec
from ..equivalents import matmul_shape
from ..layout import broadcast_strides, k_order

ndarray = np.ndarray
_NUMERIC = "?biufcmM"
_SCALARS = frozenset({bool, int, float, complex})
_EXACT = "?biu"
_COMPARISONS = frozenset(
    {np.equal, np.not_equal, np.less, np.less_equal, np.greater, np.greater_equal}
)
_LOGICAL = frozenset(
    {np.logical_and, np.logical_or, np.logical_xor, np.logical_not}
)
# Ufuncs that raise no floating point error on integers and booleans.
_QUIET = frozenset(
    {np.add, np.subtract, np.multiply, np.negative, np.positive, np.absolute, np.bitwise_and,
     np.bitwise_or, np.bitwise_xor, np.invert, np.left_shift, np.right_shift, np.maximum,
     np.minimum, np.square, np.sign}
)  # fmt: skip
_MANY = 64  # combinations remembered by one site


class Variant(NamedTuple):
    """One combination of operands of a ufunc with one output."""

    spec: Spec
    quiet: bool  # no floating point error can occur
    gain: int  # bytes served beyond the break-even


class Variants:
    """The variants of one ufunc at one site."""

    __slots__ = ("_break_even", "_buffer", "_known", "ufunc")

    def __init__(self, ufunc: np.ufunc, buffer: Buffer, break_even: int) -> None:
        self.ufunc = ufunc
        self._buffer = buffer
        self._break_even = break_even
        self._known: dict[tuple[Any, ...], Variant | None] = {}

    def find(self, operands: tuple[Any, ...]) -> Variant | None:
        """Return the variant for these operands, or None for what is left to NumPy."""
        key = []
        for x in operands:
            kind = type(x)
            if kind is ndarray:
                key += (x.dtype, x.shape, x.strides)
            elif kind in _SCALARS:
                key.append(kind)
            elif isinstance(x, np.generic) and x.dtype.kind in _NUMERIC:
                key.append(x.dtype)
            else:
                return None
        known = tuple(key)
        try:
            return self._known[known]
        except KeyError:
            pass
        variant = self._worked_out(operands)
        if len(self._known) >= _MANY:
            self._known.clear()
        self._known[known] = variant
        return variant

    def _worked_out(self, operands: tuple[Any, ...]) -> Variant | None:
        ufunc = self.ufunc
        if ufunc.nin != len(operands) or ufunc.nout != 1:
            return None
        if not any(type(x) is ndarray and x.ndim for x in operands):
            return None  # a scalar comes of it
        kinds = [_kind(x) for x in operands]
        if any(isinstance(k, np.dtype) and k.kind not in _NUMERIC for k in kinds):
            return None
        try:
            dtypes = ufunc.resolve_dtypes((*kinds, None))
            shape = self._shape(operands)
        except Exception:
            return None  # NumPy raises, and says why
        if not shape:
            return None
        if ufunc.signature is not None:
            strides = None
        else:
            strides = _strides(shape, dtypes, operands)
        spec = self._buffer.spec(shape, dtypes[-1], strides)
        if spec is None:
            return None
        return Variant(spec, self._is_quiet(dtypes), spec.nbytes - self._break_even)

    def _shape(self, operands: tuple[Any, ...]) -> tuple[int, ...]:
        shapes = [np.shape(x) for x in operands]
        if self.ufunc.signature is None:
            return np.broadcast_shapes(*shapes)
        if self.ufunc is np.matmul:
            return matmul_shape(*shapes)
        raise ValueError("a generalised ufunc is a matter of its own row")

    def _is_quiet(self, dtypes: tuple[np.dtype[Any], ...]) -> bool:
        if self.ufunc in _COMPARISONS or self.ufunc in _LOGICAL:
            return True
        return self.ufunc in _QUIET and all(d.kind in _EXACT for d in dtypes)


def _kind(operand: Any) -> Any:
    kind = type(operand)
    if kind is bool:
        return np.dtype(np.bool_)
    return kind if kind in _SCALARS else operand.dtype


def _strides(
    shape: tuple[int, ...], dtypes: tuple[np.dtype[Any], ...], operands: tuple[Any, ...]
) -> tuple[int, ...] | None:
    """Return the strides of a ufunc's new output, None for C order."""
    itemsize = dtypes[-1].itemsize
    arrays = [x for x in operands if type(x) is ndarray]
    strides = [broadcast_strides(x, shape) for x in arrays]
    fortran = any(x.flags.fnc for x in arrays) and all(
        _in_one_call(x, shape, dtype) for x, dtype in zip(operands, dtypes, strict=False)
    )
    return k_order(shape, itemsize, strides, fortran=fortran)


def _in_one_call(operand: Any, shape: tuple[int, ...], dtype: np.dtype[Any]) -> bool:
    """Whether NumPy would pass this operand on without iterating (see `layout.k_order`)."""
    if type(operand) is not ndarray:
        return True
    if operand.dtype != dtype or not operand.flags.aligned:
        return False
    return operand.ndim == 0 or (operand.shape == shape and operand.flags.fnc)
