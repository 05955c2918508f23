"""Gradients, products and other routines inside of regions; operators in place by index arrays."""

from __future__ import annotations

import random

import numpy as np
import pytest

import alloc_rewrite as alloc
from alloc_rewrite import cores

from .drawn import assert_alike

SPACINGS = ("", ", d", ", 2", ", d, 0.5", ", 2, d", ", c", ", t")
KEYWORDS = ("", "", ", edge_order=2", ", axis=0", ", axis=-1", ", axis=1, edge_order=2",
            ", axis=(0, 1)", ", axis=k", ", edge_order=3")  # fmt: skip
VIEWS = ("x", "x", "x", "x[1:]", "x[::-1]", "x[:, ::2]", "x.T", "(x * 2.0)", "(x - y)", "x[0]")
OTHERS = (
    "x @ y.T", "np.dot(x, y.T)", "x.dot(c)", "np.outer(c, c * 2.0)", "np.interp(x, t, t * 0.5)",
    "np.interp(y * 2.0, t, t[::-1])", "np.cumsum(c + 1.0)", "(x * s).cumsum(axis=k)", "x @ x",
    "np.cumsum(x, axis=1)", "np.matmul(x * 2.0, c)", "c @ c", "np.cumsum(x)", "np.dot(x, s)",
    "np.interp(x, t, t, left=0.0)", "np.interp(s, t, t)", "x[[0, 1]]", "x[[0, -1, 1]]",
    "c[l]", "c[[]]", "np.roll(x, (k, 1), axis=(0, 1))", "np.pad(x, ((k, 1), (0, k)))",
    "np.pad(c, (k, 2), mode='edge')", "np.roll(c, (k,))", "x[[9]]",
)  # fmt: skip
CHANGES = (
    "c[i] += w", "c[i] -= w * 2.0", "c[j] *= w + c[i]", "c[l] += 1.0", "x[i] += s", "c[m] += s",
    "c[i] += c[j]", "c[k] += 2.0", "c[l] = w[: len(l)] * 2.0", "x[...] = x * 2.0", "c[i] /= w - w",
    "c[1:] += c[:-1]", "x[[0, 1]] = s", "c[m] *= c[m]", "i[j] += k",
)  # fmt: skip


def drawn(seed: int) -> str:
    draw = random.Random(seed)
    pick = draw.choice

    def gradient() -> str:
        return f"np.gradient({pick(VIEWS)}{pick(SPACINGS)}{pick(KEYWORDS)})"

    lines = pick((
        [f"return {gradient()} * 2.0 + 1.0"],
        [f"p, q = {gradient()}", "return p * p + q, p"],
        ["p, q = np.gradient(x, d)", f"p += {pick(OTHERS)}", "return p * q"],
        [f"x += 0.5 * {gradient()}", "return x * s"],
        [f"x[...] = x * s + {gradient()}", f"return {pick(OTHERS)} * 2.0"],
        [f"p = {pick(OTHERS)}", f"return p * 2.0 + 1.0, {pick(OTHERS)} - p"],
        [f"return ({pick(OTHERS)} + {pick(OTHERS)}) * s"],
        [f"p = {pick(OTHERS)} * s", "p += 1.0", "return p.sum() * p"],
        ["w = w * 2.0 + 1.0", *(pick(CHANGES) for _ in range(draw.randrange(1, 4))),
         "return c * 2.0 + 1.0"],
        [pick(CHANGES), f"return {pick(OTHERS)} * 2.0 - s"],
    ))  # fmt: skip
    return "def f(x, y, c, t, i, j, w, m, l, d, k, s):\n" + "".join(f"    {one}\n" for one in lines)


def given(seed: int):
    draw = random.Random(seed)
    pick = draw.choice
    n = pick((3, 5, 5, 5, 2, 1, 40))
    shape = pick(((n, 5), (n, n), (n, 4), (4, n), (n,), (n, 3, 4)))
    dtype = pick(("f8", "f8", "f8", "f8", "f4", "i8", "c16"))
    rng = np.random.default_rng(seed)
    x, y, c, w = ((rng.random(size) * 9).astype(dtype) for size in (shape, shape, shape[-1], 3))
    for array in (x, c):
        how = pick(("", "", "", "large", "zero"))
        if how and array.dtype.kind == "f":
            array[...] = {"large": 1e38, "zero": 0.0}[how]
    if pick((0, 0, 1)):
        x = np.asfortranarray(x)
    if pick((0, 0, 0, 1)):
        y = np.repeat(y, 2, axis=-1)[..., ::2]
    i, j = (rng.integers(-2, 2, 3) % max(c.size, 1) for _ in range(2))
    d = pick((0.1, 0.1, np.float64(0.3), 2, 0.0, np.float32(0.5), np.array(0.25), x[0]))
    t = np.sort(rng.random(6) * 9).astype(pick((dtype, "f8")))
    return (
        x,
        y,
        c,
        t,
        i,
        j,
        w,
        c.real > 3.0,
        pick(([0, -1], [0], [True, False])),
        d,
        pick((0, 1)),
        s(pick),
    )


def s(pick):
    return pick((2, 0.5, np.float64(1.5)))


@pytest.mark.parametrize("seed", range(60))
def test_results_and_errors_are_numpys(seed):
    assert_alike(drawn(seed), [(k, lambda k=k: given(seed + k // 4)) for k in range(14)])


def steepness(f, dx, dy):
    gx, gy = np.gradient(f, dx, dy)
    g = np.gradient(f, dx, axis=0, edge_order=2)
    return np.sqrt(gx * gx + gy * gy) - g


def neurons(x, weights, bias):
    return np.tanh(x @ weights + bias) * 2.0


def looked_up(x, at, values):
    return np.interp(x * 2.0, at, values) * x + np.outer(values, values).sum()


def pushed(f, i, j, w):
    d = w * 2.0
    f[i] += d
    f[j] -= d * 0.5
    return f * 2.0


def chosen(x, rows, p):
    return x[rows] * 2.0 + np.roll(x, (p, -p), axis=(0, 1))[[0, 2]]


A = np.linspace(0.0, 3.0, 12)
CALLS = [
    (steepness, A.reshape(3, 4), 0.5, 2), (neurons, A.reshape(3, 4), A.reshape(4, 3), A[:3]),
    (looked_up, A, A[:4] * 3.0, A[4:8]), (chosen, A.reshape(3, 4), [0, 1], 1),
    (pushed, A.copy(), np.array([3, 1, 3]), np.array([0, 1, 0]), A[:3]),
]  # fmt: skip


@pytest.mark.skipif(cores.selected().name != "native", reason="only the native core has regions")
@pytest.mark.parametrize(("function", "args"), [(call[0], call[1:]) for call in CALLS])
def test_regions_go_on_over_them(function, args):
    bumped = alloc.bump(alloc.Buffer())(function)
    for _ in range(20):
        bumped(*args)
    explained = alloc.explain(bumped)
    is_whole = explained.whole and explained.whole.hits  # it may be machine code as one piece
    assert is_whole or all(region.hits for region in explained.regions)
    assert not {"`@`", "call of `np.gradient`", "call of `np.interp`"} & {
        site.what for site in explained.sites
    }
