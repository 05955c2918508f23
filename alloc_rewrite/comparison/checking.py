"""Functions that are compared with their plain form as they are used.

In: a callable. Out: a function that runs both forms, and returns what the bumped one does. It must
not know how values are compared.
"""

from __future__ import annotations

import functools
import sys
import threading
import warnings
from typing import Any, cast

from ..bump import bump, bumped_with
from ..errors import DifferenceError, DifferenceWarning, warn_the_user
from .copies import fresh
from .data import Checks, Reaction
from .observation import PACKAGE, Outcome, compared, set_stream, stream, watch
from .pairs import check_kind, names_of, owner_of, plain_of


def checked(f: Any, every: int, on_difference: Reaction) -> Any:
    """Return a function that does what `check` says."""
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
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return checker.call(args, kwargs)

    wrapper.checks = checker.checks  # type: ignore[attr-defined]
    return wrapper


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
