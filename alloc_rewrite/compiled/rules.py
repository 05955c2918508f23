"""Which loop of NumPy's is code of which operation.

In: a ufunc and the types of what its loop reads and writes. Out: the name of the operation that
`lowering` has code for, or None. It must not know LLVM.

Each row says that the loop's result is fixed by IEEE 754 or by C's integers, so that other code
gives the same bits. A trial compares the code with the loop all the same before it is used.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy._core import umath

FLOATS, SIGNED, UNSIGNED, BOOL, COMPLEX = "fd", "bhilq", "BHILQ", "?", "FD"
INTEGERS = SIGNED + UNSIGNED
#: All types that values in compiled code may have.
TYPES = FLOATS + INTEGERS + BOOL + COMPLEX
#: By type of complex numbers: the type of their parts.
PART = dict(zip(COMPLEX, FLOATS, strict=True))

_COMPARISONS = {
    np.less: "less",
    np.less_equal: "less_equal",
    np.greater: "greater",
    np.greater_equal: "greater_equal",
    np.equal: "equal",
    np.not_equal: "not_equal",
}
_EQUALITY = {np.equal: "equal", np.not_equal: "not_equal"}
_LOGICAL = {
    np.logical_and: "logical_and",
    np.logical_or: "logical_or",
    np.logical_xor: "logical_xor",
    np.logical_not: "logical_not",
}
_OF_FLOATS = {np.isnan: "isnan", np.isfinite: "isfinite", np.isinf: "isinf", np.signbit: "signbit"}


def _fuses_products() -> bool:
    """Whether NumPy's loop for complex products rounds once where it multiplies and adds."""
    x = np.full(16, 1.0 + 2.0**-30 + 1j)
    return bool((x * x).real[0] != x.real[0] * x.real[0] - 1.0)


_PRODUCT, _SQUARE = (
    ("multiply_fused", "square_fused") if _fuses_products() else ("multiply", "square")
)
#: Operations whose bits differ where NumPy's loop goes over items with gaps or backwards.
OF_DENSE = frozenset({_PRODUCT, _SQUARE})

#: By kind of type: ufuncs whose operands and result have the same type.
_SAME: tuple[tuple[str, dict[Any, str]], ...] = (
    (
        FLOATS,
        {
            np.add: "add",
            np.subtract: "subtract",
            np.multiply: "multiply",
            np.true_divide: "divide",
            np.square: "square",
            np.reciprocal: "reciprocal",
            np.sqrt: "sqrt",
            np.negative: "negative",
            np.positive: "copy",
            np.conjugate: "copy",
            np.absolute: "absolute",
            np.fabs: "absolute",
            np.copysign: "copysign",
            np.sign: "sign",
            np.maximum: "maximum",
            np.minimum: "minimum",
            getattr(umath, "clip"): "clip",  # noqa: B009 - its stub lacks it
            np.floor: "floor",
            np.ceil: "ceil",
            np.trunc: "trunc",
            np.rint: "rint",
        },
    ),
    (
        INTEGERS,
        {
            np.add: "add",
            np.subtract: "subtract",
            np.multiply: "multiply",
            np.square: "square",
            np.negative: "negative",
            np.positive: "copy",
            np.conjugate: "copy",
            np.absolute: "absolute",
            np.sign: "sign",
            np.maximum: "maximum",
            np.minimum: "minimum",
            getattr(umath, "clip"): "clip",  # noqa: B009
            np.bitwise_and: "bitwise_and",
            np.bitwise_or: "bitwise_or",
            np.bitwise_xor: "bitwise_xor",
            np.invert: "invert",
            np.left_shift: "left_shift",
            np.right_shift: "right_shift",
            np.floor: "copy",
            np.ceil: "copy",
            np.trunc: "copy",
        },
    ),
    (
        BOOL,
        {
            np.add: "logical_or",
            np.multiply: "logical_and",
            np.bitwise_and: "logical_and",
            np.bitwise_or: "logical_or",
            np.bitwise_xor: "logical_xor",
            np.invert: "logical_not",
            np.maximum: "logical_or",
            np.minimum: "logical_and",
        },
    ),
    (
        COMPLEX,
        {
            np.add: "add",
            np.subtract: "subtract",
            np.multiply: _PRODUCT,
            np.true_divide: "divide",
            np.square: _SQUARE,
            np.reciprocal: "reciprocal",
            np.negative: "negative",
            np.positive: "copy",
            np.conjugate: "conjugate",
        },
    ),
)

_TABLES: list[dict[Any, str]] = [_LOGICAL, _COMPARISONS, _OF_FLOATS, *(row[1] for row in _SAME)]
#: All ufuncs whose loops there is code for, and their operations; of those with one operation, the
#: first has loops for most types.
LOOPS: tuple[tuple[Any, str], ...] = tuple(pair for table in _TABLES for pair in table.items())


def operation_of(ufunc: Any, types: str) -> str | None:
    """Return the operation of the loop that has these types, the result's last; or None."""
    read, made = types[:-1], types[-1]
    if len(set(read)) != 1 or not set(types) <= set(TYPES):
        return None
    own = read[0]
    if made == BOOL:
        found = (_EQUALITY if own in COMPLEX else _COMPARISONS).get(ufunc) or _LOGICAL.get(ufunc)
        if found is None and own in FLOATS:
            found = _OF_FLOATS.get(ufunc)
        if found is not None:
            return found
    if made != own:
        return None
    return next((names.get(ufunc) for kinds, names in _SAME if own in kinds), None)


def casts(source: str, made: str) -> bool:
    """Whether there is code for a cast: all but those from floats to integers or bool, and those
    that drop imaginary parts."""
    if not {source, made} <= set(TYPES):
        return False
    if made in COMPLEX or source in COMPLEX:
        return made in COMPLEX
    return made in FLOATS or (source not in FLOATS and made != BOOL)
