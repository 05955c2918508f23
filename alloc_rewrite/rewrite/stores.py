"""Which stores and operators in place can be part of a region.

In: a `Scan`, and the nodes of a store. Out: whether it can be part of the region; if not, the scan
is told why. It must not know instructions.
"""

from __future__ import annotations

from dataclasses import replace

from .program import (
    ATTRIBUTE,
    COMPUTING,
    IN_PLACE,
    INDEX,
    OPERATION,
    SLICE,
    STORE,
    TUPLE,
    VIEW,
)
from .subscripts import COMPUTED_INDEX, may_be_index
from .symbolic import Scan


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
    if is_made(scan, base):
        return scan.refuse_store(base)
    if made.kind in (SLICE, TUPLE):
        return scan.refuse("a slice or tuple is stored")
    if not may_be_index(scan, key):
        return scan.refuse(COMPUTED_INDEX)
    if made.kind not in COMPUTING and not _is_array(scan, base, key):
        return scan.refuse("what is stored isn't computed in the region, nor known to be an array")
    scan.add(STORE, (base, key, value))
    return True


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
