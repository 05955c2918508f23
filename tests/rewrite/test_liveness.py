"""Liveness: which locals are read later, which have a value for certain, which may hold one."""

import pytest

from alloc_rewrite.rewrite.decode import decode
from alloc_rewrite.rewrite.liveness import Locals


def is_store(item, name):
    return getattr(item, "name", "") == "STORE_FAST" and item.arg == name


class Asked:
    """The locals of a function, asked about by the text of a line."""

    def __init__(self, source):
        scope = {}
        self.lines = source.splitlines()
        exec(source, scope)
        self.ir = decode(scope["f"].__code__)
        self.locals = Locals(self.ir)

    def items(self, text):
        """Return the items of the line with this text: the first, and the one after the last."""
        (line,) = (i for i, found in enumerate(self.lines, 1) if text in found)
        items = [i for i, item in enumerate(self.ir.items) if getattr(item, "lineno", 0) == line]
        return items[0], items[-1] + 1

    def is_live(self, name, text):
        return self.locals.is_live(name, self.items(text)[0])

    def is_bound(self, name, text):
        return self.locals.is_bound(name, self.items(text)[0])

    def may_hold(self, name, text):
        return self.locals.may_hold(name, *self.items(text))


STRAIGHT = """
def f(x, y):
    a = x + 1
    b = a + y
    a = b + 2
    return a
"""
BRANCH = """
def f(x, c):
    if c:
        a = x + 1
    else:
        x = 5
    b = x * 1 + x * 2 + x * 3  # long enough to stand once, where the paths join
    return a + b
"""
LOOP = """
def f(x):
    a = x + 1
    for i in x:
        b = a + 2
        a = i + 3
    return 0
"""
ATTEMPT = """
def f(x):
    a = x + 1
    try:
        a = x.failing
        b = 5
    except ValueError:
        return a
    return 0
"""
DELETED = """
def f(x):
    a = x + 1
    del a
    b = 2
    return a
"""
COMPREHENSION = """
def f(x):
    out = [v for v in x]
    b = 2
    return out
"""
CELL = """
def f(x):
    b = 2
    x = x + 1
    v = b + 1
    inner = lambda: x + v
    c = x
    return inner
"""
ARGUMENTS = """
def f(x, /, y, *z, k, **kw):
    a = 1
    return a
"""


@pytest.mark.parametrize(
    ("source", "name", "text", "live"),
    [
        (STRAIGHT, "a", "a = x + 1", False),
        (STRAIGHT, "a", "b = a + y", True),
        (STRAIGHT, "a", "a = b + 2", False),  # it gets another value first
        (STRAIGHT, "y", "a = b + 2", False),
        (STRAIGHT, "unknown", "return a", False),
        (BRANCH, "a", "if c", True),  # on one of the two paths
        (BRANCH, "a", "a = x + 1", False),
        (BRANCH, "x", "a = x + 1", True),
        (BRANCH, "x", "x = 5", False),
        (LOOP, "a", "a = i + 3", False),
        (LOOP, "a", "b = a + 2", True),
        (LOOP, "b", "a = i + 3", False),
        (ATTEMPT, "a", "a = x.failing", True),  # the handler reads it
        (ATTEMPT, "a", "return 0", False),
        (DELETED, "a", "del a", True),
    ],
)
def test_is_live(source, name, text, live):
    assert Asked(source).is_live(name, text) is live


def test_what_a_loop_reads_on_its_next_turn_is_live():
    asked = Asked(LOOP)
    stores = [i for i, item in enumerate(asked.ir.items) if is_store(item, "a")]
    assert asked.locals.is_live("a", stores[-1] + 1)


def test_nothing_is_live_after_the_last_item():
    asked = Asked(STRAIGHT)
    assert not asked.locals.is_live("a", len(asked.ir.items) + 1)


@pytest.mark.parametrize(
    ("source", "name", "text", "bound"),
    [
        (STRAIGHT, "x", "a = x + 1", True),
        (STRAIGHT, "a", "a = x + 1", False),
        (STRAIGHT, "a", "b = a + y", True),
        (BRANCH, "a", "return a + b", False),  # on one path only
        (BRANCH, "x", "return a + b", True),
        (LOOP, "b", "return 0", False),
        (LOOP, "a", "return 0", True),
        (LOOP, "i", "b = a + 2", True),
        (ATTEMPT, "a", "return a", True),
        (DELETED, "a", "b = 2", False),
        (COMPREHENSION, "v", "b = 2", False),  # it has got back what it had: no value
        (COMPREHENSION, "out", "b = 2", True),
        (CELL, "x", "c = x", True),
        (CELL, "v", "v = b + 1", False),
        (ATTEMPT, "b", "return a", False),  # it may not have come that far
        *((ARGUMENTS, name, "a = 1", True) for name in ("x", "y", "z", "k", "kw")),
    ],
)
def test_is_bound(source, name, text, bound):
    assert Asked(source).is_bound(name, text) is bound


@pytest.mark.parametrize(
    ("source", "name", "text", "may"),
    [
        (STRAIGHT, "x", "a = x + 1", True),  # an argument
        (STRAIGHT, "b", "b = a + y", False),  # only these items give it one
        (STRAIGHT, "a", "a = b + 2", True),  # others do as well
        (LOOP, "b", "b = a + 2", True),  # on the turn before
        (ATTEMPT, "unknown", "a = x.failing", False),
    ],
)
def test_may_hold(source, name, text, may):
    assert Asked(source).may_hold(name, text) is may


def test_a_handler_further_up_may_lead_back():
    asked = Asked(ATTEMPT)
    handler = asked.items("return a")
    assert not asked.locals.may_hold("unknown", *asked.items("a = x + 1"))
    assert asked.locals.may_hold("unknown", handler[1], len(asked.ir.items))
