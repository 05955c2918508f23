"""Weak references to results in slots: what their callbacks do must not harm the site at work."""

import weakref

import numpy as np
import pytest

import alloc_rewrite as alloc


def made_of(values):
    return np.array(values)


def joined(arrays):
    return np.concatenate(arrays)


def product(a, b):
    return a @ b


def added(a, b):
    return a + b


def run(function, arguments, disturb):
    """Call a function again and again; the death of each result but the last disturbs the next."""
    bumped = alloc.bump(alloc.Buffer(10**7))(function)
    for _ in range(20):
        values = arguments()
        dying = weakref.ref(bumped(*values), lambda _: disturb(bumped, *values))
        again = arguments()
        assert np.array_equal(bumped(*again), function(*arguments()))
        del dying


def test_the_list_of_numbers_is_cleared():
    run(made_of, lambda: ([float(i) for i in range(500)],), lambda _, values: values.clear())


def test_the_list_of_arrays_is_cleared():
    run(joined, lambda: ([np.full(200, 1.0) for _ in range(4)],), lambda _, arrays: arrays.clear())


@pytest.mark.parametrize("dtype", ["f4", "O", "c16"])
def test_the_same_site_runs_with_another_dtype(dtype):
    other = np.ones((3, 3)).astype(dtype)
    for function in (product, added):
        run(function, lambda: (np.ones((3, 3)), np.eye(3)), lambda f, a, b: f(other, other))


def test_an_operand_is_resized():
    bumped = alloc.bump(alloc.Buffer(10**7))(added)
    x, y = np.ones(500), np.ones(500)

    def disturb(_):
        x.resize(1, refcheck=False)

    dying = weakref.ref(bumped(x, y), disturb)
    bumped(np.ones(3), np.ones(3))
    try:
        result = bumped(x, y)
    except ValueError:
        pass
    else:
        assert (result == 2).all()
    del dying
