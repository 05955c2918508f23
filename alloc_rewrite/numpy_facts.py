"""Facts about NumPy that several parts need: its version, operators' ufuncs, powers, huge pages.

In: nothing. Out: tables and answers. This module must not know what they are for.

Sources of `power_ufunc`: `fast_scalar_power` in NumPy 2.0 to 2.2, which looks at the value of any
real exponent; in 2.3, where only a Python int or float of exactly that type counts; and from 2.4
on, where squares are special for every dtype.
"""

from __future__ import annotations

from functools import cache
from types import FunctionType
from typing import Any

import numpy as np
from numpy import power, reciprocal, sqrt, square
from numpy._core import _methods, umath
from numpy.linalg import _umath_linalg


def numpy_version() -> tuple[int, int]:
    """The first two numbers of NumPy's version."""
    major, minor = np.__version__.split(".")[:2]
    return int(major), int(minor)


#: The ufunc of each operator, by its name in module `operator`.
UFUNCS = {
    "add": np.add, "and_": np.bitwise_and, "floordiv": np.floor_divide, "lshift": np.left_shift,
    "matmul": np.matmul, "mul": np.multiply, "mod": np.remainder, "or_": np.bitwise_or,
    "pow": np.power, "rshift": np.right_shift, "sub": np.subtract, "truediv": np.true_divide,
    "xor": np.bitwise_xor, "lt": np.less, "le": np.less_equal, "eq": np.equal,
    "ne": np.not_equal, "gt": np.greater, "ge": np.greater_equal, "neg": np.negative,
    "pos": np.positive, "invert": np.invert,
}  # fmt: skip

#: Bits of `array.flags.num`. Asking for `flags.writeable` makes NumPy warn where it would warn of
#: a store: of what `np.broadcast_arrays` gives.
WRITEABLE, WARNS_OF_STORES = 0x400, 1 << 31

#: Methods of arrays that are C code around one Python function, which gets the same arguments.
_FORWARDED = {"max": "_amax", "min": "_amin"}
FORWARDS: dict[Any, FunctionType] = {
    getattr(np.ndarray, name): getattr(_methods, _FORWARDED.get(name, "_" + name))
    for name in ("sum", "prod", "max", "min", "any", "all", "mean", "std", "var", "clip")
}

_VERSION = numpy_version()

_BY_VALUE: dict[float, np.ufunc] = {
    1.0: np.positive,
    -1.0: np.reciprocal,
    0.0: getattr(umath, "_ones_like"),  # noqa: B009 - its stub lacks it
    0.5: np.sqrt,
    2.0: np.square,
}


#: The built-in function, whatever `abs` means when code runs.
ABSOLUTE = abs


def power_ufunc(dtype: np.dtype[Any], exponent: Any) -> np.ufunc | None:
    """The ufunc of `array ** exponent`; call it with the array alone if its `nin` is 1.

    Binary `np.power` takes the array and the exponent as it was given. None: run the original.
    """
    if dtype.kind not in "biufc":
        return None
    kind = type(exponent)
    if kind is not int and kind is not float:
        return _power_of_other(dtype, exponent)
    if _VERSION < (2, 3):
        return _by_value(dtype, exponent, kind is float)
    inexact = dtype.kind in "fc"
    if kind is int:
        if exponent == 2:
            return square if inexact or _VERSION >= (2, 4) else power
        if exponent == -1 and inexact:
            return reciprocal
    elif exponent == 0.5 and inexact:
        return sqrt
    return power


def _power_of_other(dtype: np.dtype[Any], exponent: Any) -> np.ufunc | None:
    if type(exponent) is complex or isinstance(exponent, np.complexfloating):
        return power
    if isinstance(exponent, (np.integer, np.floating)) and exponent.dtype.isbuiltin == 1:
        if _VERSION >= (2, 3):
            return power
        return _by_value(dtype, float(exponent), isinstance(exponent, np.floating))
    return None


def _by_value(dtype: np.dtype[Any], exponent: float, is_float: bool) -> np.ufunc | None:
    if not -(2**53) < exponent < 2**53:
        return power if is_float else None
    if dtype.kind in "fc":
        return _BY_VALUE.get(exponent, power)
    if exponent != 2:
        return power
    # of integers to 2.0 it squares a copy as float64, in a layout that is not a ufunc's
    return None if is_float and dtype.kind in "iu" else square


def linalg_ufuncs(name: str) -> tuple[np.ufunc, ...]:
    """Return the ufuncs of `numpy.linalg` of this name, in which a star may stand.

    Older versions of NumPy have two in its place: one for matrices with fewer rows than columns,
    and one for others.
    """
    single = getattr(_umath_linalg, name.replace("*", ""), None)
    if single is not None:
        return (single,)
    return tuple(getattr(_umath_linalg, name.replace("*", side)) for side in ("_m", "_n"))


@cache
def elides_dying_operands() -> bool:
    """Whether NumPy writes the result of an operator over a large operand that dies.

    It does so only if it sees that the interpreter called it, by the names of the C functions on
    the stack (`temp_elision.c`). It doesn't under Debian's Python 3.14 and 3.15, nor where
    sanitizers are linked in.
    """
    rows = np.ones((2, 1 << 14))
    columns = np.asfortranarray(rows)
    return ((columns + 1.0) + rows).flags.f_contiguous


@cache
def elides_for_scalars() -> bool:
    """Whether it does so too where a NumPy scalar stands on the left, as NumPy 2.0 does."""
    swapped = np.ones(1 << 15, np.dtype("f8").newbyteorder())
    return (np.float64(1.0) + swapped.copy()).dtype == swapped.dtype


def wants_huge_pages() -> bool:
    """Whether NumPy asks for huge pages, which ``NUMPY_MADVISE_HUGEPAGE=0`` forbids."""
    setting = getattr(np._core.multiarray, "_get_madvise_hugepage", None)
    return setting is None or bool(setting())
