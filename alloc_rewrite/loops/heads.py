"""The head of a loop: an iteration begins there, commits, and ends the kernel.

In: the translator, and what is known where an iteration begins. Out: code that leaves in the frame
what the original code needs to go on from there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..rewrite.loops import RESULT
from ..rewrite.opcodes import ITERATOR_DEPTH
from . import iteration
from .code import I64, NotTranslatedError, Value, described
from .kinds import UNBOUND, Array, Tuple, is_of_numbers, may_be_returned
from .lazy import materialised
from .states import Exit, Head, State

if TYPE_CHECKING:
    from .translate import Translator


def exit_of(t: Translator, head: Head) -> Exit:
    """End the kernel where an iteration began."""
    t.code.builder.position_at_end(head.leave)
    _end(t, head.number, head.state)
    unbound = Value(UNBOUND)
    return Exit(tuple(head.state.locals.get(name, unbound).kind for name in t.kept))


def _end(t: Translator, number: int, state: State) -> None:
    code, b = t.code, t.code.builder
    for name, word in (("position", t.log.position), ("mark", t.mark)):
        b.store(b.load(word), t.slot(name))
    for name, word in (("iterations", t.iterations), ("worth", t.worth)):
        b.store(b.load(word), t.slot(name))
    _write(t, state, t.ended_at)
    b.ret(code.i64(number))


def _write(t: Translator, state: State, at: int) -> None:
    """Write what the original code needs where an iteration begins: iterator and locals."""
    code, b = t.code, t.code.builder
    if t.loop.is_for:
        for i, part in enumerate(iteration.state(state.stack[-ITERATOR_DEPTH])):
            b.store(part, t.place(at + i))
    at += t.n_state
    for name in t.kept:
        value = state.locals.get(name, Value(UNBOUND))
        if name != RESULT and isinstance(value.kind, Tuple) and not is_of_numbers(value.kind):
            raise NotTranslatedError(f"`{name}` is a tuple of other things than numbers")
        if len(value.parts) > t.widest:
            raise NotTranslatedError(f"`{name}` is a long tuple")
        for i, part in enumerate(value.parts):
            b.store(code.bits(part), t.place(at + i))
        at += t.widest


def begin_iteration(t: Translator, state: State) -> State:
    """Mark where the log stands; commit, or end the kernel, after enough of work.

    Return the state in which the iteration begins: arrays that were made may have moved.
    """
    b, head = t.code.builder, t.head
    assert head is not None
    position = b.load(t.log.position)
    b.store(position, t.mark)
    if t.loop.is_whole:
        return state
    b.store(b.add(b.load(t.iterations), t.code.i64(1)), t.iterations)
    b.store(b.add(b.load(t.ticks), t.code.i64(1)), t.ticks)
    late = b.icmp_signed(">", b.load(t.ticks), t.budget)
    full = b.or_(b.icmp_unsigned(">", position, t.log_soft), t.scratch.is_low())
    before = b.block
    due, stop, on = (t.code.function.append_basic_block() for _ in range(3))
    b.cbranch(b.or_(late, full), due, on).set_metadata("prof", t.code.rarely)
    b.position_at_end(due)
    stops = b.icmp_signed("!=", b.call(t.commit, [t.frame]), t.code.i64(0))
    if any(state.locals[name].kind == UNBOUND for name in t.loop.stored):
        b.branch(stop)  # what is committed must be possible to give to the original code
        moved = {}
    else:
        commits = t.code.function.append_basic_block()
        b.cbranch(stops, stop, commits)
        b.position_at_end(commits)
        moved = _commit(t, head.number, state)
    after = b.block
    if moved or after is not due:
        b.branch(on)
    b.position_at_end(stop)
    _end(t, head.number, state)
    b.position_at_end(on)
    locals_ = dict(state.locals)
    for name, parts in moved.items():
        value = state.locals[name]
        joined = []
        for old, new in zip(value.parts[:2], parts, strict=True):
            phi = b.phi(I64)
            phi.add_incoming(old, before)
            phi.add_incoming(new, after)
            joined.append(phi)
        locals_[name] = value._replace(parts=(*joined, *value.parts[2:]))
    head.state = state._replace(locals=locals_)
    return head.state.copy()


def finish(t: Translator, state: State, value: Value) -> None:
    """End the kernel with what the function returns, if it is a whole function."""
    b = t.code.builder
    assert t.head is not None
    if not t.loop.is_whole:
        b.branch(t.head.leave)
        return
    value = materialised(t, value)
    if not may_be_returned(value.kind):
        raise NotTranslatedError(f"the function returns {described(value.kind)}")
    if len(value.parts) > t.widest:
        raise NotTranslatedError("the function returns a long tuple")
    b.store(b.load(t.log.position), t.mark)
    b.store(t.code.i64(2), t.iterations)  # the one that is done, and where it ends
    end = t.code.function.append_basic_block()
    b.branch(end)
    left = {name: state.locals[name] for name in t.kept if name in state.locals}
    t.heads.append(Head(len(t.heads), end, State({**left, RESULT: value}, [], t.unit)))
    t.repeats = True


def _commit(t: Translator, number: int, state: State) -> dict[str, list[Any]]:
    """Commit a state; return the owners and addresses of arrays, which have moved."""
    b = t.code.builder
    _write(t, state, t.committed_at)
    b.store(b.load(t.log.position), t.slot("position"))
    b.store(t.code.i64(number), t.slot("committed"))
    for word, value in ((t.log.position, t.log.begin), (t.mark, t.log.begin)):
        b.store(value, word)
    b.store(t.code.i64(0), t.ticks)
    b.call(b.inttoptr(t.word("settle"), t.commit.type), [t.frame])
    t.scratch.reload()
    moved = {}
    for i, name in enumerate(t.kept):
        if name in state.locals and isinstance(state.locals[name].kind, Array):
            at = t.committed_at + t.n_state + t.widest * i
            moved[name] = [b.load(t.place(at + k)) for k in range(2)]
    return moved
