"""How many threads a region may use.

In: a number. Out: nothing but its effect on the native core. It must not know regions.
"""

from __future__ import annotations

import operator

from .cores import native

MOST = 256
_number = [1]


def set_num_threads(number: int) -> None:
    """Let each region use so many threads; at first it is one.

    A region of the native core with enough to do (a million additions, or 30,000 sines) shares its
    blocks out among the threads. Results are the same to the bit for any number, and so are
    warnings and exceptions. The threads are started when they are needed first. While they work for
    one caller, regions that run in other threads of Python do with their own. On the Python core
    the number has no effect.

    Parameters
    ----------
    number : int
        From 1 to 256, with the thread that calls the function. More than the machine has
        processors makes it slower.

    Raises
    ------
    TypeError
        If it is no integer.
    ValueError
        If it is less than 1 or more than 256.

    Examples
    --------
    >>> import numpy as np
    >>> import alloc_rewrite as alloc
    >>> alloc.set_num_threads(2)
    >>> f = alloc.bump(lambda x: x * x + 2.0 * x + 1.0)
    >>> f(np.full(1_000_000, 2.0)).max()
    np.float64(9.0)
    >>> alloc.set_num_threads(1)
    """
    try:
        wanted = operator.index(number)
    except TypeError:
        raise TypeError(
            f"set_num_threads: the number of threads is an int, not {type(number).__name__}"
        ) from None
    if not 1 <= wanted <= MOST:
        raise ValueError(f"set_num_threads: {wanted} is not from 1 to {MOST}")
    if native is not None:
        native.set_num_threads(wanted)
    _number[0] = wanted


def get_num_threads() -> int:
    """Return how many threads a region may use.

    Examples
    --------
    >>> import alloc_rewrite as alloc
    >>> alloc.get_num_threads()
    1
    """
    return _number[0]
