"""NumPy's functions under NumPy's names, also where other code has replaced one.

In: nothing. Out: a block of code in which `numpy` has its own functions. The modules of this
library are imported in such a block, since they bind what they need of NumPy then. Rewritten code
looks names up when it runs, and finds what stands there. It must not know what is bound.
"""

import contextlib
from collections.abc import Iterator

import numpy as np
from numpy._core import einsumfunc, fromnumeric, function_base, numeric, shape_base, umath

_HOMES = (einsumfunc, fromnumeric, function_base, numeric, shape_base, umath)


@contextlib.contextmanager
def own_names() -> Iterator[None]:
    """While it is open, each name of NumPy's core means what NumPy made it."""
    names, replaced = vars(np), {}
    for home in _HOMES:
        for name in home.__all__:
            own = vars(home)[name]
            if name in names and names[name] is not own:
                replaced[name] = names[name]
                names[name] = own
    try:
        yield
    finally:
        names.update(replaced)
