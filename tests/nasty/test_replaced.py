"""Callees that change while bumped code runs."""

import functools
import sys
import types

import numpy as np
import pytest

import alloc_rewrite as alloc


def both(function, *args):
    """Return a function that calls plain or bumped code, after an arena call to warm up."""
    bumped = alloc.bump(alloc.Buffer())(function)
    for _ in range(3):
        bumped(*args)
    return bumped


def test_code_of_a_callee_is_replaced(x):
    def callee(v):
        return v * 2

    def other(v):
        return v - 1

    def f(v):
        return callee(v) + 1

    bumped = both(f, x)
    callee.__code__ = other.__code__
    assert bumped(x).tobytes() == f(x).tobytes() == x.tobytes()


def test_code_of_a_callee_is_replaced_while_it_runs(x):
    namespace = {}
    exec(
        """
def callee(v, depth):
    if depth == 0:
        callee.__code__ = other.__code__
        return v * 2
    return callee(v * 2, depth - 1) + callee(v, depth - 1)

def other(v, depth):
    return v * 1000 + depth

def f(v):
    return callee(v, 4)
""",
        namespace,
    )
    f, callee = namespace["f"], namespace["callee"]
    code = callee.__code__
    bumped = alloc.bump(alloc.Buffer())(f)
    for _ in range(3):
        callee.__code__ = code
        plain = f(x)
        callee.__code__ = code
        assert bumped(x).tobytes() == plain.tobytes()


@pytest.mark.parametrize("attribute", ["__defaults__", "__kwdefaults__"])
def test_defaults_of_a_callee_are_replaced(x, attribute):
    def callee(v, a=1, *, b=2):
        return v * a + b

    def f(v):
        return callee(v) * 2

    bumped = both(f, x)
    setattr(callee, attribute, (10,) if attribute == "__defaults__" else {"b": 20})
    assert bumped(x).tobytes() == f(x).tobytes()
    setattr(callee, attribute, None)
    for function in (f, bumped):
        with pytest.raises(TypeError) as info:
            function(x)
        assert "callee() missing 1 required" in str(info.value)


def test_keyword_defaults_of_a_callee_are_changed_in_place(x):
    def callee(v, *, b=2):
        return v + b

    def f(v):
        return callee(v)

    bumped = both(f, x)
    callee.__kwdefaults__["b"] = 30
    assert bumped(x).tobytes() == f(x).tobytes()


def test_defaults_are_shared_objects(x):
    def callee(v, seen=[]):
        seen.append(1)
        return v * len(seen)

    def f(v):
        return callee(v)

    bumped = both(f, x)
    assert bumped(x).tolist() == (x * 4).tolist()
    assert f(x).tolist() == (x * 5).tolist()


def test_sites_given_back_do_not_undo_a_replaced_code(x):
    def f(v, other=None):
        w = v * 2
        return w if other is None else other(w)

    bumped = alloc.bump(alloc.Buffer())(f)
    replacement = (lambda v, other=None: "replaced").__code__

    def swap(w):
        bumped.__code__ = replacement
        return w

    running = [(lambda v: v)] * 5 + [swap]
    for other in running:
        bumped(x, other)
    for _ in range(300):
        assert bumped(1) == "replaced"


def test_monkeypatched_module_and_method(monkeypatch, x):
    class Thing:
        def value(self, v):
            return v * 2

    module = types.ModuleType("patched")
    module.function = lambda v: v + 1
    thing = Thing()

    def f(v):
        return thing.value(module.function(np.tanh(v)))

    bumped = both(f, x)
    monkeypatch.setattr(np, "tanh", lambda v: v * 5)
    assert bumped(x).tobytes() == f(x).tobytes()
    monkeypatch.setattr(module, "function", functools.partial(np.subtract, 1))
    assert bumped(x).tobytes() == f(x).tobytes()
    monkeypatch.setattr(Thing, "value", lambda self, v: v * 7)
    assert bumped(x).tobytes() == f(x).tobytes()
    thing.value = lambda v: v * 11
    assert bumped(x).tobytes() == f(x).tobytes()
    monkeypatch.undo()
    del thing.value
    assert bumped(x).tobytes() == f(x).tobytes()


