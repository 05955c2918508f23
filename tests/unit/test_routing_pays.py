"""Calls are routed only where the arena saves more than that costs, by what they allocate."""

import numpy as np
import pytest

import alloc_rewrite as alloc


@pytest.mark.parametrize(("nbytes", "stays"), [(4800, False), (64_000, False), (160_000, True)])
def test_calls_that_allocate_little_are_left_to_the_heap(nbytes, stays):
    if alloc.core()[0] != "native":
        pytest.skip("the Python core has a budget for its sites")

    def f(x, n):
        for _ in range(n):
            y = x.flatten()
        return y

    x = np.arange(nbytes / 8.0).reshape(2, -1)
    g = alloc.bump(alloc.Buffer())(f)
    assert alloc.allocated(g, x, 5) == 0
    result = g(x, 300)
    assert result.tobytes() == x.tobytes()
    assert (alloc.allocated(g, x, 5) == 0) == stays
