"""The plain and the bumped form of what users give: a function, bumped or not, or a method.

In: a callable. Out: both forms, and calls of either on copies of their arguments. It must not know
what is compared.
"""

from __future__ import annotations

import functools
import inspect
import time
from types import FunctionType, MethodType
from typing import Any

from ..buffer import Buffer
from ..bump import Bumped, as_function, bumped, bumped_with, sites_for
from ..callees import Policy
from ..compiled.kernels import workshop
from ..errors import short
from .copies import fresh
from .differences import differences
from .observation import Outcome, compared, observe, set_stream, stream

PLAIN, BUMPED = 0, 1
_WARM_UP = 200  # bumped calls, by which sites and callees that gain nothing are switched off
_WARM_UP_SECONDS = 1.0
_COMPILING_SECONDS = 10.0
_COMPARED = 5  # of these calls
_GENERATORS = ("isgeneratorfunction", "iscoroutinefunction", "isasyncgenfunction")


class Pair:
    """A callable in both forms, with its arguments."""

    def __init__(self, f: Any, what: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        check_kind(f, what)
        self.plain, known = plain_of(f)
        self.sites = sites_for(Buffer(), Policy(), always=False) if known is None else known.sites
        self._bump = functools.partial(bumped_with, self.sites)
        self.args, self.kwargs = args, kwargs
        self.shared: list[str] = []  # types of which objects couldn't be copied
        self._state = stream()

    def call(self, form: int) -> tuple[Any, tuple[Any, ...], dict[str, Any], Any]:
        """Return what to call, its arguments, and the object that it belongs to, all copied."""
        values, self.shared = fresh((self.plain, *self.args, *self.kwargs.values()))
        target = self._bump(values[0]) if form == BUMPED else values[0]
        args = values[1 : len(self.args) + 1]
        kwargs = dict(zip(self.kwargs, values[len(args) + 1 :], strict=True))
        return target, args, kwargs, owner_of(values[0])

    def observed(self, form: int) -> Outcome:
        """Call, and return what can be seen of it."""
        target, args, kwargs, owner = self.call(form)
        set_stream(self._state)
        return observe(target, args, kwargs, owner)

    def differences(self, expected: Outcome, got: Outcome) -> list[str]:
        """Say how a call differs from another."""
        return compared(expected, got, names_of(self.args, self.kwargs))

    def warm_up(self, expected: Outcome) -> tuple[list[str], Outcome]:
        """Call the bumped form until its sites settle; return differences, and the first outcome.

        The first result is looked at again at the end: later calls must not have overwritten it.
        """
        first = self.observed(BUMPED)
        found = self.differences(expected, first)
        start = time.perf_counter()
        for number in range(1, _WARM_UP):
            got = self.observed(BUMPED)
            if number < _COMPARED and not found:
                found = [f"in call {number + 1}: {x}" for x in self.differences(expected, got)]
            if number >= 3 and time.perf_counter() - start > _WARM_UP_SECONDS:
                break
        workshop.wait(_COMPILING_SECONDS)  # what it compiles is compared too, and timed in peace
        if not found:
            found = [f"later, {x}" for x in self.differences(expected, self.observed(BUMPED))]
        if not found:
            found = self.differences(expected, first)
            found = [f"a later call changed what the first had given: {one}" for one in found]
        return found, first

    def changes_nothing(self, expected: Outcome) -> bool:
        """Whether a call leaves its arguments, and the object of a method, as they were."""
        before = (*self.args, *self.kwargs.values(), owner_of(self.plain))
        return not differences(before, expected.arguments)


def check_kind(f: Any, what: str) -> None:
    """Raise TypeError for what can't be compared."""
    if not callable(f):
        raise TypeError(
            f"{what}: {short(f)} is not callable; give the function, then its arguments"
        )
    name = getattr(f, "__qualname__", repr(f))
    if isinstance(f, type):
        raise TypeError(f"{what}: {name} is a class; give one of its methods, or a function")
    if any(getattr(inspect, kind)(f) for kind in _GENERATORS):
        raise TypeError(
            f"{what}: a call of {name} only makes a generator or coroutine; give a function that "
            "uses it up"
        )


def plain_of(f: Any) -> tuple[Any, Bumped | None]:
    """Return the plain form of a callable, and what it is bumped with, if it is."""
    if isinstance(f, MethodType):
        inner, known = plain_of(f.__func__)
        return (f if known is None else MethodType(inner, f.__self__)), known
    if isinstance(f, functools.partial):
        inner, known = plain_of(f.func)
        return (f if known is None else functools.partial(inner, *f.args, **f.keywords)), known
    known = bumped(f) if isinstance(f, FunctionType) else None
    if known is None:
        return f, None
    if known.original.__globals__ is as_function.__globals__:  # of a partial or callable object
        return vars(known.original)["__wrapped__"], known
    return known.original, known


def owner_of(target: Any) -> Any:
    """Return the object that a call of a method or callable object may change."""
    return None if isinstance(target, FunctionType) else getattr(target, "__self__", target)


def names_of(args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[str]:
    """Return the names of what a call may change, for messages."""
    given = [f"argument {i}" for i in range(len(args))]
    return [*given, *(f"argument {name}" for name in kwargs), "the object of the method"]
