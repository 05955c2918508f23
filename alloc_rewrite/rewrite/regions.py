"""Find the regions: straight-line code of array operations that one site does in one go.

In: an `IR`, and which names stand for calls that may be part of a region. Out: a list of `Region`,
in order. It must not know what sites do with them.

A region is found by running the code symbolically: the stack and the locals hold numbers of the
nodes of a `Program`. It begins at any instruction and goes on as long as instructions are pure
loads, operations that may be on arrays, stores into arrays, and assignments to locals.
What it delivers is what is on the stack then, the locals
that are read later, and those that other code may look at (see `onlookers`).
"""

from __future__ import annotations

import functools
from collections.abc import Collection, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any, NamedTuple

from .demands import ANYTHING, HARMLESS, Demand, Given
from .guards import harmless_nodes, is_view, with_guards
from .instructions import STEPS
from .ir import IR, Region
from .items import Instr
from .liveness import locals_of
from .onlookers import Outcome, onlookers
from .opcodes import VALUE
from .program import (
    AGAIN,
    ATTRIBUTE,
    BY_ARRAY,
    CELL,
    COMPUTING,
    CONST,
    DEFAULT,
    EFFECTS,
    FUNCTION,
    GIVEN,
    GLOBAL,
    GUARD,
    HELD,
    INDEX,
    LEAF,
    NAMED,
    OPERATION,
    OTHERWISE_DECIDED,
    PINNED,
    SLICE,
    SOMETHING,
    STORE,
    TAKEN,
    TUPLE,
    VIEW,
    WHOLE,
    Node,
    Program,
)
from .reasons import Break, broken_off
from .seen import NO_HELPERS, Helpers
from .symbolic import Point, Scan, Slot, Vocabulary

#: Looking something up may raise an exception; computing may also warn.
_MAY_FAIL = COMPUTING | {LEAF, ATTRIBUTE, INDEX, FUNCTION, NAMED, HELD, DEFAULT}
_MUST_BE = _MAY_FAIL | {GUARD, PINNED, SOMETHING}
_BY_IDENTITY = frozenset({CONST, FUNCTION, PINNED})
#: What makes an object of its own.
_MADE = COMPUTING | {INDEX}
_LOOKED_UP = {"LOAD_GLOBAL": GLOBAL, "LOAD_DEREF": CELL}
NO_CUTS: Mapping[int, str] = MappingProxyType({})
MOST_OUTPUTS = 96
LEAST_WEIGHT = 2  # computing nodes, and those that make views


def find_regions(
    ir: IR,
    vocabulary: Vocabulary,
    breaks: list[Break] | None = None,
    cuts: Mapping[int, str] = NO_CUTS,
    helpers: Helpers = NO_HELPERS,
) -> list[Region]:
    """Return the regions of a function; none overlaps another, but for the spare ones.

    A *spare* region follows another one of the same items, and delivers more: it serves when the
    guards of the first one fail. What ends regions, or keeps code out of them, is added to
    `breaks`, if given. Items in `cuts` are left out, for the reasons given there. Calls of
    `helpers` become part of regions.
    """
    found: list[Region] = []
    flow = locals_of(ir)
    at, end = 0, len(ir.items)
    while at < end:
        item = ir.items[at]
        begins = type(item) is Instr and (item.name in STEPS or breaks is not None)
        if not begins or ir.stacks[at] is None:
            at += 1
            continue
        scan = Scan(ir, vocabulary, flow, at, helpers, cuts)
        scan.run(STEPS)
        if scan.avoid is not None:
            cuts = {**cuts, scan.avoid: "the copy is changed later"}
            continue
        regions = _best(scan)
        if breaks is not None:
            breaks.append(broken_off(scan, regions[0].start if regions else None))
        found += regions
        at = regions[0].stop if regions else max(scan.resume, at + 1)
    return found


