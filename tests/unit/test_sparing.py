"""Making code anew is put off where it has taken long, and done for all sites at once."""

import numpy as np
import pytest

import alloc_rewrite as alloc
from alloc_rewrite import later
from alloc_rewrite.bump import bumped
from alloc_rewrite.rewrite import rewriter, sparing
from alloc_rewrite.rewrite.sparing import TO_FIND, TO_LEAVE_OUT

X, Y = np.linspace(1.0, 2.0, 50), np.linspace(0.5, 3.0, 50)


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def looks(monkeypatch):
    """Nothing is made anew before its time."""
    monkeypatch.setattr(sparing, "AT_ONCE", -1.0)
    clock = Clock()
    looks = later.Looks(clock, threaded=False)
    looks.clock = clock
    monkeypatch.setattr(rewriter, "looks", looks)
    if alloc.core()[0] != "native":
        pytest.skip("only the native core has regions")
    return looks


def where(condition, x, y):
    return x if condition.all() else y


def second(u):
    return u[:-2] - 2.0 * u[1:-1] + u[2:]


def split(x, y, text):
    a = x * y + x
    b = where(a > 1.0, x, y)
    c = a * b - 2.0 * y
    d = where(c > 1.0, c, y)
    text = text + "!"
    return c * d - c, text


def inlined(x, y, text):
    return second(x) * second(y) + 1.0, text


@pytest.mark.parametrize("function", [split, inlined])
def test_changes_wait_and_are_made_together(looks, function, monkeypatch):
    g = alloc.bump(alloc.Buffer())(function)
    expected = function(X, Y, "a")
    code = None
    for _ in range(20):
        result = g(X, Y, "a")
        assert result[0].tobytes() == expected[0].tobytes()
        assert result[1] == expected[1]
        rewritten = bumped(g).sites.rewriter.rewritten(function.__code__)
        code = code or rewritten.code
        assert rewritten.code is code
    assert len(looks.waiting) < 20
    monkeypatch.setattr(sparing, "AT_ONCE", float("inf"))
    looks.clock.now = 60.0
    looks.run()
    assert rewritten.code is not code
    for _ in range(20):
        assert g(X, Y, "a")[0].tobytes() == expected[0].tobytes()
    regions = [region for region in alloc.explain(g).regions if region.hits]
    assert len(regions) == (3 if function is split else 1)
    assert function is split or regions[0].helpers == ("second",)


def test_how_long_it_waits(monkeypatch):
    now = [5.0]
    monkeypatch.setattr(sparing.time, "process_time", lambda: now[0])
    monkeypatch.setattr(sparing, "AT_ONCE", 0.001)
    spared = sparing.Sparing()
    assert spared.wait(TO_FIND) <= 0.0
    with spared.spending("first"):
        now[0] += 0.03
    with spared.spending():
        now[0] += 0.01
    for purpose in (TO_FIND, TO_LEAVE_OUT):
        owed = 0.03 * sparing.AT_FIRST + (0.01 - 0.001) * purpose
        assert spared.wait(purpose) == pytest.approx(owed - 0.04)
    now[0] += 1.0
    assert spared.wait(TO_LEAVE_OUT) <= 0.0


def test_a_forked_process_does_not_wait_for_its_clock_to_catch_up(monkeypatch):
    now = [1000.0]
    monkeypatch.setattr(sparing.time, "process_time", lambda: now[0])
    monkeypatch.setattr(sparing, "AT_ONCE", 0.005)
    spared = sparing.Sparing()
    now[0] = 0.25
    assert spared.wait(TO_LEAVE_OUT) <= 0.0
