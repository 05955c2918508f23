"""Calls of builtins, of module `math` and of NumPy's functions of one number.

In: a `Code`, the callable and its arguments. Out: the value. A table by the object that is called:
a name is not an identity.
"""

from __future__ import annotations

import builtins
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from . import arithmetic, iteration, lazy, sequences
from .code import Code, NotTranslatedError, Value, described
from .kinds import BOOL, F4, F8, FLOAT, INT, NUMBERS, RANGE, Array, Known, Tuple


def call(code: Code, callee: Value, args: list[Value]) -> Value:
    """Return what a call gives."""
    if isinstance(callee.kind, Known):
        try:
            make = _TABLE.get(callee.kind.value)
        except TypeError:
            make = None
        if make is not None:
            return make(code, args)
    raise NotTranslatedError(f"a call of {described(callee.kind)}")


def product(code: Code, x: Value, y: Value, *, is_dot: bool) -> Value:
    """Return the product of two vectors, as NumPy's `dot` and `matmul` compute it."""
    if not (isinstance(x.kind, Array) and isinstance(y.kind, Array)):
        raise NotTranslatedError("a product of anything but arrays")
    if not (x.kind.ndim == y.kind.ndim == 1 and x.kind.dtype in ("f8", "f4")):
        raise NotTranslatedError("a product of anything but two vectors of floats")
    if x.kind.dtype != y.kind.dtype:
        raise NotTranslatedError("a product of vectors of different dtypes")
    number = NUMBERS[x.kind.dtype]
    b = code.builder
    code.leave_if(b.icmp_signed("!=", x.parts[2], y.parts[2]))
    for value in (x, y):
        if is_dot:  # which copies these first
            code.leave_if(b.icmp_signed("<=", value.parts[3], code.i64(0)))
    return Value(number, (code.dot(number, x.parts, y.parts),))


def _range(code: Code, args: list[Value]) -> Value:
    if not 1 <= len(args) <= 3:
        raise NotTranslatedError("a range of other arguments")
    if not all(arg.number.is_integer for arg in args):
        raise NotTranslatedError("a range of numbers that aren't integers")
    given = [code.widened(arg) for arg in args]
    if len(given) == 1:
        given.insert(0, code.i64(0))
    if len(given) == 2:
        given.append(code.i64(1))
    if not all(arg.number == INT for arg in args):
        raise NotTranslatedError("a range of NumPy's integers")
    return Value(RANGE, tuple(given))


def _len(code: Code, args: list[Value]) -> Value:
    (arg,) = args
    if isinstance(arg.kind, Tuple):
        return code.constant(len(arg.kind.items))
    return Value(INT, (sequences.length(code, arg),))


def _abs(code: Code, args: list[Value]) -> Value:
    (arg,) = args
    kind, word = arg.number, arg.parts[0]
    if kind.is_float:
        return Value(kind, (code.call("fabs", word),))
    if kind == BOOL:
        return Value(INT, (arithmetic.converted(code, arg, INT),))
    if kind.is_bool or kind.name.startswith("u"):
        raise NotTranslatedError("the absolute value of an unsigned number")
    negated = arithmetic.unary(code, "neg", arg).parts[0]
    is_less = code.builder.icmp_signed("<", word, code.whole(0, kind))
    return Value(kind, (code.builder.select(is_less, negated, word),))


def _chosen(sign: str) -> Callable[[Code, list[Value]], Value]:
    def make(code: Code, args: list[Value]) -> Value:
        if len(args) < 2 or len({arg.kind for arg in args}) != 1:
            raise NotTranslatedError("the least or greatest of numbers of several kinds")
        best = args[0]
        for arg in args[1:]:
            better = arithmetic.compare(code, sign, arg, best).parts[0]
            word = code.builder.select(better, arg.parts[0], best.parts[0])
            best = Value(arg.kind, (word,))
        return best

    return make


def _int(code: Code, args: list[Value]) -> Value:
    (arg,) = args
    kind, word = arg.number, arg.parts[0]
    if not kind.is_float:
        return Value(INT, (arithmetic.converted(code, arg, INT),))
    word = arithmetic.converted(code, arg, F8)
    limit = code.real(2.0**62, F8)
    inside = code.builder.fcmp_ordered("<", code.call("fabs", word), limit)
    code.leave_if(code.builder.not_(inside))
    return Value(INT, (code.builder.fptosi(word, code.word),))


