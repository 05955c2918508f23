"""Calls of builtins, of module `math` and of NumPy's functions of one number.

In: a `Code`, the callable and its arguments. Out: the value. A table by the object that is called:
a name is not an identity.
"""

from __future__ import annotations

import builtins
import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from . import arithmetic, complexes, iteration, lazy, maths, operators, originals, sequences, ufuncs
from .code import Code, NotTranslatedError, Value, described, exactly, tuple_of
from .kinds import (
    B1,
    BOOL,
    DTYPES,
    F4,
    F8,
    FLOAT,
    INT,
    NUMBERS,
    RANGE,
    Array,
    Complex,
    Known,
    Number,
    Tuple,
)


def call(code: Code, callee: Value, args: list[Value]) -> Value:
    """Return what a call gives."""
    if isinstance(callee.kind, Known):
        try:
            make = _TABLE.get(callee.kind.value)
        except TypeError:
            make = None
        if make is not None:
            return make(code, args)
        if ufuncs.is_ufunc(callee.kind.value):
            return ufuncs.call(code, callee.kind.value, args)
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
    words = [code.widened(arg) for arg in args]
    if len(words) == 1:
        words.insert(0, code.i64(0))
    if len(words) == 2:
        words.append(code.i64(1))
    return Value(RANGE, tuple(words))


def _len(code: Code, args: list[Value]) -> Value:
    (arg,) = exactly(args)
    if isinstance(arg.kind, Tuple):
        return code.constant(len(arg.kind.items))
    return Value(INT, (sequences.length(code, arg),))


def _abs(code: Code, args: list[Value]) -> Value:
    (arg,) = exactly(args)
    if complexes.is_complex(arg):
        return complexes.magnitude(code, arg)
    kind, word = arg.number, arg.parts[0]
    if kind.is_float:
        return Value(kind, (code.call("fabs", word),))
    if kind == BOOL:
        return Value(INT, (arithmetic.converted(code, arg, INT),))
    if kind.is_bool or kind.name.startswith("u"):
        raise NotTranslatedError("the absolute value of an unsigned number")
    negated = operators.unary(code, "neg", arg).parts[0]
    is_less = code.builder.icmp_signed("<", word, code.whole(0, kind))
    return Value(kind, (code.builder.select(is_less, negated, word),))


def _chosen(sign: str) -> Callable[[Code, list[Value]], Value]:
    def make(code: Code, args: list[Value]) -> Value:
        if len(args) < 2 or len({arg.kind for arg in args}) != 1:
            raise NotTranslatedError("the least or greatest of numbers of several kinds")
        best = args[0]
        for arg in args[1:]:
            better = operators.compare(code, sign, arg, best).parts[0]
            word = code.builder.select(better, arg.parts[0], best.parts[0])
            best = Value(arg.kind, (word,))
        return best

    return make


def _float(code: Code, args: list[Value]) -> Value:
    (arg,) = exactly(args)
    return Value(FLOAT, (arithmetic.converted(code, arg, FLOAT),))


def _index(code: Code, args: list[Value]) -> Value:
    (arg,) = args
    if not arg.number.is_integer and arg.number != BOOL:
        raise NotTranslatedError(f"operator.index of {described(arg.kind)}")
    return Value(INT, (arithmetic.converted(code, arg, INT),))


def _bool(code: Code, args: list[Value]) -> Value:
    (arg,) = exactly(args)
    return Value(BOOL, (operators.truth(code, arg),))


def _of_numpy(name: str) -> Callable[[Code, list[Value]], Value]:
    def make(code: Code, args: list[Value]) -> Value:
        (arg,) = exactly(args)
        if lazy.is_array(arg):
            return lazy.unary(name, arg)
        if complexes.is_complex(arg):
            return ufuncs.call(code, getattr(np, name), args)
        kind = arg.number
        if kind == F4:
            return Value(F4, (code.kept(code.call(name, arg.parts[0]), F4),))
        if kind in (FLOAT, F8) or (name == "sqrt" and kind.name in ("int", "i8", "i4", "u4")):
            word = code.call(name, arithmetic.as_numpy(code, arg, F8))
            return Value(F8, (code.kept(word, F8),))
        return ufuncs.call(code, getattr(np, name), args)

    return make


