"""The floating point error state in which a site makes its attempt.

In: the caller's state, as `numpy.errstate` left it. Out: the same state, but with every
category that would be reported turned into an exception, so that an attempt that would
warn fails silently and the original instructions do the reporting. Categories that the
caller ignores stay ignored.
"""

from __future__ import annotations

from typing import Any

import numpy as np

# The context variable behind numpy.errstate. Setting it costs a tenth of entering errstate.
from numpy._core.umath import _extobj_contextvar, _make_extobj

_CATEGORIES = ("divide", "over", "under", "invalid")
_MANY = 64
_strict: dict[Any, Any] = {}

current = _extobj_contextvar.get
change = _extobj_contextvar.set


def strict(now: Any) -> Any:
    """Return the state for an attempt that is made in the state `now`.

    The attempt stands in ``try: change(strict(now)) ... finally: change(now)``. (A token would
    be lost to an exception that a signal handler raises right behind the first of these.)
    """
    try:
        return _strict[now]
    except KeyError:
        pass
    state = np.geterr()
    modes = {c: "ignore" if state[c] == "ignore" else "raise" for c in _CATEGORIES}  # type: ignore[literal-required]
    made = _make_extobj(**modes)  # type: ignore[arg-type]
    if np.geterrcall() is None:  # else the cache would keep the user's handler alive
        if len(_strict) >= _MANY:
            _strict.clear()
        _strict[now] = made
    return made
