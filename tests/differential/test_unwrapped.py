"""NumPy functions that the native core runs without their Python code."""

from __future__ import annotations

import itertools
import warnings

import numpy as np
import pytest

from .inputs import positive_definite, random, special

DTYPES = ["f8", "f4", "c16", "c8", "f2", "g", "i8", "i4", "u1", "?", ">f8", "O"]
LAYOUTS = {
    "C": lambda x: x,
    "F": np.asfortranarray,
    "reversed": lambda x: x[::-1, ::-1].copy()[::-1, ::-1],
    "gaps": lambda x: np.repeat(np.repeat(x, 2, 0), 3, 1)[::2, ::3],
    "frozen": lambda x: _frozen(x.copy()),
}


def _frozen(x):
    x.flags.writeable = False
    return x


def _matrix(n, dtype, layout):
    """Return a positive definite matrix; complex ones have imaginary parts."""
    x = positive_definite(n)
    if np.dtype(dtype).kind == "c":
        upper = np.triu(random((n, n), seed=3), 1)
        x = x + 1j * upper - 1j * upper.T
    return LAYOUTS[layout](x.astype(dtype))


def _vector(n, dtype, step=1):
    return random(n * abs(step), dtype, 4)[::step]


LINEAR = {
    "inv": lambda a, b: np.linalg.inv(a),
    "det": lambda a, b: np.linalg.det(a),
    "slogdet": lambda a, b: np.linalg.slogdet(a),
    "cholesky": lambda a, b: np.linalg.cholesky(a),
    "eigh": lambda a, b: np.linalg.eigh(a),
    "eigvalsh": lambda a, b: np.linalg.eigvalsh(a),
    "solve a vector": lambda a, b: np.linalg.solve(a, b),
    "solve a matrix": lambda a, b: np.linalg.solve(a, a[:, ::2]),
    "lstsq": lambda a, b: (np.linalg.lstsq(a, b), np.linalg.lstsq(a[:, 1:], b, rcond=1e-3)),
    "lstsq of wide and tall": lambda a, b: (
        np.linalg.lstsq(a[1:], a[1:, ::2]),
        np.linalg.lstsq(a[:, :2], a[:, 1:], None),
        np.linalg.lstsq(a[:, [0, 0]], b, -1.0),
    ),
    "norm": lambda a, b: (np.linalg.norm(a), np.linalg.norm(b)),
    "trace": lambda a, b: (np.trace(a), a.trace(), a[:, :2].trace(), a[1:].T.trace()),
    "qr": lambda a, b: (np.linalg.qr(a), np.linalg.qr(a[1:]), np.linalg.qr(a[:, 1:].copy())),
    "qr, modes": lambda a, b: (np.linalg.qr(a, mode="r"), np.linalg.qr(a, "complete")),
    "svd": lambda a, b: (np.linalg.svd(a), np.linalg.svd(a, compute_uv=False)),
    "svd of wide and tall": lambda a, b: (np.linalg.svd(a[1:]), np.linalg.svd(a[:, 1:])),
    "thin svd": lambda a, b: (
        np.linalg.svd(a[1:], full_matrices=False),
        np.linalg.svd(a[:, 1:], full_matrices=False),
        np.linalg.svd(a[1:], False),
        np.linalg.svd(a[:, 1:], compute_uv=False, full_matrices=True),
        np.linalg.svd(a[:, 1:], compute_uv=False),
    ),
    "upper": lambda a, b: (
        np.linalg.cholesky(a, upper=True),
        np.linalg.eigh(a, UPLO="L"),
        np.linalg.eigvalsh(a, UPLO="U"),
        np.linalg.eigh(a, "u"),
    ),
    "keywords": lambda a, b: (
        np.linalg.eigh(a, UPLO="U"),
        np.linalg.eigvalsh(a, "U"),
        np.linalg.inv(a=a),
        a.trace(1),
    ),
}


@pytest.mark.parametrize("name", LINEAR)
def test_linear_algebra(same, name):
    rows = [
        (lambda n=n, d=d, o=o: _matrix(n, d, o), lambda n=n, d=d, s=s: _vector(n, d, s))
        for (n, d), (o, s) in zip(
            itertools.product((1, 2, 3, 7, 50), DTYPES),
            itertools.cycle(itertools.product(LAYOUTS, (1, 2, -1))),
            strict=False,
        )
    ]
    same.each(LINEAR[name], rows)


