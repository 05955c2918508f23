"""Where `np.gradient` computes what: floating point errors are reported from there.

In: NumPy's code. Out: the function and the lines of its arithmetic, or None where NumPy's function
isn't the one that is known. It must not know regions.
"""

from __future__ import annotations

import dis
from types import FunctionType
from typing import Any

import numpy as np

#: What is stored into the result, in the order of the code, and the arithmetic before each store.
_STORES = {
    "middle": "-*/", "uneven": "**+*+", "first 1": "-/", "last 1": "-/", "first 2": "**+*+",
    "last 2": "**+*+",
}  # fmt: skip


def gradient_lines() -> tuple[Any, dict[str, tuple[int, ...]]] | None:
    """Return the Python function behind `np.gradient`, and the lines of its operators."""
    inner = getattr(np.gradient, "_implementation", None)
    if type(inner) is not FunctionType:
        return None
    found: list[tuple[str, tuple[int, ...]]] = []
    operators: str = ""
    lines: tuple[int, ...] = ()
    for one in dis.get_instructions(inner):
        if one.opname == "BINARY_OP" and one.argrepr in {*"+-*/"}:
            operators += one.argrepr
            lines = (*lines, (one.positions.lineno or 0) if one.positions else 0)
        elif one.opname.startswith("STORE_"):
            if one.opname == "STORE_SUBSCR" and operators:
                found.append((operators, lines))
            operators, lines = "", ()
    if [operators for operators, _ in found] != [*_STORES.values()]:
        return None
    return inner, {name: lines for name, (_, lines) in zip(_STORES, found, strict=True)}
