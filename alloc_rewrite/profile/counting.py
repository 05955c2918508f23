"""The sites of a dry run: the original code runs, and what it allocates is counted.

In: operands and arguments before an operation, its result after it. Out: entries in the
recorder. For a bumped function the sites of its own run first, and only what they
leave to the original code is counted.
"""

from __future__ import annotations

import functools
import sys
from collections import ChainMap
from collections.abc import Iterable
from types import BuiltinFunctionType, FrameType, FunctionType, MethodType, ModuleType
from typing import Any, NamedTuple

import numpy as np

from ..bump import bumped
from ..callables import as_loaded, function_of, home_of, init_of, python_call
from ..callees import Callees, Policy
from ..core_sites import ArenaSites
from ..cores import selected
from ..native.vocabulary import VOCABULARY
from ..numpy_facts import ABSOLUTE
from ..pycore.sites import PythonSites
from ..registry import find
from ..rewrite import (
    Call,
    Operation,
    Owner,
    Place,
    Program,
    Region,
    Rewriter,
    Rewritten,
    Style,
    Where,
    symbol_of,
)
from ..rewrite.program import CELL, GLOBAL
from ..sites.exceptions import from_signal_handler
from .names import name_of
from .recorder import Recorder

# Where the sites of a bumped function return results, and where arrays for results.
_DIRECT = Style({}, observe=True, extras=True, vocabulary=VOCABULARY)
_ATTEMPT = Style(PythonSites.style.finishers, observe=True)


