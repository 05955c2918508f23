"""What each instruction does in a kernel.

In: a `Translator`, an instruction, and what is known before it. Out: code, and what is known after
it; or `NotTranslatedError`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, cast

from ..interpreter import VERSION
from ..rewrite.items import Instr
from ..rewrite.opcodes import (
    ITERATOR_DEPTH,
    constant,
    operator_of,
)
from . import (
    arrays,
    attributes,
    calls,
    containers,
    elements,
    iteration,
    keywords,
    lazy,
    making,
    methods,
    operators,
    views,
)
from .branches import choice, jump
from .code import NotTranslatedError, Value, described
from .helpers import enter, leave_helper, names_of
from .kinds import BOOL, UNBOUND, Array, Given, Known, Method, may_be_held
from .states import NULL, State

if TYPE_CHECKING:
    from .translate import Translator


def _size(item: Instr) -> int:
    """Return an instruction's argument, which is a number."""
    return cast(int, item.arg)


def step(t: Translator, item: Instr, index: int, state: State) -> bool:
    """Translate one instruction; return whether control goes elsewhere."""
    name, stack = item.name, state.stack
    if name in _IGNORED:
        return False
    found = constant(item)
    if found is not None:
        stack.append(views.constant(t.code, found[0]))
        return False
    operator = operator_of(item)
    if operator is not None:
        _operator(t, operator[0], operator[1], state)
        return False
    if name == "COMPARE_OP":  # with its result as a truth value (3.13)
        sign = item.arg.name.removesuffix("_CAST").lower()
        y, x = stack.pop(), stack.pop()
        stack.append(_compare(t, sign, x, y, cast=True))
        return False
    if item.is_jump:
        return jump(t, item, index, state)
    if name in ("CALL", "CALL_KW", "CALL_FUNCTION_EX"):
        if name == "CALL_FUNCTION_EX":
            item = keywords.spread(item, index, state)
        if not enter(t, item, index, state) and not choice(t, item, index, state):
            _call(t, item, index, state)
            return False
        return True
    if name in ("RETURN_VALUE", "RETURN_CONST"):
        leave_helper(t, item, state)
        return True
    one = _STEPS.get(name)
    if one is None:
        raise NotTranslatedError(f"the instruction {name}")
    one(t, item, state)
    return False


_COMPARISONS = frozenset({"lt", "le", "eq", "ne", "gt", "ge"})


def _operator(t: Translator, name: str, size: int, state: State) -> None:
    stack = state.stack
    if size == 1:
        if lazy.is_array(stack[-1]):
            stack.append(arrays.unary(t, name, stack.pop()))
            return
        stack.append(operators.unary(t.code, name, stack.pop()))
        return
    y, x = stack.pop(), stack.pop()
    if name == "getitem":
        x = lazy.materialised(t, x)
        is_fancy = arrays.is_fancy(y)
        stack.append(arrays.gather(t, x, y) if is_fancy else elements.item(t.code, x, y))
    elif (lazy.is_array(x) or lazy.is_array(y)) and name in _COMPARISONS:
        stack.append(arrays.binary(t, name, x, y))
    elif name in _COMPARISONS:
        stack.append(_compare(t, name, x, y, cast=False))
    elif name == "matmul":
        stack.append(making.product(t, [x, y]))
    elif name.startswith("i_") and isinstance(x.kind, Array):
        containers.settle(t, state)
        stack.append(arrays.in_place(t, name, x, y))
    elif lazy.is_array(x) or lazy.is_array(y):
        stack.append(arrays.binary(t, name.removeprefix("i_"), x, y))
    else:
        stack.append(operators.binary(t.code, name, x, y))


def _compare(t: Translator, name: str, x: Value, y: Value, cast: bool) -> Value:
    value = operators.compare(t.code, name, x, y)
    return Value(BOOL, value.parts) if cast else value


# ---------------------------------------------------------------------- plain instructions

Step = Callable[["Translator", Instr, State], None]


def _load_fast(t: Translator, item: Instr, state: State) -> None:
    name = t.loop.name_of(item)
    value = state.locals.get(name)
    if value is None and state.unit is t.unit:
        value = t.fixed.get(name)
    if value is None or value.kind == UNBOUND:
        raise NotTranslatedError(f"`{item.arg}` may have no value")
    state.stack.append(value)


def _store_fast(t: Translator, item: Instr, state: State) -> None:
    value = lazy.materialised(t, state.stack.pop())
    if not may_be_held(value.kind):
        raise NotTranslatedError(f"`{item.arg}` gets {described(value.kind)}")
    state.locals[str(item.arg)] = value


def _load_global(t: Translator, item: Instr, state: State) -> None:
    calls_it, name = cast(tuple[bool, str], item.arg)
    pair = [t.known_global(state.unit, name)]
    if calls_it:
        pair.insert(0 if VERSION < (3, 13) else 1, NULL)
    state.stack.extend(pair)


