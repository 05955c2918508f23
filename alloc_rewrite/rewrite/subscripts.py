"""What a region takes out of containers: indices, slices and tuple unpacking, as nodes.

In: a `Scan` that has come to such an instruction. Out: whether it can be part of the region. It
must not know what is stored.
"""

from __future__ import annotations

from .items import Instr
from .opcodes import constant, operator_of
from .program import (
    ARGUMENT,
    BY_ARRAY,
    BY_MASK,
    CALL,
    COMPUTING,
    CONST,
    EFFECTS,
    INDEX,
    OPERATION,
    SLICE,
    TAKEN,
    TUPLE,
)
from .symbolic import MOST_OPERANDS, Scan

_TRUTHS = frozenset({"lt", "le", "eq", "ne", "gt", "ge", "invert"})


def indexed(scan: Scan, base: int, key: int) -> bool:
    items, index = scan.nodes[base], scan.nodes[key]
    if items.kind == TUPLE:  # of a helper's `*args`
        at = index.detail if index.kind == CONST and type(index.detail) is int else None
        if at is None or not -len(items.operands) <= at < len(items.operands):
            return scan.refuse("a tuple is built")
        return scan.push(items.operands[at])
    cut = scan.cut if scan.nodes[key].kind not in (SLICE, TUPLE) else None
    if cut == BY_MASK or not may_be_index(scan, key):
        return scan.push(scan.add(TAKEN, (base, key)))
    if cut == BY_ARRAY:
        if any(node.kind in EFFECTS for node in scan.nodes):
            return scan.refuse("an index array takes items after an array was changed")
        scan.copied.add(len(scan.nodes))
        return scan.push(scan.add(INDEX, (base, key)))
    if scan.only_makes(base):  # the view is there to be changed
        scan.avoid = scan.made_at[base]
        return scan.refuse("a view of an array that is made in the region")
    return scan.push(scan.add(INDEX, (base, key)))


def may_be_index(scan: Scan, node: int) -> bool:
    """Whether a computed index may be a number, as `i + 1`: it's no comparison, and no choice."""
    made = scan.nodes[node]
    if made.kind == CALL:
        return scan.is_of_numbers(made)
    if made.kind != OPERATION:
        return made.kind not in COMPUTING
    return made.detail not in _TRUTHS and all(may_be_index(scan, k) for k in made.operands)


def binary_slice(scan: Scan, instr: Instr) -> bool:
    operands = scan.pops(3)
    if operands is None:
        return False
    base, start, stop = operands
    return indexed(scan, base, scan.add(SLICE, (start, stop)))


def build_slice(scan: Scan, instr: Instr) -> bool:
    operands = scan.pops(instr.arg)
    return operands is not None and scan.push(scan.add(SLICE, tuple(operands)))


def build_tuple(scan: Scan, instr: Instr) -> bool:
    """Make a tuple if it is an index, or an argument of what takes a list."""
    size = instr.arg
    if not is_index(scan) and 0 < size <= MOST_OPERANDS:
        if _is_argument(scan):
            return build_list(scan, instr)
        if any(scan.takes_tuple(slot.node) for slot in scan.stack):
            given = scan.pops(size)
            return given is not None and scan.push(scan.add(TUPLE, tuple(given), ARGUMENT))
    operands = scan.pops(size) if fits_index(scan, size) else None
    return operands is not None and scan.push(scan.add(TUPLE, tuple(operands)))


def build_list(scan: Scan, instr: Instr) -> bool:
    """Make a list if it is an argument of what takes one, or an index of constants."""
    size = instr.arg
    operands = _extended(scan) if size == 0 else scan.pops(size)
    if operands is None:
        return scan.refuse("a list is built")
    values = [scan.nodes[node].detail for node in operands if scan.nodes[node].kind == CONST]
    if is_index(scan) and len(values) == len(operands) and all(type(v) is int for v in values):
        return scan.push(scan.add(CONST, (), scan.vocabulary.index_array(values)))
    if not _is_argument(scan) or not 0 < len(operands) <= MOST_OPERANDS:
        return scan.refuse("a list is built")
    return scan.push(scan.add(TUPLE, tuple(operands)))


def _extended(scan: Scan) -> list[int] | None:
    """Return the items of a list of constants, which begins empty and gets those of a tuple."""
    load, extend = [*scan.ir.items[scan.at + 1 : scan.at + 3], None, None][:2]
    found = constant(load) if isinstance(load, Instr) else None
    if found is None or type(found[0]) is not tuple or getattr(extend, "name", "") != "LIST_EXTEND":
        return None
    scan.at += 2
    return [scan.add(CONST, (), value) for value in found[0]]


def _is_argument(scan: Scan) -> bool:
    return any(scan.takes_list(slot.node) for slot in scan.stack)


def fits_index(scan: Scan, size: int) -> bool:
    """Whether a tuple is an index (the next instruction takes or stores an item), and short."""
    if not is_index(scan):
        return scan.refuse("a tuple is built")
    if size > MOST_OPERANDS:
        return scan.refuse(f"the index has more than {MOST_OPERANDS} parts")
    return True


def is_index(scan: Scan) -> bool:
    """Whether the next instruction takes or stores an item."""
    following = scan.ir.items[scan.at + 1]
    return isinstance(following, Instr) and (
        following.name in ("STORE_SUBSCR", "COPY")
        or (operator_of(following) or ("",))[0] == "getitem"
    )


def unpack(scan: Scan, instr: Instr) -> bool:
    """Take the items of a sequence or array that has as many."""
    size = instr.arg
    base = scan.pop()
    if base is None:
        return False
    made = scan.nodes[base]
    if made.kind == TUPLE and len(made.operands) == size:  # a helper returned it
        for node in reversed(made.operands):
            scan.push(node)
        return True
    if made.kind in (TUPLE, CONST):
        return scan.refuse("a tuple is built")
    for i in reversed(range(size)):
        scan.push(scan.add(INDEX, (base, scan.add(CONST, (), i)), size))
    return True
