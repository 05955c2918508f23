"""Operations on arrays by NumPy's own inner loops: ufuncs, reductions, products of matrices.

In: the translator, and values. Out: new arrays, or numbers. Whatever the original code would have
to buffer or turn into other dtypes on the way is made an array of its own first, or left to it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from llvmlite import ir

from ..cores import native
from . import arithmetic, complexes, lazy
from .code import I64, NotTranslatedError, Value, described
from .kinds import B1, F4, F8, I8, INT, NUMBERS, Array, Complex, Lazy, Number
from .numpy_loops import (
    CUTS_ROWS,
    InnerLoop,
    adds_in_order,
    initial_of,
    inner_loop,
    reduction_loop,
)
from .scratch import known_words, product_of

if TYPE_CHECKING:
    from .translate import Translator

_PYTHON = {"int": int, "float": float, "bool": bool, "complex": complex}


def called(
    t: Translator,
    loop: InnerLoop,
    data: list[Any],
    dims: list[Any],
    strides: list[Any],
    by: str = "INNER_CALL",
) -> None:
    """Call a loop; leave where it fails."""
    code, b = t.code, t.code.builder
    words = [*data, *dims, *strides]
    with b.goto_entry_block():
        room = b.alloca(I64, code.i64(len(words)))
    for i, word in enumerate(words):
        b.store(word, b.gep(room, [code.i64(i)]))
    at = [b.gep(room, [code.i64(i)]) for i in (0, len(data), len(data) + len(dims))]
    function = ir.FunctionType(I64, [I64] + [I64.as_pointer()] * 3)
    caller = code.function_at(by, getattr(native, by), function)
    failed = b.call(caller, [code.address(loop.name, loop.address), *at])
    code.leave_if(b.icmp_signed("!=", failed, code.i64(0)))


def _room(t: Translator, number: Number) -> Any:
    """Return the address of room for one number."""
    b = t.code.builder
    with b.goto_entry_block():
        room = b.alloca(I64, t.code.i64(2))
    return b.ptrtoint(room, I64)


# ---------------------------------------------------------------------- ufuncs


def ufunc(t: Translator, function: Any, args: list[Value]) -> Value:
    """Return what one of NumPy's ufuncs gives for arrays and numbers."""
    name = function.__name__
    if len(args) != function.nin:
        raise NotTranslatedError(f"np.{name} with other arguments")
    args = [lazy.materialised(t, arg) for arg in args]
    loop = inner_loop(function, tuple(_told(arg) for arg in args))
    if loop is None:
        raise NotTranslatedError(f"np.{name} of {' and '.join(described(a.kind) for a in args)}")
    given = [_operand(t, arg, number) for arg, number in zip(args, loop.numbers, strict=False)]
    joined = Value(Lazy("b1", max(map(lazy.axes, given)), "", tuple(v.kind for v in given)))
    joined = joined._replace(parts=tuple(part for value in given for part in value.parts))
    shape = lazy.shape_of(t.code, joined)
    if len(shape) > 1 and any(isinstance(number, Complex) for number in loop.numbers):
        raise NotTranslatedError(f"np.{name} of complex numbers with several axes")
    lazy.require_c_order(t.code, joined)
    made = t.scratch.new(loop.numbers[-1], shape)
    t.tick(product_of(t.code, shape))
    _rows(t, loop, [*given, made], shape)
    return made


def _told(value: Value) -> Any:
    """Return what NumPy is told of an operand: a dtype, or a Python type."""
    number = lazy.item_of(value.kind)
    if isinstance(value.kind, Number) and number.is_python:
        return _PYTHON[number.name]
    return np.dtype(number.name)


def _operand(t: Translator, value: Value, number: Number) -> Value:
    """Return an operand with the dtype that a loop takes; a number as its address."""
    if isinstance(value.kind, Number):
        address = _room(t, number)
        words = complexes.converted_to_numpy(t.code, value, number)
        t.code.store_all(words, address, number)
        return Value(INT, (address,))  # one word, whatever the number's kind
    if lazy.item_of(value.kind) == number:
        return value
    return lazy.materialised(t, lazy.cast(value, number))


