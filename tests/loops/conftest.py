"""Loops are compiled at once here, from their first iterations on."""

import pytest

from alloc_rewrite.cores import native

pytest.importorskip("llvmlite")
if native is None:
    pytest.skip("kernels are the native core's", allow_module_level=True)


@pytest.fixture(autouse=True)
def _at_once(monkeypatch):
    monkeypatch.setenv("ALLOC_REWRITE_COMPILE", "now")
    native.set_warm_loop(1)
    yield
    native.set_warm_loop(native.WARM_LOOP)
