"""The operations on complex numbers: LLVM's code for the formulas of NumPy's loops.

In: values and names of operations. Out: values. It must not know pieces.
"""

from __future__ import annotations

from collections.abc import Callable

from .operations import Emitter
from .rules import COMPLEX, PART
from .writer import Value, complex_of


class ComplexEmitter(Emitter):
    """Writes operations, those on complex numbers too."""

    def operation(self, name: str, arguments: list[Value], made: str) -> Value:
        """Add an operation by its name in `rules`."""
        if made not in COMPLEX and not any(value.type in COMPLEX for value in arguments):
            return super().operation(name, arguments, made)
        if name == "cast":
            return self._cast_to_complex(arguments[0], made)
        if name == "select":
            bit = self._bit(arguments[0])
            return _by_part(lambda one, other: self._select(bit, one, other), *arguments[1:])
        if name.startswith("logical_"):
            return self._logical(name, [self._bit(value) for value in arguments])
        return _CODE[name](self, *arguments)

    def _bit(self, value: Value) -> Value:
        """Return whether a value is not zero, as bits."""
        bit = super()._bit
        if value.type not in COMPLEX:
            return bit(value)
        return self._logical("logical_or", [bit(part) for part in value.parts()])

    def _cast_to_complex(self, value: Value, made: str) -> Value:
        part = PART[made]
        if value.type in COMPLEX:
            return _by_part(lambda one: self._cast(one, part), value)
        real = self._cast(value, part)
        return complex_of(real, self._constant(real, 0))

    def _equality(self, name: str, one: Value, other: Value) -> Value:
        pairs = zip(one.parts(), other.parts(), strict=True)
        bits = [self._comparison(name, *pair) for pair in pairs]
        return self._logical("logical_and" if name == "equal" else "logical_or", bits)

    def _product(self, one: Value, other: Value) -> Value:
        (a, b), (c, d) = one.parts(), other.parts()
        product = self._strict
        return complex_of(
            product("fsub", product("fmul", a, c), product("fmul", b, d)),
            product("fadd", product("fmul", a, d), product("fmul", b, c)),
        )

    def _fused_product(self, one: Value, other: Value) -> Value:
        """Multiply where each part is rounded once after the second product."""
        (a, b), (c, d) = one.parts(), other.parts()
        taken = self._negative_of_float(self._strict("fmul", b, d))
        return complex_of(
            self._strict("fma", a, c, taken),
            self._strict("fma", a, d, self._strict("fmul", b, c)),
        )

    def _larger_first(self, predicate: str, value: Value) -> tuple[Value, Value, Value]:
        """Return whether the real part is the larger one, the larger part, and the other."""
        real, imaginary = value.parts()
        magnitudes = (self._absolute_of_float(part) for part in (real, imaginary))
        is_real = self._compare(predicate, *magnitudes, quiet=False)
        larger = self._select(is_real, real, imaginary)
        return is_real, larger, self._select(is_real, imaginary, real)

    def _quotient(self, one: Value, other: Value) -> Value:
        """Divide by Smith's method; by zero each part by itself."""
        a, b = one.parts()
        is_real, larger, smaller = self._larger_first("oge", other)
        zero, unit = self._constant(a, 0), self._constant(a, 1)
        is_zero = self._logical("logical_and", [is_real, self._compare("oeq", larger, zero)])
        ratio = self._strict("fdiv", smaller, self._select(is_zero, unit, larger))
        below = self._strict("fadd", larger, self._strict("fmul", smaller, ratio))
        scale = self._strict("fdiv", unit, self._select(is_zero, zero, below))
        first, second = self._select(is_real, a, b), self._select(is_real, b, a)
        real = self._strict("fadd", first, self._strict("fmul", second, ratio))
        turned = self._strict("fmul", first, ratio)
        imaginary = self._strict(
            "fsub", self._select(is_real, b, turned), self._select(is_real, turned, a)
        )
        return complex_of(
            self._strict("fmul", self._select(is_zero, a, real), scale),
            self._strict("fmul", self._select(is_zero, b, imaginary), scale),
        )

    def _reciprocal(self, one: Value) -> Value:
        is_real, larger, smaller = self._larger_first("oge", one)
        unit = self._constant(larger, 1)
        ratio = self._strict("fdiv", smaller, larger)
        below = self._strict("fadd", larger, self._strict("fmul", smaller, ratio))
        above = self._select(is_real, unit, ratio), self._select(is_real, ratio, unit)
        return complex_of(
            self._strict("fdiv", above[0], below),
            self._strict("fdiv", self._negative_of_float(above[1]), below),
        )

    def _conjugate(self, one: Value) -> Value:
        real, imaginary = one.parts()
        return complex_of(real, self._negative_of_float(imaginary))


def _by_part(code: Callable[..., Value], *values: Value) -> Value:
    """Do the same to the real and to the imaginary parts."""
    real, imaginary = (
        code(*parts) for parts in zip(*(value.parts() for value in values), strict=True)
    )
    return complex_of(real, imaginary)


_E = ComplexEmitter

_CODE: dict[str, Callable[..., Value]] = {
    "add": lambda e, x, y: _by_part(lambda a, b: e._strict("fadd", a, b), x, y),
    "subtract": lambda e, x, y: _by_part(lambda a, b: e._strict("fsub", a, b), x, y),
    "multiply": _E._product,
    "multiply_fused": _E._fused_product,
    "square": lambda e, x: e._product(x, x),
    "square_fused": lambda e, x: e._fused_product(x, x),
    "divide": _E._quotient,
    "reciprocal": _E._reciprocal,
    "negative": lambda e, x: _by_part(e._negative_of_float, x),
    "conjugate": _E._conjugate,
    "copy": lambda e, x: x,
    "equal": lambda e, x, y: e._equality("equal", x, y),
    "not_equal": lambda e, x, y: e._equality("not_equal", x, y),
}
