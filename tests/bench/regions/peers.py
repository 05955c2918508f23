"""Other ways to run a kernel: by hand with `out=`, by numexpr, by Numba.

Out: `prepare`, which returns a callable for a kernel, or None where there is none: nobody wrote it,
the package is not installed, or it refuses the kernel. Both packages are held to one thread. What a
way needs before its first result (work arrays, compiling) is done in `prepare`, and not timed.
"""

import importlib
import types
import warnings
from collections.abc import Callable
from typing import Any

from tests.bench.regions.kernels import Arguments, ArrayKernel

Prepared = Callable[..., Any]  # takes the kernel's arguments
WAYS = ("out=", "numexpr", "numba")
MODULES = {
    "out=": ("by_hand", "by_hand_functions", "by_hand_stencils"),
    "numexpr": ("numexpr_peers",),
}

_found: dict[tuple[str, str], Callable[..., Prepared]] = {}


def peer(way: str) -> Callable[[Callable[..., Prepared]], Callable[..., Prepared]]:
    """Enter the function below: given a kernel's arguments, it prepares the kernel of its name."""

    def enter(make: Callable[..., Prepared]) -> Callable[..., Prepared]:
        _found[way, make.__name__] = make
        return make

    return enter


def prepare(way: str, kernel: ArrayKernel, arguments: Arguments) -> Prepared | None:
    """Return a callable that takes arguments like these, or None."""
    if way == "numba":
        return _compiled_by_numba(kernel.function, arguments)
    try:
        for name in MODULES[way]:
            importlib.import_module(f"{__package__}.{name}")
    except ImportError:
        return None
    make = _found.get((way, kernel.name))
    return None if make is None else make(*arguments)


def _compiled_by_numba(function: Callable[..., Any], arguments: Arguments) -> Prepared | None:
    """The very same function, compiled, or None if Numba won't have it."""
    try:
        import numba
    except ImportError:
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            compiled = numba.njit(_with_compiled_helpers(function, numba.njit))
            compiled.compile(tuple(numba.typeof(argument) for argument in arguments))
        except Exception:  # numba.core.errors has many, and lowering raises others
            return None
    return compiled


def _with_compiled_helpers(function: Callable[..., Any], compile_one: Any) -> Callable[..., Any]:
    """A copy of a function; the functions beside it that it calls are compiled."""
    names = function.__globals__
    helpers = {
        name: compile_one(_with_compiled_helpers(names[name], compile_one))
        for name in function.__code__.co_names
        if isinstance(names.get(name), types.FunctionType)
    }
    if not helpers:
        return function
    return types.FunctionType(
        function.__code__, {**names, **helpers}, function.__name__, function.__defaults__
    )
