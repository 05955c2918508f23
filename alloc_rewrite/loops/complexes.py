"""Complex numbers in a loop: Python's by Python's rules, NumPy's scalars by NumPy's.

In: a `Code`, numbers of which one is complex. Out: numbers. What Python would raise leaves the
loop, and so does what becomes NaN in both parts, which some versions repair.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..interpreter import VERSION
from . import arithmetic
from .code import Code, NotTranslatedError, Value, described
from .complex_rules import Real, libm_has_magnitude, power_rule, rule
from .kinds import B1, BOOL, COMPLEX, F8, FLOAT, INT, NUMBERS, Complex, Kind, Number

_PYTHONS: dict[str, Any] = {"int": 1, "float": 1.0, "complex": 1j}
_KINDS = {np.dtype(name): NUMBERS[name] for name in ("c16", "c8")}


def is_complex(*values: Value) -> bool:
    """Whether one of some values is a complex number."""
    return any(isinstance(value.kind, Complex) for value in values)


def promoted(x: Kind, y: Kind) -> Complex:
    """Return what two numbers become, in this order: a `complex` comes first where it is left."""
    kinds = [kind for kind in (x, y) if isinstance(kind, Number)]
    if len(kinds) != 2:
        raise NotTranslatedError("arithmetic of a complex number and something else")
    if all(kind.is_python for kind in kinds) or (x == COMPLEX and y == F8):
        return COMPLEX
    given = [_PYTHONS.get(kind.name) or np.dtype(_dtype(kind)) for kind in kinds]
    found = _KINDS[np.result_type(*given)]
    assert isinstance(found, Complex)
    return found


def _dtype(kind: Number) -> str:
    return "?" if kind.is_bool else kind.name


def words(code: Code, value: Value, to: Complex) -> tuple[Any, ...]:
    """Return the words of a number as one of a complex kind: of a real number, only one."""
    if not isinstance(value.kind, Complex):
        return (arithmetic.as_numpy(code, value, to.part),)
    parts = [Value(value.kind.part, (part,)) for part in value.parts]
    return tuple(arithmetic.as_numpy(code, part, to.part) for part in parts)


def both_words(code: Code, value: Value, to: Complex) -> tuple[Any, ...]:
    """Return both words of a number as one of a complex kind."""
    return (*words(code, value, to), code.real(0.0, to.part))[:2]


def converted(code: Code, value: Value, to: Number) -> tuple[Any, ...]:
    """Return the words of a number as one of any kind."""
    if isinstance(to, Complex):
        return both_words(code, value, to)
    return (arithmetic.converted(code, value, to),)


def converted_to_numpy(code: Code, value: Value, to: Number) -> tuple[Any, ...]:
    """Return the words of a number that becomes one of NumPy's."""
    if isinstance(to, Complex):
        return both_words(code, value, to)
    return (arithmetic.as_numpy(code, value, to),)


def binary(code: Code, name: str, x: Value, y: Value) -> Value:
    """Return what an operator gives for two numbers."""
    name = name.removeprefix("i_")
    kind = promoted(x.kind, y.kind)
    if name == "pow":
        return _power(code, x, y, kind)
    kinds = tuple(isinstance(value.kind, Complex) for value in (x, y))
    found = rule(name, kind.name, *kinds)
    if found is None:
        raise NotTranslatedError(f"the operator {name} of {described(x.kind)}, {described(y.kind)}")
    a, b = (words(code, value, kind) for value in (x, y))
    if name == "truediv":
        _leave_unless_positive(code, b)
    made = found(*([Real(code, word) for word in given] for given in (a, b)))
    return _finished(code, kind, [part.word for part in made], name in ("mul", "truediv"))


def _finished(code: Code, kind: Complex, parts: list[Any], is_repaired: bool) -> Value:
    b = code.builder
    if kind.is_python and is_repaired:
        code.leave_if(b.and_(*(b.fcmp_unordered("uno", part, part) for part in parts)))
    return Value(kind, tuple(code.kept(part, kind.part) for part in parts))


