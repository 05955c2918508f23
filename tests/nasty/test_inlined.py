"""Helpers that are part of their callers' regions: tools see their frames; any change counts."""

import functools
import gc
import pickle
import sys
import traceback
import warnings
import weakref

import cloudpickle
import numpy as np
import pytest

import alloc_rewrite as alloc

pytestmark = pytest.mark.skipif(alloc.core()[0] != "native", reason="of the native core")

WARM = 12
X, Y = np.linspace(1.0, 2.0, 50), np.linspace(3.0, 2.0, 50)
SCALE = 0.5


def scaled(v, by=2.0, *, plus=1.0):
    w = v * by
    return w * SCALE + plus


def both(v, w):
    a = scaled(v, 3.0)
    return a * w, scaled(w, plus=a)


def main(x, y):
    p, q = both(x, y)
    r = scaled(by=p, v=x)
    return p * q - r


def settled(function, *args, calls=WARM):
    """Return the bumped function after some calls, whose results are as without it."""
    bumped = alloc.bump(alloc.Buffer())(function)
    for _ in range(calls):
        assert repr(bumped(*args)) == repr(function(*args))
    return bumped


def hits(bumped):
    """Return how often regions with helpers handled their leaves."""
    return sum(r.hits for r in alloc.explain(bumped).regions if r.helpers)


def agree(bumped, function, *args, calls=3):
    for _ in range(calls):
        assert repr(bumped(*args)) == repr(function(*args))


def test_helpers_are_inlined():
    bumped = settled(main, X, Y, calls=30)
    (region,) = alloc.explain(bumped).regions
    assert region.helpers == ("both", "scaled")
    assert region.hits >= 20
    assert not region.misses
    assert "of `both`, `scaled`" in str(alloc.explain(bumped))


def test_methods_are_inlined():
    class Model:
        rate = 0.5

        def __init__(self):
            self.c = 2.0

        def rhs(self, u, t=0.0):
            return self.damped(u) * self.c + t

        def damped(self, u):
            return u - u * 0.25

        def step(self, u, dt):
            k = self.rhs(u)
            return u + dt * self.rhs(u + 0.5 * dt * k, t=dt)

    class Other(Model):
        def damped(self, u):
            return u * 0.5

    model = Model()
    bumped = settled(Model.step, model, X, 0.1)
    assert hits(bumped) >= 3
    agree(bumped, Model.step, Other(), X, 0.1)
    model.damped = lambda u: u * 3.0
    agree(bumped, Model.step, model, X, 0.1)
    del model.damped
    before = hits(bumped)
    agree(bumped, Model.step, model, X, 0.1)
    assert hits(bumped) > before
    Model.damped = lambda self, u: u - 1.0
    agree(bumped, Model.step, model, X, 0.1)
    Model.rhs = property(lambda self: lambda u, t=0: u * t)
    agree(bumped, Model.step, model, X, 0.1)
    Model.__getattribute__ = lambda self, name: {"rhs": lambda u, t=0: u - t}[name]
    agree(bumped, Model.step, model, X, 0.1)


def test_closures_and_what_they_hold():
    factor = 2.0

    def inner(v):
        return v * factor + 1.0

    def outer(x, y):
        return inner(x) * inner(y) - factor  # noqa: F821 - deleted below

    bumped = settled(outer, X, Y)
    assert hits(bumped)
    for value in (3.0, Y, np.float32(2.0)):
        factor = value
        agree(bumped, outer, X, Y)
    inner = scaled  # noqa: F811
    agree(bumped, outer, X, Y)
    del inner
    for f in (outer, bumped):
        with pytest.raises(NameError, match="inner"):
            f(X, Y)


def test_functions_of_modules(monkeypatch):
    import types

    module = types.ModuleType("helpers")
    exec("def half(v):\n    return v * share\nshare = 0.5", vars(module))

    def f(x, y):
        return module.half(x) + module.half(y) * x

    bumped = settled(f, X, Y)
    assert hits(bumped)
    module.share = 0.25
    agree(bumped, f, X, Y)
    monkeypatch.setattr(module, "half", scaled)
    agree(bumped, f, X, Y, calls=40)
    monkeypatch.undo()
    agree(bumped, f, X, Y)


