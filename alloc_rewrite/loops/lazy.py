"""Array expressions in loops: computed item by item where they are stored or summed up.

In: a `Code`, operators and operands. Out: values of kind `Lazy`, and loops over their items. No
array is made. The shapes of all operands with as many axes have to be equal; others leave.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from llvmlite import ir

from . import arithmetic, complexes
from .code import Code, NotTranslatedError, Value, described
from .kinds import B1, BOOL, F4, F8, NUMBERS, U8, Array, Complex, Kind, Lazy, Number, words
from .scratch import known_words, product_of

if TYPE_CHECKING:
    from .translate import Translator

Leaf = tuple[Value, Any]  # an operand, and what comes of it


def is_array(value: Value) -> bool:
    return isinstance(value.kind, (Array, Lazy))


def item_of(kind: Kind) -> Number:
    """Return the number that items are, or the number itself."""
    if isinstance(kind, (Array, Lazy)):
        return NUMBERS[kind.dtype]
    if isinstance(kind, Number):
        return kind
    raise NotTranslatedError(f"arithmetic with {described(kind)}")


def number_of(kind: Kind) -> Number:
    """Return that for those that can do arithmetic with real numbers only."""
    number = item_of(kind)
    if isinstance(number, Complex):
        raise NotTranslatedError("an operation on complex numbers")
    return number


def axes_of(kind: Kind) -> int:
    """Return how many axes a value of a kind has."""
    return kind.ndim if isinstance(kind, (Array, Lazy)) else 0


def axes(value: Value) -> int:
    """Return how many axes a value has."""
    return axes_of(value.kind)


def cast(value: Value, number: Number) -> Value:
    """Return an array with items of another dtype."""
    return _made("pos", number, (value,))


OPERATORS = frozenset({"add", "sub", "mul", "truediv"})


def binary(name: str, x: Value, y: Value) -> Value:
    """Return the expression that an operator makes of arrays and numbers."""
    a, b = number_of(x.kind), number_of(y.kind)
    if name == "pow":
        return binary("mul", x, x)  # NumPy squares
    return _made(name, arithmetic.promoted(a, b), (x, y))


def is_done(name: str, x: Value, y: Value) -> bool:
    """Whether an operator of these is computed item by item here."""
    a, b = item_of(x.kind), item_of(y.kind)
    if isinstance(a, Complex) or isinstance(b, Complex):
        return False
    is_square = name == "pow" and a in (F8, F4) and y.constant == 2
    if name not in OPERATORS and not is_square:
        return False
    if B1 in (a, b) or BOOL in (a, b) or U8 in (a, b):
        return False
    return arithmetic.promoted(a, b) in (F8, F4)


def where(condition: Value, x: Value, y: Value) -> Value:
    """Return the expression that takes items of `x` where a condition holds, or else of `y`."""
    a, b = number_of(x.kind), number_of(y.kind)
    if number_of(condition.kind) != B1 or not is_array(condition):
        raise NotTranslatedError("np.where of such a condition")
    kind = a if a == b else arithmetic.promoted(a, b)
    if kind.is_python:
        kind = {"float": F8, "int": NUMBERS["i8"]}.get(kind.name, B1)
    return _made("where", kind, (condition, x, y))


def unary(name: str, x: Value) -> Value:
    """Return the expression that an operator or function makes of an array."""
    return _made(name, number_of(x.kind), (x,))


def _made(name: str, kind: Number, operands: tuple[Value, ...]) -> Value:
    most = max(map(axes, operands))
    parts = tuple(part for value in operands for part in value.parts)
    kinds = tuple(value.kind for value in operands)
    return Value(Lazy(kind.name, most, name, kinds), parts)


def materialised(t: Translator, value: Value) -> Value:
    """Return an expression as a new array, and anything else as it is."""
    if not isinstance(value.kind, Lazy):
        return value
    code = t.code
    shape = shape_of(code, value)
    require_c_order(code, value)
    made = t.scratch.new(item_of(value.kind), shape)
    put_all(t, made, value)
    return made


def put_all(t: Translator, target: Value, value: Value) -> None:
    """Store all items of an array, an expression, or a number, which fit, into a view."""
    code, n = t.code, axes_of(target.kind)
    number = item_of(target.kind)
    shape, strides = target.parts[2 : 2 + n], target.parts[2 + n :]
    t.tick(product_of(code, shape))

    def put(item: Value, indices: list[Any]) -> None:
        address = target.parts[1]
        for i, stride in zip(indices, strides, strict=True):
            address = code.builder.add(address, code.builder.mul(i, stride))
        code.store_all(complexes.converted(code, item, number), address, number)

    each_item(code, value, shape, put)


def leaves(value: Value) -> list[Value]:
    """Return the arrays and numbers that an expression is made of, in order."""
    kind = value.kind
    if not isinstance(kind, Lazy):
        return [value]
    out, at = [], 0
    for operand in kind.operands:
        n = _parts(operand)
        out += leaves(Value(operand, value.parts[at : at + n]))
        at += n
    return out


def _parts(kind: Kind) -> int:
    return sum(map(_parts, kind.operands)) if isinstance(kind, Lazy) else words(kind)


def _item(code: Code, kind: Kind, items: list[Value]) -> Value:
    """Return an item of an expression, given those of its leaves, which are taken off."""
    if not isinstance(kind, Lazy):
        return items.pop(0)
    operands = [_item(code, operand, items) for operand in kind.operands]
    number = NUMBERS[kind.dtype]
    w = code.builder
    if isinstance(number, Complex):
        if kind.operator != "pos":
            raise NotTranslatedError(f"{kind.operator} of complex numbers")
        return Value(number, complexes.both_words(code, operands[0], number))
    if kind.operator == "where":
        yes, no = (arithmetic.converted(code, operand, number) for operand in operands[1:])
        return Value(number, (w.select(operands[0].parts[0], yes, no),))
    given = [arithmetic.converted(code, operand, number) for operand in operands]
    match kind.operator:
        case "add":
            word = w.fadd(*given)
        case "sub":
            word = w.fsub(*given)
        case "mul":
            word = w.fmul(*given)
        case "truediv":
            word = w.fdiv(*given)
        case "neg":
            word = w.fneg(*given)
        case "pos":
            word = given[0]
        case name:
            word = code.call(name, *given)
    return Value(number, (word,))


def require_shape(code: Code, value: Value, shape: tuple[Any, ...]) -> None:
    """Leave unless all operands have this shape, as far as they have axes."""
    for leaf in leaves(value):
        n = axes_of(leaf.kind)
        if n > len(shape):
            raise NotTranslatedError("an array with more axes than what it is stored into")
        for axis in range(n):
            wanted, dim = shape[len(shape) - n + axis], leaf.parts[2 + axis]
            known = known_words((wanted, dim))
            if is_one(dim) or (known is not None and known[0] == known[1]):
                continue
            if dim is not wanted:
                code.leave_if(code.builder.icmp_signed("!=", dim, wanted))


def is_one(dim: Any) -> bool:
    """Whether an axis is known to have one item, so that it is repeated."""
    return known_words((dim,)) == (1,)


def shape_of(code: Code, value: Value) -> tuple[Any, ...]:
    """Return the shape of an expression; leave unless its operands have it."""
    axes = axes_of(value.kind)
    shape: list[Any] = [None] * axes
    for leaf in leaves(value):
        n = axes_of(leaf.kind)
        for axis in range(n):
            at, dim = axes - n + axis, leaf.parts[2 + axis]
            if shape[at] is None or is_one(shape[at]):
                shape[at] = dim
            elif known_words((dim,)) and not is_one(dim):
                shape[at] = dim  # one that is known is better
    require_shape(code, value, tuple(shape))
    return tuple(shape)


def require_c_order(code: Code, value: Value) -> None:
    """Leave where NumPy's result might not be in C order: operands that aren't, nor nearly."""
    b = code.builder
    for leaf in leaves(value):
        n = axes_of(leaf.kind)
        if n < 2 or (isinstance(leaf.kind, Array) and leaf.kind.shape is not None):
            continue
        dims, strides = leaf.parts[2 : 2 + n], leaf.parts[2 + n :]
        kept = [stride for dim, stride in zip(dims, strides, strict=True) if not is_one(dim)]
        for wide, narrow in itertools.pairwise(kept):
            code.leave_if(b.icmp_signed("<", wide, narrow))
            code.leave_if(b.icmp_signed("<", narrow, code.i64(0)))


def each_item(
    code: Code, value: Value, shape: tuple[Any, ...], use: Callable[[Value, list[Any]], None]
) -> None:
    """Write loops over a shape, and let `use` have the item of an expression at each index."""
    found = leaves(value)

    def at(indices: list[Any]) -> None:
        items = []
        for leaf in found:
            n = axes_of(leaf.kind)
            if not n:
                items.append(leaf)
                continue
            address = leaf.parts[1]
            dims, strides = leaf.parts[2 : 2 + n], leaf.parts[2 + n :]
            for index, dim, stride in zip(indices[len(indices) - n :], dims, strides, strict=True):
                if not is_one(dim):
                    address = code.builder.add(address, code.builder.mul(index, stride))
            number = item_of(leaf.kind)
            items.append(Value(number, code.loaded(address, number)))
        use(_item(code, value.kind, items), indices)

    nest(code, shape, [], at)


def nest(
    code: Code, shape: tuple[Any, ...], indices: list[Any], body: Callable[[list[Any]], None]
) -> None:
    if not shape:
        body(indices)
        return
    b = code.builder
    head, inside, end = (code.function.append_basic_block() for _ in range(3))
    before = b.block
    b.branch(head)
    b.position_at_end(head)
    index = b.phi(code.word)
    index.add_incoming(code.i64(0), before)
    b.cbranch(b.icmp_signed("<", index, shape[0]), inside, end)
    b.position_at_end(inside)
    nest(code, shape[1:], [*indices, index], body)
    following = b.add(index, code.i64(1), flags=["nuw", "nsw"])
    index.add_incoming(following, b.block)
    b.branch(head)
    b.position_at_end(end)


def extent(code: Code, array: Value) -> tuple[Any, Any]:
    """Return the lowest address of an array's items, and the one behind the highest."""
    b, n = code.builder, axes(array)
    low = high = array.parts[1]
    zero = code.i64(0)
    for dim, stride in zip(array.parts[2 : 2 + n], array.parts[2 + n :], strict=True):
        reach = b.mul(b.sub(dim, code.i64(1)), stride)
        is_down = b.icmp_signed("<", reach, zero)
        low = b.add(low, b.select(is_down, reach, zero))
        high = b.add(high, b.select(is_down, zero, reach))
    assert isinstance(array.kind, Array)
    return low, b.add(high, code.i64(array.kind.itemsize))