STATES = ["ignore", "warn", "raise"]
ODD = {
    "singular": lambda: np.ones((3, 3)),
    "zeros": lambda: np.zeros((3, 3)),
    "not positive definite": lambda: -np.eye(3),
    "nan": lambda: np.array([[np.nan, 1.0], [1.0, 2.0]]),
    "infinity": lambda: np.array([[np.inf, 1.0], [1.0, 2.0]]),
    "huge": lambda: np.diag([1e200, 1e200, 1e200]),
    "tiny": lambda: np.diag([1e-200, 1e-200, 1e-200]),
    "huge singles": lambda: np.diag(np.full(3, 1e30, np.float32)),
    "tiny singles": lambda: np.diag(np.full(3, 1e-30, np.float32)),
    "not square": lambda: np.ones((2, 3)),
    "a vector": lambda: np.ones(3),
    "a stack": lambda: np.stack([positive_definite(3), positive_definite(3) * 2]),
    "empty": lambda: np.zeros((0, 0)),
    "a list": lambda: ((2.0, 1.0), (1.0, 3.0)),
    "a number": lambda: 3.0,
    "a text": lambda: "abc",
    "a masked array": lambda: np.ma.masked_less(positive_definite(3), 0),
    "a matrix": lambda: np.asmatrix(positive_definite(3)),
}


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("name", LINEAR)
@pytest.mark.filterwarnings("ignore:the matrix subclass:PendingDeprecationWarning")
def test_linear_algebra_of_odd_input(same, name, state):
    def case(a, b):
        with np.errstate(all=state):
            return LINEAR[name](a, b)

    same.each(case, [(one, lambda: np.ones(3)) for one in ODD.values()])


def test_solve_of_what_does_not_fit(same):
    def case(a, b):
        return np.linalg.solve(a, b)

    eye = lambda: np.eye(3)  # noqa: E731
    same.each(
        case,
        [
            (eye, lambda: np.ones(4)),
            (eye, lambda: np.ones((3, 0))),
            (eye, lambda: np.ones((2, 3, 1))),
            (eye, lambda: np.ones(3, np.float32)),
            (eye, lambda: np.ones(3, int)),
            (eye, lambda: 1.0),
            (lambda: np.zeros((3, 3)), lambda: np.ones(3)),
        ],
    )


MOMENTS = {
    "std": lambda x: (x.std(), np.std(x)),
    "var": lambda x: (x.var(), np.var(x), x.var(None)),
    "first axis": lambda x: (x.std(0), np.var(x, 0), x.var(axis=0, ddof=1)),
    "last axis": lambda x: (x.std(-1), np.var(x, axis=-1, keepdims=True)),
    "ddof": lambda x: (x.std(ddof=1), np.var(x, ddof=2), x.var(ddof=True), x.var(ddof=0.5)),
    "too much ddof": lambda x: x.std(ddof=200),
    "keepdims": lambda x: (x.std(keepdims=True), np.var(x, keepdims=True)),
    "others": lambda x: (
        x.std(dtype="f8"),
        x.var(axis=(0,)),
        x.std(out=np.empty(())),
        np.var(x, where=x == x),
    ),
    "norm": lambda x: (np.linalg.norm(x, axis=0), np.linalg.norm(x, axis=-1, keepdims=True)),
    "norm, order": lambda x: (np.linalg.norm(x, 2, 0), np.linalg.norm(x, ord=None, axis=-1)),
    "norm, other orders": lambda x: (np.linalg.norm(x, 1, 0), np.linalg.norm(x, np.inf, axis=0)),
    "norm of all": lambda x: (np.linalg.norm(x.ravel(), 2), np.linalg.norm(x, keepdims=True)),
    "no such axis": lambda x: x.std(axis=5),
    "norm, no such axis": lambda x: np.linalg.norm(x, axis=5),
}
SHAPES = [(1,), (2,), (7,), (9,), (100,), (8200,), (3, 4), (7, 1), (40, 50), (2, 3, 4), (0,), ()]


