"""Helpers: Python functions whose calls become part of the caller's region.

In: a `Scan` that has come to a call, and the functions that were seen at calls. Out: the nodes that
the function's code adds, and what it returns as a node. It must not know where regions begin and
end, nor which functions may be inlined.

Whatever a helper's code reads besides its arguments (globals, cells, defaults), the region reads
through the function at each call; so only the function's code has to be what it was.
"""

from __future__ import annotations

import builtins
from dataclasses import replace
from types import CodeType, FunctionType, ModuleType
from typing import Any, cast

from bytecode import Label
from bytecode.instr import CellVar, FreeVar

from ..errors import RewriteError
from .calls import callee_name
from .decisions import decided
from .decode import decode
from .items import Instr
from .liveness import Locals
from .opcodes import constant, keyword_names
from .program import (
    ATTRIBUTE,
    BOUND,
    CONST,
    DEFAULT,
    FUNCTION,
    HELD,
    NAMED,
    SLICE,
    TUPLE,
)
from .reasons import of_item
from .seen import OTHER_FLAGS, method_of
from .symbolic import MOST_LEAVES, MOST_NODES, MOST_OPERANDS, Scan, Slot, Step

MOST_CALLS = 6  # of helpers, one in the other
_TAKES_OTHERS = 0x04  # a flag of code: `*args`
CALLS = frozenset({"CALL", "CALL_KW"})
_UNKNOWN = object()


def inlined(
    scan: Scan, lower: Slot, upper: Slot, arguments: list[int], names: tuple[str, ...]
) -> bool | None:
    """Take a call in whose function may be inlined; None if there is no such function."""
    found = _callee(scan, lower, upper)
    if found is None:
        return None
    function, callee, owner = found
    given = arguments if owner is None else [owner, *arguments]
    code = function.__code__
    reason = _hindrance(scan, function)
    if reason:
        return scan.refuse(f"`{code.co_name}` isn't inlined: {reason}")
    node = scan.once(FUNCTION, (callee,), code)
    scan.values[node] = function
    bound = _bound(scan, function, node, given, names)
    if isinstance(bound, str):
        return scan.refuse(f"`{code.co_name}` isn't inlined: {bound}")
    try:
        ir = decode(code)
    except RewriteError as error:
        return scan.refuse(f"`{code.co_name}` isn't inlined: {error}")
    inner = scan.inner(ir, Locals(ir), node)
    inner.locals.update(bound)
    returned = _run(inner)
    if returned is None:
        line = inner.line or _line(inner)
        reason = inner.reason.format(_called(inner)) or of_item(inner.ir, inner.at)
        return scan.refuse(f"`{code.co_name}` isn't inlined: {reason} (line {line})")
    return scan.push(returned)


def _callee(scan: Scan, lower: Slot, upper: Slot) -> tuple[FunctionType, int, int | None] | None:
    """Return the function that a call is of, its node, and that of the method's object, if any."""
    if scan.outer is None:
        function, owner = scan.helpers.at(scan.at)
        if function is None:
            return None
        if lower.method and lower is upper:
            base, name = lower.node, lower.method
        elif owner is not None:
            node = max(lower.node, upper.node)
            if scan.nodes[node].kind != ATTRIBUTE:
                return None
            base, name = scan.nodes[node].operands[0], scan.nodes[node].detail
            scan.nodes[node] = replace(scan.nodes[node], kind=BOUND)
            scan.owners[base] = owner
            return function, node, base
        else:
            return (
                (function, max(lower.node, upper.node), None) if _is_plain(lower, upper) else None
            )
        if owner is None:
            return function, scan.add(ATTRIBUTE, (base,), name), None
        scan.owners[base] = owner
        return function, scan.once(BOUND, (base,), name), base
    if lower.method and lower is upper:
        method = method_of(scan.owners.get(lower.node), lower.method)
        if method is None:
            return None
        return method, scan.once(BOUND, (lower.node,), lower.method), lower.node
    if not _is_plain(lower, upper):
        return None
    node = max(lower.node, upper.node)
    value = _value(scan, node)
    return (value, node, None) if type(value) is FunctionType else None


