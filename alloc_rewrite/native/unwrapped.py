"""NumPy functions that only prepare and call compiled code: what their natives call directly.

In: nothing. Out: a table from function to the name of its native and what that needs. It must not
know how natives work, nor sites.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy import linalg
from numpy._core import multiarray
from numpy.linalg import _linalg, _umath_linalg

ndarray = np.ndarray


def _compiled(function: Any, kinds: str, *names: str) -> tuple[str, Any]:
    """Call a compiled function with the same arguments: see `csrc/calls/unwrapped.c`."""
    return "unwrapped", (function, kinds, names)


def _gufunc(*names: str, form: str | None = None) -> tuple[str, Any]:
    """Call one of these ufuncs of `numpy.linalg`: see `csrc/calls/gufuncs.c`."""
    ufuncs = tuple(getattr(_umath_linalg, name) for name in names)
    return "gufunc", (ufuncs, None if form is None else getattr(_linalg, form))


UNWRAPPED: dict[Any, tuple[str, Any]] = {
    linalg.inv: _gufunc("inv"),
    linalg.solve: _gufunc("solve1", "solve"),
    linalg.det: _gufunc("det"),
    linalg.slogdet: _gufunc("slogdet", form="SlogdetResult"),
    linalg.cholesky: _gufunc("cholesky_lo"),
    linalg.eigh: _gufunc("eigh_lo", form="EighResult"),
    linalg.eigvalsh: _gufunc("eigvalsh_lo"),
    np.argmax: _compiled(ndarray.argmax, "a:i", "axis"),
    np.argmin: _compiled(ndarray.argmin, "a:i", "axis"),
    np.argsort: _compiled(ndarray.argsort, "a:i", "axis"),
    np.searchsorted: _compiled(ndarray.searchsorted, "an:s", "side"),
    np.nonzero: _compiled(ndarray.nonzero, "a"),
    np.count_nonzero: _compiled(multiarray.count_nonzero, "a"),
    np.take: _compiled(ndarray.take, "an:i", "axis"),
    np.repeat: _compiled(ndarray.repeat, "an:i", "axis"),
    np.ravel: _compiled(ndarray.ravel, "a"),
    np.reshape: _compiled(ndarray.reshape, "ai"),
    np.transpose: _compiled(ndarray.transpose, "a:i"),
    np.squeeze: _compiled(ndarray.squeeze, "a:i", "axis"),
    np.swapaxes: _compiled(ndarray.swapaxes, "aii"),
    np.interp: _compiled(multiarray.interp, "nrr"),
    np.einsum: _compiled(multiarray.c_einsum, "sa*"),
}
