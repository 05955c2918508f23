"""Functions without loops as one piece of machine code, entered from outside."""

import math

import numpy as np
import pytest

import alloc_rewrite as alloc

from .comparing import compared, compiled, same

TABLE = np.linspace(0.0, 3.0, 30)


def oscillator(t, y):
    return [y[1], 2.0 * (1.0 - y[0] * y[0]) * y[1] - y[0]]


def attractor(y, scale=10.0):
    a, b, c = y
    return np.array([scale * (b - a), a * (28.0 - c) - b, a * b - 8.0 / 3.0 * c])


def residuals(p):
    return p[0] * np.exp(-p[1] * TABLE) - TABLE


def nested(x, y):
    if x[0] > 0.5:
        return (x[0] + y, [x[1] * 2, x]), None
    if x[0] > 0.25:
        return None
    return x[x.shape[0] - 1] + y * 2 - 1, y


def branches(a, b):
    d = a * a - 4 * b
    if d < 0:
        return math.inf
    return (math.sqrt(d) + a if a >= 0 else a - math.sqrt(d)) / 2


def swapped(a, i, j):
    a[i], a[j] = a[j], a[i] * 2 + 1
    a[i + 1] += a[j]


def views(a):
    b = a * 2 + 1 - a
    return b[1:], b, a[1:], a.T, a


CASES = [
    (oscillator, 0.0, np.array([2.0, 0.5])),
    (attractor, np.array([1.0, 2.0, 3.0])),
    (attractor, (1, 2.0, 3.5)),
    (residuals, np.array([2.0, 0.5])),
    (nested, np.array([0.75, 1.0]), 2.0),
    (nested, np.array([0.3, 1.0]), 2.0),
    (nested, np.array([0.0, 1.0]), 2),
    (branches, 5, 2),
    (branches, -5.0, 2),
    (branches, 1, 2),
    (swapped, np.arange(6.0), 1, 3),
    (views, np.arange(6.0).reshape(2, 3)),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case[0].__name__)
def test_results_are_those_of_the_original(case):
    compiled(*case)


def test_what_it_can_not_do_is_done_by_the_original_from_its_beginning():
    g = alloc.bump(swapped)
    compared(swapped, np.arange(6.0), 1, 3, g=g)
    for args in ((1, 9), (5, 0), (1, 2.0), (-9, 1), ("a", 1)):
        compared(swapped, np.arange(6.0), *args, g=g)
    compared(swapped, [1.0, 2, 3, 4], 1, 2, g=g)
    h = alloc.bump(attractor)
    for y in (np.ones(3), np.ones(4), np.array([1e300, 1e300, 1e300]), [1, 2, 3]):
        compared(attractor, y, g=h)
    with np.errstate(all="raise"):
        compared(attractor, np.array([1e300, 1e300, 1e300]), g=h)


def test_arguments_of_other_kinds_and_other_globals(monkeypatch):
    g = alloc.bump(branches)
    for a, b in ((5, 2), (5.0, 2), (np.float32(5), 2), (2**62, 3), (np.int64(5), 2), (True, 0)):
        compared(branches, a, b, g=g)
    h = alloc.bump(residuals)
    compared(residuals, np.array([2.0, 0.5]), g=h)
    monkeypatch.setitem(globals(), "TABLE", np.linspace(0.0, 1.0, 7))
    compared(residuals, np.array([2.0, 0.5]), g=h)


def test_closures_read_their_cells_at_each_call():
    scale = np.array([1.0, 2.0])

    def f(x):
        return x[0] * scale[0] + x[1] * scale[1]

    g = alloc.bump(f)
    assert compared(f, np.array([3.0, 4.0]), g=g)[0].hits
    scale = np.array([5.0, 6.0])
    compared(f, np.array([3.0, 4.0]), g=g)
    scale = 7
    compared(f, np.array([3.0, 4.0]), g=g)


def test_arrays_that_come_out_are_kept_apart():
    g = alloc.bump(attractor)
    kept = [g(np.array([1.0, 2.0, float(i)])) for i in range(50)]
    for i, one in enumerate(kept):
        assert same(one, attractor(np.array([1.0, 2.0, float(i)])))
        assert one.flags.owndata
        assert one.flags.writeable


def test_a_function_that_does_little_is_left_alone():
    def f(x, y):
        return x * x + 2 * x * y

    alloc.set_compile("now")
    g = alloc.bump(f)
    for _ in range(5000):
        g(1.5, 2.5)
    whole = alloc.explain(g).whole
    assert whole.given_back
    assert "takes longer" in whole.declined


def test_explain_says_what_became_of_it():
    g = alloc.bump(attractor)
    for _ in range(4):
        g(np.ones(3))
    explained = alloc.explain(g)
    assert explained.whole.kernels == 1
    assert not explained.loops
    assert "as one piece" in str(explained)


def test_other_functions_have_no_such_site():
    def generator(x):
        yield x * x + x * 2

    def loops(x):
        return [v * 2 + 1 - v for v in x]

    async def waits(x):
        return x * x + x * 2

    for f in (generator, loops, waits):
        assert alloc.explain(f).whole is None
