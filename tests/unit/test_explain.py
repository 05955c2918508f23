"""`explain`: regions, what breaks them off, the other sites, and what they counted."""

import ast
import functools
import re
import sys
import types
from pathlib import Path

import numpy as np
import pytest

import alloc_rewrite as alloc
from alloc_rewrite import rewrite
from alloc_rewrite.core_sites import style_of
from alloc_rewrite.explain.advice import advice_for
from alloc_rewrite.rewrite import survey
from alloc_rewrite.rewrite.instructions import STEPS
from alloc_rewrite.rewrite.reasons import _PARTS, _WORDS
from alloc_rewrite.sites.exceptions import from_signal_handler
from tests.cores import NATIVE

LARGE = 1 << 18  # items
of_regions = pytest.mark.skipif(not NATIVE, reason="the Python core has no regions")


def helper(x):
    return x * 2.0


def nothing(x):
    return x


def several(a, b, n):
    t = a * b + np.exp(a)
    u = np.median(helper(t) * 2.0)
    for _ in range(n):
        t = t * 0.5 + u
    t[1:] = t[:-1] * 2.0 - u
    return t


def by_line(explained):
    """The reasons at each line, counted from the function's first."""
    out = {}
    for one in explained.breaks:
        out.setdefault(one.line - explained.line, []).append(one.reason)
    return out


def reasons(f):
    return " / ".join(one.reason for one in alloc.explain(f).breaks)


@of_regions
def test_a_plain_function():
    e = alloc.explain(several)
    assert (e.function, e.filename) == ("several", several.__code__.co_filename)
    assert e.line == several.__code__.co_firstlineno
    assert (e.core, e.bumped, e.reason) == (alloc.core()[0], False, "")
    assert e.heap_fallbacks is None
    first, second, third = e.regions
    assert (first.first - e.line, first.last - e.line, first.operations) == (1, 1, 3)
    assert first.delivers == ("t",)
    assert set(first.leaves) == {"a", "b", "np"}
    assert re.sub(r"t\d+", "t", first.program) == "t = a * b\nt = np.exp(a)\nt = t + t"
    assert "`helper`" in first.ended.reason
    assert first.ended.line - e.line == 2
    assert second.delivers == ("t",)
    assert third.delivers == ()
    assert third.program.splitlines()[-1].startswith("t[1:] = ")
    assert len(first.inside) == 3
    assert all(r.hits is None and r.misses is None and not r.given_back for r in e.regions)
    found = by_line(e)
    assert any("`helper`" in reason for reason in found[2])
    assert any("`np.median`" in reason for reason in found[2])
    assert found[4] == ["the loop repeats"]
    whats = [site.what for site in e.sites]
    assert "call of `np.median`" in whats
    assert "call of `range`" in whats
    (callee,) = [site for site in e.sites if site.what == "call of `helper`"]
    assert (callee.line - e.line, callee.note) == (2, "rewritten as well when it is called")


def test_nothing_runs():
    def f(x):
        raise AssertionError(x + 1)

    class Noisy(types.ModuleType):
        def __getattr__(self, name):
            raise AssertionError

    scope = {"m": Noisy("m")}
    exec("def f(x):\n    return m.a.b(x * 2 + 1), m.c(x)\n", scope)
    assert alloc.explain(f).reason == ""
    assert any(site.what == "call of `m.a.b`" for site in alloc.explain(scope["f"]).sites)


@of_regions
def test_a_bumped_function_counts():
    buf = alloc.Buffer()
    f = alloc.bump(buf)(several)
    before = alloc.explain(f)
    assert before.bumped
    assert {region.hits for region in before.regions if region.hits is not None} <= {0}
    x = np.ones(LARGE)
    for _ in range(5):
        f(x, x, 2)
    e = alloc.explain(f)
    assert (e.function, e.core, e.reason) == ("several", buf.core, "")
    assert e.regions[0].hits + e.regions[0].misses == 5
    assert e.regions[1].hits + e.regions[1].misses == 10
    assert (e.regions[0].hits, e.regions[0].misses, e.regions[0].declined) == (5, 0, None)
    (helped,) = [site for site in e.sites if site.what == "call of `helper`"]
    assert helped.hits == 4  # the first time it was looked up
    assert e.heap_fallbacks == 0
    assert [r.program for r in e.regions] == [r.program for r in before.regions]


