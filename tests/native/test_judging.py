"""Functions that are entered are judged by the time of their calls; those that lose go back."""

import gc
import importlib
import itertools
import sys
import threading
import weakref

import numpy as np
import pytest

import alloc_rewrite as alloc
from alloc_rewrite import judging, later
from alloc_rewrite.cores import native
from alloc_rewrite.rewrite import rewriter
from alloc_rewrite.rewrite.gates import is_rewritten

pytestmark = pytest.mark.skipif(native is None, reason="the Python core judges nothing")

LIBRARY = """
import numpy as np

def step(x, work):
    work()
    return x * 2.0 + x - 1.0

def outer(x, work):
    return step(x, work) + 1.0

def apply(f, *args, **kwargs):
    return f(*args, **kwargs)

def apply_in(holder, x):
    return [f(x) for f in holder["functions"]]

def keep(f):
    return f

class Steps:
    def stage(self, f, x, work):
        work()
        return f(x) * 0.5 + x * 0.25

    def drive(self, f, x, n, work):
        for _ in range(n):
            x = self.stage(f, x, work)
        return x

def fails(x, work):
    work()
    if x[0] > 5:
        raise ValueError(f"too large: {x[0]}")
    return x * 2.0 + x

def down(x, n, work):
    work()
    return x * 1.0 + 0.0 if n == 0 else down(x, n - 1, work) + x * 2.0

class Solver:
    def __init__(self, f):
        self.f = f

    def step(self, x):
        return self.f(x)

def items(x, n):
    for i in range(n):
        yield x * i + x
"""

calls_are_seen = pytest.mark.skipif(
    sys.version_info < (3, 12),
    reason="3.11 calls a function from Python code without asking how it is called",
)


@pytest.fixture(autouse=True)
def _without_machine_code():
    """A function that may become machine code is judged when it has."""
    alloc.set_compile("off")
    yield
    alloc.set_compile("background")


class Clock:
    """Tells a time that only passes while `work` is called: longer in one form of its caller."""

    def __init__(self):
        self.now, self.original, self.rewritten, self.seen = 0.0, 1.0, 1.0, []

    def __call__(self):
        return self.now

    def work(self):
        form = is_rewritten(sys._getframe(1).f_code)
        self.seen.append(form)
        self.now += self.rewritten if form else self.original


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    native.set_clock(clock)
    ticks = itertools.count(0.0, 1e-3)
    monkeypatch.setattr(judging, "clock", lambda: next(ticks))
    monkeypatch.setattr(judging, "SHARE", 100.0)  # there is always time for rewriting
    looks = later.Looks(clock, threaded=False)
    monkeypatch.setattr(judging, "looks", looks)
    monkeypatch.setattr(rewriter, "looks", looks)
    clock.looks = looks
    yield clock
    native.set_clock(None)


numbers = itertools.count()


@pytest.fixture
def library(tmp_path, monkeypatch):
    """Return a new module that lies where packages are installed."""
    folder = tmp_path / "site-packages"
    folder.mkdir()
    name = f"judged_library_{next(numbers)}"
    (folder / f"{name}.py").write_text(LIBRARY)
    monkeypatch.syspath_prepend(folder)
    yield importlib.import_module(name)
    del sys.modules[name]


def said_of(buf, function):
    return next(iter(buf.companions.values())).callees.said(function)


def calls(library, clock, times, **options):
    """Call a library's function from bumped code; return the buffer, and what is called how."""
    buf = alloc.Buffer()
    step = library.step

    def f(x, work):
        return step(x, work)

    g = alloc.bump(buf, **options)(f)
    x = np.linspace(0, 1, 50)
    for _ in range(times):
        assert g(x, clock.work).tobytes() == f(x, lambda: None).tobytes()
    return buf, g, x


def test_other_code_waits(library, clock):
    buf, _, _ = calls(library, clock, judging.WAIT - 1)
    assert not any(clock.seen)
    assert said_of(buf, library.step) == "runs as it is until it has been called more often"


@pytest.mark.parametrize("first", range(judging.WAIT - 2, judging.WAIT + 2))
def test_other_code_that_is_due_at_a_place_that_meets_it_first(library, clock, first):
    step = library.step

    def f(x, times, work):
        for _ in range(times):
            step(x, work)
        return step(x, work)

    g = alloc.bump(alloc.Buffer())(f)
    x = np.linspace(0, 1, 50)
    assert g(x, first, clock.work).tobytes() == f(x, 0, lambda: None).tobytes()
    assert any(clock.seen) == (first >= judging.WAIT)


