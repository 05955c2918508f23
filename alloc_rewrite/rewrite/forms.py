"""Calls that come to other nodes: with arrays for their results, of parts, and choices by lists.

In: a `Scan`, and the nodes of a call. Out: the nodes that it comes to; or the scan is told why it
can't be part of the region. It must not know instructions.

A result that goes into an array becomes a value of its own: what the array is from there on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .program import ATTRIBUTE, CALL, CONST, GUARD, METHOD, OLD, OTHERWISE, OUT, TUPLE, WHERE
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


def changed(
    scan: Scan, name: str, names: Sequence[str], arguments: list[int]
) -> tuple[list[int], dict[str, int]] | None:
    """Return the same of a call that changes its first argument, as it is asked not to copy."""
    keyword = scan.vocabulary.changing.get(name)
    if keyword not in names:
        return None
    at = len(arguments) - len(names) + names.index(keyword)
    told = scan.nodes[arguments[at]]
    if at == 0 or told.kind != CONST or told.detail is not False:
        return None
    return arguments[:at] + arguments[at + 1 :], {OUT: arguments[0]}


def part_taken(scan: Scan, callee: int, name: str, arguments: Sequence[int]) -> bool:
    """Take in a call of a function that gives a part of an array, as the attribute does."""
    if len(arguments) != 1:
        return scan.refuse("`{}` is called with other arguments than one array")
    scan.add(GUARD, (callee,), scan.vocabulary.parts[name])
    return scan.push(scan.add(ATTRIBUTE, (arguments[0],), name))


def chosen(
    scan: Scan, callee: int, name: str, arguments: Sequence[int], names: Sequence[str]
) -> bool:
    """Take in a choice by a list of masks, with a list of arrays: one by a mask after the other."""
    plain = len(arguments) - len(names)
    given = dict(zip(("condlist", "choicelist", "default"), arguments[:plain], strict=False))
    given |= zip(names, arguments[plain:], strict=True)
    lists = [scan.nodes[given.get(key, -1)] for key in ("condlist", "choicelist")]
    sizes = {len(made.operands) for made in lists if made.kind == TUPLE}
    if len(given) != max(len(arguments), 2) or given.keys() - {"condlist", "choicelist", "default"}:
        return scan.refuse("`{}` is called with other arguments than two lists and a default")
    if any(made.kind != TUPLE for made in lists) or len(sizes) != 1:
        return scan.refuse("`{}` is called with lists that are made elsewhere")
    scan.add(GUARD, (callee,), scan.vocabulary.choices[name])
    result = given.get("default", -1)
    result = scan.add(CONST, (), 0) if result < 0 else result
    choice = scan.add(CONST, (), scan.vocabulary.choice)
    for mask, value in reversed([*zip(lists[0].operands, lists[1].operands, strict=True)]):
        values = map(scan.value_of, (mask, value, result))
        result = scan.add(CALL, (choice, *values), (OTHERWISE,))
    return scan.push(result)


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
