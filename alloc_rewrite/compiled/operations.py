"""The operations on values: LLVM's code for what `rules` names.

In: values and names of operations. Out: values. It must not know pieces.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .rules import BOOL, FLOATS, SIGNED
from .writer import Value, Writer, item_of, suffix_of, vector_of

_STRICT = '!"fpexcept.strict"'
_ROUNDED = '!"round.dynamic"'


class Emitter(Writer):
    """Writes operations."""

    # ------------------------------------------------------------------ bools

    def _bit(self, value: Value) -> Value:
        """Return whether a value is not zero, as bits."""
        if value.is_bit:
            return value
        if value.text in self._bits:
            return self._bits[value.text]
        if value.type in FLOATS:
            return self._compare("une", value, self._constant(value, 0))
        kind = vector_of(item_of(value.type), value.lanes)
        text = self.new(f"icmp ne {kind} {value.text}, {self._number(value, 0)}")
        return Value(text, BOOL, value.lanes, True)

    # ------------------------------------------------------------------ operations

    def operation(self, name: str, arguments: list[Value], made: str) -> Value:
        """Add an operation by its name in `rules`."""
        if name == "cast":
            return self._cast(arguments[0], made)
        if name == "select":
            return self._select(self._bit(arguments[0]), *map(self.whole, arguments[1:]))
        if name.startswith("logical_"):
            return self._logical(name, [self._bit(value) for value in arguments])
        arguments = [self.whole(value) for value in arguments]
        if name == "copy":
            return arguments[0]
        if name in _COMPARISONS:
            return self._comparison(name, *arguments)
        table = _OF_FLOATS if arguments[0].type in FLOATS else _OF_INTEGERS
        return table[name](self, *arguments)

    def _number(self, value: Value, number: int | str) -> str:
        """Return a constant of a value's type as text."""
        if value.type in FLOATS:
            number = f"{float(number):e}" if not isinstance(number, str) else number
        item = item_of(value.type)
        if value.lanes == 1:
            return str(number)
        return "<" + ", ".join([f"{item} {number}"] * value.lanes) + ">"

    def _constant(self, value: Value, number: int | str) -> Value:
        return Value(self._number(value, number), value.type, value.lanes)

    def _select(self, bit: Value, one: Value, other: Value) -> Value:
        kind, bits = vector_of(item_of(one.type), one.lanes), vector_of("i1", one.lanes)
        text = self.new(f"select {bits} {bit.text}, {kind} {one.text}, {kind} {other.text}")
        return Value(text, one.type, one.lanes)

    def _logical(self, name: str, bits: list[Value]) -> Value:
        kind = vector_of("i1", bits[0].lanes)
        if name == "logical_not":
            ones = "true" if bits[0].lanes == 1 else "splat (i1 true)"
            return bits[0]._replace(text=self.new(f"xor {kind} {bits[0].text}, {ones}"))
        text = self.new(f"{name[8:]} {kind} {bits[0].text}, {bits[1].text}")
        return bits[0]._replace(text=text)

    def _binary(self, what: str, one: Value, other: Value) -> Value:
        kind = vector_of(item_of(one.type), one.lanes)
        return one._replace(text=self.new(f"{what} {kind} {one.text}, {other.text}"))

    # floats

    def _strict(self, name: str, *arguments: Value, rounded: bool = True) -> Value:
        """Call a constrained function whose result has its operands' type."""
        one = arguments[0]
        item = item_of(one.type)
        kind = vector_of(item, one.lanes)
        modes = [("metadata", _ROUNDED)] if rounded else []
        text = self.called(
            kind,
            f"llvm.experimental.constrained.{name}.{suffix_of(item, one.lanes)}",
            *((kind, value.text) for value in arguments),
            *modes,
            ("metadata", _STRICT),
        )
        return one._replace(text=text)

    def _compare(self, predicate: str, one: Value, other: Value, *, quiet: bool = True) -> Value:
        """Compare floats, without a flag for quiet NaNs or with one."""
        item = item_of(one.type)
        kind = vector_of(item, one.lanes)
        name = "fcmp" if quiet else "fcmps"
        text = self.called(
            vector_of("i1", one.lanes),
            f"llvm.experimental.constrained.{name}.{suffix_of(item, one.lanes)}",
            (kind, one.text),
            (kind, other.text),
            ("metadata", f'!"{predicate}"'),
            ("metadata", _STRICT),
        )
        return Value(text, BOOL, one.lanes, True)

    def _comparison(self, name: str, one: Value, other: Value) -> Value:
        predicate = _COMPARISONS[name]
        if one.type in FLOATS:
            ordered = "u" if predicate == "ne" else "o"
            return self._compare(ordered + predicate, one, other)
        if one.type == BOOL:
            one, other = (self._byte_of(self._bit(value)) for value in (one, other))
        sign = "" if predicate in ("eq", "ne") else "s" if one.type in SIGNED else "u"
        bit = self._binary(f"icmp {sign}{predicate}", one, other)
        return Value(bit.text, BOOL, one.lanes, True)

    def _byte_of(self, bit: Value) -> Value:
        return self.whole(bit)

    def _extreme(self, predicate: str, one: Value, other: Value) -> Value:
        """Return the larger or smaller; the first NaN if there is one.

        If the second operand is the same for all items, whether that is NaN is looked at once.
        """
        if self.is_fixed(other):
            chosen = self._select(self._compare("u" + predicate[1:], one, other), one, other)
            return self._select(self._compare("uno", other, other), other, chosen)
        chosen = self._select(self._compare(predicate, one, other), one, other)
        return self._select(self._compare("uno", one, one), one, chosen)

    def _between(self, one: Value, low: Value, high: Value) -> Value:
        """Clip between two numbers: the first of them that is NaN, if any is."""
        bits = [self._compare("uno", bound, bound) for bound in (low, high)]
        unknown = self._select(bits[0], low, high)
        made = self._select(self._compare("olt", one, low), low, one)
        made = self._select(self._compare("ogt", made, high), high, made)
        return self._select(self._logical("logical_or", bits), unknown, made)

    def _sign_of_float(self, one: Value) -> Value:
        zero = self._constant(one, 0)
        below = self._select(
            self._compare("olt", one, zero),
            self._constant(one, -1),
            self._select(self._compare("oeq", one, zero), zero, one),
        )
        return self._select(self._compare("ogt", one, zero), self._constant(one, 1), below)

    def _as_bits(self, one: Value) -> tuple[str, Value]:
        """Return a float's bits as an integer."""
        integer = "i" if one.type == "f" else "q"
        kind, made = vector_of(item_of(one.type), one.lanes), vector_of(item_of(integer), one.lanes)
        text = self.new(f"bitcast {kind} {one.text} to {made}")
        return integer, Value(text, integer, one.lanes)

    def _from_bits(self, bits: Value, kind: str) -> Value:
        made, own = vector_of(item_of(kind), bits.lanes), vector_of(item_of(bits.type), bits.lanes)
        return Value(self.new(f"bitcast {own} {bits.text} to {made}"), kind, bits.lanes)

    def _masks(self, one: Value) -> tuple[Value, int]:
        """Return a float's bits, and the mask of its sign, as a signed number."""
        integer, bits = self._as_bits(one)
        return bits, -(1 << (8 * np.dtype(integer).itemsize - 1))

    def _absolute_of_float(self, one: Value) -> Value:
        bits, sign = self._masks(one)
        return self._from_bits(self._binary("and", bits, self._constant(bits, ~sign)), one.type)

    def _negative_of_float(self, one: Value) -> Value:
        bits, sign = self._masks(one)
        return self._from_bits(self._binary("xor", bits, self._constant(bits, sign)), one.type)

    def _copysign(self, one: Value, other: Value) -> Value:
        bits, sign = self._masks(one)
        of_other = self._binary("and", self._masks(other)[0], self._constant(bits, sign))
        rest = self._binary("and", bits, self._constant(bits, ~sign))
        return self._from_bits(self._binary("or", rest, of_other), one.type)

    def _signbit(self, one: Value) -> Value:
        bits, _ = self._masks(one)
        bit = self._binary("icmp slt", bits, self._constant(bits, 0))
        return Value(bit.text, BOOL, one.lanes, True)

    def _magnitude(self, predicate: str, one: Value) -> Value:
        """Compare a float's magnitude with infinity."""
        infinity = "0x7FF0000000000000"
        return self._compare(predicate, self._absolute_of_float(one), self._constant(one, infinity))

    # integers

    def _extreme_of_integers(self, predicate: str, one: Value, other: Value) -> Value:
        sign = "s" if one.type in SIGNED else "u"
        bit = self._binary(f"icmp {sign}{predicate}", one, other)
        return self._select(bit._replace(type=BOOL, is_bit=True), one, other)

    def _negative_of_integer(self, one: Value) -> Value:
        return self._binary("sub", self._constant(one, 0), one)

    def _absolute_of_integer(self, one: Value) -> Value:
        if one.type not in SIGNED:
            return one
        return self._extreme_of_integers("gt", one, self._negative_of_integer(one))

    def _sign_of_integer(self, one: Value) -> Value:
        zero, unit = self._constant(one, 0), self._constant(one, 1)
        is_zero = self._binary("icmp eq", one, zero)._replace(type=BOOL, is_bit=True)
        made = self._select(is_zero, zero, unit)
        if one.type not in SIGNED:
            return made
        below = self._binary("icmp slt", one, zero)._replace(type=BOOL, is_bit=True)
        return self._select(below, self._constant(one, -1), made)

    def _shift(self, what: str, one: Value, other: Value) -> Value:
        """Shift as NumPy does: by as many bits as there are, or by a negative number, all go."""
        bits = 8 * np.dtype(one.type).itemsize
        most = self._constant(one, bits - 1)
        fits = self._binary("icmp ule", other, most)._replace(type=BOOL, is_bit=True)
        by = self._select(fits, other, most)
        shifted = self._binary(what, one, by)
        if what == "ashr":
            return shifted
        return self._select(fits, shifted, self._constant(one, 0))

    def _right_shift(self, one: Value, other: Value) -> Value:
        return self._shift("ashr" if one.type in SIGNED else "lshr", one, other)

    # casts

    def _cast(self, value: Value, made: str) -> Value:
        if made == value.type:
            return value
        if value.type == BOOL:
            value = self._bit(value)
        source = "i1" if value.is_bit else item_of(value.type)
        target = item_of(made)
        one, other = vector_of(source, value.lanes), vector_of(target, value.lanes)
        if made in FLOATS:
            return Value(self._cast_to_float(value, source, made), made, value.lanes)
        if source == target:
            return value._replace(type=made)
        narrows = int(source[1:]) > int(target[1:])
        signed = value.type in SIGNED and not value.is_bit
        what = "trunc" if narrows else "sext" if signed else "zext"
        return Value(self.new(f"{what} {one} {value.text} to {other}"), made, value.lanes)

    def _cast_to_float(self, value: Value, source: str, made: str) -> str:
        if value.is_bit:  # through a type that every processor converts
            value = self._cast(value, "i")
            source = "i32"
        target = item_of(made)
        names = (suffix_of(target, value.lanes), suffix_of(source, value.lanes))
        modes = [("metadata", _ROUNDED), ("metadata", _STRICT)]
        if value.type in FLOATS:
            what = "fpext" if made == "d" else "fptrunc"
            modes = modes[1:] if made == "d" else modes
        else:
            what = "sitofp" if value.type in SIGNED else "uitofp"
        return self.called(
            vector_of(target, value.lanes),
            f"llvm.experimental.constrained.{what}.{names[0]}.{names[1]}",
            (vector_of(source, value.lanes), value.text),
            *modes,
        )


