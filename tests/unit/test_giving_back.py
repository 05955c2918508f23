"""Sites that do not pay are taken out: gates opened, code shortened, results as before."""

import sys

import numpy as np
import pytest

import alloc_rewrite as alloc
from alloc_rewrite.bump import bumped as made_from
from alloc_rewrite.cores import selected
from alloc_rewrite.pycore import budget
from alloc_rewrite.rewrite import gates_of
from alloc_rewrite.rewrite.gates import content_of


def sites_of(function):
    """Return what lies behind the gates of a function's sites, but for those of loops.

    These wait for a loop, or a whole function, to become hot.
    """
    contents = [content_of(gate) for gate in gates_of(function.__code__).gates[:-1]]
    return [content for content in contents if type(content).__name__ != "LoopSite"]


@pytest.fixture
def _without_machine_code():
    """Have no site that waits until its function may become machine code."""
    alloc.set_compile("off")
    yield
    alloc.set_compile("background")


def mixed(a, b):
    c = a * b + a
    d = -c if a is not b else c - 1
    return c, d, abs(d), c > d, [c, d][c > 1e300], max(c, d)


@pytest.mark.usefixtures("_without_machine_code")
@pytest.mark.parametrize("values", [(3, 4), (2.5, 1), (True, 2), (1j and 7, 3)])
def test_scalar_code_gets_rid_of_all_sites(values):
    f = alloc.bump(alloc.Buffer())(mixed)
    length = len(f.__code__.co_code)
    expected = mixed(*values)
    for _ in range(200):
        assert f(*values) == expected
    assert len(f.__code__.co_code) < length / 2
    used = [site for site in sites_of(f) if site is not None]
    assert len(used) <= 1  # the branch never taken


@pytest.mark.usefixtures("_without_machine_code")
def test_strings_and_lists():
    def f(a, b):
        return a + b, (a + b) * 2, a == b

    g = alloc.bump(alloc.Buffer())(f)
    for _ in range(100):
        assert g("x", "y") == f("x", "y")
        assert g([1], [2]) == f([1], [2])
    assert sites_of(g) == [None] * len(sites_of(g))


def test_sites_come_out_of_running_loops():
    def f(n):
        total = 0
        for k in range(n):
            total = total * 2 - total + k
        return total

    g = alloc.bump(alloc.Buffer())(f)
    assert g(10_000) == f(10_000)
    assert (others := sites_of(g)[1:]) != []
    assert all(site is None for site in others)


def test_arrays_after_scalars_still_come_out_right():
    f = alloc.bump(alloc.Buffer())(mixed)
    for _ in range(200):
        f(1, 2)

    def g(a, b):
        return a * b + a

    h = alloc.bump(alloc.Buffer())(g)
    for _ in range(200):
        h(1, 2)
    x = np.arange(1000.0)
    assert h(x, x).tobytes() == g(x, x).tobytes()


def test_callees_of_bumped_code_give_back_as_well():
    def callee(a):
        return a + 1

    def f(a):
        for _ in range(50):
            a = callee(a)
        return a

    buf = alloc.Buffer()
    g = alloc.bump(buf)(f)
    for _ in range(20):
        assert g(0) == 50
    sites = next(iter(buf.companions.values()))
    rewritten = sites.rewriter.rewritten(callee.__code__)
    left = sites.callees.said(callee).startswith("left")
    assert left or not rewritten.alive


def test_large_arrays_keep_their_sites():
    buf = alloc.Buffer()
    f = alloc.bump(buf)(lambda x: np.sin(x) * 2 + x)
    x = np.ones(200_000)
    for _ in range(70):
        y = f(x)
    assert not any(site is None for site in sites_of(f))
    assert buf.live == 1
    assert y.shape == x.shape


def test_run_gives_nothing_back_of_what_it_serves():
    buf = alloc.Buffer()

    def f(x, n):
        out = []
        for _ in range(n):
            out.append(x * 2)
        return out

    kept = alloc.run(f, buf, np.ones(4), 500)
    assert buf.live == 500
    assert all(y.tolist() == [2.0] * 4 for y in kept)


def test_suspended_generators_notice():
    def f(a):
        while True:
            a = a * 0.5 + (yield a) - 1

    g = alloc.bump(alloc.Buffer())(f)
    plain, early = f(1.5), g(1.5)
    next(plain), next(early)
    for _ in range(300):
        late = g(2)
        next(late)
        late.send(3)
        late.close()
        assert early.send(1e-3) == plain.send(1e-3)
    assert repr(f(2).send(None)) == repr(g(2).send(None))


class Dummy:
    """What the budget knows of a site."""

    weight = 1.0

    def __init__(self, period, nbytes):
        self.period, self.nbytes, self.since, self.gone = period, nbytes, budget.clock(), False

    def give_back(self):
        self.gone = True


