"""The formulas of complex arithmetic, and which of them Python and NumPy have here.

In: the name of an operator, the kind of its result, which operands are complex. Out: a formula, or
None. Versions differ (since 3.14 Python takes a real operand as it is), and so may compilers, which
join products and sums where a processor can. So each formula is tried on numbers first.

A formula takes and gives lists of parts. These are numbers, or words of LLVM's.
"""

from __future__ import annotations

import ctypes
import functools
import itertools
import math
import operator
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from .addresses import address_of
from .code import Code

Parts = list[Any]
Formula = Callable[[Parts, Parts], Parts]


class Real(NamedTuple):
    """A float that is computed in a kernel."""

    code: Code
    word: Any

    def _with(self, name: str, x: Any, y: Any) -> Real:
        words = [
            one.word if isinstance(one, Real) else self.word.type(float(one)) for one in (x, y)
        ]
        return Real(self.code, getattr(self.code.builder, name)(*words))

    def __add__(self, other: Any) -> Real:
        return self._with("fadd", self, other)

    def __radd__(self, other: Any) -> Real:
        return self._with("fadd", other, self)

    def __sub__(self, other: Any) -> Real:
        return self._with("fsub", self, other)

    def __rsub__(self, other: Any) -> Real:
        return self._with("fsub", other, self)

    def __mul__(self, other: Any) -> Real:
        return self._with("fmul", self, other)

    def __rmul__(self, other: Any) -> Real:
        return self._with("fmul", other, self)

    def __truediv__(self, other: Any) -> Real:
        return self._with("fdiv", self, other)

    def __rtruediv__(self, other: Any) -> Real:
        return self._with("fdiv", other, self)

    def __neg__(self) -> Real:
        return Real(self.code, self.code.builder.fneg(self.word))

    def __abs__(self) -> Real:
        return Real(self.code, self.code.call("fabs", self.word))

    def at_least(self, other: Real) -> Any:
        return self.code.builder.fcmp_ordered(">=", self.word, other.word)


def _pick(condition: Any, x: Any, y: Any) -> Any:
    if not isinstance(x, Real):
        return x if condition else y
    return Real(x.code, x.code.builder.select(condition, x.word, y.word))


def _larger_first(c: Any, d: Any) -> tuple[Any, Any, Any]:
    sizes = abs(c), abs(d)
    is_real = sizes[0].at_least(sizes[1]) if isinstance(c, Real) else sizes[0] >= sizes[1]
    return is_real, _pick(is_real, c, d), _pick(is_real, d, c)


def _sum(x: Parts, y: Parts) -> Parts:
    return [x[0] + y[0], x[1] + y[1]]


def _difference(x: Parts, y: Parts) -> Parts:
    return [x[0] - y[0], x[1] - y[1]]


def _product(x: Parts, y: Parts) -> Parts:
    (a, b), (c, d) = x, y
    return [a * c - b * d, a * d + b * c]


def _smith(x: Parts, y: Parts) -> tuple[Any, Any, Any]:
    """Return what is to be divided, and the divisor (R. L. Smith, CACM 5 (8), 1962)."""
    a, b = x
    is_real, larger, smaller = _larger_first(*y)
    ratio = smaller / larger
    first, second = _pick(is_real, a, b), _pick(is_real, b, a)
    turned = first * ratio
    imaginary = _pick(is_real, b, turned) - _pick(is_real, turned, a)
    return first + second * ratio, imaginary, larger + smaller * ratio


def _quotient(x: Parts, y: Parts) -> Parts:
    real, imaginary, below = _smith(x, y)
    return [real / below, imaginary / below]


def _scaled_quotient(x: Parts, y: Parts) -> Parts:
    real, imaginary, below = _smith(x, y)
    scale = 1.0 / below
    return [real * scale, imaginary * scale]


def _zero(like: Any) -> Any:
    return Real(like.code, like.word.type(0.0)) if isinstance(like, Real) else type(like)(0.0)


def _padded(formula: Formula) -> Formula:
    """Return a formula that takes real numbers as complex ones."""

    def padded(x: Parts, y: Parts) -> Parts:
        return formula(*([*given, _zero(given[0])][:2] for given in (x, y)))

    return padded


_FORMULAS: dict[str, list[Formula]] = {
    "add": [_padded(_sum)],
    "sub": [_padded(_difference)],
    "mul": [_padded(_product)],
    "truediv": [_padded(_quotient), _padded(_scaled_quotient)],
}
#: By which operands are complex: the formulas that take the other one as it is.
_MIXED: dict[tuple[str, bool, bool], Formula] = {
    ("add", True, False): lambda x, y: [x[0] + y[0], x[1]],
    ("add", False, True): lambda x, y: [x[0] + y[0], y[1]],
    ("sub", True, False): lambda x, y: [x[0] - y[0], x[1]],
    ("sub", False, True): lambda x, y: [x[0] - y[0], -y[1]],
    ("mul", True, False): lambda x, y: [x[0] * y[0], x[1] * y[0]],
    ("mul", False, True): lambda x, y: [x[0] * y[0], x[0] * y[1]],
    ("truediv", True, False): lambda x, y: [x[0] / y[0], x[1] / y[0]],
}
_TYPES: dict[str, tuple[Any, Any, Any]] = {  # and what has the arithmetic of the parts
    "complex": (complex, float, float),
    "c16": (np.complex128, np.float64, float),
    "c8": (np.complex64, np.float32, np.float32),
}


