"""The floating point error state in which a site makes its attempt.

In: the caller's state, as `numpy.errstate` left it. Out: the same state, but with every
category that would be reported turned into an exception, so that an attempt that would
warn fails silently and the original instructions report. Categories that the
caller ignores stay ignored.
"""

from __future__ import annotations

import contextvars
from collections.abc import Callable
from typing import Any

from numpy import geterr, geterrcall

# The context variable of numpy.errstate. Setting it costs a tenth of entering errstate.
from numpy._core.umath import _extobj_contextvar, _make_extobj

from ..interpreter import SETS_CONTEXT_SAFELY

_CATEGORIES = ("divide", "over", "under", "invalid")
_MANY = 64
_strict: dict[Any, Any] = {}

#: The context variable that `error_modes` depends on.
error_state = _extobj_contextvar
_get = _extobj_contextvar.get
_set = _extobj_contextvar.set

if SETS_CONTEXT_SAFELY:

    def attempt(function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """Call a function in the strict form of the caller's state."""
        now = _get()
        try:
            _set(_strict_form(now))
            return function(*args, **kwargs)
        finally:  # not a token: a signal handler's exception right after `_set` would lose it
            _set(now)

else:
    # An attempt sets nothing in the context that it finds.
    _copy = contextvars.copy_context
    _spare = [_copy() for _ in range(16)]  # freed ones are reused, without a collection
    del _spare

    def attempt(function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """Call a function in the strict form of the caller's state."""
        return _copy().run(_attempt, _strict_form(_get()), function, args, kwargs)

    def _attempt(state: Any, function: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        _set(state)
        return function(*args, **kwargs)


def error_modes() -> int:
    """Say what NumPy does about errors now: two bits for each category, from the lowest up.

    1: it ignores them; 2: it warns; 0: it prints, raises, or calls a user's function.
    """
    quiet = {"ignore": 1, "warn": 2}
    state = geterr()
    modes = 0
    for i, category in enumerate(_CATEGORIES):
        modes |= quiet.get(state[category], 0) << 2 * i  # type: ignore[literal-required]
    return modes


def _strict_form(now: Any) -> Any:
    try:
        return _strict[now]
    except KeyError:
        pass
    state = geterr()
    modes = {c: "ignore" if state[c] == "ignore" else "raise" for c in _CATEGORIES}  # type: ignore[literal-required]
    made = _make_extobj(**modes)  # type: ignore[arg-type]
    if geterrcall() is None:  # else the cache would keep the user's handler alive
        if len(_strict) >= _MANY:
            _strict.clear()
        _strict[now] = made
    return made
