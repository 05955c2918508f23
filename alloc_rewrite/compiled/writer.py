"""Writes LLVM's language: blocks, values of NumPy's types, and how they are read and written.

In: values. Out: lines of text. It must not know operations.
"""

from __future__ import annotations

import re
from typing import NamedTuple

import numpy as np

from .rules import COMPLEX, FLOATS, PART

_NAMES = re.compile(r"%[\w.]+")


class Value(NamedTuple):
    """A vector of items, or one; a bool may be a byte for each, or a bit.

    Complex numbers are two vectors, of their real and of their imaginary parts.
    """

    text: str
    type: str  # NumPy's character
    lanes: int
    is_bit: bool = False
    imaginary: str = ""

    def parts(self) -> list[Value]:
        """Return the parts of complex numbers, as values of floats."""
        return [Value(text, PART[self.type], self.lanes) for text in (self.text, self.imaginary)]


def complex_of(real: Value, imaginary: Value) -> Value:
    """Return complex numbers of these parts."""
    kind = COMPLEX[FLOATS.index(real.type)]
    return Value(real.text, kind, real.lanes, imaginary=imaginary.text)


def item_of(kind: str) -> str:
    """Return LLVM's type for an item of a type of NumPy's."""
    if kind in FLOATS:
        return {"f": "float", "d": "double"}[kind]
    return f"i{8 * np.dtype(kind).itemsize}"


def vector_of(item: str, lanes: int) -> str:
    """Return the type of so many items."""
    return item if lanes == 1 else f"<{lanes} x {item}>"


def suffix_of(item: str, lanes: int) -> str:
    """Return the same as it stands in the names of LLVM's own functions."""
    short = {"float": "f32", "double": "f64"}.get(item, item)
    return short if lanes == 1 else f"v{lanes}{short}"


