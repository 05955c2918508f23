"""Writes `docs/reference/coverage.md`: how each of NumPy's public callables uses the arena.

Run as `python docs/make_coverage.py [--write]`. It classifies each callable by what it is (a row of
the registry, a ufunc, Python code that the library enters, or none of these), and calls it with
suitable arguments, plain and bumped, to count the bytes of array data from the heap.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import importlib
import io
import itertools
import sys
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import BuiltinMethodType, FunctionType, MethodType
from typing import Any

import numpy as np
from coverage_calls import (
    CALLS,
    FILES,
    HEAP_CLASSES,
    MODULES,
    NOTES,
    OPERATORS,
    SETTINGS,
    TRIED,
    TRIED_OF_METHODS,
    TRIED_OF_POLYNOMIALS,
    TRIED_OF_RANDOM,
    arrays,
)
from coverage_text import ARENA, CLASSES, HEAP, NOTHING, RECURSION, introduction

from alloc_rewrite import Buffer
from alloc_rewrite.bump import bumped_with
from alloc_rewrite.callables import Dispatcher, function_of
from alloc_rewrite.callees import Policy
from alloc_rewrite.core_sites import arena_sites
from alloc_rewrite.cores import native, use
from alloc_rewrite.numpy_facts import FORWARDS
from alloc_rewrite.profile.counting import CountingSites
from alloc_rewrite.profile.recorder import Recorder
from alloc_rewrite.registry import find

PAGE = Path(__file__).parent / "reference" / "coverage.md"
VERSION = f"NumPy {np.__version__}"
CALLING, ENOUGH = "f(*args, **kwargs)", 3
NO_ROW, NUMBERS = "compiled code without a row", "of numbers"


@dataclass(frozen=True)
class Entry:
    """One line of the page."""

    name: str
    kind: str
    note: str
    call: str = ""
    plain: int | None = None
    bumped: int | None = None
    native: int | None = None

    def line(self) -> str:
        figures = ["" if n is None else f"{n:,}" for n in (self.plain, self.bumped, self.native)]
        call = f"`{self.call}`".replace("|", "\\|") if self.call else ""
        name = self.name.replace("|", "\\|")
        return f"| `{name}` | {self.kind} | {self.note} | {call} | {' | '.join(figures)} |"


class Notes(Recorder):
    """A recorder that also keeps the names of the rows whose results stay on the heap."""

    def __init__(self) -> None:
        super().__init__()
        self.heap: dict[str, None] = {}

    def made(self, value: Any, where: Any, callee: str, *, heap: bool = False) -> None:
        before = self.count
        super().made(value, where, callee, heap=heap)
        if self.count > before:
            self.heap[callee] = None

    def unseen(self, value: Any, where: Any, callee: str, reason: str) -> None:
        before = len(self.uncaptured)
        super().unseen(value, where, callee, reason)
        if len(self.uncaptured) > before:
            self.heap[callee] = None

    def total(self) -> int:
        return self.nbytes + sum(one.nbytes for one in self.uncaptured)


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Suppress output and warnings, and seed the legacy generator."""
    np.random.seed(0)
    with (
        warnings.catch_warnings(),
        np.errstate(all="ignore"),
        contextlib.redirect_stdout(io.StringIO()),
    ):
        warnings.simplefilter("ignore")
        yield


def counted(call: Callable[..., Any], arguments: tuple[Any, ...]) -> Notes:
    """Count what one call takes from the heap."""
    notes = Notes()
    sites = CountingSites(notes)
    rewritten = sites.rewriter.rewritten(_calling.__code__)
    assert rewritten is not None
    with quiet():
        rewritten.instance(_calling)(call, arguments)  # type: ignore[arg-type]
    return notes


