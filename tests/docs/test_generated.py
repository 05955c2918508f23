"""The generated pages are those that the library gives now, and the pages hang together."""

import ast
import importlib
import importlib.util
import re
import sys
from pathlib import Path

import pytest

import alloc_rewrite
from alloc_rewrite.cores import native
from tests.bench.programs import __main__ as programs
from tests.bench.programs import measure as program_rows
from tests.bench.regions import tables
from tests.bench.regions.__main__ import show
from tests.bench.regions.measure import Row
from tests.docs.pages import DOCS, IDS, PAGES, ROOT, anchors, blocks, links

sys.path.append(str(DOCS))
make_benchmarks = importlib.import_module("make_benchmarks")
make_coverage = importlib.import_module("make_coverage")
make_reference = importlib.import_module("make_reference")
make_stages = importlib.import_module("make_stages")

PACKAGE = Path(alloc_rewrite.__file__).parent
MESSAGES = DOCS / "reference" / "messages.md"
COMMANDS = (
    "python3 -m venv .venv && .venv/bin/pip install '.[compiled]' && "
    ".venv/bin/python examples/quickstart.py",
    "python3 -m venv .venv && .venv/bin/pip install -e '.[test]' && .venv/bin/python -m pytest",
)
RAISED = (
    "TypeError",
    "ValueError",
    "RuntimeError",
    "BufferFullError",
    "DifferenceError",
    "RewriteError",
    "NothingToDoError",
)


def test_the_api_page_is_current():
    page = make_reference.PAGE.read_text(encoding="utf-8")
    assert page == make_reference.page(), "run python docs/make_reference.py --write"


def test_every_public_name_is_on_the_api_page():
    headings = {block for block in anchors(make_reference.PAGE)}
    assert {name.lower() for name in alloc_rewrite.__all__} <= headings


@pytest.mark.skipif(native is None, reason="the page shows code of the native core")
def test_the_stages_are_current():
    page = make_stages.PAGE.read_text(encoding="utf-8")
    if f"<!-- stages: {make_stages.VERSION} -->" in page:
        assert page == make_stages.with_stages(page), "run python docs/make_stages.py --write"


def test_every_version_has_every_stage():
    stages = make_stages.stages()
    names = [name for name, _, _ in stages]
    assert names == re.findall(
        r"^### \d\. (.+)$", make_stages.PAGE.read_text(encoding="utf-8"), re.MULTILINE
    )
    assert all(printed.strip() for _, _, printed in stages)
    assert names[2] == "Find operations, calls and regions"
    for kind in ("Operation(", "Call(", "Region("):
        assert kind in stages[2][2]
    assert "np.exp(" in stages[2][2]  # what the region computes
    for encoded, sites in ((stages[3][2], ("@s0", "@s1", "@s2")), (stages[4][2], ("@s0", "@s1"))):
        assert "BINARY_OP" in encoded
        for site in sites:
            assert f"'{site}'" in encoded


def test_the_coverage_page_is_current():
    found = make_coverage.sections()
    page = make_coverage.PAGE.read_text(encoding="utf-8")
    is_current = f"it was made with {make_coverage.VERSION}." in page
    if is_current and sys.version_info[:2] == (3, 13):  # figures differ a little between versions
        made = make_coverage.page(found)
        if native is None:  # the last column is of the native core
            last = re.compile(r"[\d,]* \|$", re.MULTILINE)
            page, made = last.sub("", page), last.sub("", made)
        assert page == made, "run python docs/make_coverage.py --write"
    for entries in found.values():
        for entry in entries:
            check_coverage(entry)
    names = {entry.name for entries in found.values() for entry in entries}
    assert {"a + b", "numpy.zeros", "numpy.linalg.inv", "ndarray.sort", "Generator.normal"} <= names


def check_coverage(entry):
    """An entry's class, its note and its figures do not contradict each other."""
    assert entry.kind in make_coverage.CLASSES
    if entry.kind == make_coverage.HEAP:
        assert entry.note or entry.call, entry
    if entry.plain is None:
        return
    assert entry.plain >= 0 <= entry.bumped
    if entry.kind == make_coverage.ARENA:
        assert entry.bumped == 0, entry
    if entry.kind == make_coverage.NOTHING:
        assert entry.plain == 0, entry
    if entry.kind == make_coverage.RECURSION:
        assert bool(entry.bumped) == entry.note.startswith("on the heap"), entry


