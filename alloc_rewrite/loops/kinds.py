"""The kinds of values in a loop: what the translator knows of a value besides its machine words.

In: nothing. Out: kinds, and how many words of the frame each takes. It must not know LLVM, nor
which objects are of which kind (`incoming`).

A kind is hashable, and two values of one kind are handled by the same code.
"""

from __future__ import annotations

import math
from typing import Any, ClassVar, dataclass_transform

SMALL = 16  # items of an array whose shape is part of its kind
MOST_AXES = 4

#: Dtypes of elements and NumPy scalars, by NumPy's two-letter names.
DTYPES = ("f8", "f4", "i8", "i4", "i2", "i1", "u8", "u4", "u2", "u1", "b1", "c16", "c8")


@dataclass_transform(frozen_default=True)
class Kind:
    """A kind of values; each subclass says what it stands for, and has its annotations as fields.

    It is what a frozen dataclass is. Twenty of these take 6 ms to define, in the first call that
    has a loop compiled; here no code is generated.
    """

    __match_args__: ClassVar[tuple[str, ...]] = ()
    _values: tuple[Any, ...]

    def __init_subclass__(cls) -> None:
        cls.__match_args__ = (*cls.__match_args__, *cls.__annotations__)  # type: ignore[misc]

    def __init__(self, *values: Any, **named: Any) -> None:
        names = self.__match_args__
        if len(values) < len(names):
            rest = names[len(values) :]
            values += tuple(named[k] if k in named else getattr(type(self), k) for k in rest)
        self.__dict__.update(zip(names, values, strict=True), _values=values)

    def replaced(self, **fields: Any) -> Kind:
        """Return a kind with other values of these fields."""
        return type(self)(**{**dict(zip(self.__match_args__, self._values, strict=True)), **fields})

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and other._values == self._values

    def __hash__(self) -> int:
        return hash(self._values)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(map(repr, self._values))})"


class Number(Kind):
    """A number of Python (`"int"` of 64 bits, `"float"`, `"bool"`) or of NumPy (a dtype)."""

    name: str

    @property
    def is_python(self) -> bool:
        return self.name in ("int", "float", "bool", "complex")

    @property
    def is_float(self) -> bool:
        return self.name in ("float", "f8", "f4")

    @property
    def is_bool(self) -> bool:
        return self.name in ("bool", "b1")

    @property
    def is_integer(self) -> bool:
        return not (self.is_float or self.is_bool)

    @property
    def itemsize(self) -> int:
        return 8 if self.is_python else int(self.name[1:])


class Complex(Number):
    """A complex number of Python (`"complex"`) or of NumPy (a dtype): two floats.

    `Value.number` refuses it, so that only what knows of complex numbers meets them.
    """

    @property
    def is_integer(self) -> bool:
        return False

    @property
    def part(self) -> Number:
        """The kind of the real part and of the imaginary part."""
        return {"complex": FLOAT, "c16": F8, "c8": F4}[self.name]

    @property
    def itemsize(self) -> int:
        return 2 * self.part.itemsize


class Array(Kind):
    """An array: its dtype, number of axes, and what its strides and flags are known to be.

    Its words are its owner, the address of its first item, its shape and its strides. The owner is
    the number of an argument, or the address of a block in scratch memory; of a view, that
    inverted.
    """

    dtype: str
    ndim: int
    writeable: bool
    is_dense: bool  # whether items that follow each other along the last axis are neighbours
    shape: tuple[int, ...] | None = None  # if it is known; then the array is dense, in C order

    @property
    def itemsize(self) -> int:
        return int(self.dtype[1:])


def strides_of(shape: tuple[int, ...], itemsize: int) -> tuple[int, ...]:
    """Return the strides of an array in C order."""
    return tuple(itemsize * math.prod(shape[i + 1 :]) for i in range(len(shape)))


class Tuple(Kind):
    items: tuple[Kind, ...]


