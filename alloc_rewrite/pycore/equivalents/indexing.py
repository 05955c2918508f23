"""Equivalents of indexing that copies: an array by one array of integers.

In: an array and an index. Out: an arena array as NumPy would have made it, or `NotImplemented`.
This module must not know who calls, nor where memory comes from.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy._core import multiarray

from ..layout import c_strides
from .support import INTP, Array, DeclinedError, Empty, Row, copyto, plain_array


def fancy(new: Empty, array: Any, index: Any) -> Any:
    """array[index] for one array of integers on the first axis of an array in C order."""
    if type(index) is not np.ndarray or index.dtype.kind not in "iu":
        return NotImplemented
    if index.ndim != 1 and not index.flags.c_contiguous:  # then the result is not in C order
        return NotImplemented
    source = plain_array(array)
    flags = source.flags
    if not (source.ndim and flags.c_contiguous and flags.aligned):
        return NotImplemented
    shape = source.shape
    if 1 in shape and source.strides != c_strides(shape, source.itemsize):
        return NotImplemented  # axes of length one keep odd strides
    places = as_index_array(new, index)
    if not places.ndim or not in_bounds(places, source.shape[0]):
        return NotImplemented
    return source.take(places, 0, new(places.shape + source.shape[1:], source.dtype), "wrap")


def as_index_array(new: Empty, indices: Any) -> Array:
    """Indices as an array of intp in C order, from the arena if it has to be made."""
    if type(indices) is not np.ndarray:
        return _listed_indices(new, indices)
    dtype = indices.dtype
    if dtype.kind != "i" and (dtype.kind != "u" or dtype.itemsize >= INTP.itemsize):
        raise DeclinedError
    if not indices.size:
        raise DeclinedError
    if dtype is INTP and indices.flags.c_contiguous and indices.flags.aligned:
        return indices
    places = new(indices.shape, INTP)
    copyto(places, indices)
    return places


def _listed_indices(new: Empty, indices: Any) -> Array:
    """Indices from a flat list or tuple of Python integers."""
    if type(indices) not in (list, tuple) or set(map(type, indices)) != {int}:
        raise DeclinedError
    places = new((len(indices),), INTP)
    places[...] = indices
    return places


def in_bounds(places: Array, length: int) -> bool:
    """Whether every index, counted from the front or from the back, is on an axis of `length`."""
    item = places.item  # cheaper than a reduction, for which `places` must be in C order
    return bool(item(places.argmax()) < length and item(places.argmin()) >= -length)


ROWS: tuple[Row, ...] = (
    *[
        Row(getattr(multiarray, name), f"numpy._core.multiarray.{name}", None, "it has no out")
        for name in ("_unique_hash", "_vec_string", "_load_from_filelike", "nested_iters")
        if hasattr(multiarray, name)
    ],
    Row(np.nditer, "numpy.nditer", None, "allocates its outputs itself"),
)