def _calling(call: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    call(*arguments)


def compiled(expression: str) -> FunctionType:
    """Return a function of the arrays' names that evaluates the expression, with fresh code."""
    source = (
        f"def call(f, args, kwargs, np, a, v, i, b, c, s, t, t2, u):\n    return {expression}\n"
    )
    namespace: dict[str, Any] = {"__name__": "coverage_call"}
    exec(compile(source, "<call>", "exec"), namespace)
    call = namespace["call"]
    assert isinstance(call, FunctionType)
    return call


def plain(prepare: Callable[[], tuple[Any, ...]], expression: str) -> Notes:
    """Count what a plain call takes from the heap."""
    return counted(compiled(expression), prepare())


def bumped(prepare: Callable[[], tuple[Any, ...]], expression: str, core: str = "python") -> Notes:
    """Count what a bumped call takes from the heap from the third time on."""
    with use(core):
        sites = arena_sites(Buffer(), Policy(), frugal=False)
    call = bumped_with(sites, compiled(expression))
    for _ in range(2):
        with quiet():
            call(*prepare())
    return counted(call, prepare())


def natively(prepare: Callable[[], tuple[Any, ...]], expression: str) -> int | None:
    """Return the bytes from the heap on the native core, if that is installed."""
    return None if native is None else bumped(prepare, expression, "native").total()


def with_arguments(function: Callable[[dict[str, Any]], Any], text: str) -> tuple[Any, ...]:
    """Return the arguments of a compiled call: the function, its arguments, and the arrays."""
    names = arrays()
    args, kwargs = eval(f"pack({text})", names)
    kept = [names[name] for name in ("np", "a", "v", "i", "b", "c", "s", "t", "t2", "u")]
    return function(names), args, kwargs, *kept


def works(prepare: Callable[[], tuple[Any, ...]]) -> bool:
    try:
        function, args, kwargs, *_ = prepare()
        with quiet():
            return function(*args, **kwargs) is not NotImplemented
    except Exception:
        return False


def classified(callee: Any) -> tuple[str, str]:
    """Return the class of a callable by what it is, and its row's note."""
    found = find(callee)
    if found is not None:
        row = found[0]
        if row.equivalent is not None:
            return ARENA, row.note
        return (NOTHING if "nothing" in row.note or "scalar" in row.note else HEAP), row.note
    if type(callee) is np.ufunc:
        if callee.nout > 1:
            return HEAP, "several outputs"
        return (ARENA, NUMBERS) if callee.signature is None else (HEAP, "it has no row")
    inner: Any = callee._implementation if type(callee) is Dispatcher else callee
    if type(inner) is MethodType:
        inner = inner.__func__
    if type(inner) is BuiltinMethodType and type(inner.__self__) is np.ndarray:
        inner = FORWARDS.get(function_of(inner), inner)
    if type(inner) is FunctionType:
        reason = Policy().refusal(inner)
        return (HEAP, reason) if reason else (RECURSION, "")
    return HEAP, NO_ROW


def entry(
    shown: str, name: str, get: Callable[[dict[str, Any]], Any], tried: tuple[str, ...]
) -> Entry:
    """Classify a callable, call it if possible, and say what stays on the heap."""
    short = shown.rpartition(".")[2]
    if shown == "ndarray.resize":
        return Entry(shown, HEAP, "refused for arrays of the arena, which own no memory")
    if short in FILES:
        return Entry(shown, HEAP, "reads or writes files")
    if short in HEAP_CLASSES:
        return Entry(shown, HEAP, "a class, whose constructor runs as it is")
    if short in SETTINGS:
        return Entry(shown, NOTHING, "")
    kind, note = classified(get(arrays()))
    chosen: tuple[str, Notes] | None = None
    for text in _worth_trying(get, (CALLS[name],) if name in CALLS else tried):
        before = plain(functools.partial(with_arguments, get, text), CALLING)
        if chosen is None or before.total():
            chosen = text, before
        if before.total():
            break
    if chosen is None:
        return Entry(shown, kind, note or "not called here")
    text, before = chosen
    prepare = functools.partial(with_arguments, get, text)
    found = concluded(shown, kind, note, f"{short}({text})", before, bumped(prepare, CALLING))
    return dataclasses.replace(found, native=natively(prepare, CALLING))


def _worth_trying(get: Callable[[dict[str, Any]], Any], tried: tuple[str, ...]) -> Iterator[str]:
    """Go over the first few arguments with which the callable succeeds."""
    working = (text for text in tried if works(functools.partial(with_arguments, get, text)))
    return itertools.islice(working, ENOUGH)


def concluded(shown: str, kind: str, note: str, call: str, before: Notes, after: Notes) -> Entry:
    """Return an entry, with its class and note corrected by the measurement."""
    if not before.total() and kind != ARENA:
        kind, note = NOTHING, "" if note == NO_ROW or "deny list" in note else note
    if kind == ARENA and note == NUMBERS and after.total():
        kind, note = HEAP, "not of numbers"
    left = ", ".join(f"`{one.removeprefix('numpy.')}`" for one in sorted(after.heap))
    if kind == RECURSION and left:
        note = f"on the heap: {left}"
    return Entry(shown, kind, note, call, before.total(), after.total())


def public(module: Any) -> list[str]:
    """Return the names of a module's public callables, without scalar types and exceptions."""
    names = sorted(set(module.__all__) if hasattr(module, "__all__") else set(dir(module)))
    out = []
    for name in names:
        value = getattr(module, name, None)
        skipped = isinstance(value, type) and (
            issubclass(value, np.generic | BaseException | np.dtype | np.random.RandomState)
            or value.__module__.startswith("numpy.random")
        )
        if callable(value) and not skipped and not name.startswith("_"):
            out.append(name)
    return out


def functions(name: str) -> list[Entry]:
    """Return the entries of a module."""
    module = importlib.import_module(name)
    tried = TRIED
    if name == "numpy.random":
        tried = TRIED_OF_RANDOM
    elif "polynomial" in name:
        tried = TRIED_OF_POLYNOMIALS
    out = []
    for one in public(module):
        value = getattr(module, one)
        if isinstance(value, type) and find(value) is None and one not in HEAP_CLASSES:
            out.append(Entry(f"{name}.{one}", NOTHING, "a class"))
        elif type(value) is not np.ufunc or name == "numpy.strings":
            out.append(entry(f"{name}.{one}", f"{name}.{one}", lambda _, f=value: f, tried))
    return out


def ufuncs() -> list[Entry]:
    """Return the entries of NumPy's ufuncs, without aliases."""
    tried = ("a", "a, a", "i", "i, i", "b, b", "a, i[:64]", "c", "t2", "s, s")
    found = {getattr(np, name) for name in public(np) if type(getattr(np, name)) is np.ufunc}
    return [
        entry(f"numpy.{u.__name__}", f"numpy.{u.__name__}", lambda _, f=u: f, tried)
        for u in sorted(found, key=lambda u: u.__name__)
    ]


def ufunc_methods() -> list[Entry]:
    """Return the entries of the methods that every ufunc has."""
    calls = {
        "reduce": "a, 0", "accumulate": "a, 0", "reduceat": "v, i[:64]", "outer": "v[:64], v[:64]",
        "at": "v, i, 1.0",
    }  # fmt: skip
    return [
        entry(f"numpy.ufunc.{name}", "", lambda _, name=name: getattr(np.add, name), (text,))
        for name, text in calls.items()
    ]


def methods() -> list[Entry]:
    """Return the entries of the methods of arrays."""
    names = [
        n for n in dir(np.ndarray) if not n.startswith("_") and callable(getattr(np.ndarray, n))
    ]
    owner = {"conj": "c", "conjugate": "c", "choose": "b", "searchsorted": "v", "trace": "cube"}
    return [
        entry(
            f"ndarray.{name}",
            f"ndarray.{name}",
            lambda names, name=name: getattr(names[owner.get(name, "a")], name),
            TRIED_OF_METHODS,
        )
        for name in [*names, "__copy__", "__deepcopy__"]
    ]


def generator_methods() -> list[Entry]:
    """Return the entries of the methods of `numpy.random.Generator`."""
    names = [n for n in dir(np.random.Generator) if not n.startswith("_")]
    made = np.random.Generator(np.random.PCG64(0))
    return [
        entry(
            f"Generator.{name}",
            f"numpy.random.Generator.{name}",
            lambda _, name=name: getattr(np.random.Generator(np.random.PCG64(0)), name),
            TRIED_OF_RANDOM,
        )
        for name in names
        if callable(getattr(made, name))
    ]


def operators() -> list[Entry]:
    """Return the entries of operators and subscripts."""
    out = []
    for name, expression in OPERATORS.items():
        prepare = functools.partial(with_arguments, lambda _: None, "")
        before, after = plain(prepare, expression), bumped(prepare, expression)
        kind = NOTHING if not before.total() else HEAP if after.total() else ARENA
        note = NOTES.get(name, "")
        entry = Entry(name, kind, note, expression, before.total(), after.total())
        out.append(dataclasses.replace(entry, native=natively(prepare, expression)))
    return out


def sections() -> dict[str, list[Entry]]:
    """Return all entries, by section."""
    return {
        "Operators and subscripts": operators(),
        "Ufuncs": ufuncs(),
        "Methods of ufuncs": ufunc_methods(),
        "Methods of arrays": methods(),
        **{f"{name}": functions(name) for name in MODULES[:4]},
        "Methods of numpy.random.Generator": generator_methods(),
        **{f"{name}": functions(name) for name in MODULES[4:]},
    }


def page(found: dict[str, list[Entry]]) -> str:
    """Return the page for this version of NumPy."""
    out = [introduction(VERSION)]
    out.append("| section | " + " | ".join(CLASSES) + " |")
    out.append("|---|" + "---:|" * len(CLASSES))
    for title, entries in found.items():
        counts = [sum(one.kind == kind for one in entries) for kind in CLASSES]
        out.append(f"| {title} | " + " | ".join(map(str, counts)) + " |")
    for title, entries in found.items():
        out.append(f"\n## {title}\n")
        out.append("| callable | class | note | call | plain | Python core | native core |")
        out.append("|---|---|---|---|---:|---:|---:|")
        out += [one.line() for one in entries]
    return "\n".join(out) + "\n"


if __name__ == "__main__":
    if "--write" in sys.argv:
        PAGE.write_text(page(sections()), encoding="utf-8")
    else:
        print(page(sections()), end="")
