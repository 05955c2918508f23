"""NumPy functions that only prepare and call compiled code: what their natives call directly.

In: nothing. Out: a table from function to the name of its native and what that needs. It must not
know how natives work, nor sites.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy import linalg
from numpy._core import multiarray
from numpy.linalg import _linalg

from ..numpy_facts import linalg_ufuncs

ndarray = np.ndarray


def _compiled(function: Any, kinds: str, *names: str) -> tuple[str, Any]:
    """Call a compiled function with the same arguments: see `csrc/calls/unwrapped.c`."""
    return "unwrapped", (function, kinds, names)


def _way(*names: str, form: str | None = None, **keywords: Any) -> tuple[Any, ...]:
    """Call these ufuncs of `numpy.linalg` for these keyword arguments: see `gufuncs.c` there."""
    ufuncs = tuple(ufunc for name in names for ufunc in linalg_ufuncs(name))
    kind = None if form is None else getattr(_linalg, form)
    return tuple(keywords), tuple(keywords.values()), ufuncs, kind


def _gufunc(*ways: tuple[Any, ...]) -> tuple[str, Any]:
    return "gufunc", ways


UNWRAPPED: dict[Any, tuple[str, Any]] = {
    linalg.inv: _gufunc(_way("inv")),
    linalg.solve: _gufunc(_way("solve1", "solve")),
    linalg.det: _gufunc(_way("det")),
    linalg.slogdet: _gufunc(_way("slogdet", form="SlogdetResult")),
    linalg.cholesky: _gufunc(_way("cholesky_lo"), _way("cholesky_up", upper=True)),
    linalg.eigh: _gufunc(
        _way("eigh_lo", form="EighResult"),
        _way("eigh_lo", form="EighResult", UPLO="L"),
        _way("eigh_up", form="EighResult", UPLO="U"),
    ),
    linalg.eigvalsh: _gufunc(
        _way("eigvalsh_lo"), _way("eigvalsh_lo", UPLO="L"), _way("eigvalsh_up", UPLO="U")
    ),
    linalg.svd: _gufunc(
        _way("svd*_f", form="SVDResult"),
        _way("svd*_f", form="SVDResult", full_matrices=True),
        _way("svd*_s", form="SVDResult", full_matrices=False),
        _way("svd*", compute_uv=False),
    ),
    linalg.qr: (
        "qr",
        (linalg_ufuncs("qr_r_raw*"), linalg_ufuncs("qr_reduced")[0], _linalg.QRResult),
    ),
    linalg.lstsq: ("lstsq", linalg_ufuncs("lstsq*")),
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
