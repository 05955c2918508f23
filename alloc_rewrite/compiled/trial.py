"""The trial of a kernel: its results against those of NumPy's loops, before it is used.

In: a `Piece` and the address of its code. Out: whether the bits are equal. It must not know LLVM.
Where several NaNs meet, IEEE 754 leaves open which of them comes out, so NaNs count as equal.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy import broadcast_to, errstate, isnan, where

from .pieces import Access, Piece
from .rules import BOOL, COMPLEX, FLOATS, LOOPS, PART
from .turns import give_turns

CALLED = ctypes.CFUNCTYPE(
    None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_ssize_t, ctypes.c_ssize_t
)
#: Lengths of rows, and how many there are: whole vectors, parts of them, and single items.
_SHAPES = ((1, 1), (2, 3), (7, 2), (64, 1), (77, 2), (211, 1))
_ROUNDS = 2
_BETWEEN = 3  # items from one to the next where there are gaps

Array = np.ndarray[Any, Any]


def passes(piece: Piece, address: int, seed: int = 0) -> bool:
    """Whether the code gives what NumPy's loops give."""
    kernel = CALLED(address)
    random = np.random.Generator(np.random.PCG64(len(piece.operations) + seed))
    with errstate(all="ignore"):
        for _ in range(_ROUNDS):
            for items, rows in _SHAPES:
                if not _agrees(piece, kernel, items, rows, random):
                    return False
                give_turns()
    return True


def _agrees(piece: Piece, kernel: Any, items: int, rows: int, random: Any) -> bool:
    read = [_array(access, items, rows, random) for access in piece.reads]
    made = [_array(access, items, rows, random) for access in piece.writes]
    before = [_memory(array).copy() for array in made]
    expected = [np.array(value) for value in _computed(piece, read)]
    arrays = (*read, *made)
    at = (ctypes.c_void_p * len(arrays))(*(array.ctypes.data for array in arrays))
    strides = (ctypes.c_ssize_t * (2 * len(arrays)))(
        *(stride for array in arrays for stride in array.strides[::-1])
    )
    kernel(ctypes.addressof(at), ctypes.addressof(strides), items, rows)
    for array, old, want in zip(made, before, expected, strict=True):
        if not _equal(array, broadcast_to(want, array.shape)):
            return False
        array[...] = old.reshape(-1)[0]  # what lies between items must be as it was
        view = _like(old, array)
        view[...] = old.reshape(-1)[0]
        if _memory(array).tobytes() != old.tobytes():
            return False
    return True


def _memory(array: Array) -> Array:
    """Return the array that has the memory of a view."""
    assert array.base is not None
    return array.base


def _like(memory: Array, array: Array) -> Array:
    """Return the view of other memory that an array is of its own."""
    offset = array.ctypes.data - _memory(array).ctypes.data
    return np.ndarray(array.shape, array.dtype, memory, offset, array.strides)


def _array(access: Access, items: int, rows: int, random: Any) -> Array:
    """Return an array of shape (rows, items) that lies as the access says."""
    dtype = np.dtype(access.type)
    size = dtype.itemsize
    between = _BETWEEN if access.lies == "strided" else 1
    row = items * between + 5
    memory = _values(dtype, rows * row, random)
    offset, strides = (
        0,
        {
            "contiguous": (row * size, size),
            "strided": (row * size, between * size),
            "repeated": (row * size, 0),
            "scalar": (0, 0),
        }[access.lies],
    )
    if access.lies == "strided" and random.integers(2):
        offset, strides = (items - 1) * between * size, (row * size, -between * size)
    return np.ndarray((rows, items), dtype, memory, offset, strides)


def _values(dtype: np.dtype[Any], n: int, random: Any) -> Array:
    """Return plain values, with special ones among them."""
    if dtype.char == BOOL:
        return random.integers(0, 2, n).astype(dtype)  # type: ignore[no-any-return]
    if dtype.char in COMPLEX:
        return _values(np.dtype(PART[dtype.char]), 2 * n, random).view(dtype)
    if dtype.char in FLOATS:
        facts = np.finfo(dtype)
        special = [0.0, 1.0, 0.5, 1.5, 2.5, np.inf, np.nan, facts.max, facts.tiny]
        special += [facts.smallest_subnormal, facts.eps, 3e-5, 1e5]
        special += [-value for value in special]
        plain: Array = random.standard_normal(n) * 10.0 ** random.integers(-3, 4, n)
    else:
        limits = np.iinfo(dtype)
        bits = 8 * dtype.itemsize
        special = [limits.min, limits.max, limits.min + 1, limits.max - 1, 0, 1, 2, bits, bits - 1]
        special += [] if limits.min == 0 else [-1, -2, -bits]
        plain = random.integers(limits.min, limits.max, n, dtype=dtype, endpoint=True)
        small = random.integers(0, 20, n).astype(dtype)
        plain = where(random.random(n) < 0.5, plain, small)
    chosen = random.integers(0, len(special), n)
    values = np.array(special, dtype)[chosen]
    mixed: Array = where(random.random(n) < 0.4, values, plain.astype(dtype))
    return mixed


def _computed(piece: Piece, read: list[Array]) -> Iterator[Array]:
    """Compute the writes with NumPy."""
    values: list[Any] = list(read)
    for operation in piece.operations:
        arguments = [values[n] for n in operation.arguments]
        values.append(_CODE[operation.name](operation.type, *arguments))
    for n in piece.written:
        yield values[n]


def _equal(one: Array, other: Array) -> bool:
    if one.dtype != other.dtype:
        return False
    if one.dtype.char in COMPLEX:
        parts = [(array.real, array.imag) for array in (one, other)]
        return all(map(_equal, *parts))
    if one.dtype.kind == "f":
        neither = isnan(one) & isnan(other)
        one, other = (where(neither, one.dtype.type(0), array) for array in (one, other))
    return one.tobytes() == other.tobytes()


#: NumPy's own operation for each that `rules` names.
_CODE: dict[str, Callable[..., Any]] = {
    "copy": lambda kind, value: value,
    "select": lambda kind, *arguments: where(*arguments),
    "cast": lambda kind, value: value.astype(kind),
}
for _ufunc, _name in LOOPS:
    _CODE.setdefault(_name, lambda kind, *arguments, ufunc=_ufunc: ufunc(*arguments))
_CODE["clip_between"] = _CODE["clip"]
