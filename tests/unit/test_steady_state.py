"""From the second call on, a bumped function takes no array data from the heap.

Shown twice: by the library's own count (`allocated`), and by a memory handler for NumPy that counts
every block of array data that is taken from the heap.
"""

import numpy as np
import pytest

import alloc_rewrite as alloc

from .heap import counted

X = np.linspace(-3.0, 3.0, 150_000).reshape(300, 500)
V = np.linspace(0.5, 1.5, 150_000)
N = np.arange(150_000) % 7
INDEX = np.arange(150_000)[::-1].copy()
C = np.exp(1j * V[:50_000])
M = X > 0
RNG = np.random.default_rng(1)

CASES = {
    # operators
    "add": lambda: X + X,
    "expression": lambda: X * X + 2.0 * X - X / 3,
    "comparison": lambda: (X > 0) & ~(X < -1) | (X == 0),
    "integers": lambda: (N * 3 + 1) % 5 << 2,
    "negative": lambda: -X,
    "power 2": lambda: X**2,
    "power 3": lambda: X**3,
    "power 0.5": lambda: V**0.5,
    "scalar on the left": lambda: 1.0 / V + (2 - N) + (0.5 < V),
    "matmul": lambda: X @ X.T,
    "matrix and vector": lambda: X @ V[:500],
    "stacked matmul": lambda: X.reshape(2, 5, 30, 500) @ X.reshape(2, 5, 500, 30),
    "broadcasting": lambda: X + V[:500] + X[:, :1],
    "strided": lambda: X[::2, ::-1] * X.T[:, :150].T,
    "in place on a number": lambda: accumulate(0.0, X),
    "abs": lambda: abs(X),
    "fancy index": lambda: V[INDEX],
    # ufuncs
    "exp": lambda: np.exp(X),
    "maximum": lambda: np.maximum(X, 0.0),
    "ufunc with dtype": lambda: np.add(N, N, dtype=np.float32),
    "ufunc with out=None": lambda: np.sqrt(V, None),
    "logical": lambda: np.logical_and(M, X < 1),
    "ufunc method": lambda: np.add.outer(V[:400], V[:400]) + np.add.accumulate(V)[:400],
    # constructors
    "zeros": lambda: np.zeros((500, 600)),
    "ones": lambda: np.ones(150_000, np.float32),
    "full": lambda: np.full(150_000, 2.5),
    "likes": lambda: (np.empty_like(X), np.zeros_like(X), np.ones_like(X), np.full_like(X, 3)),
    "arange": lambda: (np.arange(150_000), np.arange(0.0, 1500.0, 0.01)),
    "linspace": lambda: np.linspace(0, 1, 150_000),
    "eye": lambda: np.eye(400),
    "array of a list": lambda: np.array([1.0, 2.5, 3.0]),
    # copies and joins
    "copy": lambda: (X.copy(), np.copy(X), X.astype(np.float32), X.flatten()),
    "concatenate": lambda: np.concatenate((X, X), axis=1),
    "stack": lambda: (np.stack((X, X)), np.vstack((X, X)), np.hstack((X, X))),
    "where": lambda: np.where(M, X, 0.0),
    "clip": lambda: (np.clip(X, -1, 1), X.clip(0)),
    "round": lambda: np.round(X, 2),
    "take": lambda: V.take(INDEX),
    "repeat": lambda: np.repeat(V, 3),
    "tile": lambda: np.tile(X, (2, 2)),
    "pad": lambda: np.pad(X, 2),
    "roll": lambda: (np.roll(X, 3), np.roll(X, 1, axis=0)),
    "diff": lambda: np.diff(X, axis=0),
    "gradient": lambda: np.gradient(V),
    "outer": lambda: np.outer(V[:400], V[:400]),
    # reductions
    "reductions": lambda: (X.sum(axis=0), np.max(X, axis=1), X.mean(axis=0), np.std(X, axis=1)),
    "scans": lambda: (np.cumsum(V), X.cumprod(axis=0)),
    "arguments": lambda: (X.argmax(axis=0), np.argmin(X, axis=1)),
    "sort": lambda: np.sort(V),
    "cov": lambda: np.cov(X[:200]),
    "norm": lambda: np.linalg.norm(X, axis=1),
    # products and random numbers
    "dot": lambda: (np.dot(X, X.T), X.dot(V[:500])),
    "einsum": lambda: np.einsum("ij,kj->ik", X, X),
    "inverse": lambda: np.linalg.inv(X[:300, :300] + 9.0 * np.eye(300)),
    "fft": lambda: np.fft.fft(C),
    "legacy random": lambda: (np.random.rand(400, 400), np.random.uniform(-1, 1, 150_000)),
    "random": lambda: (RNG.random(150_000), RNG.standard_normal(150_000, np.float32)),
}
SCRATCH = 200_000  # bytes: some equivalents have a fixed scratch
SMALL = {"array of a list", "matrix and vector", "stacked matmul"}


def accumulate(total, x):
    total += x
    total += x
    return total


@pytest.mark.parametrize("name", CASES)
def test_no_array_data_comes_from_the_heap(name):
    f = CASES[name]
    plain = alloc.allocated(f)
    buf = alloc.Buffer()
    g = alloc.bump(buf)(f)
    g()
    assert plain > 0
    assert [alloc.allocated(g) for _ in range(3)] == [0, 0, 0]

    peaks = []
    for call in (f, g):
        call()
        with counted() as peak:
            kept = call()
            peaks.append(peak())
        del kept
    assert peaks[1] < SCRATCH
    assert peaks[0] > SCRATCH or name in SMALL
    assert buf.heap_fallbacks == 0


def test_the_readme_function_under_run():
    def f():
        x = np.random.rand(100, 100)
        y = np.random.rand(100)
        return x @ y

    buf = alloc.Buffer(10**6)
    alloc.run(f, buf)
    with counted() as peak:
        result = alloc.run(f, buf)
        assert peak() == 0
    assert result.shape == (100,)
    assert buf.peak == 83_584


def test_the_suggested_size_is_enough():
    for name, f in CASES.items():
        buf = alloc.Buffer(alloc.profile(f).suggested_nbytes)
        for _ in range(3):
            alloc.run(f, buf)
        assert buf.chunks == 1, name
