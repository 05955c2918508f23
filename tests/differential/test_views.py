"""Slices: views with the same memory, layout, flags and base as NumPy's."""

import itertools

import numpy as np
import pytest

GRID = np.arange(60.0).reshape(6, 10)
ARRAYS = {
    "vector": lambda: np.arange(12.0),
    "grid": lambda: GRID.copy(),
    "columns": lambda: np.asfortranarray(GRID),
    "turned": lambda: GRID.copy()[::-1, ::-2],
    "cube": lambda: np.arange(24).reshape(2, 3, 4).transpose(2, 0, 1),
    "empty": lambda: np.zeros((0, 3)),
    "one": lambda: np.ones((1, 1)),
    "flat": lambda: np.broadcast_to(np.arange(3.0), (4, 3)),
    "records": lambda: np.zeros(5, [("a", "i4"), ("b", "f8")]),
    "objects": lambda: np.array([None, "x", 3], object),
    "words": lambda: np.array(["a", "bcd", ""]),
    "dates": lambda: np.array(["2020-01-01", "NaT"], "M8[D]"),
    "big endian": lambda: np.arange(6.0).astype(">f8"),
    "scalar": lambda: np.array(3.0),
    "matrix": lambda: np.matrix(GRID),
    "masked": lambda: np.ma.array([1.0, 2.0, 3.0], mask=[0, 1, 0]),
    "list": lambda: [1, 2, 3, 4],
    "text": lambda: "abcdef",
}
BOUNDS = (None, 0, 1, -1, 3, -3, 100, -100, 2**70, True, np.int64(2))


def seen(view, x):
    """What tells views apart, besides their values."""
    if not isinstance(view, np.ndarray):
        return view
    flags = view.flags
    return (
        view,
        view.base is x,
        view.base is None,
        flags.owndata,
        flags.writeable,
        flags.aligned,
        np.shares_memory(view, x) if isinstance(x, np.ndarray) and view.size else None,
    )


@pytest.mark.parametrize("name", ARRAYS)
def test_two_bounds(same, name):
    same.each(
        lambda x, i, j: seen(x[i:j], x),
        [(ARRAYS[name], i, j) for i, j in itertools.product(BOUNDS, BOUNDS)],
    )


@pytest.mark.parametrize("name", ARRAYS)
def test_steps(same, name):
    steps = (None, 1, 2, -1, -2, 5, -100, 2**70, 0)
    some = (None, 1, -2)
    same.each(
        lambda x, i, j, k: seen(x[i:j:k], x),
        [(ARRAYS[name], i, j, k) for i, j, k in itertools.product(some, some, steps)],
    )


@pytest.mark.parametrize("name", ARRAYS)
def test_tuples(same, name):
    cases = [
        lambda x, k: x[1:, 2:],
        lambda x, k: x[:, k],
        lambda x, k: x[k, :],
        lambda x, k: x[:, None],
        lambda x, k: x[None, 1:-1],
        lambda x, k: x[None, None, :, k],
        lambda x, k: x[..., 1:],
        lambda x, k: x[1:, ...],
        lambda x, k: x[::-1, ::2],
        lambda x, k: x[k, k],
        lambda x, k: x[:, :, 1:],
        lambda x, k: x[:, [0, 1]],
        lambda x, k: x[:, 1:][1:, k:],
    ]
    for f in cases:
        for k in (0, -1, 7):
            same(lambda x, k, f=f: seen(f(x, k), x), ARRAYS[name], k)


def test_writing_through_slices(same):
    def f(x):
        x[1:-1][::2] = 7
        x[1:3] += 1
        y = x[2:]
        y *= 2
        x[:, 1:][0, 0] = -1
        return x, y

    same(f, ARRAYS["grid"])
    same(f, ARRAYS["columns"])

    def fixed(x):
        x.flags.writeable = False
        y = x[1:]
        y[0] = 1

    same(fixed, ARRAYS["grid"])


def test_views_of_views(same):
    def f(x):
        y = x[1:]
        z = y[1:, 1:]
        return z.base is x, y.base is x, z[::2].base is x, (x + 1)[1:].base.shape

    same(f, ARRAYS["grid"])