def cuts_for(region: Region, number: int, reason: str, helpers: Helpers) -> dict[int, str]:
    """Return the items to leave out of a region, or to take in another way, for one of its nodes.

    If an operator in place is on what an index array takes, so are others, as far as is known. Of a
    comparison of shapes that was guessed, the other outcome is tried.
    """
    nodes, items = region.program.nodes, region.items
    if not 0 <= number < len(items):
        return {}
    node = nodes[number]
    if node.kind == PINNED and nodes[node.operands[0]].kind == OPERATION and node.helper >= 0:
        key = (nodes[node.helper].detail, nodes[node.operands[0]].line)
        if key not in helpers.guesses:
            helpers.guesses[key] = not node.detail
            return {items[number]: f"{OTHERWISE_DECIDED} ({len(helpers.guesses)})"}
    found = {items[number]: reason}
    if reason == BY_ARRAY:
        for item, node in zip(items, nodes, strict=False):
            if node.detail is VIEW and nodes[node.operands[1]].kind not in (SLICE, TUPLE, CONST):
                found[item] = reason
    return found


def _best(scan: Scan) -> list[Region]:
    """Return the longest region that is worth it, and a spare one if it needs that."""
    for point in _ends(scan):
        regions = _regions(scan, point)
        if regions:
            return regions
    return []


def _ends(scan: Scan) -> list[Point]:
    """Return the points where a region may end, the best first: the last.

    If it has become too long, it is the one in its second half where the fewest values are
    delivered.
    """
    points = scan.points[::-1]
    if not scan.is_full:
        return points
    late = [point for point in points if 2 * point.n_nodes > points[0].n_nodes]
    return sorted(late, key=lambda point: _crossing(scan, point)) + points[len(late) :]


def _crossing(scan: Scan, point: Point) -> int:
    """Return how many arrays later code needs if the region ends at a point."""
    live = [node for name, node in point.locals.items() if scan.flow.is_live(name, point.stop)]
    needed = {*live, *(slot.node for slot in point.stack)}
    return sum(node >= 0 and scan.nodes[node].kind in COMPUTING for node in needed)


def _regions(scan: Scan, point: Point) -> list[Region]:
    start, stack = scan.start, list(point.stack)
    while stack and stack[0].first == start:  # loaded for code after the region
        last = start
        while stack and stack[0].first == start:
            last = max(last, stack.pop(0).last)
        start = last + 1
    if any(slot.node < 0 or slot.method for slot in stack) or start >= point.stop:
        return []
    if any(scan.nodes[slot.node].kind in (SLICE, TAKEN, TUPLE) for slot in stack):
        return []  # parts of an index are no values
    nodes = scan.nodes[: point.n_nodes]
    computing = [
        n
        for i, n in enumerate(nodes)
        if n.kind in COMPUTING and n.detail is not WHOLE and not scan.only_fills(i)
    ]
    weight = len(computing) + sum(is_view(n, nodes) for n in nodes)
    if weight < LEAST_WEIGHT or not any(n.kind != STORE for n in computing):
        return []
    made = _Candidate(scan, point, start, stack, nodes)
    unread = [name for name in point.locals if not scan.flow.is_live(name, point.stop)]
    if not unread:
        return made.region((), ())
    left = made.outcome()
    look = functools.partial(onlookers, scan.ir, scan.flow, scan.vocabulary, left, unread)
    sure = look(ask=False)
    hoped = look(ask=True) if sure.watched else sure  # which never watches more
    spare = made.region(sure.watched, ())
    if sure.watched == hoped.watched:
        return spare
    first = made.region(hoped.watched, hoped.demands)
    return [*first, *(replace(region, is_spare=True) for region in spare)] if first else spare


