"""What a region's program says of its values: which are harmless, and which have to be.

In: nodes of a program, and demands. Out: nodes, and the loads of their leaves. It must not know
where regions begin and end, nor what demands are for.

A value is *harmless* if no operation on it runs Python code, as a number or an array of numbers.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import cast

from .demands import Demand, Given
from .items import Instr
from .program import (
    ATTRIBUTE,
    CALL,
    CONST,
    GUARD,
    IN_PLACE,
    INDEX,
    LEAF,
    METHOD,
    OPERATION,
    SLICE,
    TUPLE,
    Node,
    Program,
)
from .symbolic import Scan

MOST_NODES = 950  # of a program with guards


def is_view(node: Node, nodes: list[Node]) -> bool:
    """Whether a node takes a slice of an array."""
    if node.kind != INDEX:
        return False
    key = nodes[node.operands[1]]
    parts = key.operands if key.kind == TUPLE else (node.operands[1],)
    return any(nodes[part].kind == SLICE for part in parts)


def harmless_nodes(nodes: list[Node], scan: Scan) -> set[int]:
    """Return the nodes whose values are harmless for certain when a site has run the program.

    It has done so only if what it computes with are numbers, and arrays of numbers.
    """
    sure: set[int] = set()
    for i in reversed(range(len(nodes))):
        node = nodes[i]
        if node.kind in (OPERATION, IN_PLACE):
            sure.update(node.operands)
        elif node.kind == CALL and not scan.is_reduction(i) and not scan.is_of_numbers(node):
            sure.update(node.operands[1:])
        elif i in sure and (is_view(node, nodes) or _is_transposed(node)):
            sure.add(node.operands[0])
    for i, node in enumerate(nodes):
        if node.kind in (OPERATION, IN_PLACE, CONST):
            sure.add(i)
        elif node.kind in (CALL, METHOD):
            operand = node.operands[node.kind == CALL]
            if not scan.is_reduction(i) or operand in sure:
                sure.add(i)
        elif node.kind in (INDEX, ATTRIBUTE) and node.operands[0] in sure:
            sure.add(i)
    return sure


def _is_transposed(node: Node) -> bool:
    return node.kind == ATTRIBUTE and bool(node.detail == "T")


def with_guards(
    program: Program, loads: list[Instr | int], demands: Collection[Demand]
) -> tuple[Program, list[Instr | int]] | None:
    """Add what is demanded of other values to a program, and the loads of these.

    None if it would become too long.
    """
    nodes, leaves, loads = list(program.nodes), list(program.leaves), list(loads)

    def node_of(value: Given) -> int:
        node = leaf_of(_load_of(value))
        for name in value.what[1:] if value.kind == "global" else ():
            node = added(Node(ATTRIBUTE, (node,), name))
        return node

    def leaf_of(load: Instr | int) -> int:
        for number, known in enumerate(loads):
            if _names(known) == _names(load) != "":
                return nodes.index(Node(LEAF, (), number, _line_of(nodes, number)))
        loads.append(load)
        leaves.append(str(_names(load)) or f"stack[{-cast(int, load)}]")
        return added(Node(LEAF, (), len(loads) - 1))

    def added(node: Node) -> int:
        nodes.append(node)
        return len(nodes) - 1

    for value, called in demands:
        added(Node(GUARD, (node_of(value),), "called" if called else "used"))
    if len(nodes) > MOST_NODES:
        return None
    return replace(program, nodes=tuple(nodes), leaves=tuple(leaves)), loads


def _load_of(value: Given) -> Instr | int:
    if value.kind == "stack":
        return int(value.what)
    if value.kind == "local":
        return Instr("LOAD_FAST", value.what)
    return Instr("LOAD_GLOBAL", (False, value.what[0]))


def _names(load: Instr | int) -> str:
    """Return which variable a load is of; empty if it is of none that guards know."""
    if isinstance(load, int):
        return ""
    if load.name == "LOAD_GLOBAL":
        return str(load.arg[1])
    return str(load.arg) if load.name.startswith("LOAD_FAST") else ""


def _line_of(nodes: list[Node], leaf: int) -> int | None:
    return next(node.line for node in nodes if node.kind == LEAF and node.detail == leaf)
