"""Random programs with loops, some seeds of `python -m tests.loops.fuzz`."""

import pytest

from .fuzz.arrays import ArrayWriter
from .fuzz.trial import differences, written
from .fuzz.whole import WholeWriter

#: Where a region took a number for an array; the rest as they come.
SEEDS = (1652, 1663, *range(16))


@pytest.mark.parametrize("seed", SEEDS)
def test_a_random_program(seed):
    found, _ = differences(written(seed), seed)
    assert not found, written(seed)


@pytest.mark.parametrize("seed", range(10))
def test_a_random_program_with_new_arrays(seed):
    text = written(seed, ArrayWriter)
    found, _ = differences(text, seed)
    assert not found, text


@pytest.mark.parametrize("seed", range(10))
def test_a_random_function_without_loops(seed):
    text = written(seed, WholeWriter)
    found, _ = differences(text, seed, times=3)
    assert not found, text
