"""Reference counts are balanced: many calls of each kind of site leave nothing behind."""

import gc
import sys
import warnings

import numpy as np
import pytest

import alloc_rewrite as alloc

CALLS = 100_000
A, B, M = np.arange(1.0, 5.0), np.full(4, 2.0), np.ones((3, 3))
N, G, Z = np.arange(4), M.T[:, 1:], np.array([0.0, 1.0])
EMPTY, WORDS = np.zeros(0), np.array(["a", "bb"])


def raising(f):
    def call(*args):
        try:
            f(*args)
        except (TypeError, ValueError, ZeroDivisionError, FloatingPointError):
            pass

    return call


def helper(x, scale=2.0):
    return x * scale


class Holder:
    def method(self, x):
        return x + 1.0


HOLDER = Holder()

KINDS = {
    "binary": lambda: A + B,
    "scalar": lambda: A * 2.0 - 1,
    "numpy scalar": lambda: A * np.float64(2.0),
    "cast": lambda: N / 2 + A,
    "broadcast": lambda: M + M[0],
    "gaps": lambda: G * G,
    "comparison": lambda: A < B,
    "unary": lambda: -A,
    "power": lambda: A**2 + A**0.5 + 2**A,
    "in place": lambda: A.__iadd__(0.0) is A,
    "matmul": lambda: (M @ M) @ M[0],
    "ufunc": lambda: np.exp(np.add(A, B)),
    "ufunc of scalars": lambda: np.exp(1.0),
    "constructors": lambda: (np.zeros(3), np.ones((2, 2)), np.full(3, 1.5), np.empty_like(A)),
    "array": lambda: (np.array([1.0, 2, 3]), np.array([[1, 2], [3, 4]]), np.array(A)),
    "copies": lambda: (A.copy(), A.astype(np.float32), np.zeros_like(N)),
    "reductions": lambda: (A.sum(), np.max(M, axis=0), np.any(A > 2), A.mean(), np.prod(N)),
    "joins": lambda: (np.concatenate((A, B)), np.stack([A, B]), np.where(A > 2, A, 0.0)),
    "routed": lambda: (np.argsort(A), A[A > 2], np.repeat(A, 2), np.linspace(0, 1, 5)),
    "entered": lambda: (helper(A), np.diff(A), np.clip(A, 1, 2), HOLDER.method(A)),
    "closure": lambda: (lambda k: (lambda x: x * k)(A))(3.0),
    "empty": lambda: EMPTY + EMPTY,
    "strings": lambda: WORDS == "a",
    "errors": lambda: (raising(lambda: A + M[:2])(), raising(lambda: A @ M)()),
    "more errors": lambda: (raising(lambda: np.zeros(-1))(), raising(lambda: np.add(A, "x"))()),
    "warnings": lambda: Z / 0.0,
}


def unpacked():
    a, b, c, d = A
    return a + b


KINDS["unpacking"] = unpacked
OBJECTS = (A, B, M, N, G, Z, EMPTY, A.dtype, N.dtype, np.add, np.exp, helper, np.float64)


@pytest.mark.parametrize("name", KINDS)
def test_nothing_is_left_behind(name):
    plain = KINDS[name]
    bumped = alloc.bump(alloc.Buffer())(plain)
    slow = name in ("routed", "entered", "errors", "more errors", "warnings", "strings", "closure")
    calls = CALLS // 20 if slow else CALLS // 4

    def counted(times, bumped=bumped):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for _ in range(times):
                bumped()
        gc.collect()
        return [sys.getrefcount(x) for x in OBJECTS], sys.getallocatedblocks()

    counted(600)  # whatever is given back is
    counts, blocks = counted(10)
    after, blocks_after = counted(calls)
    left = [a - b for a, b in zip(after, counts)]
    if any(left):  # some of NumPy's own errors leave something behind
        before, _ = counted(1, plain)
        left = [x - (b - a) for x, a, b in zip(left, before, counted(calls, plain)[0])]
    assert left == [0] * len(left)
    assert blocks_after - blocks < 200


def test_sites_go_with_their_function():
    def once(buffer):
        namespace = {"np": np}
        exec("def f(x):\n    return np.exp(x * 2) + x.sum() + abs(x)\n", namespace)
        alloc.bump(buffer)(namespace["f"])(A)

    def collect():
        gc.collect()
        gc.collect()  # the sites of functions that the first one found

    buffer = alloc.Buffer()
    for _ in range(20):
        once(buffer)
    collect()
    before = sys.getallocatedblocks()
    for _ in range(100):
        once(buffer)
    collect()
    assert sys.getallocatedblocks() - before < 800
    assert buffer.live == 0


def test_an_arena_goes_with_the_last_array():
    gc.collect()
    blocks = sys.getallocatedblocks()
    for _ in range(200):
        kept = alloc.run(lambda: np.ones(100) * 3, alloc.Buffer())
        assert kept.sum() == 300
    del kept
    gc.collect()
    assert sys.getallocatedblocks() - blocks < 500
