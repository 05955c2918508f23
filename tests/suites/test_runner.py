"""The runner of installed suites, on small suites of our own."""

from __future__ import annotations

import textwrap

import pytest

from .__main__ import main
from .report import judge, outdated, reason_for, text
from .workers import Job, run

SUITE = """
    import os
    import time
    import warnings

    import numpy as np
    import pytest
    from hypothesis import given, settings, strategies as st

    calls = []  # plain, bumped, and plain and bumped again if these differ

    def test_that_agrees():
        x = np.arange(5.0)
        assert (x * 2 + x == 3 * x).all()

    class TestOfAClass:
        def setup_method(self):
            self.x = np.ones(3)

        def test_fixtures_are_new(self):
            self.x += 1
            assert self.x.sum() == 6

    @pytest.mark.parametrize("value", ["[x]"])
    def test_that_disagrees(value):
        calls.append(1)
        assert len(calls) != 2, value

    warned = []

    def test_other_warnings():
        warned.append(1)
        if len(warned) == 2:
            warnings.warn("only bumped", RuntimeWarning)

    others = []

    def test_unstable():
        others.append(1)
        assert len(others) == 1

    drawn = []

    @given(st.integers())
    @settings(max_examples=20)
    def test_of_hypothesis(n):
        drawn.append(n)
        np.ones(3) * 2

    def test_the_same_is_drawn_and_nothing_is_left_of_the_seed():
        assert len(drawn) >= 40 and drawn[:20] == drawn[20:40]

    def test_without_a_seed(seen=[]):
        seen.append(np.random.default_rng().random())
        assert seen[-1] == seen[0]

    started = []

    def test_that_crashes():
        started.append(1)
        if len(started) == 2:
            os.abort()

    waiting = []

    def test_that_takes_too_long():
        waiting.append(1)
        if len(waiting) == 2:
            time.sleep(60)

    @pytest.mark.skip
    def test_skipped():
        pass

    def test_after_all_that():
        pass
"""


@pytest.fixture(scope="module")
def records(tmp_path_factory):
    folder = tmp_path_factory.mktemp("suites")
    path = folder / "test_small.py"
    path.write_text(textwrap.dedent(SUITE))
    return {
        record["test"].partition("::")[2]: record
        for record in run(Job((str(path),), timeout=3), folder / "kept")
    }


def test_each_test_has_its_verdict(records):
    assert {name: record["verdict"] for name, record in records.items()} == {
        "test_that_agrees": "same",
        "TestOfAClass::test_fixtures_are_new": "same",
        "test_that_disagrees[[x]]": "differs",
        "test_other_warnings": "differs",
        "test_unstable": "unstable",
        "test_of_hypothesis": "same",
        "test_the_same_is_drawn_and_nothing_is_left_of_the_seed": "same",
        "test_without_a_seed": "same",
        "test_that_crashes": "lost",
        "test_that_takes_too_long": "lost",
        "test_skipped": "not called",
        "test_after_all_that": "same",
    }


def test_what_is_lost_has_a_reason(records):
    assert "exit code -6" in records["test_that_crashes"]["reason"]
    assert records["test_that_crashes"]["how"] == "bumped"
    assert records["test_that_takes_too_long"]["reason"] == "takes too long"


def test_what_differs_is_told(records):
    record = records["test_that_disagrees[[x]]"]
    assert (record["plain"]["outcome"], record["bumped"]["outcome"]) == ("passed", "failed")
    assert record["bumped"]["error"][0] == "builtins.AssertionError"
    assert record["often"] == "once"
    assert records["test_other_warnings"]["bumped"]["warnings"] == [
        ["RuntimeWarning", "only bumped"]
    ]


def test_the_report_names_all_that(records):
    new, old = judge(list(records.values()))
    assert (len(new), len(old)) == (4, 0)
    said = text(list(records.values()))
    assert "12 tests: 6 same, 2 differs, 1 unstable, 2 lost, 1 not called" in said
    assert said.count("DISAGREES") == 4
    assert "processor time" in said


def test_known_disagreements_have_patterns():
    entries = [{"test": "numpy/*::test_a[x-?]", "reason": "slots"}]
    assert reason_for("numpy/ma/test_b.py::test_a[x-1]", entries) == "slots"
    assert reason_for("numpy/ma/test_b.py::test_a[y-1]", entries) == ""


def test_what_ceases_to_disagree_is_named():
    entries = [{"test": f"a::test_{name}*", "reason": ""} for name in ("x", "y", "z")]
    verdicts = {"a::test_x1": "same", "a::test_x2": "differs", "a::test_y": "same"}
    records = [{"test": test, "verdict": verdict} for test, verdict in verdicts.items()]
    assert outdated(records, entries) == ["a::test_y*"]


def test_the_exit_code_tells(tmp_path, capsys):
    path = tmp_path / "test_fine.py"
    path.write_text("def test_fine():\n    pass\n")
    assert main([str(path)]) == 0
    assert "1 tests: 1 same" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        main(["no_such_package_is_installed"])