class Display(Kind):
    """A list as it is written, `[a, b]`, from which an array is made at once, or returned."""

    items: tuple[Kind, ...]


class Slice(Kind):
    """A slice: the kinds of its start, stop and step, which are integers or None."""

    items: tuple[Kind, Kind, Kind]


class Lazy(Kind):
    """An array expression that is computed item by item where it is used.

    `operator` is the name of one, with `operands` of kinds `Lazy`, `Array` and `Number`.
    """

    dtype: str
    ndim: int
    operator: str
    operands: tuple[Kind, ...]


class Range(Kind):
    """A `range`: start, stop, step."""


class Steps(Kind):
    """An iterator over a `range`: the next value, the step, how many are left."""


class List(Kind):
    """A list or long tuple, known by its address; and what its items are, if all are alike."""

    item: Kind | None
    is_tuple: bool


class Items(Kind):
    """An iterator by index: the index of the next item, and the sequence.

    `type` is its place in `INDEX_ITERATORS`; the last ones count down.
    """

    sequence: Kind
    type: int


class Enumerate(Kind):
    """What `enumerate` gives: the index, and the iterator below."""

    below: Kind


class Zip(Kind):
    """What `zip` gives: the iterators below."""

    iterators: tuple[Kind, ...]


class Method(Kind):
    """A method of an object, whose words these are."""

    name: str
    owner: Kind


class Unbound(Kind):
    """A local that has no value."""


class Given(Kind):
    """An object that comes in, which the loop doesn't look at: the argument of that number."""

    number: int


class Function(Kind):
    """A Python function that comes in, the argument of that number, with this code."""

    number: int
    code: Any


class Object(Kind):
    """An object of a Python class that comes in, the argument of that number, and its attributes.

    Only those that lie in its dictionary, and that its class has nothing to say about.
    """

    number: int
    attributes: tuple[tuple[str, Kind], ...]
    type: type


class Opaque(Kind):
    """What lies on the stack below the loop, and the loop doesn't touch."""


class Known(Kind):
    """An object that is known when the loop is compiled: a function, a module, None."""

    value: Any

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Known) and other.value is self.value

    def __hash__(self) -> int:
        return id(self.value)


INT, FLOAT, BOOL = Number("int"), Number("float"), Number("bool")
NUMBERS = {
    name: Complex(name) if name.startswith("c") else Number(name)
    for name in ("int", "float", "bool", *DTYPES, "complex")
}
B1, F8, F4, I8, U8 = (NUMBERS[name] for name in ("b1", "f8", "f4", "i8", "u8"))
COMPLEX, C16 = Complex("complex"), Complex("c16")
UNBOUND, OPAQUE, RANGE, STEPS = Unbound(), Opaque(), Range(), Steps()


def words(kind: Kind) -> int:
    """Return how many words of 8 bytes a value of this kind takes in a frame."""
    match kind:
        case Complex():
            return 2
        case Number():
            return 1
        case Array():
            return 2 + 2 * kind.ndim
        case Tuple():
            return sum(words(item) for item in kind.items)
        case List():
            return 1
        case Steps():
            return 3
        case Items(below) | Enumerate(below):
            return 1 + words(below)
        case Zip():
            return sum(words(one) for one in kind.iterators)
        case _:
            return 0


def is_of_numbers(kind: Tuple) -> bool:
    """Whether a tuple has only numbers."""
    return all(isinstance(item, Number) for item in kind.items)


def may_be_returned(kind: Kind) -> bool:
    """Whether a function that is compiled whole may return a value of this kind."""
    if isinstance(kind, (Tuple, Display)):
        return all(may_be_returned(item) for item in kind.items)
    return isinstance(kind, (Number, Array, List, Object, Function, Given)) or kind == Known(None)


def may_be_held(kind: Kind) -> bool:
    """Whether a local may hold a value of this kind in a kernel."""
    if isinstance(kind, Tuple):
        return all(may_be_held(item) for item in kind.items)
    return isinstance(kind, (Number, Array, List)) or kind == Known(None)
