"""What is known of a value on the stack or in a local, and what may be demanded of it.

A value is *harmless* if no operation on it runs Python code, as a number or an array of numbers.
"""

from __future__ import annotations

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
