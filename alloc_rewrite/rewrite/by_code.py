"""Rewriters: each code object is rewritten once.

In: code objects, and a `Sites` that makes what runs at each place. Out: their rewritten forms, or
why there are none. It must not know how code is rewritten.
"""

from __future__ import annotations

import weakref
from types import CodeType
from typing import Any, NamedTuple

from ..errors import NothingToDoError
from .owners import Sites
from .pipeline import failure
from .rewriter import Rewritten
from .sparing import Sparing


class _Entry(NamedTuple):
    code: weakref.ref[CodeType]
    rewritten: Rewritten | None
    reason: str


class Rewriter:
    """Rewrites functions with one kind of sites, each code object once."""

    def __init__(self, sites: Sites) -> None:
        self._sites = sites
        self._sparing = Sparing()
        self._entries: dict[int, _Entry] = {}

    def rewritten(self, code: CodeType, *, is_other: bool = False) -> Rewritten | None:
        """Return the rewritten form of a function's code, or None if it has to stay.

        That of another library is made anew less often.
        """
        entry = self._entries.get(id(code))
        if entry is not None and entry.code() is code:
            return entry.rewritten
        return self._rewrite(code, is_other).rewritten

    def is_foreign(self, error: Exception) -> bool:
        """Whether an exception comes from a signal handler, not from what was tried."""
        return self._sites.is_foreign(error)

    def knows(self, code: CodeType) -> bool:
        """Whether a function's code was looked at before."""
        entry = self._entries.get(id(code))
        return entry is not None and entry.code() is code

    def reason(self, code: CodeType) -> str:
        """Say why `rewritten` returned None for this code; empty if nothing is lost by it."""
        entry = self._entries.get(id(code))
        return entry.reason if entry is not None and entry.code() is code else ""

    def _rewrite(self, code: CodeType, is_other: bool) -> _Entry:
        result, reason = None, ""
        try:
            with self._sparing.spending("first"):
                result = Rewritten(code, self._sites, self._sparing)
                result.is_other = is_other
        except NothingToDoError:
            pass
        except Exception as error:
            reason = failure(error, code, self._sites.is_foreign)
        key, entries = id(code), self._entries

        def forget(_: Any) -> None:
            entries.pop(key, None)

        entry = entries[key] = _Entry(weakref.ref(code, forget), result, reason)
        return entry
