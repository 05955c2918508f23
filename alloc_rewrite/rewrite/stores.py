"""Which stores and operators in place can be part of a region.

In: a `Scan`, and the nodes of a store. Out: whether it can be part of the region; if not, the scan
is told why. It must not know instructions.
"""

from __future__ import annotations

from dataclasses import replace

from .program import (
    ATTRIBUTE,
    BY_MASK,
    CALL,
    COMPUTING,
    CONST,
    IN_PLACE,
    INDEX,
    LEAF,
    OLD,
    OPERATION,
    OUT,
    SET,
    SET_ITEMS,
    SLICE,
    STORE,
    TAKEN,
    TUPLE,
    VIEW,
    WHERE,
    WHOLE,
)
from .subscripts import may_be_index
from .symbolic import COMPUTED_INDEX, Scan


def is_made(scan: Scan, node: int) -> bool:
    """Whether an array, or what it is a view of, is computed in the region."""
    made = scan.nodes[node]
    while made.kind in (INDEX, ATTRIBUTE, IN_PLACE):
        made = scan.nodes[made.operands[0]]
    return made.kind in COMPUTING


def stored(scan: Scan, value: int, base: int, key: int) -> bool:
    """Take a store in, or say why it can't be part of the region."""
    made = scan.nodes[value]
    if made.kind == IN_PLACE:  # `u[key] += value` puts its own view back
        view = scan.nodes[made.operands[0]]
        is_view = view.kind == INDEX and view.operands[0] == base and view.detail in (None, VIEW)
        if is_view and _same_index(scan, view.operands[1], key):
            scan.nodes[made.operands[0]] = replace(view, detail=VIEW)
            return True
    is_mask = scan.nodes[key].kind == LEAF and is_made(scan, base)  # an index would end the region
    is_mask |= scan.cut == BY_MASK or made.kind == TAKEN
    if is_mask or not may_be_index(scan, key):
        return stored_by_mask(scan, value, base, key)
    if is_made(scan, base):
        return scan.refuse_store(base)
    if made.kind in (SLICE, TUPLE):
        return scan.refuse("a slice or tuple is stored")
    if made.kind not in COMPUTING and not _is_array(scan, base, key):
        return scan.refuse("what is stored isn't computed in the region, nor known to be an array")
    scan.add(STORE, (base, key, value))
    return True


def became(scan: Scan, array: int, value: int) -> int | None:
    """Let an array have the items of a value of its shape and dtype; return its node from here on.

    If the array was there before the region, the value is stored into it; if the region has made
    it, the value takes its place. None if that can't be part of the region.
    """
    if not is_made(scan, array):
        scan.add(STORE, (array, scan.add(CONST, (), ...), value), WHOLE)
        scan.stored[array] = value
        return array
    if scan.nodes[array].kind not in COMPUTING:
        scan.refuse_store(array)
        return None
    if any(node.kind in (INDEX, ATTRIBUTE) and array in node.operands for node in scan.nodes):
        scan.refuse("a store into an array that the region has a view of")
        return None
    scan.replace(array, value)
    return value


def stored_by_mask(scan: Scan, value: int, base: int, mask: int) -> bool:
    """Take in `base[mask] = value`: a choice between these for all items."""
    made = scan.nodes[value]
    if made.kind != TAKEN:
        new = _chosen(scan, mask, value, base, SET)
    elif not scan.is_same(made.operands[1], mask):
        return scan.refuse(COMPUTED_INDEX)
    elif len(made.operands) == 2:  # `base[mask] = other[mask]`
        new = _chosen(scan, mask, made.operands[0], base, SET_ITEMS)
    elif made.operands[0] == base:  # `base[mask] += value` puts it back
        new = made.operands[2]
    else:
        return scan.refuse(COMPUTED_INDEX)
    return became(scan, base, new) is not None


def _chosen(scan: Scan, mask: int, value: int, base: int, how: str) -> int:
    choice = scan.add(CONST, (), scan.vocabulary.choice)
    operands = (choice, mask, scan.value_of(value), scan.value_of(base), base)
    return scan.add(CALL, operands, (how, OLD, OUT))


def changed_by_mask(scan: Scan, operator: str) -> bool | None:
    """Take in an operator in place on what a mask takes; None if it is on anything else.

    It is done for all items for which the mask is true; a store follows that puts them back.
    """
    if len(scan.stack) < 2 or scan.stack[-2].node < 0:
        return None
    value, taken = scan.stack[-1].node, scan.nodes[scan.stack[-2].node]
    function = scan.vocabulary.operators.get(operator.removeprefix("i_"))
    if taken.kind != TAKEN or value < 0 or len(taken.operands) != 2 or function is None:
        return None
    how, (base, mask) = SET, taken.operands
    if scan.nodes[value].kind == TAKEN:
        how = SET_ITEMS
        if len(scan.nodes[value].operands) > 2 or not scan.is_same(
            scan.nodes[value].operands[1], mask
        ):
            return scan.refuse(COMPUTED_INDEX)
        value = scan.nodes[value].operands[0]
    del scan.stack[-2:]
    callee = scan.add(CONST, (), function)
    old = scan.value_of(base)
    operands = (callee, old, scan.value_of(value), old, base, mask)
    made = scan.add(CALL, operands, (how, OLD, OUT, WHERE))
    return scan.push(scan.add(TAKEN, (base, mask, made)))


def _is_array(scan: Scan, base: int, key: int) -> bool:
    """Whether a container is an array, as far as the code tells: it may be a list or dictionary."""
    is_sure = scan.nodes[key].kind in (SLICE, TUPLE) or scan.nodes[base].kind == IN_PLACE
    return is_sure or any(
        base in node.operands
        for node in scan.nodes
        if node.kind in (OPERATION, IN_PLACE, INDEX)
        and (node.kind != INDEX or scan.nodes[node.operands[1]].kind in (SLICE, TUPLE))
    )


def _same_index(scan: Scan, one: int, other: int) -> bool:
    if one == other:
        return True
    a, b = scan.nodes[one], scan.nodes[other]
    return a.kind == b.kind == SLICE and a.operands == b.operands
