"""Sites of operators write over operands that die, and over no others."""

import numpy as np
import pytest

import alloc_rewrite as alloc

N = 100_000


def made(x):
    return np.sort(x)


def held_by_a_frame(x):
    t = made(x)
    u = t * 2.0
    return u, t


def held_by_a_cell(x):
    t = made(x)
    u = t * 2.0
    return u, (lambda: t)()


def held_by_a_container(x):
    rows = [made(x)]
    u = rows[0] * 2.0
    return u, rows[0]


def held_by_an_argument(x):
    def inner(t):
        return t * 2.0, t

    return inner(made(x))


def held_below_on_the_stack(x):
    return (t := made(x)) * 2.0, t


def held_by_a_view(x):
    view = made(x)[1:]
    return (view.base * 2.0)[1:], view


HELD = [
    held_by_a_frame,
    held_by_a_cell,
    held_by_a_container,
    held_by_an_argument,
    held_below_on_the_stack,
    held_by_a_view,
]


@pytest.mark.parametrize("function", HELD)
def test_what_is_held_stays(function):
    x = np.arange(N, 0, -1.0)
    bumped = alloc.bump(alloc.Buffer())(function)
    for _ in range(5):
        u, t = bumped(x)
        plain = function(x)
        assert u.tobytes() == plain[0].tobytes()
        assert t.tobytes() == plain[1].tobytes()


def dies(x):
    return made(x) * 2.0


def dies_on_the_right(x):
    return 2.0 * made(x)


def dies_negated(x):
    return -made(x)


@pytest.mark.parametrize("function", [dies, dies_on_the_right, dies_negated])
def test_what_dies_is_written_over(function):
    """No second block is taken: the reference count says so, or the interpreter itself."""
    x = np.arange(N, 0, -1.0)
    buffer = alloc.Buffer()
    bumped = alloc.bump(buffer)(function)
    for _ in range(3):
        assert bumped(x).tobytes() == function(x).tobytes()
    assert buffer.peak < 1.5 * x.nbytes
