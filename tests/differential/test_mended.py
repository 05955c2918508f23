"""Cases that once came out differently: one bug each."""

import sys

import numpy as np
import pytest

X, Y = np.linspace(0.5, 2.0, 40_000), np.linspace(1.0, 3.0, 40_000)


def fixed(array):
    return lambda: array.copy(order="K")


def test_operands_in_a_tuple_are_not_overwritten(same):
    def f(x, y):
        t = (x * y, y)
        before = t[0].copy()
        np.add(*t)
        return t[0] - before

    same(f, fixed(X), fixed(Y))


@pytest.mark.parametrize("strides", [(0, 8), (8, 8), (8, 16), (-8, 8)])
def test_in_place_on_arrays_that_overlap_themselves(same, strides):
    def f(a, k):
        start = a[3:] if strides[0] < 0 else a
        view = np.lib.stride_tricks.as_strided(start, (3, 4), strides)
        view += k
        return a

    same(f, fixed(np.arange(40.0)), 1)


def test_clip_of_scalars(same):
    f = lambda x, low, high: np.clip(x, low, high)
    for dtype in ("f4", "i1"):
        low, high = fixed(np.zeros(3, dtype)), fixed(np.ones(3, dtype))
        for x in (2, 2.0, np.float32(2), np.int8(2)):
            same(f, x, low, high)


@pytest.mark.parametrize("shape", [(10, 3), (400, 3), (3, 500)])
def test_loops_whose_bits_depend_on_gaps(same, shape):
    rng = np.random.default_rng(0)
    a = rng.random(shape)
    exponents = np.broadcast_to(rng.choice([0.5, 2.0, -1.0], (shape[0], 1)), shape)
    same(lambda a, e: a**e, fixed(a), lambda: exponents)
    half = (rng.random((shape[0], 2 * shape[1])) * 4 - 2).astype("f2")
    for function in (np.arcsin, np.arccos, np.log10, np.tan):
        same(lambda x: function(x[:, ::2]), fixed(half))
        same(lambda x: function(x[:, ::-1]), fixed(np.abs(half).astype("f8")))
    mixed = (rng.random((4, 5, 2)) + 1j * rng.random((4, 5, 2))) * np.inf

    def multiplied(t, c):
        t *= c.T.reshape(t.shape[::-1]).T
        return t + t[::-1]

    same(multiplied, fixed(mixed), fixed(mixed.copy()))


def test_vectors_of_one_item(same):
    one = np.array([0.1, 0.7, 3.0])
    for view in (one[1::-1][:1], one[::2][:1], np.broadcast_to(one[1], (1,))):
        for function in (np.cbrt, np.exp, np.log1p):
            same(lambda x: function(x), lambda: view)
    same(lambda x: np.arcsinh(x), lambda: np.broadcast_to(np.int32(7), (1,)))
    same(lambda x, y: x + y, lambda: np.broadcast_to(np.int8(7), (5,)), fixed(np.ones(5)))

    def scaled(t, c):
        t *= c
        return t

    rng = np.random.default_rng(1)
    for dtype in ("c8", "c16"):
        for _ in range(20):
            t, c = (rng.random(2) + 1j * rng.random(2)).astype(dtype)
            same(scaled, fixed(np.array([t])), fixed(np.array([c])))


@pytest.mark.parametrize("n", [8191, 8192, 8193, 20_000])
def test_long_reductions(same, n):
    a = np.random.default_rng(n).uniform(size=(2, n)) * 10.0 ** np.arange(n) ** 0.1
    for dtype in ("f8", "f4", "c16"):
        x = fixed(a.astype(dtype))
        same(lambda x: (x.sum(), x[0].sum(), x.sum(axis=1), x.sum(axis=0)), x)
        same(lambda x: (x.prod(), np.mean(x), x[1].mean()), x)


def test_flags_of_long_doubles_in_products(same):
    for value in (np.inf, np.nan, 1.0):
        a = np.full((2, 2), value, np.clongdouble)
        same(lambda a: a.T @ a, fixed(a))
        same(lambda a: np.matmul(a, a), fixed(a.real))


@pytest.mark.skipif(sys.version_info < (3, 12), reason="one version is enough")
def test_many_kinds_at_one_place(same):
    kinds = [np.arange(1, 5).astype(c) for c in "?bBhHiIlLqQefdgFDG"]
    rows = [(fixed(x), fixed(y)) for x in kinds for y in kinds[::3]]
    same.each(lambda x, y: x + y, rows)
    functions = [np.sin, np.sum, abs, np.ndarray.max, len, lambda x: x * 2, np.copy, np.ravel]
    same.each(lambda f, x: f(x), [(lambda f=f: f, fixed(kinds[13])) for f in functions] * 3)


def test_callable_objects_are_asked_nothing(same):
    def f(x):
        log = []

        class Watched:
            def __call__(self, x):
                return x * 2

            def __getattr__(self, name):
                log.append(name)
                raise AttributeError(name)

            def __hash__(self):
                log.append("hash")
                return hash(np.zeros)

            def __eq__(self, other):
                log.append("eq")
                return True

        watched = Watched()
        return [watched(x) for _ in range(3)], log

    same(f, fixed(X[:5]))


def test_in_place_on_a_number_and_then_on_an_array(same):
    def f(a, b):
        b -= 0.5
        return a, 0.5 + a, a

    number, array = (fixed(X[:20]), 2.5), (fixed(X[:20]), fixed(Y[:20]))
    same.each(f, [array, number, array, number, array])


@pytest.mark.parametrize("n", [5, 1])
@pytest.mark.parametrize(
    "value", ["abs(a)", "abs(b)", "min(a)", "float(a)", "len(a)", "abs(a[0])", "abs(a[1:])"]
)
@pytest.mark.parametrize("store", ["a[:] = b - a * b", "a[1:] -= b[1:] * 2.0", "b *= a; a += b"])
def test_builtins_after_an_array_was_changed(same, store, value, n):
    names = {}
    exec(f"def f(a, b):\n {store}\n x = {value}\n return a, b, x, a + x", names)
    same(names["f"], fixed(X[:n]), fixed(Y[:n]))


@pytest.mark.parametrize("n", [0, 3])
@pytest.mark.filterwarnings(
    "ignore:future versions:FutureWarning"
)  # said of flags, which are compared
def test_stores_that_numpy_warns_of(same, n):
    """The results of `broadcast_arrays` are writeable, but NumPy warns of the first store."""

    def f(shape):
        a, b = np.broadcast_arrays(np.arange(3.0), shape)
        a[0] = b[0] * 2.0 + a[0]
        for i in range(n):
            a[1, i] = b[0, i] * 2.0
        return a[0] * b[0] + 1.0

    same(f, fixed(np.ones((4, 1))))
