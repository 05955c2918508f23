"""Small NumPy functions, plain against bumped: `python -m tests.bench.small [part]...`.

They are measured as `tests.bench.native` measures operations. No row should be below 0.97, and
those whose time is that of NumPy's Python code should gain twice.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tests.bench.native import Row, main

LEAST = 0.97
VECTORS = (
    "x.std()", "np.std(x)", "np.var(x, ddof=1)", "np.median(x)", "np.percentile(x, 50)",
    "np.quantile(x, [0.25, 0.75])", "np.diff(x)", "np.cumsum(x)", "x.cumsum()", "np.roll(x, 1)",
    "np.tile(x, 3)", "np.dot(x, y)", "x.dot(y)", "np.linalg.norm(x)", "np.argmax(x)", "x.argmax()",
    "np.argsort(x)", "x.argsort()", "np.searchsorted(s, 0.5)", "np.searchsorted(s, y)",
    "np.interp(0.5, s, y)", "np.interp(y, s, y)", "np.einsum('i,i->', x, y)", "np.take(x, i)",
    "np.nonzero(x)",
)  # fmt: skip
MATRICES = (
    "np.linalg.inv(m)", "np.linalg.solve(m, v)", "np.linalg.solve(m, m)", "np.linalg.det(m)",
    "np.linalg.cholesky(m)", "np.linalg.eigh(m)", "np.linalg.eigvalsh(m)", "np.linalg.svd(m)",
    "np.linalg.qr(m)", "np.linalg.lstsq(m, v)", "np.linalg.norm(m)", "np.linalg.norm(m, axis=1)",
    "np.dot(m, m)", "m.dot(v)", "np.std(m, axis=0)", "np.var(m, axis=1, keepdims=True)",
    "np.median(m, axis=0)", "np.percentile(m, 90, axis=1)", "np.trace(m)", "m.trace()",
    "np.triu(m)", "np.tril(m)", "np.tile(m, (2, 2))", "np.block([[m, m], [m, m]])",
    "np.diff(m, axis=0)", "np.cumsum(m, axis=0)", "np.argmax(m, axis=1)", "np.outer(v, v)",
    "np.einsum('ij,j->i', m, v)",
)  # fmt: skip
DRAWS = (
    "g.random()", "g.normal()", "g.normal(0.0, 1.0)", "g.integers(10)", "g.uniform(0.0, 1.0)",
    "g.normal(size=3)", "np.random.rand()", "np.random.normal()", "np.random.randint(10)",
)  # fmt: skip


def operations() -> Iterator[Row]:
    """Go over (name, statement, names in it, at least)."""
    rng = np.random.default_rng(0)
    for n in (3, 100, 1000, 10_000):
        x, y = rng.normal(size=n), rng.normal(size=n)
        names = {"x": x, "y": y, "s": np.sort(x), "i": rng.integers(0, n, n)}
        yield from ((f"{statement}, {n:,}", statement, names, LEAST) for statement in VECTORS)
    for n in (2, 4, 10, 30, 100):
        m = rng.normal(size=(n, n))
        names = {"m": m @ m.T + n * np.eye(n), "v": rng.normal(size=n)}
        yield from ((f"{statement}, {n}x{n}", statement, names, LEAST) for statement in MATRICES)
    a, b, rows = rng.normal(size=3), rng.normal(size=3), rng.normal(size=(100, 3))
    yield "np.cross(a, b), 3", "np.cross(a, b)", {"a": a, "b": b}, LEAST
    yield "np.cross(a, b), 100x3", "np.cross(a, b)", {"a": rows, "b": rows[::-1].copy()}, LEAST
    yield from ((statement, statement, {"g": rng}, LEAST) for statement in DRAWS)


if __name__ == "__main__":
    main(operations=operations)
