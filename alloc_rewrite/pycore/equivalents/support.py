"""What the equivalents share: their types, checks of arguments, and dtypes.

In: the arguments a user gave. Out: plain shapes, dtypes and axes, or an exception, which is
`DeclinedError` where nothing is wrong but the original has to run. This module must not know any
NumPy function that allocates, nor where memory comes from.
"""

from __future__ import annotations

import functools
import importlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from ..layout import Strides

Array = np.ndarray[Any, np.dtype[Any]]
Dtype = np.dtype[Any]
Shape = tuple[int, ...]


class Empty(Protocol):
    """Gives a fresh, uninitialised array from the arena."""

    def __call__(self, shape: Shape, dtype: Dtype, strides: Strides | None = None, /) -> Array: ...


Equivalent = Callable[..., Any]
Target = Callable[..., Any] | tuple[type, str]


@dataclass(frozen=True, slots=True)
class Row:
    """One NumPy primitive that allocates, and how it gets its memory; None is the heap.

    With `copies` the equivalent may put copies of its arguments into the arena on the way, in C
    order or as integers of the largest size.
    """

    function: Target
    name: str
    equivalent: Equivalent | None
    note: str = ""
    copies: bool = False


class DeclinedError(RuntimeError):
    """The arguments are beyond the equivalent; the original has to run."""


_compiled: Any = importlib.import_module("numpy._core._multiarray_umath")
# What NumPy's dispatchers call, which only matter for other types than ours.
concatenate_arrays: Callable[..., Array] = _compiled.concatenate
copyto: Callable[..., None] = _compiled.copyto
dot_arrays: Callable[..., Any] = _compiled.dot

INTS = frozenset({int, np.int8, np.int16, np.int32, np.int64, np.intp, np.uint8, np.uint16,
                  np.uint32, np.uint64})  # fmt: skip
PYTHON_NUMBERS = frozenset({bool, int, float, complex})
NUMERIC_KINDS = frozenset("biufc")
INTP = np.dtype(np.intp)
FLOAT = np.dtype(np.float64)
BOOL = np.dtype(np.bool)

_USER_DTYPES = 24  # dtype.num from here on is none of the fixed-width ones
_DTYPE_NAME = re.compile(
    r"[<>=|]?([?bBhHiIlLqQefdgFDG]|[iufcb]\d+|[SUV]\d+|[mM]8(\[\w+\])?)"
    r"|bool|int|float|complex|u?int(8|16|32|64)|float(16|32|64)|complex(64|128)|u?intp"
)


def is_plain(dtype: Dtype) -> bool:
    """Whether `dtype` is one of NumPy's own of fixed width and without objects."""
    return dtype.num < _USER_DTYPES and not dtype.hasobject


def is_number(dtype: Dtype) -> bool:
    """Whether `dtype` is a bool, integer, float or complex one in native byte order."""
    return dtype.kind in NUMERIC_KINDS and dtype.isnative


def plain_array(value: object) -> Array:
    """`value` if it is exactly an array of a plain dtype that holds any bytes."""
    if type(value) is np.ndarray:
        dtype = value.dtype
        if dtype.num < _USER_DTYPES and not dtype.hasobject and value.nbytes:
            return value
    raise DeclinedError


def number_array(value: object) -> Array:
    """`value` if it is exactly an aligned array of native numbers that holds any bytes."""
    if type(value) is np.ndarray:
        dtype = value.dtype
        if dtype.kind in NUMERIC_KINDS and dtype.isnative and value.nbytes and value.flags.aligned:
            return value
    raise DeclinedError


def as_dtype(value: Any) -> Dtype:
    """The dtype that `value` names for sure, without a warning."""
    named = type(value) is str or not isinstance(value, np.dtype)
    dtype: Dtype = _named_dtype(value) if named else value
    if not is_plain(dtype) or not dtype.itemsize or dtype.subdtype is not None:
        raise DeclinedError
    return dtype


@functools.lru_cache(maxsize=256, typed=True)
def _named_dtype(value: Any) -> Dtype:
    if isinstance(value, str):
        if not _DTYPE_NAME.fullmatch(value):
            raise DeclinedError
    elif value not in PYTHON_NUMBERS and not (
        isinstance(value, type) and issubclass(value, np.generic) and value.__module__ == "numpy"
    ):
        raise DeclinedError
    dtype: Dtype = np.dtype(value)
    return dtype


def as_shape(value: Any) -> Shape:
    """A shape from an integer or a tuple or list of integers; sizes below zero are declined."""
    if type(value) is int:
        shape: Shape = (value,)
    elif type(value) is tuple or type(value) is list:
        shape = tuple(value)
        for length in shape:
            if type(length) is not int:
                shape = tuple(int(n) if type(n) in INTS else _decline() for n in shape)
                break
    elif type(value) in INTS:
        shape = (int(value),)
    else:
        raise DeclinedError
    for length in shape:
        if length <= 0:
            raise DeclinedError
    return shape


def as_int(value: Any) -> int:
    """An integer given as a Python or NumPy one."""
    if type(value) is int:
        return value
    if type(value) in INTS:
        return int(value)
    raise DeclinedError


def as_axis(axis: Any, ndim: int) -> int:
    """One axis of `ndim`, counted from the front."""
    axis = as_int(axis)
    if not -ndim <= axis < ndim:
        raise DeclinedError
    return int(axis) % ndim


def as_axes(axis: Any, ndim: int) -> tuple[int, ...]:
    """The axes of a reduction, sorted; None is all of them."""
    if axis is None:
        return tuple(range(ndim))
    if type(axis) is tuple:
        axes = sorted(as_axis(one, ndim) for one in axis)
        if len(set(axes)) != len(axes):
            raise DeclinedError
        return tuple(axes)
    return (as_axis(axis, ndim),)


def as_order(order: Any) -> str:
    """One of 'K', 'A', 'C' and 'F'."""
    if type(order) is str and order in ("K", "A", "C", "F"):
        return order
    raise DeclinedError


def _decline() -> int:
    raise DeclinedError
