"""Functions of module `math`, and what rounds.

In: a `Code` and numbers. Out: numbers. Arguments and results that aren't finite leave the loop:
what raises is among them.
"""

from __future__ import annotations

import builtins
import math
from collections.abc import Callable
from typing import Any

from . import arithmetic
from .code import Code, NotTranslatedError, Value, described, exactly
from .kinds import BOOL, F8, FLOAT, INT

Make = Callable[[Code, list[Value]], Value]


def integer(code: Code, args: list[Value]) -> Value:
    (arg,) = exactly(args)
    kind, word = arg.number, arg.parts[0]
    if not kind.is_float:
        return Value(INT, (arithmetic.converted(code, arg, INT),))
    word = arithmetic.converted(code, arg, F8)
    limit = code.real(2.0**62, F8)
    inside = code.builder.fcmp_ordered("<", code.call("fabs", word), limit)
    code.leave_if(code.builder.not_(inside))
    return Value(INT, (code.builder.fptosi(word, code.word),))


def _function(name: str, n: int = 1) -> Make:
    def make(code: Code, args: list[Value]) -> Value:
        words = [arithmetic.converted(code, arg, FLOAT) for arg in exactly(args, n)]
        if name in ("log", "log2", "log10"):
            positive = code.builder.fcmp_ordered(">", words[0], code.real(0.0, FLOAT))
            code.leave_if(code.builder.not_(positive))
        for word in words:
            code.leave_unless_finite(word)
        result = code.call(name, *words)
        code.leave_unless_finite(result)
        return Value(FLOAT, (result,))

    return make


def _logarithm(code: Code, args: list[Value]) -> Value:
    """Return the logarithm of a number, to the base e or another."""
    make = _function("log")
    if len(args) == 1:
        return make(code, args)
    logarithms = [make(code, [arg]) for arg in exactly(args, 2)]
    return arithmetic.binary(code, "truediv", *logarithms)


def _rounded(name: str) -> Make:
    """Return what rounds a float to an integer of Python."""

    def make(code: Code, args: list[Value]) -> Value:
        (arg,) = exactly(args)
        if not arg.number.is_python and arg.number != F8:
            raise NotTranslatedError(f"rounding {described(arg.kind)}")
        if arg.number.is_float:
            arg = Value(arg.kind, (code.call(name, arg.parts[0]),))
        return integer(code, [arg])

    return make


def _test(name: str) -> Make:
    def make(code: Code, args: list[Value]) -> Value:
        (word,) = (arithmetic.converted(code, arg, FLOAT) for arg in exactly(args))
        b, infinity = code.builder, code.real(float("inf"), FLOAT)
        if name == "isnan":
            return Value(BOOL, (b.fcmp_unordered("uno", word, word),))
        sign = "==" if name == "isinf" else "<"
        return Value(BOOL, (b.fcmp_ordered(sign, code.call("fabs", word), infinity),))

    return make


def _scaled(factor: float) -> Make:
    def make(code: Code, args: list[Value]) -> Value:
        (word,) = (arithmetic.converted(code, arg, FLOAT) for arg in exactly(args))
        return Value(FLOAT, (code.builder.fmul(word, code.real(factor, FLOAT)),))

    return make


#: Functions of the C library that `math` calls with the number itself.
_OF_ONE = (
    "sqrt", "fabs", "exp", "exp2", "expm1", "log", "log2", "log10", "log1p", "sin", "cos", "tan",
    "asin", "acos", "atan", "sinh", "cosh", "tanh", "asinh", "acosh", "atanh", "erf", "erfc",
    "cbrt",
)  # fmt: skip
TABLE: dict[Any, Make] = {
    **{getattr(math, name): _function(name) for name in _OF_ONE if hasattr(math, name)},
    math.log: _logarithm,
    math.atan2: _function("atan2", 2),
    math.copysign: _function("copysign", 2),
    builtins.round: _rounded("rint"),
    math.floor: _rounded("floor"),
    math.ceil: _rounded("ceil"),
    math.trunc: _rounded("trunc"),
    math.isnan: _test("isnan"),
    math.isinf: _test("isinf"),
    math.isfinite: _test("isfinite"),
    math.radians: _scaled(math.pi / 180.0),
    math.degrees: _scaled(180.0 / math.pi),
}