def test_monkeypatched_numpy_internals(monkeypatch, x):
    def f(v):
        return np.mean(v), np.stack([v, v])

    bumped = both(f, x)
    monkeypatch.setattr(np, "mean", lambda v: "patched")
    assert bumped(x)[0] == "patched"
    monkeypatch.undo()
    assert bumped(x)[0] == 3.5


def test_globals_are_those_of_the_module(x):
    namespace = {"np": np, "scale": 2}
    exec("def f(x):\n    return x * scale + np.ones(6)\n", namespace)
    bumped = alloc.bump(alloc.Buffer())(namespace["f"])
    assert bumped(x).tolist() == (x * 2 + 1).tolist()
    namespace["scale"] = 3
    assert bumped(x).tolist() == (x * 3 + 1).tolist()
    assert bumped.__globals__ is namespace


def test_builtins_replaced_in_the_module(x):
    namespace = {"__builtins__": {"abs": lambda v: "abs", "len": len, "sum": sum}}
    exec("def f(x):\n    return abs(x * 2), len(x * 2)\n", namespace)
    bumped = alloc.bump(alloc.Buffer())(namespace["f"])
    assert [bumped(x) for _ in range(3)] == [("abs", 6)] * 3


def test_cells_are_shared_with_the_plain_function(x):
    count = 0

    def f(v):
        nonlocal count
        count += 1
        return v * count

    bumped = alloc.bump(alloc.Buffer())(f)
    assert [f(x)[0], bumped(x)[0], f(x)[0], bumped(x)[0]] == [1, 2, 3, 4]
    assert count == 4


def test_function_attributes_and_self_references(x):
    def f(v):
        f.calls += 1
        return v * f.calls

    f.calls = 0
    bumped = alloc.bump(alloc.Buffer())(f)
    assert bumped.calls == 0
    assert [bumped(x)[0], f(x)[0], bumped(x)[0]] == [1, 2, 3]


def test_lru_cache_and_dispatch_wrappers(same, x):
    @functools.lru_cache
    def table(n):
        return np.arange(n) * 2.0

    @functools.singledispatch
    def kind(v):
        return "any"

    @kind.register
    def _(v: np.ndarray):
        return v * 2

    def f(v):
        return table(6) + v, table(6) is table(6), kind(v), kind(1)

    same(f, x)


@pytest.mark.parametrize("depth", [100, 10_000])
def test_deep_recursion(x, depth):
    def down(v, n):
        if n == 0:
            return v * 2
        return down(v, n - 1) + 1

    def mutual(v, n):
        return v if n == 0 else lambda_(v, n - 1) * 1

    lambda_ = lambda v, n: mutual(v, n)  # noqa: E731

    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(depth * 2 + 1000)
    try:
        plain = down(x, depth)
        bumped = alloc.bump(alloc.Buffer())(down)
        assert bumped(x, depth).tobytes() == plain.tobytes()
        assert alloc.run(down, alloc.Buffer(), x, depth).tobytes() == plain.tobytes()
        assert alloc.bump(alloc.Buffer())(mutual)(x, depth).tobytes() == x.tobytes()
        if depth < 1000:
            assert alloc.profile(down, x, depth).result.tobytes() == plain.tobytes()
    finally:
        sys.setrecursionlimit(limit)


class Tree:
    def __init__(self, depth):
        self.depth = depth
        self.child = None

    def total(self, v):
        here = v + self.depth
        return here if self.child is None else self.child.total(here)

    def spread(self, *args, **kwargs):
        here = args[0] + self.depth
        return here if self.child is None else self.child.spread(here, *args[1:], **kwargs)


@pytest.mark.parametrize(
    ("depth", "call"),
    [
        (5000, lambda root, x: root.total(x)),
        (500, lambda root, x: root.spread(x, 1, k=2)),  # as deep as CPython 3.12 gets there
    ],
)
def test_deep_recursion_of_methods(x, depth, call):
    root = at = Tree(0)
    for k in range(depth):
        at.child = Tree(k)
        at = at.child
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(20_000)
    try:
        bumped = alloc.bump(alloc.Buffer())(call)
        assert bumped(root, x).tobytes() == call(root, x).tobytes()
    finally:
        sys.setrecursionlimit(limit)


def test_runaway_recursion_raises(x):
    def down(v):
        return down(v + 1) * 2

    bumped = alloc.bump(alloc.Buffer())(down)
    for _ in range(3):
        with pytest.raises(RecursionError):
            bumped(x)
    assert bumped.__wrapped__ is down
