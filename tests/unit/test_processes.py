"""`stats`: figures of this process, of those that are gone, and of several processes together."""

import functools
import gc
import itertools
import json
import operator
import os
import pickle
from types import SimpleNamespace

import numpy as np
import pytest

import alloc_rewrite as alloc
from alloc_rewrite.compiled.kernels import workshop
from alloc_rewrite.figures import MOST_NAMES, Figures, figures
from alloc_rewrite.judging import LAST, Case, verdict
from alloc_rewrite.processes import ProcessStats, Stats


def made(process, number, **others):
    names = ("buffers", "capacity", "peak", "heap_fallbacks", "hits", "misses", "kernels")
    figures = {**dict.fromkeys(names, number), **others}
    return ProcessStats(process, "t", number, **figures, kept=(f"k{number}",), left=())


def since(before):
    now = alloc.stats()
    return {n: getattr(now, n) - getattr(before, n) for n in ("buffers", "heap_fallbacks", "hits")}


def test_what_a_buffer_did_stays_when_it_is_gone():
    before = alloc.stats()
    buf = alloc.Buffer(10**5, on_full="heap")
    for n in (10**4, 10**5):
        alloc.run(lambda n: np.ones(n) * 2.0, buf, n)
    alive = since(before)
    assert alive["buffers"] == 1
    assert alive["heap_fallbacks"] >= 1
    capacity = alloc.stats().capacity
    del buf
    gc.collect()
    assert since(before) == alive
    assert alloc.stats().peak >= 8 * 10**4
    assert alloc.stats().capacity <= capacity - 10**5


def test_hits_of_sites_that_are_gone(request):
    before = alloc.stats()

    def f(x, y):
        return x + y

    g = alloc.bump(alloc.Buffer(10**6))(f)
    x = np.ones(1000)
    for _ in range(10):
        g(x, x)
    if alloc.core()[0] == "native":
        assert since(before)["hits"] == 10
    alive = since(before)
    del g
    gc.collect()
    assert since(before) == alive


def test_misses_verdicts_and_kernels(monkeypatch):
    """What is left to the original code, what was judged, and what became machine code."""
    before = alloc.stats()
    monkeypatch.setattr(workshop, "compiled", workshop.compiled + 3)
    monkeypatch.setattr(figures, "verdicts", {})
    for name, seconds in (("some.kept", 0.5), ("some.left", 2.0)):
        times = [1.0] * LAST, [seconds] * LAST
        verdict(SimpleNamespace(about=Case(name, True), times=times, begin=int))
    g = alloc.bump(alloc.Buffer(10**6))(lambda x: x + x)
    for _ in range(3):
        g("a")
    now = alloc.stats()
    assert now.kernels == before.kernels + 3
    assert (now.kept, now.left) == (("some.kept",), ("some.left",))
    if alloc.core()[0] == "native":
        assert now.misses == before.misses + 3


def test_a_process_counts_once_whatever_the_order():
    one, later, other = Stats((made("a", 1),)), Stats((made("a", 2),)), Stats((made("b", 4),))
    for order in itertools.permutations([one, later, other, one]):
        assert functools.reduce(operator.or_, order) == later | other
    both = later | other
    assert [p.process for p in both.processes] == ["a", "b"]
    assert (both.hits, both.buffers, both.peak) == (6, 6, 4)
    assert both.kept == ("k2", "k4")
    assert set(alloc.stats(one, other).processes) > {*one.processes, *other.processes}
    with pytest.raises(TypeError):
        one | 3
    with pytest.raises(TypeError, match="stats: 3 is not a Stats"):
        alloc.stats(3)


def test_it_is_pickled_shown_and_saved(tmp_path):
    both = Stats((made("a", 1),)) | Stats((made("b", 4567),))
    assert pickle.loads(pickle.dumps(both)) == both
    lines = str(both).splitlines()
    assert (
        lines[0].split()
        == "process buffers capacity peak heap fallbacks hits misses kernels".split()
    )
    assert [line.split()[0] for line in lines[1:4]] == ["a", "b", "all"]
    assert "4,568" in lines[3]
    assert lines[4:] == ["k1: stays rewritten", "k4567: stays rewritten"]
    assert repr(both).startswith("<Stats of 2 processes: 4568 buffers")
    both.save(tmp_path / "s.json")
    assert json.loads((tmp_path / "s.json").read_text())["hits"] == 4568
    assert "4,568" in both._repr_html_()


def test_verdicts_are_bounded_and_the_last_one_counts():
    figures = Figures()
    for number in range(MOST_NAMES + 10):
        figures.judge(f"f{number}", True)
    figures.judge("f0", False)
    assert len(figures.verdicts) == MOST_NAMES
    assert figures.verdicts["f0"] is False


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes can't be forked here")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_a_forked_process_counts_from_its_fork_on():
    alloc.Buffer(1000)
    before = alloc.stats()
    reads, writes = os.pipe()
    if not os.fork():
        try:
            alloc.Buffer(1000)
            os.write(writes, pickle.dumps(alloc.stats()))
        finally:
            os._exit(0)
    os.wait()
    child = pickle.loads(os.read(reads, 10**5))
    os.close(reads)
    os.close(writes)
    assert (child.buffers, child.hits) == (1, 0)
    assert (child | before).buffers == before.buffers + 1