@pytest.mark.parametrize("name", MOMENTS)
def test_moments(same, name):
    rows = [
        (lambda s=s, d=d: np.asarray(random(s, d, 5)),)
        for s, d in itertools.product(SHAPES, ["f8", "f4", "i8", "u1", "?", "f2", "c16", ">f8"])
    ]
    same.each(MOMENTS[name], rows)


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("name", ["std", "var", "first axis", "norm"])
def test_moments_of_special_values(same, name, state):
    def case(x):
        with np.errstate(all=state):
            return MOMENTS[name](x)

    pick = [
        lambda d=d, at=at: special(d)[:, at]
        for d in (np.float64, np.float32)
        for at in ([9], [8], [5], [6], [7], [0, 1], [6, 7], [1, 9], [5, 6])
    ]
    same.each(case, [(one,) for one in pick])


@pytest.mark.parametrize("step", [1, 2, -1])
def test_moments_of_views(same, step):
    def case(x):
        return x.std(), np.var(x, ddof=1), np.linalg.norm(x), x.trace() if x.ndim > 1 else None

    same.each(
        case,
        [
            (lambda: random(60)[::step],),
            (lambda: random((12, 8))[::step],),
            (lambda: random((12, 8))[:, ::step],),
            (lambda: random((12, 8)).T[::step],),
            (lambda: np.broadcast_to(random(5), (4, 5)),),
            (lambda: random((3, 4, 5))[:, ::step, 1],),
        ],
    )


COMPILED = [
    "np.argmax(a), np.argmin(a), np.argmax(a, 0), np.argmin(a, axis=1), np.argmax(a, axis=None)",
    "np.argmax(a, keepdims=True), np.argmax(a, axis=0, out=np.empty(4, int))",
    "np.argmax(p, keepdims=True), np.argmin(p, axis=None, keepdims=True), p.sum(keepdims=True)",
    "np.argmax(a, 2)",
    "np.argmax(a, axis='x')",
    "np.argmax(ev)",
    "np.argmax(q), np.argmin(z), np.argmax(obj), np.argmax(h), np.argmax(holes), np.argmax(p)",
    "np.argsort(v), np.argsort(a), np.argsort(a, 0), np.argsort(a, axis=None), np.argsort(holes)",
    "np.argsort(v, kind='stable'), np.argsort(a, 0, 'heapsort'), np.argsort(v, stable=True)",
    "np.argsort(a, 5)",
    "np.argsort(obj, 0), np.argsort(dates, 0), np.argsort(text, 0), np.argsort(ev)",
    "np.searchsorted(sorted_v, 0.5), np.searchsorted(sorted_v, v), np.searchsorted(sorted_v, a)",
    "np.searchsorted(sorted_v, v, 'right'), np.searchsorted(sorted_v, 1, side='left')",
    "np.searchsorted(v, w, sorter=np.argsort(v)), np.searchsorted(sorted_v, [1.0, 2.0])",
    "np.searchsorted(sorted_v, v, side='x')",
    "np.searchsorted(a, 1.0)",
    "np.searchsorted(iv, 2.5), np.searchsorted(sorted_v, i), np.searchsorted(sorted_v, k)",
    "np.nonzero(a), np.nonzero(q), np.nonzero(i), np.nonzero(ev), np.count_nonzero(q)",
    "np.count_nonzero(a), np.count_nonzero(i, axis=0), np.count_nonzero(p)",
    "np.nonzero(p)",
    "np.take(a, idx), np.take(a, idx, 0), np.take(a, 1, axis=1), np.take(v, idx2), np.take(obj, 1)",
    "np.take(a, 99)",
    "np.take(a, 99, mode='clip'), np.take(a, [0, 1], 0)",
    "np.repeat(v, 2), np.repeat(a, 3, 0), np.repeat(a, idx4 * 0 + 2, axis=1), np.repeat(v, 0)",
    "np.repeat(v, -1)",
    "np.repeat(v, 1.5)",
    "np.ravel(a), np.ravel(fo), np.ravel(gap, 'F'), np.ravel(p)",
    "np.reshape(a, 12), np.reshape(a, (4, -1)), np.reshape(fo, (2, 6)), np.reshape(a, [4, 3])",
    "np.reshape(a, 7)",
    "np.reshape(a, (2, 6), order='F')",
    "np.transpose(a), np.transpose(t), np.transpose(t, (1, 0, 2)), np.transpose(t, [2, 1, 0])",
    "np.transpose(a, (0, 0))",
    "np.squeeze(thin), np.squeeze(thin, 1), np.squeeze(col, axis=1), np.swapaxes(t, 0, 1)",
    "np.squeeze(a, 0)",
    "np.swapaxes(a, 0, 7)",
    "np.interp(0.5, sorted_v, v), np.interp(v, sorted_v, w), np.interp(a, sorted_v, v)",
    "np.interp(1, sorted_v, v), np.interp(k, sorted_v, iv), np.interp(v, sorted_v, zv)",
    "np.interp(v, sorted_v, w, left=0.0), np.interp(v, sorted_v, w, period=3.0)",
    "np.interp(v, sorted_v, w[:3])",
    "np.interp(v, ev, ev)",
    "np.interp([0.5, 1.5], [0, 1, 2], [3.0, 4.0, 5.0])",
    "np.einsum('ij,j->i', a, row), np.einsum('ij,ij', a, b), np.einsum('ii->i', m), "
    "np.einsum('ij->ji', a), np.einsum('ij,jk,kl->il', m, m2, m)",
    "np.einsum('ij,jk', a, b)",
    "np.einsum('ij,j->i', a, row, optimize=True), np.einsum(a, [0, 1], row, [1], [0])",
    "np.einsum('ij,j->i', a, row, out=np.empty(3)), np.einsum('i,i', v, iv), np.einsum('i->', qv)",
    "np.einsum('z', a)",
]


