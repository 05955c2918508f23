"""What a callable is made of: the function of a bound method, the functions of a dispatcher.

In: a callable, or a frame. Out: the function or functions that calling it runs. Names don't
decide: an object may have another method of the same name (`super().sum`), and another library a
function.
It must not know sites.

A dispatcher of NumPy's, such as `np.concatenate`, first asks a function which of its arguments may
take the call over, iterates over the answer, and only then runs the function that it is for. So an
argument that can't be iterated over fails there, with a message and a frame of its own. A
dispatcher for `like=` asks no function: it removes its first argument.
"""

from __future__ import annotations

import dis
import functools
import inspect
import sys
from collections.abc import Iterable
from types import (
    BuiltinMethodType,
    FrameType,
    FunctionType,
    MethodDescriptorType,
    MethodType,
    MethodWrapperType,
    ModuleType,
    WrapperDescriptorType,
)
from typing import Any, NamedTuple

import numpy as np

Dispatcher: Any = type(np.concatenate)
_PLAIN = frozenset({int, float, complex, bool, str, bytes, range, slice, type(None), type})


def function_of(callee: Any) -> Any:
    """Return the function that a bound method was made of, and anything else as it is.

    None for a bound built-in method that is not a type's: its name says nothing, as the type
    of its object may have another method of that name (``super().sum``), or none.
    """
    kind = type(callee)
    if kind is MethodType:
        return callee.__func__
    if not issubclass(kind, BuiltinMethodType | MethodWrapperType):
        return callee
    owner = callee.__self__
    if owner is None or isinstance(owner, ModuleType):
        return callee
    for holder in _mro_of(type(owner)):
        function = _members_of(holder).get(callee.__name__)
        if type(function) in _DESCRIPTORS and is_made_of(callee, function):
            return function
    return None


def is_made_of(callee: Any, function: Any) -> bool:
    """Whether a bound built-in method is that function of its object's type: the same C code."""
    owner = callee.__self__
    # Up to Python 3.12, methods that get their class (`truncate` of files) crash without the type.
    return bool(function.__get__(owner, type(owner)) == callee)


def as_loaded(callee: Any) -> Any:
    """Return what the interpreter would call where it loads this bound method for a call.

    It binds no compiled method there; methods without keywords have another name in their error if
    they are bound.
    """
    if type(callee) is BuiltinMethodType:
        function, owner = function_of(callee), callee.__self__
        lookup = inspect.getattr_static(type(owner), "__getattribute__")
        if type(lookup) is WrapperDescriptorType and type(function) is MethodDescriptorType:
            return MethodType(function, owner)
    return callee


_DESCRIPTORS = (MethodDescriptorType, WrapperDescriptorType)
_mro_of = vars(type)["__mro__"].__get__  # whatever a metaclass says
_members_of = vars(type)["__dict__"].__get__


def has_placeholder(callee: functools.partial[Any]) -> bool:
    """Whether a partial object leaves places for later arguments among its own (since 3.14)."""
    placeholder = getattr(functools, "Placeholder", None)
    return placeholder is not None and any(x is placeholder for x in callee.args)


