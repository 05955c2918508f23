"""Random programs with loops, some seeds of `python -m tests.loops.fuzz`."""

import pytest

from .fuzz.trial import differences, written


@pytest.mark.parametrize("seed", range(20))
def test_a_random_program(seed):
    found, _ = differences(written(seed), seed)
    assert not found, written(seed)
