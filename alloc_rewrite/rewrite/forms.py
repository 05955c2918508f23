"""Calls that are given the array for their result: what they come to.

In: a `Scan`, and the nodes of a call. Out: the nodes that it comes to; or the scan is told why it
can't be part of the region. It must not know instructions.

The result becomes a value of its own: what the array is from there on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .program import METHOD, OLD, OUT, WHERE
from .stores import became
from .symbolic import Scan


def out_given(
    names: Sequence[str], arguments: list[int], before: int | None
) -> tuple[list[int], dict[str, int]] | None:
    """Return a call's arguments without those that say where its result goes, and these.

    `before` is how many arguments come before the array for the result, of what takes one. None if
    there are no such arguments.
    """
    if before is None:
        return None
    plain = len(arguments) - len(names)
    named = dict(zip(names, arguments[plain:], strict=True))
    told = {name: named[name] for name in (OUT, WHERE) if name in named}
    rest = arguments[:plain]
    if plain == before + 1 and OUT not in told:
        told = {OUT: rest.pop(), **told}
    if not told:
        return None
    return rest + [node for name, node in named.items() if name not in told], told


def called_into(
    scan: Scan, kind: str, operands: Sequence[int], detail: tuple[str, ...], told: Mapping[str, int]
) -> bool:
    """Take in a call with an array for its result, and maybe a mask of where to compute it.

    `operands` are the callable, or a method's object, and the other arguments; the last of these
    are named in `detail`, which begins with a method's name.
    """
    if OUT not in told:
        return scan.refuse("`{}` is called with `where`, but without `out`")
    if WHERE in told:
        told = {OLD: scan.value_of(told[OUT]), **told}
    names = tuple(told)
    found = (detail[0], (*detail[1:], *names)) if kind == METHOD else (*detail, *names)
    node = scan.add(kind, (*map(scan.value_of, operands), *told.values()), found)
    array = became(scan, told[OUT], node)
    return array is not None and scan.push(array)