#: Parts of numbers whose powers are infinite, or NaN, in one part or in both.
_EXTREME = (0.0, -0.0, 1.0, -2.0, 1e30, 1e300, math.inf, -math.inf, math.nan)


def _numbers(kind: str) -> list[Parts]:
    """Return numbers to try, of parts of several sizes, and zeros of both signs."""
    part = _TYPES[kind][2]
    odd = [(0.0, -1.5), (-0.0, 2.5), (3.5, 0.0), (-2.5, -0.0), (1.0, 1.0), (-1.0, 1.0)]
    sizes = [(math.sin(1.7 * i) * 3.0 ** (i % 5 - 2), math.cos(2.3 * i)) for i in range(1, 25)]
    return [[part(one), part(other)] for one, other in (*odd, *sizes)]


def _same(number: Any, parts: Parts, kind: str) -> bool:
    make = _TYPES[kind][1]
    given = (number.real, number.imag) if len(parts) == 2 else (number,)
    pairs = zip(given, parts, strict=True)
    return all(
        (a != a and b != b) or np.array(make(a)).tobytes() == np.array(make(b)).tobytes()
        for a, b in pairs
    )


@functools.cache
def rule(name: str, kind: str, *which: bool) -> Formula | None:
    """Return the formula of an operator whose operands are complex or not, as `which` says."""
    make, real, _ = _TYPES[kind]
    candidates = [*_FORMULAS.get(name, ())]
    if (name, *which) in _MIXED:
        candidates.append(_MIXED[name, *which])  # type: ignore[index]
    function = getattr(operator, name)

    def agrees(formula: Formula) -> bool:
        for x, y in itertools.product(_numbers(kind), repeat=2):
            given = [
                [*parts][: 1 + is_whole] for parts, is_whole in zip((x, y), which, strict=True)
            ]
            if name == "truediv" and not any(given[1]):
                continue
            values = [make(*parts) if len(parts) == 2 else real(*parts) for parts in given]
            if not _same(function(*values), formula(*given), kind):
                return False
        return True

    with np.errstate(all="ignore"):
        return next(filter(agrees, candidates), None)


def _unless_zero(formula: Callable[[Parts], Parts]) -> Callable[[Parts], Parts]:
    """Return a formula that leaves no sign to a power of zero."""

    def unless(x: Parts) -> Parts:
        is_zero = not any(x)
        if isinstance(x[0], Real):
            b = x[0].code.builder
            is_zero = b.and_(*(b.fcmp_ordered("==", part.word, part.word.type(0.0)) for part in x))
        return [_pick(is_zero, _zero(part), part) for part in formula(x)]

    return unless


@functools.cache
def power_rule(exponent: int, kind: str) -> Callable[[Parts], Parts] | None:
    """Return the formula of a power whose exponent is a small integer."""

    def by_squares(x: Parts) -> Parts:
        power, rest = [1.0, 0.0], exponent
        while rest:
            if rest & 1:
                power = _product(power, x)
            x, rest = _product(x, x), rest >> 1
        return power

    def repeated(x: Parts) -> Parts:
        power = x
        for _ in range(exponent - 1):
            power = _product(x, power)
        return power

    make, _, part = _TYPES[kind]

    def agrees(formula: Callable[[Parts], Parts]) -> bool:
        return all(_same(make(*x) ** exponent, formula(x), kind) for x in numbers)

    with np.errstate(all="ignore"):
        # Powers of Python's that aren't finite raise.
        more = _EXTREME[:2] if kind == "complex" else _EXTREME
        numbers = [*_numbers(kind), *map(list, itertools.product(map(part, more), repeat=2))]
        formulas = (by_squares, repeated)
        return next(filter(agrees, (*formulas, *map(_unless_zero, formulas))), None)


@functools.cache
def libm_has_magnitude(kind: str) -> bool:
    """Whether `abs` gives what the function of the C library gives."""
    real = ctypes.c_float if kind == "c8" else ctypes.c_double
    address = address_of("hypotf" if kind == "c8" else "hypot")
    function = ctypes.CFUNCTYPE(real, real, real)(address)
    make = _TYPES[kind][0]
    return all(_same(abs(make(*x)), [function(*x)], kind) for x in _numbers(kind))
