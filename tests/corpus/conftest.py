"""The code objects of installed source files: compiled, never imported.

The identity test takes all of them. The test of the whole pipeline takes a fixed sample, and all
of NumPy and SciPy if the environment variable ALLOC_REWRITE_CORPUS is "whole" (four minutes).
"""

import importlib.util
import os
import sysconfig
import warnings
from pathlib import Path
from types import CodeType

import pytest

CO_NEWLOCALS = 2


def source_files(package):
    """Return the source files of a package, or of the standard library."""
    if package == "stdlib":
        root = Path(sysconfig.get_path("stdlib"))
    else:
        root = Path(importlib.util.find_spec(package).origin).parent
    files = sorted(root.rglob("*.py"))
    return [f for f in files if "site-packages" not in f.relative_to(root).parts]


def compiled(file):
    """Return a module's code object; None for a file that is broken on purpose."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return compile(file.read_bytes(), str(file), "exec", dont_inherit=True)
        except (SyntaxError, ValueError):
            return None


def nested(code):
    """Go over a code object and all that it contains."""
    yield code
    for const in code.co_consts:
        if isinstance(const, CodeType):
            yield from nested(const)


def codes_of(package, step=1):
    """Go over all code objects of a package, or of one file in `step`."""
    for file in source_files(package)[::step]:
        code = compiled(file)
        if code is not None:
            yield from nested(code)


@pytest.fixture
def all_codes():
    return codes_of


@pytest.fixture
def sampled_functions():
    """A function that gives the functions' code objects in about so many files of a package."""

    def sampled(package, files):
        whole = os.environ.get("ALLOC_REWRITE_CORPUS") == "whole" and package != "stdlib"
        step = 1 if whole else max(1, len(source_files(package)) // files)
        for code in codes_of(package, step):
            if code.co_flags & CO_NEWLOCALS:
                yield code

    return sampled
