"""Fixtures for tests of one of the cores. All other tests are of the core that is selected."""

import gc
import os

import pytest

from alloc_rewrite.comparison import comparing
from alloc_rewrite.cores import use
from alloc_rewrite.later import looks
from alloc_rewrite.rewrite import sparing

from .foreign import compiled


def pytest_configure():
    """Let tests say when what has been switched off is tried again, and time lines for a moment."""
    looks.threaded = False
    sparing.AT_ONCE = float("inf")
    comparing.TRACED_SECONDS = 0.05
    os.environ["ALLOC_REWRITE_CACHE"] = "off"  # what is tested is the compiler


def pytest_collection_finish():
    """Keep what exists so far out of what the collector goes through, which many tests call."""
    gc.collect()
    gc.freeze()


@pytest.fixture
def python_core():
    """Let buffers have the Python core, for tests of its insides."""
    with use("python"):
        yield


@pytest.fixture(scope="session")
def foreign():
    """Return the module that makes ufuncs as other libraries have them."""
    module = compiled()
    if module is None:
        pytest.skip("needs a C compiler")
    return module
