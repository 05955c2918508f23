"""Fixtures for tests of one of the cores. All other tests are of the core that is selected."""

import pytest

from alloc_rewrite.cores import use


@pytest.fixture
def python_core():
    """Let buffers have the Python core, for tests of its insides."""
    with use("python"):
        yield