@pytest.mark.parametrize("source", COMPILED)
def test_compiled_functions(same, source):
    same.text(source)


def test_a_replaced_function(same):
    """A function that was replaced is the one that runs."""

    def case(a):
        return np.linalg.inv(a)

    kept = np.linalg.inv
    try:
        np.linalg.inv = lambda a: "replaced"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            same.each(case, [(lambda: np.eye(2),)])
    finally:
        np.linalg.inv = kept


VECTORS = {
    "dot": lambda x, y: (np.dot(x, y), x.dot(y), np.dot(x, x), np.dot(a=x, b=y)),
    "outer": lambda x, y: (np.outer(x, y), np.outer(y, x[:2])),
    "diff": lambda x, y: (np.diff(x), np.diff(x, axis=0), np.diff(x, axis=-1), np.diff(x, 2)),
    "diff, more": lambda x, y: (np.diff(x, prepend=0), np.diff(x, n=1), np.diff(x, 1, 0)),
    "cumsum": lambda x, y: (np.cumsum(x), x.cumsum(), np.cumsum(x, 0), x.cumsum(axis=-1)),
    "cumsum, more": lambda x, y: (np.cumsum(x, dtype="f8"), x.cumsum(0, float), x.cumsum(None)),
    "cumprod": lambda x, y: (np.cumprod(x), x.cumprod(), np.cumprod(x, axis=0)),
    "roll": lambda x, y: (np.roll(x, 1), np.roll(x, -2, 0), np.roll(x, 99, axis=-1)),
    "roll, more": lambda x, y: (np.roll(x, (1, 2)), np.roll(x, 1.0), np.roll(x, 0)),
    "tile": lambda x, y: (np.tile(x, 3), np.tile(x, (2,)), np.tile(x, 1), np.tile(x, 0)),
    "tile, more": lambda x, y: (np.tile(x, (2, 3)), np.tile(x, [2]), np.tile(x, (2, 1, 2))),
    "median": lambda x, y: (np.median(x), np.median(y), np.median(x, keepdims=True)),
    "median along": lambda x, y: (np.median(x, 0), np.median(x, axis=-1)),
    "percentile": lambda x, y: (np.percentile(x, 50), np.percentile(x, [0, 12.5, 100])),
    "percentile, q": lambda x, y: (np.percentile(x, q=99.9), np.percentile(x, (25, 75))),
    "percentile along": lambda x, y: (np.percentile(x, 30, 0), np.percentile(x, [10, 90], axis=0)),
    "quantile": lambda x, y: (np.quantile(x, 0.3), np.quantile(x, [0.25, 1]), np.quantile(x, 1)),
    "quantile, more": lambda x, y: (
        np.quantile(x, np.array([0.5])),
        np.quantile(x, 0.5, method="nearest"),
        np.quantile(x, 0.7, axis=-1),
        np.quantile(x, [0, 1]),
    ),
    "quantile out of range": lambda x, y: np.quantile(x, 1.5),
    "percentile of nan": lambda x, y: np.percentile(x, np.nan),
    "no axis": lambda x, y: np.median(x, 7),
    "no axis to roll along": lambda x, y: np.roll(x, 1, 7),
    "no axis to add along": lambda x, y: x.cumsum(7),
    "no axis of differences": lambda x, y: np.diff(x, axis=7),
}


