"""The source of values on the stack, as `explain` shows them."""

import numpy as np
import pytest

from alloc_rewrite.native.sites import NativeSites
from alloc_rewrite.rewrite import expression_at, found_in


def call(x):
    return x


def first(a, b):
    return a.reshape(3, 2) * 2.0 + a * b


def of_call(a, b):
    return call(a) * b + a * (b + 1.0)


def over_lines(a, b):
    return call(
        a,
    ) * b + a * (b + 1.0)


def chosen(a, b):
    return (a if b is None else b) * 2.0 * a


def long(a, b):
    return call(a[0] if a is b else [a, b, a, b, a, b, a, b, a, b]).T * b * a


def expressions(function):
    """Return the texts of the values that the function's regions find on the stack."""
    ir, places = found_in(function.__code__, NativeSites.style)
    loads = [(p.start, load) for p in places for load in getattr(p, "loads", ())]
    return [expression_at(ir, start, load) for start, load in loads if isinstance(load, int)]


@pytest.mark.parametrize(
    ("function", "found"),
    [
        (first, ["a.reshape(3, 2)"]),
        (of_call, ["call(a)"]),
        (over_lines, ["call( a, )"]),
        (chosen, [""]),  # two paths lead there
        (long, ["call(a[0] if a is b else [a, b, a, b ..."]),
    ],
    ids=lambda given: getattr(given, "__name__", ""),
)
def test_expressions(function, found):
    assert expressions(function) == found


def test_without_a_source():
    scope = {"np": np, "call": call}
    exec(compile("def f(a, b):\n    return call(a) * b + a * b\n", "<nowhere>", "exec"), scope)
    assert expressions(scope["f"]) == [""]