def meet(code: Code, one: Value, other: Value) -> Any:
    """Return whether an item of one array lies between those of another."""
    b, (low, high), (first, last) = code.builder, extent(code, one), extent(code, other)
    return b.and_(b.icmp_unsigned("<", first, high), b.icmp_unsigned("<", low, last))


def overlaps(code: Code, target: Value, value: Value) -> Any:
    """Return whether an operand overlaps the target without being the target, item on item."""
    b, out = code.builder, code.bit(False)
    for leaf in leaves(value):
        n = axes_of(leaf.kind)
        if not n:
            continue
        meets = meet(code, target, leaf)
        if n == axes_of(target.kind) and item_of(leaf.kind) == item_of(target.kind):
            is_same = code.bit(True)
            for one, other in zip(leaf.parts[1:], target.parts[1:], strict=True):
                is_same = b.and_(is_same, b.icmp_signed("==", one, other))
            meets = b.and_(meets, b.not_(is_same))
        out = b.or_(out, meets)
    return out


def put_apart(t: Translator, target: Value, value: Value) -> None:
    """Store an expression into a view that may overlap its operands; where it does, by a copy."""
    code = t.code
    b = code.builder
    meets = overlaps(code, target, value)
    if isinstance(meets, ir.Constant):
        put_all(t, target, value)
        return
    copied, direct, done = (code.function.append_basic_block() for _ in range(3))
    b.cbranch(meets, copied, direct).set_metadata("prof", code.rarely)
    b.position_at_end(copied)
    made = t.scratch.new(item_of(value.kind), shape_of(code, value))
    put_all(t, made, value)
    put_all(t, target, made)
    b.branch(done)
    b.position_at_end(direct)
    put_all(t, target, value)
    b.branch(done)
    b.position_at_end(done)
