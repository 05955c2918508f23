"""Control flow in loops: branches, nested loops, break, continue, while, and what comes after."""

import numpy as np
import pytest

import alloc_rewrite as alloc
from alloc_rewrite.bump import bumped
from alloc_rewrite.compiled.kernels import workshop
from alloc_rewrite.rewrite import Loop

from .comparing import compared, compiled, loop_sites


def test_nested_loops_with_branches():
    def f(a, n):
        s = 0
        for i in range(1, n):
            for j in range(i):
                if a[i, j] > 0.5 and s < 30:
                    s += a[i, j]
                elif j == 7:
                    break
                else:
                    continue
                a[i, j] = -s
        return s

    compiled(f, np.random.default_rng(0).random((12, 12)), 12)


def test_while_loops():
    def f(n):
        count, i = 0, 2
        while i < n:
            j, prime = 2, True
            while j * j <= i:
                if i % j == 0:
                    prime = False
                    break
                j += 1
            if prime:
                count += 1
            i += 1
        return count

    compiled(f, 200)


def test_conditional_expressions_and_chains():
    def f(x, n):
        t = 0.0
        for i in range(n):
            t += x[i] if 0.2 < x[i] < 0.8 else -x[i]
            t = t or 1.0
            k = not t > 3
        return t, k

    compiled(f, np.random.default_rng(1).random(30), 30)


def test_leaving_by_return_and_by_else():
    def f(x, n, limit):
        for i in range(n):
            if x[i] > limit:
                return i
        else:
            return "none"

    x = np.linspace(0.0, 1.0, 50)
    compared(f, x, 50, 0.7)
    compiled(f, x, 50, 2.0)


@pytest.mark.parametrize("bounds", ["n", "1, n", "n, 0, -1", "0, n, 3", "-5, 5", "5, 5", "n, 0"])
def test_ranges(bounds):
    source = (
        f"def f(n):\n    s = i = 0\n    for i in range({bounds}):\n        s += i\n    return s, i"
    )
    namespace = {}
    exec(source, namespace)
    for n in (0, 1, 2, 17):
        compared(namespace["f"], n)


def test_a_local_that_only_an_inner_loop_gives_a_value():
    def f(n, m):
        for i in range(n):
            for j in range(m):
                t = i * j
        return t

    compared(f, 5, 4)
    compared(f, 5, 0)


def test_a_local_of_another_kind_after_the_first_iteration():
    def f(x, n):
        s = None
        for i in range(n):
            s = x[i] if s is None else s + x[i]
        return s

    compiled(f, np.arange(9.0), 9)


def test_tuples():
    def f(x, n):
        a, b = 0, 1
        for i in range(n):
            a, b = b, a + b
            pair = (a, x[i])
            b, t = b, pair[1]
        return a, b, pair, t

    compiled(f, np.arange(9.0), 9)


def test_arrays_that_change_places():
    def f(x, y, n):
        for i in range(n):
            x[i % 5] = y[(i + 1) % 5] + 1.0
            x, y = y, x
        return x, y

    compiled(f, np.arange(5.0), np.zeros(5), 12)


def test_a_loop_in_a_generator():
    def f(x, n):
        s = 0.0
        for k in range(n):
            for i in range(n):
                s += x[i]
            yield s

    def listed(x, n):
        return list(g(x, n))

    buf = alloc.Buffer(10**6)
    g = alloc.bump(buf)(f)
    x = np.arange(8.0)
    for _ in range(3):
        assert list(g(x, 8)) == list(f(x, 8))
    assert loop_sites(g)[1].hits


def test_globals_and_builtins_that_change():
    namespace = {"np": np, "scale": 2.0}
    source = """
def f(x, n):
    s = 0.0
    for i in range(n):
        s += abs(x[i]) * scale
    return s
"""
    exec(source, namespace)
    f = namespace["f"]
    g = alloc.bump(alloc.Buffer(10**6))(f)
    x = -np.arange(9.0)
    for _ in range(3):
        assert g(x, 9) == f(x, 9)
    namespace["scale"] = 3
    assert g(x, 9) == f(x, 9)
    namespace["abs"] = lambda v: 1.0
    assert g(x, 9) == f(x, 9) == 27.0
    del namespace["abs"], namespace["scale"]
    with pytest.raises(NameError, match="scale"):
        g(x, 9)


