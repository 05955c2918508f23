"""Ufuncs of another library, made of a C file when tests ask for them."""

from __future__ import annotations

import functools
import importlib.util
import os
import shutil
import subprocess
import sysconfig
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

COMPILER = os.environ.get("CC") or shutil.which("cc") or shutil.which("gcc")


@functools.cache
def compiled() -> Any:
    """Return the module of foreign.c, or None where there is no compiler."""
    if COMPILER is None or shutil.which(COMPILER) is None:
        return None
    folder = tempfile.mkdtemp()
    library = Path(folder) / f"foreign{sysconfig.get_config_var('EXT_SUFFIX')}"
    headers = [f"-I{sysconfig.get_path('include')}", f"-I{np.get_include()}"]
    source = str(Path(__file__).with_name("foreign.c"))
    subprocess.run(
        [COMPILER, "-shared", "-fPIC", "-O1", *headers, source, "-o", str(library)], check=True
    )
    spec = importlib.util.spec_from_file_location("foreign", library)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    shutil.rmtree(folder, ignore_errors=True)
    return module