class CountingSites:
    """Makes the sites of a dry run."""

    def __init__(self, recorder: Recorder, base: ArenaSites | None = None) -> None:
        self.style = _DIRECT if base is not None and base.style.direct else _ATTEMPT
        self.recorder = recorder
        self.base = base
        self.policy = Policy() if base is None else base.policy
        self.rewriter = Rewriter(self)
        self.callees = Callees(self.rewriter, self.policy)
        self._others: dict[int, CountingSites] = {}

    def is_foreign(self, error: Exception) -> bool:
        """Whether something other than the rewriter raised an exception during rewriting."""
        return from_signal_handler(error)

    def may_inline(self, function: FunctionType) -> bool:
        """Whether a function's code may become part of its caller's regions."""
        return False

    def make(self, place: Place, where: Where, owner: Owner, number: int) -> list[Any]:
        """Return the site of a place, and the observer of what the original code gives."""
        assert isinstance(owner, Rewritten)
        twin = functools.partial(self._twin, owner, number)
        if isinstance(place, Region):
            region = CountingRegion(self, where, twin, place.program)
            return [region.before, region.after]
        if isinstance(place, Call):
            call = CountingCall(self, where, twin)
            return [getattr(call, self.style.entry(place)), call.after]
        assert isinstance(place, Operation)  # its style has nothing else
        operation = CountingOperation(self, where, twin, place)
        return [operation.before, operation.after]

    def _twin(self, owner: Rewritten, number: int) -> Any:
        """Return the site that the bumped function has at this place, if it has one."""
        code = owner.original
        if self.base is None or code is None:
            return None
        rewritten = self.base.rewriter.rewritten(code)
        if rewritten is None or not rewritten.live[number]:
            return None
        return rewritten.sites[number]

    def enter(self, callee: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Return what to call instead of `callee`; a bumped function with its own sites."""
        if isinstance(callee, type):
            return self._maker(callee)
        method = type(callee) is MethodType
        known = bumped(callee.__func__ if method else callee)
        if known is None:
            return self.callees.enter(callee, args, kwargs)
        sites = self._others.get(id(known.sites))
        if sites is None:
            sites = self._others[id(known.sites)] = CountingSites(self.recorder, known.sites)
            sites._others = self._others
        rewritten = sites.rewriter.rewritten(known.original.__code__)
        if rewritten is None:
            return None
        function = rewritten.instance(callee.__func__ if method else callee)
        return MethodType(function, callee.__self__) if method else function

    def _maker(self, cls: type) -> Any:
        """Return what makes objects of a class whose `__init__` a bumped function enters."""
        init = init_of(cls)
        if init is None or home_of(cls) is None or python_call(cls):
            return None
        inner = self.enter(init, (), {})
        return None if inner is None else functools.partial(_made, cls, inner)


def _made(cls: type, init: Any, /, *args: Any, **kwargs: Any) -> Any:
    """Make an object as its class does, and initialise it by a rewritten `__init__`."""
    made = cls.__new__(cls, *args, **kwargs)
    if type(made) is not cls:
        if isinstance(made, cls):
            type(made).__init__(made, *args, **kwargs)
        return made
    returned = init(made, *args, **kwargs)
    if returned is not None:
        name = type(returned).__name__
        raise TypeError(f"__init__() should return None, not '{name}'")
    return made


class CountingRegion:
    """A region of a bumped function, which makes several arrays at once."""

    __slots__ = ("program", "recorder", "twin", "where")

    def __init__(self, sites: CountingSites, where: Where, twin: Any, program: Program) -> None:
        self.recorder = sites.recorder
        self.where = where
        self.twin = twin
        self.program = program

    def before(self, *given: Any) -> Any:
        """Run the bumped function's site, if there is one."""
        leaves = leaves_of(self.program, given, sys._getframe(1))
        if leaves is None:
            return None
        self.recorder.seen(leaves)
        site = self.twin()
        result = None if site is None else site.__self__.call_with(*leaves)
        for output in result if type(result) is tuple else (result,):
            self.recorder.made(output, self.where, "a region")
        return result

    def after(self, result: Any) -> None:
        """Do nothing: the observers of its operations and calls have counted."""


def leaves_of(program: Program, given: Iterable[Any], frame: FrameType) -> list[Any] | None:
    """Return the values of a region's leaves, as its site finds them; None if one has no value."""
    values, names = iter(given), ChainMap(frame.f_globals, frame.f_builtins)
    try:
        return [
            names[leaf]
            if origin == GLOBAL
            else next(values).cell_contents
            if origin == CELL
            else next(values)
            for leaf, origin in zip(program.leaves, program.origins, strict=True)
        ]
    except (KeyError, ValueError):  # a global that doesn't exist, an empty cell
        return None


class CountingOperation:
    """An operator: its operands are known arrays, its result may be a new one."""

    __slots__ = ("direct", "recorder", "symbol", "twin", "where")

    def __init__(self, sites: CountingSites, where: Where, twin: Any, operation: Operation) -> None:
        self.recorder = sites.recorder
        self.direct = sites.style is _DIRECT
        self.where = where
        self.twin = twin
        self.symbol = symbol_of(operation.operator)

    def before(self, *operands: Any) -> Any:
        """Run the bumped function's site, if there is one."""
        self.recorder.seen(operands)
        if self.symbol == "[]":
            self.recorder.copied(operands[1:])
        site = self.twin()
        if site is None:
            return None
        result = site(*operands)
        if self.direct:  # it may have left the operands to the operator itself
            self.after(result)
        return result

    def after(self, result: Any) -> None:
        """Count what the operator returned."""
        self.recorder.made(result, self.where, self.symbol)


class CountingCall:
    """A call: of an allocating primitive, of a function to be entered, or of unknown code."""

    __slots__ = ("recorder", "sites", "twin", "where")

    def __init__(self, sites: CountingSites, where: Where, twin: Any) -> None:
        self.sites = sites
        self.recorder = sites.recorder
        self.where = where
        self.twin = twin

    def call(self, callee: Any, /, *args: Any, **kwargs: Any) -> tuple[Any, Any, Any]:
        """Return what to call, the result if there is one, and what to tell `after`."""
        owner = getattr_self(callee)
        self.recorder.seen((*args, *kwargs.values(), owner))
        if type(owner) is np.ndarray and function_of(callee) is np.ndarray.resize:
            self.recorder.forget(owner)
        twin = self.twin()
        direct = self.sites.style is _DIRECT
        if twin is not None and not direct:
            instead, result = twin.__self__.call(callee, *args, **kwargs)
            if result is not None or type(instead) is functools.partial:
                return instead, result, None
        about = primitive(callee)
        if about is None:
            instead = self.sites.enter(callee, args, kwargs)
            if instead is not None:
                return instead, None, None
            about = self.unknown(callee)
        if twin is not None and direct:
            callee = twin.__self__.call(callee)
        # The arguments live until the result is counted, as those of a site do.
        return callee, None, about and (about, (owner, *args), kwargs)

    def method(self, callee: Any, /, *args: Any, **kwargs: Any) -> tuple[Any, Any, Any]:
        """Do the same for a method with keywords, which the code loads bound for the site."""
        instead, result, token = self.call(callee, *args, **kwargs)
        return as_loaded(callee) if instead is callee else instead, result, token

    def spread(self, callee: Any, args: Any, kwargs: Any = None) -> tuple[Any, Any, Any]:
        """Do the same for a call with ``*args`` and ``**kwargs``."""
        if type(args) in (tuple, list) and (not kwargs or type(kwargs) is dict):
            return self.call(callee, *args, **(kwargs or {}))
        return callee, None, None

    def after(self, token: Any, result: Any) -> None:
        """Count what the call returned."""
        if token is None:
            return
        about, args, _ = token
        if about.reason:
            self.recorder.unseen(result, self.where, about.name, about.reason)
            return
        self.recorder.made(result, self.where, about.name, heap=about.heap)
        if about.copies:
            self.recorder.copied(args)

    def unknown(self, callee: Any) -> About | None:
        """Name code that the profile doesn't see into; None for what only passes objects on."""
        module = getattr(callee, "__module__", None)
        if not isinstance(module, str) or module == "builtins":
            owner = getattr_self(callee)
            module = owner.__name__ if isinstance(owner, ModuleType) else type(owner).__module__
            if module == "builtins":
                return None
        name = name_of(callee)
        if isinstance(callee, type):
            return About(name, reason="a class, which is not entered (bump can decorate it)")
        if isinstance(callee, FunctionType):
            reason = self.sites.policy.refusal(callee)
            reason = reason or self.sites.rewriter.reason(callee.__code__)
            return About(name, reason=reason) if reason else None
        return About(name, reason="compiled code, which the profile doesn't see into")


class About(NamedTuple):
    """What is known of a callee whose result is looked at."""

    name: str
    heap: bool = False  # its arrays stay on the heap
    copies: bool = False  # the arena takes copies of its arguments while the call runs
    reason: str = ""  # why the profile doesn't see into it


def primitive(callee: Any) -> About | None:
    """Return what is known of an allocating primitive; None for any other callable."""
    while type(callee) is functools.partial:
        callee = callee.func
    found = find(callee)
    if found is not None:
        row = found[0]
        bound = row.name.startswith(("numpy.random.RandomState.", "numpy.ufunc."))
        name = name_of(callee) if bound else row.name
        return About(name, row.equivalent is None and _leaves_to_heap(), row.copies)
    if type(callee) is np.ufunc:
        return About(name_of(callee))
    if callee is ABSOLUTE:
        return About("abs")
    if type(callee) is BuiltinFunctionType and callee in (divmod, pow, sum):
        return About(callee.__name__, heap=_leaves_to_heap())
    return None


def _leaves_to_heap() -> bool:
    """Whether arrays that compiled code makes for itself come from the heap when it is bumped."""
    return selected().name == "python"


def getattr_self(callee: Any) -> Any:
    """Return the object of a bound method, without running foreign code."""
    try:
        return object.__getattribute__(callee, "__self__")
    except AttributeError:
        return None