def _is_plain(lower: Slot, upper: Slot) -> bool:
    """Whether a call is of one value and a NULL."""
    nodes = (lower.node, upper.node)
    return not lower.method and not upper.method and min(nodes) < 0 <= max(nodes)


def _value(scan: Scan, number: int) -> Any:
    """Return the value that a node has now; `_UNKNOWN` if that can't be told."""
    if number in scan.values:
        return scan.values[number]
    node = scan.nodes[number]
    if node.kind == CONST:
        return node.detail
    if node.kind == ATTRIBUTE:
        base = _value(scan, node.operands[0])
        return vars(base).get(node.detail, _UNKNOWN) if type(base) is ModuleType else _UNKNOWN
    if node.kind not in (NAMED, HELD, DEFAULT):
        return _UNKNOWN
    function = cast(FunctionType, scan.values[node.operands[0]])
    try:
        return _read(function, node.kind, node.detail)
    except (LookupError, TypeError, ValueError, AttributeError):
        return _UNKNOWN


def _lookup(scan: Scan, number: int) -> tuple[Any] | None:
    value = _value(scan, number)
    return None if value is _UNKNOWN else (value,)


def _read(function: FunctionType, kind: str, detail: Any) -> Any:
    if kind == NAMED:
        names = function.__globals__
        return names[detail] if detail in names else vars(builtins)[detail]
    if kind == HELD:
        return cast(tuple[Any, ...], function.__closure__)[detail].cell_contents
    if isinstance(detail, str):
        return cast(dict[str, Any], function.__kwdefaults__)[detail]
    return cast(tuple[Any, ...], function.__defaults__)[detail]


def _hindrance(scan: Scan, function: FunctionType) -> str:
    """Say why a function's code can't become part of a region; empty if it may."""
    code, depth = function.__code__, 0
    outer: Scan | None = scan
    while outer is not None:
        depth += 1
        if outer.ir.code is code:
            return "it calls itself"
        outer = outer.outer
    if depth > MOST_CALLS:
        return f"more than {MOST_CALLS} calls are one in the other"
    if code.co_flags & OTHER_FLAGS:
        return "it takes `**kwargs`, or is a generator or coroutine"
    if not scan.helpers.allows(function):
        return "it isn't rewritten"
    return ""


def _bound(
    scan: Scan, function: FunctionType, node: int, given: list[int], names: tuple[str, ...]
) -> dict[str, int] | str:
    """Return the nodes of a function's parameters; or why it can't be called like that."""
    code: CodeType = function.__code__
    n, n_plain = code.co_argcount, len(given) - len(names)
    parameters = code.co_varnames[: n + code.co_kwonlyargcount]
    bound = dict(zip(parameters[:n], given[:n_plain], strict=False))
    named = dict(zip(names, given[n_plain:], strict=True))
    by_name = set(parameters[code.co_posonlyargcount :]) - bound.keys()
    others, takes_others = given[n:n_plain], code.co_flags & _TAKES_OTHERS
    if (others and not takes_others) or not by_name.issuperset(named):
        return "it is called with other arguments than it takes"
    bound.update(named)
    if any(scan.nodes[value].kind in (SLICE, TUPLE) for value in (*bound.values(), *others)):
        return "a slice or tuple is passed"
    if len(others) > MOST_OPERANDS:
        return f"more than {MOST_OPERANDS} arguments are in `*{code.co_varnames[len(parameters)]}`"
    by_keyword = function.__kwdefaults__ or {}
    has_default = n - len(function.__defaults__ or ())
    for i, name in enumerate(parameters):
        if name in bound:
            continue
        if not (has_default <= i < n or (i >= n and name in by_keyword)):
            return "it is called with other arguments than it takes"
        bound[name] = scan.once(DEFAULT, (node,), i - n if i < n else name)
    if takes_others:
        bound[code.co_varnames[len(parameters)]] = scan.add(TUPLE, tuple(others))
    return bound


def spread_arguments(scan: Scan, instr: Instr) -> list[int] | None:
    """Return the arguments of a call with `*args`, if these are a helper's own."""
    stack = scan.stack
    while stack and stack[-1].node < 0 and not stack[-1].method:  # in the place of `**kwargs`
        stack.pop()
    made = scan.nodes[stack[-1].node] if len(stack) > 2 and instr.arg != 1 else None
    if made is None or made.kind != TUPLE:
        scan.refuse("a call with `*args` or `**kwargs`")
        return None
    stack.pop()
    return list(made.operands)


