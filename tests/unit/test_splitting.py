"""Regions that can't be done for one of their nodes are split there: the parts around it stay."""

import pickle
import sys

import cloudpickle
import numpy as np
import pytest

import alloc_rewrite as alloc
from alloc_rewrite.bump import bumped as made_from

pytestmark = pytest.mark.skipif(alloc.core()[0] != "native", reason="of the native core")

X, Y = np.linspace(1.0, 2.0, 50), np.linspace(-1.0, 3.0, 50)


def settled(function, *args, calls=40):
    """Return the bumped function after some calls, whose results are as without it."""
    bumped = alloc.bump(alloc.Buffer())(function)
    for _ in range(calls):
        assert repr(bumped(*args)) == repr(function(*args))
    return bumped


def working(bumped):
    """Return the operations of the regions that handle their leaves now."""
    return [r.operations for r in alloc.explain(bumped).regions if r.hits and not r.given_back]


def where(condition, x, y):
    return [condition.sum(), x.sum(), y.sum()]


def helped(x, y):
    a = x * y + x
    b = where(a > 1.0, x, y)
    c = a * 2.0 - y
    d = c * c + a
    return a, b, d


def test_a_function_with_a_known_name():
    bumped = settled(helped, X, Y)
    assert working(bumped) == [2, 4]
    assert "`where` isn't inlined: a list is built (line 32)" in str(alloc.explain(bumped))


def test_an_operator_on_something_else():
    def f(x, y, s):
        a = x * y + x
        t = s * 2
        b = a * y - x
        u = s + s
        c = b * b + a
        return a, t, b, u, c

    assert working(settled(f, X, Y, "text")) == [2, 2, 2]
    assert working(settled(f, X, Y, [1])) == [2, 2, 2]
    assert working(settled(f, X, Y, X)) == [8]
    assert working(settled(f, X, Y, 3)) == [8]


def test_an_item_of_something_else():
    def f(x, y, table):
        a = x * y + x
        b = table["a"]
        c = a * b + x
        return c * c - b

    class Table:
        def __getitem__(self, key):
            return Y

    assert working(settled(f, X, Y, Table())) == [2, 4]
    assert working(settled(f, X, Y, {"a": Y})) == [6]


def test_a_property():
    class Owner:
        @property
        def value(self):
            return Y

    def f(x, y, o):
        a = x * y + x
        b = o.value * a
        return b * b + a

    assert working(settled(f, X, Y, Owner())) == [2, 3]


def test_shapes_that_numpy_treats_in_a_special_way():
    def f(x, y):
        a = x * y + x
        b = np.exp(a[::-1])
        c = b * 2.0 + y
        return c * a

    rows = np.ones((5, 6)) * np.arange(6)
    assert repr(settled(f, rows, rows)(rows, rows)) == repr(f(rows, rows))
    assert sum(working(settled(f, rows, rows))) >= 5


def test_several_parts_one_after_the_other():
    def f(x, y, s, t):
        a = x * y + s * 2
        b = a * a - t * 3
        c = b + s * 4
        return a * b * c - x

    bumped = alloc.bump(alloc.Buffer())(f)
    for _ in range(60):
        with pytest.raises(TypeError):
            bumped(X, Y, "", "")
    for _ in range(60):
        assert bumped(X, Y, 1, 2).tobytes() == f(X, Y, 1, 2).tobytes()


def test_values_of_both_kinds_in_turn():
    def f(x, y, s):
        a = x * y + x
        t = s * 2
        return a * y - x, t

    bumped = alloc.bump(alloc.Buffer())(f)
    for _ in range(100):
        for s in ("text", 3, X, [2.0]):
            assert repr(bumped(X, Y, s)) == repr(f(X, Y, s))


def test_frames_that_run_while_a_region_is_split():
    def f(n, s):
        out = []
        x = X
        for _ in range(n):
            a = x * Y + X
            t = s * 2
            x = a * 0.5 - t[0] * X
            out.append(a * x - Y)
        return out

    plain, bumped = f(30, [1.0]), alloc.bump(alloc.Buffer())(f)
    for _ in range(4):
        assert repr(bumped(30, [1.0])) == repr(plain)
    assert sum(working(bumped)) >= 4


def test_generators_go_on():
    def f(s):
        x = X
        for _ in range(20):
            a = x * Y + X
            t = s * 2
            x = a * 0.5 - Y
            yield a * x, t

    bumped = alloc.bump(alloc.Buffer())(f)
    for _ in range(3):
        assert repr(list(bumped("a"))) == repr(list(f("a")))


def test_functions_bumped_into_several_buffers():
    for _ in range(3):
        assert working(settled(helped, X, Y)) == [2, 4]


def test_lines_stay_the_same():
    def lines(function):
        seen = []

        def trace(frame, event, arg):
            if event == "line" and frame.f_code.co_name == "helped":
                seen.append(frame.f_lineno)
            return trace

        sys.settrace(trace)
        try:
            function(X, Y)
        finally:
            sys.settrace(None)
        return seen

    assert lines(settled(helped, X, Y)) == lines(helped)


def test_a_split_function_is_pickled():
    bumped = settled(helped, X, Y)
    copy = pickle.loads(cloudpickle.dumps(bumped))
    for _ in range(10):
        assert repr(copy(X, Y)) == repr(helped(X, Y))


def test_errors_come_from_their_lines():
    def f(x, y, s):
        a = x * y + x
        t = s * 2
        return (a * y - x) / (t[0] * a - a * t[0])

    bumped = alloc.bump(alloc.Buffer())(f)
    for _ in range(20):
        with np.errstate(all="raise"), pytest.raises(FloatingPointError) as caught:
            bumped(X, Y, [1.0])
        frame = caught.traceback[-1]
        assert frame.lineno == f.__code__.co_firstlineno + 2


def test_objects_that_no_region_computes_with():
    class Column:
        def __init__(self, name=""):
            self.name = name

        def __sub__(self, other):
            return Column(f"{self.name} - {getattr(other, 'name', other)}")

        __add__ = __mul__ = __rmul__ = __truediv__ = __sub__

        def __getitem__(self, key):
            return Column(self.name + key)

        def __repr__(self):
            return self.name

    def f(t):
        spread = (t["a"] - t["b"]) / (t["a"] + t["b"])
        return spread, t["a"] - 0.7 * t["b"] - 0.3 * t["c"] + spread * spread - t["d"]

    bumped = settled(f, Column("t"), calls=100)
    rewritten = made_from(bumped).sites.rewriter.rewritten(f.__code__)
    assert 0 < len(rewritten.cuts) <= 4  # of ten operations
    assert working(bumped) == []
