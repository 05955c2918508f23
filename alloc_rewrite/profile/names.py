"""What users call what allocates: `numpy.percentile`, `scipy.special.ndtr`, `x.std`.

In: a callable, or the frame that runs it. Out: a name. It must not know what is counted.

NumPy's functions live in private modules, and its methods in private functions. A function is named
by the shortest public module of its package that has it; a method as the source calls it.
"""

from __future__ import annotations

import ast
import functools
import linecache
import sys
from importlib.machinery import ExtensionFileLoader
from types import (
    BuiltinFunctionType,
    CodeType,
    FrameType,
    FunctionType,
    MethodWrapperType,
    ModuleType,
)
from typing import Any

import numpy as np

#: Types whose methods are named as in the source.
_OWNERS = ("numpy.ndarray.", "numpy.random.RandomState.", "numpy.random.Generator.")


def name_of(callee: Any) -> str:
    """Return the public name of a callable."""
    name = getattr(callee, "__name__", type(callee).__qualname__)
    owner = getattr(callee, "__self__", None)
    if type(callee) in (BuiltinFunctionType, MethodWrapperType) and not isinstance(
        owner, ModuleType
    ):
        if vars(np.random).get(name) == callee:
            return f"numpy.random.{name}"
        if type(owner) is np.ufunc:
            return f"{name_of(owner)}.{name}"
        return f"{_module(type(owner))}.{type(owner).__qualname__}.{name}"
    if type(callee) is np.ufunc:
        return _public(_package_of_ufunc(callee), name, lambda other: other is callee) or name
    module = _module(callee)
    found = _public(module.partition(".")[0], name, lambda other: other is callee)
    return found or f"{module}.{getattr(callee, '__qualname__', name)}"


def name_at(frame: FrameType, callee: str, inside: FrameType | None) -> str:
    """Return the name of what code at a frame called.

    `callee` is what allocated; `inside` the frame of the NumPy function, called from `frame`, that
    led there, if any.
    """
    if inside is not None:
        code = inside.f_code
        found = _public("numpy", code.co_name, lambda other: _has_code(other, code))
        if not found and code.co_name.startswith("_") and _is_of_methods(inside):
            found = _in_source(frame) or f"numpy.ndarray.{code.co_name[1:]}"
        return found or f"numpy.{code.co_name}"
    if callee.startswith(_OWNERS):
        return _in_source(frame) or callee
    return callee


def _is_of_methods(frame: FrameType) -> bool:
    """Whether a frame runs one of the Python functions behind methods of arrays."""
    return str(frame.f_globals.get("__name__")).endswith("._methods")


def _module(thing: Any) -> str:
    module = getattr(thing, "__module__", None)
    return module if isinstance(module, str) else "builtins"


def _package_of_ufunc(ufunc: np.ufunc) -> str:
    """Return the package of the extension module that made a ufunc."""
    module = getattr(ufunc, "__module__", None)  # NumPy gives its own one
    if isinstance(module, str):
        return module.partition(".")[0]
    for name, module in list(sys.modules.items()):
        loader = getattr(getattr(module, "__spec__", None), "loader", None)
        if isinstance(loader, ExtensionFileLoader) and _has(module, ufunc.__name__, ufunc):
            return name.partition(".")[0]
    return ""


def _has(module: Any, name: str, thing: Any) -> bool:
    return isinstance(module, ModuleType) and vars(module).get(name) is thing


def _has_code(function: Any, code: CodeType) -> bool:
    """Whether a function, or that behind a dispatcher, is written at the place of this code."""
    function = getattr(function, "_implementation", function)
    if type(function) is not FunctionType:
        return False
    own = function.__code__
    return (own.co_filename, own.co_firstlineno) == (code.co_filename, code.co_firstlineno)


def _public(package: str, name: str, matches: Any) -> str:
    """Return the name of a thing in the shortest public module of a package; empty if none has."""
    found = [
        f"{module_name}.{name}"
        for module_name, module in list(sys.modules.items())
        if package
        and module_name.partition(".")[0] == package
        and "._" not in module_name
        and isinstance(module, ModuleType)
        and matches(vars(module).get(name))
    ]
    return "" if name.startswith("_") else min(found, key=len, default="")


def _in_source(frame: FrameType) -> str:
    """Return how the source names what this frame is calling; empty if it computes it."""
    return _called_at(frame.f_code, frame.f_lasti)


@functools.lru_cache(1024)
def _called_at(code: CodeType, instruction: int) -> str:
    first, last, start, stop = list(code.co_positions())[instruction // 2]
    if first is None or last is None or start is None or stop is None:
        return ""
    lines = [linecache.getline(code.co_filename, n).encode() for n in range(first, last + 1)]
    lines[-1] = lines[-1][:stop]
    lines[0] = lines[0][start:]
    try:
        expression = ast.parse(b"(" + b"".join(lines) + b")", mode="eval").body
    except SyntaxError:
        return ""
    function = expression.func if isinstance(expression, ast.Call) else None
    inner = function
    while isinstance(inner, ast.Attribute):
        inner = inner.value
    return ast.unparse(function) if function and isinstance(inner, ast.Name) else ""
