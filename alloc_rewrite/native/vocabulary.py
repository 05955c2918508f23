"""The names by which code calls what a region may contain.

In: NumPy, and what the parts of inference know. Out: `VOCABULARY`, for the rewriter. A name is only
a guess: whether it stands for NumPy's function is found out when the region runs.
"""

from __future__ import annotations

import dis
import math
from types import FunctionType
from typing import Any

import numpy as np

from ..numpy_facts import UFUNCS
from ..rewrite import Vocabulary
from .gradient_lines import gradient_lines
from .harmless import HARMLESS_NAMES
from .named import COPIES, FILLS, FUNCTION_NAMES, METHOD_NAMES
from .patches import LIST_NAMES, SINGLE_NAMES
from .resolve import REDUCTIONS
from .routines import ROUTINE_METHODS, ROUTINE_NAMES


def _last_stored(function: Any) -> tuple[Any, int]:
    """Return the Python function behind a dispatcher, and the last line that stores a value."""
    inner = getattr(function, "_implementation", None)
    if type(inner) is not FunctionType:
        return None, 0
    stores = (one for one in dis.get_instructions(inner) if one.opname.startswith("STORE_FAST"))
    return inner, max((one.positions and one.positions.lineno) or 0 for one in stores)


def _index_array(numbers: list[int]) -> Any:
    made = np.array(numbers, np.intp)
    made.flags.writeable = False
    return made


_UFUNCS = {
    name: value
    for name, value in vars(np).items()
    if isinstance(value, np.ufunc) and value.nout == 1 and value.signature is None
}
_NUMBER_NAMES = frozenset(
    {name for name, value in vars(math).items() if type(value) is type(math.sqrt)} - _UFUNCS.keys()
    - REDUCTIONS.keys()
) | {"min", "max", "round", "int", "float", "bool", "len"}  # fmt: skip
REDUCTION_NAMES = REDUCTIONS.keys() | {"var", "std", "norm"}
#: What may be called in a region.
VOCABULARY = Vocabulary(
    functions=(
        REDUCTION_NAMES | _UFUNCS.keys() | FUNCTION_NAMES | SINGLE_NAMES | ROUTINE_NAMES | {"where"}
    ),
    numbers=_NUMBER_NAMES,
    keywords=FUNCTION_NAMES | SINGLE_NAMES | ROUTINE_NAMES,
    lists=LIST_NAMES,
    patched=LIST_NAMES | SINGLE_NAMES,
    filled=("pad",),
    differences={"diff": np.diff},
    difference=np.subtract,
    difference_at=_last_stored(np.diff),
    gradients=("gradient",),
    gradient_at=gradient_lines(),
    index_array=_index_array,
    tuples=SINGLE_NAMES,
    fills=FILLS,
    copies=COPIES,
    before_out={name: ufunc.nin for name, ufunc in _UFUNCS.items()} | {"clip": 3},
    before_out_of_methods={"clip": 2},
    changing={"nan_to_num": "copy"},
    parts={"real": np.real, "imag": np.imag},
    choices={"select": np.select},
    choice=np.where,
    operators={name: ufunc for name, ufunc in UFUNCS.items() if name not in ("pow", "matmul")},
    methods=REDUCTION_NAMES | METHOD_NAMES | ROUTINE_METHODS,
    reductions=REDUCTION_NAMES,
    harmless=HARMLESS_NAMES,
    attributes=frozenset(dir(np.ndarray)),
)
