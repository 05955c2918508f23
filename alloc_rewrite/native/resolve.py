"""What takes a callable's place at a native site of a call.

In: a callable. Out: a record that says what takes its place, or None to call it as it is. It must
not know bytecode, nor how natives work.
"""

from __future__ import annotations

import functools
import sys
from types import (
    CodeType,
    FrameType,
    FunctionType,
    MethodDescriptorType,
    MethodType,
    MethodWrapperType,
    WrapperDescriptorType,
)
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy import absolute, matmul
from numpy._core import umath

from ..callables import (
    Dispatcher,
    dispatch_of,
    function_of,
    has_placeholder,
    named_function,
    python_call,
)
from ..errors import BufferFullError
from ..numpy_facts import ABSOLUTE, FORWARDS
from ..registry import find_registered
from ..rewrite import KEPT, Where, is_rewritten, located
from ..sites.equivalent import Equivalents
from ..sites.exceptions import EXPECTED, from_signal_handler
from .draws import draw_of
from .unwrapped import UNWRAPPED

if TYPE_CHECKING:
    from .sites import NativeSites

ndarray = np.ndarray
MOST_CALLERS = 8  # of a lent function, that are lent, too

#: The ufunc of each reduction that has a native.
REDUCTIONS = {
    "sum": np.add, "prod": np.multiply, "max": np.maximum, "min": np.minimum,
    "any": np.logical_or, "all": np.logical_and, "mean": np.add,
}  # fmt: skip
#: NumPy functions and methods with a native of their own: its name, and what else it needs.
NATIVES: dict[Any, tuple[str, Any]] = {
    **{getattr(np, name): (name, ufunc) for name, ufunc in REDUCTIONS.items()},
    **{getattr(ndarray, name): (name, ufunc) for name, ufunc in REDUCTIONS.items()},
    **{
        getattr(np, name): (name, None)
        for name in (
            "empty", "zeros", "ones", "full", "empty_like", "zeros_like", "ones_like",
            "full_like", "array", "asarray",
        )
    },
    np.asanyarray: ("asarray", None),
    ndarray.copy: ("copy", None),
    ndarray.astype: ("astype", None),
    np.clip: ("clip", getattr(umath, "clip")),  # noqa: B009 - its stub lacks it
    np.matmul: ("matmul", None),
    np.where: ("where", None),
    np.concatenate: ("concatenate", None),
    np.stack: ("stack", None),
    np.trace: ("trace", np.add),
    ndarray.trace: ("trace", np.add),
    np.var: ("var", np.add),
    ndarray.var: ("var", np.add),
    np.std: ("std", np.add),
    ndarray.std: ("std", np.add),
    np.linalg.norm: ("norm", np.add),
    np.cumsum: ("cumsum", np.add),
    ndarray.cumsum: ("cumsum", np.add),
    np.cumprod: ("cumprod", np.multiply),
    ndarray.cumprod: ("cumprod", np.multiply),
    np.diff: ("diff", np.subtract),
    np.outer: ("outer", np.multiply),
    np.cross: ("cross", np.multiply),
    np.dot: ("dot", None),
    ndarray.dot: ("dot", None),
    **{
        getattr(np, name): (name, None)
        for name in ("roll", "tile", "triu", "tril", "block", "quantile", "percentile")
    },
    np.median: ("median", np.add),
    **UNWRAPPED,
}  # fmt: skip


_KINDS = frozenset(map(type, NATIVES))  # hashing others might run foreign code


class Enter(NamedTuple):
    """A Python function that has this code runs rewritten; see `Entered` for cell and judge."""

    current: Any
    code: CodeType
    judge: Any
    keeps_instances: bool  # not where these would keep more alive
    action: str = "enter"


class Replace(NamedTuple):
    """Another callable takes the place for this call alone."""

    callable: Any
    is_passing: bool  # whether that pays for a short time only
    action: str = "replace"


class Swap(NamedTuple):
    """A native of the extension takes the place."""

    native: str
    callee: Any  # what it stands for
    more: Any = None  # what else it needs
    behind: FunctionType | None = None  # the Python function whose work it does
    action: str = "swap"


Plan = Enter | Replace | Swap


def plan_callee(spec: tuple[Any, ...], callee: Any) -> Plan | None:
    """Say what takes a callable's place; None if it is called as it is."""
    try:
        return _planned(spec, callee)
    except EXPECTED as error:  # a fault of this library must not become the caller's
        if from_signal_handler(error):
            raise
        return None


