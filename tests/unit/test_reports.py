"""Reports: profiles, explanations and comparisons as text, HTML, JSON and flame graphs."""

import html.parser
import json
import os
import re
import shutil
import subprocess
import sys
import types
from pathlib import Path

import numpy as np
import pytest

import alloc_rewrite as alloc
from alloc_rewrite.profile.recorder import Timeline
from alloc_rewrite.report.document import Call, call_tree, duration, size
from alloc_rewrite.report.files import short_names
from tests.cores import NATIVE

of_regions = pytest.mark.skipif(not NATIVE, reason="the Python core has no regions")


def inner(x):
    y = x * 2.0 + 1.0
    return y - x


def outer(x, text="<&>"):
    a, b, c = inner(x), inner(x), inner(x)
    return np.sort(a + b + c), text


class Counter:
    def __init__(self):
        self.total = 0.0

    def step(self, x):
        return self.add(x * 2.0)

    def add(self, x):
        self.total = self.total + x * 3.0
        return self.total


def made():
    x = np.linspace(0.0, 1.0, 500)
    profile = alloc.profile(outer, x)
    return {
        "profile": profile,
        "explanation": alloc.explain(outer),
        "comparison": alloc.compare(outer, x),
        "profilediff": profile.diff(alloc.profile(outer, x[:100])),
    }


@pytest.fixture(scope="module")
def reports():
    return made()


KINDS = ("profile", "explanation", "comparison", "profilediff")
VOID = {"meta", "line", "path"}


class Checker(html.parser.HTMLParser):
    """Collects the text, and fails if an element isn't closed or anything is loaded."""

    def __init__(self):
        super().__init__()
        self.open, self.text, self.tags = [], [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        assert tag not in ("script", "link", "img", "iframe", "object")
        for name, value in attrs:
            assert name not in ("src", "href", "srcset"), (name, value)
            assert not re.search(r"https?:|url\(", value or "")
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] == "style":
            assert not re.search(r"https?:|url\(|@import", data)
        else:
            self.text.append(data)


def parsed(text):
    checker = Checker()
    checker.feed(text)
    checker.close()
    assert checker.open == []
    return checker


@pytest.mark.parametrize("kind", KINDS)
def test_views(reports, kind, tmp_path):
    report = reports[kind]
    assert repr(report).startswith(f"<{type(report).__name__} of outer")
    assert "\n" not in repr(report)
    assert len(repr(report)) < 200
    page, part = report.to_html(), report._repr_html_()
    assert page.startswith("<!DOCTYPE html>")
    assert part in page
    assert "inner" in " ".join(parsed(page).text)
    data = report.to_dict()
    assert data["kind"] == kind
    assert data["function"] == "outer"
    assert "result" not in data
    assert json.loads(json.dumps(data, allow_nan=False)) == data
    for name, wanted in [("a.html", page), ("a.json", None), ("a.txt", f"{report}\n")]:
        report.save(tmp_path / name)
        text = (tmp_path / name).read_text(encoding="utf-8")
        assert json.loads(text) == data if wanted is None else text == wanted
    with pytest.raises(ValueError, match=r"save: 'a.pdf' ends in none of"):
        report.save("a.pdf")


def test_source_and_special_characters_are_shown(reports):
    for kind in ("profile", "comparison", "explanation"):
        text = " ".join(parsed(reports[kind].to_html()).text)
        assert "y = x * 2.0 + 1.0" in text
    assert '"<&>"' in " ".join(parsed(reports["explanation"].to_html()).text)


def test_pictures_and_trees(reports):
    profile = parsed(reports["profile"].to_html())
    assert "svg" in profile.tags
    text = " ".join(profile.text)
    assert "high-water mark" in text
    assert "suggested size of the buffer" in text
    assert "details" in profile.tags
    assert "details" in parsed(reports["comparison"].to_html()).tags


@pytest.mark.parametrize(
    ("kind", "units"), [("profile", ["bytes"]), ("comparison", ["seconds"] * 2)]
)
def test_flame_graphs(reports, kind, units, tmp_path):
    report = reports[kind]
    report.save(tmp_path / "a.speedscope.json")
    data = json.loads((tmp_path / "a.speedscope.json").read_text(encoding="utf-8"))
    assert data["$schema"] == "https://www.speedscope.app/file-format-schema.json"
    frames = data["shared"]["frames"]
    inners = [frame for frame in frames if frame["name"].startswith("inner:")]
    assert inners
    assert all(frame["file"] == __file__ and frame["line"] > 0 for frame in inners)
    assert [one["unit"] for one in data["profiles"]] == units
    for one in data["profiles"]:
        assert one["type"] == "sampled"
        assert len(one["samples"]) == len(one["weights"])
        assert sum(one["weights"]) == pytest.approx(one["endValue"])
        assert all(0 <= i < len(frames) for stack in one["samples"] for i in stack)
    total = sum(data["profiles"][0]["weights"])
    assert total == pytest.approx(report.nbytes if kind == "profile" else report.plain)


