"""Calls of functions that put arrays together, and that subtract neighbours.

In: a `Scan`, and the nodes of a call. Out: the nodes that it comes to; or the scan is told why it
can't be part of the region. It must not know instructions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from .program import CALL, CONST, FILL, GUARD, INDEX, SLICE, TUPLE
from .symbolic import MOST_OPERANDS, Scan

_MOST_TIMES = 3  # that neighbours are subtracted


def put_together(
    scan: Scan, callee: int, name: str, arguments: Sequence[int], names: Sequence[str]
) -> bool:
    """Take in a call with a list of arrays, or two, and maybe an axis, which gets its name."""
    *plain, axis = [*arguments, None]
    if names:
        if tuple(names) != ("axis",):
            return scan.refuse("`{}` is called with other keywords than `axis`")
        *plain, axis = arguments
    n_arrays = 2 if name == "append" else 1
    if axis is None and len(plain) == n_arrays + 1:
        axis = plain.pop()
    if len(plain) != n_arrays:
        return scan.refuse("`{}` is called with other arguments than arrays and an axis")
    arrays = list(plain)
    if n_arrays == 1:
        made = scan.nodes[plain[0]]
        if made.kind != TUPLE:
            return scan.refuse("`{}` is called with a list that is made elsewhere")
        arrays = list(made.operands)
    elif axis is None:
        axis = scan.add(CONST, (), None)
    if len(arrays) + 1 + (axis is not None) > MOST_OPERANDS:
        return scan.refuse("`{}` is called with too many arrays")
    operands = (callee, *map(scan.value_of, arrays), *([] if axis is None else [axis]))
    return scan.push(scan.add(CALL, operands, () if axis is None else ("axis",)))


def with_fill(
    scan: Scan, arguments: list[int], names: tuple[str, ...]
) -> tuple[list[int], tuple[str, ...]]:
    """Return a call's arguments, and names, with the number that fills the margin by default."""
    if "mode" in names or "constant_values" in names or len(arguments) - len(names) > 2:
        return arguments, names
    return [*arguments, scan.add(CONST, (), 0)], (*names, FILL)


def differences(
    scan: Scan, callee: int, name: str, arguments: Sequence[int], names: Sequence[str]
) -> bool:
    """Take in a difference of neighbours: views and a subtraction, as often as is asked for."""
    plain = len(arguments) - len(names)
    given = dict(zip(("a", "n", "axis"), arguments[:plain], strict=False))
    given |= zip(names, arguments[plain:], strict=True)
    if len(given) != len(arguments) or "a" not in given or given.keys() - {"a", "n", "axis"}:
        return scan.refuse("`{}` is called with other arguments than an array, `n` and `axis`")
    told = []
    for key, otherwise in (("n", 1), ("axis", -1)):
        node = scan.nodes[given[key]] if key in given else None
        told.append(otherwise if node is None else node.detail if node.kind == CONST else None)
    times, axis = told
    if type(times) is not int or type(axis) is not int or not 1 <= times <= _MOST_TIMES:
        return scan.refuse(f"`{{}}` is called with an axis, or an order up to {_MOST_TIMES}, that"
                           " isn't a constant")  # fmt: skip
    if not -MOST_OPERANDS < axis < MOST_OPERANDS:
        return scan.refuse("`{}` is called with an axis that is too large")
    scan.add(GUARD, (callee,), scan.vocabulary.differences[name])
    function, line = scan.vocabulary.difference_at
    place = None if function is None else scan.add(CONST, (), function)
    value = given["a"]
    for _ in range(times):
        later = scan.add(INDEX, (value, along(scan, axis, 1, None)))
        earlier = scan.add(INDEX, (value, along(scan, axis, None, -1)))
        subtract = scan.add(CONST, (), scan.vocabulary.difference)
        value = scan.add(CALL, (subtract, later, earlier), ())
        if place is not None:  # what a subtraction raises is reported there
            scan.nodes[value] = replace(scan.nodes[value], line=line, helper=place)
    return scan.push(value)


def along(scan: Scan, axis: int, start: int | None, stop: int | None) -> int:
    """Return the node of an index that takes a slice along an axis."""
    taken = _slice(scan, start, stop)
    if axis == 0:
        return taken
    if axis > 0:
        return scan.add(TUPLE, (*(_slice(scan, None, None) for _ in range(axis)), taken))
    after = [_slice(scan, None, None) for _ in range(-1 - axis)]
    return scan.add(TUPLE, (scan.add(CONST, (), ...), taken, *after))


def _slice(scan: Scan, start: int | None, stop: int | None) -> int:
    return scan.add(SLICE, (scan.add(CONST, (), start), scan.add(CONST, (), stop)))
