"""Calls with arguments that don't fit are answered alike, plain and bumped: see `bad_calls`."""

import pytest

from .bad_calls import disagreements

ROUNDS = 250


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("seed", range(4))
def test_bad_calls_are_answered_alike(seed):
    found = list(disagreements(seed, ROUNDS))
    assert not found, "\n\n".join(found)
