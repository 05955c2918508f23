"""The arithmetic of numbers in a loop, with Python's rules for Python's and NumPy's for NumPy's.

In: a `Code` to write to, and values. Out: values. Whatever would be an error, a warning, or a
number outside 64 bits leaves the loop (`Code.leave_if`), and the original code does it. Flags of
the floating point unit are looked at when the loop has run, so nothing here looks at them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir

from .code import Code, NotTranslatedError, Value
from .kinds import B1, BOOL, F4, F8, FLOAT, I8, INT, NUMBERS, Number

_RANK = ("i1", "i2", "i4", "i8")
_EXACT = 2**53  # whole numbers up to here are floats exactly


def promoted(a: Number, b: Number) -> Number:
    """Return what two numbers become before NumPy's or Python's arithmetic joins them."""
    if a.is_python and b.is_python:
        if FLOAT in (a, b):
            return FLOAT
        return INT
    if a.is_python or b.is_python:
        weak, strong = (a, b) if a.is_python else (b, a)
        if strong == B1 and weak != BOOL:
            return F8 if weak == FLOAT else I8
        if weak == FLOAT and not strong.is_float:
            return F8
        return strong
    if B1 in (a, b) and a != b:
        return a if b == B1 else b
    if a == b:
        return a
    if a.is_float or b.is_float:
        if a.is_float and b.is_float:
            return F8
        real, whole = (a, b) if a.is_float else (b, a)
        return F4 if real == F4 and whole.name in ("i1", "u1", "i2", "u2") else F8
    return _wider(a, b)


def _wider(a: Number, b: Number) -> Number:
    if a.name[0] == b.name[0]:
        return max(a, b, key=lambda kind: int(kind.name[1]))
    signed, unsigned = (a, b) if a.name[0] == "i" else (b, a)
    size = max(int(signed.name[1]), 2 * int(unsigned.name[1]))
    if size > 8:
        raise NotTranslatedError("unsigned numbers of 64 bits")
    return NUMBERS[f"i{size}"]


# ---------------------------------------------------------------------- conversions


def converted(code: Code, value: Value, to: Number, *, exact: bool = False) -> Any:
    """Return the word of a number as one of another kind; where that fails, leave.

    With `exact`, also leave where a whole number is no float exactly.
    """
    kind, word = value.number, value.parts[0]
    if kind == to:
        return word
    if to.is_bool:
        raise NotTranslatedError("a number becomes a truth value")
    b = code.builder
    if kind.is_bool:
        return b.uitofp(word, code.type_of(to)) if to.is_float else b.zext(word, code.type_of(to))
    if to.is_float:
        if kind.is_float:
            source, target = code.type_of(kind), code.type_of(to)
            if source == target:
                return word
            if target == code.double:
                return b.fpext(word, target)
            single = b.fptrunc(word, target)  # which may be done beforehand, and raise nothing
            code.leave_unless_finite(single)
            return single
        wide = code.widened(value)
        if exact or (to == F4 and kind.itemsize == 8):  # which is rounded once
            code.leave_unless_between(wide, -_EXACT, _EXACT)
        real = b.sitofp(wide, code.double)
        return real if to != F4 else b.fptrunc(real, code.type_of(F4))
    if kind.is_float:
        raise NotTranslatedError("a float becomes an integer")
    wide = code.widened(value)
    return code.narrowed(wide, to, check=True)


def as_numpy(code: Code, value: Value, to: Number) -> Any:
    """Return the word of a number that becomes a float of NumPy.

    NumPy's floats are never known to LLVM, which would compute with them beforehand, and then they
    would raise no flag: those that are loaded aren't, as none that is known was ever stored, and
    neither is what is computed with one that isn't.
    """
    word = converted(code, value, to)
    is_known = not (value.number.is_float and not value.number.is_python)
    return code.at_run_time(word) if is_known and to.is_float else word


# ---------------------------------------------------------------------- operators


def binary(code: Code, name: str, x: Value, y: Value) -> Value:
    """Return what an operator gives for two numbers; `name` as module `operator` has it."""
    name = name.removeprefix("i_")
    if name in _BITS:
        return _bits(code, name, x, y)
    kind = promoted(x.number, y.number)
    if kind == B1:
        raise NotTranslatedError("arithmetic with NumPy's truth values")
    if name == "pow":
        return _power(code, x, y, kind)
    if name == "truediv" and not kind.is_float:
        kind = FLOAT if kind.is_python else F8
        a, b = (converted(code, v, kind, exact=kind.is_python) for v in (x, y))
    else:
        a, b = (converted(code, v, kind) for v in (x, y))
    if kind in (F4, F8) and not any(v.number in (F4, F8) for v in (x, y)):
        b = code.at_run_time(b)
    make = (_FLOATS if kind.is_float else _INTEGERS).get(name)
    if make is None:
        raise NotTranslatedError(f"the operator {name}")
    return Value(kind, (code.kept(make(code, a, b, kind), kind),))


def _add(code: Code, a: Any, b: Any, kind: Number) -> Any:
    return code.builder.fadd(a, b)


def _sub(code: Code, a: Any, b: Any, kind: Number) -> Any:
    return code.builder.fsub(a, b)


def _mul(code: Code, a: Any, b: Any, kind: Number) -> Any:
    return code.builder.fmul(a, b)


def _div(code: Code, a: Any, b: Any, kind: Number) -> Any:
    if kind.is_python:
        code.leave_if(code.builder.fcmp_ordered("==", b, code.real(0.0, kind)))
    return code.builder.fdiv(a, b)


def _float_mod(code: Code, a: Any, b: Any, kind: Number) -> Any:
    return _divmod(code, a, b, kind)[1]


def _float_floordiv(code: Code, a: Any, b: Any, kind: Number) -> Any:
    return _divmod(code, a, b, kind)[0]


def _divmod(code: Code, a: Any, b: Any, kind: Number) -> tuple[Any, Any]:
    """Divide as `float.__divmod__` and NumPy's `floor_divide` and `remainder` do, which agree."""
    if kind == F4:
        raise NotTranslatedError("a remainder of 32-bit floats")
    w, zero = code.builder, code.real(0.0, kind)
    code.leave_if(w.fcmp_unordered("==", b, zero))
    code.leave_unless_finite(a)
    code.leave_unless_finite(b)
    rest = w.frem(a, b)
    is_zero = w.fcmp_ordered("==", rest, zero)
    other_side = w.xor(w.fcmp_ordered("<", b, zero), w.fcmp_ordered("<", rest, zero))
    moved = w.and_(w.not_(is_zero), other_side)
    quotient = w.fdiv(w.fsub(a, rest), b)
    quotient = w.select(moved, w.fsub(quotient, code.real(1.0, kind)), quotient)
    rest = w.select(moved, w.fadd(rest, b), rest)
    rest = w.select(is_zero, code.call("copysign", zero, b), rest)
    whole = code.call("floor", quotient)
    up = w.fcmp_ordered(">", w.fsub(quotient, whole), code.real(0.5, kind))
    whole = w.select(up, w.fadd(whole, code.real(1.0, kind)), whole)
    none = w.fcmp_ordered("==", quotient, zero)
    return w.select(none, code.call("copysign", zero, w.fdiv(a, b)), whole), rest