# ---------------------------------------------------------------------- in a browser

BROWSER = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
PROBE = """<script>document.title = JSON.stringify({
  wide: document.documentElement.scrollWidth, window: innerWidth,
  ground: getComputedStyle(document.body).backgroundColor,
  ink: getComputedStyle(document.querySelector('.alloc h2')).color,
  boxes: [...document.querySelectorAll('h2,h3,table,svg')].map(
    e => e.getBoundingClientRect()).every(b => b.width > 0 && b.height > 0),
})</script>"""


def brightness(color):
    return sum(map(int, re.findall(r"\d+", color)[:3])) / 3


@pytest.mark.skipif(BROWSER is None, reason="there is no Chromium")
@pytest.mark.parametrize(("dark", "width"), [(True, 500), (False, 1400)])
@pytest.mark.parametrize("kind", KINDS)
def test_in_a_browser(reports, kind, dark, width, tmp_path):
    page = tmp_path / "page.html"
    page.write_text(reports[kind].to_html().replace("</body>", f"{PROBE}</body>"), encoding="utf-8")
    scheme = 0 if dark else 1
    shown = subprocess.run(
        [BROWSER, "--headless", "--no-sandbox", "--disable-gpu", f"--window-size={width},900",
         f"--user-data-dir={tmp_path}/profile", f"--blink-settings=preferredColorScheme={scheme}",
         "--dump-dom", page.as_uri()],
        capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    found = json.loads(html.unescape(re.search(r"<title>(.*?)</title>", shown.stdout)[1]))
    assert found["window"] <= width
    assert found["wide"] <= found["window"], "the page itself doesn't scroll sideways"
    assert (brightness(found["ground"]) < 100) == dark
    assert abs(brightness(found["ground"]) - brightness(found["ink"])) > 120
    assert found["boxes"]


# ---------------------------------------------------------------------- names


def test_names_of_callees():
    scipy_special = pytest.importorskip("scipy.special")
    ndtr = scipy_special.ndtr

    def f(x, rng):
        ndtr(x), scipy_special.erf(x)
        np.linalg.inv(np.eye(3))
        x.std(), x.sum(axis=0, keepdims=True), np.var(x), np.median(x), np.percentile(x, (2, 98))
        np.pad(x, 2, mode="reflect")
        np.fft.rfft(x)
        np.random.rand(3), np.random.normal(size=3), rng.normal(size=3)
        x.copy(), (x + x).copy(), np.add.outer(x, x), x.astype("f4"), np.sort(x)
        return [y.std(axis=0) for y in (x.reshape(2, -1),)]

    p = alloc.profile(f, np.linspace(0.0, 1.0, 500), np.random.default_rng(0))
    assert {row.callee for row in p.lines} == {
        "scipy.special.ndtr", "scipy.special.erf", "numpy.linalg.inv", "numpy.eye", "x.std",
        "x.sum", "numpy.var", "numpy.median", "numpy.percentile", "numpy.pad", "numpy.fft.rfft",
        "numpy.random.rand", "numpy.random.normal", "rng.normal", "x.copy", "numpy.ndarray.copy",
        "+", "numpy.add.outer", "x.astype", "numpy.sort", "y.std",
    }  # fmt: skip
    for note in p.uncaptured:
        assert note.reason.startswith("inside, numpy.")


def test_names_without_a_source():
    scope = {"np": np}
    exec("def f(x): return x.std(axis=0), x.copy(), np.median(x)", scope)
    p = alloc.profile(scope["f"], np.ones((3, 4)))
    assert {row.callee for row in p.lines} >= {
        "numpy.ndarray.std", "numpy.ndarray.copy", "numpy.median",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("value", "time", "bytes_"),
    [(0.0, "0 ns", "0 B"), (1.0, "1 s", "1 B"), (0.99996e-3, "1 ms", "0 B"), (2e-6, "2 us", "0 B"),
     (999.96, "1e+03 s", "1 kB"), (12345.0, "1.23e+04 s", "12.3 kB"), (1e9, "1e+09 s", "1 GB")],
)  # fmt: skip
def test_figures_in_words(value, time, bytes_):
    assert (duration(value), size(value)) == (time, bytes_)


def test_short_names():
    assert short_names(["/a/b/m.py", "/a/c/m.py", "/a/n.py", "/a/n.py"]) == {
        "/a/b/m.py": "b/m.py", "/a/c/m.py": "c/m.py", "/a/n.py": "n.py",
    }  # fmt: skip
    assert short_names(["m.py", "/x/m.py"]) == {"m.py": "m.py", "/x/m.py": "x/m.py"}


def test_files_of_one_name_are_told_apart(tmp_path):
    modules = []
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        path = tmp_path / folder / "same.py"
        path.write_text("def f(x):\n    return x + 1.0\n")
        scope = {"__name__": folder}
        exec(compile(path.read_text(), str(path), "exec"), scope)
        modules.append(scope["f"])
    text = str(alloc.profile(lambda x: [f(x) for f in modules], np.ones(10)))
    assert "one/same.py:2" in text
    assert "two/same.py:2" in text


# ---------------------------------------------------------------------- profiles


def test_calls_and_timeline():
    p = alloc.profile(outer, np.ones(500))
    assert p.function == "outer"
    first = outer.__code__.co_firstlineno
    at = {call.line - first: call for call in p.calls}
    assert {call.function for call in p.calls} == {"outer"}
    assert set(at) == {1, 2}
    assert sum(call.value for call in p.calls) == p.nbytes
    assert at[1].value == 3 * 3 * 4000
    (lines,) = [{one.line - inner.__code__.co_firstlineno for one in at[1].below}]
    assert lines == {1, 2}
    assert max(p.timeline) == p.peak
    assert p.timeline[0] == 4000


def test_calls_end_at_the_function_that_is_profiled():
    def caller():
        return alloc.profile(lambda: np.zeros(10))

    (call,) = caller().calls
    assert "<lambda>" in call.function


def test_a_long_timeline():
    timeline = Timeline()
    for value in range(10_000):
        timeline.add(value if value != 5001 else 10**6)
    assert len(timeline.values) <= 1024
    assert max(timeline.values) == 10**6
    assert timeline.values[-1] >= 9900


def test_call_tree():
    a, b, c = ("a", "f", 1), ("b", "f", 2), ("c", "f", 3)
    assert call_tree({(a,): 1, (a, b): 2, (a, c): 3, (b,): 7}) == (
        Call(*b, 7),
        Call(*a, 6, (Call(*c, 3), Call(*b, 2))),
    )


def test_diff():
    x = np.ones(500)
    d = alloc.profile(outer, x).diff(alloc.profile(outer, x[:100]))
    assert (d.before * 5, d.peak_before * 5) == (d.nbytes, d.peak)
    row = d.rows[0]
    assert (row.filename, row.before * 5, row.count_before) == (__file__, row.nbytes, row.count)
    assert str(d).startswith(f"outer: {d.before:,} -> {d.nbytes:,} bytes, peak ")
    assert f"{row.function} (test_reports.py)" in str(d)
    same = alloc.profile(outer, x).diff(alloc.profile(outer, x))
    assert same.rows == ()
    assert "\n" not in str(same)


# ---------------------------------------------------------------------- explanations


@of_regions
def test_callees_of_an_explanation():
    e = alloc.explain(outer)
    (callee,) = e.callees
    assert (callee.function, callee.bumped, len(callee.regions)) == ("inner", False, 1)
    bumped = alloc.bump(alloc.Buffer())(outer)
    assert alloc.explain(bumped).callees[0].regions[0].hits is None  # it was not called
    for _ in range(5):
        bumped(np.ones(10))
    (callee,) = alloc.explain(bumped).callees
    assert callee.bumped
    hits = callee.regions[0].hits
    assert hits > 0
    assert "Functions that it calls:\n    inner (test_reports.py:" in str(alloc.explain(bumped))
    assert f"1 region, 0 sites outside; {hits} hits, 0 misses" in str(alloc.explain(bumped))


def test_callees_that_are_methods_inner_functions_or_recursive():
    e = alloc.explain(Counter.step)
    assert [one.function for one in e.callees] == ["Counter.add"]

    def local(x):
        return x + 1.0

    def calling(x):
        return local(x) + recursive(x)

    def recursive(x):
        return recursive(x[1:]) + 1.0 if len(x) else calling(x)

    e = alloc.explain(calling)
    assert [one.function.rpartition(".")[2] for one in e.callees] == ["local", "recursive"]
    assert e.callees[1].callees == ()


def test_looking_for_callees_runs_nothing():
    class Odd:
        def __getattribute__(self, name):
            raise AssertionError(name)

    scope = {"odd": Odd(), "m": types.ModuleType("m")}
    exec("def f(x): return odd.g(x) + m.h(x) + x.k(x) + y(x)", scope)
    assert alloc.explain(scope["f"]).callees == ()


def test_reports_are_loaded_when_asked_for():
    code = (
        "import sys, alloc_rewrite as alloc; alloc.explain(lambda x: x + 1); "
        "print([m for m in sys.modules if m.endswith(('.html', '.speedscope', '.document'))])"
    )
    env = {**os.environ, "PYTHONPATH": str(Path(alloc.__file__).parents[1])}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env)
    assert "alloc_rewrite.report.html" not in done.stdout
    assert "speedscope" not in done.stdout
