"""The sites of calls.

In: a callable and the arguments it is about to be called with. Out: what to call instead, and
the result if there is one already. It must not know bytecode.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from ..errors import BufferFullError
from ..registry import find
from .rows import Rows
from .site import Site
from .variants import Variants

ndarray = np.ndarray
ufunc_type = np.ufunc


class CallSite(Site):
    """A call of anything."""

    __slots__ = ("rows", "variants")

    def __init__(self, *base: Any) -> None:
        super().__init__(*base)
        self.rows = Rows(self, "")
        self.variants: dict[np.ufunc, Variants] = {}

    def call(self, callee: Any, /, *args: Any, **kwargs: Any) -> tuple[Any, Any]:
        """Return what to call instead of `callee`, and the result if there is one already."""
        try:
            if type(callee) is ufunc_type and callee.signature is None:
                instead = self.ufunc(callee, args, kwargs)
            elif callee is abs:
                instead = self.ufunc(np.absolute, args, kwargs) if _is_array(args) else None
            else:
                result = self.row(callee, args, kwargs)
                if result is not None:
                    return callee, result
                instead = self.sites.callees.enter(callee, args, kwargs)
        except BufferFullError:
            raise
        except Exception:  # a fault of this library must not become the caller's
            instead = None
        if instead is not None:
            self.misses = 0  # if no array comes of it here, it leads to other sites
            return instead, None
        self.missed()
        return callee, None

    def spread(self, callee: Any, args: Any, kwargs: Any = None) -> tuple[Any, Any]:
        """Do the same for a call with ``*args`` and ``**kwargs``."""
        named = not kwargs or (type(kwargs) is dict and all(type(name) is str for name in kwargs))
        if type(args) is tuple and named:
            return self.call(callee, *args, **(kwargs or {}))
        return callee, None

    def ufunc(self, ufunc: np.ufunc, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Return a ufunc with an array for its result; None if it needs none, or several."""
        if len(args) != ufunc.nin or (kwargs and not _makes_an_array(kwargs)):
            return None
        variants = self.variants.get(ufunc)
        if variants is None:
            variants = self.variants[ufunc] = Variants(ufunc, self.sites.buffer)
        variant = variants.find(args)
        if variant is None:
            return None
        out = self.room(variant, ufunc.__name__)
        return None if out is None else functools.partial(ufunc, out=out)

    def row(self, callee: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Run the equivalent of the callee's registry row, if it has one."""
        found = find(callee)
        if found is None:
            return None
        row, before = found
        if row.equivalent is None:
            return None
        self.rows.what = row.name
        return self.rows.run(row.equivalent, before + args, kwargs)


def _is_array(args: tuple[Any, ...]) -> bool:
    return len(args) == 1 and type(args[0]) is ndarray


def _makes_an_array(kwargs: dict[str, Any]) -> bool:
    """Whether a ufunc called with these keywords does no more than without them.

    ``out=...`` asks for an array where a scalar would do; only arrays are made here.
    """
    return kwargs.keys() == {"out"} and (
        kwargs["out"] is None or (kwargs["out"] is ... and _OUT_MAY_BE_ELLIPSIS)
    )


def _accepts_ellipsis() -> bool:
    try:
        np.positive(1.0, out=...)
    except TypeError:
        return False
    return True


_OUT_MAY_BE_ELLIPSIS = _accepts_ellipsis()
