"""The site at the head of a loop: it does iterations, and the original code does the others.

In: a loop. Out: items, verified, that stand between the label of its head and what follows.
"""

from __future__ import annotations

from typing import Any

from bytecode import Label as Target

from .convention import ROOM
from .emitter import Emitter
from .loops import APPENDED, Loop
from .opcodes import ITERATOR_DEPTH, NULL_FIRST, UNKNOWN, VALUE
from .verify import verify


def emit_loop(loop: Loop, name: str) -> list[Any]:
    """Return what stands at a loop's head.

    The site is asked, without arguments, whether it has something to do; then it is called with the
    iterator, the locals, the cells, and how many of these there are. What it returns are the locals
    some iterations later.
    """
    if loop.is_whole:
        return _emit_whole(loop, name)
    emit = Emitter(loop.location)
    absent, ready, done = Target(), Target(), Target()
    emit.load_site(name, absent)
    emit.call(0)
    emit.copy(1)
    emit.jump_if_not_none(ready)  # most of the time it is: no branch for tools to see
    emit.jump(absent)
    emit.out.append(ready)
    emit.op("PUSH_NULL")
    if NULL_FIRST:
        emit.op("SWAP", 2)
    if loop.is_for:
        emit.copy(2 + ITERATOR_DEPTH)
    else:
        emit.op("LOAD_CONST", None)
    n = _call(emit, loop)
    emit.copy(1)
    emit.jump_if_none(absent)
    if loop.stored:
        emit.op("UNPACK_SEQUENCE", len(loop.stored))
        for local in loop.stored:
            emit.op("STORE_FAST", local)
    else:
        emit.pop()
    emit.jump(done)
    emit.out.append(absent)
    emit.pop()
    emit.out.append(done)
    entry = (VALUE,) * loop.depth
    if loop.is_for:
        entry += (VALUE,) if ITERATOR_DEPTH == 1 else (VALUE, UNKNOWN)
    verify(emit.out, entry, 0, ROOM + n + len(loop.stored), left=0, locals_=loop.stored)
    return emit.out


def _call(emit: Emitter, loop: Loop) -> int:
    """Call the site; return with how many arguments."""
    for local in loop.given:
        if local == APPENDED:  # below the iterator, the site and NULL, and the iterator once more
            emit.copy(ITERATOR_DEPTH + 4)
        else:
            emit.op("LOAD_FAST", local)
    for load in loop.cells:
        emit.load_same_cell(load)
    emit.op("LOAD_CONST", len(loop.cells))
    n = 2 + len(loop.given) + len(loop.cells)
    emit.call(n)
    return n


def _emit_whole(loop: Loop, name: str) -> list[Any]:
    """Return what stands at the beginning of a function without loops.

    The site is called with None, the arguments, the cells, and how many of these there are. It
    gives what the function returns, in a tuple; or None if the original code has to run.
    """
    emit = Emitter(loop.location)
    absent = Target()
    emit.load_site(name, absent)
    emit.op("LOAD_CONST", None)
    n = _call(emit, loop)
    emit.copy(1)
    emit.jump_if_none(absent)
    emit.op("UNPACK_SEQUENCE", 1)
    emit.op("RETURN_VALUE")
    emit.out.append(absent)
    emit.pop()
    done = Target()
    emit.out.append(done)
    verify(emit.out, (), 0, ROOM + n, left=0)
    return emit.out
