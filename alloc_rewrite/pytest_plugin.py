"""The pytest plugin: tests of functions plain and bumped, and of the memory that they take.

In: pytest's hooks. Out: a fixture, two markers and an option. It does nothing unless a test or the
command line asks for it, and loads the rest of the library only then.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Generator
from typing import Any

import pytest

_FORM = "_alloc_rewrite_form"  # the parameter of tests that run plain and bumped
_MARKERS = (
    "bumped: run the test plain and bumped",
    "heap_bytes(limit): fail if the test takes more bytes of arrays from the heap once it is warm",
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option."""
    parser.getgroup("alloc_rewrite").addoption(
        "--alloc-limit", type=int, metavar="BYTES",
        help="fail tests that take more bytes of arrays from the heap once they are warm",
    )  # fmt: skip


def pytest_configure(config: pytest.Config) -> None:
    """Describe the markers."""
    for line in _MARKERS:
        config.addinivalue_line("markers", line)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make two tests of one that is marked as `bumped`."""
    if metafunc.definition.get_closest_marker("bumped") is not None:
        metafunc.fixturenames.append(_FORM)
        metafunc.parametrize(_FORM, ["plain", "bumped"], indirect=True)


@pytest.fixture(name=_FORM)
def _form(request: pytest.FixtureRequest) -> Any:
    return request.param


@pytest.fixture
def bumped() -> Callable[..., Any]:
    """Return what makes a function run plain and bumped at each call, and fail if they differ.

    Its arguments are a function, or a method, and optionally a buffer. It returns a function that
    does what the bumped one does, and raises `alloc_rewrite.DifferenceError` if the plain call has
    another result or effect.
    """

    def made(f: Any, buffer: Any = None) -> Any:
        import alloc_rewrite as alloc

        target = f if buffer is None else alloc.bump(buffer)(f)
        return alloc.check(target, on_difference="raise")

    return made


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, object, object]:
    """Bump the test, and look at the memory that it takes, if that was asked for."""
    plain = pyfuncitem.obj
    limit = _limit(pyfuncitem)
    callspec = getattr(pyfuncitem, "callspec", None)
    if callspec is not None and callspec.params.get(_FORM) == "bumped":
        import alloc_rewrite as alloc

        pyfuncitem.obj = alloc.bump(alloc.Buffer())(plain)
    try:
        result = yield
        if limit is not None and not inspect.iscoroutinefunction(plain):
            _check_heap(pyfuncitem, limit)
        return result
    finally:
        pyfuncitem.obj = plain


def _limit(item: pytest.Function) -> int | None:
    marker = item.get_closest_marker("heap_bytes")
    if marker is None:
        found: int | None = item.config.getoption("--alloc-limit")
        return found
    if len(marker.args) != 1 or marker.kwargs:
        raise pytest.UsageError(f"{item.nodeid}: heap_bytes takes one number of bytes")
    return int(marker.args[0])


def _check_heap(item: pytest.Function, limit: int) -> None:
    """Run a test that has passed once more, and then count what it takes from the heap."""
    import alloc_rewrite as alloc

    names = inspect.signature(item.obj).parameters
    given = {name: value for name, value in item.funcargs.items() if name in names}
    item.obj(**given)
    profile = alloc.profile(item.obj, **given)
    if profile.nbytes > limit:
        pytest.fail(f"the test may take {limit} bytes from the heap:\n{profile}", pytrace=False)
