"""Hypothesis settings: the same examples each time, and few enough for every run.

``pytest tests/property --hypothesis-profile=thorough`` searches for longer, at random.
"""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings

_SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
settings.register_profile(
    "same_each_time", derandomize=True, database=None, deadline=None, max_examples=150,
    stateful_step_count=30, suppress_health_check=_SLOW,
)  # fmt: skip
settings.register_profile(
    "thorough", deadline=None, max_examples=3000, stateful_step_count=80,
    suppress_health_check=_SLOW,
)  # fmt: skip


def pytest_configure(config: pytest.Config) -> None:
    settings.load_profile(config.getoption("--hypothesis-profile") or "same_each_time")
