"""`compare` and `check`: plain and bumped calls side by side.

In: a callable and its arguments. Out: a `Comparison`; or a callable that compares as it goes. It
must not know bytecode.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar, cast

from ..numpy_names import own_names
from .data import Checks, Comparison, FunctionGain, LineGain, Reaction

__all__ = ["Checks", "Comparison", "FunctionGain", "LineGain", "check", "compare"]

F = TypeVar("F", bound=Callable[..., Any])
P = ParamSpec("P")
R = TypeVar("R")


def compare(f: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> Comparison[R]:
    """Call a function plain and bumped, in turns, and compare results, effects and times.

    Parameters
    ----------
    f : callable
        A function, a method, a partial or a callable object. A function that isn't bumped gets a
        buffer that grows; a bumped function keeps its own.
    *args, **kwargs
        What to call it with. Each call gets copies, so calls may change them.

    Returns
    -------
    Comparison
        What differs, how much faster the bumped call is, and the same for each function and line
        below it; why lines gained little, and what to write instead.

    Raises
    ------
    TypeError
        If `f` is not callable, a class, or makes a generator or coroutine.

    Notes
    -----
    Results are compared with their types, dtypes, shapes, strides, flags and bits; so are
    exceptions with their tracebacks, warnings, output, arguments after the call, and the state of
    the random numbers, with which all calls begin alike. What a call does to files or global
    variables happens at each of some hundred calls.

    The call is timed without any tool. Lines are timed in calls of their own by a trace function,
    whose time is subtracted, and scaled to the time of the whole call: short lines are less
    precise.

    Examples
    --------
    >>> import numpy as np
    >>> import alloc_rewrite as alloc
    >>> def f(x):
    ...     return x * 2.0 + x * x
    >>> c = alloc.compare(f, np.ones(1000))
    >>> c.same, c.nbytes, c.functions[0].function
    (True, 24000, 'f')
    """
    with own_names():  # loaded now, as a program that compares nothing needs none of it
        from .comparing import compared
    return compared(f, args, kwargs)


def check(f: F, /, *, every: int = 1, on_difference: Reaction = "warn") -> F:
    """Make a function compare its bumped calls with plain calls while it is used.

    Parameters
    ----------
    f : callable
        A function, bumped or not, or a method; not a class, nor a function that makes a generator
        or coroutine.
    every : int
        Which calls to compare: the first and every nth after it.
    on_difference : {"warn", "raise"} or callable
        What to do if they differ: give a `DifferenceWarning`, raise a `DifferenceError` instead of
        returning, or call this with the message.

    Returns
    -------
    callable
        A function that does what the bumped `f` does. Its attribute ``checks`` is a `Checks`.

    Raises
    ------
    TypeError
        If `f` is of another kind.
    ValueError
        If `every` isn't positive, or `on_difference` is none of the above.

    Notes
    -----
    For a call that is compared, the plain function runs first, on copies of the arguments, then the
    bumped one on the arguments themselves. So what the function does to files, global variables or
    other objects happens twice. The random numbers of `random` and `numpy.random` are the same for
    both. Calls of `f` from inside `f` are part of the outer call.

    Examples
    --------
    >>> import numpy as np
    >>> import alloc_rewrite as alloc
    >>> @alloc.check
    ... def f(x):
    ...     return x * 2.0 + x
    >>> f(np.ones(2))
    array([3., 3.])
    >>> f.checks.compared, f.checks.different
    (1, 0)
    """
    with own_names():
        from .checking import checked
    return cast(F, checked(f, every, on_difference))
