"""Other ways to run a kernel: by hand with `out=`, by numexpr, Numba, JAX or PyTorch.

Out: `prepare`, which returns a callable for a kernel, or None where there is none: nobody wrote it,
the package is not installed, or it refuses the kernel. All packages are held to one thread. What a
way needs before its first result (work arrays, compiling) is done in `prepare`, and not timed.

Numba, JAX and PyTorch compile the very same function. JAX runs it with `jax.numpy` for `numpy` and
with 64-bit numbers, on arrays of its own; it can't run kernels that change their arguments.
"""

import importlib
import types
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from tests.bench.regions.kernels import Arguments, ArrayKernel

Prepared = Callable[..., Any]  # takes the kernel's arguments
WAYS = ("out=", "numexpr", "numba", "jax", "torch")
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
    if way in _COMPILERS:
        try:
            importlib.import_module(way)
        except ImportError:
            return None
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                return _COMPILERS[way](kernel.function, arguments)
            except Exception:  # each compiler has many kinds, for what it doesn't know
                return None
    try:
        for name in MODULES[way]:
            importlib.import_module(f"{__package__}.{name}")
    except ImportError:
        return None
    make = _found.get((way, kernel.name))
    return None if make is None else make(*arguments)


def _by_numba(function: Callable[..., Any], arguments: Arguments) -> Prepared:
    import numba

    compiled = numba.njit(_with_helpers(function, numba.njit, {}))
    compiled.compile(tuple(numba.typeof(argument) for argument in arguments))
    return compiled


def _by_jax(function: Callable[..., Any], arguments: Arguments) -> Prepared | None:
    import jax
    import jax.numpy

    jax.config.update("jax_enable_x64", True)
    if _changes(function, arguments):
        return None
    translated = _with_helpers(function, lambda helper: helper, {"np": jax.numpy})
    static = tuple(n for n, given in enumerate(arguments) if not isinstance(given, np.ndarray))
    compiled = jax.jit(translated, static_argnums=static)
    own: dict[int, tuple[Any, Any]] = {}  # arrays of JAX for those given, which live as long

    def run(*given: Any) -> Any:
        taken = []
        for one in given:
            if isinstance(one, np.ndarray) and id(one) not in own:
                own[id(one)] = one, jax.numpy.asarray(one)
            taken.append(own[id(one)][1] if isinstance(one, np.ndarray) else one)
        return jax.block_until_ready(compiled(*taken))

    run(*arguments)
    return run


def _by_torch(function: Callable[..., Any], arguments: Arguments) -> Prepared | None:
    import torch

    torch.set_num_threads(1)
    if _changes(function, arguments):
        return None
    compiled = torch.compile(function, fullgraph=True, dynamic=False)
    compiled(*arguments)
    return compiled


_COMPILERS = {"numba": _by_numba, "jax": _by_jax, "torch": _by_torch}


def _changes(function: Callable[..., Any], arguments: Arguments) -> bool:
    """Whether a call changes its arguments."""
    copies = [one.copy() if isinstance(one, np.ndarray) else one for one in arguments]
    function(*copies)
    return not all(
        np.array_equal(one, two, equal_nan=one.dtype.kind in "fc")
        for one, two in zip(arguments, copies)
        if isinstance(one, np.ndarray)
    )


def _with_helpers(
    function: Callable[..., Any], compile_one: Any, names: dict[str, Any]
) -> Callable[..., Any]:
    """A copy of a function, with other global names; functions beside it that it calls likewise."""
    known = function.__globals__
    helpers = {
        name: compile_one(_with_helpers(known[name], compile_one, names))
        for name in function.__code__.co_names
        if isinstance(known.get(name), types.FunctionType)
    }
    if not helpers and not names:
        return function
    return types.FunctionType(
        function.__code__, {**known, **names, **helpers}, function.__name__, function.__defaults__
    )