_COMPARISONS = {
    "less": "lt",
    "less_equal": "le",
    "greater": "gt",
    "greater_equal": "ge",
    "equal": "eq",
    "not_equal": "ne",
}

_Code = Callable[..., Value]
_E = Emitter

_OF_FLOATS: dict[str, _Code] = {
    "add": lambda e, x, y: e._strict("fadd", x, y),
    "subtract": lambda e, x, y: e._strict("fsub", x, y),
    "multiply": lambda e, x, y: e._strict("fmul", x, y),
    "divide": lambda e, x, y: e._strict("fdiv", x, y),
    "square": lambda e, x: e._strict("fmul", x, x),
    "reciprocal": lambda e, x: e._strict("fdiv", e._constant(x, 1), x),
    "sqrt": lambda e, x: e._strict("sqrt", x),
    "floor": lambda e, x: e._strict("floor", x, rounded=False),
    "ceil": lambda e, x: e._strict("ceil", x, rounded=False),
    "trunc": lambda e, x: e._strict("trunc", x, rounded=False),
    "rint": lambda e, x: e._strict("rint", x),
    "negative": _E._negative_of_float,
    "absolute": _E._absolute_of_float,
    "copysign": _E._copysign,
    "sign": _E._sign_of_float,
    "signbit": _E._signbit,
    "isnan": lambda e, x: e._compare("uno", x, x),
    "isinf": lambda e, x: e._magnitude("oeq", x),
    "isfinite": lambda e, x: e._magnitude("olt", x),
    "maximum": lambda e, x, y: e._extreme("ogt", x, y),
    "minimum": lambda e, x, y: e._extreme("olt", x, y),
    "clip": lambda e, x, y, z: e._extreme("olt", e._extreme("ogt", x, y), z),
    "clip_between": _E._between,
}

_OF_INTEGERS: dict[str, _Code] = {
    "add": lambda e, x, y: e._binary("add", x, y),
    "subtract": lambda e, x, y: e._binary("sub", x, y),
    "multiply": lambda e, x, y: e._binary("mul", x, y),
    "square": lambda e, x: e._binary("mul", x, x),
    "negative": _E._negative_of_integer,
    "absolute": _E._absolute_of_integer,
    "sign": _E._sign_of_integer,
    "maximum": lambda e, x, y: e._extreme_of_integers("gt", x, y),
    "minimum": lambda e, x, y: e._extreme_of_integers("lt", x, y),
    "clip": lambda e, x, y, z: e._extreme_of_integers("lt", e._extreme_of_integers("gt", x, y), z),
    "bitwise_and": lambda e, x, y: e._binary("and", x, y),
    "bitwise_or": lambda e, x, y: e._binary("or", x, y),
    "bitwise_xor": lambda e, x, y: e._binary("xor", x, y),
    "invert": lambda e, x: e._binary("xor", x, e._constant(x, -1)),
    "left_shift": lambda e, x, y: e._shift("shl", x, y),
    "right_shift": _E._right_shift,
}
