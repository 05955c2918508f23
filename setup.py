"""Builds the native core, where that is possible; nearly all else stands in pyproject.toml.

setuptools, since it builds C extensions without another tool, and lets one fail: without a
compiler the library installs all the same, and its Python core serves.
"""

import glob
import os
import re
import sys
import sysconfig
import tomllib
from pathlib import Path

import numpy
from setuptools import Extension, setup

# "sanitize" adds run-time checks, for tests (see CONTRIBUTING.md); no warning passes there.
# "symbols" keeps what debuggers and profilers show, which is three quarters of the file.
# "wheel" is for wheels that are published: without a compiler it fails.
KIND = os.environ.get("ALLOC_REWRITE_BUILD", "")
STRIPPED = KIND not in ("sanitize", "symbols") and sys.platform == "linux"
FLAGS = (
    ["/std:c11"]
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

HERE = Path(__file__).parent
PROJECT = tomllib.loads((HERE / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def readme() -> str:
    """Return the README with links into the repository, for pages that are elsewhere."""
    source = f"{PROJECT['urls']['Source']}/blob/v{PROJECT['version']}/"
    text = (HERE / "README.md").read_text(encoding="utf-8")
    return re.sub(r"\]\((?!https?:|#)", f"]({source}", text)


setup(
    long_description=readme(),
    long_description_content_type="text/markdown",
    ext_modules=[
        Extension(
            "alloc_rewrite._native",
            sources=sorted(glob.glob("csrc/**/*.c", recursive=True)),
            depends=sorted(glob.glob("csrc/**/*.h", recursive=True)),
            include_dirs=["csrc", numpy.get_include()],
            libraries=[] if sys.platform == "win32" else ["m"],
            extra_compile_args=FLAGS
            + (CHECKS if KIND == "sanitize" else [])
            + (["-g0"] if STRIPPED else []),
            extra_link_args=(CHECKS[-1:] if KIND == "sanitize" else [])
            + (["-Wl,-s"] if STRIPPED else []),
            optional=KIND in ("", "symbols"),
        )
    ]
    if WANTED
    else [],
)
