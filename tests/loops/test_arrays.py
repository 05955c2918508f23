"""Operations on arrays in loops: ufuncs, integers, comparisons, reductions, products, indices."""

import numpy as np
import pytest

import alloc_rewrite as alloc

from .comparing import compared, compiled

RNG = np.random.default_rng(0)

STATEMENTS = [
    "z = np.exp(-x) + np.sin(x * h)",
    "z = np.exp(a) * a[0]",
    "z = np.arctan2(x, y); z = np.hypot(z, 2.0)",
    "z = x ** 3 + x ** 2 - y ** 1.5",
    "z = np.maximum(x, y) - np.minimum(x, 0.5); z = np.tanh(z)",
    "s += np.sum(x) + x.sum() + np.sum(x * y)",
    "s += np.sum(a) + a[i % 4].sum() + a[:, 1].sum()",
    "s += x.mean() + np.mean(a[1:3, 0])",
    "s += np.max(x) - x.min() + a.max() + x.prod()",
    "z = x > 0.5; s += z.sum() + np.sum(x < y)",
    "s += 1.0 if np.any(x > 0.9) else 2.0 if np.all(y > 0.0) else 3.0",
    "z = np.where(x > y, x, -y)",
    "z = np.where(x > 0.5, 1.0, 0.0); s += z.sum()",
    "k = k + 1; k = k * 3 % 7; s += k[0] + k.sum()",
    "z = k * 0.5; k = k // 2 + i; z = z / k",
    "k = (k & 6) | (k ^ 3); k = -k; s += k[1]",
    "k[0] = i; k += 2; k *= k; k %= 11",
    "z = x[k % len(x)]; s += z[0]",
    "x[k % len(x)] += 1.0",
    "x[k % len(x)] = y[0]",
    "x[k % len(x)] = y[k % 2]",
    "z = x[x > 0.5]; s += len(z) + z.sum()",
    "x[x > 0.7] = h",
    "x[i % len(x)] = 2.0; x[y < 0.1] = 0.0",
    "z = a @ a[0]; s += z[0]",
    "z = a[0] @ a; w = a @ a; s += w[1, 1] + z[2]",
    "w = a.T @ a; w = w @ b; s += w[0, 0]",
    "z = np.dot(a, a[1]); w = np.dot(a, b); s += w[0, 1] + a[0].dot(a[1])",
    "z = np.outer(x, y)[1]; w = np.add.outer(x, y); s += w[0, 0]",
    "z = np.flip(x) - y; s += z @ np.flip(z) + np.dot(x[::-1], z)",
    "s += np.linalg.norm(x - y) + np.linalg.norm(x)",
    "z = abs(x - y) + np.sqrt(x); s += np.add.reduce(z)",
    "w = a * a[0] + np.exp(a)[:, :1]; s += w[2, 1]",
    "w = np.log(a + 1.0) * (a > 0.4); s += w[0, 0]",
    "z = np.sum(a[i % 4] * b[:, i % 4]) * x",
    "z = np.log(x - 0.05)",
    "z = x / (x - x[i % 3] if i == 5 else y)",
    "w = np.linalg.inv(a + 4.0 * np.eye(len(a))); s += w[0, 1]; z = w[1]",
    "w = np.eye(3); w = np.linalg.solve(a.T, b); z = np.linalg.solve(a, a[0] + b[1])",
    "w = np.linalg.cholesky(a @ a.T + np.identity(len(a))); s += w[1, 0]",
    "w = np.linalg.inv(a * (i - 4.0)); s += w[0, 0]",
    "w = np.linalg.cholesky((b @ b.T + np.eye(len(b))) * (4.5 - i)); s += w[0, 0]",
    "z = np.cross(x[:3], y[1:4]); s += z[2]; z[0] = 1.0",
    "z = np.isnan(x) | (x > y); s += z.sum()",
]
NAMES = "x, y, a, b, k, z, s"


def made_of(statement):
    source = f"""
def f(x, y, a, b, k, h, n):
    s, z = 0.0, x
    for i in range(n):
        {statement}
    return {NAMES}
"""
    namespace = {"np": np}
    exec(source, namespace)
    return namespace["f"]


def operands(size, m, dtype="f8"):
    x, y, a, b = (RNG.random(shape).astype(dtype) for shape in (size, size, (m, m), (m, m)))
    return x, y, a, b, np.arange(size) * 3 % 5


@pytest.mark.parametrize("statement", STATEMENTS)
def test_a_statement(statement):
    f = made_of(statement)
    compiled(f, *operands(5, 4), 0.5, 9, times=2)
    compared(f, *operands(19, 6), np.float64(0.25), 9, times=2)


@pytest.mark.parametrize("statement", STATEMENTS[::3])
def test_single_precision(statement):
    compared(made_of(statement), *operands(5, 4, "f4"), 0.5, 9, times=2)


@pytest.mark.parametrize("mode", ["warn", "raise"])
@pytest.mark.parametrize(
    "statement", ["z = np.log(x - y)", "z = np.exp(x * 800)", "z = np.sqrt(-x)"]
)
def test_flags(statement, mode):
    with np.errstate(all=mode):
        compared(made_of(f"x[1] = i * 0.3\n        {statement}"), *operands(5, 4), 0.5, 9, times=2)


def test_sums_of_all_lengths_and_strides():
    def f(x, n):
        out = np.zeros(n)
        for i in range(n):
            out[i] = x[:i].sum() + np.sum(x[i::2]) + x[::-1][:i].sum()
        return out

    compiled(f, RNG.normal(size=300) * 10.0 ** RNG.integers(-9, 9, 300), 300, times=2)


def test_products_of_many_shapes():
    def f(a, b, n):
        s = 0.0
        for i in range(1, n):
            p = a[:i, : i + 1] @ b[: i + 1, :3]
            q = a[:i, :i] @ b[:i, 1]
            r = a.T[:i, :i] @ b.T[:i, :i]
            s += p.sum() + q.sum() + r.sum()
        return p, q, r, s

    compiled(f, RNG.random((18, 19)), RNG.random((19, 18)), 18, times=2)
    compared(f, np.asfortranarray(RNG.random((18, 19))), RNG.random((38, 36))[::2, ::2], 18)


def test_sparse_rows():
    def f(ptr, cols, vals, x, n):
        y = np.empty(n)
        for i in range(n):
            c = cols[ptr[i] : ptr[i + 1]]
            v = vals[ptr[i] : ptr[i + 1]]
            y[i] = v @ x[c]
        return y

    ptr = np.concatenate([[0], np.cumsum(RNG.integers(0, 9, 40))]).astype(np.uint32)
    cols = RNG.integers(0, 40, ptr[-1]).astype(np.uint32)
    compiled(f, ptr, cols, RNG.random(ptr[-1]), RNG.random(40), 40, times=2)
    cols[50] = 77
    compared(f, ptr, cols, RNG.random(ptr[-1]), RNG.random(40), 40, times=2)


@pytest.mark.parametrize("statement", ["y += 1.0", "y[:] = y.T * 0.5"])
def test_items_that_share_memory(statement):
    names = {"np": np}
    source = f"""
def f(x, stride, n):
    y = np.lib.stride_tricks.as_strided(x, (3, 3), (stride, 8))
    for i in range(n):
        {statement}
    return x
"""
    exec(source, names)
    g = alloc.bump(alloc.Buffer(10**6))(names["f"])
    for stride in (8, 32, 8):
        compared(names["f"], np.arange(20.0), stride, 20, times=2, g=g)
