"""`check`: a shadow run of calls, which changes nothing but reports what differs."""

import sys
import threading
import warnings

import numpy as np
import pytest

import alloc_rewrite as alloc


def f(x, y=2.0):
    t = x * y + x
    x[0] = t[1]
    return t


def is_plain():
    return sys._getframe(1).f_code is wrong.__code__


def wrong(x):
    return x + (0.0 if is_plain() else 1.0)


def test_it_does_what_the_function_does():
    g = alloc.check(f)
    assert (g.__name__, g.__wrapped__) == ("f", f)
    for n in range(3):
        x, other = np.arange(5.0) + n, np.arange(5.0) + n
        assert g(x, y=3.0).tobytes() == f(other, y=3.0).tobytes()
        assert x.tobytes() == other.tobytes()
    assert g.checks == alloc.Checks(3, 3, 0, 0, ())


def test_every():
    g = alloc.check(f, every=3)
    for _ in range(7):
        g(np.arange(5.0))
    assert (g.checks.calls, g.checks.compared) == (7, 3)


def test_reactions():
    with pytest.warns(alloc.DifferenceWarning, match="wrong differs .*: 2 of 2 items") as caught:
        assert alloc.check(wrong)(np.zeros(2)).tolist() == [1.0, 1.0]
    assert caught[0].filename == __file__
    with pytest.raises(alloc.DifferenceError, match="the bumped call of wrong differs"):
        alloc.check(wrong, on_difference="raise")(np.zeros(2))
    said = []
    g = alloc.check(wrong, on_difference=said.append)
    g(np.zeros(2))
    assert len(said) == g.checks.different == 1
    assert "items of the result differ" in g.checks.differences[0]


@pytest.mark.parametrize("given", [{"every": 0}, {"on_difference": "no"}])
def test_wrong_arguments(given):
    with pytest.raises(ValueError, match="check: "):
        alloc.check(f, **given)


def test_exceptions_and_warnings_pass_through_once():
    def odd(x):
        warnings.warn("mine", UserWarning, stacklevel=1)
        raise KeyError(x.sum())

    g = alloc.check(odd)
    with pytest.warns(UserWarning, match="mine") as caught, pytest.raises(KeyError):
        g(np.zeros(2))
    assert [w.lineno for w in caught] == [odd.__code__.co_firstlineno + 1]
    assert g.checks.different == 0
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(UserWarning):
            g(np.zeros(2))
        warnings.simplefilter("ignore")
        with pytest.raises(KeyError):
            g(np.zeros(2))


def test_warnings_for_the_caller_are_at_the_callers_line():
    @alloc.check
    def odd(x):
        warnings.warn("mine", UserWarning, stacklevel=2)
        return x + 1

    with pytest.warns(UserWarning, match="mine") as caught:
        odd(np.zeros(2))
    assert caught[0].filename == __file__


def test_random_numbers_go_on_as_they_would():
    def draw(n):
        return np.random.rand(n)

    np.random.seed(3)
    expected = [draw(3).tolist(), draw(3).tolist()]
    np.random.seed(3)
    g = alloc.check(draw)
    assert [g(3).tolist(), g(3).tolist()] == expected
    assert g.checks.different == 0


def test_arguments_that_cannot_be_copied_are_not_compared():
    def locked(lock, x):
        with lock:
            return x + 1

    g = alloc.check(locked)
    assert g(threading.Lock(), np.zeros(1)) == 1
    assert (g.checks.compared, g.checks.skipped) == (0, 1)


def test_methods_and_recursion():
    class Tree:
        def __init__(self):
            self.seen = 0

        @alloc.check
        def depth(self, x):
            self.seen += 1
            return 1 + self.depth(x[1:]) if len(x) else 0

    tree = Tree()
    assert tree.depth(np.zeros(3)) == 3
    assert tree.seen == 4
    assert Tree.depth.checks == alloc.Checks(1, 1, 0, 0, ())


def test_bumped_functions_and_buffers():
    buf = alloc.Buffer(1 << 16)
    g = alloc.check(alloc.bump(buf)(f))
    g(np.arange(100.0))
    assert buf.peak > 0
    assert g.checks.different == 0