def test_what_is_not_inlined():
    def recursive(v, n=2):
        return v * 2.0 if n == 0 else recursive(v, n - 1)

    def generator(v):
        yield v * 2.0 + v

    def looks(v):
        w = v * 2.0
        return w + len(locals())

    def deep(v):
        w = v * 2.0
        return w + sys._getframe(1).f_lineno

    def many(v, *rest, **named):
        return v * 2.0 + len(rest) + len(named)

    @functools.wraps(scaled)
    def wrapped(*args, **kwargs):
        return scaled(*args, **kwargs)

    def unbound(v, n=0):
        del n
        return v * n  # noqa: F821 - deleted

    def f(x, y, helper):
        a = helper(x * y)
        return y * 2.0 - x, a * x + y if isinstance(a, np.ndarray) else [part * x for part in a]

    for helper in (recursive, generator, looks, deep, many, wrapped):
        bumped = settled(f, X, Y, helper, calls=20)
        assert hits(bumped) == 0
        agree(bumped, f, X, Y, scaled, calls=20)
    bumped = alloc.bump(alloc.Buffer())(f)
    for _ in range(20):
        with pytest.raises(UnboundLocalError, match="'n'"):
            bumped(X, Y, unbound)


def test_conditions_that_are_known():
    def helper(v, w=None, mode="up", n=2, *, out=None):
        if w is None:
            w = v
        elif n > 1:
            w = w * n
        if mode == "up":
            return v * w
        if mode != "down" and not LIMIT:
            return w - v if out is None else out * w
        return v + w

    def f(x, y, z):
        a = helper(x) + helper(x, y) + helper(y, x, "down") + helper(x, y, mode="other")
        return a + helper(y, z) * helper(y, out=x, n=0, mode="")

    LIMIT = 0.0
    bumped = settled(f, X, Y, X)
    (region,) = alloc.explain(bumped).regions
    assert region.hits
    for z in (None, 2.0, X):
        agree(bumped, f, X, Y, z)
    for LIMIT in (1.0, None, "", True, False):
        agree(bumped, f, X, Y, X)
    helper.__defaults__ = (2.0, "down", 1)
    agree(bumped, f, X, Y, X)
    helper.__kwdefaults__ = {"out": Y}
    agree(bumped, f, X, Y, X)


@pytest.mark.parametrize("text", ["1000", "'a mode'"])
def test_values_that_are_equal_to_others_are_other_objects(text):
    def helper(v, w):
        if MODE is CHOSEN:
            return v * w
        return v + w if MODE is not None else v

    def f(x, y):
        return helper(x, y) * y + x

    MODE = CHOSEN = eval(text)
    bumped = settled(f, X, Y, calls=30)
    for MODE in (eval(text), CHOSEN, None):
        agree(bumped, f, X, Y)


def test_conditions_that_are_not_known():
    def helper(v, n):
        if n > 2:
            return v * n
        while n < 2:
            n += 1
        return v + n if v.ndim == 1 else v

    def f(x, y, n):
        return helper(x, n) * y + x

    bumped = settled(f, X, Y, 3)
    assert not hits(bumped)
    for n in range(5):
        agree(bumped, f, X, Y, n)


def test_wrong_arguments_are_refused_as_ever():
    def f(x, y):
        a = x * y + x
        return scaled(a, 1.0, 2.0, bye=3)

    bumped = alloc.bump(alloc.Buffer())(f)
    texts = set()
    for function in [f] + [bumped] * 20:
        with pytest.raises(TypeError) as caught:
            function(X, Y)
        texts.add(str(caught.value))
    assert len(texts) == 1


def test_arguments_passed_on_change_in_place():
    def grown(v, by):
        v += by
        v[0] = 0.0
        return v

    def f(x, y):
        grown(x, y * 2.0)
        z = grown(x, y)
        return z is x, z * 2.0 + y

    bumped = alloc.bump(alloc.Buffer())(f)
    for _ in range(20):
        x, z = X.copy(), X.copy()
        assert repr(bumped(x, Y)) == repr(f(z, Y))
        assert x.tobytes() == z.tobytes()
    assert hits(bumped)


