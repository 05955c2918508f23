"""The kinds of values in a loop: what the translator knows of a value besides its machine words.

In: Python objects, at the loop's head. Out: kinds, and how many words of the frame each takes. It
must not know LLVM.

A kind is hashable, and two values of one kind are handled by the same code.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

SMALL = 16  # items of an array whose shape is part of its kind
MOST_AXES = 4

#: Dtypes of elements and NumPy scalars, by NumPy's two-letter names.
DTYPES = ("f8", "f4", "i8", "i4", "i2", "i1", "u8", "u4", "u2", "u1", "b1")


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of values; each subclass says what it stands for."""


@dataclass(frozen=True, slots=True)
class Number(Kind):
    """A number of Python (`"int"` of 64 bits, `"float"`, `"bool"`) or of NumPy (a dtype)."""

    name: str

    @property
    def is_python(self) -> bool:
        return self.name in ("int", "float", "bool")

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
        return 8 if self.is_python else int(self.name[1])


@dataclass(frozen=True, slots=True)
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
        return int(self.dtype[1])


def strides_of(shape: tuple[int, ...], itemsize: int) -> tuple[int, ...]:
    """Return the strides of an array in C order."""
    return tuple(itemsize * math.prod(shape[i + 1 :]) for i in range(len(shape)))


@dataclass(frozen=True, slots=True)
class Tuple(Kind):
    items: tuple[Kind, ...]


@dataclass(frozen=True, slots=True)
class Display(Kind):
    """A list as it is written, `[a, b]`, from which an array is made at once."""

    items: tuple[Kind, ...]


@dataclass(frozen=True, slots=True)
class Slice(Kind):
    """A slice: the kinds of its start, stop and step, which are integers or None."""

    items: tuple[Kind, Kind, Kind]


@dataclass(frozen=True, slots=True)
class Lazy(Kind):
    """An array expression that is computed item by item where it is used.

    `operator` is the name of one, with `operands` of kinds `Lazy`, `Array` and `Number`.
    """

    dtype: str
    ndim: int
    operator: str
    operands: tuple[Kind, ...]


@dataclass(frozen=True, slots=True)
class Range(Kind):
    """A `range`: start, stop, step."""


@dataclass(frozen=True, slots=True)
class Steps(Kind):
    """An iterator over a `range`: the next value, the step, how many are left."""


@dataclass(frozen=True, slots=True)
class List(Kind):
    """A list or long tuple: its number, its address; and what its items are, if all are alike."""

    item: Number | None
    is_tuple: bool


@dataclass(frozen=True, slots=True)
class Items(Kind):
    """An iterator by index: the index of the next item, and the sequence.

    `type` is its place in `INDEX_ITERATORS`; the last ones count down.
    """

    sequence: Kind
    type: int


@dataclass(frozen=True, slots=True)
class Enumerate(Kind):
    """What `enumerate` gives: the index, and the iterator below."""

    below: Kind


@dataclass(frozen=True, slots=True)
class Zip(Kind):
    """What `zip` gives: the iterators below."""

    iterators: tuple[Kind, ...]


@dataclass(frozen=True, slots=True)
class Method(Kind):
    """A method of an object, whose words these are."""

    name: str
    owner: Kind


@dataclass(frozen=True, slots=True)
class Unbound(Kind):
    """A local that has no value."""


@dataclass(frozen=True, slots=True)
class Given(Kind):
    """An object that comes in, which the loop doesn't look at: the argument of that number."""

    number: int


@dataclass(frozen=True, slots=True)
class Object(Kind):
    """An object of a Python class that comes in, the argument of that number, and its attributes.

    Only those that lie in its dictionary, and that its class has nothing to say about.
    """

    number: int
    attributes: tuple[tuple[str, Kind], ...]
    type: type


@dataclass(frozen=True, slots=True)
class Opaque(Kind):
    """What lies on the stack below the loop, and the loop doesn't touch."""


@dataclass(frozen=True, eq=False, slots=True)
class Known(Kind):
    """An object that is known when the loop is compiled: a function, a module, None."""

    value: Any

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Known) and other.value is self.value

    def __hash__(self) -> int:
        return id(self.value)


