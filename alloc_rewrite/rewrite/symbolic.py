"""Run straight-line code symbolically, as far as it is made of what a region may do.

In: an `IR`, where to begin, and which names stand for calls that may be part of a region. Out: a
`Scan`: the nodes of a program, and the points where the region may end. It must not know what is
made of them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from .ir import IR
from .items import Instr
from .liveness import Locals
from .opcodes import VALUE, pushed_null
from .program import (
    ATTRIBUTE,
    CALL,
    COMPUTING,
    CONST,
    EFFECTS,
    INDEX,
    LEAF,
    METHOD,
    NAMED,
    TAKEN,
    Node,
    is_planned_anew,
)

if TYPE_CHECKING:
    from .seen import Helpers

MOST_NODES = 900  # of one region; longer code becomes several
MOST_LEAVES = 160
MOST_OPERANDS = 6  # of one node
COMPUTED_INDEX = "the index is an array, or computed"
_HALF_DONE = "the instruction completes one from before the region"

_NONE: Mapping[str, Any] = MappingProxyType({})
_ENDS = frozenset({"STORE_FAST", "STORE_SUBSCR", "STORE_SLICE", "POP_TOP"})

#: What takes an instruction in: True, or False if it cannot be part of the region.
Step = Callable[["Scan", Instr], bool]


class Vocabulary(NamedTuple):
    """The names of what may be called in a region; that they mean it is checked when it runs."""

    functions: Collection[str]
    methods: Collection[str]
    reductions: Collection[str]  # those among both that reduce a whole array
    #: Functions of numbers, with numbers as results; as plain names they are builtins.
    numbers: Collection[str] = ()
    keywords: Collection[str] = ()  # functions that may be called with keywords
    fills: Collection[str] = ()  # functions that only make an array of one value
    copies: Collection[str] = ()  # functions and methods that only make an array
    #: How many arguments of functions and methods come before the array for the result.
    before_out: Mapping[str, int] = _NONE
    before_out_of_methods: Mapping[str, int] = _NONE
    #: Functions that change their first argument if this one, by name, is False.
    changing: Mapping[str, str] = _NONE
    parts: Mapping[str, Any] = _NONE  # functions that give a part of an array: its attribute
    choices: Mapping[str, Any] = _NONE  # functions that choose by lists of masks and arrays
    choice: Any = None  # the function that chooses between arrays by a mask
    #: Functions that put arrays together which they get in a list; those that do so with any.
    lists: Collection[str] = ()
    patched: Collection[str] = ()
    filled: Collection[str] = ()  # and those that fill the rest with zeros unless told otherwise
    differences: Mapping[str, Any] = _NONE  # functions that subtract neighbours,
    difference: Any = None  # and the one that subtracts arrays,
    difference_at: tuple[Any, int] = (None, 0)  # in which function, and on which line
    #: Functions that compute gradients; in which function, and on which lines its parts are.
    gradients: Collection[str] = ()
    gradient_at: tuple[Any, Mapping[str, Sequence[int]]] | None = None
    index_array: Any = None  # the function that makes an index array of a list of whole numbers
    tuples: Collection[str] = ()  # functions that may be given tuples of numbers
    operators: Mapping[str, Any] = _NONE  # the functions that do what operators do
    #: Names of callables that run no foreign Python code if their arguments run none.
    harmless: Collection[str] = ()
    attributes: Collection[str] = ()  # names that arrays have


class Slot:
    """What the symbolic stack holds: a node, a NULL, or half of a method with its object."""

    __slots__ = ("first", "last", "method", "node")

    def __init__(self, node: int = -1, method: str = "", first: int = -1, last: int = -1) -> None:
        self.node = node
        self.method = method
        self.first = first  # the items that pushed it, if that is all they did
        self.last = last


class Point(NamedTuple):
    """A place where the region may end."""

    stop: int
    stack: list[Slot]
    locals: dict[str, int]
    n_nodes: int


@dataclass(eq=False, repr=False)
class Scan:
    """One attempt at a region that begins at item `start`; or, in an outer one, a helper's code."""

    ir: IR
    vocabulary: Vocabulary
    flow: Locals
    start: int
    helpers: Helpers
    cuts: Mapping[int, str] = field(default_factory=dict)  # items left out of regions, and why
    nodes: list[Node] = field(default_factory=list)
    made_at: list[int] = field(default_factory=list)  # the items where nodes came up
    loads: list[Instr | int] = field(default_factory=list)  # of the leaves; depths on entry
    names: list[str] = field(default_factory=list)  # of the leaves
    leaves: list[int] = field(default_factory=list)  # their nodes
    stack: list[Slot] = field(default_factory=list)
    locals: dict[str, int] = field(default_factory=dict)
    stored: dict[int, int] = field(default_factory=dict)  # arrays, and values that they now have
    copied: set[int] = field(default_factory=set)  # what index arrays have taken out
    points: list[Point] = field(default_factory=list)
    at: int = 0
    resume: int = 0
    reason: str = ""  # why the last instruction is no part of it; `{}` stands for the callee
    avoid: int | None = None  # an item that the region must not have, so that it can go on
    is_full: bool = False  # whether it has as many nodes or leaves as a region may have
    line: int | None = None  # the line to blame, if not that of the instruction
    steps: Mapping[str, Step] = field(default_factory=dict)
    outer: Scan | None = None  # of a helper's code: the one that came to its call,
    helper: int = -1  # and the node of the function
    values: dict[int, Any] = field(default_factory=dict)  # of nodes that lead to functions
    owners: dict[int, type] = field(default_factory=dict)  # classes of the objects of methods

    @property
    def root(self) -> Scan:
        """The scan of the region's own code; a reference to itself would need the collector."""
        return self if self.outer is None else self.outer.root

    def inner(self, ir: IR, flow: Locals, helper: int) -> Scan:
        """Return a scan of a helper's code, which adds to the same nodes."""
        return Scan(
            ir,
            self.vocabulary,
            flow,
            0,
            self.helpers,
            nodes=self.nodes,
            made_at=self.made_at,
            loads=self.loads,
            names=self.names,
            leaves=self.leaves,
            stored=self.stored,
            copied=self.copied,
            steps=self.steps,
            outer=self,
            helper=helper,
            values=self.values,
            owners=self.owners,
        )

    # ------------------------------------------------------------------ going on

    def run(self, steps: Mapping[str, Step]) -> None:
        """Run instructions until one cannot be part of the region."""
        self.at, self.steps = self.start, steps
        items, stacks, nodes = self.ir.items, self.ir.stacks, self.nodes
        while self.at < len(items):
            item = items[self.at]
            step = steps.get(item.name) if type(item) is Instr else None
            if step is None or stacks[self.at] is None:
                break
            if not is_planned_anew(self.cuts.get(self.at)):
                self.refuse(self.cuts[self.at])
                break
            before = len(nodes)
            if before > MOST_NODES or len(self.loads) > MOST_LEAVES:
                self.is_full = not self.refuse("the region has reached its maximum length")
                break
            if not step(self, item):
                break
            self.at += 1
            if item.name in _ENDS:
                self.mark()
                continue
            for node in nodes[before:] if len(nodes) > before else ():
                if node.kind in COMPUTING:
                    self.mark()
                    break
        self.resume = self.points[0].stop if self.points else self.at + 1

    def refuse(self, reason: str, line: int | None = None) -> bool:
        """Note why an instruction cannot be part of the region."""
        self.reason, self.line = reason, line
        return False

    def refuse_store(self, base: int) -> bool:
        """Refuse a store into an array of the region; if that is a copy, it stays outside."""
        while self.nodes[base].kind in (INDEX, ATTRIBUTE):
            base = self.nodes[base].operands[0]
        is_call = self.nodes[base].kind in (CALL, METHOD)
        if self.only_makes(base) or (is_call and self.name_of(base) in self.vocabulary.patched):
            self.avoid = self.made_at[base]
        return self.refuse("a store into an array computed in the region")

    def only_makes(self, node: int) -> bool:
        """Whether a node is the call of a function, or method, that only makes an array."""
        made = self.nodes[node]
        is_call = made.kind in (CALL, METHOD)
        return is_call and self.name_of(node) in self.vocabulary.copies

    def only_fills(self, node: int) -> bool:
        """Whether a node is the call of a function that only makes an array of one value."""
        is_call = self.nodes[node].kind == CALL
        return is_call and self.name_of(node) in self.vocabulary.fills

    def mark(self) -> None:
        """Note that the region may end here."""
        self.points.append(Point(self.at, list(self.stack), dict(self.locals), len(self.nodes)))

    def add(self, kind: str, operands: tuple[int, ...] = (), detail: Any = None) -> int:
        if kind in EFFECTS:
            self.stored.clear()  # it may change the same memory
        location, nodes = self.ir.items[self.at].location, self.nodes
        line = None if location is None else location.lineno
        self.made_at.append(self.at if self.outer is None else self.root.at)
        nodes.append(Node(kind, operands, detail, line, self.helper))
        return len(nodes) - 1

    def once(self, kind: str, operands: tuple[int, ...], detail: Any) -> int:
        """Return a node that there is already, or a new one."""
        for i, node in enumerate(self.nodes):
            if node.kind == kind and node.operands == operands and node.detail is detail:
                return i
        return self.add(kind, operands, detail)

    @property
    def cut(self) -> str | None:
        """Why the item, or that of the call that led here, has been found out not to fit."""
        return self.root.cuts.get(self.root.at)

    def push_callee(self, node: int, instr: Instr, with_null: bool) -> bool:
        """Push a node, with a NULL if it is to be called."""
        for is_null in pushed_null(instr) if with_null else (False,):
            if is_null:
                self.stack.append(Slot(-1, "", self.at, self.at))
            else:
                self.push(node, self.at)
        return True

    def value_of(self, node: int) -> int:
        """Return the value to compute with instead of an array into which one has been stored."""
        return self.stored.get(node, node)

    def is_same(self, one: int, other: int) -> bool:
        """Whether two nodes have the same value: the code computes it twice, from the same."""
        if one == other:
            return True
        a, b = self.nodes[one], self.nodes[other]
        first, second = sorted((one, other))
        if a.kind in EFFECTS or any(n.kind in EFFECTS for n in self.nodes[first:second]):
            return False
        same = a.detail is b.detail if a.kind == CONST else a.kind != LEAF and a.detail == b.detail
        return (
            same
            and a.kind == b.kind
            and len(a.operands) == len(b.operands)
            and all(map(self.is_same, a.operands, b.operands))
        )

    def push(self, node: int, first: int | None = None) -> bool:
        """Push a node; with `first`, one that items from there on only loaded."""
        self.stack.append(Slot(node) if first is None else Slot(node, "", first, self.at))
        return True

    def is_held(self, node: int, apart_from: object = None) -> bool:
        """Whether a value is on the stack or in a local, apart from one that is stored next."""
        return (
            any(slot.node == node for slot in self.stack)
            or any(held == node and name != apart_from for name, held in self.locals.items())
            or (self.outer is not None and self.outer.is_held(node))
        )

    def pop(self, *, taken: bool = False) -> int | None:
        """Pop a value; what lies below the region's own are leaves.

        What a mask takes only serves a store (`taken`).
        """
        if self.stack:
            slot = self.stack.pop()
            if slot.node >= 0 and self.nodes[slot.node].kind == TAKEN and not taken:
                self.refuse(COMPUTED_INDEX)
                return None
            if slot.node >= 0 and not slot.method:
                return slot.node
            self.refuse(_HALF_DONE)
            return None
        depth = sum(isinstance(load, int) for load in self.loads) + 1
        entry = self.ir.stacks[self.start]
        assert entry is not None
        if depth > len(entry) or entry[-depth] != VALUE:
            self.refuse(_HALF_DONE)
            return None
        return self.leaf(depth, f"stack[{-depth}]")

    def pops(self, n: int) -> list[int] | None:
        """Pop `n` values; the lowest comes first."""
        out: list[int] = []
        for _ in range(n):
            node = self.pop()
            if node is None:
                return None
            out.append(node)
        return out[::-1]

    def replace(self, old: int, new: int) -> None:
        """Let a node stand for another one on the stack and in the locals."""
        for at, slot in enumerate(self.stack):  # points have the same slots
            if slot.node == old:
                self.stack[at] = Slot(new, slot.method, slot.first, slot.last)
        for local, node in self.locals.items():
            self.locals[local] = new if node == old else node
        if self.outer is not None:
            self.outer.replace(old, new)

    def leaf(self, load: Instr | int, name: str) -> int:
        self.loads.append(load)
        self.names.append(name)
        self.leaves.append(len(self.nodes))
        return self.add(LEAF, (), len(self.loads) - 1)

    def is_reduction(self, node: int) -> bool:
        made = self.nodes[node]
        if made.kind == METHOD:
            return made.detail[0] in self.vocabulary.reductions
        if made.kind != CALL or self.is_of_numbers(made):
            return False
        return called(self.nodes, self.names, made) in self.vocabulary.reductions

    def takes_list(self, node: int) -> bool:
        """Whether a node is a function by the name of one that takes a list of arrays."""
        name = self._function_name(node)
        return name in self.vocabulary.choices or name in self.vocabulary.lists

    def takes_tuple(self, node: int) -> bool:
        """Whether a node is a function by the name of one that takes tuples of numbers."""
        return self._function_name(node) in self.vocabulary.tuples

    def _function_name(self, node: int) -> str:
        """Return the name of a node that may be a function; empty if it is none."""
        made = self.nodes[node]
        if node < 0 or made.kind not in (LEAF, ATTRIBUTE, NAMED):
            return ""
        return self.names[made.detail] if made.kind == LEAF else str(made.detail)

    def is_of_numbers(self, call: Node) -> bool:
        """Whether a call is by the name of a function that gives a number for numbers."""
        name = called(self.nodes, self.names, call)
        if name not in self.vocabulary.numbers:
            return False
        is_plain = self.nodes[call.operands[0]].kind in (LEAF, NAMED)
        # `min(a, b)`; one of a single array is a reduction
        return (is_plain and len(call.operands) > 2) or name not in self.vocabulary.reductions

    def name_of(self, call: int) -> str:
        """Return the name of a call's function or method."""
        made = self.nodes[call]
        return str(made.detail[0]) if made.kind == METHOD else called(self.nodes, self.names, made)


def called(nodes: list[Node], names: list[str], call: Node) -> str:
    """Return the name that a call's callable goes by; empty if it has none."""
    callee = nodes[call.operands[0]]
    if callee.kind in (ATTRIBUTE, NAMED):
        return str(callee.detail)
    return names[callee.detail] if callee.kind == LEAF else ""
