"""Equivalents of products: dot, inner, matmul and other generalised ufuncs, and einsum.

In: arrays and the arguments a user gave. Out: an arena array as NumPy would have made it, or
`NotImplemented`. This module must not know who calls, nor where memory comes from.

NumPy casts an operand of another dtype on the heap, so operands must have that of the loop.
"""

from __future__ import annotations

import functools
import math
import re
from typing import Any

import numpy as np
from numpy import broadcast_shapes
from numpy import matmul as numpy_matmul
from numpy._core import multiarray
from numpy._core.multiarray import c_einsum
from numpy.linalg import _umath_linalg

from ..layout import Strides, c_strides, contracted_order, k_order
from .support import (
    Array,
    DeclinedError,
    Dtype,
    Empty,
    Equivalent,
    Row,
    Shape,
    dot_arrays,
    number_array,
)

_BLAS = "fdFD"


def matmul_shape(a: Shape, b: Shape) -> Shape:
    """The shape of `a @ b`; a ValueError if they do not match.

    The layout of the fresh result of `np.matmul`: the matrices (or vectors) are each in C order
    without gaps, whatever the operands; the axes of the stack rank as `k_order` ranks those of the
    operands' stacks, so they are in C order too if there are fewer than two of them, or if the
    stacks of both operands are.
    """
    if not a or not b:
        raise ValueError("matmul needs at least one dimension in each operand")
    if a[-1] != b[-2 if len(b) > 1 else 0]:
        raise ValueError(f"matmul of shapes {a} and {b}: inner dimensions differ")
    if len(a) < 3 and len(b) < 3:
        stack: Shape = ()
    else:
        stack = broadcast_shapes(a[:-2], b[:-2])
    return (*stack, *(a[-2:-1]), *(b[-1:] if len(b) > 1 else ()))


def dot(new: Empty, a: Any, b: Any, out: Any = None) -> Any:
    """numpy.dot and numpy.ndarray.dot of two arrays of one dtype, where the result is no scalar."""
    if out is not None:
        return NotImplemented
    left, right = number_array(a), number_array(b)
    dtype = left.dtype
    rank = right.ndim
    if right.dtype is not dtype or not left.ndim or not rank or left.ndim + rank < 3:
        return NotImplemented
    if dtype.char in _BLAS and not (_suits_blas(left) and _suits_blas(right)):
        return NotImplemented  # it copies such an operand
    shape = left.shape[:-1] + (right.shape[:-2] + right.shape[-1:] if rank > 1 else ())
    return dot_arrays(left, right, new(shape, dtype))


def inner(new: Empty, a: Any, b: Any, /) -> Any:
    """numpy.inner, which NumPy computes as the dot product with the last two axes swapped."""
    if type(b) is not np.ndarray:
        return NotImplemented
    return dot(new, a, b.swapaxes(-1, -2) if b.ndim > 1 else b)


def _suits_blas(operand: Array) -> bool:
    """Whether dot takes the operand as it is: one unit stride and no negative ones."""
    flags = operand.flags
    return bool(flags.c_contiguous or flags.f_contiguous or operand.ndim > 2)


@functools.cache
def _core_axes(signature: str) -> tuple[tuple[tuple[str, ...], ...], tuple[tuple[str, ...], ...]]:
    """The names of the core axes of the inputs and outputs; optional and fixed ones decline."""
    if "?" in signature or re.search(r"\d", signature):
        raise DeclinedError
    inputs, outputs = [
        tuple(tuple(re.findall(r"\w+", group)) for group in re.findall(r"\(([^)]*)\)", side))
        for side in signature.split("->")
    ]
    known = {name for group in inputs for name in group}
    if not {name for group in outputs for name in group} <= known:
        raise DeclinedError
    return inputs, outputs


@functools.cache
def _loop(ufunc: np.ufunc, dtypes: tuple[Dtype, ...], signature: str | None) -> tuple[Dtype, ...]:
    """The dtypes of the outputs, if the loop takes the inputs as they are."""
    if signature is not None:
        if signature not in ufunc.types:
            raise DeclinedError
        found = tuple(np.dtype(char) for char in signature.replace("->", ""))
    else:
        found = ufunc.resolve_dtypes((*dtypes, *[None] * ufunc.nout))
    if found[: ufunc.nin] != dtypes:
        raise DeclinedError
    return found[ufunc.nin :]


