"""Why a node of a region's program is left to the original code, in words for the code's author.

In: a `Program`, a node, and the kinds of its operands. Out: a sentence that names what was met, and
what to write instead where that is known. It must not know how programs are planned.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..rewrite import Program
from .loops import is_plain
from .patches import patches_missing

_NUMBERS = frozenset({int, float, complex, bool})
_SEQUENCES = frozenset({list, tuple})


def reason_of(program: Program, number: int, kinds: list[Any]) -> str:
    """Return why this node can't be computed in a region."""
    node = program.nodes[number]
    operands = list(node.operands)
    if node.kind == "store":
        operands = [operands[0], operands[-1]]
    if node.kind == "call":
        callee = operands.pop(0)
        if not _is_known(kinds[callee]):
            return f"`{program.named(callee)}` is {_what(kinds[callee])}, which no region calls"
    missing = patches_missing(program, number, kinds)
    if missing:
        return missing
    for operand in operands:
        told = _of_kind(kinds[operand])
        if told:
            return f"`{program.named(operand)}` is {told}"
    met = " and ".join(_name(kinds[k]) for k in operands if kinds[k] is not None)
    return f"there is no loop for {met} that a region can run" if met else "no region does this"


def _is_known(callee: Any) -> bool:
    module = getattr(callee, "__module__", None) or ""
    return type(callee) is np.ufunc or module.partition(".")[0] in ("numpy", "math", "builtins")


def _what(callee: Any) -> str:
    if isinstance(callee, type):
        return f"the class `{callee.__qualname__}`"
    module = getattr(callee, "__module__", None)
    kind = type(callee).__name__
    return f"a {kind} of the module `{module}`" if module else f"a {kind}"


def _name(kind: Any) -> str:
    if isinstance(kind, np.dtype):
        return kind.name
    return kind.__name__ if isinstance(kind, type) else str(kind)


def _of_kind(kind: Any) -> str:
    """Return what an operand is, and what to do, if that is no number nor array of numbers."""
    if isinstance(kind, np.dtype):
        if is_plain(kind):
            return ""
        if kind.kind == "O":
            return "an array of objects; use a dtype of numbers"
        if kind.kind in "biufc" and not kind.isnative:
            return "an array in another byte order; convert it with `astype` first"
        return f"an array of the dtype {kind}"
    if kind is None or kind is True or kind in _NUMBERS:
        return ""
    if kind in _SEQUENCES:
        return f"a {kind.__name__}; make it an array with `np.array` first"
    if isinstance(kind, type) and issubclass(kind, np.ndarray):
        return f"of the class `{_full(kind)}`; take the plain array with `np.asarray` first"
    if isinstance(kind, type) and kind.__module__.partition(".")[0] == "pandas":
        return f"of the class `{_full(kind)}`; take its array with `to_numpy()` first"
    return f"of the type `{_full(kind)}`" if isinstance(kind, type) else ""


def _full(kind: type) -> str:
    module = kind.__module__
    return kind.__qualname__ if module == "builtins" else f"{module}.{kind.__qualname__}"
