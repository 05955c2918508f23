"""Which locals may be looked at, though nothing reads them: by Python code that runs during a later
instruction, and reads the locals of the frame that called it.

In: what a region leaves behind, and the items after it. Out: the locals that have to be delivered
for such code, and what must hold of the values, so that there are no more of them. It must not
know sites, nor NumPy.

The items after a region are run symbolically over all paths, each up to the first instruction that
may run foreign Python code. An instruction on *harmless* values, as numbers and arrays of numbers,
runs none. What a region computes, and what it computes with, is harmless for certain. Of other
values it can be *demanded*: the site looks at them before the region begins, and declines if one is
anything else.
"""

from __future__ import annotations

import dis
from collections.abc import Callable, Collection, Iterable
from typing import Any, NamedTuple, cast

from .demands import (
    ANYTHING,
    HARMLESS,
    Demand,
    Given,
    Known,
    Value,
    Values,
    joined_locals,
    joined_stacks,
)
from .ir import IR
from .items import Instr
from .liveness import Locals, names_stored
from .opcodes import (
    CAREFUL,
    ITERATOR_DEPTH,
    LOOKS_AT,
    QUIET,
    attribute_name,
    constant,
    is_method_load,
    keyword_names,
    pushed_null,
    taken_by,
)
from .symbolic import Vocabulary

MOST_DEMANDS = 6
MOST_STEPS = 3000  # of a walk: in longer code all locals count as looked at
_Path = tuple[int, Values, Known]  # an item, and what is known before it

#: Attributes of arrays and numbers that are arrays, numbers, or tuples of numbers.
_FACTS = frozenset(
    {"T", "shape", "size", "ndim", "real", "imag", "dtype", "itemsize", "nbytes", "strides"}
)
_SPLIT_EFFECT = frozenset({"PRECALL", "CALL", "CALL_KW"})  # the first two share a call's effect
_CHANGES_LOCALS = frozenset({"STORE_FAST", "DELETE_FAST", "LOAD_FAST_AND_CLEAR"})
_PLAIN_CONSTANTS = (bool, int, float, complex, str, bytes, type(None), type(...), tuple, slice)


class Outcome(NamedTuple):
    """What a region, which began at item `start`, leaves behind at `stop` when it has run.

    `harmless` are the locals whose values are; `stored` those that it assigned. `stack` is what
    lies on the stack then.
    """

    start: int
    stop: int
    stored: Collection[str]
    harmless: Collection[str]
    stack: Values


class Findings(NamedTuple):
    """Which locals have to be delivered as they may be looked at, if the demands are met."""

    watched: tuple[str, ...]
    demands: tuple[Demand, ...]


def onlookers(
    ir: IR, flow: Locals, vocabulary: Vocabulary, left: Outcome, unread: Iterable[str], *, ask: bool
) -> Findings:
    """Say which of the locals that nothing reads any more may be looked at after a region.

    With `ask`, harmlessness is demanded of values where that helps and is likely to be met.
    """
    walk = _Walk(ir, flow, vocabulary, left, ask)
    if not walk.run():
        return Findings(tuple(unread), ())
    watched = tuple(name for name in unread if walk.is_seen(name))
    all_of_them = walk.demands
    demands = tuple(d for d in all_of_them if d.called or Demand(d.value, True) not in all_of_them)
    if len(demands) > MOST_DEMANDS:
        return onlookers(ir, flow, vocabulary, left, unread, ask=False)
    return Findings(watched, demands)