def plan_callback(spec: tuple[Any, ...], function: FunctionType) -> tuple[Any, Any] | None:
    """Return the cell of the rewritten code and the judge of a function that other code gets.

    None if that is not a function of the user's, or is not entered.
    """
    callees = spec[0].callees
    try:
        if callees.waits(function):
            return None
        found: tuple[Any, Any] | None = callees.entered(function)
        return found
    except EXPECTED as error:
        if from_signal_handler(error):
            raise
        return None


def plan_callers(spec: tuple[Any, ...]) -> tuple[tuple[Any, ...], ...]:
    """Return the functions of other code that call a function which was lent to it, now.

    Each comes with the cell of its rewritten code and its judge; the innermost ones come first.
    """
    callees = spec[0].callees
    found: list[tuple[Any, ...]] = []
    try:
        frame: FrameType | None = sys._getframe(1)
        while frame is not None and not is_rewritten(frame.f_code) and len(found) < MOST_CALLERS:
            function = named_function(frame)
            if function is not None and callees.is_other(function):
                entered = callees.entered(function, at_once=True)
                if entered is not None and entered.judge is not None:
                    if entered.current is not None:
                        found.append((function, *entered))
                    if entered.judge.phase not in ("kept", "left"):
                        break  # one after the other
            frame = frame.f_back
    except EXPECTED as error:
        if from_signal_handler(error):
            raise
    return tuple(found)


def _planned(spec: tuple[Any, ...], callee: Any) -> Plan | None:
    sites = spec[0]
    kind = type(callee)
    registered = _registered(spec, callee)
    if registered is not None:
        return registered
    if kind is np.ufunc and callee is not matmul:
        objects = all(set(signature) <= {"O", "-", ">"} for signature in callee.types)
        return None if objects else Swap("ufunc", callee)
    if callee is ABSOLUTE:
        return Swap("ufunc", ABSOLUTE, absolute)
    function = function_of(callee)
    own = NATIVES.get(function) if type(function) in _KINDS else None
    if own is not None:
        return Swap(own[0], function, own[1], _behind(function))
    if type(function) is FunctionType:
        entered = sites.callees.entered(function)
        if entered is None:
            return None
        return Enter(entered.current, function.__code__, entered.judge, _is_lasting(function))
    if kind is functools.partial:
        return _partial(spec, callee)
    if issubclass(kind, type):
        return _class(sites, callee)
    call = python_call(callee)
    if call is not None:  # such an object is not asked anything: its answers may run foreign code
        return _method(sites, call, callee)
    draw = draw_of(function)
    if draw is not None:
        return Swap("draw", function, draw)
    return None if function is None else _compiled(spec, callee, function)


def _class(sites: NativeSites, callee: type) -> Plan | None:
    """Plan a class whose objects get functions of the user's, or whose `__init__` is entered."""
    if sites.callees.lends_to(callee):
        return Swap("lend", callee)
    if sites.callees.makes(callee):
        return Swap("make", callee)
    call = python_call(callee)
    return None if call is None else _method(sites, call, callee)


def _behind(function: Any) -> FunctionType | None:
    """Return the Python function behind a function or method of NumPy's with a native."""
    inner = FORWARDS.get(function) or getattr(function, "_implementation", None)
    return inner if type(inner) is FunctionType else None


def _compiled(spec: tuple[Any, ...], callee: Any, function: Any) -> Plan | None:
    """Plan a compiled function, a method made of it, or a dispatcher."""
    inner = ask = None
    if type(function) is Dispatcher:
        dispatch = dispatch_of(function)
        if dispatch is not None:
            inner, ask = dispatch
    elif type(function) is MethodDescriptorType:
        inner = FORWARDS.get(function)
    if type(inner) is FunctionType:
        entered = spec[0].callees.entered(inner)
        if entered is not None and entered.current is not None:
            more = (entered.current, inner, inner.__code__, ask, entered.judge)
            return Swap("entered", function, more)
    if not _is_numeric(callee, function):
        return None
    if type(callee) is MethodWrapperType:
        return Replace(MethodType(_resolved(spec, function), callee.__self__), True)
    return Swap("routed", function)


