"""Indexing: basic, fancy, boolean and mixed, and assignment through each."""

from __future__ import annotations

import numpy as np
import pytest

from .inputs import INPUTS

INDICES = {
    "an integer": 1,
    "a negative integer": -1,
    "a NumPy integer": np.int64(2),
    "a slice": slice(1, None),
    "a step": slice(None, None, -2),
    "an empty slice": slice(2, 2),
    "an ellipsis": ...,
    "a new axis": None,
    "an empty tuple": (),
    "an element": (1, 2),
    "a column": (slice(None), 1),
    "a row and a new axis": (1, None, ...),
    "an array": np.array([0, 2, 1, 0]),
    "a negative array": np.array([-1, -3]),
    "a 2-d array": np.array([[0, 1], [2, 0]]),
    "an int32 array": np.array([0, 2], np.int32),
    "a uint8 array": np.array([0, 2], np.uint8),
    "a uint64 array": np.array([0, 2], np.uint64),
    "a 0-d array": np.array(1),
    "an empty array": np.array([], int),
    "an array in F order": np.asfortranarray([[0, 1], [2, 0]]),
    "a strided array": np.array([0, 9, 2, 9, 1, 9])[::2],
    "an array in other byte order": np.array([0, 2], ">i8"),
    "an array out of bounds": np.array([0, 3]),
    "an array out of bounds below": np.array([-4]),
    "a float array": np.array([0.0, 1.0]),
    "an object array": np.array([0, 1], object),
    "a list": [0, 2],
    "a list of lists": [[0, 1], [1, 2]],
    "two lists": ([0, 1], [1, 3]),
    "two arrays that broadcast": (np.array([[0], [2]]), np.array([1, 3])),
    "a list and a slice": ([0, 2], slice(1, 3)),
    "a slice and an array": (slice(None), np.array([0, 0, 3])),
    "an array and an integer": (np.array([0, 1]), 2),
    "an array, a new axis, an array": (np.array([0, 1]), None, np.array([1, 2])),
    "an ellipsis and an array": (..., np.array([1, 2])),
    "a mask": np.array([[True, False, True, False]] * 3),
    "an all-false mask": np.zeros((3, 4), bool),
    "a mask of the first axis": np.array([True, False, True]),
    "a mask and a slice": (np.array([True, False, True]), slice(1, None)),
    "a slice and a mask": (slice(None), np.array([True, False, True, True])),
    "a mask and an array": (np.array([True, False, True]), np.array([1, 2])),
    "a mask of the wrong shape": np.array([True, False]),
    "a list of booleans": [True, False, True],
    "True": True,
    "False": False,
    "a NumPy bool": np.True_,
    "a string": "x",
    "a float": 1.0,
    "too many": (0, 0, 0),
    "out of bounds": 7,
}
ARRAYS = ["a", "fo", "gap", "rev", "bc", "odd", "swapped", "i", "q", "z", "obj", "text",
          "dates", "rec", "t", "v", "gapv"]  # fmt: skip


@pytest.mark.parametrize("name", INDICES)
def test_get(same, name):
    index = INDICES[name]
    same.each(lambda x, at: x[at], [(INPUTS[array], lambda: index) for array in ARRAYS])


@pytest.mark.parametrize("name", INDICES)
def test_set(same, name):
    index = INDICES[name]

    def f(x, at, value):
        y = x + 1
        y[at] = value
        x[at] += y[at]
        return y

    values = [lambda: 7, lambda: np.array(2.5), lambda: np.ones(4), lambda: np.ones((3, 4))]
    rows = [
        (INPUTS[array], lambda: index, v)
        for array in ("a", "fo", "gap", "i", "rev")
        for v in values
    ]
    same.each(f, rows)


BOUNDS = [None, -4, -1, 0, 1, 3, 4, 2**30, -(2**62), 2**63, -(2**70), True]


