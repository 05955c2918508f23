"""Runs a program with functions bumped, and reports at its end.

In: a script or module with its arguments, and which functions to bump. Out: a `RunReport`, and the
program's exit code. It must not know what a report looks like.
"""

from __future__ import annotations

import argparse
import ast
import gc
import importlib.util
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.machinery import ModuleSpec
from types import FunctionType, ModuleType
from typing import Any

from ..bump import bump, bumped
from ..explain import Explanation, explain
from ..explain.document import document
from ..report import Report
from ..report.document import Document, Part, duration
from .auto import Sampler
from .targets import TargetError, target_of

_DECORATOR = "__alloc_rewrite_bump__"
_NOTHING = (
    "nothing is bumped: mark functions with @bump, name them with --function, or let --auto find "
    "those that take at least 0.1 s"
)


@dataclass(frozen=True, slots=True)
class Program:
    """What is run: a script, or a module."""

    name: str
    arguments: list[str]
    is_module: bool


@dataclass(frozen=True, slots=True, repr=False)
class RunReport(Report):
    """What the bumped functions of a program did.

    Attributes
    ----------
    program : str
        The script or module.
    seconds : float
        How long it ran.
    functions : tuple of Explanation
        The functions that were bumped, with the figures of their sites.
    buffers : tuple of str
        The buffers of these, in words.
    """

    program: str
    seconds: float
    functions: tuple[Explanation, ...]
    buffers: tuple[str, ...]

    @property
    def notes(self) -> tuple[str, ...]:
        """What bumping was of no use."""
        if not self.functions:
            return (_NOTHING,)
        return tuple(
            f"{one.function} wasn't called in this process after it was bumped"
            for one in self.functions
            if (one.regions or one.sites) and not _was_called(one)
        )

    def __str__(self) -> str:
        out = [self._title(), *(f"  note: {note}" for note in self.notes)]
        for one in self.functions:
            out += ["", str(one)]
        return "\n".join([*out, "", *self.buffers] if self.buffers else out)

    def _title(self) -> str:
        functions = len(self.functions)
        return (
            f"{self.program}: {functions} bumped function{'' if functions == 1 else 's'}, "
            f"{duration(self.seconds)}"
        )

    def _document(self) -> Document:
        parts: list[Part] = [part for one in self.functions for part in document(one).parts]
        summary = [self._title(), *self.notes, *self.buffers]
        return Document(f"Run of {self.program}", summary, parts)


def _was_called(one: Explanation) -> bool:
    counts = [(x.hits, x.misses) for x in one.regions] + [(x.hits, x.misses) for x in one.sites]
    return any(hits or misses for hits, misses in counts)


def run(
    program: Program, given: argparse.Namespace, show: Callable[[Report, Any, Any], int]
) -> int:
    """Run a program; print its report, or write it to files, when it ends."""
    try:
        path, spec = _located(program)
        own = _bump_named(given.functions, path, spec)
        code, module = _prepared(program, path, spec, own)
    except OSError as error:
        print(f"run: {error.filename}: {error.strerror}", file=sys.stderr)
        return 2
    except (TargetError, SyntaxError) as error:
        print(f"run: {error}", file=sys.stderr)
        return 2
    sampler = Sampler()
    if given.auto:
        sampler.start()
    start = time.perf_counter()
    try:
        exec(code, vars(module))
        return 0
    except SystemExit as ended:
        if isinstance(ended.code, str):
            print(ended.code, file=sys.stderr)
        return ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    finally:
        if given.auto:
            sampler.stop()
        show(_report(program, time.perf_counter() - start), given, sys.stderr)


def _located(program: Program) -> tuple[str, ModuleSpec | None]:
    """Return a program's file, and the specification of a module; modules beside it are found."""
    if not program.is_module:
        sys.path[0] = os.path.dirname(os.path.abspath(program.name))
        return program.name, None
    spec = importlib.util.find_spec(program.name)
    if spec is not None and spec.submodule_search_locations is not None:
        spec = importlib.util.find_spec(f"{program.name}.__main__")
    if spec is None or spec.origin is None:
        raise TargetError(f"there is no module {program.name} to run")
    return spec.origin, spec


def _bump_named(targets: list[str], path: str, spec: ModuleSpec | None) -> list[str]:
    """Bump functions of modules, where these have them; return those of the program itself."""
    own = []
    for text in targets:
        module, _, name = text.rpartition(":")
        if module in ("", "__main__") or _is_program(module, path, spec):
            own.append(name)
            continue
        target = target_of(text)
        *outer, last = target.name.split(".")
        holder: Any = target.module
        for part in outer:
            holder = getattr(holder, part)
        setattr(holder, last, bump(vars(holder)[last]))
    return own


def _is_program(module: str, path: str, spec: ModuleSpec | None) -> bool:
    """Whether a module that is named is the file that runs, which would be imported once more."""
    if spec is not None:
        return module == spec.name
    beside = os.path.join(os.path.dirname(path), f"{module}.py")
    return os.path.abspath(module if module.endswith(".py") else beside) == os.path.abspath(path)


def _prepared(
    program: Program, path: str, spec: ModuleSpec | None, own: list[str]
) -> tuple[Any, ModuleType]:
    """Return the code of a program, with its own functions decorated, and its module."""
    module = ModuleType("__main__")
    if spec is not None:
        module.__spec__, module.__package__ = spec, spec.parent
    with open(path, "rb") as file:
        tree = ast.parse(file.read(), path)
    for name in own:
        _decorate(tree, name.split("."))
    module.__file__ = path
    vars(module)[_DECORATOR] = bump
    sys.modules["__main__"] = module
    sys.argv = [path, *program.arguments]
    return compile(tree, path, "exec"), module


def _decorate(tree: Any, path: list[str]) -> None:
    """Put the decorator on a function in a tree, underneath those that it has."""
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    found = [x for x in tree.body if isinstance(x, kinds) and x.name == path[0]]
    if not found:
        raise TargetError(f"the program has no function {'.'.join(path)} on its outer level")
    if len(path) > 1:
        _decorate(found[-1], path[1:])
        return
    name = ast.Name(_DECORATOR, ast.Load())
    at = found[-1]
    at.decorator_list.append(ast.copy_location(name, at))


def _report(program: Program, seconds: float) -> RunReport:
    """Explain all functions that are bumped by now."""
    found = {}
    for thing in gc.get_objects():
        known = (
            bumped(thing) if type(thing) is FunctionType and "__bumped__" in vars(thing) else None
        )
        if known is not None:
            found[id(known.gates)] = thing
    functions = [explain(function) for function in found.values()]
    functions.sort(key=lambda one: (one.filename, one.line))
    kept = [bumped(function) for function in found.values()]
    buffers = {id(one.sites.buffer): repr(one.sites.buffer) for one in kept if one is not None}
    return RunReport(program.name, seconds, tuple(functions), tuple(buffers.values()))
