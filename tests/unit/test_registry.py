"""`register`, and how rows are found."""

import functools
import types

import numpy as np
import pytest

import alloc_rewrite as alloc
from alloc_rewrite import registry


@pytest.fixture(autouse=True)
def clean_table(monkeypatch):
    """Forget what a test registers."""
    registry.rows()  # before the tables are copied: they are filled once
    for name in ("_functions", "_methods", "_functions_of_methods", "_registered", "_types"):
        monkeypatch.setattr(registry, name, getattr(registry, name).copy())


def copies(x, n):
    return np.array([x] * n)


def copies_in_arena(empty, x, n):
    out = empty((n,), np.dtype(np.float64))
    out[:] = x
    return out


def test_register_gives_an_arena_result():
    alloc.register(copies, copies_in_arena)
    buf = alloc.Buffer(4096)
    y = alloc.run(lambda: copies(2.5, 4), buf)
    assert y.tolist() == [2.5] * 4
    assert buf.live == 1
    assert registry.rows()[-1].name.endswith("copies")


def test_register_twice():
    alloc.register(copies, copies_in_arena)
    before = registry.rows()
    with pytest.raises(ValueError, match=r"copies has an equivalent already; a function has only"):
        alloc.register(copies, copies_in_arena)
    with pytest.raises(ValueError, match="numpy.*zeros has an equivalent already"):
        alloc.register(np.zeros, copies_in_arena)
    assert registry.rows() == before


@pytest.mark.parametrize("value", [None, 3, "copies", [copies]])
def test_register_needs_callables(value):
    before = registry.rows()
    with pytest.raises(TypeError, match="register: function is .* which is not callable"):
        alloc.register(value, copies_in_arena)
    with pytest.raises(TypeError, match="register: equivalent is .* which is not callable"):
        alloc.register(copies, value)
    assert registry.rows() == before


def test_register_needs_a_hashable_function():
    class Odd:
        __hash__ = None

        def __call__(self):
            pass

    with pytest.raises(TypeError, match="is not hashable"):
        alloc.register(Odd(), copies_in_arena)


@pytest.mark.parametrize("failure", [NotImplemented, ValueError("no"), KeyboardInterrupt])
def test_an_equivalent_that_declines_or_fails(failure):
    calls = []

    def declines(empty, x, n):
        calls.append(n)
        if failure is NotImplemented:
            return NotImplemented
        raise failure

    alloc.register(copies, declines)
    if failure is KeyboardInterrupt:
        with pytest.raises(KeyboardInterrupt):
            alloc.run(lambda: copies(2.0, 3), alloc.Buffer(4096))
    else:
        assert alloc.run(lambda: copies(2.0, 3), alloc.Buffer(4096)).tolist() == [2.0] * 3
    assert calls == [3]


def test_a_full_buffer_inside_an_equivalent():
    alloc.register(copies, copies_in_arena)
    with pytest.raises(alloc.BufferFullError, match="copies: buffer full"):
        alloc.run(lambda: copies(2.0, 300), alloc.Buffer(64))
    assert alloc.run(lambda: copies(2.0, 300), alloc.Buffer(64, on_full="heap")).shape == (300,)


def test_register_a_method_and_a_bound_method():
    class Source:
        def __init__(self, k):
            self.k = k

        def draw(self, n):
            return np.full(n, float(self.k))

    def draw_in_arena(empty, source, n):
        out = empty((n,), np.dtype(np.float64))
        out[:] = source.k * 10
        return out

    alloc.register(Source(1).draw, draw_in_arena)
    result = alloc.run(lambda s: s.draw(2), alloc.Buffer(4096), Source(3))
    assert result.tolist() == [30.0, 30.0]


def test_register_builtins_partials_and_callable_objects():
    part = functools.partial(copies, n=2)
    alloc.register(part, lambda empty, x: copies_in_arena(empty, x, 2))
    alloc.register(len, lambda empty, x: NotImplemented)
    buf = alloc.Buffer(4096)
    result = alloc.run(lambda: (part(3.0), len([1])), buf)
    assert result[0].tolist() == [3.0, 3.0]
    assert buf.live == 1
    assert result[1] == 1


def test_find_runs_nobodys_code():
    class Hostile:
        def __hash__(self):
            raise AssertionError("hashed")

        def __eq__(self, other):
            raise AssertionError("compared")

        def __getattr__(self, name):
            raise AssertionError(f"asked for {name}")

        def __call__(self):
            return 1

    assert registry.find(Hostile()) is None
    assert alloc.run(lambda h: h(), alloc.Buffer(64), Hostile()) == 1


def test_methods_of_subclasses_have_no_row():
    class Sub(np.ndarray):
        pass

    assert registry.find(np.zeros(3).copy) is not None
    assert registry.find(np.zeros(3).view(Sub).copy) is None
    assert registry.find(types.MethodType(np.zeros, 3)) is None
