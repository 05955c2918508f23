"""Random programs with loops, some seeds of `python -m tests.loops.fuzz`."""

import pytest

from .fuzz.trial import differences, written

#: Where a region took a number for an array; the rest as they come.
SEEDS = (1652, 1663, *range(16))


@pytest.mark.parametrize("seed", SEEDS)
def test_a_random_program(seed):
    found, _ = differences(written(seed), seed)
    assert not found, written(seed)
