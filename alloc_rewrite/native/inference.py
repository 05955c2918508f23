"""What a region's program takes for values of known kinds: a loop of NumPy's for each step.

In: a `Program`, and the dtypes or Python types of what it works on. Out: for each node what is to
be done, or None where the original code has to run. It must not know shapes, nor who runs it.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy import absolute, clip, result_type, where
from numpy._core import umath

from ..cores import native
from ..numpy_facts import ABSOLUTE, UFUNCS, numpy_version, power_ufunc
from ..rewrite import Node, Program, Vocabulary
from .harmless import HARMLESS_NAMES, is_harmless
from .loops import OWN, Loop, is_plain, plan_loop
from .resolve import NATIVES, REDUCTIONS

_UFUNCS = {
    name: value
    for name, value in vars(np).items()
    if isinstance(value, np.ufunc) and value.nout == 1 and value.signature is None
}
#: What may be called in a region.
VOCABULARY = Vocabulary(
    functions=REDUCTIONS.keys() | _UFUNCS.keys() | {"where", "clip", "abs"},
    methods=REDUCTIONS.keys(),
    reductions=REDUCTIONS.keys(),
    harmless=HARMLESS_NAMES,
    attributes=frozenset(dir(np.ndarray)),
)

_CLIP = getattr(umath, "clip")  # noqa: B009 - its stub lacks it
#: The ufuncs that the extension knows by more than their loops, by its names for them.
_OPERATIONS = {getattr(np, name): name for name in (native.OPERATIONS if native else ())}
#: Operators on two Python numbers that give a Python float or int.
_OF_NUMBERS = frozenset({"add", "sub", "mul", "truediv", "neg", "pos"})

_MIRRORED = {"lt": "gt", "le": "ge", "gt": "lt", "ge": "le", "eq": "eq", "ne": "ne"}


class LoopStep(NamedTuple):
    """A loop of NumPy's over operands, which are nodes."""

    loop: Loop
    operands: tuple[int, ...]
    ufunc: np.ufunc
    operation: str | None  # the extension's name for the ufunc, if it has one
    action: str = "loop"


class WhereStep(NamedTuple):
    """A choice between two operands, by a third."""

    dtype: np.dtype[Any]
    action: str = "where"


class NumberStep(NamedTuple):
    """An operator on Python numbers."""

    action: str = "number"


class ReduceStep(NamedTuple):
    """A reduction: the name of its native, and the callable that it replaces."""

    native: str
    callee: Any
    ufunc: Any
    action: str = "reduce"


class StoreStep(NamedTuple):
    """A store into a view."""

    action: str = "store"


Step = LoopStep | WhereStep | NumberStep | ReduceStep | StoreStep


def plan_program(program: Program, kinds: list[Any]) -> list[Step | None] | None:
    """Return what each computing node takes; None to leave the program to the original code.

    `kinds` has, for each node that is there before anything is computed, the dtype of an array or
    NumPy scalar, the type of a Python number or of what a guard looks at, or the callable or class
    itself. The entries of those that compute are filled in.
    """
    steps: list[Step | None] = []
    for i, node in enumerate(program.nodes):
        step: Step | None = None
        if node.kind == "index" or (node.kind == "attribute" and node.detail == "T"):
            kinds[i] = kinds[node.operands[0]] if kinds[i] is None else kinds[i]
        elif node.kind == "guard":
            if not is_harmless(kinds[node.operands[0]], called=node.detail == "called"):
                return None
        elif node.kind == "store":
            step = StoreStep() if isinstance(kinds[node.operands[0]], np.dtype) else None
            if step is None:
                return None
        elif node.kind in _PLANS:
            planned = _PLANS[node.kind](program, node, [kinds[k] for k in node.operands])
            if planned is None:
                return None
            step, kinds[i] = planned
        steps.append(step)
    if not any(isinstance(step, LoopStep | WhereStep) for step in steps):
        return None  # nothing is left to do for a region
    return steps