INT, FLOAT, BOOL = Number("int"), Number("float"), Number("bool")
NUMBERS = {name: Number(name) for name in ("int", "float", "bool", *DTYPES)}
B1, F8, F4, I8, U8 = (NUMBERS[name] for name in ("b1", "f8", "f4", "i8", "u8"))
UNBOUND, OPAQUE, RANGE, STEPS = Unbound(), Opaque(), Range(), Steps()

_RANGE_ITERATOR = type(iter(range(0)))
#: The types of iterators by index, as `csrc/loops/iterator.c` has them.
INDEX_ITERATORS: tuple[type, ...] = (
    type(iter(np.zeros(1))), type(iter([])), type(iter(())), reversed, type(reversed([])),
)  # fmt: skip
_OF_TYPE: dict[type, Number] = {int: INT, float: FLOAT, bool: BOOL}
_OF_TYPE |= {np.dtype(name).type: NUMBERS[name] for name in DTYPES}
_OF_DTYPE = {np.dtype(name): name for name in DTYPES}


NUMBER_CODES = {name: i for i, name in enumerate(("int", "float", "bool", *DTYPES))}
_ARRAY, _TUPLE, _NONE, _UNBOUND, _GIVEN, _STEPS = 20, 21, 22, 23, 24, 25
_LIST, _LONG_TUPLE, _ITEMS, _ENUMERATE, _ZIP = 26, 27, 28, 29, 30


def encoded(kind: Kind) -> list[int]:
    """Return a kind as the native core reads it (`csrc/loops/kinds.h`)."""
    match kind:
        case Number(name):
            return [NUMBER_CODES[name]]
        case Array(dtype, ndim, writeable, is_dense, shape):
            known = [0] if shape is None else [1, *shape]
            return [_ARRAY, NUMBER_CODES[dtype], ndim, int(writeable), int(is_dense), *known]
        case Tuple(items):
            return [_TUPLE, len(items), *(code for item in items for code in encoded(item))]
        case Given(number) | Object(number):
            return [_GIVEN, number]
        case Unbound():
            return [_UNBOUND]
        case Steps():
            return [_STEPS]
        case List():
            return [_LONG_TUPLE if kind.is_tuple else _LIST]
        case Items(sequence, type_):
            return [_ITEMS, type_, *encoded(sequence)]
        case Enumerate(below):
            return [_ENUMERATE, *encoded(below)]
        case Zip(iterators):
            return [_ZIP, len(iterators), *(code for one in iterators for code in encoded(one))]
        case Known(value) if value is not None:  # looked up, as a method: compared otherwise
            return [_GIVEN, 0]
        case _:
            return [_NONE]


def function_of(kind: Kind) -> Any:
    """Return the function that a method has to be, or None."""
    return kind.value if isinstance(kind, Known) else None


def words(kind: Kind) -> int:
    """Return how many words of 8 bytes a value of this kind takes in a frame."""
    match kind:
        case Number():
            return 1
        case Array():
            return 2 + 2 * kind.ndim
        case Tuple():
            return sum(words(item) for item in kind.items)
        case List():
            return 2
        case Steps():
            return 3
        case Items(below) | Enumerate(below):
            return 1 + words(below)
        case Zip():
            return sum(words(one) for one in kind.iterators)
        case _:
            return 0


def subject_kind(value: Any) -> Kind | None:
    """Return the kind of what a loop goes over; None if loops don't take it."""
    return kind_of(value) or _iterator(value)


def kind_of(value: Any) -> Kind | None:
    """Return the kind of an object that comes into a loop; None if loops don't take it.

    They don't take iterators, which a kernel would have to move on.
    """
    if type(value) in _OF_TYPE:
        return _number(value)
    if type(value) is np.ndarray:
        return _array(value)
    if type(value) is tuple and len(value) <= 4:
        items = [_number(item) for item in value]
        if None not in items:
            return Tuple(tuple(items))  # type: ignore[arg-type]
    if type(value) in (list, tuple):
        return List(_item(value), type(value) is tuple)
    if value is None:
        return Known(None)
    return None


