"""Calls of `np.gradient` with even spacing: views, subtractions and divisions, put together again.

In: a `Scan`, and the nodes of a call. Out: the nodes that it comes to; or the scan is told why it
can't be part of the region. It must not know instructions.

With even spacing `np.gradient` computes, along each axis, ``(f[2:] - f[:-2]) / (2 * dx)``, and at
the ends first or second order differences to one side. The nodes have NumPy's order, and the lines
of its code, so that floating point errors are reported as NumPy reports them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from .items import Instr
from .joins import along
from .program import CALL, CONST, EDGE, INDEX, LIKE, OPERATION, SPACED, TUPLE
from .symbolic import Scan

#: Of the ends, by the order: which items take part, from the first; and with which factors, that
#: are divided by the spacing. The last end has them from the last item, with the sign changed.
_ENDS = {2: ((-1.5, 0), (2.0, 1), (-0.5, 2))}
_NAMES = frozenset({"axis", "edge_order"})


def gradient(
    scan: Scan, callee: int, name: str, arguments: Sequence[int], names: Sequence[str]
) -> bool:
    """Take a call in; of a tuple that it gives, the next instruction unpacks the items."""
    plain = len(arguments) - len(names)
    given = dict(zip(names, arguments[plain:], strict=True))
    if plain < 1 or not _NAMES.issuperset(given):
        return scan.refuse("`{}` is called with other arguments than arrays and numbers")
    order, axis = (_constant(scan, given, key, value) for key, value in _OTHERWISE)
    size = _unpacked_into(scan)
    axes = _axes(axis, size)
    if type(order) is not int or order not in (1, 2) or axes is None:
        return scan.refuse("`{}` is called with an axis or order that isn't a constant")
    f, *spacing = arguments[:plain]
    if len(axes) != size or len(spacing) not in (0, 1, size) or scan.vocabulary.gradient_at is None:
        return scan.refuse("`{}` gives a tuple that isn't unpacked at once")
    spacing = spacing or [scan.add(CONST, (), 1.0)]
    f, spacing = scan.value_of(f), spacing * (size // len(spacing))
    known = size if axis is None else 0
    made = [
        _Along(scan, f, one, dx).put_together(callee, order, known)
        for one, dx in zip(axes, spacing, strict=True)
    ]
    return scan.push(made[0] if size == 1 else scan.add(TUPLE, tuple(made)))


_OTHERWISE = (("edge_order", 1), ("axis", None))


def _unpacked_into(scan: Scan) -> int:
    """Return into how many items the result is unpacked; one if it isn't."""
    following = scan.ir.items[scan.at + 1]
    is_unpacked = isinstance(following, Instr) and following.name == "UNPACK_SEQUENCE"
    return following.arg if is_unpacked else 1


def _constant(scan: Scan, given: dict[str, int], key: str, otherwise: Any) -> Any:
    """Return an argument that the code has as a constant; `...` if it has it in another way."""
    if key not in given:
        return otherwise
    node = scan.nodes[given[key]]
    return node.detail if node.kind == CONST else ...


def _axes(axis: Any, size: int) -> tuple[int, ...] | None:
    """Return the axes that are asked for; None unless they are certainly different ones."""
    axes = tuple(range(size)) if axis is None else axis if type(axis) is tuple else (axis,)
    if not all(type(one) is int and -5 < one < 5 for one in axes):
        return None
    is_same_side = len({one < 0 for one in axes}) == 1
    return axes if is_same_side and len({*axes}) == len(axes) else None


class _Along:
    """The gradient along one axis."""

    def __init__(self, scan: Scan, f: int, axis: int, spacing: int) -> None:
        self.scan, self.f, self.axis, self.spacing = scan, f, axis, spacing
        assert scan.vocabulary.gradient_at is not None
        function, self.lines = scan.vocabulary.gradient_at
        self.place = scan.add(CONST, (), function)

    def put_together(self, callee: int, order: int, size: int) -> int:
        """Return the node of the result; with a `size`, the array has to have as many axes."""
        middle = self.middle()
        first, last = (self.ends(order, is_last) for is_last in (False, True))
        axis = self.scan.add(CONST, (), (self.axis, size))
        operands = (callee, first, middle, last, axis, self.f)
        return self.scan.add(CALL, operands, ("axis", LIKE))

    def middle(self) -> int:
        lines = self.lines["middle"]
        difference = self.computed("sub", self.part(2, None), self.part(None, -2), lines[0])
        twice = self.number("mul", 2.0)
        return self.computed("truediv", difference, twice, lines[2], SPACED)

    def ends(self, order: int, is_last: bool) -> int:
        lines = self.lines[f"{'last' if is_last else 'first'} {order}"]
        if order == 1:
            upper, lower = (self.item(at, is_last) for at in ((0, 1) if is_last else (1, 0)))
            difference = self.computed("sub", upper, lower, lines[0], EDGE)
            return self.computed("truediv", difference, self.spacing, lines[1], EDGE)
        terms = _ENDS[order][::-1] if is_last else _ENDS[order]
        sign = -1.0 if is_last else 1.0
        factors = [self.number("truediv", sign * factor) for factor, _ in terms]
        total = -1
        for k, (factor, (_, at)) in enumerate(zip(factors, terms, strict=True)):
            # Products and sums take turns, but for the first two products.
            line = lines[(0, 1, 3)[k]]
            product = self.computed("mul", factor, self.item(at, is_last), line, EDGE)
            total = product if k == 0 else self.computed("add", total, product, lines[2 * k], EDGE)
        return total

    def number(self, operator: str, number: float) -> int:
        """Return the node of a number and the spacing, which are computed beforehand."""
        return self.scan.add(OPERATION, (self.scan.add(CONST, (), number), self.spacing), operator)

    def computed(self, operator: str, one: int, other: int, line: int, what: str = "") -> int:
        function = self.scan.add(CONST, (), self.scan.vocabulary.operators[operator])
        node = self.scan.add(CALL, (function, one, other), (what,) if what else ())
        self.scan.nodes[node] = replace(self.scan.nodes[node], line=line, helper=self.place)
        return node

    def part(self, start: int | None, stop: int | None) -> int:
        return self.scan.add(INDEX, (self.f, along(self.scan, self.axis, start, stop)))

    def item(self, at: int, is_last: bool) -> int:
        """Return the node of items at a place from the first or last, with the axis kept."""
        if is_last:
            return self.part(-1 - at, -at or None)
        return self.part(at, at + 1)
