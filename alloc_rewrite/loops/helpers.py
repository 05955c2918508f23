"""Helpers: Python functions that are called in a loop become part of its kernel.

In: a call, and what is known there. Out: the translation goes on in the function, and back. Guards
look at the function, its code, and the defaults that count, whenever the kernel begins.
"""

from __future__ import annotations

import types
from typing import TYPE_CHECKING, Any, cast

from bytecode import Label

from ..errors import RewriteError
from ..rewrite.decode import decode
from ..rewrite.items import Instr
from ..rewrite.opcodes import keyword_names
from . import making
from .code import NotTranslatedError, Value, described
from .heads import finish
from .kinds import UNBOUND, Function, Given, Kind, Known, Object, may_be_held
from .lazy import materialised
from .states import NULL, State, Unit

if TYPE_CHECKING:
    from .translate import Translator

MOST_CALLS = 6  # of helpers, one in the other
_OTHER_FLAGS = 0x2AC  # *args, **kwargs, generators and coroutines


def enter(t: Translator, item: Instr, index: int, state: State) -> bool:
    """Go on in the Python function that is called, if it is one."""
    size = n = cast(int, item.arg)
    stack = state.stack
    above = item.name == "CALL_KW"  # the names lie on top
    pair = stack[len(stack) - n - 2 - above : len(stack) - n - above]
    callee = pair[1] if pair[0] == NULL else pair[0]
    if not isinstance(callee.kind, (Known, Function)):
        return False
    function, holder = t.callee(callee)
    if type(function) is not types.FunctionType or making.makes(function):
        return False
    names = names_of(state, item, index)
    unit = _unit(t, function, holder, state)
    code = function.__code__
    args = stack[len(stack) - n :]
    if NULL not in pair:  # a method's
        args.insert(0, pair[1])
        n += 1
    args = [materialised(t, value) for value in args]
    del stack[len(stack) - size - 2 :]
    locals_ = dict.fromkeys(code.co_varnames, Value(UNBOUND))
    given = args[: n - len(names)], names, args[n - len(names) :]
    locals_.update(_arguments(t, function, holder, *given))
    for name in _cells_read(unit):
        locals_[f"cell {name}"] = t.cell_of(function, holder, name)
    for name in code.co_varnames[: code.co_argcount]:
        if not _may_be_given(locals_[name].kind):
            raise NotTranslatedError(f"`{name}` gets {described(locals_[name].kind)}")
    t.go(0, State(locals_, [], unit, state, index + 1), t.head)
    return True


def _may_be_given(kind: Kind) -> bool:
    """Whether a helper may have an argument of this kind."""
    is_callable = isinstance(kind, Known) and callable(kind.value)
    return may_be_held(kind) or is_callable or isinstance(kind, (Object, Function, Given))


def names_of(state: State, item: Instr, index: int) -> tuple[str, ...]:
    """Return the names of a call's last arguments, and take them off the stack."""
    found = keyword_names(state.unit.items, index)
    if found is None:
        raise NotTranslatedError("a call whose keyword arguments are unknown")
    if item.name == "CALL_KW":
        state.stack.pop()
    return found[1]


def _arguments(
    t: Translator,
    function: types.FunctionType,
    holder: Any,
    given: list[Value],
    names: tuple[str, ...],
    named: list[Value],
) -> dict[str, Value]:
    """Return the values of a helper's parameters."""
    code = function.__code__
    parameters = code.co_varnames[: code.co_argcount]
    found = dict(zip(parameters, given, strict=False))
    for name, value in zip(names, named, strict=True):
        if name in found or name not in parameters[code.co_posonlyargcount :]:
            raise NotTranslatedError(f"a call of `{function.__name__}` with other arguments")
        found[name] = value
    defaults = function.__defaults__ or ()
    ahead = len(parameters) - len(defaults)
    missing = [i for i, name in enumerate(parameters) if name not in found]
    if len(given) > len(parameters) or any(i < ahead for i in missing):
        raise NotTranslatedError(f"a call of `{function.__name__}` with other arguments")
    for i in missing:
        found[parameters[i]] = t.default_of(function, holder, i - ahead)
    return found


def _cells_read(unit: Unit) -> list[str]:
    """Return the free variables that a helper reads."""
    loads = (item for item in unit.items if isinstance(item, Instr) and item.name == "LOAD_DEREF")
    return sorted({cast(Any, item.arg).name for item in loads})


def _unit(t: Translator, function: types.FunctionType, holder: Any, state: State) -> Unit:
    """Return the code of a helper, guarded."""
    code, depth = function.__code__, 0
    caller: State | None = state
    while caller is not None:
        depth += 1
        if caller.unit.code is code:
            raise NotTranslatedError(f"the recursion of `{function.__name__}`")
        caller = caller.caller
    if depth > MOST_CALLS:
        raise NotTranslatedError("calls of calls of calls")
    if code.co_cellvars or code.co_kwonlyargcount or code.co_flags & _OTHER_FLAGS:
        raise NotTranslatedError(f"a call of `{function.__name__}`")
    unit = t.units.get(id(function))
    if unit is None:
        try:
            items = decode(code).items
        except RewriteError as error:
            raise NotTranslatedError(f"a call of `{function.__name__}`: {error}") from None
        where = {item: i for i, item in enumerate(items) if isinstance(item, Label)}
        targets = frozenset(item.arg for item in items if isinstance(item, Instr) and item.is_jump)
        unit = Unit(items, where, targets, function.__globals__, function.__globals__, code)
        t.units[id(function)] = unit
    t.of_function(holder, "__code__", code)
    return unit


def leave_helper(t: Translator, item: Instr, state: State) -> None:
    """Go on in the function that called the helper."""
    is_constant = item.name == "RETURN_CONST"
    value = t.code.constant(item.arg) if is_constant else state.stack.pop()
    if state.caller is None:
        finish(t, state, value)
        return
    caller = state.caller.copy()
    caller.stack.append(value)
    t.go(state.resume, caller, t.head)