def _number(value: Any) -> Number | None:
    kind = _OF_TYPE.get(type(value))
    return None if kind is INT and not -(2**63) <= value < 2**63 else kind


def _item(values: list[Any] | tuple[Any, ...]) -> Number | None:
    """Return what all items are, if that is one kind of numbers."""
    types = {type(value) for value in values}
    kind = _OF_TYPE.get(types.pop()) if len(types) == 1 else None
    return kind if isinstance(kind, Number) and not kind.is_bool else None


def _iterator(value: Any, depth: int = 0) -> Kind | None:
    if type(value) is _RANGE_ITERATOR:
        return STEPS
    if type(value) not in (*INDEX_ITERATORS, enumerate, zip) or depth == _MOST_ITERATORS:
        return None
    given = value.__reduce__()[1]
    if type(value) is enumerate:
        below = _iterator(given[0], depth + 1)
        return None if below is None or type(given[1]) is not int else Enumerate(below)
    if type(value) is zip:
        iterators = [_iterator(one, depth + 1) for one in given]
        return None if not iterators or None in iterators else Zip(tuple(iterators))  # type: ignore[arg-type]
    sequence = given[0]
    if type(sequence) is tuple:
        return Items(List(_item(sequence), True), INDEX_ITERATORS.index(type(value)))
    kind = kind_of(sequence)
    return (
        Items(kind, INDEX_ITERATORS.index(type(value))) if isinstance(kind, (Array, List)) else None
    )


_MOST_ITERATORS = 8  # one in the other
_HEAP_TYPE = 1 << 9  # a class that Python code has made
_MOST_ATTRIBUTES = 64


def object_kind(value: Any, number: int) -> Object | None:
    """Return the kind of an object whose attributes are plain; None for others."""
    cls: Any = type(value)
    of_class = {name for base in cls.__mro__[:-1] for name in vars(base)}
    if not cls.__flags__ & _HEAP_TYPE or {"__getattribute__", "__getattr__"} & of_class:
        return None
    if "__dict__" not in of_class:
        return None
    names = value.__dict__
    if type(names) is not dict or len(names) > _MOST_ATTRIBUTES or isinstance(value, type):
        return None
    kinds = [(str(name), kind_of(held)) for name, held in names.items() if name not in of_class]
    return Object(number, tuple((name, kind) for name, kind in kinds if kind is not None), cls)


def name_of(dtype: np.dtype[Any]) -> str | None:
    """Return the name of a dtype of NumPy's own; None for others, also if they are equal to one."""
    name = _OF_DTYPE.get(dtype)
    if name is None or dtype.num != np.dtype(name).num or dtype.metadata:
        return None
    return name


def _array(value: np.ndarray[Any, Any]) -> Array | None:
    name = name_of(value.dtype)
    if name is None or not value.flags.aligned or not value.ndim:
        return None
    if value.ndim > MOST_AXES:
        return None
    if value.flags.writeable and not _has_own_items(value):
        return None
    dense = value.strides[-1] == value.itemsize
    shape = value.shape if 0 < value.size <= SMALL else None
    if value.strides != strides_of(value.shape, value.itemsize):
        shape = None
    return Array(name, value.ndim, value.flags.writeable, dense, shape)


def _has_own_items(value: np.ndarray[Any, Any]) -> bool:
    """Whether no two items share memory, as far as shape and strides show that at once."""
    if value.flags.forc:
        return True
    extent = value.itemsize
    axes = sorted((abs(step), n) for step, n in zip(value.strides, value.shape, strict=True))
    for step, n in axes:
        if n > 1 and step < extent:
            return False
        extent += step * (n - 1) if n > 1 else 0
    return True


def is_of_numbers(kind: Tuple) -> bool:
    """Whether a tuple has only numbers."""
    return all(isinstance(item, Number) for item in kind.items)


def may_be_held(kind: Kind) -> bool:
    """Whether a local may hold a value of this kind in a kernel."""
    if isinstance(kind, Tuple):
        return all(may_be_held(item) for item in kind.items)
    return isinstance(kind, (Number, Array, List)) or kind == Known(None)