@of_regions
def test_what_a_region_declines():
    f = alloc.bump(alloc.Buffer(10**6))(lambda a, b: a * b + a)
    x = np.ones(10)
    f(x, x)
    for _ in range(40):
        f([1.0], 2)
        f(x.astype(object), 2)
    (region,) = alloc.explain(f).regions
    assert region.given_back
    assert region.misses >= 16
    assert region.hits == 1
    assert region.declined == "`a * b`: `a` is an array of objects; use a dtype of numbers"
    assert region.declined in str(alloc.explain(f))
    assert "switched off" in str(alloc.explain(f))


@of_regions
def test_reasons_for_declining():
    def said(values, **modes):
        f = alloc.bump(alloc.Buffer(10**6))(lambda o, y: o.x * y + y)
        with np.errstate(**modes):
            f(types.SimpleNamespace(x=values[0]), values[1])
        return alloc.explain(f).regions[0].declined

    x = np.ones(10)
    assert said((x, x)) is None
    assert "`y` is an array of objects" in said((x, x.astype(object)))
    assert "`y` is a list; make it an array" in said((x, [1.0]))
    assert "another byte order" in said((x, x.astype(x.dtype.newbyteorder())))
    assert "`y` is of the class `numpy.ma.MaskedArray`" in said((x, np.ma.array(x)))
    assert "no region computes this, where `y` is of the type `str`" in said((3, "text"))
    assert "not aligned" in said(
        (x.reshape(10, 1)[::-1], np.frombuffer(b"a" * 81, "u1")[1:].view("f8"))
    )
    assert "floating point" in said((x * 1e300, x * 1e300), over="call", call=lambda *_: None)

    class Odd:
        x = property(lambda self: np.ones(3))

    f = alloc.bump(alloc.Buffer(10**6))(lambda o, y: o.x * y + y)
    f(Odd(), np.ones(3))
    assert "not plain" in alloc.explain(f).regions[0].declined


@of_regions
def test_reasons_in_words():
    n, o = 3, types.SimpleNamespace()

    def attribute(a):
        o.x = a * 2 + 1

    def truth(a):
        if a * 2 + 1 > n:
            pass

    def unpacked(a):
        b, *c = a * 2 + 1
        return b, c

    def yielded(a):
        yield a * 2 + 1

    def protected(a):
        b = a * 2 + 1
        try:
            return b * 2 + a
        finally:
            del b

    def loop(a):
        b = a * 2 + 1
        for _ in (1, 2):
            b = b * 2 + a
        return b

    def store(a, b):
        c = a * 2 + b
        c[1:] = b[1:] * 2 + 1
        return b * 2 + c

    def shared(a):
        b = a * 2 + 1
        return lambda: b

    assert "assignment to an attribute" in reasons(attribute)
    assert "a condition needs the comparison" in reasons(truth)
    assert "tuple unpacking" in reasons(unpacked)
    assert "`yield`" in reasons(yielded)
    assert "begins" in reasons(protected)
    assert "a loop begins" in reasons(loop)
    assert "a store into an array computed in the region" in reasons(store)
    assert "shared with an inner function" in reasons(shared)
    assert "a list is built" in reasons(lambda a: [a * 2 + 1])
    assert "`np.sort` can't be part of a region" in reasons(lambda a: np.sort(a * 2 + 1))
    assert "`a.reshape`" in reasons(lambda a, b: (b * 2 + 1) * a.reshape(-1))
    assert "`.reshape`" in reasons(lambda a, b: (b * 2 + 1).reshape(-1))
    assert "`np.add` is called with keyword arguments" in reasons(
        lambda a: np.add(a * 2 + 1, a, dtype=float)
    )
    assert "`*args` or `**kwargs`" in reasons(lambda a: helper(*(a * 2 + 1)))


