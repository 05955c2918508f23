"""NumPy's functions that put an array together from parts of others: rolled, joined, padded.

In: what is called, with the kinds of its arguments as inference has them. Out: the arrays, and the
nodes that say where their parts go. It must not know shapes: the extension works out the patches.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from ..rewrite import FILL, LIKE, Program
from .loops import is_plain
from .steps import PatchStep


class _Signature(NamedTuple):
    """Parameters, arrays first, and those that say where parts go.

    Of a function that takes a list, the array parameter stands for all that are in it. `how` is the
    extension's word for what is done.
    """

    parameters: tuple[str, ...]
    numbers: tuple[str, ...]
    how: str


_LISTS: dict[Any, _Signature] = {
    np.concatenate: _Signature(("arrays", "axis"), ("axis",), "join"),
    np.append: _Signature(("arrays", "axis"), ("axis",), "join"),
    np.stack: _Signature(("arrays", "axis"), ("axis",), "stack"),
    np.array: _Signature(("arrays",), (), "stack"),
    np.hstack: _Signature(("arrays",), (), "hstack"),
    np.vstack: _Signature(("arrays",), (), "vstack"),
    np.gradient: _Signature(("arrays", "axis", LIKE), ("axis",), "gradient"),
}
_SINGLE: dict[Any, _Signature] = {
    np.roll: _Signature(("a", "shift", "axis"), ("shift", "axis"), "roll"),
    np.pad: _Signature(("a", "pad_width", "mode", "constant_values", FILL), ("pad_width",), ""),
}
_CALLABLES = frozenset({type(np.roll), type(np.array)})
_MODES = frozenset({"constant", "edge", "wrap", "reflect", "symmetric"})
#: The names by which code calls these: of those that take a list, and of the others.
LIST_NAMES = frozenset(value.__name__ for value in _LISTS) - {"gradient"}
SINGLE_NAMES = frozenset(value.__name__ for value in _SINGLE)


def patched_call(program: Program, number: int, kinds: Sequence[Any]) -> PatchStep | None:
    """Return what a call of a function comes to; None if it is none of these."""
    if type(kinds[0]) not in _CALLABLES:
        return None
    node = program.nodes[number]
    plain = len(node.operands) - len(node.detail)
    if kinds[0] in _LISTS:
        signature, arrays = _LISTS[kinds[0]], range(1, plain)
        given = dict(zip(node.detail, node.operands[plain:], strict=True))
    elif kinds[0] in _SINGLE:
        signature, arrays = _SINGLE[kinds[0]], range(1, 2)
        given = dict(zip(signature.parameters[1:], node.operands[2:plain], strict=False))
        given |= zip(node.detail, node.operands[plain:], strict=True)
        if len(given) != len(node.operands) - 2:
            return None
    else:
        return None
    if not given.keys() <= {*signature.parameters[1:]}:
        return None
    operands = [node.operands[i] for i in arrays]
    dtype = _dtype([kinds[i] for i in arrays], numbers=kinds[0] is np.array)
    how = signature.how
    if kinds[0] is np.pad and dtype is not None:
        fill = given.get("constant_values", given.get(FILL))
        how = _mode(program, given)
        if how == "constant":
            fits = fill is not None and _fits(kinds[node.operands.index(fill)], dtype)
            operands.append(-1 if fill is None else fill)
            how = how if fits else ""
        elif fill is not None:
            return None
    numbers = [given.get(name, -1) for name in signature.numbers]
    like = given.get(LIKE, -1)
    if kinds[0] is np.gradient and not (like >= 0 and _is_gradient(kinds, node.operands, like)):
        return None
    if dtype is None or not how:
        return None
    return PatchStep(dtype, tuple(operands), (*numbers, -1, -1)[:2], how, like)


def _is_gradient(kinds: Sequence[Any], operands: Sequence[int], like: int) -> bool:
    """Whether a gradient is of the dtype of its array; bits of complex ones depend on strides."""
    dtype = kinds[operands.index(like)]
    return dtype == kinds[1] and isinstance(dtype, np.dtype) and dtype.char in "fd"


def _dtype(kinds: list[Any], numbers: bool) -> np.dtype[Any] | None:
    """Return the dtype that all have; Python's numbers may be among those of float64."""
    found = {kind for kind in kinds if isinstance(kind, np.dtype)}
    others = {*kinds} - found
    if numbers and others and others <= {int, float} and {*kinds} != {int}:
        found.add(np.dtype(float))
        others = set()
    if others or len(found) != 1:
        return None
    (dtype,) = found
    return dtype if is_plain(dtype) else None


def _mode(program: Program, given: dict[str, int]) -> str:
    """Return how an array is padded; empty if the code doesn't tell."""
    if "mode" not in given:
        return "constant"
    node = program.nodes[given["mode"]]
    is_known = node.kind == "const" and node.detail in _MODES
    return str(node.detail) if is_known else ""


def _fits(kind: Any, dtype: np.dtype[Any]) -> bool:
    """Whether a number is the same one as an item of that dtype."""
    return (kind is int and dtype.kind != "b") or (kind is float and dtype.kind in "fc")


def patches_missing(program: Program, number: int, kinds: Sequence[Any]) -> str:
    """Return why such a call has no patches, in words; empty if it is none, or that is unknown."""
    node = program.nodes[number]
    callee = kinds[node.operands[0]] if node.kind == "call" else None
    if type(callee) not in _CALLABLES or not (callee in _LISTS or callee in _SINGLE):
        return ""
    plain = len(node.operands) - len(node.detail)
    arrays = node.operands[1:plain] if callee in _LISTS else node.operands[1:2]
    found = sorted({kinds[k].name for k in arrays if isinstance(kinds[k], np.dtype)})
    if len(found) > 1:
        types = " and ".join(f"`{name}`" for name in found)
        return f"arrays of {types} are put together; give them one dtype with `astype` first"
    if any(isinstance(kinds[k], type) for k in arrays):
        return "other values than arrays are put together; make arrays of them first"
    if callee is np.pad:
        return f"`pad` has a mode other than {', '.join(sorted(_MODES))}, or is given other numbers"
    return ""
