"""What a region's program takes for values of known kinds: a loop of NumPy's for each step.

In: a `Program`, and the dtypes or Python types of what it works on. Out: for each node what is to
be done, or which node the original code has to do. It must not know shapes, nor who runs it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy import result_type, where

from ..cores import native
from ..numpy_facts import UFUNCS, numpy_version, power_ufunc
from ..rewrite import EDGE, OLD, OTHERWISE, OUT, SET, SET_ITEMS, SPACED, Program
from .declining import reason_of
from .harmless import is_harmless
from .loops import OWN, Loop, feeds_of, is_plain, plan_loop, plan_reduction
from .named import Named, named_call, named_method
from .patches import patched_call
from .resolve import NATIVES, REDUCTIONS
from .routines import routine
from .steps import LoopStep, ReduceStep, Refusal, Step, StoreStep, WhereStep
from .vocabulary import REDUCTION_NAMES

#: The ufuncs that the extension knows by more than their loops, by its names for them.
_OPERATIONS = {getattr(np, name): name for name in (native.OPERATIONS if native else ())}
_MIRRORED = {"lt": "gt", "le": "ge", "gt": "lt", "ge": "le", "eq": "eq", "ne": "ne"}


def plan_program(program: Program, kinds: list[Any]) -> list[Step | None] | Refusal:
    """Return what each computing node takes; or why the original code has to run.

    `kinds` has, for each node whose value is there before anything is computed with arrays, the
    dtype of an array or NumPy scalar, the type of any other value, the callable or class itself, an
    exponent that decides something, or True if nothing needs to know; for all others None. The
    entries of those that compute are filled in.
    """
    steps: list[Step | None] = []
    for i, node in enumerate(program.nodes):
        step: Step | None = None
        if node.kind == "index" or (node.kind == "attribute" and node.detail in _VIEWS):
            base = kinds[node.operands[0]]
            of = _part(base) if node.detail in ("real", "imag") else base
            kinds[i] = of if kinds[i] is None else kinds[i]
        elif node.kind == "guard" and not isinstance(node.detail, str):
            if kinds[node.operands[0]] is not node.detail:
                return Refusal(i, f"`{program.named(node.operands[0])}` isn't NumPy's function")
        elif node.kind == "guard":
            called = node.detail == "called"
            if not is_harmless(kinds[node.operands[0]], called=called):
                doing = "calling" if called else "using"
                name = program.named(node.operands[0])
                return Refusal(-1, f"{doing} `{name}` after the region may run any Python code")
        elif node.kind == "store":
            is_known = kinds[node.operands[2]] is not None  # it isn't, of some reductions
            if is_known and isinstance(kinds[node.operands[0]], np.dtype):
                step = StoreStep()
            else:
                return Refusal(i, reason_of(program, i, kinds))
        elif node.kind in _PLANS and kinds[i] is None:
            given = [kinds[k] for k in node.operands]
            if node.kind != "operation":
                given = [_plain(kind) for kind in given]
            planned = _PLANS[node.kind](program, i, given)
            if planned is None:
                return Refusal(i, reason_of(program, i, kinds))
            step, kinds[i] = planned
        steps.append(step)
    if not any(isinstance(step, LoopStep | WhereStep) for step in steps):
        return Refusal(-1, "it computes with numbers only")
    return steps


_VIEWS = frozenset({"T", "real", "imag"})


def _part(kind: Any) -> Any:
    """Return the dtype of the real or imaginary part of an array that the region computes."""
    if isinstance(kind, np.dtype) and kind.kind == "c" and is_plain(kind):
        return np.dtype(kind.char.lower())
    return None


def plan_number(callee: Any, kinds: tuple[Any, ...]) -> Loop | bool | None:
    """Return how a call of numbers is carried out: by a loop of NumPy's, or as it is (True).

    None leaves it to the original code. `kinds` are dtypes of NumPy scalars, and types of others.
    """
    if type(callee) is np.ufunc:
        if callee not in OWN or not all(map(_is_value, kinds)):
            return None
        given = kinds if any(map(_is_dtype, kinds)) else tuple(map(np.dtype, kinds))
        loop = plan_loop(callee, given)
        # Bits of complex numbers depend on strides, and NumPy gives numbers now these, now those.
        return None if loop is None or any(d.kind == "c" for d in loop.dtypes) else loop
    if callee is len and len(kinds) == 1:
        return kinds[0] in _CONTAINERS or None
    if not all(kind in _PYTHONS or (_is_dtype(kind) and kind.kind in "biuf") for kind in kinds):
        return None
    if type(callee) is type(math.sqrt) and vars(math).get(callee.__name__) is callee:
        return True
    if callee is abs or callee is round:  # the least whole number has no absolute value
        fails = any(_is_dtype(kind) and (callee is round or kind.kind != "f") for kind in kinds)
        return not fails or None
    warns = callee in (min, max) and _NARROW & {*kinds} and {int, float} & {*kinds}
    return (callee in _OF_NUMBERS and not warns) or None


_PYTHONS = frozenset({int, float, complex})
_NARROW = frozenset({np.dtype("e"), np.dtype("f")})  # not every number of Python goes into these
#: What may be called with numbers as it is.
_OF_NUMBERS = frozenset({min, max, int, float, bool})
_CONTAINERS = frozenset({list, tuple, dict, str, np.ndarray})


def _operation(program: Program, number: int, kinds: list[Any]) -> tuple[Step, Any] | None:
    name = program.nodes[number].detail
    in_place = name.startswith("i_")
    exponent = kinds[-1]
    kinds = [_plain(kind) for kind in kinds]
    if not all(map(_is_value, kinds)) or not any(map(_is_dtype, kinds)):
        return None
    operands = program.nodes[number].operands
    if name in _MIRRORED and not isinstance(kinds[0], np.dtype):  # Python asks the array first
        name, operands, kinds = _MIRRORED[name], operands[::-1], kinds[::-1]
    ufunc = UFUNCS.get(name.removeprefix("i_"))
    if name == "matmul":
        return _routine(ufunc, operands, kinds, ())
    if name == "pow":
        ufunc = _power(program, operands[1], kinds, exponent)
        if ufunc is not None and ufunc.nin == 1:
            operands, kinds = operands[:1], kinds[:1]
    planned = _loop(ufunc, operands, kinds)
    if planned is None or (in_place and planned[1] != kinds[0]):
        return None
    return planned


def _power(program: Program, number: int, kinds: list[Any], exponent: Any) -> np.ufunc | None:
    """Return the ufunc of a power: the exponent is a number that decides it, or only its kind."""
    if not isinstance(kinds[0], np.dtype):
        return UFUNCS["pow"] if numpy_version() >= (2, 3) else None
    made = program.nodes[number]
    if made.kind == "const":
        return power_ufunc(kinds[0], made.detail)
    if exponent is int or exponent is float:  # no special one
        return power_ufunc(kinds[0], 3 if exponent is int else 2.5)
    if type(exponent) in (int, float):
        return power_ufunc(kinds[0], exponent)
    return UFUNCS["pow"] if numpy_version() >= (2, 3) else None


def _plain(kind: Any) -> Any:
    """Return the kind of a value: exponents that decide something are given themselves."""
    return type(kind) if type(kind) in (int, float) else kind


def _in_place(program: Program, number: int, kinds: list[Any]) -> tuple[Step, Any] | None:
    return _operation(program, number, kinds) if isinstance(kinds[0], np.dtype) else None


def _loop(
    ufunc: Any, operands: Any, kinds: Sequence[Any], order: str = ""
) -> tuple[LoopStep, Any] | None:
    if ufunc is None or not any(map(_is_dtype, kinds)):
        return None
    loop = plan_loop(ufunc, tuple(kinds))
    if loop is None:
        return None
    step = LoopStep(loop, tuple(operands), ufunc, _OPERATIONS.get(ufunc), order)
    return step, loop.dtypes[-1]


def _call(program: Program, number: int, kinds: list[Any]) -> tuple[Step, Any] | None:
    node, callee, given = program.nodes[number], kinds[0], kinds[1:]
    if OUT in node.detail:
        return _into(_call, program, number, kinds, node.detail)
    if type(callee) is np.ufunc and node.detail in _MARKS:
        if callee not in OWN or not all(map(_is_value, given)):
            return None  # the loops of other libraries must not be tried
        planned = _loop(callee, node.operands[1:], given)
        if planned is None or not node.detail:
            return planned
        return planned[0]._replace(sets=_MARKS[node.detail]), planned[1]
    if callee is where and len(given) == 3 and node.detail in ((), (OTHERWISE,)):
        chosen = _where(given)
        if chosen is None or not node.detail:
            return chosen
        if any(_is_dtype(side) and side != chosen[1] for side in given[1:]):
            return None
        return chosen[0]._replace(order="C"), chosen[1]
    patched = patched_call(program, number, kinds)
    if patched is not None:
        return patched, patched.dtype
    named = named_call(program, number, kinds)
    if named is not None:
        return _named(named)
    called = _routine(callee, node.operands[1:], given, node.detail)
    return _reduction(callee, given) if called is None else called


def _into(
    plan: _Plan, program: Program, number: int, kinds: list[Any], names: tuple[str, ...]
) -> tuple[Step, Any] | None:
    """Plan a call whose result goes into an array of its dtype, maybe only where a mask is true."""
    node = program.nodes[number]
    if names[0] in _SETS:
        return _set(program, number, kinds)
    n = len(names) - names.index(OLD if OLD in names else OUT)
    target, *masks = kinds[-1:] if n == 1 else kinds[-2:]
    detail = names[:-n] if node.kind == "call" else (node.detail[0], names[:-n])
    bare = replace(node, operands=node.operands[:-n], detail=detail)
    nodes = (*program.nodes[:number], bare, *program.nodes[number + 1 :])
    planned = plan(replace(program, nodes=nodes), number, kinds[:-n])
    if planned is None or not isinstance(planned[0], LoopStep) or planned[1] != target:
        return None
    step = planned[0]._replace(into=node.operands[-1 if n == 1 else -2])
    if masks:
        if masks[0] != np.dtype(bool):
            return None
        operands = (*step.operands, node.operands[-n], node.operands[-1])
        step = step._replace(operands=operands, operation=None, is_masked=True)
    return step, target


def _set(program: Program, number: int, kinds: list[Any]) -> tuple[Step, Any] | None:
    """Plan what a store by a mask, or an operator in place on what a mask takes, comes to."""
    node, callee, given = program.nodes[number], kinds[0], kinds[1:]
    sets = _SETS[node.detail[0]]
    if callee is where:
        chosen = _where(given[:3])
        if chosen is None or chosen[1] != given[3]:
            return None
        return chosen[0]._replace(into=node.operands[4], sets=sets), chosen[1]
    *given, _, target, mask = given
    planned = _loop(callee, node.operands[1:3], given) if all(map(_is_value, given)) else None
    if planned is None or planned[1] != target or mask != np.dtype(bool):
        return None
    operands, into = (*node.operands[1:4], node.operands[5]), node.operands[4]
    step = planned[0]._replace(operands=operands, into=into, sets=sets)
    return step._replace(is_masked=True, operation=None), target


_SETS = {SET: "n", SET_ITEMS: "i"}
_MARKS = {(): "", (SPACED,): "n", (EDGE,): "e"}


def _named(named: Named) -> tuple[Step, Any] | None:
    if not all(map(_is_value, named.kinds)):
        return None
    return _loop(named.ufunc, named.operands, named.kinds, named.order)


def _where(kinds: list[Any]) -> tuple[WhereStep, Any] | None:
    condition, *sides = kinds
    if not isinstance(condition, np.dtype) or condition.kind != "b":
        return None
    dtypes = [side for side in sides if isinstance(side, np.dtype)]
    if not dtypes and all(side in _PYTHONS for side in sides):
        dtypes = [np.dtype(side) for side in sides]
    if not dtypes or not all(map(is_plain, dtypes)):
        return None
    dtype = result_type(*dtypes)
    for side in sides:
        keeps = (side is int and dtype.kind != "b") or (side is float and dtype.kind in "fc")
        keeps = keeps or (side is complex and dtype.kind == "c")
        if not (isinstance(side, np.dtype) or keeps):
            return None
    return WhereStep(dtype), dtype


def _method(program: Program, number: int, kinds: list[Any]) -> tuple[Step, Any] | None:
    node = program.nodes[number]
    if OUT in node.detail[1]:
        return _into(_method, program, number, kinds, node.detail[1])
    named = named_method(program, number, kinds)
    if named is not None:
        return _named(named)
    callee = getattr(np.ndarray, node.detail[0], None)
    called = _routine(callee, node.operands, kinds, node.detail[1])
    return _reduction(callee, kinds) if called is None else called


def _routine(
    callee: Any, nodes: Sequence[int], kinds: Sequence[Any], names: tuple[str, ...]
) -> tuple[Step, Any] | None:
    called = routine(callee, nodes, kinds, names)
    return None if called is None else (called, called.dtype)


def _reduction(callee: Any, kinds: list[Any]) -> tuple[Step, Any] | None:
    if type(callee) not in _CALLABLES or not kinds or not isinstance(kinds[0], np.dtype):
        return None
    name, ufunc = NATIVES.get(callee, (None, None))
    if name not in REDUCTION_NAMES:
        return None
    loop = plan_reduction(ufunc, kinds[0]) if ufunc else None
    dtype = kinds[0] if loop is not None else None
    if name not in REDUCTIONS or name == "mean":
        dtype = dtype if kinds[0].char == "d" else None
    return ReduceStep(name, callee, ufunc, dtype, loop, feeds_of(name, dtype)), dtype


_Plan = Callable[[Program, int, list[Any]], tuple[Step, Any] | None]
_CALLABLES = frozenset({type(np.sum), type(np.ndarray.sum)})
_PLANS = {"operation": _operation, "in place": _in_place, "call": _call, "method": _method}


def _is_dtype(kind: Any) -> bool:
    return isinstance(kind, np.dtype)


def _is_value(kind: Any) -> bool:
    if isinstance(kind, np.dtype):
        return is_plain(kind)
    return kind is float or kind is int or kind is complex or kind is bool
