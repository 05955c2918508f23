"""Loops are compiled at once here, from their first iterations on."""

import pytest

import alloc_rewrite as alloc
from alloc_rewrite.compiled.llvm import refusal
from alloc_rewrite.native.sites import LOOPS


@pytest.fixture(autouse=True)
def _at_once(monkeypatch):
    if alloc.core()[0] != "native" or refusal():
        pytest.skip(refusal() or "needs the native core")
    if not LOOPS:
        pytest.skip("loops are not compiled on this version of Python")
    monkeypatch.setattr("alloc_rewrite.loops.service._compiled", 0)
    alloc.set_compile("now")
    yield
    alloc.set_compile("background")
