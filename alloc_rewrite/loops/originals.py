"""Functions of Python's modules that a kernel calls as they are, with new objects.

In: a `Code`, the function, numbers. Out: a number. What raises leaves the loop. Functions of real
numbers get no complex ones: NumPy warns of those, at the line that runs.
"""

from __future__ import annotations

import cmath
import functools
import math
from collections.abc import Callable
from typing import Any

from llvmlite import ir

from ..cores import native
from .code import I64, Code, NotTranslatedError, Value, described
from .complexes import is_complex
from .encoding import NUMBER_CODES
from .kinds import BOOL, COMPLEX, FLOAT, INT, Number

_CALLER = ir.FunctionType(I64, [I64, I64.as_pointer()])
_MOST_ARGUMENTS = 4


def _call(code: Code, args: list[Value], *, function: Any, result: Number) -> Value:
    b, kinds = code.builder, [arg.kind for arg in args]
    if not 1 <= len(args) <= _MOST_ARGUMENTS or not all(isinstance(kind, Number) for kind in kinds):
        raise NotTranslatedError(f"a call of `{function.__name__}` with {described(kinds[0])}")
    if is_complex(*args) and (function is cmath.rect or function.__module__ == "math"):
        raise NotTranslatedError(f"a call of `{function.__name__}` with complex numbers")
    with b.goto_entry_block():
        room = b.alloca(I64, I64(4 + 3 * len(args)))
    words = {0: I64(NUMBER_CODES[result.name]), 3: I64(len(args))}
    for i, arg in enumerate(args):
        assert isinstance(arg.kind, Number)
        words[4 + 3 * i] = I64(NUMBER_CODES[arg.kind.name])
        words |= {5 + 3 * i + k: code.bits(part) for k, part in enumerate(arg.parts)}
    for at, word in words.items():
        b.store(word, b.gep(room, [I64(at)]))
    caller = code.function_at("ORIGINAL_CALL", native.ORIGINAL_CALL, _CALLER)
    name = f"function.{function.__module__}.{function.__name__}"
    failed = b.call(caller, [code.address(name, id(function)), room])
    code.leave_if(b.icmp_signed("!=", failed, I64(0)))
    return Value(result, code.loaded(b.ptrtoint(b.gep(room, [I64(1)]), I64), result))


def _named(module: Any, names: str) -> list[Any]:
    return [getattr(module, name) for name in names.split() if hasattr(module, name)]


_RESULTS: dict[Number, list[Any]] = {
    COMPLEX: _named(
        cmath,
        "acos acosh asin asinh atan atanh cos cosh exp log log10 rect sin sinh sqrt tan tanh",
    ),
    FLOAT: [
        cmath.phase,
        *_named(math, "dist fma fmod gamma hypot ldexp lgamma nextafter pow remainder ulp"),
    ],
    BOOL: [
        *_named(cmath, "isclose isfinite isinf isnan"),
        math.isclose,
    ],
    INT: _named(math, "comb factorial gcd isqrt lcm perm"),
}
TABLE: dict[Any, Callable[[Code, list[Value]], Value]] = {
    function: functools.partial(_call, function=function, result=result)
    for result, functions in _RESULTS.items()
    for function in functions
}
