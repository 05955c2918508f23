"""Which kind an object has that comes into a loop.

In: Python objects, at the loop's head. Out: kinds.
"""

from __future__ import annotations

from types import BuiltinFunctionType, FunctionType, MemberDescriptorType
from typing import Any

import numpy as np

from ..numpy_facts import WARNS_OF_STORES, WRITEABLE
from .kinds import (
    BOOL,
    COMPLEX,
    DTYPES,
    FLOAT,
    INT,
    MOST_AXES,
    NUMBERS,
    SMALL,
    STEPS,
    Array,
    Enumerate,
    Function,
    Given,
    Items,
    Kind,
    Known,
    List,
    Number,
    Object,
    Tuple,
    Zip,
    strides_of,
)

#: Types of callables that are known by what they are.
ALWAYS_THE_SAME = (BuiltinFunctionType, np.ufunc, type)
_RANGE_ITERATOR = type(iter(range(0)))
#: The types of iterators by index, as `csrc/loops/iterator.c` has them.
INDEX_ITERATORS: tuple[type, ...] = (
    type(iter(np.zeros(1))), type(iter([])), type(iter(())), reversed, type(reversed([])),
)  # fmt: skip
_OF_TYPE: dict[type, Number] = {int: INT, float: FLOAT, bool: BOOL, complex: COMPLEX}
_OF_TYPE |= {np.dtype(name).type: NUMBERS[name] for name in DTYPES}
_OF_DTYPE = {np.dtype(name): name for name in DTYPES}


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


def reached_kind(value: Any, number: int) -> Kind:
    """Return the kind of any object that comes in as the argument of that number."""
    if type(value) is FunctionType:
        return Function(number, value.__code__)
    return kind_of(value) or object_kind(value, number) or Given(number)


def _number(value: Any) -> Number | None:
    kind = _OF_TYPE.get(type(value))
    return None if kind is INT and not -(2**63) <= value < 2**63 else kind


def _item(values: list[Any] | tuple[Any, ...], depth: int = 0) -> Kind | None:
    """Return what all items are, as far as can be seen: numbers of one kind, lists, tuples."""
    types = {*map(type, values)}
    found = types.pop() if len(types) == 1 else None
    if found in _OF_TYPE:
        return _OF_TYPE[found]
    if found not in (list, tuple) or depth == _MOST_NESTED:
        return None
    seen = [value for value in values[:_MOST_SEEN] if value] or values[:1]
    kinds = {_nested(value, depth + 1) for value in seen}
    return kinds.pop() if len(kinds) == 1 else None


def _nested(value: Any, depth: int) -> Kind:
    """Return the kind of a list or tuple in a list."""
    if type(value) is tuple and len(value) <= 4:
        items = [_OF_TYPE.get(type(item)) for item in value]
        if None not in items:
            return Tuple(tuple(items))  # type: ignore[arg-type]
    return List(_item(value, depth), type(value) is tuple)


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


_MOST_NESTED = 2
_MOST_SEEN = 16  # lists in a list; the kernel looks at each
_MOST_ITERATORS = 8  # one in the other
_HEAP_TYPE = 1 << 9  # a class that Python code has made
_MOST_ATTRIBUTES = 64


def object_kind(value: Any, number: int) -> Object | None:
    """Return the kind of an object whose attributes are plain; None for others."""
    cls: Any = type(value)
    of_class = _of_class(cls)
    if not cls.__flags__ & _HEAP_TYPE or {"__getattribute__", "__getattr__"} & of_class.keys():
        return None
    names = value.__dict__ if "__dict__" in of_class else {}
    if type(names) is not dict or len(names) > _MOST_ATTRIBUTES or isinstance(value, type):
        return None
    held = attributes_of(value) | _slots(value)
    kinds = [(str(name), kind_of(item)) for name, item in held.items()]
    return Object(number, tuple((name, kind) for name, kind in kinds if kind is not None), cls)


def _is_plain(value: Any) -> bool:
    """Whether a value in a class stands for nothing but itself."""
    return not any(hasattr(type(value), name) for name in ("__get__", "__set__", "__delete__"))


def _of_class(cls: type) -> dict[str, Any]:
    return {name: item for base in cls.__mro__[-2::-1] for name, item in vars(base).items()}


def attributes_of(value: Any) -> dict[str, Any]:
    """Return the attributes of an object, its own and its class's, that are found as they are."""
    of_class = _of_class(type(value))
    own = getattr(value, "__dict__", {})
    plain = {name: item for name, item in of_class.items() if _is_plain(item)}
    return plain | {name: own[name] for name in own if name in plain or name not in of_class}


def _slots(value: Any) -> dict[str, Any]:
    """Return what lies in an object's slots."""
    found: dict[str, Any] = {}
    for base in type(value).__mro__[:-1]:
        for name, slot in vars(base).items():
            if type(slot) is MemberDescriptorType and name not in found:
                try:
                    found[name] = slot.__get__(value)
                except AttributeError:
                    continue
    return found


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
    flags = value.flags.num
    if value.ndim > MOST_AXES or flags & WARNS_OF_STORES:
        return None
    is_writeable = bool(flags & WRITEABLE)
    if is_writeable and not _has_own_items(value):
        return None
    dense = value.strides[-1] == value.itemsize
    shape = value.shape if 0 < value.size <= SMALL else None
    if value.strides != strides_of(value.shape, value.itemsize):
        shape = None
    return Array(name, value.ndim, is_writeable, dense, shape)


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