def test_every_slice(same):
    def f(x, bounds):
        out = []
        for start in bounds:
            for stop in bounds:
                views = [x[start:stop]]
                for step in (None, 1, 2, -1, -3, 2**62, -(2**63)):
                    views.append(x[start:stop:step])
                out += [(view.tolist(), view.shape, view.strides) for view in views]
        return out

    arrays = (np.arange(3.0), np.arange(6)[::2], np.arange(3.0)[::-1], np.ones(0), np.eye(3)[1:])
    for array in arrays:
        same(f, lambda array=array: array, lambda: BOUNDS)


def test_set_and_delete_out_of_place(same):
    def f(x):
        out = {}
        out["x"] = x + 1
        out["y"] = out["x"][::2] * 2
        del out["x"]
        rows = [x[0] + 1, x[1] + 1]
        rows[0], rows[1] = rows[1], rows[0]
        rows[0][...] = 5
        return out, rows

    same(f, INPUTS["a"])


CASES = [
    (
        "a[a > 0], a[(a > 0) & (b > 0)], a[~(a > 0)] * 2, a[a.argmax(1)[0] % 3], "
        "a[np.argsort(a[:, 0])]"
    ),
    (
        "v[idx] + v[idx2].sum(0), v[idx][idx], large[np.arange(10)], large[:, np.arange(10)], "
        "large[np.arange(10), np.arange(10)]"
    ),
    (
        "a[[1, 0, 2]] - a[np.array([1, 0, 2])], t[0][idx % 3], t[:, idx % 3], t[..., idx % 3], "
        "t[idx2 % 2], t[[0, 1], :, [1, 2]], t[0, [1, 2]]"
    ),
    (
        "a[idx % 3][:, idx % 4], v[np.arange(12).reshape(3, 4)], v[iv % 12], v[uv % 12], row[i % "
        "4], a.ravel()[idx]"
    ),
    (
        "e[[]], ev[np.array([], int)], e[:, [0, 1]], ei[[0, 2]], e[e > 0], one[[0, 0, 0]], "
        "p[None] + 1, p[()], p[...] + 1, p[p > 1]"
    ),
    "p[[0]]",
    "k[()], k[...], k[None]",
    "a[0][0][0]",
    "rec['x'][1:], rec[1], rec[['x', 'n']], rec[[0, 2]], rec[rec['x'] > 0]['n'], rec[1]['x'] + 1",
    "rec['nope']",
    "v[idx] = row[0]; v[idx2] = np.array([[1, 2], [3, 4]]); v",
    "v[idx] += np.arange(5); v[v < 0] = 0; v[v > 1] *= 2; v",
    "a[a > 0] = b[a > 0]; a",
    "a[:] = b; a[1:, ::2] = col[1:]; a[...] = a[::-1]; a",
    "a[0] = v",
    "a[idx] = 1",
    "frozen[0] = 1",
    "bc[0] += 1",
    "i[0] = 2.7; i[1] = np.nan if 0 else 3; u[0] = 255; i, u",
    "u[0] = 256",
    "i[0] = 1j",
    "a[0, 0] = 'x'",
    "r = a + b; s = r[1]; t = r[:, 1]; r[1, 1] = 5; (s, t, r)",
    "r = a + b; r[:, 0], r[:, 1] = r[:, 1].copy(), r[:, 0].copy(); r",
    "x, y, *rest = a * 2; (x, y, rest)",
    "(x, y), z = (a + 1)[:2, :2], a[2] * 2; (x, y, z)",
    (
        "np.s_[1:3], a[np.s_[1:, None, ::2]] * 2, a[np.ix_([0, 2], [1, 3])], a[np.nonzero(a > "
        "0)], a.flat[5], a.flat[[1, 2]], a.item(1, 2)"
    ),
    (
        "d = {1: a + 1}; d[1] + d[1][0]; [a, b][1] + (a, b)[0]; 'abc'[1], [1, 2, 3][i[0, 0] % 3],"
        " (a, b)[np.int64(1)] + 1"
    ),
    "range(10)[i[0, 0]], [v, w][True] + 1, 'text'[np.int8(1)], b'x'[0] + v[0]",
]  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_cases(same, case):
    same.text(case)
