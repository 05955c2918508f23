"""Functions of NumPy without their Python code, over random arrays: plain and bumped agree."""

from __future__ import annotations

import functools
import warnings
from typing import Any

import numpy as np
from hypothesis import given, note
from hypothesis import strategies as st

import alloc_rewrite as alloc

from ..differential.compare import NOTHING_TO_DO, observe

DTYPES = ["f8", "f8", "f8", "f4", "i8", "i4", "u1", "?", "f2", "g", "c16", "c8", ">f8"]
SHAPES = [(1,), (2,), (3,), (7,), (16,), (130,), (8193,), (2, 2), (3, 3), (4, 1), (1, 5), (6, 3),
          (12, 12), (2, 3, 3), (0,), (0, 3), ()]  # fmt: skip
#: What an array may hold besides random numbers.
ODD = [0.0, -0.0, np.nan, np.inf, -np.inf, 1e308, -1e308, 1e-308, 5e-324, 1e30]
CALLS = [
    *("x.std()", "np.std(x, axis=k)", "x.var(ddof=1)", "np.var(x, k, keepdims=True)"),
    *("x.var(axis=k, ddof=q)", "np.median(x)", "np.median(x, axis=k)", "np.percentile(x, 100 * p)"),
    *("np.percentile(x, [0, 100 * p])", "np.quantile(x, p)", "np.quantile(x, [p, 1, 0.5])"),
    *("np.quantile(x, p, axis=k)", "np.percentile(x, q, k)", "np.linalg.norm(x)"),
    *("np.linalg.norm(x, axis=k)", "np.linalg.norm(x, 2, k, True)", "np.dot(x, y)", "x.dot(y)"),
    *("np.dot(x, x.T)", "np.outer(x, y)", "np.cross(x, y)", "np.diff(x)", "np.diff(x, axis=k)"),
    *("np.cumsum(x)", "x.cumsum(axis=k)", "np.cumprod(x, k)", "np.trace(x)", "x.trace()"),
    *("np.roll(x, q)", "np.roll(x, -q, axis=k)", "np.tile(x, q)", "np.tile(x, (q, 2))"),
    *("np.triu(x)", "np.tril(x, k)", "np.triu(x, k=-q)", "np.block([[x, y], [y, x]])"),
    *("np.argmax(x)", "np.argmin(x, axis=k)", "np.argsort(x)", "np.argsort(x, k)"),
    *("np.searchsorted(np.sort(x), y)", "np.searchsorted(x, p, side='right')", "np.nonzero(x)"),
    *("np.take(x, q)", "np.take(x, [0, -1], axis=k)", "np.repeat(x, q)", "np.repeat(x, 2, axis=k)"),
    *("np.interp(p, x, y)", "np.interp(y, np.sort(x), y)", "np.einsum('i,i->', x, y)"),
    *("np.einsum('ij->ji', x)", "np.reshape(x, (-1,))", "np.swapaxes(x, 0, k)", "np.squeeze(x)"),
    *("np.linalg.inv(x)", "np.linalg.det(x)", "np.linalg.solve(x, y)", "np.linalg.slogdet(x)"),
    *("np.linalg.cholesky(x @ x.T)", "np.linalg.eigh(x)", "np.linalg.eigvalsh(x, UPLO='U')"),
    *("np.linalg.qr(x)", "np.linalg.svd(x)", "np.linalg.svd(x, full_matrices=False)"),
]
STATES = ["ignore", "warn", "warn", "raise"]


@functools.cache
def functions(source: str) -> tuple[Any, Any]:
    """Return a function that makes a call under a state of errors, and its bumped form."""
    namespace: dict[str, Any] = {"np": np, "__name__": "cases"}
    lines = (
        "def case(x, y, k, q, p, state):",
        " with np.errstate(all=state):",
        f"  return {source}",
    )
    exec("\n".join(lines), namespace)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", NOTHING_TO_DO, alloc.RewriteWarning)
        return namespace["case"], alloc.bump(alloc.Buffer())(namespace["case"])


@st.composite
def arrays(draw: Any, shape: tuple[int, ...], dtype: str) -> np.ndarray:
    """An array of a layout and values of any kind; its NaNs are alike, as any of them may win."""
    rng = np.random.default_rng(draw(st.integers(0, 2**20)))
    whole = tuple(n * draw(st.sampled_from([1, 1, 1, 2])) for n in shape)
    x = np.asarray(rng.normal(0, draw(st.sampled_from([1, 3, 100])), whole))
    for value in draw(st.lists(st.sampled_from(ODD), max_size=3)):
        if x.size:
            x.flat[draw(st.integers(0, x.size - 1))] = value
    with np.errstate(all="ignore"):
        x = x.astype(dtype)
    if draw(st.integers(0, 3)) == 0:
        x = np.asfortranarray(x)
    steps = [n // m if m else 1 for n, m in zip(whole, shape, strict=True)]
    x = x[tuple(slice(None, None, draw(st.sampled_from([1, 1, -1])) * step) for step in steps)]
    return x if draw(st.integers(0, 3)) else np.ascontiguousarray(x).reshape(shape)


@given(st.data())
def test_calls(data: st.DataObject) -> None:
    source = data.draw(st.sampled_from(CALLS))
    shape = data.draw(st.sampled_from(SHAPES))
    dtype = data.draw(st.sampled_from(DTYPES))
    x = data.draw(arrays(shape, dtype))
    other = data.draw(st.sampled_from([dtype, dtype, dtype, "f8"]))
    y = data.draw(arrays(data.draw(st.sampled_from([shape, shape, shape, shape[:1]])), other))
    k = data.draw(st.sampled_from([0, -1, 1, 0]))
    q = data.draw(st.integers(0, 4))
    p = data.draw(st.sampled_from([0.0, 0.25, 0.5, 0.9, 1.0, 0.1 * q, 2.0]))
    state = data.draw(st.sampled_from(STATES))
    note(f"{source} of {x!r}, {y!r}, {k}, {q}, {p}, {state}")
    plain, bumped = functions(source)
    expected, _ = observe(plain, (x, y, k, q, p, state))
    got, _ = observe(bumped, (x, y, k, q, p, state))
    differences = expected.differences(got)
    assert not differences, "\n".join(differences)
