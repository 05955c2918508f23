"""What was seen at calls: which Python functions the sites of a function's calls call.

In: a callable, and the frame that calls it. Out: what regions have to know to inline it, by weak
references. It must not know how that is done.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Mapping
from dis import opmap
from types import CellType, CodeType, FrameType, FunctionType, MethodType, NoneType
from typing import Any, NamedTuple

from .decode import decode
from .items import Instr
from .opcodes import attribute_name

OTHER_FLAGS = 0x2A8  # **kwargs, generators and coroutines
MOST_BYTES = 4096  # of its code
PLAIN = frozenset({NoneType, bool, int, float, str})  # values that are compared by what they are
_LOOPS = frozenset(
    number for name, number in opmap.items() if name == "FOR_ITER" or name.startswith("JUMP_BACK")
)


class Seen(NamedTuple):
    """A function that was called, and the class of its object if it was called as a method."""

    function: Callable[[], FunctionType | None]
    owner: weakref.ref[type] | None


def seen_of(callee: Any, code: CodeType, load: int | None, frame: FrameType) -> Seen | None:
    """Return what there is to know of a callable; None if it is no function, nor a method of one.

    If `load` isn't None, that item of the code loads it as a method, in a frame.
    """
    owner = None
    if type(callee) is MethodType:
        callee, owner = callee.__func__, type(callee.__self__)
    if type(callee) is not FunctionType:
        return None
    if owner is None and load is not None:
        items = decode(code).items
        owner = _owner_at(items, load, frame)
        if method_of(owner, attribute_name(items[load])) is not callee:
            owner = None
    stand_in = None if owner is not None else _stand_in(callee)
    function = weakref.ref(callee) if stand_in is None else stand_in
    return Seen(function, None if owner is None else weakref.ref(owner))


class _StandIn:
    """A function like one that is made anew at each call of another, once that is gone.

    Its cells are empty, so that it keeps nothing alive.
    """

    def __init__(self, function: FunctionType) -> None:
        code = function.__code__
        cells = tuple(CellType() for _ in code.co_freevars)
        name, defaults = function.__name__, function.__defaults__
        self._function = FunctionType(code, function.__globals__, name, defaults, cells)
        self._function.__kwdefaults__ = function.__kwdefaults__
        self._function.__module__ = function.__module__
        self._itself = weakref.ref(function)

    def __call__(self) -> FunctionType:
        return self._itself() or self._function


def _stand_in(function: FunctionType) -> _StandIn | None:
    """Return what stands in for an inner function, if its defaults are numbers and the like."""
    defaults = (*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values())
    is_inner = "<locals>" in function.__code__.co_qualname
    return _StandIn(function) if is_inner and all(type(d) in PLAIN for d in defaults) else None


def may_fit(code: CodeType) -> bool:
    """Whether a function may become part of a region, as far as can be seen at a glance."""
    return not (
        code.co_flags & OTHER_FLAGS
        or code.co_exceptiontable
        or len(code.co_code) > MOST_BYTES
        or not _LOOPS.isdisjoint(code.co_code[::2])
    )


def _owner_at(items: list[Any], load: int, frame: FrameType) -> type | None:
    """Return the class of the object whose method item `load` loads in a frame; None if unknown."""
    path = []
    at = load - 1
    while getattr(items[at], "name", "") == "LOAD_ATTR":
        path.append(attribute_name(items[at]))
        at -= 1
    item = items[at]
    if not isinstance(item, Instr) or not item.name.startswith(("LOAD_FAST", "LOAD_DEREF")):
        return None
    value = frame.f_locals.get(str(getattr(item.arg, "name", item.arg)), None)
    for name in reversed(path):
        value = getattr(value, "__dict__", {}).get(name) if _is_ordinary(value) else None
    return None if value is None else type(value)


def _is_ordinary(value: Any) -> bool:
    """Whether looking an attribute up runs no code of its own."""
    return getattr(type(value), "__getattribute__", None) is object.__getattribute__


class Helpers:
    """What was seen at the calls of one code object, by item; which functions may be inlined."""

    def __init__(
        self, seen: Mapping[int, Seen], allows: Callable[[FunctionType], bool] | None = None
    ) -> None:
        self._seen = seen
        self.allows = allows or bool
        #: How comparisons of shapes come out, by code and line, where that isn't as expected.
        self.guesses: dict[tuple[CodeType, int | None], bool] = {}

    def at(self, item: int) -> tuple[FunctionType | None, type | None]:
        """Return the function that was called at an item, if that is known, and its class."""
        seen = self._seen.get(item)
        function = None if seen is None else seen.function()
        owner = None if seen is None or seen.owner is None else seen.owner()
        return function, owner


NO_HELPERS = Helpers({})


def method_of(owner: type | None, name: str) -> FunctionType | None:
    """Return the function of a class's method; None if it has none."""
    for cls in () if owner is None else owner.__mro__:
        if name in vars(cls):
            value = vars(cls)[name]
            return value if type(value) is FunctionType else None
    return None