def _operation(program: Program, node: Node, kinds: list[Any]) -> tuple[Step, Any] | None:
    name = node.detail
    in_place = name.startswith("i_")
    if not all(map(_is_value, kinds)):
        return None
    if not any(isinstance(kind, np.dtype) for kind in kinds):
        return _of_numbers(name, kinds)
    operands = node.operands
    if name in _MIRRORED and not isinstance(kinds[0], np.dtype):  # Python asks the array first
        name, operands, kinds = _MIRRORED[name], operands[::-1], kinds[::-1]
    ufunc = UFUNCS.get(name.removeprefix("i_"))
    if name == "pow":
        exponent = program.nodes[operands[1]]
        if exponent.kind == "const" and isinstance(kinds[0], np.dtype):
            ufunc = power_ufunc(kinds[0], exponent.detail)
        elif not isinstance(kinds[1], np.dtype) or numpy_version() < (2, 3):
            return None  # before 2.3 the exponent's value may decide
        if ufunc is not None and ufunc.nin == 1:
            operands, kinds = operands[:1], kinds[:1]
    planned = _loop(ufunc, operands, kinds)
    if planned is None or (in_place and planned[1] != kinds[0]):
        return None
    return planned


def _in_place(program: Program, node: Node, kinds: list[Any]) -> tuple[Step, Any] | None:
    return _operation(program, node, kinds) if isinstance(kinds[0], np.dtype) else None


def _of_numbers(name: str, kinds: list[Any]) -> tuple[Step, Any] | None:
    if name not in _OF_NUMBERS or not all(kind is float or kind is int for kind in kinds):
        return None
    kind = int if name != "truediv" and all(kind is int for kind in kinds) else float
    return NumberStep(), kind


def _loop(ufunc: Any, operands: Any, kinds: list[Any]) -> tuple[Step, Any] | None:
    if ufunc is None or not any(isinstance(kind, np.dtype) for kind in kinds):
        return None
    loop = plan_loop(ufunc, tuple(kinds))
    if loop is None:
        return None
    return LoopStep(loop, tuple(operands), ufunc, _OPERATIONS.get(ufunc)), loop.dtypes[-1]


def _call(program: Program, node: Node, kinds: list[Any]) -> tuple[Step, Any] | None:
    callee, given = kinds[0], kinds[1:]
    if type(callee) is np.ufunc and not node.detail:
        if callee not in OWN or not all(map(_is_value, given)):
            return None  # the loops of other libraries must not be tried
        return _loop(callee, node.operands[1:], given)
    if callee is ABSOLUTE and len(given) == 1 and isinstance(given[0], np.dtype):
        return _loop(absolute, node.operands[1:], given)
    if callee is where and len(given) == 3:
        return _where(given)
    if callee is clip and len(given) == 3 and isinstance(given[0], np.dtype):
        return _loop(_CLIP, node.operands[1:], given) if all(map(_is_value, given)) else None
    return _reduction(callee, given)


def _where(kinds: list[Any]) -> tuple[Step, Any] | None:
    condition, *sides = kinds
    if not isinstance(condition, np.dtype) or condition.kind != "b":
        return None
    dtypes = [side for side in sides if isinstance(side, np.dtype)]
    if not dtypes or not all(map(is_plain, dtypes)):
        return None
    dtype = result_type(*dtypes)
    for side in sides:
        keeps = (side is int and dtype.kind != "b") or (side is float and dtype.kind in "fc")
        if not (isinstance(side, np.dtype) or keeps):
            return None
    return WhereStep(dtype), dtype


def _method(program: Program, node: Node, kinds: list[Any]) -> tuple[Step, Any] | None:
    return _reduction(getattr(np.ndarray, node.detail[0], None), kinds)


def _reduction(callee: Any, kinds: list[Any]) -> tuple[Step, Any] | None:
    if type(callee) not in _CALLABLES or not kinds or not isinstance(kinds[0], np.dtype):
        return None
    name, ufunc = NATIVES.get(callee, (None, None))
    return (ReduceStep(name, callee, ufunc), None) if name in REDUCTIONS else None


_CALLABLES = frozenset({type(np.sum), type(np.ndarray.sum)})
_PLANS = {"operation": _operation, "in place": _in_place, "call": _call, "method": _method}


def _is_value(kind: Any) -> bool:
    if isinstance(kind, np.dtype):
        return is_plain(kind)
    return kind is float or kind is int or kind is complex or kind is bool
