"""Inline caches: what a ufunc gives for operands of the kinds a site has seen.

In: a ufunc and operands. Out: a `Variant` (the array to make, and which operands it could
replace), worked out once for each combination of dtypes, shapes and strides. It must not know
bytecode; it never runs the ufunc.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy import broadcast_shapes, matmul
from numpy import shape as numpy_shape

from ..numpy_facts import elides_dying_operands, elides_for_scalars
from ..sites.exceptions import EXPECTED, from_signal_handler
from .arena import PythonArena
from .blocks import Spec
from .equivalents import matmul_shape, stacked_layout
from .layout import broadcast_strides, c_strides, k_order

ndarray = np.ndarray
_NUMERIC = "?biufcmM"
_SCALARS = frozenset({bool, int, float, complex})
_WORTH_ELIDING = 64 * 1024  # bytes; below, all operands of an expression are in the cache
_ELIDED = 256 * 1024  # bytes; from there on NumPy may do it, whatever the result's layout were
_COMMUTATIVE = frozenset({np.add, np.multiply, np.bitwise_and, np.bitwise_or, np.bitwise_xor})
_ELIDED_LEFT = _COMMUTATIVE | {
    np.subtract, np.true_divide, np.floor_divide, np.left_shift, np.right_shift
}  # fmt: skip
_MANY = 64  # combinations remembered by one site


class Variant(NamedTuple):
    """One combination of operands of a ufunc with one output."""

    spec: Spec
    fits: tuple[bool, ...]  # which operands the result could be written over


class Variants:
    """The variants of one ufunc at one site."""

    __slots__ = ("_arena", "_known", "ufunc")

    def __init__(self, ufunc: np.ufunc, arena: PythonArena) -> None:
        self.ufunc = ufunc
        self._arena = arena
        self._known: dict[tuple[Any, ...], Variant | None] = {}

    def find(self, operands: tuple[Any, ...], dtype: Any = None) -> Variant | None:
        """Return the variant for these operands, or None for what is left to NumPy.

        `dtype` is the keyword of that name in the ufunc's call.
        """
        key: list[Any] = [dtype]
        for x in operands:
            kind = type(x)
            if kind is ndarray:
                dtype_of = x.dtype
                if dtype_of.kind not in _NUMERIC or dtype_of.metadata is not None:
                    return None  # others may not be hashable, or not what they are equal to
                key += (dtype_of, dtype_of.num, x.shape, x.strides)
            elif kind in _SCALARS:
                key.append(kind)
            elif isinstance(x, np.generic) and kind is x.dtype.type and x.dtype.kind in _NUMERIC:
                key += (x.dtype, kind)
            else:
                return None
        known = tuple(key)
        try:
            return self._known[known]
        except KeyError:
            pass
        variant = self._worked_out(operands, dtype)
        if len(self._known) >= _MANY:
            self._known.clear()
        self._known[known] = variant
        return variant

    def _worked_out(self, operands: tuple[Any, ...], dtype: Any) -> Variant | None:
        ufunc = self.ufunc
        if ufunc.nin != len(operands) or ufunc.nout != 1:
            return None
        if not any(type(x) is ndarray and x.ndim for x in operands):
            return None  # a scalar comes of it
        kinds = [_kind(x) for x in operands]
        try:
            wanted: dict[str, Any] = {}
            if dtype is not None:
                wanted["signature"] = (*[None] * len(kinds), np.dtype(dtype))
            dtypes = ufunc.resolve_dtypes((*kinds, None), **wanted)
            shape = self._shape(operands)
        except EXPECTED as error:  # NumPy raises, and says why
            if from_signal_handler(error):
                raise
            return None
        if not shape:
            return None
        layout = _strides if ufunc.signature is None else _product_strides
        strides = layout(shape, dtypes, operands)
        spec = self._arena.spec(shape, dtypes[-1], strides)
        if spec is None:
            return None
        return Variant(spec, tuple(self._fits(k, operands, spec) for k in range(len(operands))))

    def _shape(self, operands: tuple[Any, ...]) -> tuple[int, ...]:
        shapes = [numpy_shape(x) for x in operands]
        if self.ufunc.signature is None:
            return broadcast_shapes(*shapes)
        if self.ufunc is matmul:
            return matmul_shape(*shapes)
        raise ValueError("a generalised ufunc has a row of its own")

    def _fits(self, number: int, operands: tuple[Any, ...], spec: Spec) -> bool:
        """Whether the result can be written over an operand, and is large enough for that."""
        operand = operands[number]
        if (
            self.ufunc.signature is not None
            or type(operand) is not ndarray
            or operand.shape != spec.shape
            or operand.dtype.newbyteorder("=") != spec.dtype
        ):
            return False
        if operand.dtype is spec.dtype and operand.strides == (
            spec.strides or c_strides(spec.shape, spec.dtype.itemsize)
        ):
            return spec.nbytes >= _WORTH_ELIDING
        return (
            spec.nbytes >= _ELIDED
            and elides_dying_operands()
            and self.ufunc in (_ELIDED_LEFT if number == 0 else _COMMUTATIVE)
            # A scalar on the left is asked first; newer versions call the ufunc itself then.
            and (elides_for_scalars() or not isinstance(operands[0], np.generic))
            and all(numpy_shape(x) in ((), spec.shape) for x in operands)
        )


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


def _product_strides(
    shape: tuple[int, ...], dtypes: tuple[np.dtype[Any], ...], operands: tuple[Any, ...]
) -> tuple[int, ...] | None:
    """Return the strides of a matrix product's new output, None for C order."""
    core = len([x for x in operands if x.ndim > 1])
    rank = len(shape) - core
    stacks = [(x.shape[:-2], x.strides[:-2]) for x in operands]
    return stacked_layout(shape[:rank], shape[rank:], dtypes[-1].itemsize, stacks)


def _in_one_call(operand: Any, shape: tuple[int, ...], dtype: np.dtype[Any]) -> bool:
    """Whether NumPy would pass this operand on without iterating (see `layout.k_order`)."""
    if type(operand) is not ndarray:
        return True
    if operand.ndim == 0:
        return True
    aligned = operand.dtype == dtype and operand.flags.aligned
    return aligned and operand.shape == shape and operand.flags.fnc
