"""Reductions and scans, as functions and as methods."""

from __future__ import annotations

import numpy as np
import pytest

from .inputs import INPUTS

NAMES = ["sum", "prod", "max", "min", "any", "all", "mean", "std", "var", "argmax", "argmin",
         "cumsum", "cumprod", "ptp", "median", "nansum", "nanmean", "nanstd", "nanmax", "nanargmin",
         "nanprod", "nancumsum", "nanmedian", "count_nonzero", "average"]  # fmt: skip
METHODS = [name for name in NAMES[:13]]
AXES = [None, 0, 1, -1, (0, 1)]
ARRAYS = [
    "a",
    "fo",
    "gap",
    "rev",
    "bc",
    "odd",
    "i",
    "u",
    "q",
    "h",
    "f",
    "z",
    "holes",
    "large",
    "thin",
    "obj",
    "e",
]


@pytest.mark.parametrize("name", NAMES)
def test_functions(same, name):
    function = getattr(np, name)
    rows = [(INPUTS[array], axis) for array in ARRAYS for axis in AXES]
    rows = [row for i, row in enumerate(rows) if name in METHODS or i % 3 == 0]
    same.each(lambda x, axis: function(x, axis=axis), rows)


@pytest.mark.parametrize("name", METHODS)
def test_methods(same, name):
    namespace: dict = {"__name__": "cases"}
    exec(f"def f(x, axis):\n    return x.{name}(axis)", namespace)
    same.each(namespace["f"], [(INPUTS[array], axis) for array in ARRAYS for axis in AXES])