def _run(scan: Scan) -> int | None:
    """Go through a helper's code; return the node of what it returns, or None if that fails."""
    items = scan.ir.items
    while scan.at < len(items):
        item = items[scan.at]
        if isinstance(item, Label):
            scan.at += 1
            continue
        if not isinstance(item, Instr):
            return None
        if item.name in ("RETURN_VALUE", "RETURN_CONST"):
            found = constant(item) if item.name == "RETURN_CONST" else None
            return scan.pop() if found is None else scan.add(CONST, (), found[0])
        goes_on = decided(scan, item, _lookup)
        if goes_on:
            continue
        step = _INSIDE.get(item.name) or scan.steps.get(item.name)
        if step is None or goes_on is not None:
            return None
        if len(scan.nodes) > MOST_NODES or len(scan.loads) > MOST_LEAVES:
            scan.refuse("the region has reached its maximum length")
            return None
        if not step(scan, item):
            return None
        scan.at += 1
    return None


def _called(scan: Scan) -> str:
    """Return how a helper's code names what it calls where its scan stopped."""
    items, at = scan.ir.items, scan.at
    group = keyword_names(items, at) if getattr(items[at], "name", "") in CALLS else None
    return callee_name(scan.ir, group[0], items[at].arg) if group else "a computed function"


def _line(scan: Scan) -> int:
    for item in scan.ir.items[scan.at :]:
        if isinstance(item, Instr) and item.location is not None and item.location.lineno:
            return int(item.location.lineno)
    return scan.ir.code.co_firstlineno


# ---------------------------------------------------------------------- instructions


def _nothing(scan: Scan, instr: Instr) -> bool:
    return True


def _load_local(scan: Scan, instr: Instr) -> bool:
    node = scan.locals.get(str(instr.arg)) if isinstance(instr.arg, str) else None
    if node is None:
        return scan.refuse("a variable may have no value, or is shared with an inner function")
    return scan.push(node)


def _store_local(scan: Scan, instr: Instr) -> bool:
    node = scan.pop()
    if node is None or not isinstance(instr.arg, str):
        return scan.refuse("a variable is shared with an inner function")
    if scan.nodes[node].kind in (SLICE, TUPLE):
        return scan.refuse("a slice or tuple is assigned to a variable")
    scan.locals[instr.arg] = node
    return True


def _delete_local(scan: Scan, instr: Instr) -> bool:
    return scan.locals.pop(str(instr.arg), None) is not None


def _load_global(scan: Scan, instr: Instr) -> bool:
    with_null, name = instr.arg
    return scan.push_callee(scan.once(NAMED, (scan.helper,), name), instr, with_null)


def _load_cell(scan: Scan, instr: Instr) -> bool:
    arg = instr.arg
    if isinstance(arg, CellVar) or not isinstance(arg, FreeVar):
        return scan.refuse("a variable is shared with an inner function")
    at = scan.ir.code.co_freevars.index(arg.name)
    return scan.push(scan.once(HELD, (scan.helper,), at))


def _build_tuple(scan: Scan, instr: Instr) -> bool:
    """Make a tuple that is returned; the caller has to unpack it."""
    if getattr(scan.ir.items[scan.at + 1], "name", "") != "RETURN_VALUE":
        return scan.steps["BUILD_TUPLE"](scan, instr)
    operands = scan.pops(instr.arg)
    return operands is not None and scan.push(scan.add(TUPLE, tuple(operands)))


_INSIDE: dict[str, Step] = {
    "RESUME": _nothing,
    "NOT_TAKEN": _nothing,
    "COPY_FREE_VARS": _nothing,
    "LOAD_FAST": _load_local,
    "LOAD_FAST_CHECK": _load_local,
    "LOAD_FAST_BORROW": _load_local,
    "STORE_FAST": _store_local,
    "DELETE_FAST": _delete_local,
    "LOAD_GLOBAL": _load_global,
    "LOAD_DEREF": _load_cell,
    "BUILD_TUPLE": _build_tuple,
}
