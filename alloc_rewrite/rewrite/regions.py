"""Find the regions: straight-line code of array operations that one site does in one go.

In: an `IR`, and which names stand for calls that may be part of a region. Out: a list of `Region`,
in order. It must not know what sites do with them.

A region is found by running the code symbolically: the stack and the locals hold numbers of the
nodes of a `Program`. It begins at any instruction and goes on as long as instructions are pure
loads, operations on arrays as far as anyone can tell, and assignments to locals; a store into an
array, or an operator in place, ends it. What it delivers is what is on the stack then, and the
locals that are read later.
"""

from __future__ import annotations

from typing import Any

from bytecode import Instr

from .instructions import STEPS
from .ir import IR, Region
from .liveness import Locals
from .program import (
    ATTRIBUTE,
    COMPUTING,
    CONST,
    EFFECTS,
    INDEX,
    LEAF,
    SLICE,
    STORE,
    TUPLE,
    Node,
    Program,
)
from .reasons import Break, broken_off
from .symbolic import Point, Scan, Vocabulary

#: Looking something up may raise an exception; computing may also warn.
_MAY_FAIL = COMPUTING | {LEAF, ATTRIBUTE, INDEX}
#: What makes an object of its own.
_MADE = COMPUTING | {INDEX}
MOST_OUTPUTS = 16
LEAST_WEIGHT = 2  # computing nodes, and those that make views


def find_regions(ir: IR, vocabulary: Vocabulary, breaks: list[Break] | None = None) -> list[Region]:
    """Return the regions of a function; none overlaps another.

    What broke them off, or kept code out of them, is added to `breaks`, if given.
    """
    found: list[Region] = []
    flow = Locals(ir)
    at, end = 0, len(ir.items)
    while at < end:
        if ir.stacks[at] is None or not isinstance(ir.items[at], Instr):
            at += 1
            continue
        scan = Scan(ir, vocabulary, at)
        scan.run(STEPS)
        region = _best(scan, flow)
        if breaks is not None:
            breaks.append(broken_off(scan, None if region is None else region.start))
        if region is not None:
            found.append(region)
            at = region.stop
        else:
            at = max(scan.resume, at + 1)
    return found


def _best(scan: Scan, flow: Locals) -> Region | None:
    """Return the longest region that is worth it, or None."""
    for point in reversed(scan.points):
        region = _region(scan, point, flow)
        if region is not None:
            return region
    return None


def _region(scan: Scan, point: Point, flow: Locals) -> Region | None:
    start, stack = scan.start, list(point.stack)
    while stack and stack[0].first == start:  # loaded for somebody behind the region
        last = start
        while stack and stack[0].first == start:
            last = max(last, stack.pop(0).last)
        start = last + 1
    if any(slot.node < 0 or slot.method for slot in stack) or start >= point.stop:
        return None
    delivered = [
        (name, node) for name, node in point.locals.items() if flow.is_live(name, point.stop)
    ]
    resets = [
        name
        for name in point.locals
        if not flow.is_live(name, point.stop) and flow.may_hold(name, start, point.stop)
    ]
    outputs = [node for _, node in delivered] + [slot.node for slot in reversed(stack)]
    if len(outputs) > MOST_OUTPUTS:
        return None
    nodes = scan.nodes[: point.n_nodes]
    weight = sum(n.kind in COMPUTING or _is_view(n, nodes) for n in nodes)
    if weight < LEAST_WEIGHT or not any(n.kind in COMPUTING and n.kind != STORE for n in nodes):
        return None
    if not outputs and nodes[-1].kind not in EFFECTS and not any(n.kind in EFFECTS for n in nodes):
        return None
    begun = next(i for i, item in enumerate([*scan.made_at, start]) if item >= start)
    program, loads = _shortened(nodes, scan, outputs, begun)
    depths = [load for load in loads if isinstance(load, int)]
    return Region(
        start,
        point.stop,
        program,
        max(depths, default=0),
        tuple(loads),
        tuple(name for name, _ in delivered),
        tuple(resets),
        scan.ir.items[start].location,
    )


def _is_view(node: Node, nodes: list[Node]) -> bool:
    if node.kind != INDEX:
        return False
    key = nodes[node.operands[1]]
    parts = key.operands if key.kind == TUPLE else (node.operands[1],)
    return any(nodes[part].kind == SLICE for part in parts)


def _shortened(
    nodes: list[Node], scan: Scan, outputs: list[int], begun: int
) -> tuple[Program, list[Instr | int]]:
    """Make the program: what is computed twice is computed once, and what nobody needs is left out.

    Outputs are never merged: each is an array of its own. `begun` is the first node that belongs to
    the region.
    """
    kept: list[Node] = []
    number: dict[int, int] = {}
    known: dict[Any, int] = {}
    used = _needed(nodes, outputs, begun)
    leaves: list[int] = []
    merged = False
    for i, node in enumerate(nodes):
        if i not in used:
            continue
        operands = tuple(number[k] for k in node.operands)
        detail = node.detail
        if node.kind == LEAF:
            leaves.append(detail)
            detail = len(leaves) - 1
        key = (node.kind, operands, id(detail) if node.kind == CONST else detail)
        is_own = node.kind in EFFECTS or (node.kind in _MADE and i in outputs)
        if not is_own and key in known:
            number[i] = known[key]
            merged |= node.kind in COMPUTING
            continue
        number[i] = len(kept)
        if not is_own:
            known[key] = len(kept)
        kept.append(Node(node.kind, operands, detail, node.line))
    program = Program(
        tuple(kept),
        tuple(scan.names[k] for k in leaves),
        tuple(number[i] for i in outputs),
        tuple(i for i, k in enumerate(leaves) if isinstance(scan.loads[k], int)),
        merged,
    )
    return program, [scan.loads[k] for k in leaves]


def _needed(nodes: list[Node], outputs: list[int], begun: int) -> set[int]:
    """Return the nodes that matter: those that anything depends on, and those that may fail."""
    used = set(outputs)
    used.update(i for i, node in enumerate(nodes) if i >= begun and node.kind in _MAY_FAIL)
    for i in range(len(nodes) - 1, -1, -1):
        if i in used:
            used.update(nodes[i].operands)
    return used
