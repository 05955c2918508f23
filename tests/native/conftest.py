"""Tests of the extension itself; where it is not installed there is nothing to test."""

import pytest

from alloc_rewrite.cores import native, use

collect_ignore_glob = [] if native is not None else ["test_*.py"]


@pytest.fixture(autouse=True)
def native_core():
    with use("native"):
        yield