def _float(code: Code, args: list[Value]) -> Value:
    (arg,) = args
    return Value(FLOAT, (arithmetic.converted(code, arg, FLOAT),))


def _bool(code: Code, args: list[Value]) -> Value:
    (arg,) = args
    return Value(BOOL, (arithmetic.truth(code, arg),))


def _f8(code: Code, args: list[Value]) -> Value:
    (arg,) = args
    return Value(F8, (arithmetic.as_numpy(code, arg, F8),))


def _of_math(name: str) -> Callable[[Code, list[Value]], Value]:
    def make(code: Code, args: list[Value]) -> Value:
        words = [arithmetic.converted(code, arg, FLOAT) for arg in args]
        if name == "log":
            positive = code.builder.fcmp_ordered(">", words[0], code.real(0.0, FLOAT))
            code.leave_if(code.builder.not_(positive))
        for word in words:
            code.leave_unless_finite(word)
        result = code.call(name, *words)
        code.leave_unless_finite(result)
        return Value(FLOAT, (result,))

    return make


def _of_numpy(name: str) -> Callable[[Code, list[Value]], Value]:
    def make(code: Code, args: list[Value]) -> Value:
        (arg,) = args
        if lazy.is_array(arg):
            return lazy.unary(name, arg)
        kind = arg.number
        if kind == F4:
            return Value(F4, (code.call(name, arg.parts[0]),))
        if kind in (FLOAT, F8) or (name == "sqrt" and kind.name in ("int", "i8", "i4", "u4")):
            return Value(F8, (code.call(name, arithmetic.as_numpy(code, arg, F8)),))
        raise NotTranslatedError(f"np.{name} of {described(kind)}")

    return make


def _np_abs(code: Code, args: list[Value]) -> Value:
    (arg,) = args
    if lazy.is_array(arg):
        return lazy.unary("fabs", arg)
    kind = arg.number
    if kind not in (FLOAT, F8, F4):
        raise NotTranslatedError(f"np.abs of {described(kind)}")
    word = arithmetic.as_numpy(code, arg, F8 if kind == FLOAT else kind)
    return Value(F8 if kind == FLOAT else kind, (code.call("fabs", word),))


def _np_chosen(sign: str) -> Callable[[Code, list[Value]], Value]:
    def make(code: Code, args: list[Value]) -> Value:
        x, y = args
        kind = arithmetic.promoted(x.number, y.number)
        if kind == FLOAT:
            kind = F8
        if kind not in (F8, F4):
            raise NotTranslatedError("np.maximum or np.minimum of integers")
        a, b = (arithmetic.converted(code, value, kind) for value in (x, y))
        for word in (a, b):  # NaN, and zeros of two signs, as NumPy's loop has them
            code.leave_if(code.builder.fcmp_unordered("uno", word, word))
        code.leave_if(
            code.builder.and_(
                code.builder.fcmp_ordered("==", a, b),
                code.builder.fcmp_ordered("==", a, code.real(0.0, kind)),
            )
        )
        better = code.builder.fcmp_ordered(sign, a, b)
        word = code.builder.select(better, a, b)
        return Value(kind, (code.at_run_time(word) if kind == F8 else word,))

    return make


_TABLE: dict[Any, Callable[[Code, list[Value]], Value]] = {
    builtins.range: _range,
    builtins.enumerate: iteration.enumerated,
    builtins.zip: iteration.zipped,
    builtins.reversed: iteration.backwards,
    builtins.len: _len,
    builtins.abs: _abs,
    builtins.min: _chosen("lt"),
    builtins.max: _chosen("gt"),
    builtins.int: _int,
    builtins.float: _float,
    builtins.bool: _bool,
    math.sqrt: _of_math("sqrt"),
    math.fabs: _of_math("fabs"),
    math.exp: _of_math("exp"),
    math.log: _of_math("log"),
    math.sin: _of_math("sin"),
    math.cos: _of_math("cos"),
    math.tan: _of_math("tan"),
    math.atan: _of_math("atan"),
    math.tanh: _of_math("tanh"),
    np.sqrt: _of_numpy("sqrt"),
    np.floor: _of_numpy("floor"),
    np.ceil: _of_numpy("ceil"),
    np.abs: _np_abs,
    np.fabs: _np_abs,
    np.maximum: _np_chosen(">"),
    np.minimum: _np_chosen("<"),
    np.float64: _f8,
}
