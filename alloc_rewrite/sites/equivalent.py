"""Running the equivalents of registry rows for a site.

In: a row's equivalent and the arguments of the call. Out: the finished result, or None. An
equivalent runs with every floating point error that NumPy would report as an exception, so that
one that would warn fails and the original code reports.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np

from ..errors import BufferFullError
from .errstate import attempt
from .exceptions import EXPECTED, from_signal_handler

ndarray = np.ndarray


class Asking(Protocol):
    """What an `Equivalents` needs to know of its site, and what it reports to the site."""

    sites: Any

    def missed(self) -> None: ...
    def hit(self, nbytes: int) -> None: ...
    def located(self, error: BufferFullError, what: str) -> BufferFullError: ...


class HeapNeededError(RuntimeError):
    """An array that has to come from the heap; the original code makes it."""


class Equivalents:
    """Runs the equivalents of registry rows for one site."""

    __slots__ = ("site", "what")

    def __init__(self, site: Asking, what: str) -> None:
        self.site = site
        self.what = what

    def empty(
        self, shape: tuple[int, ...], dtype: np.dtype[Any], strides: tuple[int, ...] | None = None
    ) -> ndarray[Any, Any]:
        """Return a new array of the arena, for an equivalent."""
        out: ndarray[Any, Any] | None = self.site.sites.buffer.arena.empty(shape, dtype, strides)
        if out is None:
            raise HeapNeededError
        return out

    def run(
        self, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        """Run an equivalent; None if it fails, would warn or declines."""
        site = self.site
        try:
            out = attempt(function, self.empty, *args, **kwargs)
        except BufferFullError as error:
            raise site.located(error, self.what) from None
        except EXPECTED as error:
            if from_signal_handler(error):
                raise
            return None
        if out is NotImplemented:
            return None
        for x in args:
            if out is x:  # such as asarray(x): that gains nothing
                site.missed()
                return out
        site.hit(getattr(out, "nbytes", 0))
        return out