class _Walk:
    """The symbolic run from the end of a region on."""

    def __init__(
        self, ir: IR, flow: Locals, vocabulary: Vocabulary, left: Outcome, ask: bool
    ) -> None:
        self.ir = ir
        self.flow = flow
        self.vocabulary = vocabulary
        self.left = left
        self.ask = ask
        self.states: dict[int, tuple[Values, Known]] = {}
        self.open: set[int] = set()  # items that may run foreign Python code
        self._demanded: dict[int, list[Demand]] = {}  # by items
        self._at = 0

    def run(self) -> bool:
        """Go over all paths until nothing new is found; False if they are too long."""
        known: dict[str, Value] = dict.fromkeys(self.left.stored, ANYTHING)
        known.update(dict.fromkeys(self.left.harmless, HARMLESS))
        work: list[_Path] = [(self.left.stop, self.left.stack, known)]
        steps, end = 0, len(self.ir.items)
        while work:
            steps += 1
            if steps > MOST_STEPS:
                return False
            at, stack, locals_ = work.pop()
            if at < end and self._is_news(at, stack, locals_):
                self._step(at, work)
        return True

    @property
    def demands(self) -> dict[Demand, None]:
        """What is demanded by what is known in the end."""
        return {demand: None for at in self.states for demand in self._demanded.get(at, ())}

    def is_seen(self, name: str) -> bool:
        """Whether such code may come to run before a local gets another value."""
        seen: set[int] = set()
        work = [self.left.stop]
        while work:
            at = work.pop()
            if at in seen or at not in self.states:
                continue
            seen.add(at)
            if at in self.open:
                return True
            item = self.ir.items[at]
            if name not in names_stored(item) or not isinstance(item, Instr):
                work += self._following(at)
        return False

    # ------------------------------------------------------------------ paths

    def _is_news(self, at: int, stack: Values, locals_: Known) -> bool:
        """Note what is known before an item; False if it was known already."""
        before = self.states.get(at)
        if before is None:
            self.states[at] = stack, locals_
            return True
        if before == (stack, locals_):
            return False
        now = joined_stacks(before[0], stack), joined_locals(before[1], locals_)
        self.states[at] = now
        return now != before

    def _following(self, at: int) -> list[int]:
        item = self.ir.items[at]
        out = []
        if isinstance(item, Instr):
            if item.is_jump:
                out.append(self.ir.labels[item.arg])
            mark = self.ir.marks[at]
            if mark is not None and item.name not in QUIET:
                out.append(self.ir.labels[mark.target])
            if item.is_final:
                return out
        return [*out, at + 1]

    def _step(self, at: int, work: list[_Path]) -> None:
        """Run one item; add to the work where it leads, with what is known there."""
        ir = self.ir
        self._at, item = at, ir.items[at]
        stack, locals_ = self.states[at]
        if type(item) is not Instr:
            work.append((at + 1, stack, locals_))
            return
        name, mark = item.name, ir.marks[at]
        known = len(work)
        if mark is not None and name not in QUIET:
            pushed = 1 + mark.push_lasti
            dropped = max(0, ir.depths[at] - mark.stack_depth)
            kept = stack[: max(0, len(stack) - dropped)]
            work.append((ir.labels[mark.target], kept + (HARMLESS,) * pushed, locals_))
        names = dict(locals_) if name in _CHANGES_LOCALS else cast("dict[str, Value]", locals_)
        self._demanded.pop(at, None)
        rule: _Rule = _RULES.get(name, _may_run_code)
        try:
            result = rule(self, item, list(stack), names)
        except _OpenError:
            self.open.add(at)
            del work[known:]
            return
        self.open.discard(at)
        # Where paths meet the depth is the same: it tells what the item leaves on each.
        below = len(stack) - ir.depths[at]
        if item.is_jump:
            target = ir.labels[item.arg]
            work.append((target, _resized(result, below + ir.depths[target]), names))
        if not item.is_final:
            if name not in _SPLIT_EFFECT:
                work.append((at + 1, _resized(result, below + ir.depths[at + 1]), names))
            else:
                work.append((at + 1, tuple(result), names))

    # ------------------------------------------------------------------ instructions

    def _load_local(self, item: Instr, stack: list[Value], names: dict[str, Value]) -> list[Value]:
        local = item.arg if isinstance(item.arg, str) else ""
        value = names.get(local) or Given("local", local)
        if type(value) is Given and value.kind == "local" and not self._is_bound(value):
            value = ANYTHING
        if item.name == "LOAD_FAST_AND_CLEAR":
            names[local] = ANYTHING
        return [*stack, value if local else ANYTHING]

    def _is_bound(self, local: Given) -> bool:
        """Whether a local had this value before the region for certain."""
        name = local.what
        return name not in self.left.stored and self.flow.is_bound(name, self.left.start)

    def _store_local(self, item: Instr, stack: list[Value], names: dict[str, Value]) -> list[Value]:
        value = self._pop(stack) if item.name == "STORE_FAST" else ANYTHING
        if isinstance(item.arg, str):
            names[item.arg] = value
        return stack

    def _load_common(self, item: Instr, stack: list[Value], names: Known) -> list[Value]:
        return [*stack, HARMLESS if constant(item) else ANYTHING]

    def _load_const(self, item: Instr, stack: list[Value], names: Known) -> list[Value]:
        return [*stack, HARMLESS if isinstance(item.arg, _PLAIN_CONSTANTS) else ANYTHING]

    def _load_global(self, item: Instr, stack: list[Value], names: Known) -> list[Value]:
        with_null, name = item.arg
        return [*stack, *_pushed(Given("global", (name,)), item, with_null)]

    def _attribute(self, item: Instr, stack: list[Value], names: Known) -> list[Value]:
        base, name = self._pop(stack), attribute_name(item)
        is_method = is_method_load(item)
        if isinstance(base, Given) and base.kind == "global":
            value: Value = Given("global", (*base.what, name))
            following = self.ir.items[self._at + 1]
            if getattr(following, "name", "") not in ("LOAD_ATTR", "LOAD_METHOD"):
                self._demand(cast(Given, value), called=is_method)
            return [*stack, *_pushed(value, item, is_method)]
        if isinstance(base, Given) and name not in self.vocabulary.attributes:
            raise _OpenError  # few arrays have it
        self._need(base)
        if is_method:
            return [*stack, ("method", name), ("method", name)]
        return [*stack, HARMLESS if name in _FACTS else ANYTHING]

    def _call(self, item: Instr, stack: list[Value], names: Known) -> list[Value]:
        if keyword_names(self.ir.items, self._at) is None:
            raise _OpenError
        if item.name == "CALL_KW":
            self._pop(stack)
        given = [self._pop(stack) for _ in range(item.arg)]
        upper, lower = self._pop(stack), self._pop(stack)
        if lower != upper or lower[0] != "method":
            callees = [v for v in (lower, upper) if isinstance(v, Given) and v.kind == "global"]
            if len(callees) != 1 or (lower != ANYTHING and upper != ANYTHING):
                raise _OpenError
            self._demand(callees[0], called=True)
        for value in given:
            self._need(value)
        return [*stack, HARMLESS]

    def _for_iter(self, item: Instr, stack: list[Value], names: Known) -> list[Value]:
        self._need(self._peek(stack, ITERATOR_DEPTH))
        return [*stack, HARMLESS]

    def _copy(self, item: Instr, stack: list[Value], names: Known) -> list[Value]:
        return [*stack, self._peek(stack, item.arg)]

    def _swap(self, item: Instr, stack: list[Value], names: Known) -> list[Value]:
        depth = item.arg
        if depth > len(stack):
            raise _OpenError
        stack[-1], stack[-depth] = stack[-depth], stack[-1]
        return stack

    def _push_anything(self, item: Instr, stack: list[Value], names: Known) -> list[Value]:
        return [*stack, ANYTHING]

    def _make_anything(self, item: Instr, stack: list[Value], names: Known) -> list[Value]:
        return [*stack[: len(stack) - taken_by(item)], ANYTHING]

    def _build(self, item: Instr, stack: list[Value], names: Known) -> list[Value]:
        """Make a value that is harmless if its parts are."""
        parts = [self._pop(stack) for _ in range(taken_by(item))]
        return [*stack, _of_all(parts)]

    def _quiet(self, item: Instr, stack: list[Value], names: Known) -> list[Value]:
        return stack[: max(0, len(stack) - taken_by(item))]

    def _careful(self, item: Instr, stack: list[Value], names: Known) -> list[Value]:
        taken = max(taken_by(item), LOOKS_AT.get(item.name, 0))
        for value in [self._pop(stack) for _ in range(taken)]:
            self._need(value)
        return stack

    # ------------------------------------------------------------------ values

    def _pop(self, stack: list[Value]) -> Value:
        return stack.pop() if stack else ANYTHING

    def _peek(self, stack: list[Value], depth: int) -> Value:
        return stack[-depth] if depth <= len(stack) else ANYTHING

    def _need(self, value: Value) -> None:
        """Note that an instruction runs foreign code unless a value is harmless."""
        if value == HARMLESS:
            return
        if not isinstance(value, Given):
            raise _OpenError
        self._demand(value, called=False)

    def _is_likely(self, value: Given, called: bool) -> bool:
        """Whether a global is there, as far as its name tells, and what is demanded of it."""
        return value.what[-1] in self.vocabulary.harmless or (not called and len(value.what) > 1)

    def _demand(self, value: Given, *, called: bool) -> None:
        if not self.ask or (value.kind == "global" and not self._is_likely(value, called)):
            raise _OpenError
        self._demanded.setdefault(self._at, []).append(Demand(value, called))


