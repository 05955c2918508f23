"""Addresses of functions of the C library and of NumPy that kernels call."""

from __future__ import annotations

import ctypes
import ctypes.util
import functools

import numpy as np

from ..cores import native


@functools.cache
def _library() -> ctypes.CDLL:
    return ctypes.CDLL(ctypes.util.find_library("m"))


@functools.cache
def address_of(name: str) -> int:
    """Return the address of a function of the C library."""
    return ctypes.cast(getattr(_library(), name), ctypes.c_void_p).value or 0


@functools.cache
def dot_of(dtype: str) -> int:
    """Return the address of NumPy's function for the product of two vectors."""
    address: int = native.dot_of(np.dtype(dtype))
    return address