@pytest.mark.parametrize("mode", ["raise", "warn"])
def test_errors_come_from_the_lines_of_helpers(mode):
    def divided(v, w):
        u = v * 2.0
        return u / w

    def f(x, y):
        a = x * y
        b = divided(a, y)
        x *= divided(b, y)
        return a * b - x

    bumped = alloc.bump(alloc.Buffer())(f)
    for _ in range(WARM):
        assert repr(bumped(X.copy(), Y)) == repr(f(X.copy(), Y))
    zero = Y * np.arange(50)

    def told(function):
        with warnings.catch_warnings(record=True) as caught, np.errstate(all=mode):
            warnings.simplefilter("always")
            try:
                function(X.copy(), zero)
            except FloatingPointError as error:
                frames = traceback.extract_tb(error.__traceback__)
                return str(error), [(f.name, f.lineno) for f in frames]
        return [(w.filename, w.lineno, str(w.message)) for w in caught]

    plain = told(f)
    for _ in range(4):
        assert told(bumped) == plain
    assert hits(bumped)


def seen_by(function, setter, *args):
    seen = []

    def trace(frame, event, arg):
        if frame.f_code.co_filename == __file__:
            seen.append((event, frame.f_code.co_name, frame.f_lineno))
        return trace

    setter(trace)
    try:
        function(*args)
    finally:
        setter(None)
    return [event for event in seen if event[0] != "c_call" and event[0] != "c_return"]


@pytest.mark.parametrize("setter", [sys.settrace, sys.setprofile])
def test_tracers_and_profilers_see_the_frames_of_helpers(setter):
    bumped = settled(main, X, Y)
    before = getattr(sys, setter.__name__.replace("set", "get"))()
    try:
        assert seen_by(bumped, setter, X, Y) == seen_by(main, setter, X, Y)
    finally:
        setter(before)
    count = hits(bumped)
    agree(bumped, main, X, Y)
    assert hits(bumped) == count + 3


@pytest.mark.skipif(sys.version_info < (3, 12), reason="sys.monitoring is new in 3.12")
def test_monitoring_sees_the_frames_of_helpers():
    monitoring = sys.monitoring
    bumped = settled(main, X, Y)
    events, seen = monitoring.events.PY_START | monitoring.events.LINE, []

    def told(code, line):
        if code.co_name in ("scaled", "both"):
            seen.append((code.co_name, line))

    monitoring.use_tool_id(3, "test")
    try:
        monitoring.register_callback(3, monitoring.events.LINE, told)
        monitoring.set_events(3, events)
        for function in (main, bumped):
            function(X, Y)
    finally:
        monitoring.set_events(3, 0)
        monitoring.register_callback(3, monitoring.events.LINE, None)
        monitoring.free_tool_id(3)
    half = len(seen) // 2
    assert seen[:half] == seen[half:] != []


def test_pickled():
    bumped = settled(main, X, Y)
    copy = pickle.loads(cloudpickle.dumps(bumped))
    agree(copy, main, X, Y)


def test_profile_counts_what_plain_code_allocates():
    plain = alloc.profile(main, X, Y)
    assert alloc.profile(settled(main, X, Y), X, Y).peak <= plain.peak


def test_nothing_keeps_a_function():
    def make():
        def helper(v):
            return v * 2.0 + v

        def f(x, y):
            return helper(x) * y + helper(y)

        bumped = settled(f, X, Y)
        assert hits(bumped)
        return [weakref.ref(one) for one in (helper, f, bumped)]

    references = make()
    gc.collect()
    gc.collect()
    assert [reference() for reference in references] == [None, None, None]


def test_a_function_that_is_gone():
    def make():
        names = {"np": np}
        exec("def helper(v):\n    return v * 2.0 + v", names)
        return names.pop("helper")

    def f(x, y):
        return helper(x) * y + helper(y)

    helper = make()
    bumped = settled(f, X, Y)
    for _ in range(3):
        helper = make()
        agree(bumped, f, X, Y)
    assert hits(bumped) > 6  # the code is equal each time
