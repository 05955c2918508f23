"""`np.dot` of a matrix and a vector, by the functions of BLAS that NumPy takes for each shape.

In: the translator, a matrix and a vector. Out: a new vector. What NumPy copies first leaves.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import inner, lazy
from .code import NotTranslatedError, Value
from .kinds import F4, F8, Array
from .scratch import product_of

if TYPE_CHECKING:
    from .translate import Translator


def of_matrix_and_vector(t: Translator, x: Value, y: Value) -> Value:
    """Return `np.dot(x, y)`."""
    code, b = t.code, t.code.builder
    number = lazy.number_of(x.kind)
    if number not in (F8, F4) or lazy.number_of(y.kind) != number:
        raise NotTranslatedError("np.dot of such arrays")
    zero, one, size = code.i64(0), code.i64(1), code.i64(code.itemsize(number))
    _, first, m, n, down, across = x.parts
    code.leave_if(b.icmp_signed("!=", n, y.parts[2]))
    for dim in (m, n):
        code.leave_if(b.icmp_signed("==", dim, zero))
    for stride in (down, across, y.parts[3]):
        code.leave_if(b.icmp_signed("<=", stride, zero))
        code.leave_if(b.icmp_signed("!=", b.urem(stride, size), zero))
    made = t.scratch.new(number, (m,))
    cases = {name: code.function.append_basic_block() for name in ("column", "row", "matrix")}
    wide, done = (code.function.append_basic_block() for _ in range(2))
    b.cbranch(b.icmp_signed("==", n, one), cases["column"], wide)
    b.position_at_end(wide)
    b.cbranch(b.icmp_signed("==", m, one), cases["row"], cases["matrix"])
    b.position_at_end(cases["column"])
    _scaled(t, x, y, made)
    b.branch(done)
    b.position_at_end(cases["row"])
    row = (zero, first, n, across)
    code.store(code.dot(number, row, y.parts), made.parts[1])
    b.branch(done)
    b.position_at_end(cases["matrix"])
    is_c = _follow(t, across, down, n, size)
    code.leave_if(b.not_(b.or_(is_c, _follow(t, down, across, m, size))))
    assert isinstance(made.kind, Array)
    inner.product(t, x, y, made)
    b.branch(done)
    b.position_at_end(done)
    return made


def _follow(t: Translator, near: Any, far: Any, n: Any, size: Any) -> Any:
    """Return whether items follow each other: first those along one axis, of which there are n."""
    b = t.code.builder
    return b.and_(
        b.icmp_signed("==", near, size), b.icmp_signed("==", far, product_of(t.code, (n, size)))
    )


def _scaled(t: Translator, x: Value, y: Value, made: Value) -> None:
    """Add a multiple of a column to zeros, but for a single item; leave where a sign may differ."""
    code, b = t.code, t.code.builder
    number = lazy.number_of(x.kind)
    nothing = code.real(0.0, number)
    factor = code.load(y.parts[1], number)
    code.leave_if(b.fcmp_unordered("ueq", factor, nothing))
    is_single = b.icmp_signed("==", x.parts[2], code.i64(1))
    added = b.select(is_single, code.real(-0.0, number), code.at_run_time(nothing))

    def one(indices: list[Any]) -> None:
        (at,) = indices
        word = code.load(b.add(x.parts[1], b.mul(at, x.parts[4])), number)
        item = b.fmul(factor, word)
        is_lost = b.and_(
            b.fcmp_ordered("==", item, nothing), b.fcmp_unordered("une", word, nothing)
        )
        code.leave_if(is_lost)
        code.store(b.fadd(added, item), b.add(made.parts[1], b.mul(at, made.parts[3])))

    lazy.nest(code, (x.parts[2],), [], one)
