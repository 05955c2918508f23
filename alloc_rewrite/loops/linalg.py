"""Linear algebra of small matrices in loops, by the loops of NumPy's generalised ufuncs.

In: the translator, and matrices. Out: new arrays, or numbers. A matrix that is singular, or not
positive definite, leaves the loop, and the original code raises its exception.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from . import arithmetic, inner, lazy
from .code import NotTranslatedError, Value
from .kinds import F8
from .numpy_loops import inner_loop

if TYPE_CHECKING:
    from .translate import Translator

_LOOPS: Any = getattr(np.linalg, "_umath_linalg", None)


def _matrix(t: Translator, value: Value) -> Value:
    """Return a square matrix of floats; leave where it isn't square, or has no items."""
    if lazy.axes(value) != 2 or lazy.number_of(value.kind) != F8:
        raise NotTranslatedError("linear algebra of anything but matrices of 64-bit floats")
    value = lazy.materialised(t, value)
    b, (rows, columns) = t.code.builder, value.parts[2:4]
    t.code.leave_if(b.icmp_signed("!=", rows, columns))
    t.code.leave_if(b.icmp_signed("==", rows, t.code.i64(0)))
    return value


def _run(t: Translator, name: str, operands: list[Value], made: Value, n: list[Any]) -> Value:
    """Call the loop for one item of each operand, with lengths of its core axes."""
    dtype = np.dtype("f8")
    loop = inner_loop(getattr(_LOOPS, name, None), (dtype,) * len(operands))
    if loop is None or set(loop.numbers) != {F8}:
        raise NotTranslatedError(f"np.linalg.{name}")
    every = [*operands, made]
    zero = t.code.i64(0)
    strides = [stride for value in every for stride in value.parts[2 + lazy.axes(value) :]]
    inner.called(
        t,
        loop,
        [value.parts[1] for value in every],
        [t.code.i64(1), *n],
        [*[zero] * len(every), *strides],
        by="INNER_CALL_FLAGGED",
    )
    t.tick(t.code.builder.mul(n[0], t.code.builder.mul(n[0], n[0])))
    return made


def _square(name: str) -> Callable[[Translator, list[Value]], Value]:
    def make(t: Translator, args: list[Value]) -> Value:
        if len(args) != 1:
            raise NotTranslatedError(f"np.linalg.{name} with other arguments")
        a = _matrix(t, args[0])
        return _run(t, name, [a], t.scratch.new(F8, a.parts[2:4]), [a.parts[2]])

    return make


def _solve(t: Translator, args: list[Value]) -> Value:
    if len(args) != 2 or lazy.axes(args[1]) not in (1, 2) or lazy.number_of(args[1].kind) != F8:
        raise NotTranslatedError("np.linalg.solve with other arguments")
    a, right = _matrix(t, args[0]), lazy.materialised(t, args[1])
    b, axes = t.code.builder, lazy.axes(right)
    dims = right.parts[2 : 2 + axes]
    t.code.leave_if(b.icmp_signed("!=", dims[0], a.parts[2]))
    t.code.leave_if(b.icmp_signed("==", dims[-1], t.code.i64(0)))
    name = "solve1" if axes == 1 else "solve"
    return _run(t, name, [a, right], t.scratch.new(F8, dims), [a.parts[2], *dims[1:]])


def _cross(t: Translator, args: list[Value]) -> Value:
    """Do what `np.cross` does for two vectors of three; what it returns is a view."""
    if len(args) != 2 or any(lazy.axes(arg) != 1 or lazy.number_of(arg.kind) != F8 for arg in args):
        raise NotTranslatedError("np.cross of anything but vectors of floats")
    code, b = t.code, t.code.builder
    vectors = []
    for arg in args:
        value = lazy.materialised(t, arg)
        code.leave_if(b.icmp_signed("!=", value.parts[2], code.i64(3)))
        at = [b.add(value.parts[1], b.mul(code.i64(i), value.parts[3])) for i in range(3)]
        vectors.append([Value(F8, (code.load(address, F8),)) for address in at])
    x, y = vectors
    made = t.scratch.new(F8, (code.i64(3),))
    for i in range(3):
        j, k = (i + 1) % 3, (i + 2) % 3
        first, second = (arithmetic.binary(code, "mul", x[m], y[n]) for m, n in ((j, k), (k, j)))
        item = arithmetic.binary(code, "sub", first, second)
        code.store(item.parts[0], b.add(made.parts[1], code.i64(8 * i)))
    return made._replace(parts=(b.not_(made.parts[0]), *made.parts[1:]))


TABLE: dict[Any, Callable[[Translator, list[Value]], Value]] = {
    np.cross: _cross,
    np.linalg.cholesky: _square("cholesky_lo"),
    np.linalg.inv: _square("inv"),
    np.linalg.solve: _solve,
}
