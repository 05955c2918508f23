"""What the original code of a function takes: whether it pays to enter the kernel.

In: instructions, and what they find on the stack. Out: nanoseconds, roughly. The kernel adds them
up on the way that it takes, and its site compares the sum with what entering costs.
"""

from __future__ import annotations

from ..rewrite.items import Instr
from ..rewrite.opcodes import operator_of
from .kinds import Array, Kind, Known, Lazy, List, Number, Tuple
from .states import State

CALL_OF_C, STORE = (
    30,
    12,
)  # what the kernel itself takes, to make an object and to store into a list
NUMBER, SCALAR, ITEM, EXPRESSION, CALL, LOAD = 7, 30, 25, 120, 20, 1


def cost_of(item: Instr, state: State) -> int:
    """Return what an instruction takes in the original code, in nanoseconds."""
    operator = operator_of(item)
    if operator is not None:
        kinds = [value.kind for value in state.stack[-operator[1] :]]
        if operator[0] != "getitem" and any(isinstance(kind, (Array, Lazy)) for kind in kinds):
            return EXPRESSION
        return max(map(_of_operand, kinds))
    match item.name:
        case "CALL" | "CALL_KW":
            arg = item.arg if isinstance(item.arg, int) else 0
            return max([CALL, *(_of_call(value.kind) for value in state.stack[-arg - 2 :])])
        case "STORE_SUBSCR" | "BINARY_SLICE" | "STORE_SLICE" | "UNPACK_SEQUENCE":
            return max(_of_operand(value.kind) for value in state.stack[-3:])
        case _:
            return LOAD


def _of_operand(kind: Kind) -> int:
    match kind:
        case Lazy():
            return EXPRESSION
        case Array():
            return ITEM
        case Number():
            return NUMBER if kind.is_python else SCALAR
        case List() | Tuple():
            return NUMBER
        case _:
            return LOAD


def _of_call(kind: Kind) -> int:
    match kind:
        case Lazy() | Array():
            return EXPRESSION
        case Number():
            return CALL if kind.is_python else SCALAR
        case Known(value) if (
            type(value).__module__.startswith("numpy")
            or getattr(value, "__module__", "") == "numpy"
        ):
            return EXPRESSION
        case _:
            return CALL