@of_regions
def test_a_break_is_at_its_line():
    def f(a, b):
        c = np.multiply(
            a,
            b * a,
        )
        d = c * 2 + nothing(
            a,
        )
        return d

    found = by_line(alloc.explain(f))
    assert [line for line, texts in found.items() if "`nothing`" in str(texts)] == [5]


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("g(x)", "g"),
        ("np.linalg.norm(x)", "np.linalg.norm"),
        ("x.y.foo(1, *x)", "x.y.foo"),
        ("x.foo(g(x), k=x if x else 1)", "x.foo"),
        ("(x + 1).foo(x)", ".foo"),
        ("g(x)(x)", ""),
        ("x[0](x)", ""),
        ("(x or g)(x)", ""),
        ("(g + x)(x)", ""),
        ("g[0](x)", ""),
        ("super().foo(x)", ".foo"),
        ("foo.bar(*x, **x)", "foo.bar"),
        ("foo(*[y for y in x])", "foo"),
        ("foo(x)(x if x else x)", ""),
        ("g(1)(2).foo(k=3)", ".foo"),
    ],
)
def test_names_of_callees(source, name):
    scope = {}
    exec(f"def f(x):\n    return {source}\n", scope)
    last = [site.what for site in alloc.explain(scope["f"]).sites if site.what.startswith("call")]
    assert last[-1] == (f"call of `{name}`" if name else "call of a computed function")


def test_callees():
    def f(x, helper_too):
        return nothing(x), helper_too(x), np.average(x), functools.reduce(helper, x), bumped(x)

    bumped = alloc.bump(helper)
    notes = {site.what: site.note for site in alloc.explain(f).sites}
    assert notes["call of `nothing`"] == "runs as it is: it has no operators or calls"
    assert notes["call of `helper_too`"] == ""
    assert notes["call of `np.average`"] == ""
    excluded = alloc.bump(alloc.Buffer(1000), exclude=[helper])(several)
    notes = {site.what: site.note for site in alloc.explain(excluded).sites}
    assert notes["call of `helper`"] == "runs as it is: exclude= names it"


class Model:
    def step(self, x):
        return x * 2 + x

    __call__ = step
    still = staticmethod(helper)
    of_class = classmethod(step)
    value = property(lambda self: np.ones(3) * 2)
    kept = functools.cached_property(lambda self: np.ones(3) * 2)


@pytest.mark.parametrize(
    ("given", "name"),
    [
        (Model.step, "Model.step"),
        (Model().step, "Model.step"),
        (Model(), "Model.step"),
        (Model.still, "helper"),
        (vars(Model)["still"], "helper"),
        (vars(Model)["of_class"], "Model.step"),
        (Model.value, "Model.<lambda>"),
        (vars(Model)["kept"], "Model.<lambda>"),
        (functools.partial(helper, 1), "helper"),
        (alloc.bump(functools.partial(helper, 1)), "helper"),
        (functools.partial(alloc.bump(helper)), "helper"),
        (alloc.bump(alloc.bump(Model())), "Model.step"),
        (functools.partial(functools.partial(Model(), 1)), "Model.step"),
    ],
)
def test_whatever_leads_to_a_function(given, name):
    assert alloc.explain(given).function == name
    assert str(alloc.explain(given)).startswith(f"{name} (test_explain.py:")


def test_the_library_itself():
    assert alloc.explain(alloc.bump).function == "bump"


@of_regions
def test_bumped_partials_and_objects():
    for target in (functools.partial(Model().step), Model()):
        f = alloc.bump(alloc.Buffer(10**6))(target)
        f(np.ones(3))
        e = alloc.explain(f)
        assert (e.function, e.bumped) == ("Model.step", True)
        assert e.regions[0].hits + e.regions[0].misses == 1