def test_cells():
    def outer(c):
        def f(x, n):
            s = 0.0
            for i in range(n):
                s += x[i] * c
            return s

        def change(value):
            nonlocal c
            c = value

        return f, change

    f, change = outer(2.0)
    g = alloc.bump(alloc.Buffer(10**6))(f)
    x = np.arange(9.0)
    for value in (2.0, 5, np.float32(0.5), 2.0):
        change(value)
        for _ in range(3):
            assert repr(g(x, 9)) == repr(f(x, 9))


def test_cells_without_content():
    """A cell has a value from some iteration on, or is never read; or reading it is an error."""

    def f(x, n, start, least):
        def get():
            return c

        if start == 0:
            c = 1.0
        s = 0.0
        for i in range(n):
            if i == start:
                for k in range(n):
                    c = x[k]
            if i >= least:
                for k in range(n):
                    if k < least:
                        s += c
        return s, get() if start < n else None

    for start, least in [(0, 0), (0, 3), (3, 3), (3, 1), (20, 30), (20, 5), (20, 20)]:
        compared(f, np.arange(9.0), 9, start, least)


def test_the_error_of_a_cell_without_content_stands_at_its_line():
    def f(x):
        if len(x) == 0:
            c = lambda: c
        for k in range(9):
            x[0] += k
            x[1] += c

    compared(f, np.arange(9.0))


def test_a_local_that_is_a_cell():
    def f(n):
        s, cell = 0, (lambda: n).__closure__[0]
        for k in range(n):
            s += k
            other = cell
        return s, other is cell, other.cell_contents

    compared(f, 9)


def adds_items(x, n):
    s = 0.0
    for k in range(n):
        s += x[k] * 2.0
    return s


def adds_lengths(x, n):
    s = 0.0
    for k in range(n):
        s += len(hex(k))
    return s


@pytest.mark.parametrize(("f", "compiles"), [(adds_items, True), (adds_lengths, False)])
def test_a_loop_costs_nothing_while_its_kernel_is_made(monkeypatch, f, compiles):
    jobs = []
    monkeypatch.setattr(workshop, "submit", jobs.append)
    x = np.arange(30.0)
    g = alloc.bump(alloc.Buffer())(f)
    rewritten = bumped(g).sites.rewriter.rewritten(f.__code__)
    number = next(i for i, place in enumerate(rewritten.places) if isinstance(place, Loop))
    gate, loop = rewritten.gates.gate(number), rewritten.sites[number]
    for _ in range(3):
        assert g(x, 30) == f(x, 30)
        assert len(jobs) == 1
        assert gate.content is None
    jobs.pop().make(workshop._load)
    assert gate.content is loop
    for _ in range(5):
        assert g(x, 30) == f(x, 30)
        while jobs:
            jobs.pop().make(workshop._load)
    assert (loop.hits > 0) == compiles


def test_tuples_and_iterators_in_one_another():
    """However deep, what comes into a loop is looked at without one call for each level."""

    def nested(n):
        value = ()
        for _ in range(n):
            value = (value, (1,))
        return len(value)

    def deep(n):
        iterator = iter(range(11_000))
        for _ in range(n):
            iterator = zip(iterator, strict=True)
        return iterator

    def over(iterator):
        s = 0
        for _ in iterator:
            s += 1
        return s

    bumped_nested = alloc.bump(alloc.Buffer())(nested)
    for levels in (2, 1_100):
        bumped_over = alloc.bump(alloc.Buffer())(over)
        for _ in range(2):
            assert bumped_nested(20_000) == 2
            assert bumped_over(deep(levels)) == 11_000
