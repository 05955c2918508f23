"""What regions of the native core take on by themselves, and what they leave alone."""

import numpy as np
import pytest

import alloc_rewrite as alloc


def hits_and_misses(function, *args):
    bumped = alloc.bump(alloc.Buffer())(function)
    for _ in range(3):
        bumped(*args)
    (region,) = alloc.explain(bumped).regions
    return region.hits, region.misses


@pytest.mark.parametrize(
    "number",
    [1.5, 3, np.float64(1.5), np.float32(1.5), np.int64(3)],
    ids=lambda n: type(n).__name__,
)
def test_scalars_are_computed_with(number):
    def f(x, number):
        off = x - number / x.size
        return off * off

    assert hits_and_misses(f, np.ones(50), number) == (3, 0)


@pytest.mark.parametrize("number", [np.float16(1.5), np.int32(3), np.longdouble(2)], ids=repr)
def test_other_scalars_are_left_to_the_original_code(number):
    def f(x, number):
        off = x - number / x.size
        return off * off

    assert hits_and_misses(f, np.ones(50), number) == (0, 3)


@pytest.mark.parametrize("log", [29, 30, 31])
def test_arrays_of_regions_that_are_too_big(log):
    def f(x):
        y = x * 2.0
        return y[:2, :2] + 1.0

    x = np.broadcast_to(True, (2**31, 2**log))
    for function in (f, alloc.bump(alloc.Buffer())(f)):
        with pytest.raises(ValueError, match="array is too big"):
            function(x)
