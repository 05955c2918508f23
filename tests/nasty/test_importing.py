"""Importing the library loads what every program needs, and nothing else."""

import subprocess
import sys

import pytest

from alloc_rewrite.cores import native

PROGRAM = """
import sys, numpy, bytecode
before = set(sys.modules)
import alloc_rewrite
print(*sorted(set(sys.modules) - before))
"""
#: Modules that most programs don't need, or need later. Some are of Python's, and take longest.
LATER = (
    "alloc_rewrite.comparison",
    "alloc_rewrite.explain.parts",
    "alloc_rewrite.loops.service",
    "alloc_rewrite.profile.counting",
    "alloc_rewrite.profile.recorder",
    "alloc_rewrite.pycore.equivalents",
    "alloc_rewrite.report.document",
    "hashlib",
    "inspect",
    "json",
    "logging",
    "numpy.random",
    "pathlib",
    "statistics",
    "sysconfig",
    "threading",
)
OF_THE_PYTHON_CORE = ("alloc_rewrite.pycore.arena", "alloc_rewrite.pycore.sites")


def loaded():
    """The modules that importing loads in a fresh process, beyond those of its dependencies."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True
    )
    return done.stdout.split()


def test_importing_loads_no_module_that_can_wait():
    assert not set(loaded()).intersection(LATER)


@pytest.mark.skipif(native is None, reason="without the extension its Python core is needed")
def test_importing_loads_no_part_of_a_core_that_does_not_run():
    assert not set(loaded()).intersection(OF_THE_PYTHON_CORE)


def test_what_is_loaded_later_has_the_functions_of_numpy():
    """Modules bind what they need of NumPy when they are loaded, not what stands in its place."""
    program = """
import numpy as np, alloc_rewrite as alloc
own, np.concatenate = np.concatenate, None
def f(x):
    return own((x, x)) + 1.0
x = np.ones(3)
print(alloc.profile(f, x).count, len(alloc.explain(f).sites) > 0, np.concatenate)
alloc.register(len, lambda empty, x: NotImplemented)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout == "2 True None\n", done.stderr
