"""Which way a helper's code goes, where that is known when regions are looked for.

In: a `Scan` that has come to a condition or jump. Out: where it goes on, and what has to stay as it
is so that this is right, as nodes. It must not know how values are found.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from types import NoneType
from typing import Any

from .items import Instr
from .opcodes import is_truth_test
from .program import (
    ATTRIBUTE,
    CALL,
    COMPUTING,
    CONST,
    INDEX,
    OPERATION,
    PINNED,
    SOMETHING,
)
from .symbolic import Scan

_PLAIN = frozenset({NoneType, bool, int, float, str})
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    name: getattr(operator, name) for name in ("lt", "le", "eq", "ne", "gt", "ge")
}
_UNKNOWN = "a condition needs the value"
#: What arrays say of their shapes.
FACTS = frozenset({"shape", "size", "ndim"})

#: What finds out the value that a node has now; in a tuple, or None.
Lookup = Callable[[Scan, int], tuple[Any] | None]


def decided(scan: Scan, instr: Instr, lookup: Lookup) -> bool | None:
    """Follow a jump, or compute a condition; None if the instruction is neither.

    False if it isn't known which way the code goes; the scan is told so.
    """
    name = instr.name
    if name == "JUMP_FORWARD":
        return _jump(scan, instr)
    if name.startswith("POP_JUMP_") and "BACKWARD" not in name:
        return _branch(scan, instr, lookup)
    if name == "TO_BOOL" and scan.stack and is_guess(scan, scan.stack[-1].node):
        scan.at += 1
        return True
    if name == "UNARY_NOT" or name == "TO_BOOL":
        return _computed(scan, 1, operator.not_ if name == "UNARY_NOT" else bool, lookup)
    if name == "IS_OP":
        return _computed(scan, 2, _is_not if instr.arg else _is, lookup)
    if name == "COMPARE_OP":
        kind: Any = instr.arg
        is_condition = kind.name.endswith("_CAST") or is_truth_test(scan.ir.items[scan.at + 1])
        if is_condition:
            compare = kind.name.removesuffix("_CAST").lower()
            return _compared_shapes(scan, compare) or _computed(scan, 2, _COMPARE[compare], lookup)
    return None


def _jump(scan: Scan, instr: Instr) -> bool:
    scan.at = scan.ir.items.index(instr.arg)
    return True


def _branch(scan: Scan, instr: Instr, lookup: Lookup) -> bool:
    """Go one way of a branch."""
    node = scan.pop()
    if node is None:
        return False
    if instr.name.endswith("_NONE"):
        is_none = _is_none(scan, node, lookup)
        jumps = is_none != instr.name.endswith("_NOT_NONE")
    else:
        if is_guess(scan, node):
            found: tuple[Any] | None = (_guessed(scan, node, instr),)
        else:
            found = _known(scan, node, lookup)
        if found is None:
            return scan.refuse(_UNKNOWN)
        jumps = bool(found[0]) == instr.name.endswith("_TRUE")
    if jumps:
        return _jump(scan, instr)
    scan.at += 1
    return True


def _computed(scan: Scan, n: int, function: Callable[..., Any], lookup: Lookup) -> bool:
    """Compute a condition from values that are known."""
    nodes = scan.pops(n)
    found = [_known(scan, node, lookup) for node in nodes or ()]
    values = [one[0] for one in found if one is not None]
    if nodes is None or len(values) < n:
        return scan.refuse(_UNKNOWN)
    try:
        result = bool(function(*values))
    except TypeError:
        return scan.refuse(_UNKNOWN)
    scan.push(scan.add(CONST, (), result))
    scan.at += 1
    return True


def _known(scan: Scan, node: int, lookup: Lookup) -> tuple[Any] | None:
    """Return a value that is known, and has to stay the same; None if it isn't."""
    made = scan.nodes[node]
    found = (made.detail,) if made.kind == CONST else lookup(scan, node)
    if found is None or type(found[0]) not in _PLAIN:
        return None
    if made.kind != CONST:
        scan.once(PINNED, (node,), found[0])
    return found


def _is(x: Any, y: Any) -> bool:
    """Whether two values are one object, if one of them is None, True or False.

    Of others it isn't known: a value that is pinned may become another one that is equal.
    """
    if not {type(x), type(y)} & {NoneType, bool}:
        raise TypeError
    return x is y


def _is_not(x: Any, y: Any) -> bool:
    return not _is(x, y)


def _is_none(scan: Scan, node: int, lookup: Lookup) -> bool:
    """Whether a value is None; if that isn't known, it isn't, and must not be."""
    if scan.nodes[node].kind in COMPUTING:
        return False
    found = _known(scan, node, lookup)
    if found is None:
        scan.once(SOMETHING, (node,), None)
    return found is not None and found[0] is None


# ---------------------------------------------------------------------- shapes


def _compared_shapes(scan: Scan, compare: str) -> bool:
    """Take in a comparison of numbers that follow from shapes; what comes out is checked later."""
    if len(scan.stack) < 2:
        return False
    nodes = [slot.node for slot in scan.stack[-2:]]
    if min(nodes) < 0 or not all(_is_of_shapes(scan, node) for node in nodes):
        return False
    if all(scan.nodes[node].kind == CONST for node in nodes):
        return False
    del scan.stack[-2:]
    scan.push(scan.add(OPERATION, tuple(nodes), compare))
    scan.at += 1
    return True


def _is_of_shapes(scan: Scan, node: int) -> bool:
    """Whether a value is a constant, or only depends on shapes of arrays."""
    made = scan.nodes[node]
    if made.kind == CONST:
        return type(made.detail) is int
    if made.kind == ATTRIBUTE:
        return made.detail in FACTS
    if made.kind == CALL:
        return scan.name_of(node) == "len" and len(made.operands) == 2
    if made.kind == INDEX:
        return all(_is_of_shapes(scan, k) for k in made.operands)
    if made.kind == OPERATION:
        return all(_is_of_shapes(scan, k) for k in made.operands)
    return False


def is_guess(scan: Scan, node: int) -> bool:
    """Whether a node is a comparison of shapes, whose outcome has to be guessed."""
    made = scan.nodes[node] if node >= 0 else None
    return (
        made is not None
        and made.kind == OPERATION
        and made.detail in _COMPARE
        and all(_is_of_shapes(scan, k) for k in made.operands)
    )


def _guessed(scan: Scan, node: int, instr: Instr) -> bool:
    """Guess a comparison of shapes: it isn't true, unless the code raises an exception then.

    If that is wrong, the site says so, and the code is made anew with the other guess.
    """
    key = (scan.ir.code, scan.nodes[node].line)
    guess = scan.helpers.guesses.get(key)
    if guess is None:
        otherwise = scan.ir.items.index(instr.arg) if instr.name.endswith("_FALSE") else scan.at + 1
        guess = _raises(scan, otherwise)
    scan.once(PINNED, (node,), guess)
    return guess


def _raises(scan: Scan, at: int) -> bool:
    """Whether the code from there on only raises an exception."""
    for item in scan.ir.items[at:]:
        if isinstance(item, Instr):
            if item.name == "RAISE_VARARGS":
                return True
            if item.is_jump or item.name.startswith("RETURN"):
                return False
    return False
