"""How many threads a region may use.

In: a number. Out: nothing but its effect on the native core. It must not know regions.
"""

from __future__ import annotations

import operator

from .cores import native

MOST = 256
_number = [1]


def set_num_threads(number: int) -> None:
    """Set how many threads a region may use; at first it is one.

    A region of the native core with enough to do (a million additions, or 30,000 sines) shares its
    blocks out among the threads. Results, warnings and exceptions are the same for any number, bit
    for bit. The threads start when they are first needed. While they work for one caller, regions
    in other Python threads run on one thread each. On the Python core the number has no effect.

    Parameters
    ----------
    number : int
        From 1 to 256, with the thread that calls the function. More than the machine has
        processors makes it slower.

    Raises
    ------
    TypeError
        If it is not an integer.
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
