"""These tests need the native core and llvmlite, except those of what happens without it."""

import pytest

import alloc_rewrite as alloc
from alloc_rewrite.compiled.kernels import workshop
from alloc_rewrite.compiled.llvm import refusal


@pytest.fixture(autouse=True)
def now():
    """Compile at once, and leave the mode as it was."""
    if alloc.core()[0] != "native" or refusal():
        pytest.skip(refusal() or "needs the native core")
    alloc.set_compile("now")
    workshop._kernels.clear()  # there is a limit to their number
    yield
    alloc.set_compile("background")