def _checked(name: str) -> Callable[..., Any]:
    def make(code: Code, a: Any, b: Any, kind: Number) -> Any:
        return code.checked(name, a, b, is_signed=not kind.name.startswith("u"))

    return make


def _is_positive(word: Any) -> bool:
    """Whether a signed integer is known to be greater than zero."""
    return isinstance(word, ir.Constant) and bool(word.constant > 0)


def _leave_undivided(code: Code, a: Any, b: Any, kind: Number) -> None:
    """Leave where one integer can't be divided by another."""
    if _is_positive(b):
        return
    w = code.builder
    code.leave_if(w.icmp_signed("==", b, code.whole(0, kind)))
    if not kind.name.startswith("u"):
        is_least = w.icmp_signed("==", a, code.least(kind))
        code.leave_if(w.and_(w.icmp_signed("==", b, code.whole(-1, kind)), is_least))


def _is_off(code: Code, rest: Any, b: Any, kind: Number) -> Any:
    """Return whether C's rest of a division is another than Python's, as C rounds towards zero."""
    w, zero = code.builder, code.whole(0, kind)
    if _is_positive(b):
        return w.icmp_signed("<", rest, zero)
    is_inexact = w.icmp_signed("!=", rest, zero)
    return w.and_(is_inexact, w.icmp_signed("<", w.xor(rest, b), zero))


def _integer_floordiv(code: Code, a: Any, b: Any, kind: Number) -> Any:
    w = code.builder
    _leave_undivided(code, a, b, kind)
    if kind.name.startswith("u"):
        return w.udiv(a, b)
    quotient = w.sdiv(a, b)
    return w.sub(quotient, w.zext(_is_off(code, w.srem(a, b), b, kind), quotient.type))


def _integer_mod(code: Code, a: Any, b: Any, kind: Number) -> Any:
    w = code.builder
    _leave_undivided(code, a, b, kind)
    if kind.name.startswith("u"):
        return w.urem(a, b)
    rest = w.srem(a, b)
    return w.select(_is_off(code, rest, b, kind), w.add(rest, b), rest)


_FLOATS: dict[str, Callable[..., Any]] = {
    "add": _add,
    "sub": _sub,
    "mul": _mul,
    "truediv": _div,
    "mod": _float_mod,
    "floordiv": _float_floordiv,
}
_INTEGERS: dict[str, Callable[..., Any]] = {
    "add": _checked("add"),
    "sub": _checked("sub"),
    "mul": _checked("mul"),
    "floordiv": _integer_floordiv,
    "mod": _integer_mod,
}
_BITS = frozenset({"and_", "or_", "xor", "lshift", "rshift"})


