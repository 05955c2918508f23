"""The sites of calls.

In: a callable and the arguments it is about to be called with. Out: what to call instead, and
the result if there is one already. It must not know bytecode.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
from numpy import absolute, positive

from ..callables import as_loaded, has_placeholder, with_partial
from ..errors import BufferFullError
from ..numpy_facts import ABSOLUTE
from ..registry import find
from ..sites.equivalent import Equivalents
from ..sites.errstate import attempt
from ..sites.exceptions import EXPECTED, from_signal_handler
from . import budget
from .site import Site
from .variants import Variants

ndarray = np.ndarray
ufunc_type = np.ufunc
_MANY = 16  # ufuncs remembered by one site


class CallSite(Site):
    """A call of anything."""

    __slots__ = ("equivalents", "known", "variants")

    weight = 2.5

    def __init__(self, *base: Any) -> None:
        super().__init__(*base)
        self.equivalents = Equivalents(self, "")
        self.known: tuple[Any, Any] = (None, None)  # the last function with a row, and that
        self.variants: dict[np.ufunc, Variants] = {}

    def call(self, callee: Any, /, *args: Any, **kwargs: Any) -> tuple[Any, Any]:
        """Return what to call instead of `callee`, and the result if there is one already."""
        instead = result = None
        try:
            if type(callee) is ufunc_type and callee.signature is None:
                instead, result = self.ufunc(callee, args, kwargs)
            elif type(callee) is functools.partial:
                instead, result = self.partial(callee, args, kwargs)
            elif callee is ABSOLUTE:
                if len(args) == 1 and type(args[0]) is ndarray and not kwargs:
                    instead, result = self.ufunc(absolute, args, kwargs)
            else:
                result = self.row(callee, args, kwargs)
                if result is None:
                    instead = self.sites.callees.enter(callee, args, kwargs)
                    if instead is not None:
                        self.hit(0)  # no array, but entering takes time as well
        except BufferFullError:
            raise
        except EXPECTED as error:  # a fault of this library must not become the caller's
            if from_signal_handler(error):
                raise
        if instead is None and result is None:
            self.missed()
            return callee, None
        self.misses = 0
        return callee if instead is None else instead, result

    def missed(self) -> None:
        """Count calls in a row that had nothing to do with arrays; switch the site off."""
        self.misses += 1
        if self.misses >= budget.MISSES:
            self.give_back()

    def method(self, callee: Any, /, *args: Any, **kwargs: Any) -> tuple[Any, Any]:
        """Do the same for a method with keywords, which the code loads bound for the site."""
        instead, result = self.call(callee, *args, **kwargs)
        return as_loaded(callee) if instead is callee else instead, result

    def spread(self, callee: Any, args: Any, kwargs: Any = None) -> tuple[Any, Any]:
        """Do the same for a call with ``*args`` and ``**kwargs``."""
        named = not kwargs or (type(kwargs) is dict and all(type(name) is str for name in kwargs))
        if type(args) in (tuple, list) and named:
            return self.call(callee, *args, **(kwargs or {}))
        return callee, None

    def ufunc(
        self, ufunc: np.ufunc, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[Any, Any]:
        """Return a ufunc that writes into an arena array, or such an array with the result."""
        inputs = args
        if len(args) == ufunc.nin + 1 and args[-1] is None:  # an `out` by position
            inputs = args[:-1]
        if len(inputs) != ufunc.nin or (kwargs and not _makes_an_array(kwargs)):
            return None, None
        variants = self.variants.get(ufunc)
        if variants is None:
            if len(self.variants) >= _MANY:
                self.variants.clear()
            variants = self.variants[ufunc] = Variants(ufunc, self.sites.buffer.arena)
        dtype = kwargs.get("dtype")
        variant = variants.find(inputs, dtype)
        out = None if variant is None else self.room(variant, ufunc.__name__)
        if out is None:
            return None, None
        if inputs is args and "out" not in kwargs:
            return functools.partial(ufunc, out=out), None
        if any(x.dtype.kind in "mM" for x in inputs if type(x) is ndarray):
            return None, None  # NumPy may warn of units, which has to come from the caller's line
        return None, attempt(ufunc, *inputs, out=out, dtype=dtype)

    def partial(
        self, callee: functools.partial[Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[Any, Any]:
        """Look through a partial object at what it calls."""
        if has_placeholder(callee):
            return None, None
        args, kwargs = with_partial(callee, args, kwargs)
        instead, result = self.call(callee.func, *args, **kwargs)
        if result is None and instead is not callee.func:
            instead = functools.partial(instead, *callee.args, **callee.keywords)
        elif result is None:
            instead = None
        return instead, result

    def row(self, callee: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Run the equivalent of the callee's registry row, if it has one."""
        known = self.known  # read once: another thread may replace it
        if callee is known[0]:
            return self.equivalents.run(known[1], args, kwargs)
        found = find(callee)
        if found is None:
            return None
        row, before = found
        if row.equivalent is None:
            return None
        self.equivalents.what = row.name
        if before:
            return self.equivalents.run(row.equivalent, before + args, kwargs)
        # Of a bound method nothing is kept: it would keep its object alive.
        self.known = (callee, row.equivalent)
        return self.equivalents.run(row.equivalent, args, kwargs)


def _makes_an_array(kwargs: dict[str, Any]) -> bool:
    """Whether a ufunc called with these keywords makes an array as it would without them.

    ``out=...`` asks for an array where a scalar would do; only arrays are made here.
    """
    for name, value in kwargs.items():
        if name not in ("out", "dtype", "subok") and not _is_default(name, value):
            return False
    out, dtype = kwargs.get("out"), kwargs.get("dtype")
    return (out is None or (out is ... and _OUT_MAY_BE_ELLIPSIS)) and (
        dtype is None or isinstance(dtype, np.dtype | type)
    )


def _is_default(name: str, value: Any) -> bool:
    default = _DEFAULTS.get(name)
    return default is not None and type(value) is type(default) and value == default


_DEFAULTS = {"where": True, "casting": "same_kind", "order": "K"}


def _accepts_ellipsis() -> bool:
    try:
        positive(1.0, out=...)
    except TypeError:
        return False
    return True


_OUT_MAY_BE_ELLIPSIS = _accepts_ellipsis()
