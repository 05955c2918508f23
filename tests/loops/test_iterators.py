"""What loops go over: lists, tuples, arrays, `enumerate`, `zip`, `reversed`, outside and inside."""

import sys

import numpy as np
import pytest

import alloc_rewrite as alloc

from .comparing import compared, loop_sites

LISTS = {
    "floats": [1.5, 2.5, -0.0, 1e300, 2.5, 3.0],
    "ints": [3, -4, 0, 2**29, 5, 1],
    "long ints": [3, 2**40, -(2**70), 1, 2, 3],
    "scalars": [np.float64(2.0)] * 6,
    "mixed": [1, 2.5, np.int64(3), True, 2.0, 1.0],
    "empty": [],
}
LOOPS = (
    "for v in l",
    "for v in tuple(l)",
    "for v in reversed(l)",
    "for v in reversed(x)",
    "for v in reversed(range(7))",
    "for v in (1, 2, 3)",
    "for i, v in enumerate(x)",
    "for i, v in enumerate(l, 3)",
    "for i, v in zip(l, x)",
    "for i, v in zip(range(9), l)",
    "for i, (v, w) in enumerate(zip(x, l))",
    "for v in [l[k] + l[-1] for k in range(len(l))]",
)


def function(text):
    names = {"np": np}
    exec(text, names)
    return names["f"]


@pytest.mark.parametrize("items", LISTS)
def test_loops(items):
    for loop in LOOPS:
        f = function(f"def f(x, l):\n    s = 0.0\n    {loop}:\n        s += v\n    return s, v\n")
        compared(f, np.arange(9.0), LISTS[items])


@pytest.mark.parametrize("items", ["floats", "long ints"])
def test_inner_loops(items):
    loops = "".join(f"        {loop}:\n            s += v\n" for loop in LOOPS if "[" not in loop)
    compared(
        function(
            f"def f(x, l, n):\n    s = v = 0.0\n    for k in range(n):\n{loops}    return s\n"
        ),
        np.arange(9.0),
        LISTS[items],
        5,
    )


def test_kinds_of_loops_are_compiled():
    for loop in LOOPS[::2]:
        if sys.version_info >= (3, 15) and loop.endswith((" in l", "]")):
            continue  # only the interpreter knows the place in a list
        f = function(f"def f(x, l):\n    s = 0.0\n    {loop}:\n        s += v\n    return s\n")
        sites = compared(f, np.arange(9.0), LISTS["floats"])
        assert any(site.hits for site in sites), (loop, [site.reason for site in sites])


def test_iterators_that_others_move():
    def f(x, n):
        first, s = iter(x), 0.0
        for a, b in zip(first, first):
            s += a * b
        second = iter(x)
        for i, a in enumerate(second):
            s += a
            if i == n:
                next(second)
        return s, list(first), list(second)

    compared(f, np.arange(9.0).tolist(), 3)


@pytest.mark.parametrize(
    "given", ["iter(l)", "enumerate(l)", "zip(l, x)", "reversed(x)", "held.it"]
)
def test_iterators_that_locals_or_attributes_hold(given):
    """An inner loop goes on where the one before stopped."""
    source = f"""
def f(l, x, n):
    s, held = 0, Held()
    held.it = iter(l)
    it = {given}
    for i in range(n):
        for v in {"held.it" if given == "held.it" else "it"}:
            s += 1
            if s > 2 * i:
                break
    return s
"""
    names = {"Held": type("Held", (), {})}
    exec(source, names)
    compared(names["f"], [2.5] * 9, np.arange(9.0), 30)


def test_a_list_that_changes():
    def f(items, n):
        s = 0
        for i in range(n):
            for v in items:
                s += v
            items[i % len(items)] = 2**i
            if i == 5:
                items.append(1)
        return s, items

    compared(f, [1, 2, 3], 40)


def test_strict_zip_and_its_error():
    def f(x, y):
        s = 0.0
        for a, b in zip(x, y, strict=True):
            s += a * b
        return s

    compared(f, np.arange(6.0), [1.5] * 6)
    compared(f, np.arange(6.0), [1.5] * 5)


def test_what_is_not_translated_leaves_only_its_iterations():
    def f(x, n):
        s = 0.0
        for i in range(n):
            s += x[i % 9]
            if i % 50 == 49:
                s += float(str(i))
        return s

    g = alloc.bump(alloc.Buffer(10**6))(f)
    compared(f, np.arange(9.0), 500, g=g)
    assert loop_sites(g)[0].hits
