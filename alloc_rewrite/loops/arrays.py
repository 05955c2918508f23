"""Operators on arrays, and items by arrays of indices and of truth values.

In: the translator, and values. Out: values. Floats are computed item by item where the expression
is used; everything else is done by NumPy's own inner loops.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from . import elements, inner, lazy, views
from .code import I64, NotTranslatedError, Value, described
from .kinds import B1, F4, F8, NUMBERS, Array

if TYPE_CHECKING:
    from .translate import Translator

_BINARY: dict[str, Any] = {
    "add": np.add, "sub": np.subtract, "mul": np.multiply, "truediv": np.true_divide,
    "floordiv": np.floor_divide, "mod": np.remainder, "pow": np.power, "and_": np.bitwise_and,
    "or_": np.bitwise_or, "xor": np.bitwise_xor, "lshift": np.left_shift,
    "rshift": np.right_shift, "lt": np.less, "le": np.less_equal, "eq": np.equal,
    "ne": np.not_equal, "gt": np.greater, "ge": np.greater_equal,
}  # fmt: skip
_UNARY: dict[str, Any] = {"neg": np.negative, "pos": np.positive, "invert": np.invert}
_FAST_POWERS = (-1, 0, 0.5, 1, 2)  # exponents for which NumPy takes another function

#: Ufuncs of floats that are computed item by item, by the names that `lazy` has.
_LAZY = {
    np.add: "add", np.subtract: "sub", np.multiply: "mul", np.true_divide: "truediv",
    np.negative: "neg", np.sqrt: "sqrt", np.absolute: "fabs", np.fabs: "fabs",
    np.floor: "floor", np.ceil: "ceil",
}  # fmt: skip


def binary(t: Translator, name: str, x: Value, y: Value) -> Value:
    """Return what an operator gives where one of the two is an array."""
    if lazy.is_done(name, x, y):
        return lazy.binary(name, x, y)
    function = _BINARY.get(name)
    if function is None:
        raise NotTranslatedError(f"the operator {name} of arrays")
    if name == "pow" and not lazy.is_array(y):
        is_known = isinstance(y.constant, (int, float))
        if not is_known or y.constant in _FAST_POWERS:
            raise NotTranslatedError("a power of an array with such an exponent")
    return inner.ufunc(t, function, [x, y])


def in_place(t: Translator, name: str, target: Value, value: Value) -> Value:
    """Do an operator in place on an array or a view, and return it."""
    if not isinstance(target.kind, Array) or not target.kind.writeable:
        raise NotTranslatedError(f"an operator in place on {described(target.kind)}")
    result = binary(t, name.removeprefix("i_"), target, value)
    if lazy.item_of(result.kind) != NUMBERS[target.kind.dtype]:
        raise NotTranslatedError("an operator in place whose result has another dtype")
    elements.store_all(t, target, result)
    return target


def unary(t: Translator, name: str, x: Value) -> Value:
    """Return what an operator gives for an array."""
    if lazy.item_of(x.kind) in (F8, F4) and name in ("neg", "pos"):
        return lazy.unary(name, x)
    return inner.ufunc(t, _UNARY[name], [x])


def ufunc(t: Translator, function: Any, args: list[Value]) -> Value:
    """Return what a ufunc gives where one of its arguments is an array."""
    name = _LAZY.get(function)
    if name is not None and len(args) == 1 and lazy.item_of(args[0].kind) in (F8, F4):
        return lazy.unary(name, args[0])
    if name is not None and len(args) == 2 and lazy.is_done(name, *args):
        return lazy.binary(name, *args)
    return inner.ufunc(t, function, args)


# ---------------------------------------------------------------------- arrays of indices


def is_fancy(index: Value) -> bool:
    """Whether an index is an array, of indices or of truth values."""
    return lazy.is_array(index)


def _checked(t: Translator, container: Value, index: Value) -> Value:
    index = lazy.materialised(t, index)
    kinds = container.kind, index.kind
    if not all(isinstance(kind, Array) and kind.ndim == 1 for kind in kinds):
        raise NotTranslatedError("an array of indices with several axes")
    number = lazy.number_of(index.kind)
    if number == B1:
        differs = t.code.builder.icmp_signed("!=", index.parts[2], container.parts[2])
        t.code.leave_if(differs)
    elif not number.is_integer:
        raise NotTranslatedError("an index that is an array of floats")
    return index


def _address(t: Translator, container: Value, index: Value, at: Any) -> Any:
    """Return where the item is that the index has at a place."""
    b = t.code.builder
    number = lazy.number_of(index.kind)
    found = t.code.load(b.add(index.parts[1], b.mul(at, index.parts[3])), number)
    wide = views.position(t.code, Value(number, (found,)), container.parts[2])
    return b.add(container.parts[1], b.mul(wide, container.parts[3]))


def gather(t: Translator, container: Value, index: Value) -> Value:
    """Return the items of a vector at an array of indices, or where a mask is true."""
    index = _checked(t, container, index)
    code, b = t.code, t.code.builder
    number = lazy.number_of(container.kind)
    if lazy.number_of(index.kind) == B1:
        return _masked(t, container, index)
    n = index.parts[2]
    made = t.scratch.new(number, (n,))
    t.tick(n)

    def one(indices: list[Any]) -> None:
        word = code.load(_address(t, container, index, indices[0]), number)
        code.store(word, b.add(made.parts[1], b.mul(indices[0], made.parts[3])))

    lazy.nest(code, (n,), [], one)
    return made


def _masked(t: Translator, container: Value, mask: Value) -> Value:
    code, b = t.code, t.code.builder
    number = lazy.number_of(container.kind)
    made = t.scratch.new(number, (inner.reduced(t, np.add, mask).parts[0],))
    with b.goto_entry_block():
        room = b.alloca(I64)
    b.store(made.parts[1], room)
    n = mask.parts[2]
    t.tick(n)

    def one(indices: list[Any]) -> None:
        (at,) = indices
        is_chosen = code.load(b.add(mask.parts[1], b.mul(at, mask.parts[3])), B1)
        with b.if_then(is_chosen):
            word = code.load(b.add(container.parts[1], b.mul(at, container.parts[3])), number)
            place = b.load(room)
            code.store(word, place)
            b.store(b.add(place, code.i64(code.itemsize(number))), room)

    lazy.nest(code, (n,), [], one)
    return made


def scatter(t: Translator, container: Value, index: Value, value: Value) -> None:
    """Store a number or an array at an array of indices, or where a mask is true."""
    index = _checked(t, container, index)
    code, b = t.code, t.code.builder
    if not isinstance(container.kind, Array) or not container.kind.writeable:
        raise NotTranslatedError("a store into something that can't be written to")
    code.leave_if(lazy.meet(code, container, index))  # NumPy looks at several indices at a time
    number = lazy.number_of(container.kind)
    n = index.parts[2]
    is_mask = lazy.number_of(index.kind) == B1
    if lazy.is_array(value):
        if is_mask or lazy.axes(value) != 1 or lazy.number_of(value.kind) != number:
            raise NotTranslatedError("such a store at an array of indices")
        made = t.scratch.new(number, (n,))  # it may overlap what is stored into
        lazy.require_shape(code, value, (n,))
        lazy.put_all(t, made, value)
        value = made
    else:
        value = Value(number, (elements.fitting(code, value, number),))
    t.tick(n)

    def put(at: Any, address: Any) -> None:
        word = value.parts[0]
        if lazy.is_array(value):
            word = code.load(b.add(value.parts[1], b.mul(at, value.parts[3])), number)
        t.log.note(address, code.itemsize(number))
        code.store(word, address)

    def one(indices: list[Any]) -> None:
        (at,) = indices
        if not is_mask:
            put(at, _address(t, container, index, at))
            return
        is_chosen = code.load(b.add(index.parts[1], b.mul(at, index.parts[3])), B1)
        with b.if_then(is_chosen):
            put(at, b.add(container.parts[1], b.mul(at, container.parts[3])))

    lazy.nest(code, (n,), [], one)
