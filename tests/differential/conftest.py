"""The fixture that every test of this folder runs its cases with."""

from __future__ import annotations

import ast
import linecache
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import alloc_rewrite as alloc

from .compare import NOTHING_TO_DO, fingerprint, observe
from .inputs import INPUTS

_LONG = 9  # rows of a table of which only some are profiled


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    folder = Path(__file__).parent
    for item in items:
        if folder in item.path.parents and "same" not in getattr(item, "fixturenames", ()):
            raise pytest.UsageError(
                f"{item.nodeid} does not use the fixture `same`: a differential test runs its "
                "cases plain, bumped and profiled"
            )


class Same:
    """Runs cases plain, bumped and profiled, and asserts that nobody could tell which.

    A case is a function and what it is called with. An argument that is callable is called
    to make a fresh one for each run; any other argument has to be immutable.
    """

    def __init__(self) -> None:
        self.runs = 0
        # Code that many cases call is rewritten once for each of these two. In the first no
        # site is given back; of the second even small arrays fall back to the heap.
        self.shared = alloc.Buffer()
        self.tiny = alloc.Buffer(512, on_full="heap")

    def __call__(self, f: Callable[..., Any], *args: Any) -> Any:
        """Run one case; return the result of its plain run."""
        return self.each(f, [args])[0]

    def each(self, f: Callable[..., Any], rows: Sequence[tuple[Any, ...]]) -> list[Any]:
        """Run a case with several rows of arguments, all through the same bumped function.

        Of a long table every row is run plain and bumped, and some are profiled.
        """
        case = _Case(f, self)
        results = []
        for i, row in enumerate(rows):
            self.runs += 1
            results.append(case.row(row, thorough=len(rows) < _LONG or i % _LONG == 0))
        case.check_kept()
        return results

    def text(self, source: str, **more: Any) -> Any:
        """Run a case given as text: statements over names of `INPUTS`; the last is returned."""
        f, names = compiled(source, more)
        return self(f, *(INPUTS[name] for name in names))


class _Case:
    """One function in all its forms, and the results of its calls."""

    def __init__(self, f: Callable[..., Any], same: Same) -> None:
        self.f = f
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", NOTHING_TO_DO, alloc.RewriteWarning)
            self.bumped = alloc.bump(alloc.Buffer())(f)
        self.same = same
        self.kept: list[tuple[str, Any, Any]] = []

    def row(self, row: tuple[Any, ...], *, thorough: bool) -> Any:
        """Run one row of arguments in all forms; return the result of its plain run."""
        f, same = self.f, self.same

        expected, result = observe(f, _made(row))

        def check(how: str, call: Callable[..., Any], *, keep: bool = False) -> None:
            got, value = observe(call, _made(row))
            different = expected.differences(got)
            if different:
                raise AssertionError("\n".join([f"{how}, of {_shown(row)}:", *different]))
            if keep:
                self.kept.append((f"{how}, of {_shown(row)}", value, got.result))

        if thorough:
            check("plain, once more (the case is not deterministic)", f)
            check("profiled", lambda *args: alloc.profile(f, *args).result)
            check("bumped, called before", self.bumped, keep=True)
        check("bumped", self.bumped, keep=True)
        if thorough:
            check("bumped, again", self.bumped)
            check("bumped, into memory used before", self.bumped)
        check(
            "run, and no site given back", lambda *args: alloc.run(f, same.shared, *args), keep=True
        )
        check("run, with a full buffer", lambda *args: alloc.run(f, same.tiny, *args))
        return result

    def check_kept(self) -> None:
        """Assert that the results of all calls are what they were."""
        for how, value, before in self.kept:
            assert fingerprint(value) == before, f"overwritten by a later call: {how}"


def compiled(source: str, more: dict[str, Any]) -> tuple[Callable[..., Any], list[str]]:
    """Make a function of a case given as text, with its inputs for parameters."""
    statements = source.split("; ")
    tree = ast.parse("\n".join(statements))
    if isinstance(tree.body[-1], ast.Expr):
        statements[-1] = f"return {statements[-1]}"
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    names = sorted(used.intersection(INPUTS) - more.keys())
    code = "\n    ".join([f"def case({', '.join(names)}):", *statements]) + "\n"
    filename = f"<{source}>"
    linecache.cache[filename] = (len(code), None, code.splitlines(True), filename)
    namespace = {"np": np, "__name__": "cases", **more}
    exec(compile(code, filename, "exec"), namespace)
    return namespace["case"], names


def _made(row: Iterable[Any]) -> tuple[Any, ...]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # some inputs are of classes that NumPy advises against
        return tuple(one() if callable(one) else one for one in row)


def _shown(row: Iterable[Any]) -> str:
    values = _made(row)
    return ", ".join(
        f"{v.dtype}{v.shape}" if isinstance(v, np.ndarray) else repr(v) for v in values
    )


@pytest.fixture(scope="module", params=[alloc.core()[0]])  # so that tests are named after it
def core(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="module")
def _same_of_module(core: str) -> Same:
    return Same()


@pytest.fixture
def same(_same_of_module: Same) -> Iterator[Same]:
    runs = _same_of_module.runs
    yield _same_of_module
    assert _same_of_module.runs > runs, "the test has not run any case"