class Writer:
    """Collects the lines of one function, and the declarations that they need."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._declared: set[str] = set()
        self._count = 0
        self._bits: dict[str, Value] = {}  # by text of a byte: the same as a bit
        self._fixed: set[str] = set()  # names of what is the same for all items
        self._known: dict[str, str] = {}  # by line without its name: what was computed beforehand
        self._before = 0  # where such lines go; 0: they go where they stand

    def module(self, head: str) -> str:
        """Return the whole module."""
        return "\n".join(
            [
                *sorted(self._declared),
                f"define {head} #1 {{",
                *self._lines,
                "}",
                "attributes #0 = { strictfp }",
                'attributes #1 = { strictfp nounwind "min-legal-vector-width"="512"'
                ' "prefer-vector-width"="512" }',
                "",
            ]
        )

    # ------------------------------------------------------------------ lines

    def line(self, text: str) -> None:
        """Add a line."""
        self._lines.append(f"  {text}")

    def label(self, name: str) -> None:
        """Begin a block."""
        self._lines.append(f"{name}:")

    def new(self, text: str) -> str:
        """Add a line that computes something, and return its name.

        What is the same for all items is computed once, beforehand.
        """
        if text in self._known:
            return self._known[text]
        self._count += 1
        name = f"%t{self._count}"
        if self._before and self._fixed.issuperset(_NAMES.findall(text)):
            self._lines.insert(self._before, f"  {name} = {text}")
            self._before += 1
            self._known[text] = name
            self._fixed.add(name)
        else:
            self.line(f"{name} = {text}")
        return name

    def fix(self, value: Value) -> None:
        """Note that a value is the same for all items."""
        self._fixed |= {text for text in (value.text, value.imaginary) if text}

    def is_fixed(self, value: Value) -> bool:
        """Whether a value is the same for all items."""
        return value.text in self._fixed

    def end_of_entry(self) -> None:
        """Have what is computed beforehand go here."""
        self._before = len(self._lines)

    def phi(self, kind: str, name: str, *sources: tuple[str, str]) -> str:
        """Add a value that depends on the block before."""
        choices = ", ".join(f"[ {value}, %{block} ]" for value, block in sources)
        self.line(f"%{name} = phi {kind} {choices}")
        return f"%{name}"

    def called(self, result: str, name: str, *arguments: tuple[str, str]) -> str:
        """Call one of LLVM's own functions, and return the result's name."""
        kinds = ", ".join(kind for kind, _ in arguments)
        self._declared.add(f"declare {result} @{name}({kinds})")
        given = ", ".join(f"{kind} {text}" for kind, text in arguments)
        return self.new(f"call {result} @{name}({given}) #0")

    # ------------------------------------------------------------------ memory

    def load(self, kind: str, at: str, by: str | int | None, lanes: int = 1) -> Value:
        """Load items that lie one after the other, or some bytes apart."""
        if kind in COMPLEX:
            return self._load_complex(PART[kind], at, by, lanes)
        item, size = item_of(kind), np.dtype(kind).itemsize
        if lanes == 1 or by is None:
            text = self.new(f"load {vector_of(item, lanes)}, ptr {at}, align {size}")
            return Value(text, kind, lanes)
        text = "poison"
        for lane, place in enumerate(self._places(at, by, lanes)):
            one = self.new(f"load {item}, ptr {place}, align {size}")
            vector = vector_of(item, lanes)
            text = self.new(f"insertelement {vector} {text}, {item} {one}, i64 {lane}")
        return Value(text, kind, lanes)

    def store(self, value: Value, at: str, by: str | None, lanes: int) -> None:
        """Store items one after the other, or some bytes apart."""
        if value.type in COMPLEX:
            self._store_complex(value, at, by, lanes)
            return
        item, size = item_of(value.type), np.dtype(value.type).itemsize
        text = self.whole(value).text
        vector = vector_of(item, lanes)
        if lanes == 1 or by is None:
            self.line(f"store {vector} {text}, ptr {at}, align {size}")
            return
        for lane, place in enumerate(self._places(at, by, lanes)):
            one = self.new(f"extractelement {vector} {text}, i64 {lane}")
            self.line(f"store {item} {one}, ptr {place}, align {size}")

    def _load_complex(self, kind: str, at: str, by: str | int | None, lanes: int) -> Value:
        if lanes > 1 and by is None:
            both = self.load(kind, at, None, 2 * lanes)
            real, imaginary = (self._every_other(both, first) for first in (0, 1))
        else:
            real, imaginary = (self.load(kind, one, by, lanes) for one in self._of_parts(kind, at))
        return complex_of(real, imaginary)

    def _store_complex(self, value: Value, at: str, by: str | None, lanes: int) -> None:
        real, imaginary = value.parts()
        if lanes > 1 and by is None:
            vector = vector_of(item_of(real.type), lanes)
            turns = (f"i32 {k // 2 + k % 2 * lanes}" for k in range(2 * lanes))
            order = f"<{2 * lanes} x i32> <{', '.join(turns)}>"
            operands = f"{vector} {real.text}, {vector} {imaginary.text}, {order}"
            both = Value(self.new(f"shufflevector {operands}"), real.type, 2 * lanes)
            self.store(both, at, None, 2 * lanes)
        else:
            for part, one in zip(value.parts(), self._of_parts(real.type, at), strict=True):
                self.store(part, one, by, lanes)

    def _of_parts(self, kind: str, at: str) -> tuple[str, str]:
        """Return where the parts of complex numbers begin."""
        return at, self.new(f"getelementptr i8, ptr {at}, i64 {np.dtype(kind).itemsize}")

    def _every_other(self, both: Value, first: int) -> Value:
        vector, lanes = vector_of(item_of(both.type), both.lanes), both.lanes // 2
        order = ", ".join(f"i32 {2 * k + first}" for k in range(lanes))
        operands = f"{vector} {both.text}, {vector} poison, <{lanes} x i32> <{order}>"
        return Value(self.new(f"shufflevector {operands}"), both.type, lanes)

    def _places(self, at: str, by: str | int, lanes: int) -> list[str]:
        places = [at]
        for _ in range(lanes - 1):
            places.append(self.new(f"getelementptr i8, ptr {places[-1]}, i64 {by}"))
        return places

    def spread(self, value: Value, lanes: int) -> Value:
        """Return a vector of one item."""
        if value.type in COMPLEX:
            real, imaginary = (self.spread(part, lanes) for part in value.parts())
            return complex_of(real, imaginary)
        item = item_of(value.type)
        vector = vector_of(item, lanes)
        one = self.new(f"insertelement {vector} poison, {item} {value.text}, i64 0")
        order = f"<{lanes} x i32> zeroinitializer"
        text = self.new(f"shufflevector {vector} {one}, {vector} poison, {order}")
        return Value(text, value.type, lanes)

    def whole(self, value: Value) -> Value:
        """Return a bool as bytes; any other value as it is."""
        if not value.is_bit:
            return value
        bits, made = vector_of("i1", value.lanes), vector_of("i8", value.lanes)
        text = self.new(f"zext {bits} {value.text} to {made}")
        self._bits[text] = value
        return Value(text, value.type, value.lanes)
