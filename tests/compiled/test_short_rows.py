"""Machine code over short rows, which are joined where nothing lies between them."""

import warnings

import numpy as np
import pytest

import alloc_rewrite as alloc

from .test_regions import is_compiled, observed, same


@pytest.fixture(autouse=True)
def no_warning_is_an_error():
    """Otherwise what is changed is changed at the end, by copies."""
    with warnings.catch_warnings():
        warnings.resetwarnings()
        yield


def normalised(table, row, other, column):
    t = (table - row) * other + 0.5
    return t * t / (other + 2.0), np.where(t != row, t, other)


def changed(table, row, other, column):
    table *= row
    table += column
    return table * other + row


def every_second(table, row, other, column):
    return table[:, ::2] * row[::2] + other[::2] - row[::2]


@pytest.mark.parametrize("dtypes", ["dddd", "fFfF", "dfbd", "hhhh"])
@pytest.mark.parametrize("f", [normalised, changed, every_second])
def test_rows(f, dtypes):
    random = np.random.default_rng(0)
    compiled = 0
    for columns in (1, 2, 7, 8, 11, 48, 49):
        for rows in (2, 3, 300):
            shapes = ((rows, columns), columns, columns, (rows, 1))
            made = [
                (random.standard_normal(shape) * 5.0 + 7.0).astype(dtype)
                for shape, dtype in zip(shapes, dtypes, strict=True)
            ]
            g = alloc.bump(alloc.Buffer())(f)
            for _ in range(2):
                args, others = ([array.copy() for array in made] for _ in range(2))
                try:
                    expected = observed(f, args, all="warn")
                except TypeError:  # there is no such cast
                    continue
                got = observed(g, others, all="warn")
                assert same(expected[0], got[0])
                assert expected[1] == got[1]
                assert all(map(same, args, others))
            compiled += is_compiled(g)
    assert compiled or dtypes == "fFfF"  # where it may depend on strides


def test_errors_in_rows():
    """What a row raises comes from its own line, once."""
    table, row, column = np.ones((100, 5)), np.ones(5), np.ones((100, 1))
    g = alloc.bump(alloc.Buffer())(normalised)
    for at in ((0, 0), (57, 3), (99, 4)):
        table[at] = np.inf
        row[3] = np.inf
        args = table, row, row, column
        expected, got = (observed(h, args, all="warn") for h in (normalised, g))
        assert same(expected[0], got[0])
        assert expected[1] == got[1] != []