_Operands = tuple[tuple[Shape, Strides, Dtype], ...]
_Outputs = tuple[tuple[Shape, Dtype, Strides | None], ...]


def generalised(new: Empty, ufunc: np.ufunc, *operands: Any, signature: Any = None) -> Any:
    """A call of a generalised ufunc whose outputs have no core axis that its inputs lack."""
    arrays = [number_array(operand) for operand in operands]
    if signature is not None and type(signature) is not str:
        return NotImplemented
    given = tuple([(array.shape, array.strides, array.dtype) for array in arrays])
    results = tuple([new(*output) for output in _outputs(ufunc, signature, given)])
    if signature is None:
        return ufunc(*arrays, out=results)
    return ufunc(*arrays, out=results, signature=signature)


@functools.lru_cache(maxsize=1024)
def _outputs(ufunc: np.ufunc, signature: str | None, operands: _Operands) -> _Outputs:
    """The shapes, dtypes and strides of the outputs; scalars decline."""
    inputs, outputs = _core_axes(str(ufunc.signature))
    if len(operands) != len(inputs):
        raise DeclinedError
    dtypes = _loop(ufunc, tuple(dtype for _, _, dtype in operands), signature)
    sizes: dict[str, int] = {}
    stacks = []
    for (shape, strides, _), names in zip(operands, inputs, strict=True):
        rank = len(shape) - len(names)
        if rank < 0:
            raise DeclinedError
        stacks.append((shape[:rank], strides[:rank]))
        for name, length in zip(names, shape[rank:], strict=True):
            if sizes.setdefault(name, length) != length:
                raise DeclinedError
    stack = broadcast_shapes(*[shape for shape, _ in stacks])
    found = []
    for names, dtype in zip(outputs, dtypes, strict=True):
        core = tuple(sizes[name] for name in names)
        if not stack and not core:
            raise DeclinedError
        found.append((stack + core, dtype, stacked_layout(stack, core, dtype.itemsize, stacks)))
    return tuple(found)


def stacked_layout(
    stack: Shape, core: Shape, itemsize: int, stacks: list[tuple[Shape, Strides]]
) -> Strides | None:
    """The layout of an output: its core in C order, its stack as those of the inputs rank."""
    if len(stack) < 2:
        return None
    padded = [
        (0,) * (len(stack) - len(own))
        + tuple(0 if n == 1 else s for n, s in zip(own, strides, strict=True))
        for own, strides in stacks
    ]
    outer = k_order(stack, itemsize * math.prod(core), padded)
    return None if outer is None else outer + c_strides(core, itemsize)


def matmul(new: Empty, a: Any, b: Any, /) -> Any:
    """numpy.matmul of two arrays of one dtype, where the result is no scalar."""
    left, right = number_array(a), number_array(b)
    dtype = left.dtype
    if right.dtype is not dtype:
        return NotImplemented
    shape = matmul_shape(left.shape, right.shape)
    if not shape:
        return NotImplemented
    strides = None
    if left.ndim > 3 or right.ndim > 3:
        rank = max(left.ndim, right.ndim) - 2
        stacks = [(one.shape[:-2], one.strides[:-2]) for one in (left, right)]
        strides = stacked_layout(shape[:rank], shape[rank:], dtype.itemsize, stacks)
    return numpy_matmul(left, right, new(shape, dtype, strides))


@functools.lru_cache(maxsize=512)
def _labels(subscripts: str) -> tuple[tuple[str, ...], str]:
    """The labels of the operands and of the output, which may be implicit."""
    inputs, arrow, output = subscripts.replace(" ", "").partition("->")
    if not re.fullmatch(r"[A-Za-z,]*", inputs + output):
        raise DeclinedError
    if not arrow:
        letters = inputs.replace(",", "")
        output = "".join(sorted(one for one in set(letters) if letters.count(one) == 1))
    return tuple(inputs.split(",")), output