@pytest.mark.parametrize("given", [np.exp, len, 3, None, Model, functools.partial(len), property()])
def test_without_bytecode(given):
    with pytest.raises(TypeError, match="explain: .* has no Python bytecode"):
        alloc.explain(given)


def test_what_is_not_rewritten():
    def odd(x):
        return sys.getrefcount(x), x * 2 + 1

    for f in (odd, _quietly_bumped(odd)):
        e = alloc.explain(f)
        assert "getrefcount" in e.reason
        assert (e.regions, e.sites, e.breaks) == ((), (), ())
        assert "it runs as it is: it may look at its own frame" in str(e)
    assert alloc.explain(nothing).reason == "it has no operators or calls"


def _quietly_bumped(f):
    with pytest.warns(alloc.RewriteWarning):
        return alloc.bump(alloc.Buffer(1000))(f)


def test_the_heap():
    buf = alloc.Buffer(4096, on_full="heap")
    f = alloc.bump(buf)(lambda x: np.exp(x @ x))
    f(np.ones((100, 100)))
    e = alloc.explain(f)
    assert e.heap_fallbacks == buf.heap_fallbacks > 0
    assert "The buffer was too full for" in str(e)


@of_regions
def test_in_words():
    text = str(alloc.explain(several))
    base = several.__code__.co_firstlineno
    assert text.startswith(
        f"several (test_explain.py:{base}), not bumped, {alloc.core()[0]} core: "
    )
    assert f"Region, line {base + 1}: 3 operations on a, b, np; gives t\n    t" in text
    assert f"  up to line {base + 2}: `helper` can't be part of a region" in text
    assert f"\n{base + 2:>8}  call of `np.median`" in text
    assert "hits" not in text
    assert "     hits   misses  site" in str(alloc.explain(alloc.bump(several)))


def test_every_step_that_refuses_says_why():
    """Instructions that regions have get their words from the steps, but for a few."""
    assert set(_WORDS) & set(STEPS) == {
        "STORE_FAST",
        "POP_TOP",
        "CALL_INTRINSIC_1",
        "LOAD_COMMON_CONSTANT",
    }


@pytest.mark.parametrize("module", [np.lib._function_base_impl, np.linalg._linalg, functools])
def test_every_break_has_words(module):
    for f in vars(module).values():
        if not isinstance(f, types.FunctionType):
            continue
        found = survey(f.__code__, style_of(alloc.core()[0]), from_signal_handler)
        for one in found.breaks:
            assert not re.search(r"[A-Z]{2}|\{", re.sub(r"`.*?`", "", one.reason)), one
            assert one.line or not one.computes, one
        assert str(alloc.explain(f))


def reasons_in_the_sources():
    """What `Scan.refuse` is told, and what the instructions mean that end a region."""
    yield from (words for table in (_WORDS, _PARTS) for words in table.values())
    for path in Path(rewrite.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "refuse":
                texts = [n for n in ast.walk(node.args[0]) if isinstance(n, ast.Constant)]
                yield " ".join(str(n.value) for n in texts)


def test_most_reasons_say_what_to_write_instead():
    known = {reason for reason in reasons_in_the_sources() if " " in reason}
    assert len(known) > 60
    without = {reason for reason in known if not advice_for(reason)}
    assert without <= {
        "a built-in class or function",
        "an annotation",
        "an internal instruction of the interpreter",
        "a condition goes the other way",
        "the region has reached its maximum length",
    }


@of_regions
def test_advice_stands_behind_the_reason():
    def f(x):
        y = x * 2.0 + 1.0
        z = y.reshape((2, -1))
        return z * z - 1.0

    (first, *_) = alloc.explain(f).regions
    assert first.ended.advice.startswith("add axes by an index with None")
    assert f"; to gain: {first.ended.advice}" in str(alloc.explain(f))