def _rows(t: Translator, loop: InnerLoop, operands: list[Value], shape: tuple[Any, ...]) -> None:
    """Call a loop for all items: at once where they lie one after the other, or row by row."""
    n, zero = len(shape), t.code.i64(0)
    if n == 1 or all(_has_shape(value, shape) for value in operands):
        data, strides = [], []
        for value in operands:
            has_axes = isinstance(value.kind, Array)
            data.append(value.parts[1 if has_axes else 0])
            is_repeated = n == 1 and has_axes and lazy.is_one(value.parts[2])
            strides.append(value.parts[-1] if has_axes and not is_repeated else zero)
        called(t, loop, data, [product_of(t.code, shape)], strides)
        return
    b = t.code.builder

    def row(indices: list[Any]) -> None:
        data, strides = [], []
        for value in operands:
            if not isinstance(value.kind, Array):
                data.append(value.parts[0])
                strides.append(zero)
                continue
            axes = value.kind.ndim
            address = value.parts[1]
            dims, steps = value.parts[2 : 2 + axes], value.parts[2 + axes :]
            for i, dim, step in zip(
                [*indices, None][n - axes :], dims[: axes - 1], steps, strict=False
            ):
                if not lazy.is_one(dim):
                    address = b.add(address, b.mul(i, step))
            data.append(address)
            strides.append(zero if lazy.is_one(dims[-1]) else steps[-1])
        called(t, loop, data, [shape[-1]], strides)

    lazy.nest(t.code, shape[:-1], [], row)


def _has_shape(value: Value, shape: tuple[Any, ...]) -> bool:
    """Whether all items of a shape lie one after the other, as is known beforehand."""
    kind = value.kind
    return not isinstance(kind, Array) or (
        kind.shape is not None and kind.shape == known_words(shape)
    )


# ---------------------------------------------------------------------- reductions


def reduced(t: Translator, function: Any, value: Value) -> Value:
    """Return what a ufunc's `reduce` gives for all items of an array."""
    name = function.__name__
    if function is np.add and lazy.number_of(value.kind) in (I8, B1, NUMBERS["i4"]):
        return _whole_sum(t, value)
    value = lazy.materialised(t, value)
    if not isinstance(value.kind, Array):
        raise NotTranslatedError(f"np.{name}.reduce of {described(value.kind)}")
    number = NUMBERS[value.kind.dtype]
    loop = reduction_loop(function, number)
    if loop is None:
        raise NotTranslatedError(f"np.{name}.reduce of {described(value.kind)}")
    n, stride = flat(t, value)
    code, b = t.code, t.code.builder
    length = known_words((n,))
    initial = initial_of(function, number)
    first = None if initial is None else known(t, number, initial)
    is_short = length is not None and 0 < length[0] < 8
    if function is np.add and number in (F8, F4) and is_short and adds_in_order(number):
        return _short_sum(t, value, number, length[0], first)  # type: ignore[index]
    t.tick(n)
    if CUTS_ROWS and number.is_float and function in (np.add, np.multiply):
        code.leave_if(b.icmp_signed(">", n, code.i64(8192)))
    address = value.parts[1]
    room = _room(t, number)
    if first is None:
        code.leave_if(b.icmp_signed("==", n, code.i64(0)))
        first = code.load(address, number)
        address, n = b.add(address, stride), b.sub(n, code.i64(1))
    code.store(first, room)
    zero = code.i64(0)
    called(t, loop, [room, address, room], [n], [zero, stride, zero])
    return Value(number, (code.load(room, number),))


def known(t: Translator, number: Number, value: Any) -> Any:
    """Return a number that LLVM must not compute with beforehand."""
    if number.is_float:
        return t.code.at_run_time(t.code.real(value, number))
    return t.code.bit(value) if number.is_bool else t.code.whole(value, number)


def flat(t: Translator, value: Value) -> tuple[Any, Any]:
    """Return how many items there are, and their distance; leave where it isn't always the same."""
    assert isinstance(value.kind, Array)
    n, code = value.kind.ndim, t.code
    dims, strides = value.parts[2 : 2 + n], value.parts[2 + n :]
    if value.kind.shape is None:
        for i in range(n - 1):
            wanted = product_of(code, (strides[i + 1], dims[i + 1]))
            code.leave_if(code.builder.icmp_signed("!=", strides[i], wanted))
    return product_of(code, dims), strides[-1]


