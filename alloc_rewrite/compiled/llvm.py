"""The only module that knows llvmlite: from a module's text to machine code in memory.

In: text. Out: the address of its function, and the size of its code. It must not know NumPy.
Object code is kept on disk, under all that it depends on: the text, the processor, and LLVM.
"""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
import importlib
import importlib.util
import os
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from . import store
from .turns import give_turns

OLDEST = (0, 46)
#: Modules that llvmlite loads, smallest parts first: other threads get their turn between them.
_PARTS = ("shutil", "zipfile", "tempfile", "importlib.resources", "llvmlite.ir", "llvmlite.binding")


class Code(NamedTuple):
    """Machine code that stays for as long as the process."""

    address: int
    size: int  # bytes, with all tables around it
    is_kept: bool  # whether an earlier compilation's code was found on disk


def installed() -> str | None:
    """Return the version of llvmlite; None if it isn't installed. Its compiler is loaded later."""
    try:
        return str(importlib.import_module("llvmlite").__version__)
    except ImportError:
        return None


def refusal() -> str:
    """Return why nothing can be compiled here; empty if it can."""
    found = installed()
    if found is None:
        return "llvmlite is not installed"
    numbers = tuple(int(number) for number in re.findall(r"\d+", found)[:2])
    if numbers < OLDEST:
        return "llvmlite {} is too old: {}.{} or newer is wanted".format(found, *OLDEST)
    return ""


def _load_library() -> None:
    """Have the system load llvmlite's library while other threads run.

    The interpreter's own way to load one lets no other thread run, for 5 ms and more.
    """
    found = importlib.util.find_spec("llvmlite")
    for folder in (found.submodule_search_locations if found else None) or ():
        path = os.path.join(folder, "binding", "libllvmlite.so")
        if os.path.exists(path):
            with contextlib.suppress(AttributeError, OSError):  # the usual way will do
                load = ctypes.CDLL(None).dlopen
                load.restype = ctypes.c_void_p
                load(ctypes.c_char_p(os.fsencode(path)), ctypes.c_int(os.RTLD_NOW))


class Compiler:
    """Compiles for the processor that runs. The first one imports llvmlite."""

    def __init__(self) -> None:
        _load_library()
        for part in _PARTS:
            give_turns()
            llvm: Any = importlib.import_module(part)
        llvm.initialize_native_target()
        llvm.initialize_native_asmprinter()
        features = llvm.get_host_cpu_features()
        self._llvm = llvm
        self._target = llvm.Target.from_default_triple()
        self._options = {
            "cpu": llvm.get_host_cpu_name(),
            "features": features.flatten(),
            "opt": 2,
            "jit": True,
        }
        self._machine = self._new_machine()
        #: Bytes of a vector register.
        self.width = 64 if features.get("avx512f") else 32 if features.get("avx2") else 16
        self._engines: list[Any] = []
        self._store = store.Store(store.folder())
        made_by = (installed(), llvm.llvm_version_info, self._target.triple, self._options)
        self._made_by = hashlib.sha256(repr(made_by).encode())

    def _new_machine(self) -> Any:
        return self._target.create_target_machine(**self._options)

    def compile(
        self,
        text: str,
        addresses: Mapping[str, int] = MappingProxyType({}),
        *,
        optimize: bool = False,
    ) -> Code:
        """Return the code of the function `kernel`; `optimize` what isn't written for speed.

        `addresses` are those that the module's words of these names have to hold.
        """
        key = self._made_by.copy()
        key.update(f"{optimize}\n{text}".encode())
        data = self._store.get(key.digest())
        is_kept = data is not None
        if data is None:
            data = self._object_of(text, optimize)
            self._store.put(key.digest(), data)
        llvm = self._llvm
        # An engine owns its machine.
        engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), self._new_machine())
        engine.add_object_file(llvm.ObjectFileRef.from_data(data))
        engine.finalize_object()
        for name, address in addresses.items():
            word = ctypes.c_uint64.from_address(engine.get_global_value_address(name))
            word.value = address
        self._engines.append(engine)
        return Code(engine.get_function_address("kernel"), len(data), is_kept)

    def _object_of(self, text: str, optimize: bool) -> bytes:
        llvm = self._llvm
        module = llvm.parse_assembly(text)
        module.verify()
        if optimize:
            options = llvm.create_pipeline_tuning_options(speed_level=2)
            options.loop_vectorization = True
            passes = llvm.create_pass_builder(self._machine, options)
            passes.getModulePassManager().run(module, passes)
        made: bytes = self._machine.emit_object(module)
        return made