class _Candidate(NamedTuple):
    """Code that may become a region, up to a point where it may end."""

    scan: Scan
    point: Point
    start: int
    stack: list[Slot]
    nodes: list[Node]

    def region(self, watched: Collection[str], demands: Collection[Demand]) -> list[Region]:
        """Return the region that delivers these locals besides those that are read; or nothing."""
        scan, point, start, nodes = self.scan, self.point, self.start, self.nodes
        delivered, resets = [], []
        for name, node in point.locals.items():
            if scan.flow.is_live(name, point.stop) or name in watched:
                delivered.append((name, node))
            elif scan.flow.may_hold(name, start, point.stop):
                resets.append(name)
        outputs = [node for _, node in delivered] + [slot.node for slot in reversed(self.stack)]
        if len(outputs) > MOST_OUTPUTS:
            return []
        if not outputs and not any(n.kind in EFFECTS for n in nodes):
            return []
        begun = next(i for i, item in enumerate([*scan.made_at, start]) if item >= start)
        program, loads, items = _shortened(nodes, scan, outputs, begun)
        size = max((load for load in loads if isinstance(load, int)), default=0)
        guarded = with_guards(program, loads, demands)
        if guarded is None:
            return []
        program, loads = guarded
        program = replace(program, origins=tuple(_origin(load) for load in loads))
        depths = [d.value.what for d in demands if d.value.kind == "stack"]
        return [
            Region(
                start,
                point.stop,
                program,
                size,
                max([size, *depths]),
                tuple(loads),
                tuple(name for name, _ in delivered),
                tuple(resets),
                scan.ir.items[start].location,
                items,
            )
        ]

    def outcome(self) -> Outcome:
        """Return what is known of the values when the region has run."""
        scan, point = self.scan, self.point
        sure = harmless_nodes(self.nodes, scan)
        harmless = [name for name, node in point.locals.items() if node in sure]
        for node in sure:
            made = self.nodes[node]
            load = scan.loads[made.detail] if made.kind == LEAF else None
            if isinstance(load, Instr) and load.name.startswith("LOAD_FAST"):
                harmless += [str(load.arg)] if load.arg not in point.locals else []
        loads = [scan.loads[node.detail] for node in self.nodes if node.kind == LEAF]
        depths = [load for load in loads if isinstance(load, int)]
        entry = scan.ir.stacks[self.start] or ()
        below = [
            Given("stack", len(entry) - i) if label == VALUE else ANYTHING
            for i, label in enumerate(entry[: len(entry) - max(depths, default=0)])
        ]
        above = [HARMLESS if slot.node in sure else ANYTHING for slot in self.stack]
        return Outcome(self.start, point.stop, tuple(point.locals), harmless, (*below, *above))


def _origin(load: Instr | int) -> str:
    """Return where the value of a leaf comes from."""
    return GIVEN if isinstance(load, int) else _LOOKED_UP.get(load.name, GIVEN)


def _shortened(
    nodes: list[Node], scan: Scan, outputs: list[int], begun: int
) -> tuple[Program, list[Instr | int], tuple[int, ...]]:
    """Make the program: compute once what is computed twice, and leave out what nothing needs.

    Outputs are never merged: each is an array of its own. `begun` is the first node that belongs to
    the region. The items of the nodes are the last that is returned.
    """
    kept: list[Node] = []
    items: list[int] = []
    number: dict[int, int] = {}
    known: dict[Any, int] = {}
    used = _needed(nodes, outputs, begun)
    leaves: list[int] = []
    for i, node in enumerate(nodes):
        if i not in used:
            continue
        operands = tuple(number[k] for k in node.operands)
        detail = node.detail
        if node.kind == LEAF:
            leaves.append(detail)
            detail = len(leaves) - 1
        key = (node.kind, operands, id(detail) if node.kind in _BY_IDENTITY else detail)
        helper = -1 if node.helper < 0 else number[node.helper]
        is_own = node.kind in EFFECTS or (node.kind in _MADE and i in outputs)
        if not is_own and key in known:
            number[i] = known[key]
            if node.kind in COMPUTING:
                kept.append(Node(AGAIN, (known[key],), None, node.line, helper))
                items.append(scan.made_at[i])
            continue
        number[i] = len(kept)
        if not is_own:
            known[key] = len(kept)
        kept.append(Node(node.kind, operands, detail, node.line, helper))
        items.append(scan.made_at[i])
        if node.kind in EFFECTS:  # what is computed after it may have other operands
            known = {key: k for key, k in known.items() if _is_lasting(kept[k], kept)}
    program = Program(
        tuple(kept),
        tuple(scan.names[k] for k in leaves),
        tuple(number[i] for i in outputs),
        tuple(i for i, k in enumerate(leaves) if isinstance(scan.loads[k], int)),
    )
    return program, [scan.loads[k] for k in leaves], tuple(items)


def _is_lasting(node: Node, nodes: list[Node]) -> bool:
    """Whether a node has the same value after an array has been changed."""
    return node.kind not in COMPUTING and (node.kind != INDEX or is_view(node, nodes))


def _needed(nodes: list[Node], outputs: list[int], begun: int) -> set[int]:
    """Return the nodes that matter: those that anything depends on, and those that may fail."""
    used = set(outputs)
    used.update(i for i, node in enumerate(nodes) if i >= begun and node.kind in _MUST_BE)
    for i in range(len(nodes) - 1, -1, -1):
        if i in used:
            used.update(nodes[i].operands)
            used.update({nodes[i].helper} - {-1})
    return used
