"""Arrays that loops make: bound to locals, aliased, changed in place, kept for long, given out."""

import numpy as np
import pytest

import alloc_rewrite as alloc

from .comparing import compared, compiled, outcome, same

RNG = np.random.default_rng(0)

STATEMENTS = [
    "x = x + y * h",
    "x = (x - y) / 3.0; x += 1.0",
    "z = x; x = x * 0.5; z[0] = 3.0",
    "z = x[1:]; x = y + x; z[-1] += 2.0",
    "z = x * y; z[0] = z[1] * 2.0; x = z",
    "x, z = y - x, x.copy()",
    "z = np.array([x[0], h, 1.0]); x[0] = z[1] + len(z)",
    "z = np.zeros(4); z[1:3] = h; z[i % 4] -= x[0]; s += z[1]",
    "z = np.ones((2, 3)); z[1] = h; z[:, i % 3] *= 2.0; s += z[1, 1]",
    "z = np.empty(i % 5 + 1); z[:] = h; x[0] = z[-1]; s += len(z)",
    "z = np.zeros_like(x); z[i % 3] = 1.0; x = x + z",
    "z = np.full(3, h)\n        if i % 2: x = z\n        else: x = y.copy()",
    "z = -x; z = np.sqrt(np.abs(z)); x = z * 1.5",
    "z = np.array([[1.0, h], [x[0], 2.0]]); x[0] = z[1, 0] + z[0][1]; z = z.T",
    "z = np.array(x); z /= 7; x = z + y",
    "z = w[i % 4]; x = x + z[:3]; z = z * 2.0",
    "w = w * 0.5 + 1.0; z = w[1]",
    "w = w + y[0]; w[i % 4, 1] = 9.0",
    "z = x[:, None] * y[None, :]; x[0] = z[1, 2]",
    "z = x; z = x[::-1] * 2.0; x = z[::-1]",
    "x = x + 1.0\n        for j in range(i % 3): z = x * j; x = z - y",
    "x = x + y; s = s + (x * 2.0)[1]",
    "t = np.array([1, 2, i]); s += t[i % 3]",
    "x = helper(x, y * 2.0, h)",
    "x, z = pair(x, y); s += z[0]",
    "x[0], z = h * 5.0, x * 2.0",
    "x[:2], z = x[1:] * 0.5, x * 2.0",
    "w[0], z = w[1] * 2.0, w[0] + 1.0; w[1] = w[0]",
    "x = (x * 2.0 + (y if i % 2 else x) - z) * 0.25",
    "x = x * 2.0 + changing(x); x = x * 0.125",
    "a, b, c = x; x = np.array([b, c, a])",
]


def helper(p, q, t):
    p = p + q
    p[0] = t
    return p


def changing(p):
    p[0] = 4.0
    return p * 0.5


def pair(p, q):
    return p - q, p * 0.25


def made_of(statement):
    source = f"""
def f(x, y, w, h, n):
    s = 0.0
    z = x
    for i in range(n):
        {statement}
    return x, y, w, s, z, z.base is None, x.base is None, x.flags.writeable
"""
    namespace = {"np": np, "helper": helper, "pair": pair, "changing": changing}
    exec(source, namespace)
    return namespace["f"]


@pytest.mark.parametrize("statement", STATEMENTS)
def test_a_statement(statement):
    x, y, w = RNG.random(3), RNG.random(3), RNG.random((4, 3))
    f = made_of(statement)
    compiled(f, x, y, w, 0.5, 23, times=2)
    compared(f, RNG.random(7), RNG.random(7), RNG.random((4, 7)), np.float64(0.25), 9, times=2)


def test_what_locals_hold_when_a_loop_hands_over():
    def f(x, k, n):
        out = []
        for i in range(n):
            x = x * 1.5
            z = x[1:]
            z[0] = k[i]
            if k[i] == 2.0:
                out.append((x, z, z.base is x))
        return out, x, z, z.base is x

    k = np.arange(40.0) % 7
    compared(f, np.ones(4), k, 40)


def test_bounded_space_and_long_loops():
    def f(x, v, n):
        for i in range(n):
            a = -x * 4.0
            v = v + a * 1e-3
            x = x + v * 1e-3
            old = x
            old[0] += 1e-9
        return x, v, old, old is x

    g = alloc.bump(f)
    x, v = np.array([1.0, 0.0, 0.5]), np.zeros(3)
    for n in (10, 150_000):
        assert same(outcome(f, [x.copy(), v.copy(), n]), outcome(g, [x.copy(), v.copy(), n]))


@pytest.mark.parametrize("mode", ["warn", "raise", "ignore"])
def test_a_flag_in_a_late_iteration(mode):
    def f(x, y, n):
        for i in range(n):
            z = y / x
            z[1] = 0.0
            x = x - 1.0
        return x, z

    with np.errstate(all=mode):
        compared(f, np.arange(20.0, 24.0), np.ones(4), 60, times=2)


def test_arrays_that_need_much_room():
    def f(x, n):
        for i in range(n):
            y = x * 2.0
            z = y + 1.0
            x = z - y * 0.5
        return x, z

    for n in (3000, 20_000, 40_000):
        compared(f, RNG.random(n), 20, times=2, g=alloc.bump(alloc.Buffer(10**7))(f))


def test_what_is_given_out_stays():
    def f(x, n):
        for _ in range(n):
            x = x + 1.0
        return x

    g = alloc.bump(f)
    kept = [g(np.zeros(3), n) for n in range(40)]
    for n, x in enumerate(kept):
        assert (x == n).all()
        assert x.flags.owndata


def test_shapes_that_change():
    def f(x, n):
        for i in range(n):
            x = x[1:] + x[:-1]
        return x

    for size in (5, 12, 40):
        compared(f, RNG.random(size), size + 3, times=2)


def test_views_of_made_arrays_without_items():
    def f(x, n):
        for i in range(n):
            y = x[:, 1:] * 2.0
            z = y[:, None]
            x = y.T.copy().T
        return x.strides, y.strides, z.strides

    compiled(f, np.ones((3, 4)), 20, times=2)
