"""What the pages show is what happens: snippets run, and print what stands below them."""

import contextlib
import doctest
import importlib
import io
import linecache
import pkgutil
import warnings

import pytest

import alloc_rewrite
from alloc_rewrite.cores import native, selected, use
from tests.docs.pages import IDS, PAGES, blocks

FILE = "example.py"  # what a page's snippets are said to be the lines of
MODULES = ["alloc_rewrite"] + [
    module.name for module in pkgutil.walk_packages(alloc_rewrite.__path__, "alloc_rewrite.")
]


@pytest.fixture(autouse=True)
def _users_warnings():
    """Warnings as a user has them, who does not turn them into errors."""
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        yield


def run(source: str, first_line: int, namespace: dict) -> str:
    """Run a snippet as the lines of `FILE` from `first_line` on, and return what it prints."""
    lines = "\n" * (first_line - 1) + source
    linecache.cache[FILE] = (len(lines), None, lines.splitlines(keepends=True), FILE)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(lines, FILE, "exec"), namespace)
    return printed.getvalue()


def of_the_core(name):
    """Let buffers have the core that a page's mark names, or the selected one."""
    return contextlib.nullcontext() if name in ("any", selected().name) else use(name)


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_snippets_run_and_print_what_the_page_says(page):
    namespace = {"__name__": "__main__"}
    matches = doctest.OutputChecker().check_output
    line = 1
    for block in blocks(page):
        if block.language != "python":
            continue
        first, line = line, line + block.text.count("\n")
        if block.core == "native" and native is None:
            continue
        with of_the_core(block.core):
            printed = run(block.text, first, namespace)
        if block.output is not None:
            assert matches(block.output, printed, doctest.ELLIPSIS), (
                f"{page.name}, line {block.line}: it prints\n{printed}"
            )
        else:
            assert printed == "", f"{page.name}, line {block.line}: the page leaves out\n{printed}"


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_docstrings(name):
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name != "llvmlite":  # which is optional
            raise
        pytest.skip("it needs llvmlite")
    runner = doctest.DocTestRunner(verbose=False)
    report = io.StringIO()
    for case in doctest.DocTestFinder(exclude_empty=True).find(module, name):
        case.globs = {"__name__": "__main__"}  # the library doesn't rewrite its own modules
        runner.run(case, out=report.write)
    assert runner.summarize(verbose=False).failed == 0, report.getvalue()
