"""What is known of a value on the stack or in a local, and what may be demanded of it.

A value is *harmless* if no operation on it runs Python code, as a number or an array of numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

#: What is known of a value: nothing, or that no operation on it runs Python code. What may become
#: known of it is a `Given`.
HARMLESS, ANYTHING = "harmless", "anything"


class Given(NamedTuple):
    """A value that can be looked at before the region begins.

    `kind` is ``"local"`` (`what` is its name), ``"global"`` (the parts of its dotted name) or
    ``"stack"`` (how deep it lies there when the region begins).
    """

    kind: str
    what: Any


class Demand(NamedTuple):
    """What must hold of a value: that it is harmless, or (`called`) that calling it is."""

    value: Given
    called: bool


Value = str | Given | tuple[str, Any]
Values = tuple[Value, ...]
#: What is known of locals: one that isn't among them has the value that it had before the region.
Known = Mapping[str, Value]


def joined_stacks(one: Values, other: Values) -> Values:
    """Return what is known of a stack where two paths meet; the deepest slots may be left out."""
    if one == other:
        return one
    pairs = zip(reversed(one), reversed(other), strict=False)
    return tuple(a if a == b else ANYTHING for a, b in pairs)[::-1]


def joined_locals(one: Known, other: Known) -> Known:
    """Return what is known of locals where two paths meet."""
    if one == other:
        return one
    names: dict[str, Value] = {}
    for name in {**one, **other}:
        before = Given("local", name)
        a, b = one.get(name, before), other.get(name, before)
        if a != b:
            names[name] = ANYTHING
        elif a != before:
            names[name] = a
    return names
