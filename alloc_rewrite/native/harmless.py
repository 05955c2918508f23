"""What runs no foreign Python code: values, and callables that are called with such values.

In: an object, or the type or dtype that tells what a value is. Out: whether it is harmless. It must
not know who asks, nor run code of what it is asked about.
"""

from __future__ import annotations

import builtins
import math
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Any

import numpy as np

from ..callables import Dispatcher

_HEAP_TYPE = 1 << 9  # of a class written in Python
#: NumPy's functions that look at their caller's frame, run what they are given, or print.
_LEFT_OUT = frozenset(
    {
        "bmat", "fromfile", "fromregex", "genfromtxt", "info", "load", "loadtxt", "save",
        "savetxt", "savez", "savez_compressed", "seterrcall", "show_config", "show_runtime", "test",
    }
)  # fmt: skip
_BUILTINS = frozenset(
    {
        "abs", "all", "any", "bool", "bytes", "complex", "divmod", "enumerate", "float", "int",
        "isinstance", "issubclass", "len", "list", "max", "min", "pow", "range", "reversed",
        "round", "slice", "sorted", "str", "sum", "tuple", "zip",
    }
)  # fmt: skip
_CALLABLES = frozenset({np.ufunc, Dispatcher, BuiltinFunctionType, FunctionType, type})


def _harmless_of(module: ModuleType) -> dict[str, Any]:
    """Return the harmless functions of a module, by name."""
    return {
        name: value
        for name, value in vars(module).items()
        if type(value) in _CALLABLES and not name.startswith("_") and name not in _LEFT_OUT
        if not isinstance(value, type) or not value.__flags__ & _HEAP_TYPE
    }


def _of_builtins() -> dict[str, Any]:
    return {
        name: value
        for name, value in vars(builtins).items()
        if name in _BUILTINS or (isinstance(value, type) and issubclass(value, BaseException))
    }


_BY_NAME = [*map(_harmless_of, (np, np.linalg, np.fft, math)), _of_builtins()]
_HARMLESS = frozenset(value for found in _BY_NAME for value in found.values())
#: The names of such callables: no guard asks about one with another name.
HARMLESS_NAMES = frozenset(name for found in _BY_NAME for name in found)

#: Types of values no operation on which runs Python code.
_PLAIN = frozenset(
    {
        bool, int, float, complex, str, bytes, range, slice, type(None), type(...),
        type(iter(range(0))), type(iter(range(1 << 70))),
    }
)  # fmt: skip


def is_harmless(kind: Any, *, called: bool) -> bool:
    """Whether a value of this kind is harmless, or (`called`) harmless to call.

    `kind` is the dtype of an array or NumPy scalar, the type of any other value, or the value
    itself if it is called or a class.
    """
    if isinstance(kind, np.dtype):
        return not called and kind.kind in "biufcSUmM"
    if type(kind) is np.ufunc and kind not in _HARMLESS:
        return not all(set(signature) <= {"O", "-", ">"} for signature in kind.types)
    if type(kind) not in _CALLABLES:
        return False
    return kind in _HARMLESS or (not called and kind in _PLAIN)