def einsum(new: Empty, subscripts: Any, *operands: Any, out: Any = None) -> Any:
    """numpy._core.multiarray.c_einsum of arrays of one dtype, by letters without an ellipsis."""
    if out is not None or type(subscripts) is not str:
        return NotImplemented
    arrays = [number_array(operand) for operand in operands]
    dtype = arrays[0].dtype
    for array in arrays:
        if array.dtype is not dtype:
            return NotImplemented
    given = tuple([(array.shape, array.strides) for array in arrays])
    shape, strides = _contracted(subscripts, given, dtype.itemsize)
    return c_einsum(subscripts, *arrays, out=new(shape, dtype, strides))


@functools.lru_cache(maxsize=1024)
def _contracted(
    subscripts: str, operands: tuple[tuple[Shape, Strides], ...], itemsize: int
) -> tuple[Shape, Strides | None]:
    """The shape and layout of the sum; scalars and views decline."""
    labels, output = _labels(subscripts)
    if not output or len(labels) != len(operands):
        raise DeclinedError
    sizes: dict[str, int] = {}
    strides: list[dict[str, int]] = []
    for names, (shape, steps) in zip(labels, operands, strict=True):
        own: dict[str, int] = {}
        for name, length, step in zip(names, shape, steps, strict=True):
            if step < 0 or sizes.setdefault(name, length) != length:
                raise DeclinedError  # with an `out`, the iterator reverses strides
            own[name] = own.get(name, 0) + step
        strides.append(own)
    if len(operands) == 1 and len(output) == len(sizes):
        raise DeclinedError
    summed = "".join(sorted(sizes.keys() - set(output)))
    return contracted_order(output, summed, sizes, strides, itemsize)


def _bound(ufunc: np.ufunc) -> Equivalent:
    def equivalent(new: Empty, *operands: Any, signature: Any = None) -> Any:
        return generalised(new, ufunc, *operands, signature=signature)

    equivalent.__doc__ = f"{ufunc.__name__} of arrays of the loop's dtype."
    return equivalent


def _linalg_rows() -> list[Row]:
    """A row for each compiled routine of numpy.linalg."""
    rows = []
    for name, ufunc in vars(_umath_linalg).items():
        if isinstance(ufunc, np.ufunc):
            equivalent: Equivalent | None = _bound(ufunc)
            note = "of arrays that need no cast; LAPACK works on the heap"
            try:
                _core_axes(str(ufunc.signature))
            except DeclinedError:
                equivalent, note = None, "an output has an axis that no input has"
            if name.startswith("qr_r_raw"):
                equivalent, note = None, "writes into its input"
            rows.append(Row(ufunc, f"numpy.linalg._umath_linalg.{name}", equivalent, note))
    return rows


def _vector_rows() -> list[Row]:
    """A row for each of the vector products that this NumPy has."""
    ufuncs = [getattr(np, name, None) for name in ("vecdot", "matvec", "vecmat")]
    return [
        Row(ufunc, f"numpy.{ufunc.__name__}", _bound(ufunc), "of arrays of one dtype")
        for ufunc in ufuncs
        if ufunc is not None
    ]


_SAME = "of arrays of one dtype"

ROWS = (
    Row(np.dot, "numpy.dot", dot, _SAME),
    Row((np.ndarray, "dot"), "numpy.ndarray.dot", dot, _SAME),
    Row(np.inner, "numpy.inner", inner, _SAME),
    Row(np.matmul, "numpy.matmul", matmul, _SAME),
    *_vector_rows(),
    Row(c_einsum, "numpy._core.multiarray.c_einsum", einsum, "of arrays of one dtype, no ellipsis"),
    *_linalg_rows(),
    Row(np.vdot, "numpy.vdot", None, "its result is a scalar"),
    *[
        Row(getattr(multiarray, name), f"numpy._core.multiarray.{name}", None, "it has no out")
        for name in ("correlate", "correlate2", "interp", "interp_complex")
    ],
)