def _short_sum(t: Translator, value: Value, number: Number, n: int, first: Any) -> Value:
    code, b = t.code, t.code.builder
    total = code.real(-0.0, number)
    for i in range(n):
        step = product_of(code, (value.parts[-1], code.i64(i)))
        total = b.fadd(total, code.load(b.add(value.parts[1], step), number))
    return Value(number, (b.fadd(first, total),))


def _whole_sum(t: Translator, value: Value) -> Value:
    """Return the sum of whole numbers, which is the same in any order."""
    code, b = t.code, t.code.builder
    with b.goto_entry_block():
        total = b.alloca(I64)
    b.store(code.i64(0), total)
    shape = lazy.shape_of(code, value)
    t.tick(product_of(code, shape))

    def add(item: Value, indices: list[Any]) -> None:
        b.store(b.add(b.load(total), arithmetic.converted(code, item, I8)), total)

    lazy.each_item(code, value, shape, add)
    return Value(I8, (b.load(total),))


def mean(t: Translator, value: Value) -> Value:
    """Return `np.mean` of all items of an array of floats."""
    if lazy.number_of(value.kind) not in (F8, F4):
        raise NotTranslatedError(f"np.mean of {described(value.kind)}")
    value = lazy.materialised(t, value)
    n, _ = flat(t, value)
    t.code.leave_if(t.code.builder.icmp_signed("==", n, t.code.i64(0)))
    return arithmetic.binary(t.code, "truediv", reduced(t, np.add, value), Value(INT, (n,)))


# ---------------------------------------------------------------------- products


def product(t: Translator, x: Value, y: Value, made: Value | None = None) -> Value:
    """Return `x @ y` for a matrix and a vector, a vector and a matrix, or two matrices.

    `made` is the new array that gets it, if there is one.
    """
    kinds = x.kind, y.kind
    if not all(isinstance(kind, Array) and kind.ndim <= 2 for kind in kinds):
        raise NotTranslatedError("a product of anything but vectors and matrices")
    number = lazy.number_of(x.kind)
    if lazy.number_of(y.kind) != number or number not in (F8, F4):
        raise NotTranslatedError("a product of such arrays")
    loop = inner_loop(np.matmul, (np.dtype(number.name),) * 2)
    if loop is None or set(loop.numbers) != {number}:
        raise NotTranslatedError("a product of such arrays")
    code, b = t.code, t.code.builder
    zero, one = code.i64(0), code.i64(1)
    na, nb = x.kind.ndim, y.kind.ndim  # type: ignore[attr-defined]
    xs, ys = x.parts[2:], y.parts[2:]
    m, k = (xs[0] if na == 2 else one), xs[na - 1]
    p = ys[1] if nb == 2 else one
    code.leave_if(b.icmp_signed("!=", k, ys[0]))
    for dim in (m, k, p):
        code.leave_if(b.icmp_signed("==", dim, zero))
    dims = (*((m,) if na == 2 else ()), *((p,) if nb == 2 else ()))
    made = made or t.scratch.new(number, dims)
    t.tick(product_of(code, (m, k, p)))
    size = code.i64(code.itemsize(number))

    def stride(dim: Any, given: Any) -> Any:
        """Return a stride as NumPy gives it to the loop: 0 for an axis of length one."""
        return b.select(b.icmp_signed("==", dim, one), zero, given)

    strides = [
        zero, zero, zero,
        stride(m, xs[2]) if na == 2 else zero, stride(k, xs[2 * na - 1]),
        stride(k, ys[nb]), stride(p, ys[3]) if nb == 2 else zero,
        stride(m, product_of(code, (p, size))) if na == 2 else zero,
        stride(p, size) if nb == 2 else zero,
    ]  # fmt: skip
    called(t, loop, [x.parts[1], y.parts[1], made.parts[1]], [one, m, k, p], strides)
    return made
