"""What stands in the place of an operation or a call: its site, and the original instructions.

In: a place, and its original items. Out: the items that take their place. `encode`
says how sites are called.
"""

from __future__ import annotations

from typing import Any

from bytecode import Label as Target

from .convention import Style, finisher, observer
from .emitter import Emitter
from .ir import Call, Operation
from .opcodes import NULL_FIRST


def emit_direct(emit: Emitter, place: Operation | Call, original: list[Any], name: str) -> None:
    """Let an operation's site take the operator's place, or a call's site swap the callable."""
    n = place.size
    absent, done = Target(), Target()
    emit.load_cell(name)
    emit.copy(1)
    emit.jump_if_none(absent)
    if isinstance(place, Operation):
        emit.sink(n + 1)  # the first operand is the site's "self"
        emit.call(n - 1)
        emit.jump(done)
        emit.out.append(absent)
        emit.pop()
        emit.out += original
        if place.operator in ("getitem", "slice"):  # may run a Python function
            emit.end_of_call()
        emit.out.append(done)
        return
    depth = n + 2 if NULL_FIRST and place.form != "self" else n + 3  # of the callable
    emit.op("SWAP", depth)
    emit.copy(depth)
    emit.op("SWAP", 2)
    shown = n if place.form == "spread" else 0  # what decides besides the callable
    emit.copy(n + 2, shown)
    emit.call(shown)
    emit.op("SWAP", depth)
    emit.out.append(absent)
    emit.pop()
    emit.out += original
    emit.end_of_call()
    emit.out.append(done)


def emit_operation(
    emit: Emitter, operation: Operation, original: list[Any], name: str, style: Style
) -> None:
    finish, observe = operation.operator in style.finishers, style.observe
    unhandled, done = Target(), Target()
    n = operation.size
    emit.load_site(name, unhandled)
    emit.copy(n + 2, n)
    emit.call(n)
    emit.copy(1)
    emit.jump_if_none(unhandled)
    if finish:
        # [operands, array] -> [finisher, operands, array]: the first operand is its "self".
        emit.load_cell(finisher(operation.operator))
        emit.sink(n + 2)
        emit.call(n)
    else:
        emit.op("SWAP", n + 1)
        emit.pop(n)
    emit.jump(done)
    emit.out.append(unhandled)
    emit.pop()
    if observe:  # operands live until the result was seen, as those of a site do
        emit.copy(n, n)
    emit.out += original
    if operation.operator in ("getitem", "slice"):  # may run a Python function
        emit.end_of_call()
    if observe:
        gone = Target()
        emit.load_site(observer(name), gone)
        emit.copy(3)
        emit.call(1)
        emit.end_of_call()
        emit.out.append(gone)
        emit.pop()
        emit.op("SWAP", n + 1)
        emit.pop(n)
    emit.out.append(done)


def emit_call(emit: Emitter, call: Call, original: list[Any], name: str, observe: bool) -> None:
    unhandled, done = Target(), Target()
    absent = Target() if observe else unhandled
    n = call.size
    has_null = call.form != "self"
    # How deep the callable lies, and how many of the slots above it are arguments.
    depth = n + 1 if has_null and NULL_FIRST else n + 2
    copies = n if has_null else n + 1
    emit.load_site(name, absent)
    emit.copy(depth + 2)
    emit.copy(copies + 3, copies)
    emit.call(copies + 1, call.names)
    emit.op("UNPACK_SEQUENCE", 3 if observe else 2)
    above = 3 if observe else 2  # what to call, the result, and what to observe it with
    emit.op("SWAP", depth + above)
    emit.pop()
    emit.copy(1)
    emit.jump_if_none(unhandled)
    if observe:
        emit.op("SWAP", 2)
        emit.pop()
    _drop_below(emit, call, copies)
    emit.jump(done)
    emit.out.append(unhandled)
    emit.pop()
    if observe:
        emit.sink(n + 3)  # the token moves below the callable
        emit.out += original
        _emit_observer(emit, name)
        emit.jump(done)
        emit.out.append(absent)
        emit.pop()
    emit.out += original
    emit.end_of_call()
    emit.out.append(done)


def _drop_below(emit: Emitter, call: Call, copies: int) -> None:
    """Leave the result on top as the only one of the call's slots."""
    n = call.size
    if call.form == "self":
        emit.op("SWAP", n + 3)
        emit.pop(n + 2)
    elif NULL_FIRST:
        emit.op("SWAP", n + 3)
        emit.drop_null()
        emit.pop(n + 1)
    else:
        emit.op("SWAP", n + 2)
        emit.drop_null()
        emit.pop(n)
        emit.op("SWAP", 2)
        emit.pop()


def _emit_observer(emit: Emitter, name: str) -> None:
    """Show the token and the result on the stack to the observer, and leave the result.

    A coroutine or generator may outlive what profiled it: then there is no observer any more.
    """
    gone = Target()
    emit.load_site(observer(name), gone)
    emit.copy(4, 2)
    emit.call(2)
    emit.end_of_call()
    emit.out.append(gone)
    emit.pop()
    emit.op("SWAP", 2)
    emit.pop()
