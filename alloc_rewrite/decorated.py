"""What other decorators made, which has no bytecode or only calls what it wraps.

In: an object that cannot be bumped. Out: an error, or a reason, that says where `bump` belongs.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
from types import FunctionType
from typing import Any

from .errors import short


def refusal(target: Any) -> TypeError:
    """Return the error for what has no bytecode: often what another decorator made."""
    kind, inside = type(target), _inside(target)
    name = decorator_of(target)
    if name is None and not kind.__name__.startswith("_"):
        name = f"{kind.__module__.partition('.')[0]}.{kind.__qualname__}"
    if inside is None or name is None:  # a private type, as of `np.sum`, is no user's decorator
        return TypeError(
            f"bump: {short(target)} has no Python bytecode to rewrite; bump a Python function that "
            "calls it"
        )
    written = f"def {inside.__name__}{_signature(inside)}: ..."
    if kind is functools.partialmethod:
        shown = f"{name}(alloc.bump({inside.__name__}), ...)"
    else:
        shown = f"\n\n    @{name}\n    @alloc.bump\n    {written}"
    return TypeError(
        f"bump: {inside.__qualname__} is wrapped by {name} already, in an object without Python "
        f"bytecode to rewrite; put @bump underneath: {shown}"
    )


def decorator_of(target: Any) -> str | None:
    """Return how source code names what made a compiled object, if that is known."""
    return _DECORATORS.get(f"{type(target).__module__}.{type(target).__qualname__}")


def _inside(target: Any) -> FunctionType | None:
    """Return the Python function that another decorator has wrapped, if it says which."""
    for name in ("__wrapped__", "py_func", "func", "pyfunc"):
        inside = inspect.getattr_static(target, name, None)
        if isinstance(inside, FunctionType):
            return inside
        if inside is not None:
            inside = getattr(target, name, None)
            if isinstance(inside, FunctionType):
                return inside
    return None


def _signature(function: FunctionType) -> str:
    try:
        return str(inspect.signature(function))
    except (TypeError, ValueError):
        return "(...)"


#: How source code names the types of such objects. A `__call__` in Python that some of them have
#: only leads to compiled code.
_DECORATORS = {
    "functools._lru_cache_wrapper": "functools.lru_cache",
    "numba.core.registry.CPUDispatcher": "numba.njit",
    "numba.np.ufunc.dufunc.DUFunc": "numba.vectorize",
    "numba.np.ufunc.gufunc.GUFunc": "numba.guvectorize",
}
_CONTEXTS: tuple[Any, ...] = (contextlib.contextmanager, contextlib.asynccontextmanager)
#: The code of functions that only call the one that they wrap, and why bump leaves them.
WRAPPERS = {
    made(_inside).__code__: f"it is wrapped by contextlib.{made.__name__}; put @bump underneath"
    for made in _CONTEXTS
}