def with_partial(
    callee: functools.partial[Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Return the arguments that a partial object's function gets."""
    return (*callee.args, *args), {**callee.keywords, **kwargs}


def python_call(obj: Any) -> FunctionType | None:
    """Return the Python function that calling an object of this class runs, if it is one."""
    for kind in type(obj).__mro__:
        call = vars(kind).get("__call__")
        if call is not None:
            return call if type(call) is FunctionType else None
    return None


def init_of(cls: type) -> FunctionType | None:
    """Return the Python function that initialises objects of a class, if it is one."""
    for kind in type.__getattribute__(cls, "__mro__"):
        init = type.__getattribute__(kind, "__dict__").get("__init__")
        if init is not None:
            return init if type(init) is FunctionType else None
    return None


def home_of(cls: type) -> ModuleType | None:
    """Return the module that a class lives as long as, if there is one."""
    name = type.__getattribute__(cls, "__module__")
    module = sys.modules.get(name) if type(name) is str else None
    if type(module) is not ModuleType:
        return None
    return module if vars(module).get(cls.__name__) is cls else None


def overrides(args: Iterable[Any], kwargs: dict[str, Any]) -> bool:
    """Whether an argument may take over a NumPy function through `__array_function__`."""
    return any(map(_overrides, args)) or (bool(kwargs) and any(map(_overrides, kwargs.values())))


def _overrides(value: Any) -> bool:
    kind = type(value)
    if kind in _PLAIN or isinstance(value, np.generic):
        return False
    if kind is np.ndarray:
        return bool(value.dtype.hasobject)
    if kind is tuple or kind is list:
        return any(map(_overrides, value))
    # A dispatcher looks into whatever it can iterate over, and so may find anything.
    return any(hasattr(kind, name) for name in ("__array_function__", "__iter__", "__getitem__"))


class Dispatch(NamedTuple):
    """A dispatcher's functions: the one that it runs, and the one to ask before, if any."""

    function: Any  # a Python function; as a field, mypy would take it for a method
    ask: Any


def dispatch_of(dispatcher: Any) -> Dispatch | None:
    """Return the functions of a dispatcher that works without its own compiled code."""
    function = dispatcher._implementation
    if type(function) is not FunctionType or _ASKED_AT is None:
        return None
    ask = _object_at(dispatcher, _ASKED_AT)
    if type(ask) is not FunctionType:
        return None
    return Dispatch(function, None if _cannot_fail(ask, function) else ask)


def _cannot_fail(ask: FunctionType, function: FunctionType) -> bool:
    """Whether asking only names some of the arguments that the function takes too."""
    names = [instr.opname for instr in dis.get_instructions(ask)]
    is_tuple = names[-2:] == ["BUILD_TUPLE", "RETURN_VALUE"]
    return is_tuple and _NAMING.issuperset(names) and _taken_by(ask) == _taken_by(function)


_NAMING = frozenset(
    {
        "RESUME", "LOAD_FAST", "LOAD_FAST_LOAD_FAST", "LOAD_FAST_BORROW",
        "LOAD_FAST_BORROW_LOAD_FAST_BORROW", "BUILD_TUPLE", "RETURN_VALUE",
    }
)  # fmt: skip


def _taken_by(function: FunctionType) -> tuple[Any, ...]:
    """Return what decides which arguments a function takes."""
    code, defaults = function.__code__, function.__defaults__ or ()
    spread = code.co_flags & (inspect.CO_VARARGS | inspect.CO_VARKEYWORDS)
    counts = (code.co_posonlyargcount, code.co_argcount, code.co_kwonlyargcount, spread)
    names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    return counts, names, len(defaults), set(function.__kwdefaults__ or ())


def _object_at(holder: Any, offset: int) -> Any:
    """Return the object that another one refers to at an offset in its memory; None for NULL."""
    address = ctypes.c_void_p.from_address(id(holder) + offset).value
    return None if address is None else ctypes.cast(address, ctypes.py_object).value


def _where_asked() -> int | None:
    """Find where a dispatcher keeps the function that it asks, with dispatchers made for this."""

    def ask() -> None: ...
    def run() -> None: ...

    size = ctypes.sizeof(ctypes.c_void_p)
    with_one, without = Dispatcher(ask, run), Dispatcher(None, run)
    for offset in range(object.__basicsize__, Dispatcher.__basicsize__, size):
        words = [ctypes.c_void_p.from_address(id(x) + offset).value for x in (with_one, without)]
        if words == [id(ask), None]:
            return offset
    return None


try:
    import ctypes
except ImportError:  # then dispatchers run as they are
    _ASKED_AT = None
else:
    _ASKED_AT = _where_asked()


def named_function(frame: FrameType) -> FunctionType | None:
    """Return the function of a module, or of a class in a module, that runs in a frame."""
    code, found = frame.f_code, None
    names: Any = frame.f_globals
    for name in code.co_qualname.split("."):
        found = names.get(name)
        names = type.__getattribute__(found, "__dict__") if isinstance(found, type) else {}
    if type(found) is FunctionType and found.__code__ is code:
        return found
    return None