def _leave_unless_positive(code: Code, divisor: tuple[Any, ...]) -> None:
    """Leave where a divisor is zero, or has a NaN."""
    b = code.builder
    sizes = [code.call("fabs", word) for word in divisor]
    largest = sizes[0]
    for size in sizes[1:]:
        largest = b.select(b.fcmp_unordered("ugt", size, largest), size, largest)
        code.leave_if(b.fcmp_unordered("uno", size, sizes[0]))
    zero = largest.type(0.0)
    code.leave_if(b.not_(b.fcmp_ordered(">", largest, zero)))


def _power(code: Code, x: Value, y: Value, kind: Complex) -> Value:
    exponent = y.constant
    is_plain = x.kind == kind and y.kind == INT and type(exponent) is int
    found = power_rule(exponent, kind.name) if is_plain and 2 <= exponent <= 8 else None
    if found is None:
        raise NotTranslatedError("such a power of a complex number")
    parts = [part.word for part in found([Real(code, word) for word in x.parts])]
    if kind.is_python:
        for part in parts:
            code.leave_unless_finite(part)
    return _finished(code, kind, parts, False)


def unary(code: Code, name: str, x: Value) -> Value:
    """Return what an operator gives for one number."""
    if name not in ("neg", "pos"):
        raise NotTranslatedError(f"the operator {name} of a complex number")
    parts = map(code.builder.fneg, x.parts) if name == "neg" else x.parts
    return Value(x.kind, tuple(parts))


def compare(code: Code, name: str, x: Value, y: Value) -> Value:
    """Return whether two numbers are equal, or differ."""
    if name not in ("eq", "ne"):
        raise NotTranslatedError("complex numbers are ordered")
    kind = promoted(x.kind, y.kind)
    given = []
    for value in (x, y):
        if value.kind == INT:
            word = arithmetic.converted(code, value, kind.part, exact=True)
            given.append((word, code.real(0.0, kind.part)))
        else:
            given.append(both_words(code, value, kind))
    b = code.builder
    equal = b.and_(*(b.fcmp_ordered("==", one, other) for one, other in zip(*given, strict=True)))
    return Value(BOOL if kind == COMPLEX else B1, (equal if name == "eq" else b.not_(equal),))


def truth(code: Code, x: Value) -> Any:
    """Return whether a complex number is true, as a bit."""
    b = code.builder
    return b.or_(*(b.fcmp_unordered("!=", part, part.type(0.0)) for part in x.parts))


# ---------------------------------------------------------------------- calls


def magnitude(code: Code, x: Value) -> Value:
    """Return `abs` of a complex number."""
    kind = x.kind
    assert isinstance(kind, Complex)
    if not libm_has_magnitude(kind.name):
        raise NotTranslatedError("the absolute value of a complex number")
    if kind.is_python:
        for part in x.parts:
            code.leave_unless_finite(part)
    size = code.call("hypotf" if kind.name == "c8" else "hypot", *x.parts)
    if kind.is_python:
        code.leave_unless_finite(size)
    return Value(kind.part, (code.kept(size, kind.part),))


def attribute(x: Value, name: str) -> Value:
    """Return the real or the imaginary part."""
    kind = x.kind
    if not isinstance(kind, Complex) or name not in ("real", "imag"):
        raise NotTranslatedError(f"the attribute {name} of {described(kind)}")
    return Value(kind.part, (x.parts[name == "imag"],))


def conjugate(code: Code, x: Value, args: list[Value]) -> Value:
    """Return the conjugate."""
    if args:
        raise NotTranslatedError("a conjugate with arguments")
    return Value(x.kind, (x.parts[0], code.builder.fneg(x.parts[1])))


def made(code: Code, args: list[Value]) -> Value:
    """Return `complex(...)` of one or two numbers."""
    if is_complex(*args[:1]) and len(args) == 1 and args[0].kind.name != "c8":  # type: ignore[attr-defined]
        return Value(COMPLEX, args[0].parts)
    if not 1 <= len(args) <= 2 or (is_complex(*args) and VERSION >= (3, 14)):
        raise NotTranslatedError("`complex` with other arguments")
    parts = [arithmetic.converted(code, arg, FLOAT) for arg in args]
    return Value(COMPLEX, (*parts, code.real(0.0, FLOAT))[:2])


def made_of_numpy(code: Code, args: list[Value], to: Complex) -> Value:
    """Return a complex scalar of NumPy, made of a number."""
    (arg,) = args
    return Value(to, both_words(code, arg, to))
