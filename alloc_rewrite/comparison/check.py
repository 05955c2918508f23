"""`check`: a bumped function that is compared with the plain one as it is used.

In: a callable. Out: a function that runs both, and returns what the bumped one does. It must not
know how values are compared.
"""

from __future__ import annotations

import functools
import sys
import threading
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeVar, cast

from ..bump import bump, bumped_with
from ..errors import DifferenceError, DifferenceWarning, warn_the_user
from .copies import fresh
from .observation import PACKAGE, Outcome, compared, set_stream, stream, watch
from .pairs import check_kind, names_of, owner_of, plain_of

F = TypeVar("F", bound=Callable[..., Any])
Reaction = Literal["warn", "raise"] | Callable[[str], object]


@dataclass(slots=True)
class Checks:
    """What a function made by `check` has seen.

    Attributes
    ----------
    calls, compared, skipped, different : int
        Number of calls; of those that were compared; of those that should have been, but had
        arguments that can't be copied; of those that differed.
    differences : tuple of str
        How the last one that differed did so.
    """

    calls: int = 0
    compared: int = 0
    skipped: int = 0
    different: int = 0
    differences: tuple[str, ...] = ()


def check(f: F, /, *, every: int = 1, on_difference: Reaction = "warn") -> F:
    """Make a function compare its bumped calls with plain calls while it is used.

    Parameters
    ----------
    f : callable
        A function, bumped or not, or a method; not a class, nor a function that makes a generator
        or coroutine.
    every : int
        Which calls to compare: the first and every nth after it.
    on_difference : {"warn", "raise"} or callable
        What to do if they differ: give a `DifferenceWarning`, raise a `DifferenceError` instead of
        returning, or call this with the message.

    Returns
    -------
    callable
        A function that does what the bumped `f` does. Its attribute ``checks`` is a `Checks`.

    Raises
    ------
    TypeError
        If `f` is of another kind.
    ValueError
        If `every` isn't positive, or `on_difference` is none of the above.

    Notes
    -----
    For a call that is compared, the plain function runs first, on copies of the arguments, then the
    bumped one on the arguments themselves. So what the function does to files, global variables or
    other objects happens twice. The random numbers of `random` and `numpy.random` are the same for
    both. Calls of `f` from inside `f` are part of the outer call.

    Examples
    --------
    >>> import numpy as np
    >>> import alloc_rewrite as alloc
    >>> @alloc.check
    ... def f(x):
    ...     return x * 2.0 + x
    >>> f(np.ones(2))
    array([3., 3.])
    >>> f.checks.compared, f.checks.different
    (1, 0)
    """
    check_kind(f, "check")
    if every < 1:
        raise ValueError(f"check: every={every} is not positive")
    if on_difference not in ("warn", "raise") and not callable(on_difference):
        raise ValueError(
            f"check: on_difference={on_difference!r} is not 'warn', 'raise' or a function"
        )
    plain, known = plain_of(f)
    made = bump(f) if known is None else bumped_with(known.sites, plain)
    checker = _Checker(plain, made, every, on_difference)

    @functools.wraps(cast(Any, f))
    def checked(*args: Any, **kwargs: Any) -> Any:
        return checker.call(args, kwargs)

    checked.checks = checker.checks  # type: ignore[attr-defined]
    return cast(F, checked)


class _Checker:
    def __init__(self, plain: Any, made: Any, every: int, reaction: Reaction) -> None:
        self.plain, self.bumped = plain, made
        self.every, self.reaction = every, reaction
        self.checks = Checks()
        self._lock = threading.Lock()
        self._inner = threading.local()  # which form calls from inside mean
        self._shown: dict[Any, Any] = {}  # the registry of warnings

    def call(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        inner = getattr(self._inner, "form", None)
        if inner is not None:
            return inner(*args, **kwargs)
        with self._lock:
            wanted = self.checks.calls % self.every == 0
            self.checks.calls += 1
        if not wanted:
            return self.bumped(*args, **kwargs)
        values, shared = fresh((self.plain, *args, *kwargs.values()))
        if shared:
            self.checks.skipped += 1
            return self.bumped(*args, **kwargs)
        return self._compared(values, args, kwargs)

    def _compared(self, copies: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        plain, *rest = copies
        before = stream()
        expected = self._watched(
            plain,
            tuple(rest[: len(args)]),
            dict(zip(kwargs, rest[len(args) :], strict=True)),
            owner_of(plain),
        )
        set_stream(before)
        got = self._watched(self.bumped, args, kwargs, owner_of(self.plain))
        found = compared(expected, got, names_of(args, kwargs))
        self.checks.compared += 1
        for one in got.warnings:
            self._warn_again(one)
        if found:
            self.checks.different += 1
            self.checks.differences = tuple(found)
            self._react("; ".join(found))
        if got.error is not None:
            raise got.error
        return got.result

    def _watched(
        self, form: Any, args: tuple[Any, ...], kwargs: dict[str, Any], owner: Any
    ) -> Outcome:
        self._inner.form = form
        try:
            return watch(form, args, kwargs, owner)
        finally:
            self._inner.form = None

    def _react(self, found: str) -> None:
        name = getattr(self.plain, "__qualname__", repr(self.plain))
        error = DifferenceError(f"the bumped call of {name} differs from the plain call: {found}")
        if self.reaction == "raise":
            raise error
        if self.reaction == "warn":
            warn_the_user(str(error), DifferenceWarning)
        else:
            self.reaction(str(error))

    def _warn_again(self, one: warnings.WarningMessage) -> None:
        """Give a warning that was kept; one for the caller of the function at the user's line."""
        filename, line = one.filename, one.lineno
        frame = sys._getframe()
        if filename.startswith(PACKAGE):
            while frame.f_back is not None and frame.f_code.co_filename.startswith(PACKAGE):
                frame = frame.f_back
            filename, line = frame.f_code.co_filename, frame.f_lineno
        warnings.warn_explicit(one.message, one.category, filename, line, registry=self._shown)