def _registered(spec: tuple[Any, ...], callee: Any) -> Swap | None:
    """Return the native that runs an equivalent which a user registered."""
    found = find_registered(callee)
    if found is None:
        return None
    row, owner = found
    runner = functools.partial(_RowRunner(spec, row.name).run, row.equivalent, owner)
    return Swap("row", function_of(callee) if owner is not None else callee, runner)


class _RowRunner:
    """Runs a registered equivalent for a call; the result, or None if it declines."""

    def __init__(self, spec: tuple[Any, ...], name: str) -> None:
        self.sites: Any = spec[0]
        self.where: Where = spec[1]
        self.equivalents = Equivalents(self, name)

    def run(self, equivalent: Any, owner: type | None, /, *args: Any, **kwargs: Any) -> Any:
        """Run it, for a method only on objects of exactly the `owner`."""
        if owner is not None and (not args or type(args[0]) is not owner):
            return None
        return self.equivalents.run(equivalent, args, kwargs)

    def missed(self) -> None:
        """Count nothing: the native does."""

    def hit(self, nbytes: int) -> None:
        """Count nothing: the native does."""

    def located(self, error: BufferFullError, what: str) -> BufferFullError:
        return located(self.where, what, error)


def _is_lasting(function: FunctionType) -> bool:
    """Whether a function lives as long as its module, so that a reference to it costs nothing."""
    names = function.__globals__
    module = sys.modules.get(names.get("__name__", ""))
    if module is None or vars(module) is not names:
        return False
    if function.__closure__ is not None:
        return False
    holder = function.__qualname__.partition(".")[0]
    return names.get(function.__name__) is function or isinstance(names.get(holder), type)


def _method(sites: NativeSites, function: Any, owner: Any) -> Replace | None:
    inner = sites.callees.function(function) if type(function) is FunctionType else None
    return None if inner is None else Replace(MethodType(inner, owner), False)


def _partial(spec: tuple[Any, ...], callee: functools.partial[Any]) -> Replace | None:
    if has_placeholder(callee):
        return None
    sites = spec[0]
    inner = callee.func
    if type(inner) is FunctionType:
        instead: Any = sites.callees.function(inner)
    else:
        planned = _planned(spec, inner)
        if planned is None:
            return None
        instead = planned.callable if isinstance(planned, Replace) else _resolved(spec, inner)
    if instead is None:
        return None
    made = functools.partial(instead, *callee.args, **callee.keywords)
    return Replace(made, type(inner) is not FunctionType)


def _resolved(spec: tuple[Any, ...], callee: Any) -> Any:
    """Return what a site of its own puts in a callable's place."""
    return spec[0].site(spec[:2], KEPT, 0).call(callee)


def _is_numeric(callee: Any, function: Any) -> bool:
    """Whether a compiled function is NumPy's or another library's that makes arrays by it."""
    if issubclass(type(function), type):
        return False
    holder: Any = None
    if type(function) in (MethodDescriptorType, WrapperDescriptorType):
        if function in _WITHOUT_DATA:
            return False
        holder = type(callee.__self__) if function is not callee else function.__objclass__
        if issubclass(holder, np.generic | np.dtype):
            return False
    module = _module_of(function if holder is None else holder)
    if not isinstance(module, str) or module in _NOT_ARRAYS:
        return False
    return module.partition(".")[0] in _NUMERIC_PACKAGES


def _module_of(thing: Any) -> Any:
    """Return the name of a thing's module, without running foreign code."""
    if isinstance(thing, type):
        return type.__getattribute__(thing, "__module__")
    try:
        return object.__getattribute__(thing, "__module__")
    except AttributeError:
        return None


#: Packages whose compiled functions get their arrays from the arena as well.
_NUMERIC_PACKAGES = frozenset({"numpy", "scipy", "skimage", "sklearn", "numexpr"})
_NOT_ARRAYS = frozenset({"numpy.exceptions", "numpy._core._exceptions"})
#: Methods of arrays that allocate no array data.
_WITHOUT_DATA = frozenset(
    method
    for name, method in vars(ndarray).items()
    if name
    in {
        "item", "tolist", "tobytes", "view", "reshape", "transpose", "swapaxes", "squeeze",
        "diagonal", "fill", "setflags", "put", "resize", "sort", "partition", "dump", "dumps",
        "tofile", "setfield", "getfield", "__len__",
    }
)  # fmt: skip
