"""How source code writes operators.

In: an operator's name as in module `operator`, with ``i_`` before it for one in place. Out: text.
It must not know what an operator does.
"""

from __future__ import annotations

_SYMBOLS = {
    "add": "+", "sub": "-", "mul": "*", "truediv": "/", "floordiv": "//", "mod": "%", "pow": "**",
    "matmul": "@", "and_": "&", "or_": "|", "xor": "^", "lshift": "<<", "rshift": ">>",
    "neg": "-", "pos": "+", "invert": "~",
    "lt": "<", "le": "<=", "eq": "==", "ne": "!=", "gt": ">", "ge": ">=",
    "getitem": "[]", "slice": "[:]", "unpack": "unpacking",
}  # fmt: skip


def symbol_of(operator: str) -> str:
    """Return how an operator is written, such as ``+=`` for ``i_add``."""
    plain = operator.removeprefix("i_")
    return _SYMBOLS[plain] + ("=" if plain != operator else "")