def test_rewriting_takes_a_small_share_of_the_time(monkeypatch):
    times = {"now": 0.0, "rewriting": 0.0}
    monkeypatch.setattr(judging, "clock", lambda: times["now"])
    all_of_it = judging.Judging(native.Judge, routes=False)
    judge = all_of_it.judge(judging.Case("library.function", True))

    def make():
        times["rewriting"] += 0.02
        times["now"] += 0.02

    for size in itertools.islice(itertools.cycle((2000, 200, 20_000)), 3000):
        times["now"] += 0.01
        all_of_it.rewrite(judge, size, make)
        assert times["rewriting"] <= 0.02 + 1.5 * judging.SHARE * times["now"]
    assert times["rewriting"] > 0.5 * judging.SHARE * times["now"]


def test_what_wins_is_kept(library, clock):
    clock.original, clock.rewritten = 2.0, 1.0
    buf, g, x = calls(library, clock, 200)
    assert said_of(buf, library.step) == "rewritten and kept: it took 0.50 of the time"
    assert alloc.explain(g).sites[0].note == said_of(buf, library.step)
    clock.seen.clear()
    g(x, clock.work)
    assert clock.seen == [True]


@pytest.mark.parametrize("rewritten", [2.0, 1.0, 0.99])
def test_what_does_not_win_is_put_back(library, clock, rewritten):
    clock.rewritten = rewritten
    buf, g, x = calls(library, clock, 2000)
    assert said_of(buf, library.step).startswith("left as it is: it took")
    clock.seen.clear()
    for _ in range(100):
        g(x, clock.work)
    assert not any(clock.seen)
    region = alloc.explain(g).sites[0]
    assert region.given_back


def test_a_trial_costs_little(library, clock):
    clock.rewritten = 3.0
    calls(library, clock, 3000)
    lost = 2.0 * sum(clock.seen)
    assert lost <= 0.03 * clock.now


def test_what_was_put_back_has_another_trial(library, clock):
    clock.rewritten = 2.0
    buf, g, x = calls(library, clock, 2000)
    clock.now += 10.0
    clock.rewritten = 0.5
    clock.looks.run()
    for _ in range(300):
        g(x, clock.work)
    assert said_of(buf, library.step) == "rewritten and kept: it took 0.50 of the time"


def test_the_log_says_what_is_switched_off_and_how_trials_end(library, clock, caplog):
    clock.rewritten = 2.0
    with caplog.at_level("DEBUG", logger="alloc_rewrite"):
        calls(library, clock, 2000)
    name = f"{library.__name__}.step"
    text = caplog.text
    assert f"{name} is on trial" in text
    assert f"{name} is left as it is: rewritten, its calls take 2.00 of the time" in text
    assert "in calls.<locals>.f: the site of a call is switched off after" in text


@pytest.mark.parametrize("numbers", [16, 100, 1000])
def test_arrays_after_numbers_get_their_region_back(clock, numbers):
    def poly(x):
        return ((x * 2.0 + 1.0) * x - 3.0) * x + 4.0

    g = alloc.bump(alloc.Buffer())(poly)
    x = np.linspace(0, 1, 50)
    for _ in range(3):
        for _ in range(3):  # a region that was split is tried whole a little later
            for _ in range(numbers):
                assert g(2.0) == poly(2.0)
            clock.now += 10_000.0
            clock.looks.run()
        before = sum(region.hits for region in alloc.explain(g).regions)
        for _ in range(20):
            assert g(x).tobytes() == poly(x).tobytes()
        assert sum(region.hits for region in alloc.explain(g).regions) == before + 20


def test_always_enters_everything_at_once(library, clock):
    clock.rewritten = 5.0
    _, g, x = calls(library, clock, 300, always=True)
    assert all(clock.seen)
    assert alloc.allocated(g, x, clock.work) == 0


def test_include_enters_at_once(library, clock):
    calls(library, clock, 1, include=library)
    assert clock.seen == [True]


def test_own_functions_are_entered_at_once_and_put_back_only_where_they_lose(clock):
    def helper(x):
        clock.work()
        return x * 2.0 + x

    def f(x):
        return helper(x)

    for rewritten, kept in ((1.0, True), (1.5, False)):
        clock.seen.clear()
        clock.rewritten = rewritten
        buf = alloc.Buffer()
        g = alloc.bump(buf)(f)
        x = np.linspace(0, 1, 2000)
        for _ in range(300):
            assert g(x).tobytes() == (x * 2.0 + x).tobytes()
        assert clock.seen[0]
        assert said_of(buf, helper).startswith("rewritten and kept" if kept else "left as it is")
        assert clock.seen[-1] == kept