def _bits(code: Code, name: str, x: Value, y: Value) -> Value:
    w = code.builder
    if x.number.is_bool and y.number.is_bool:
        if name.endswith("shift"):
            raise NotTranslatedError("a truth value is shifted")
        kind = BOOL if x.number == y.number == BOOL else B1
        return Value(kind, (getattr(w, name)(x.parts[0], y.parts[0]),))
    kind = promoted(x.number, y.number)
    if kind.is_float:
        raise NotTranslatedError(f"the operator {name} of floats")
    a, b = (converted(code, value, kind) for value in (x, y))
    if name in ("and_", "or_", "xor"):
        return Value(kind, (getattr(w, name)(a, b),))
    bits = code.type_of(kind).width
    limit = code.whole(bits - 1, kind)
    code.leave_if(w.icmp_unsigned(">", b, limit))
    if name == "rshift":
        return Value(kind, ((w.lshr if kind.name[0] == "u" else w.ashr)(a, b),))
    if kind.is_python:
        shifted = w.shl(a, b)
        code.leave_if(w.icmp_signed("!=", w.ashr(shifted, b), a))
        return Value(kind, (shifted,))
    return Value(kind, (w.shl(a, b),))


def _power(code: Code, x: Value, y: Value, kind: Number) -> Value:
    if kind in (FLOAT, F8) and all(v.number in (FLOAT, F8, INT) for v in (x, y)):
        a, b = (converted(code, value, kind) for value in (x, y))
        if kind == F8:
            a = code.at_run_time(a)
        return Value(
            kind, (_float_power(code, a, b, y) if kind == FLOAT else code.call("pow", a, b),)
        )
    exponent = y.constant
    if kind == INT and type(exponent) is int and 1 <= exponent <= 8:
        a = converted(code, x, kind)
        power = a
        for _ in range(exponent - 1):
            power = code.checked("mul", power, a, is_signed=True)
        return Value(kind, (power,))
    raise NotTranslatedError("a power of integers, or of 32-bit floats")


def _float_power(code: Code, a: Any, b: Any, exponent: Value) -> Any:
    """Return a power of Python's floats; leave where it may be an error or a complex number."""
    w, zero = code.builder, code.real(0.0, FLOAT)
    if exponent.number != INT:  # a negative base gives a complex number
        code.leave_if(w.fcmp_unordered("<=", a, zero))
        power = code.call("pow", a, b)
    else:
        negative = w.icmp_signed("<", exponent.parts[0], code.i64(0))
        code.leave_if(w.fcmp_unordered("uno", a, a))
        code.leave_if(w.and_(w.fcmp_ordered("==", a, zero), negative))
        power = code.call("pow", a, b)
    code.leave_unless_finite(power)
    return power


def unary(code: Code, name: str, x: Value) -> Value:
    """Return what an operator gives for one number."""
    kind, word, w = x.number, x.parts[0], code.builder
    if kind.is_bool:
        if kind == B1:
            if name == "invert":
                return Value(B1, (w.not_(word),))
            raise NotTranslatedError("arithmetic with NumPy's truth values")
        if name == "invert":
            raise NotTranslatedError("`~` of a truth value, which warns")
        kind, word = INT, w.zext(word, code.type_of(INT))
    if name == "pos":
        return Value(kind, (word,))
    if name == "neg" and kind.is_float:
        return Value(kind, (w.fneg(word),))
    if kind.is_float:
        raise NotTranslatedError(f"the operator {name} of floats")
    if name == "invert":
        return Value(kind, (w.not_(word),))
    if kind.name.startswith("u"):
        raise NotTranslatedError("an unsigned number is negated")
    code.leave_if(w.icmp_signed("==", word, code.least(kind)))
    return Value(kind, (w.neg(word),))


_SIGNS = {"lt": "<", "le": "<=", "eq": "==", "ne": "!=", "gt": ">", "ge": ">="}


def compare(code: Code, name: str, x: Value, y: Value) -> Value:
    """Return what a comparison of two numbers gives."""
    out = BOOL if x.number.is_python and y.number.is_python else B1
    sign = _SIGNS[name]
    if x.number.is_bool and y.number.is_bool:
        a, b = (code.builder.zext(v.parts[0], code.word) for v in (x, y))
        return Value(out, (code.builder.icmp_signed(sign, a, b),))
    if x.number.is_float or y.number.is_float:
        kind = promoted(x.number, y.number)
        exact = any(v.number == INT for v in (x, y))
        a, b = (converted(code, v, kind, exact=exact) for v in (x, y))
        if sign == "!=":
            return Value(out, (code.builder.fcmp_unordered(sign, a, b),))
        # LLVM's ordered comparisons raise no flag for quiet NaNs where C's `<` does; NumPy
        # clears it.
        return Value(out, (code.builder.fcmp_ordered(sign, a, b),))
    a, b = (
        code.widened(v) if not v.number.is_bool else code.builder.zext(v.parts[0], code.word)
        for v in (x, y)
    )
    return Value(out, (code.builder.icmp_signed(sign, a, b),))


def truth(code: Code, x: Value) -> Any:
    """Return whether a number is true, as a bit."""
    kind, word = x.number, x.parts[0]
    if kind.is_bool:
        return word
    if kind.is_float:
        return code.builder.fcmp_unordered("!=", word, code.real(0.0, kind))
    return code.builder.icmp_signed("!=", word, code.whole(0, kind))