def test_a_probe_of_the_heap_is_bounded(monkeypatch):
    made = []

    def empty(nbytes, dtype):
        made.append(nbytes)
        return np.zeros(nbytes, dtype)

    monkeypatch.setattr(budget, "empty", empty)
    assert budget.heap_faults(1 << 40, 100) == (budget.resource is not None)
    assert budget.heap_faults(1000, 100) == 0
    assert made == []
    budget.heap_faults(1 << 20, 100)
    budget.heap_faults(24 << 20, 100)
    if budget.resource is not None:
        assert made == [1 << 20] * 24 + [24 << 20] * 3


def test_the_heap_is_probed_for_the_sites_that_would_go(monkeypatch):
    probed = []
    monkeypatch.setattr(budget, "heap_faults", lambda nbytes, arrays: probed.append(nbytes) or 0)
    kept = budget.Budget(lambda: 1e-6)
    often, seldom = Dummy(1e-6, 100), Dummy(1.0, 1 << 40)
    kept.reviewed(often, 0.0)
    assert (often.gone, probed) == (True, [100])
    other = Dummy(1e-6, 200)
    monkeypatch.setattr(budget, "heap_faults", lambda nbytes, arrays: probed.append(nbytes) or 1)
    kept.reviewed(other, 0.0)
    kept.reviewed(seldom, 0.0)  # the large array's review is what finds the others too dear
    assert (other.gone, seldom.gone, probed[1:]) == (False, False, [200, 200])


def test_a_review_inside_another_is_left_out():
    kept = budget.Budget(lambda: 1e-6)
    inner = Dummy(1e-6, 100)

    class Outer(Dummy):
        def give_back(self):
            super().give_back()
            kept.reviewed(inner, 0.0)  # as a finaliser or another thread may

    outer = Outer(1e-6, 100)
    kept.reviewed(outer, 0.0)
    assert (outer.gone, inner.gone) == (True, False)
    kept.reviewed(inner, 0.0)
    assert inner.gone


@pytest.mark.skipif(selected().name != "native", reason="the Python core looks at times")
@pytest.mark.parametrize("method", ["copy()", "astype(np.float32)", "dot(w)"])
@pytest.mark.parametrize(("size", "is_small"), [(10, True), (10_000, False)])
def test_methods_that_are_loaded_bound_keep_sites_for_large_results(method, size, is_small):
    names = {"np": np, "w": np.ones((1, 1))}
    exec(f"def f(x):\n    return x.{method}\n", names)
    f, x = names["f"], np.arange(float(size)).reshape(-1, 1)
    g = alloc.bump(alloc.Buffer())(f)
    for _ in range(1000):
        assert g(x).dtype == f(x).dtype
    (site,) = [site for site in alloc.explain(g).sites if "call" in site.what]
    assert site.given_back == (is_small and sys.version_info < (3, 13))


@pytest.mark.skipif(selected().name != "native", reason="the Python core has no sites of slices")
def test_slices_without_a_bound_have_no_site_where_the_interpreter_is_quicker():
    def f(x, n):
        return x[1:n], x[:n], x[n:], x[::n], x[1:n, ::2], x[:n, 0]

    expected = {(3, 11): 4, (3, 12): 6, (3, 13): 6}.get(sys.version_info[:2], 0)
    assert len(alloc.explain(f).sites) == expected


@pytest.mark.skipif(selected().name != "native", reason="the Python core has no sites of slices")
@pytest.mark.parametrize("index", ["1, i", "i, :", "1 : i + 1, 2", "..., j, 1:"])
def test_subscripts_that_may_make_arrays_have_a_site(index):
    names = {}
    exec(f"def f(x, i, j):\n    return x[{index}]\n", names)
    assert "`[]`" in [site.what for site in alloc.explain(names["f"]).sites]


def test_forms_of_code_fit_those_before():
    """CPython's JIT compiler reads a running frame's constants from the function's new code."""

    def f(x, y):
        a = np.sqrt(x) + len(y) * 3.5
        b = np.concatenate([a, y]) - a.sum() / 7.25
        return [k * 2.5 for k in range(3)], b

    g = alloc.bump(alloc.Buffer())(f)
    rewritten = made_from(g).sites.rewriter.rewritten(f.__code__)
    codes = [rewritten.code]
    places = range(len(rewritten.places))
    for given_back in (places[1:], places[:1]):
        for number in given_back:
            rewritten.give_back(number)
        rewritten.settle()
        codes.append(rewritten.code)
    if selected().name == "native":  # the Python core tries nothing again
        rewritten.try_again()
        codes.append(rewritten.code)
    assert len({code.co_code for code in codes}) > 2
    for before, after in zip(codes, codes[1:], strict=False):
        n = len(before.co_consts) - 1  # the last one says whose code it is
        assert all(a is b for a, b in zip(before.co_consts[:n], after.co_consts, strict=False))
        assert len(after.co_consts) > n
        assert after.co_names[: len(before.co_names)] == before.co_names
        assert after.co_stacksize >= before.co_stacksize


def test_making_code_anew_is_limited_for_all_functions_together():
    rewriter = made_from(alloc.bump(alloc.Buffer())(mixed)).sites.rewriter
    other = rewriter.rewritten((lambda x: x * 2.0 + x).__code__)
    assert rewriter.rewritten(mixed.__code__)._sparing is other._sparing
