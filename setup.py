"""Builds the native core, where that is possible; everything else stands in pyproject.toml.

setuptools, since it builds C extensions without another tool, and lets one fail: without a
compiler the library installs all the same, and its Python core serves.
"""

import glob
import os
import sys
import sysconfig

import numpy
from setuptools import Extension, setup

# "sanitize" adds run-time checks, for tests (see CONTRIBUTING.md); no warning passes there.
KIND = os.environ.get("ALLOC_REWRITE_BUILD", "")
FLAGS = (
    []
    if sys.platform == "win32"
    else ["-std=c11", "-O3", "-fno-strict-aliasing", "-ffp-contract=off", "-fvisibility=hidden"]
)
CHECKS = [
    "-DALLOC_REWRITE_CHECKS",
    "-Wall",
    "-Wextra",
    "-Werror",
    "-O1",
    "-g",
    "-fno-omit-frame-pointer",
    "-fsanitize=address,undefined",
]

# Free-threaded builds of Python have no use for it: importing it would turn the GIL on.
WANTED = not sysconfig.get_config_var("Py_GIL_DISABLED")

setup(
    ext_modules=[
        Extension(
            "alloc_rewrite._native",
            sources=sorted(glob.glob("csrc/**/*.c", recursive=True)),
            depends=sorted(glob.glob("csrc/**/*.h", recursive=True)),
            include_dirs=["csrc", numpy.get_include()],
            libraries=[] if sys.platform == "win32" else ["m"],
            extra_compile_args=FLAGS + (CHECKS if KIND == "sanitize" else []),
            extra_link_args=CHECKS[-1:] if KIND == "sanitize" else [],
            optional=KIND == "",
        )
    ]
    if WANTED
    else []
)
