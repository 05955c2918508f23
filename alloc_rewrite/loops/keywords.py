"""Arguments of calls that become part of a kernel: those by keyword, and those of `*args`.

In: a callable, its arguments by position and by name. Out: all by position, None for those between
that are not given. A table by the object that is called.
"""

from __future__ import annotations

import builtins
from typing import Any

import numpy as np

from ..rewrite.items import Instr
from ..rewrite.opcodes import NULL_FOR_MAPPING, spread_call
from . import elements
from .code import Code, NotTranslatedError, Value, described
from .kinds import Array, Known, Method, Tuple
from .states import State

_REDUCTION = ("axis", "dtype", "out", "keepdims")
_EXTREME = ("axis", "out", "keepdims")
_NAMES: dict[Any, tuple[str, ...]] = {
    builtins.enumerate: ("iterable", "start"),
    np.array: ("object", "dtype"),
    np.asarray: ("a", "dtype"),
    np.zeros: ("shape", "dtype"),
    np.ones: ("shape", "dtype"),
    np.empty: ("shape", "dtype"),
    np.full: ("shape", "fill_value", "dtype"),
    np.zeros_like: ("a", "dtype"),
    np.ones_like: ("a", "dtype"),
    np.empty_like: ("prototype", "dtype"),
    np.sum: ("a", *_REDUCTION),
    np.prod: ("a", *_REDUCTION),
    np.mean: ("a", *_REDUCTION),
    np.max: ("a", *_EXTREME),
    np.min: ("a", *_EXTREME),
    np.any: ("a", *_EXTREME),
    np.all: ("a", *_EXTREME),
}
_METHODS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("sum", "prod", "mean"), _REDUCTION),
    **dict.fromkeys(("max", "min", "any", "all"), _EXTREME),
}


def spread(item: Instr, index: int, state: State) -> Instr:
    """Put the items of `*args` on the stack; return the call that takes them."""
    if spread_call(state.unit.items, index)[1] != 1:
        raise NotTranslatedError("a call with `**`")
    if NULL_FOR_MAPPING:
        state.stack.pop()
    args = state.stack.pop()
    if not isinstance(args.kind, Tuple):
        raise NotTranslatedError(f"a call with `*` of {described(args.kind)}")
    state.stack.extend(values := elements.split(args))
    return Instr("CALL", len(values), location=item.location)


def placed(code: Code, callee: Value, args: list[Value], named: dict[str, Value]) -> list[Value]:
    """Return all arguments of a call by position."""
    if not named:
        return args
    names = _names(callee)[len(args) :]
    unknown = named.keys() - set(names)
    if unknown:
        raise NotTranslatedError(f"a call of {described(callee.kind)} with {min(unknown)}=")
    last = max(names.index(name) for name in named)
    return [*args, *(named.get(name, code.constant(None)) for name in names[: last + 1])]


def _names(callee: Value) -> tuple[str, ...]:
    kind = callee.kind
    if isinstance(kind, Method) and isinstance(kind.owner, Array):
        return _METHODS.get(kind.name, ())
    try:
        return _NAMES.get(kind.value, ()) if isinstance(kind, Known) else ()
    except TypeError:
        return ()
