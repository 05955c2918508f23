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
from alloc_rewrite.cores import selected, use
from tests.docs.pages import DOCS, IDS, PAGES, blocks

FILE = "example.py"  # what a page's snippets are said to be the lines of
MODULES = ["alloc_rewrite"] + [
    module.name for module in pkgutil.walk_packages(alloc_rewrite.__path__, "alloc_rewrite.")
]
# Pages that show what the Python core does inside, or where it differs from plain NumPy.
OF_THE_PYTHON_CORE = {
    DOCS / "explanation" / "memory-model.md",
    DOCS / "how-to" / "debug-a-rewrite.md",
    DOCS / "reference" / "differences.md",
}


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


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_snippets_run_and_print_what_the_page_says(page):
    with use("python" if page in OF_THE_PYTHON_CORE else selected().name):
        check_snippets(page)


def check_snippets(page):
    namespace = {"__name__": "__main__"}
    matches = doctest.OutputChecker().check_output
    line = 1
    for block in blocks(page):
        if block.language != "python":
            continue
        printed = run(block.text, line, namespace)
        line += block.text.count("\n")
        if block.output is not None:
            assert matches(block.output, printed, doctest.ELLIPSIS), (
                f"{page.name}, line {block.line}: it prints\n{printed}"
            )
        else:
            assert printed == "", f"{page.name}, line {block.line}: the page leaves out\n{printed}"


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_docstrings(name):
    module = importlib.import_module(name)
    runner = doctest.DocTestRunner(verbose=False)
    report = io.StringIO()
    for case in doctest.DocTestFinder(exclude_empty=True).find(module, name):
        case.globs = {"__name__": "__main__"}  # the library doesn't rewrite its own modules
        runner.run(case, out=report.write)
    assert runner.summarize(verbose=False).failed == 0, report.getvalue()