@calls_are_seen
def test_callbacks_are_rewritten_whoever_calls_them(library, clock):
    seen = clock.seen

    def callback(x):
        clock.work()
        return x * 2.0 + x * x - 1.0

    def f(x):
        library.keep(callback)
        return (
            library.apply(callback, x),
            library.apply(lambda y: callback(y) + 1.0, x),
            library.apply_in({"functions": [callback]}, x)[0],
        )

    g = alloc.bump(alloc.Buffer())(f)
    x = np.linspace(0, 1, 50)
    wanted = [callback(x), callback(x) + 1.0, callback(x)]
    for i in range(600):
        seen.clear()
        for a, b in zip(g(x), wanted, strict=True):
            assert a.tobytes() == b.tobytes()
        if i == 0 or i > 500:  # in between, calls take turns
            assert seen == [True, True, True]
    seen.clear()
    callback(x)
    assert seen == [False]


@calls_are_seen
@pytest.mark.parametrize("rewritten", [0.5, 2.0])
def test_what_calls_callbacks_often_is_judged_at_once(library, clock, rewritten):
    """Here in the third call of what would wait for its sixteenth."""
    clock.rewritten = rewritten

    def callback(x):
        return x * x + 0.125 * x

    def f(x, n, work):
        return library.Steps().drive(callback, x, n, work)

    g = alloc.bump(alloc.Buffer())(f)
    x = np.linspace(0, 1, 50)
    for _ in range(3):
        wanted = f(x, 2000, int)
        clock.seen.clear()
        assert g(x, 2000, clock.work).tobytes() == wanted.tobytes()
    assert set(clock.seen[-500:]) == {rewritten < 1}
    f(x, 1, clock.work)
    assert not clock.seen[-1]


@calls_are_seen
def test_callbacks_that_an_object_of_other_code_keeps(library, clock):
    def callback(x):
        clock.work()
        return x * 2.0 + x * x - 1.0

    def f(x):
        return library.Solver(callback).step(x)

    g = alloc.bump(alloc.Buffer())(f)
    x = np.linspace(0, 1, 50)
    wanted = callback(x).tobytes()
    clock.seen.clear()
    assert g(x).tobytes() == wanted
    assert clock.seen == [True]
    for _ in range(300):
        assert g(x).tobytes() == wanted
    assert clock.seen[-1]


@calls_are_seen
def test_a_callback_that_gains_nothing_for_a_while(library, clock):
    def callback(x):
        clock.work()
        return x * 2.0 + x * x - 1.0

    def f(x, times):
        for _ in range(times):
            library.apply(callback, x)
        return library.apply(callback, x)

    g = alloc.bump(alloc.Buffer())(f)
    x = np.linspace(0, 1, 50)
    for value, is_seen in ((2.0, False), (x, True), (2.0, False)):
        for _ in range(8):
            assert np.array_equal(g(value, 100), f(value, 0))
        clock.seen.clear()
        g(value, 100)
        assert any(clock.seen[-60:]) == is_seen
        clock.now += 10_000.0
        clock.looks.run()


def test_callbacks_of_callbacks_and_of_threads(library, clock):
    def inner(x):
        clock.work()
        return x * 2.0 + x

    def outer(x):
        thread = threading.Thread(target=inner, args=(x,))  # whose calls are not this one's
        thread.start()
        thread.join()
        return library.apply(inner, x) + 1.0

    def f(x):
        return library.apply(outer, x)

    g = alloc.bump(alloc.Buffer())(f)
    x = np.linspace(0, 1, 50)
    assert g(x).tobytes() == (x * 2.0 + x + 1.0).tobytes()
    assert clock.seen == [False, True]


def test_a_callback_that_fails_or_changes_its_code(library):
    def callback(x):
        if x[0] > 1:
            raise KeyError("too large")
        return x * 2.0 + x

    def other(x):
        return x - 1.0

    def f(x):
        return library.apply(callback, x)

    g = alloc.bump(alloc.Buffer())(f)
    x = np.linspace(0, 1, 50)
    for _ in range(5):
        assert g(x).tobytes() == (x * 2.0 + x).tobytes()
        with pytest.raises(KeyError, match="too large") as caught:
            g(x + 2.0)
        with pytest.raises(KeyError, match="too large"):
            callback(x + 2.0)
        names = [entry.name for entry in caught.traceback]
        assert names[-3:] == ["f", "apply", "callback"]
    callback.__code__ = other.__code__
    for _ in range(5):
        assert g(x).tobytes() == (x - 1.0).tobytes() == callback(x).tobytes()


