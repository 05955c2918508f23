"""Stores by arrays of indices inside of regions: repeated indices, errors, and shared memory."""

from __future__ import annotations

import random

import numpy as np
import pytest

import alloc_rewrite as alloc
from alloc_rewrite import cores
from alloc_rewrite.numpy_facts import numpy_version

from .drawn import assert_alike

STATEMENTS = (
    "x[i] = y[: len(i)] * 2.0", "x[i] = x[i] + y[i]", "x[i] = s", "y[1:] = x[1:] * 0.5 + x[:-1]",
    "x[j] = y[j] * s", "x[i] = x[: len(i)]", "x[1:][j] = y[j] - 1.0", "x += y", "y[i] = x[0] * 2.0",
    "x[::2][k] = s * 2.0", "x[i] = x[: len(i)] * y[: len(i)]", "y[...] = x * 2.0 - y",
    "x[k] = (y[k] * s + 1.0)", "i += 1", "x[i] = np.roll(x, 1, axis=0)[: len(i)]", "x[m] = s",
    "x[b] = y[b] * 0.0", "x[i[0]] = 2.0", "i[:2] = k[:2] * 2 // 2",
)  # fmt: skip


def drawn(seed: int) -> str:
    pick = random.Random(seed).choice
    body = [pick(STATEMENTS) for _ in range(pick((2, 3, 4, 5)))]
    lines = ["t = x * 0.5 + y", *body, pick(("return t", "return t, x * 2.0 + y"))]
    return "def f(x, y, i, j, k, m, b, s):\n" + "".join(f"    {line}\n" for line in lines)


def given(seed: int):
    pick = random.Random(seed).choice
    n = pick((5, 9, 9, 40, 3000))
    shape = pick(((n,), (n,), (n, 3), (n, 2, 2), (n, 1)))
    dtype = pick(("f8", "f8", "f8", "f4", "c16", "i8", "i2"))
    base = (np.random.default_rng(seed).random(n * 8 + 9) * 9).astype(dtype)
    size = int(np.prod(shape))
    x = base[:size].reshape(shape)
    y = base[pick((0, 1, size)) :][:size].reshape(shape)
    rng = np.random.default_rng(seed + 1)
    i, j, k = (rng.integers(-n + 1, n - 1, length) for length in (pick((n, 4)), 3, 3))
    how = pick(("", "", "", "", "out", "i4", "2d", "empty", "list", "same", "frozen", "strided"))
    if how == "out":
        i[-1] = pick((n, -n - 1))
    if how == "i4":
        i = i.astype("i4")
    if how == "2d":
        i = i[:4].reshape(2, 2)
    if how == "empty":
        i = i[:0]
    if how == "list":
        i = [int(number) for number in i[:3]]
    if how == "same" and dtype == "i8" and x.ndim == 1:
        i = x % n
        x = i
    if how == "frozen":
        x.flags.writeable = False
    if how == "strided":
        x = np.asfortranarray(x)[::-1]
        i = np.repeat(i, 2)[::2]
    m = rng.random(n) > 0.5
    return x, y, i, j, k % 2, m, m[: n - 1], pick((2, 1.5, np.float64(0.25)))


@pytest.mark.parametrize("seed", range(60))
def test_results_and_errors_are_numpys(seed):
    assert_alike(drawn(seed), [(k, lambda k=k: given(seed + k // 2)) for k in range(8)])


def placed(x, i, v):
    x[i] = v * 2.0 + 1.0
    return x * 2.0 - v.sum()


@pytest.mark.skipif(cores.selected().name != "native", reason="only the native core has regions")
def test_one_region_and_the_last_of_equal_indices_stays():
    i = np.array([3, 1, 3, -1, 3, 1] * 9000)
    v = np.arange(float(i.size))
    bumped = alloc.bump(alloc.Buffer())(placed)
    before = alloc.get_num_threads()
    alloc.set_num_threads(3)
    try:
        for _ in range(9):
            x, expected = np.zeros(5), np.zeros(5)
            with np.errstate(all="ignore"):  # where reports raise, `x` can't be read afterwards
                assert bumped(x, i, v).tobytes() == placed(expected, i, v).tobytes()
            assert x.tobytes() == expected.tobytes()
    finally:
        alloc.set_num_threads(before)
    (region,) = alloc.explain(bumped).regions
    # Before NumPy 2.3 sums of rows longer than its buffer are its own work: the region ends there.
    assert region.operations == (6 if numpy_version() >= (2, 3) else 4)
    assert region.hits >= 3
