"""NumPy's functions of numbers, by NumPy's own inner loops: each call goes over one item.

In: a `Code`, a ufunc, numbers. Out: a NumPy scalar. Flags that the loop raises are those that NumPy
would look at: before another loop runs, which may clear them, and when the kernel ends.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
from llvmlite import ir

from ..cores import native
from . import complexes
from .code import I64, Code, NotTranslatedError, Value, described
from .kinds import DTYPES, NUMBERS, Complex, Number

_PYTHONS: dict[str, Any] = {"int": int, "float": float, "bool": bool, "complex": complex}
_NAMES = {np.dtype(name): name for name in DTYPES}
_OWN = frozenset(
    value for value in vars(np).values() if type(value) is np.ufunc and value.signature is None
)
_CALLER = ir.FunctionType(I64, [I64] + [I64.as_pointer()] * 3)


@functools.cache
def _loop(ufunc: np.ufunc, kinds: tuple[str, ...]) -> Any:
    """Return the dtypes of NumPy's loop for numbers of these kinds, its address, its capsule."""
    if "" in kinds:
        return None
    given = tuple(_PYTHONS.get(name) or np.dtype(name) for name in kinds)
    if ufunc not in _OWN or ufunc.nin != len(given) or ufunc.nout != 1:
        return None
    if not any(isinstance(kind, np.dtype) for kind in given):
        given = tuple(map(np.dtype, given))
    if bool in given:  # of Python, which isn't weak
        return None
    try:
        dtypes, capsule = ufunc._resolve_dtypes_and_context((*given, None))  # type: ignore[attr-defined]
        ufunc._get_strided_loop(capsule)  # type: ignore[attr-defined]
    except (TypeError, ValueError, RuntimeError):
        return None
    if not all(dtype in _NAMES for dtype in dtypes):
        return None
    if ufunc in (np.power, np.float_power) and dtypes[-1].kind in "iu":
        return None  # it raises from within the loop
    address = native.inner_loop(capsule)
    return None if address is None else (dtypes, address, capsule)


def is_ufunc(callee: Any) -> bool:
    return type(callee) is np.ufunc


def call(code: Code, ufunc: np.ufunc, args: list[Value]) -> Value:
    """Return what a ufunc gives for numbers."""
    names = (arg.kind.name if isinstance(arg.kind, Number) else "" for arg in args)
    found = _loop(ufunc, tuple(names))
    if found is None:
        kinds = " and ".join(described(arg.kind) for arg in args)
        raise NotTranslatedError(f"np.{ufunc.__name__} of {kinds}")
    dtypes, address, _ = found
    numbers = [NUMBERS[_NAMES[dtype]] for dtype in dtypes]
    is_complex = any(isinstance(number, Complex) for number in numbers)
    if is_complex and ufunc is np.square:
        raise NotTranslatedError("np.square of a complex number, which NumPy rounds in two ways")
    b = code.builder
    with b.goto_entry_block():
        at = [b.alloca(I64, I64(2)) for _ in numbers]
        data, steps = (b.alloca(I64, size=len(numbers)) for _ in range(2))
        one = b.alloca(I64)
        b.store(I64(1), one)
        for i, (place, number) in enumerate(zip(at, numbers, strict=True)):
            b.store(b.ptrtoint(place, I64), b.gep(data, [I64(i)]))
            step = 0 if is_complex and i < ufunc.nin else number.itemsize  # as NumPy has it
            b.store(I64(step), b.gep(steps, [I64(i)]))
    for arg, number, place in zip(args, numbers, at, strict=False):
        code.store_all(_given(code, arg, number), b.ptrtoint(place, I64), number)
    name = ".".join((ufunc.__name__, *(number.name for number in numbers)))
    caller = code.function_at("INNER_CALL", native.INNER_CALL, _CALLER)
    failed = b.call(caller, [code.address(name, address), data, one, steps])
    code.leave_if(b.icmp_signed("!=", failed, I64(0)))
    return Value(numbers[-1], code.loaded(b.ptrtoint(at[-1], I64), numbers[-1]))


def _given(code: Code, arg: Value, number: Number) -> tuple[Any, ...]:
    if isinstance(arg.kind, Number) and arg.kind.is_bool and number.is_bool:
        return arg.parts
    return complexes.converted(code, arg, number)