def test_nothing_of_a_callback_is_kept_alive(library):
    class Dummy:
        pass

    def f(x):
        held = Dummy()
        references.append(weakref.ref(held))
        return library.apply(lambda y: (held, y + 1.0)[1], x)

    references = []
    g = alloc.bump(alloc.Buffer())(f)
    for _ in range(30):
        g(np.ones(3))
    gc.collect()
    assert not any(reference() for reference in references)


def test_other_code_gets_the_callback_itself(library):
    def callback(x):
        return x + 1.0

    def f(x):
        return library.keep(callback)

    g = alloc.bump(alloc.Buffer())(f)
    for _ in range(5):
        assert g(1) is callback
        assert callback(2.0) == 3.0


def test_exceptions_in_the_middle(library, clock):
    fails = library.fails

    def f(x, work):
        return fails(x, work)

    for clock.rewritten in (0.5, 1.1):
        buf = alloc.Buffer()
        g = alloc.bump(buf)(f)
        for i in range(3000):
            x = np.full(20, float(i % 7))
            if i % 7 > 5:
                with pytest.raises(ValueError, match="too large: 6.0"):
                    g(x, clock.work)
            else:
                assert (g(x, clock.work) == 3 * x).all()
        assert said_of(buf, fails).startswith(("rewritten and kept", "left as it is"))


def test_recursion(library, clock):
    down = library.down

    def f(x, n, work):
        return down(x, n, work)

    for clock.rewritten in (0.5, 2.0):
        g = alloc.bump(alloc.Buffer())(f)
        x = np.linspace(0, 1, 20)
        for n in [3] * 300 + [80] * 3:
            assert g(x, n, clock.work).tobytes() == f(x, n, lambda: None).tobytes()


def test_threads(library, clock):
    g = calls(library, clock, 0)[1]
    x = np.linspace(0, 1, 100)
    wanted = library.step(x, clock.work).tobytes()
    wrong = []

    def run():
        for _ in range(400):
            if g(x, clock.work).tobytes() != wanted:
                wrong.append(1)

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_generators_and_coroutines_of_other_code_run_as_they_are(library):
    items = library.items

    def f(x, n):
        return list(items(x, n))

    g = alloc.bump(alloc.Buffer())(f)
    x = np.linspace(0, 1, 10)
    for _ in range(50):
        assert [y.tobytes() for y in g(x, 3)] == [y.tobytes() for y in f(x, 3)]


def test_functions_of_numpy_are_rewritten_a_few_at_a_call(monkeypatch):
    """Those that wait run as they are, with their arrays from the arena."""
    monkeypatch.setattr(judging, "AT_ONCE", 100)

    def f(x):
        return np.hanning(x.size) * x, np.kron(x, x), np.vander(x, 4)

    x = np.linspace(0.0, 1.0, 40)
    expected = [a.tobytes() for a in f(x)]
    buf = alloc.Buffer()
    g = alloc.bump(buf)(f)
    callees = next(iter(buf.companions.values())).callees
    functions = [getattr(h, "_implementation", h) for h in (np.hanning, np.kron, np.vander)]
    phases = []
    for _ in range(100):
        assert [a.tobytes() for a in g(x)] == expected
        phases.append([callees._known[id(h.__code__)].judge.phase for h in functions])
    assert phases[0] == ["waiting"] * 3
    turns = [[phase[i] for phase in phases].count("waiting") for i in range(3)]
    assert turns == sorted(set(turns))
    assert "waiting" not in phases[-1]


def test_functions_that_wait_have_their_arrays_from_the_arena(monkeypatch):
    monkeypatch.setattr(judging, "AT_ONCE", 0)
    monkeypatch.setattr(judging, "LATER_CALLS", 1000)
    monkeypatch.setattr(judging.Judging, "turn_of", lambda *_: 1000)

    def f(x):
        return np.kron(x, x)

    buf = alloc.Buffer()
    g = alloc.bump(buf)(f)
    before = buf.used
    y = g(np.ones(300))
    assert buf.used - before >= y.nbytes
