"""Global names that are looked up in anything but plain dictionaries: each lookup may count."""

import builtins
import functools
import types
import warnings

import numpy as np
import pytest

import alloc_rewrite as alloc
from alloc_rewrite.bump import bumped as made_from


class Counting(dict):
    """Gives `c` by `__missing__`, another value each time, and counts all that it is asked for."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.asked = []

    def __missing__(self, name):
        if name != "c":
            raise KeyError(name)
        self.asked.append(name)
        return float(len(self.asked))


class Logging(dict):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.asked = []

    def __getitem__(self, name):
        self.asked.append(name)
        return super().__getitem__(name)


SOURCE = """
def helper(x):
    return x * c + np.exp(x) - c

def f(x):
    y = x * c + np.exp(x)
    z = helper(y) + np.sqrt(abs(y)) + sum([1, 2])
    return y - c, z, [c for _ in range(2)]

class Model:
    def apply(self, x):
        return f(x)[0] + c
"""


def spaces():
    yield Counting(np=np, __builtins__=builtins)
    yield Logging(np=np, c=2.0, __builtins__=builtins)
    yield Counting(np=np, __builtins__=Logging(vars(builtins)))
    yield {"np": np, "c": 3.0, "__builtins__": Logging(vars(builtins))}


def all_asked(names):
    inner = names["__builtins__"]
    return getattr(names, "asked", []), getattr(inner, "asked", [])


@pytest.mark.parametrize("number", range(4))
@pytest.mark.parametrize("what", ["f", "Model"])
def test_functions_are_left_alone(number, what):
    x, results = np.arange(4.0), []
    for bump in (lambda target: target, alloc.bump, alloc.bump(alloc.Buffer())):
        names = list(spaces())[number]
        exec(SOURCE, names)
        plain = names["Model"].apply if what == "Model" else names["f"]
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            made = bump(names[what])
        if results:
            texts = [str(w.message) for w in caught]
            assert texts
            assert all("not a plain dict: each lookup of a name may run code" in t for t in texts)
            assert "not a plain dict" in str(alloc.explain(plain))
        call = made().apply if what == "Model" else made
        got = [repr(call(x)) for _ in range(3)]
        results.append((got, all_asked(names)))
    assert results[0] == results[1] == results[2]


@pytest.mark.parametrize("number", range(4))
def test_helpers_are_not_entered(number):
    """Also where a function with the same code and plain names was entered before."""
    x, results = np.arange(4.0), []
    code = {}
    exec(SOURCE, {"np": np}, code)
    inner = code["f"].__code__
    for bump in (lambda target: target, alloc.bump, alloc.bump(alloc.Buffer())):
        first = types.FunctionType(inner, {"np": np, "c": 1.0, "helper": abs})
        names = list(spaces())[number]
        names["helper"] = abs
        second = types.FunctionType(inner, names)

        def call(function, v):
            return function(v)[0] * 2.0

        function = bump(call)
        for _ in range(3):
            function(first, x)
        got = [repr(function(k, x)) for k in (second, functools.partial(second), first, second)]
        results.append((got, all_asked(names)))
    assert results[0] == results[1] == results[2]


def test_plain_dictionaries_are_rewritten():
    names = {"np": np, "c": 2.0}
    exec(SOURCE, names)
    assert made_from(alloc.bump(names["f"])) is not None


@pytest.mark.parametrize("number", range(4))
def test_a_profile_looks_up_once(number):
    x, results = np.arange(4.0), []
    for profiled in (False, True):
        names = list(spaces())[number]
        exec(SOURCE, names)
        f = names["f"]
        result = alloc.profile(f, x).result if profiled else f(x)
        results.append((repr(result), all_asked(names)))
    assert results[0] == results[1]
