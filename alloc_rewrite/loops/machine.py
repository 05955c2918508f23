"""Machine code of kernels: the only module, besides `code`, that knows llvmlite.

In: a kernel in LLVM's language. Out: its address, and what keeps it in memory.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import functools
from typing import Any

import llvmlite.binding as llvm
import numpy as np

from ..cores import native


@functools.cache
def _library() -> ctypes.CDLL:
    return ctypes.CDLL(ctypes.util.find_library("m"))


@functools.cache
def address_of(name: str) -> int:
    """Return the address of a function of the C library."""
    return ctypes.cast(getattr(_library(), name), ctypes.c_void_p).value or 0


@functools.cache
def dot_of(dtype: str) -> int:
    """Return the address of NumPy's function for the product of two vectors."""
    assert native is not None
    address: int = native.dot_of(np.dtype(dtype))
    return address


@functools.cache
def _prepare() -> None:
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()


def _target() -> Any:
    """Return what to compile for: the engine that takes it over lets it go."""
    _prepare()
    target = llvm.Target.from_default_triple()
    return target.create_target_machine(
        cpu=llvm.get_host_cpu_name(),
        features=llvm.get_host_cpu_features().flatten(),
        opt=2,
        jit=True,
    )


def compiled(text: str, name: str) -> tuple[int, Any]:
    """Compile a kernel; it stays in memory as long as the second thing returned."""
    machine = _target()
    module = llvm.parse_assembly(text)
    module.verify()
    options = llvm.create_pipeline_tuning_options(speed_level=2)
    options.loop_vectorization = True
    options.slp_vectorization = False
    builder = llvm.create_pass_builder(machine, options)
    builder.getModulePassManager().run(module, builder)
    engine = llvm.create_mcjit_compiler(module, machine)
    engine.finalize_object()
    return engine.get_function_address(name), engine