#: A benchmark's tables by their marks, each with the pages that it stands on.
MARKED = {
    "operations": 1,
    "benchmarks": 1,
    "regions": 2,
    "kernels": 1,
    "peers": 1,
    "programs": 1,
}


def between_marks(name):
    """What stands between the marks of a table, on each page that has them."""
    marks = re.compile(rf"^<!-- {name} -->\n(.*)^<!-- end of {name} -->\n", re.M | re.S)
    return [m[1] for page in PAGES for m in marks.finditer(page.read_text(encoding="utf-8"))]


def rows_between_marks(name):
    lines = between_marks(name)[0].splitlines()
    return [[c.strip() for c in line.strip("|").split("|")] for line in lines if "|" in line][2:]


@pytest.mark.parametrize("name", MARKED)
def test_tables_of_benchmarks_have_their_marks(name):
    found = between_marks(name)
    assert len(found) == MARKED[name]
    assert len(set(found)) == 1, "the same table everywhere"
    written_into = [p for p in make_benchmarks.PAGES if f"<!-- {name} -->" in p.read_text("utf-8")]
    assert len(written_into) == MARKED[name]


MADE_UP = [
    Row("waves", "stencil", "small", 2e-6, {"native": 8.0, "out=": 2.0},
        {"native": 0.25e-6, "out=": 1e-6}, {"native": 0.0}),
    Row("waves", "stencil", "large", 4.5e-3, {"native": 2.0}, {"native": 2.25e-3},
        {"native": 1319.0}),
    Row("numbers", "other", "small", 1e-6, {"native": 1.0, "out=": 0.5},
        {"native": 1e-6, "out=": 2e-6}, {"native": 0.0}, other_bits=["out="]),
]  # fmt: skip


def test_tables_of_the_suite_of_kernels_are_found(capsys):
    show(MADE_UP, "Array kernels (Python 3.13.0, NumPy 2.5.5; 9 s)")
    made = make_benchmarks.tables(capsys.readouterr().out)
    assert set(made) == {"kernels", "regions", "peers"}
    for table in made.values():
        assert table.startswith("Made with Python 3.13.0, NumPy 2.5.5, native core:\n\n| ")
    assert r"| `waves` | stencil | 2.00 | 8.00 | 4,500.00 | 2.00\* |" in made["kernels"]
    assert "| `numbers` | other | 1.00 | 1.00 |  |  |" in made["kernels"]
    assert "| stencil | 8.00 |  | 2.00 |" in made["regions"]
    assert "| out= | 4.00 (1) |  |  |" in made["peers"]
    page = "a\n<!-- regions -->\nold\n<!-- end of regions -->\nb\n"
    new = make_benchmarks.written(page, made)
    assert new == f"a\n<!-- regions -->\n\n{made['regions']}\n<!-- end of regions -->\nb\n"
    assert make_benchmarks.written(new, made) == new


def test_the_table_of_programs_is_found(capsys):
    rows = [
        program_rows.Row("spring", "solvers", 0.002, 0.004, 0.001, 1.25),
        program_rows.Row("crash", "images", troubles=["ended early"]),
        program_rows.Row("fits", "models", 0.005, 0.050, 0.002, 0.8),
    ]
    programs.show(rows, "Programs (Python 3.13.0, NumPy 2.5.5, native core; 9 s)")
    printed = capsys.readouterr().out
    assert "Geometric mean: 1.00\nSlower than plain: fits: 0.80\n" in printed
    assert "Slow at the first call: fits: +45 ms\n" in printed
    made = make_benchmarks.tables(printed)["programs"]
    assert made.startswith("Made with Python 3.13.0, NumPy 2.5.5, native core:\n\n| program |")
    assert "| `spring` | solvers | 1.00 | 1.25 | 2.00 | 4.00 |\n" in made


def test_tables_of_other_benchmarks_are_found():
    rule = "-------------------------  --------  --------------  ----"
    output = "\n".join(
        [
            "Operations (Python 3.13.0, NumPy 2.5.5, native core)",
            "operation                  plain ns  plain / bumped   aim",
            rule,
            "a*b + a*a - b*b, 1,000        2,276            3.21  3.00",
            "left out                      9,999            3.00  2.00",
            "x[3]                             33            1.00",
        ]
    )
    (table,) = make_benchmarks.tables(output).values()
    assert table.splitlines()[2:] == [
        "| operation | plain, ns | plain / bumped |",
        "|---|---:|---:|",
        "| `a*b + a*a - b*b`, 1,000 | 2,276 | 3.21 |",
        "| `x[3]` | 33 | 1.00 |",
    ]


