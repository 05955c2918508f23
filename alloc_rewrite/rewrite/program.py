"""Programs: what a region does, as data.

In: nothing. Out: `Program`, which the sites of regions get, and which prints itself in words. It
must not know bytecode, nor how programs are run.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import CodeType
from typing import Any

from .symbols import symbol_of

LEAF, CONST, ATTRIBUTE = "leaf", "const", "attribute"
SLICE, TUPLE, INDEX = "slice", "tuple", "index"
CHOICE = "choice"
VIEW = "view"
WHOLE = "whole"
OLD, OUT, WHERE = "old", "out", "where"
#: The name of a number that the call doesn't have, but the function.
FILL = "0"
#: Why an index or store declines that is to be planned anew: the words of the extension.
BY_MASK, BY_ARRAY = "an index is a mask", "an index is an array"
OTHERWISE_DECIDED = "a condition goes the other way"
_PLANNED_ANEW = (BY_MASK, BY_ARRAY, OTHERWISE_DECIDED)
#: Of a step of `np.gradient`: an array, divided by what has to be a number; and one that NumPy
#: does with numbers at the ends of a single axis. Of its result: the array that it is of.
SPACED, EDGE, LIKE = "spaced", "edge", "like"
#: A tuple that is an argument, and no index.
ARGUMENT = "argument"
SET, SET_ITEMS = "set", "set items"
OTHERWISE = "otherwise"
#: Only while regions are looked for: items that a mask takes; with what becomes of all items.
TAKEN = "taken"
GUARD, AGAIN = "guard", "again"
#: What leads to a helper, a Python function that is inlined, and what its code reads through it.
BOUND, FUNCTION, NAMED, HELD, DEFAULT = "bound", "function", "named", "held", "default"
#: What its conditions depend on.
PINNED, SOMETHING = "pinned", "something"
OPERATION, CALL, METHOD, IN_PLACE, STORE = "operation", "call", "method", "in place", "store"

#: Where the value of a leaf comes from: the site is given it, or the cell that holds it, or looks a
#: global or builtin up itself: a name without a value raises in the original code only.
GIVEN, CELL, GLOBAL = "given", "cell", "global"


def is_planned_anew(reason: str | None) -> bool:
    """Whether what has such a reason is not left out of regions, but taken in in another way."""
    return reason is None or reason.startswith(_PLANNED_ANEW)


#: Kinds of nodes that compute; all others only say where something is.
COMPUTING = frozenset({OPERATION, CALL, METHOD, IN_PLACE, STORE})
#: Kinds of nodes that change what other code may see, in the order of the code.
EFFECTS = frozenset({IN_PLACE, STORE})


@dataclass(slots=True, unsafe_hash=True)  # never changed; declared frozen, it takes 3x as long
class Node:
    """One value of a program, made from those of earlier nodes.

    ========= ============================= ======================================
    kind      operands                      detail
    ========= ============================= ======================================
    leaf                                    its number among the leaves
    const                                   the object
    attribute the object                    the attribute's name
    slice     start, stop, step             None
    tuple     the items                     None, or `ARGUMENT`
    index     the container, the index      into how many items it is unpacked, if it
                                            is; or `VIEW` if it has to be a view
    choice    a number, what if it is zero  None
    guard     what has to be harmless       ``"called"``, or ``"used"`` for its value; or
              a callable                    which one it has to be
    again     a node that computes          None: the code computes it once more here
    bound     an object                     the name of a method, whose function it is
    function  a function                    the code that it has to have
    named     a function                    the name of a global or builtin of its code
    held      a function                    the number of a cell that it holds
    default   a function                    a parameter's name, or its place from the last
    pinned    a value                       the object that it has to be
    something a value                       None, which it must not be
    operation the operands                  the operator's name; with ``i_`` before
                                            it if the first one is the target
    call      the callable, its arguments   names of the last arguments. `OUT`: the array whose
                                            dtype and shape the value has. `OLD` and `WHERE`: what
                                            it is where a mask is false, and the mask. `SET`: a
                                            number. `SET_ITEMS`: an array of the value's shape.
                                            `OTHERWISE`: of the same dtype; the value is in C order
    method    the object, the arguments     (the method's name, names likewise)
    in place  the target, the operand       the operator's name
    store     the container, index, value   `WHOLE` if all items get those of an array
    ========= ============================= ======================================

    `helper` is the node of the function in whose code it stands; -1 if it is the region's own.
    """

    kind: str
    operands: tuple[int, ...]
    detail: Any
    line: int | None = None
    helper: int = -1


@dataclass(frozen=True, eq=False, slots=True)
class Program:
    """What a region does with its leaves.

    Attributes
    ----------
    nodes : tuple of Node
        In the order of the code.
    leaves : tuple of str
        What the leaves are called in the code.
    outputs : tuple of int
        The nodes whose values the region delivers. If there is one, and it was computed, the site
        returns the value itself, else a tuple of them.
    temporaries : tuple of int
        The leaves to which nothing else refers, as far as the code goes: NumPy may compute in
        their memory.
    origins : tuple of str
        Where each leaf's value comes from: ``"given"``, ``"cell"`` or ``"global"``.
    """

    nodes: tuple[Node, ...]
    leaves: tuple[str, ...]
    outputs: tuple[int, ...]
    temporaries: tuple[int, ...] = ()
    origins: tuple[str, ...] = ()

    @property
    def is_packed(self) -> bool:
        """Whether the site returns a tuple."""
        outputs = self.outputs
        return len(outputs) != 1 or self.nodes[outputs[0]].kind not in (OPERATION, CALL, METHOD)

    @property
    def operations(self) -> int:
        """How many of the nodes compute."""
        return sum(node.kind in COMPUTING and node.detail is not WHOLE for node in self.nodes)

    @property
    def helpers(self) -> tuple[CodeType, ...]:
        """The code of the functions that are inlined."""
        return tuple(node.detail for node in self.nodes if node.kind == FUNCTION)

    @property
    def operand_names(self) -> tuple[str, ...]:
        """The names of the leaves, but for those that only guards look at, and functions."""
        needed = {*self.outputs}
        for i in reversed(range(len(self.nodes))):
            is_needed = i in needed and self.nodes[i].kind != FUNCTION
            if is_needed or self.nodes[i].kind in COMPUTING:
                needed.update(self.nodes[i].operands)
        details = (self.nodes[i].detail for i in sorted(needed) if self.nodes[i].kind == LEAF)
        return tuple(self.leaves[detail] for detail in details)

    def __str__(self) -> str:
        shown = [self._in_words(node) for node in self.nodes]
        steps = [
            f"{_name(i)} = {text}" if node.kind not in EFFECTS else text
            for i, (node, text) in enumerate(zip(self.nodes, shown, strict=True))
            if node.kind in COMPUTING and node.detail is not WHOLE
        ]
        return "\n".join(steps)

    def named(self, number: int) -> str:
        """Return how a node is called where it is an operand."""
        node = self.nodes[number]
        return _name(number) if node.kind in COMPUTING else self._in_words(node)

    def _in_words(self, node: Node) -> str:
        given = [self.named(i) for i in node.operands]
        detail = node.detail
        match node.kind:
            case "leaf":
                return str(self.leaves[detail])
            case "const":
                return str(getattr(detail, "__name__", repr(detail)))
            case "attribute":
                return f"{given[0]}.{detail}"
            case "slice":
                return _slice(given)
            case "tuple":
                return ", ".join(given)
            case "index":
                return f"{given[0]}[{given[1]}]"
            case "named":
                return str(detail)
            case "function":
                return f"`{detail.co_qualname}`"
            case "held":
                return str(self.nodes[node.operands[0]].detail.co_freevars[detail])
            case "default":
                return f"the default of {_parameter(self.nodes[node.operands[0]].detail, detail)}"
            case "bound":
                return f"{given[0]}.{detail}"
            case "choice":
                return f"{given[0]} or {given[1]}"
            case "operation" if len(given) == 1:
                return f"{symbol_of(detail)}{given[0]}"
            case "operation":
                return f"{given[0]} {symbol_of(detail.removeprefix('i_'))} {given[1]}"
            case "call":
                return f"{given[0]}({_arguments(given[1:], detail)})"
            case "method":
                return f"{given[0]}.{detail[0]}({_arguments(given[1:], detail[1])})"
            case "again" | "pinned" | "something":
                return given[0]
            case "guard" if isinstance(detail, str):
                return f"{given[0]} is harmless"
            case "guard":
                return f"{given[0]} is {detail.__name__}"
            case "in place":
                return f"{given[0]} {symbol_of(detail.removeprefix('i_'))}= {given[1]}"
            case _:
                return f"{given[0]}[{given[1]}] = {given[2]}"


def _parameter(code: CodeType, detail: str | int) -> str:
    return detail if isinstance(detail, str) else code.co_varnames[code.co_argcount + detail]


def _name(number: int) -> str:
    return f"t{number}"


def _slice(given: list[str]) -> str:
    parts = ["" if part == "None" else part for part in given]
    return ":".join(parts if len(parts) == 3 and parts[2] else parts[:2])


def _arguments(given: list[str], names: tuple[str, ...]) -> str:
    plain = len(given) - len(names)
    together = zip(names, given[plain:], strict=True)
    named = [
        value if name in (SPACED, EDGE) else f"{name}={value}"
        for name, value in together
        if name not in (OLD, FILL, LIKE)
    ]
    return ", ".join([*given[:plain], *named])