class _OpenError(Exception):
    """An instruction may run foreign Python code."""


def _may_run_code(walk: _Walk, item: Instr, stack: list[Value], names: Known) -> list[Value]:
    raise _OpenError


_Rule = Callable[[_Walk, Instr, list[Value], Any], list[Value]]
#: What each instruction leaves on the stack if it runs no foreign code; it raises `_OpenError` if
#: it may. What is left without a word about it is harmless.
_RULES: dict[str, _Rule] = {
    **dict.fromkeys(CAREFUL, _Walk._careful),
    **dict.fromkeys(QUIET, _Walk._quiet),
    **{name: _Walk._build for name in QUIET if name.startswith("BUILD_")},
    **{name: _Walk._load_local for name in dis.opmap if name.startswith("LOAD_FAST")},
    "SET_FUNCTION_ATTRIBUTE": _Walk._build,
    "MAKE_FUNCTION": _Walk._make_anything,
    "PUSH_NULL": _Walk._push_anything,
    "LOAD_DEREF": _Walk._push_anything,
    "LOAD_CLOSURE": _Walk._push_anything,
    "PRECALL": lambda walk, item, stack, names: stack,
    "RETURN_VALUE": lambda walk, item, stack, names: stack[:-1],
    "STORE_FAST": _Walk._store_local,
    "DELETE_FAST": _Walk._store_local,
    "LOAD_COMMON_CONSTANT": _Walk._load_common,
    "LOAD_CONST": _Walk._load_const,
    "LOAD_GLOBAL": _Walk._load_global,
    "LOAD_ATTR": _Walk._attribute,
    "LOAD_METHOD": _Walk._attribute,
    "CALL": _Walk._call,
    "CALL_KW": _Walk._call,
    "FOR_ITER": _Walk._for_iter,
    "COPY": _Walk._copy,
    "SWAP": _Walk._swap,
}


def _resized(stack: list[Value], size: int) -> Values:
    """Return the stack with as many slots as an item leaves."""
    if size <= len(stack):
        return tuple(stack[:size])
    return (*stack, *(HARMLESS,) * (size - len(stack)))


def _pushed(value: Value, load: Instr, with_null: bool) -> list[Value]:
    """Return what a load pushes: a value, as a callable together with a NULL."""
    order = pushed_null(load) if with_null else (False,)
    return [ANYTHING if is_null else value for is_null in order]


def _of_all(values: list[Value]) -> Value:
    return HARMLESS if all(value == HARMLESS for value in values) else ANYTHING