@pytest.mark.parametrize("name", VECTORS)
def test_vectors(same, name):
    rows = [
        (lambda n=n, d=d, s=s: _vector(n, d, s), lambda n=n, d=d: _vector(n, d))
        for n, (d, s) in itertools.product(
            (0, 1, 2, 3, 8, 33), zip(DTYPES, itertools.cycle((1, 2, -1)))
        )
    ]
    same.each(VECTORS[name], rows)


@pytest.mark.parametrize("name", VECTORS)
def test_matrices(same, name):
    shapes = [(3, 4), (4, 1), (1, 4), (2, 2), (2, 3, 4), (0, 3), (9, 40)]
    rows = [
        (lambda s=s, d=d, o=o: LAYOUTS[o](random(s, d, 6)) if len(s) == 2 else random(s, d, 6),) * 2
        for (s, d), o in zip(itertools.product(shapes, DTYPES), itertools.cycle(LAYOUTS))
    ]
    rows += [
        (lambda: random((3, 4)), lambda: random((4, 2))),
        (lambda: random((3, 4)), lambda: random(4)),
    ]
    rows += [
        (lambda: random(3), lambda: random((3, 4))),
        (lambda: random((3, 4)).T, lambda: random(3)),
    ]
    same.each(VECTORS[name], rows)


@pytest.mark.parametrize("name", ["triu", "tril"])
def test_triangles(same, name):
    function = getattr(np, name)

    def case(x, k):
        return function(x), function(x, k), function(x, k=-k)

    shapes = [(3, 4), (4, 3), (1, 4), (2, 3, 4), (5,), (0, 3), (12, 12)]
    rows = [
        (lambda s=s, d=d: random(s, d, 6), k)
        for s, d, k in itertools.product(shapes, ["f8", "c8", "?", "O", ">i2"], [1, -2, 50])
    ]
    same.each(case, [*rows, (lambda: random((3, 4)).T, 1), (lambda: random((3, 4)), 1.5)])


def test_cross_products(same):
    def case(x, y):
        return np.cross(x, y), np.cross(y, x), np.cross(x, y, axis=0)

    shapes = [(3,), (3, 3), (5, 3), (2, 4, 3), (1, 3)]
    rows = [
        (lambda s=s, d=d: random(s, d, 6), lambda s=s, d=d: random(s, d, 7))
        for s, d in itertools.product(shapes, DTYPES)
    ]
    same.each(case, [(lambda: random(3), lambda: random((5, 3))), *rows])


def test_cross_products_of_what_has_none(same):
    same.each(lambda x, y: np.cross(x, y), [(lambda: np.ones(4), lambda: np.ones(4))])


BLOCKS = [
    "np.block([[a, a], [b, b]]), np.block([[a], [b]]), np.block([[m, m2]]), np.block([a, b])",
    "np.block([[a, f], [b, a]]), np.block([[fo, fo], [fo, fo]]), np.block([[a, fo]]), np.block(a)",
    "np.block([[a, row], [b, row]])",
    "np.block([[a, b], [a]])",
    "np.block([[a], [m[:, :3]]])",
    "np.block([[]])",
    "np.block([])",
    "np.block([[a, 1.0 * a], [2 * b, b]]), np.block([[q, q]]), np.block([[obj, obj]])",
    "np.block([[large, large], [large, large]]), np.block(((a, b), (a, b)))",
]


@pytest.mark.parametrize("source", BLOCKS)
def test_blocks(same, source):
    same.text(source)


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize(
    "name", ["dot", "outer", "diff", "cumsum", "cumprod", "median", "percentile", "quantile"]
)
def test_vectors_of_special_values(same, name, state):
    def case(x, y):
        with np.errstate(all=state):
            return VECTORS[name](x, y)

    def picked(dtype, at, step):
        """Return special values; NaNs alike, as where NumPy finds two it may take either."""
        x = special(dtype)[:, at].T.ravel()[::step].copy()
        x[np.isnan(x)] = x[np.isnan(x)][:1]
        return x

    picks = ([9, 9], [8, 8, 9], [5, 5], [6, 6], [7, 7], [0, 0], [1, 8], [9, 1], [0, 1, 2])
    rows = [
        (lambda d=d, at=at, step=step: picked(d, at, step),) * 2
        for d, at, step in itertools.product((np.float64, np.float32), picks, (1, 2))
    ]
    same.each(case, rows)