CASES = [
    (
        "a.sum(), a.sum(0), a.sum(axis=1, keepdims=True), a.sum(axis=(0, 1), keepdims=True), "
        "t.sum((0, 2)), t.sum(axis=())"
    ),
    (
        "a.sum(dtype='f4'), a.sum(0, 'f4'), i4.sum(0), i4.sum(0, np.int32), u.sum(1, "
        "dtype=np.uint8), h.sum(0), h.sum(0, dtype=float)"
    ),
    "a.sum(out=np.empty(())), a.sum(0, out=np.empty(4)), a.sum(0, None, np.empty(4, 'f4'))",
    "a.sum(0, out=np.empty(3))",
    "a.sum(2)",
    "a.sum('x')",
    "a.sum(axis=1.0)",
    (
        "a.sum(where=a > 0), a.sum(0, where=a > 0), a.sum(0, initial=5), np.sum(a, 0, initial=5, "
        "where=a > 0), a.prod(1, where=q)"
    ),
    (
        "a.max(0, initial=0, where=a < 0), a.min(1, initial=9.0), a.max(1, keepdims=True), "
        "np.max(a, (0, 1)), np.amax(a, 0), np.amin(a)"
    ),
    "e.max()",
    "e.max(0)",
    "e.max(1), e.sum(0), e.sum(1), e.prod(0), e.all(0), e.any(1), ei.sum(1), ei.max(0)",
    "ev.argmax()",
    (
        "a.mean(), a.mean(0), a.mean(1, 'f4'), i.mean(0), h.mean(0), f.mean(), u.mean(1, "
        "keepdims=True), a.mean(0, where=a > 0), z.mean(0)"
    ),
    (
        "q.mean(0), spans.mean(), spans.sum(0), dates.max(0), dates.min(), hours.argmax(1), "
        "obj.sum(0), obj.max(), text.max()"
    ),
    (
        "a.std(), a.std(0), a.std(0, ddof=1), a.var(1, correction=1), np.std(z, 0), np.var(i, 0),"
        " np.var(h), np.std(f, 0, keepdims=True)"
    ),
    (
        "np.var(a, 0, mean=a.mean(0, keepdims=True)), np.std(a, where=a > 0), np.std(a, 0, "
        "out=np.empty(4)), a.var(0, ddof=3)"
    ),
    (
        "a.any(), a.any(0), q.all(1), q.any(0, keepdims=True), np.any(a, 0, where=q), np.all(obj,"
        " 0), a.all(axis=(0, 1))"
    ),
    (
        "a.argmax(), a.argmax(0), a.argmin(1), a.argmax(1, keepdims=True), fo.argmax(0), "
        "gap.argmin(0), np.argmax(a, 0, np.empty(4, int)), t.argmax(1)"
    ),
    (
        "[getattr(y, name)(axis=k, keepdims=keeps) for y in (a, v, t, fo, h, z, i4, q) for name "
        "in ('sum', 'prod', 'max', 'min', 'any', 'all', 'mean') for k in (None, 0, -1) for keeps "
        "in (True, False)]"
    ),
    (
        "a.argmax(keepdims=True), np.argmin(t, 1, keepdims=True), np.argmax(v), np.argmax([3, 1, "
        "2]), u.argmin(0), q.argmax(1), z.argmax(0)"
    ),
    (
        "a.cumsum(), a.cumsum(0), fo.cumsum(1), gap.cumsum(), a.cumprod(1), i4.cumsum(0), "
        "u.cumsum(), q.cumsum(1), h.cumsum(0), a.cumsum(dtype='f4')"
    ),
    (
        "np.cumsum(a, 0, out=np.empty((3, 4))), np.cumsum([1, 2, 3]), np.cumprod(z, 0), "
        "np.cumulative_sum(v, include_initial=True), np.cumsum(p)"
    ),
    (
        "a.trace(), t.trace(), t.trace(1), t.trace(0, 1, 2), np.trace(a, offset=-1), np.trace(t, "
        "axis1=0, axis2=2), i4.trace()"
    ),
    (
        "a.ptp(0) if hasattr(a, 'ptp') else np.ptp(a, 0), np.ptp(a), np.ptp(i, 1, keepdims=True),"
        " np.ptp(u, 0)"
    ),
    (
        "np.sum([1, 2, 3]), np.sum([[1, 2], [3, 4]], 0), np.sum(3), np.sum((x for x in [a, b])) "
        "if 0 else 0, sum([a, b]), max(v), min(v)"
    ),
    (
        "np.median(a), np.median(a, 0), np.median(a, axis=(0, 1), keepdims=True), np.median(i, "
        "1), np.median(v, overwrite_input=True)"
    ),
    (
        "np.percentile(a, 30), np.percentile(a, [10, 90], axis=0), np.quantile(a, 0.3, "
        "method='nearest'), np.quantile(a, [0, 0.5, 1], keepdims=True, axis=1)"
    ),
    (
        "np.percentile(a, 50, method='lower'), np.quantile(v, 0.4, weights=abs(w), "
        "method='inverted_cdf'), np.nanpercentile(holes, 40, axis=0)"
    ),
    "np.percentile(a, 101)",
    (
        "np.average(a), np.average(a, 0, weights=[1, 2, 3]), np.average(a, 1, row), np.average(a,"
        " 0, [1, 2, 3], returned=True)"
    ),
    (
        "np.nanmax(holes, 0), np.nanmin(holes), np.nanmean(holes, 1), np.nanvar(holes, 0, "
        "ddof=1), np.nansum(holes, 0), np.nanargmax(holes, 1), np.nancumprod(holes)"
    ),
    (
        "np.count_nonzero(a > 0), np.count_nonzero(i, 0), np.count_nonzero(q, 1, keepdims=True), "
        "np.nanquantile(holes, 0.5, axis=1)"
    ),
    (
        "np.linalg.norm(a), np.linalg.norm(a, axis=0), np.linalg.norm(a, 1), np.linalg.norm(m, "
        "2), np.linalg.norm(m, 'nuc'), np.linalg.norm(v, np.inf), np.linalg.norm(v, 3)"
    ),
    (
        "np.linalg.norm(a, axis=1, keepdims=True), np.linalg.norm(z, 'fro'), np.linalg.norm(i), "
        "np.linalg.norm(t, axis=(0, 2)), np.linalg.norm(v, 0), np.linalg.norm(f, -1, 0)"
    ),
    (
        "np.linalg.vector_norm(a, axis=0), np.linalg.matrix_norm(stack), np.linalg.norm(m, -2), "
        "np.linalg.cond(m), np.linalg.matrix_rank(m), np.linalg.norm(h)"
    ),
    (
        "np.max(large, 0), np.sum(large), np.sum(large, 1), np.mean(large.T, 0), np.cumsum(large,"
        " 0), np.std(large, 1), np.argmax(large, 0), np.median(large, 0)"
    ),
    (
        "(a * b).sum(axis=1), (a + b).mean(0) - a.mean(0), np.sqrt((a * a).sum(-1)), (large * "
        "large).sum(), (large > 0).sum(1)"
    ),
    (
        "np.logical_and.reduce([a > 0, b > 0, q]), np.maximum.reduce([a, b, fo]), "
        "np.add.reduce((a, b))"
    ),
    (
        "np.max(a, None, None, True), np.sum(a, 0, None, None, True), np.mean(a, 0, None, None, "
        "True), np.prod(u, 0), np.min(fo, 1), np.sum(thin, 1), np.sum(mid, (0, 1))"
    ),
    (
        "t4.sum((0, 3)), t4.max((1, 2), keepdims=True), fo3.sum(1), fo3.sum((0, 2)), fo3.mean(0),"
        " mid.sum(0), mid.sum(1, keepdims=True), mid.cumsum(2), mid.argmax(0)"
    ),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_cases(same, case):
    same.text(case)


@pytest.mark.parametrize("length", range(1, 10))
@pytest.mark.parametrize("dtype", ["f8", "f4", "f2", "c16", "i4"])
def test_sums_of_short_rows(same, dtype, length):
    """Of special values too, where a sum may raise flags."""

    def f(x, y):
        d = x - y
        squares = np.sum(d * d, axis=-1)
        return squares, x.sum(axis=-1), x.mean(axis=1), y.sum(-1, keepdims=True), x[::2].sum(1)

    x = np.random.default_rng(length).normal(size=(700, length)) * 10.0 ** np.arange(length)
    y = np.round(x.copy(), 2)
    special = np.resize([0.0, -0.0, 1e30, -1e30, np.inf, -np.inf, np.nan], x.shape)
    arrays = (x, y), (y * 0, -y * 0), *([(special, y), (special[::-1].copy(), special)]
                                      if dtype[0] in "fc" else [])  # fmt: skip
    with np.errstate(all="ignore"):
        rows = [tuple(array.astype(dtype) for array in pair) for pair in arrays]
    same.each(f, rows * 2)
