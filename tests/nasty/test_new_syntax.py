"""Syntax that came with a version of Python, from 3.14 on: the code is text, for older ones."""

import dis
import sys
import types

import numpy as np
import pytest

import alloc_rewrite as alloc
from alloc_rewrite.rewrite.decode import items_of
from alloc_rewrite.rewrite.encode import code_of

pytestmark = [
    pytest.mark.skipif(sys.version_info < (3, 14), reason="syntax of Python 3.14"),
    pytest.mark.filterwarnings("ignore:'(return|break|continue)' in a 'finally':SyntaxWarning"),
]
ON_315 = sys.version_info >= (3, 15)

SHAPES = {
    "except without parentheses": """
def f(x):
    out = []
    for k in range(3):
        try:
            y = x * k + 1
            if k == 1:
                raise ValueError
            out.append(y[9] if k else y)
        except ValueError, IndexError:
            out.append(x * 2 - k)
    return out
""",
    "except* without parentheses": """
def f(x):
    try:
        raise ExceptionGroup("two", [ValueError(), KeyError()])
    except* ValueError, KeyError:
        y = x * 2 + 1
    return y
""",
    "return in finally": """
def f(x):
    for k in range(2):
        try:
            x = x + "no"
        finally:
            return x * 3 + k
""",
    "break and continue in finally": """
def f(x):
    y = x * 0
    for k in range(6):
        try:
            y = y + x[k] * x
        finally:
            if k == 2:
                continue
            if k == 4:
                break
        y = y * 2 + k
    return y
""",
    "while True in try": """
def f(x):
    y = x
    try:
        while True:
            y = y * 2 + x
            if y[1] > 100:
                raise KeyError
    except KeyError:
        y = y - x * 3
    return y
""",
    "template strings": """
def f(x):
    made = t"{(x * 2 + 1)!r:>{3 + 4}} and {x[1:] - x[:-1]} {x @ x =}"
    return [(p.value, p.expression, p.conversion, p.format_spec) for p in made.interpolations]
""",
    "annotations": """
def f(x: NotDefined[x * 2], *more: *NotDefined) -> NotDefined + 1:
    y: NotDefined[y] = x * 2 + 1
    def g(v: y * 2, w: Later = None) -> len(y):
        return v * 3 - 1
    class C:
        k: y + 1
        def h(self, v: "C") -> k:
            return v * 2 + 1
    Later = 5
    return y, g(y), C().h(y), g.__annotations__["v"], C.__annotations__["k"]
""",
    "constant slices": """
def f(x):
    b = x.reshape(2, 3)
    y = x[1:] * 2 - x[:-1] + x[:0:-1] / x[1::1]
    y[1:] += y[:-1] * 2
    y[-1] = 3
    z = b[:, 1:] * 2 + b[:, :-1] - b[:, None, 1:][..., 0, :]
    b = b + 1
    b[:, 0] = b[:, -1] * 2 + 1
    b[0, :] -= b[1, ::-1] * b[-1]
    return y, z, b, b[:, :, None] * 2 + 1, b[-1, -1], x[()], x[...] + 1
""",
    "spread calls": """
def g(*args, **kw):
    return sum(args) * 2 + sum(kw.values(), 0)
def f(x):
    two, named = (x, x + 1), {"b": x * 2}
    return (
        g(*two), g(**named), g(*two, **named), g(x, *two), g(x, *two, a=x), g(*[x], c=x, **named),
        np.add(*two), np.add(*two, out=x * 0), np.concatenate(*[two]), x.sum(*(), **{"axis": 0}),
    )
""",
    "all, any and tuple of a generator": """
def f(x):
    return (
        all(v > 0 for v in x * 2 + 1), any(v > 99 for v in x - 1), tuple(v * 2 for v in x + 1),
        [v for v in (x, x * 2)][-1] + 1,
    )
""",
    "loops over all kinds": """
def f(x):
    y = x * 0
    for row in x.reshape(2, 3):
        y[:3] += row * 2
    for k in [1, 2]:
        y = y + k * x
    for k in (1, 2):
        y = y * k + x
    for k, v in enumerate({3: x, 4: x + 1}.values()):
        if k:
            y = y + v * k
    def inner():
        got = yield x + 1
        yield from (v * 2 for v in (x, got))
        return (yield from [x])
    one = inner()
    return y, next(one), one.send(y), list(one)
""",
}
if ON_315:
    SHAPES |= {
        "comprehensions that unpack": """
def f(x):
    return [*row for row in (x * 2, x + 1)], {**d for d in ({"a": x * 2}, {"b": x + 1})}
""",
    }


def made(source):
    namespace = {"np": np}
    exec(compile(source, "<new>", "exec", dont_inherit=True), namespace)
    return namespace["f"]


def codes(code):
    yield code
    for const in code.co_consts:
        if isinstance(const, types.CodeType):
            yield from codes(const)


@pytest.mark.parametrize("what", SHAPES)
def test_results_are_the_same(same, x, what):
    same(made(SHAPES[what]), x)


@pytest.mark.parametrize("what", SHAPES)
def test_decode_and_encode_change_nothing(what):
    for code in codes(compile(SHAPES[what], "<new>", "exec", dont_inherit=True)):
        new = code_of(code, items_of(code))
        assert [(i.opname, i.argrepr) for i in dis.get_instructions(new)] == [
            (i.opname, i.argrepr) for i in dis.get_instructions(code)
        ]
        assert list(new.co_positions()) == list(code.co_positions())


def test_annotations_are_not_evaluated():
    f = made("def f(x: 1 / 0) -> later:\n    return x * 2 + 1\n")
    bumped = alloc.bump(alloc.Buffer())(f)
    assert bumped.__annotate__ is f.__annotate__
    with pytest.raises(ZeroDivisionError):
        bumped.__annotations__  # noqa: B018


@pytest.mark.skipif(not ON_315, reason="syntax of Python 3.15")
def test_lazy_imports_stay_lazy(x):
    source = """
lazy import numpy as np
lazy import colorsys
lazy from math import pi

def f(x, deep=False):
    y = np.sqrt(x * 2 + 1) + pi
    return y, colorsys.rgb_to_hsv(1, 0, 0) if deep else None
"""
    namespace = {}
    exec(compile(source, "<new>", "exec", dont_inherit=True), namespace)
    f = namespace["f"]
    sys.modules.pop("colorsys", None)
    alloc.explain(f)
    bumped = alloc.bump(alloc.Buffer())(f)
    alloc.profile(f, x)
    for _ in range(3):
        assert bumped(x)[0].tobytes() == (np.sqrt(x * 2 + 1) + np.pi).tobytes()
    assert "colorsys" not in sys.modules
    assert bumped(x, True)[1] == (0.0, 1.0, 1.0)
    assert "colorsys" in sys.modules
