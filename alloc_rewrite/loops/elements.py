"""Elements, rows and attributes of arrays, and items of tuples.

In: a `Code`, containers and indices. Out: values. An index out of range leaves the loop.
"""

from __future__ import annotations

from typing import Any

from . import arithmetic, complexes, lazy, maths, operators, sequences, views
from .code import Code, NotTranslatedError, Value, described, tuple_of
from .kinds import INT, NUMBERS, Array, Complex, Display, List, Method, Number, Slice, Tuple, words

METHODS = frozenset(
    {"all", "any", "copy", "dot", "max", "mean", "min", "prod", "sum"}
)  # of arrays, that loops are compiled with


def split(value: Value) -> list[Value]:
    """Return the items of a tuple, or of a list as it is written."""
    assert isinstance(value.kind, (Tuple, Display))
    out, at = [], 0
    for i, kind in enumerate(value.kind.items):
        n = _parts(kind)
        known = None if value.constant is None else value.constant[i]
        out.append(Value(kind, value.parts[at : at + n], known))
        at += n
    return out


def _parts(kind: Any) -> int:
    if isinstance(kind, Slice):
        return sum(isinstance(item, Number) for item in kind.items)
    if isinstance(kind, Display):
        return sum(map(_parts, kind.items))
    return words(kind)


def _indices(index: Value) -> list[Value]:
    return split(index) if isinstance(index.kind, Tuple) else [index]


def item(code: Code, container: Value, index: Value) -> Value:
    """Return `container[index]`: an item of a tuple or an array, or a view."""
    kind = container.kind
    if isinstance(kind, List):
        return sequences.item(code, container, index)
    if isinstance(kind, Tuple):
        if type(index.constant) is not int and len(set(kind.items)) == 1:
            return _chosen(code, container, index)
        if type(index.constant) is not int or not -len(kind.items) <= index.constant < len(
            kind.items
        ):
            raise NotTranslatedError("the item of a tuple at a computed index")
        return split(container)[index.constant]
    if not isinstance(kind, Array):
        raise NotTranslatedError(f"an item of {described(kind)}")
    indices = _indices(index)
    found = views.view(code, container, indices)
    if not views.is_whole_item(kind, indices):
        code.views[id(found.parts)] = found.parts, container, index
        return found
    number = NUMBERS[kind.dtype]
    return Value(number, code.loaded(found.parts[1], number))


def _chosen(code: Code, container: Value, index: Value) -> Value:
    """Return the item of a tuple of numbers of one kind at a computed index."""
    items, b = split(container), code.builder
    at = views.position(code, index, code.i64(len(items)))
    found = items[0].parts
    for i, one in enumerate(items[1:], 1):
        here = b.icmp_signed("==", at, code.i64(i))
        found = tuple(b.select(here, x, y) for x, y in zip(one.parts, found, strict=True))
    return Value(items[0].kind, found)


def store(translator: Any, container: Value, index: Value, value: Value) -> None:
    """Do `container[index] = value`, and note in the log what was there."""
    code: Code = translator.code
    kind = container.kind
    if isinstance(kind, List):
        sequences.store(translator, container, index, value)
        return
    if not isinstance(kind, Array) or not kind.writeable:
        raise NotTranslatedError(f"a store into {described(kind)}")
    if code.views.get(id(value.parts)) == (value.parts, container, index):
        return  # this very view, as an operator in place gives it back
    indices = _indices(index)
    target = views.view(code, container, indices)
    if not views.is_whole_item(kind, indices):
        store_all(translator, target, value)
        return
    number = NUMBERS[kind.dtype]
    words = fitting_words(code, value, number)
    translator.log.note(target.parts[1], kind.itemsize)
    code.store_all(words, target.parts[1], number)


def fitting_words(code: Code, value: Value, target: Number) -> tuple[Any, ...]:
    """Return the words that are stored for a number."""
    if isinstance(target, Complex):
        return complexes.both_words(code, value, target)
    return (fitting(code, value, target),)


def fitting(code: Code, value: Value, target: Number) -> Any:
    """Return the word that is stored for a real number."""
    if value.number.is_float and target.is_integer:
        value = maths.integer(code, [value])
    if target.is_bool:
        return operators.truth(code, value)
    if value.number.is_bool and target.is_integer:
        return code.builder.zext(value.parts[0], code.type_of(target))
    return arithmetic.as_numpy(code, value, target)


def store_all(translator: Any, target: Value, value: Value) -> None:
    """Store a number, an array or an expression into a view."""
    code: Code = translator.code
    kind = target.kind
    assert isinstance(kind, Array)
    number = NUMBERS[kind.dtype]
    n = kind.ndim
    shape = target.parts[2 : 2 + n]
    if lazy.is_array(value):
        given = lazy.item_of(value.kind)
        if given != number and not (given.is_float and number.is_float):
            raise NotTranslatedError("an array is stored into one of another dtype")
        lazy.require_shape(code, value, shape)
    else:
        value = Value(number, fitting_words(code, value, number))
    translator.log.note_view(target)
    lazy.put_apart(translator, target, value)


def attribute(code: Code, owner: Value, name: str) -> Value:
    """Return an attribute of an array, or of a module."""
    kind = owner.kind
    if isinstance(kind, Array):
        n = kind.ndim
        shape = owner.parts[2 : 2 + n]
        if name == "shape":
            return tuple_of([Value(INT, (part,)) for part in shape])
        if name == "T":
            return views.transposed(code, owner)
        if name == "ndim":
            return code.constant(n)
        if name == "size":
            size = code.i64(1)
            for part in shape:
                size = code.builder.mul(size, part)
            return Value(INT, (size,))
        if name in METHODS:
            return Value(Method(name, kind), owner.parts)
    raise NotTranslatedError(f"the attribute {name} of {described(kind)}")


def unpacked(code: Code, value: Value, n: int) -> list[Value]:
    """Return the items of a tuple, or of an array of numbers, that is unpacked."""
    if isinstance(value.kind, Tuple) and len(value.kind.items) == n:
        return split(value)
    if isinstance(value.kind, Array):
        code.leave_if(code.builder.icmp_signed("!=", value.parts[2], code.i64(n)))
        return [item(code, value, code.constant(i)) for i in range(n)]
    raise NotTranslatedError(f"unpacking {described(value.kind)}")