def _np_abs(ufunc: np.ufunc) -> Callable[[Code, list[Value]], Value]:
    def make(code: Code, args: list[Value]) -> Value:
        (arg,) = exactly(args)
        if lazy.is_array(arg):
            return lazy.unary("fabs", arg)
        if arg.kind not in (FLOAT, F8, F4):
            return ufuncs.call(code, ufunc, args)
        kind = arg.number
        word = arithmetic.as_numpy(code, arg, F8 if kind == FLOAT else kind)
        return Value(F8 if kind == FLOAT else kind, (code.call("fabs", word),))

    return make


def _np_chosen(sign: str, ufunc: np.ufunc) -> Callable[[Code, list[Value]], Value]:
    def make(code: Code, args: list[Value]) -> Value:
        numbers = {arg.kind for arg in args}
        if numbers not in ({F8}, {F4}):
            return ufuncs.call(code, ufunc, args)
        kind = args[0].number
        a, b = (arg.parts[0] for arg in exactly(args, 2))
        for word in (a, b):  # NaN, and zeros of two signs, as NumPy's loop has them
            code.leave_if(code.builder.fcmp_unordered("uno", word, word))
        code.leave_if(
            code.builder.and_(
                code.builder.fcmp_ordered("==", a, b),
                code.builder.fcmp_ordered("==", a, code.real(0.0, kind)),
            )
        )
        better = code.builder.fcmp_ordered(sign, a, b)
        return Value(kind, (code.builder.select(better, a, b),))

    return make


def _made(to: Number) -> Callable[[Code, list[Value]], Value]:
    """Return what makes a NumPy scalar of a number."""

    def make(code: Code, args: list[Value]) -> Value:
        (arg,) = exactly(args)
        if isinstance(to, Complex):
            return complexes.made_of_numpy(code, args, to)
        if arg.number.is_float and not to.is_float:
            arg = maths.integer(code, args)
        if not to.is_float and not arg.number.is_python and arg.number != to:
            wide = NUMBERS["i8"]
            arg = Value(wide, (arithmetic.converted(code, arg, wide),))
        return Value(to, (arithmetic.as_numpy(code, arg, to),))

    return make


def _np_bool(code: Code, args: list[Value]) -> Value:
    (arg,) = exactly(args)
    return Value(B1, (operators.truth(code, arg),))


def _operator(name: str) -> Callable[[Code, list[Value]], Value]:
    return lambda code, args: operators.binary(code, name, *exactly(args, 2))


def _part(name: str) -> Callable[[Code, list[Value]], Value]:
    return lambda code, args: complexes.attribute(exactly(args)[0], name)


def _divmod(code: Code, args: list[Value]) -> Value:
    x, y = exactly(args, 2)
    return tuple_of([operators.binary(code, name, x, y) for name in ("floordiv", "mod")])


_TABLE: dict[Any, Callable[[Code, list[Value]], Value]] = {
    builtins.range: _range,
    builtins.enumerate: iteration.enumerated,
    builtins.zip: iteration.zipped,
    builtins.reversed: iteration.backwards,
    builtins.len: _len,
    builtins.abs: _abs,
    builtins.min: _chosen("lt"),
    builtins.max: _chosen("gt"),
    builtins.int: maths.integer,
    builtins.float: _float,
    builtins.bool: _bool,
    operator.index: _index,
    builtins.complex: complexes.made,
    np.real: _part("real"),
    np.imag: _part("imag"),
    builtins.divmod: _divmod,
    builtins.pow: _operator("pow"),
    **maths.TABLE,
    **originals.TABLE,
    np.sqrt: _of_numpy("sqrt"),
    np.floor: _of_numpy("floor"),
    np.ceil: _of_numpy("ceil"),
    np.abs: _np_abs(np.absolute),
    np.fabs: _np_abs(np.fabs),
    np.maximum: _np_chosen(">", np.maximum),
    np.minimum: _np_chosen("<", np.minimum),
    np.bool_: _np_bool,
    **{np.dtype(name).type: _made(NUMBERS[name]) for name in DTYPES if name != "b1"},
}