def test_the_tables_and_the_picture_of_kernels_are_of_one_run():
    rows = []
    for name, kind, *figures in rows_between_marks("kernels"):
        for size, ratio in zip(tables.SIZES, figures[1::2], strict=True):
            faults = {"native": float("*" in ratio)}
            ratios = {"native": float(ratio.rstrip("\\*"))} if ratio else {}
            rows.append(Row(name, kind, size, ratios=ratios, faults=faults))
    means = tables.means(rows, "native")
    shown = {kind: list(map(float, figures)) for kind, *figures in rows_between_marks("regions")}
    assert shown.keys() == means.keys()
    for kind, by_size in means.items():
        assert list(by_size.values()) == pytest.approx(shown[kind], rel=0.01)
    picture = (DOCS / "explanation" / "regions.svg").read_text(encoding="utf-8")
    drawn = [float(text) for text in re.findall(r">([\d.]+)</text>", picture)]
    wanted = [v for kind, values in shown.items() if kind != tables.WITHOUT_FAULTS for v in values]
    assert drawn == pytest.approx(wanted, abs=0.0501)


def sentences(node):
    """The text of an expression that makes a message, with … for what is filled in."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(
            part.value if isinstance(part, ast.Constant) else "…" for part in node.values
        )
    return None


def messages():
    """What the library raises, warns of, logs, or gives as a reason: template and place."""
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            argument = None
            if isinstance(node, ast.Call) and node.args:
                name = getattr(node.func, "id", getattr(node.func, "attr", ""))
                logged = name in ("debug", "info", "warning", "error")
                if name in RAISED or logged or name in ("warn", "warn_the_user"):
                    argument = node.args[0]
            elif isinstance(node, ast.Assign) and "{}" in (sentences(node.value) or ""):
                yield sentences(node.value).replace("{}", "…"), f"{path.name}:{node.lineno}"
            elif isinstance(node, ast.FunctionDef) and "refusal" in node.name:
                for inner in ast.walk(node):
                    if isinstance(inner, ast.Return) and inner.value is not None:
                        text = sentences(inner.value)
                        if text:
                            yield text, f"{path.name}:{inner.lineno}"
            text = None if argument is None else sentences(argument)
            if text and " " in text:
                yield re.sub(r"%\w", "…", text), f"{path.name}:{node.lineno}"


def test_every_message_is_on_its_page():
    listed = re.sub(r"\s+", " ", MESSAGES.read_text(encoding="utf-8"))
    missing = [(place, text) for text, place in messages() if f"`{text}`" not in listed]
    assert not missing


def test_no_message_is_listed_that_is_gone():
    known = {text for text, _ in messages()}
    headings = re.findall(r"^- `(.+?)`", MESSAGES.read_text(encoding="utf-8"), re.MULTILINE)
    assert headings
    assert not [text for text in headings if text not in known]


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_links_lead_somewhere(page):
    for target in links(page):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        there = (page.parent / path).resolve() if path else page
        assert there.exists(), f"{page.name}: {target}"
        assert there.is_relative_to(ROOT)
        if page.is_relative_to(DOCS):  # the site has nothing else
            assert there.is_relative_to(DOCS), f"{page.name}: {target}"
        if anchor:
            assert anchor in anchors(there), f"{page.name}: {target}"


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_commands_exist(page):
    text = page.read_text(encoding="utf-8")
    for module in re.findall(r"python -m (tests\.[\w.]*\w)", text):
        assert importlib.util.find_spec(module), f"{page.name}: {module}"
    for script in re.findall(r"python ((?:docs|examples)/\w+\.py)", text):
        assert (ROOT / script).exists(), f"{page.name}: {script}"


def test_every_page_is_reached_from_the_index():
    seen, left = set(), [DOCS / "index.md"]
    while left:
        page = left.pop()
        if page in seen or page.suffix != ".md":
            continue
        seen.add(page)
        left += [(page.parent / t.partition("#")[0]).resolve() for t in links(page) if ":" not in t]
    assert set(PAGES) - {ROOT / "README.md"} <= seen


def test_the_readme_has_its_two_commands_each_in_a_block_of_its_own():
    found = [block.text.strip() for block in blocks(ROOT / "README.md")]
    assert [text for text in found if "venv" in text] == list(COMMANDS)