def _call(t: Translator, item: Instr, index: int, state: State) -> None:
    n = _size(item)
    stack = state.stack
    names = names_of(state, item, index)
    args = stack[len(stack) - n :]
    del stack[len(stack) - n :]
    pair = stack[-2:]
    del stack[-2:]
    callee = pair[1] if pair[0] == NULL else pair[0]
    if NULL not in pair:
        raise NotTranslatedError("a method is called")
    if isinstance(callee.kind, Given):
        function, _ = t.callee(callee)
        callee = callee if function is None else Value(Known(function), (), function)
    named = dict(zip(names, args[n - len(names) :], strict=True))
    args = [_known_type(t, arg) for arg in args[: n - len(names)]]
    named = {name: _known_type(t, arg) for name, arg in named.items()}
    out = named.pop("out", None)
    args = keywords.placed(t.code, callee, args, named)
    if out is not None:
        stack.append(making.into(t, callee, args, out))
        return
    made = making.call(t, callee, args)
    if made is not None:
        stack.append(made)
    elif isinstance(callee.kind, Method):
        stack.append(methods.call(t.code, callee, args))
    else:
        stack.append(calls.call(t.code, callee, args))


def _known_type(t: Translator, value: Value) -> Value:
    """Return a type that came in, such as a dtype, as one that is known."""
    if not isinstance(value.kind, Given) or not isinstance(t.values[value.kind.number], type):
        return value
    found, _ = t.callee(value)
    return value if found is None else Value(Known(found), (), found)


def _get_iter(t: Translator, item: Instr, state: State) -> None:
    _push_iterator(state, iteration.started(t.code, state.stack.pop()))


def _push_iterator(state: State, iterator: Value) -> None:
    """Push an iterator, and what lies above it since 3.15."""
    state.stack.append(iterator)
    state.stack.extend([Value(UNBOUND)] * (ITERATOR_DEPTH - 1))


def _pop_iterator(t: Translator, item: Instr, state: State) -> None:
    del state.stack[-ITERATOR_DEPTH:]


def _swap(t: Translator, item: Instr, state: State) -> None:
    n = _size(item)
    state.stack[-1], state.stack[-n] = state.stack[-n], state.stack[-1]


def _to_bool(t: Translator, item: Instr, state: State) -> None:
    value = state.stack.pop()
    state.stack.append(Value(BOOL, (operators.truth(t.code, value),)))


def _not(t: Translator, item: Instr, state: State) -> None:
    value = state.stack.pop()
    state.stack.append(Value(BOOL, (t.code.builder.not_(operators.truth(t.code, value)),)))


def _end_for(t: Translator, item: Instr, state: State) -> None:
    del state.stack[-2 if VERSION < (3, 13) else -1 :]


def _pop(t: Translator, item: Instr, state: State) -> None:
    lazy.materialised(t, state.stack.pop())


_IGNORED = frozenset(
    {"COPY_FREE_VARS", "KW_NAMES", "NOP", "RESUME", "PRECALL", "NOT_TAKEN", "EXTENDED_ARG"}
)
_STEPS: dict[str, Step] = {
    "LOAD_FAST": _load_fast,
    "LOAD_FAST_CHECK": _load_fast,
    "LOAD_FAST_BORROW": _load_fast,
    "LOAD_DEREF": _load_fast,
    "STORE_FAST": _store_fast,
    "LOAD_GLOBAL": _load_global,
    "LOAD_ATTR": attributes.load,
    "LOAD_METHOD": attributes.load,
    "PUSH_NULL": lambda t, item, state: state.stack.append(NULL),
    "POP_TOP": _pop,
    "POP_ITER": _pop_iterator,
    "END_FOR": _end_for,
    "COPY": lambda t, item, state: state.stack.append(state.stack[-_size(item)]),
    "SWAP": _swap,
    "STORE_ATTR": attributes.store,
    "STORE_SUBSCR": containers.store_subscr,
    "GET_ITER": _get_iter,
    "UNPACK_SEQUENCE": containers.unpack,
    "BUILD_TUPLE": containers.build_tuple,
    "BUILD_LIST": containers.build_list,
    "LIST_EXTEND": containers.list_extend,
    "LIST_APPEND": containers.list_append,
    "CALL_INTRINSIC_1": containers.list_to_tuple,
    "BUILD_SLICE": containers.build_slice,
    "BINARY_SLICE": containers.binary_slice,
    "STORE_SLICE": containers.store_slice,
    "IS_OP": containers.is_,
    "CONTAINS_OP": containers.contains,
    "TO_BOOL": _to_bool,
    "UNARY_NOT": _not,
}
