"""Find the loops of a function, or see that it has none.

In: an `IR`. Out: its loops, outer ones first. It must not know what is made of them.

A loop is what can get from its head to a jump back to the head, and not around the head: its
*members*. The head is the label that the jump leads to; a `for` has its FOR_ITER right there.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, cast

from bytecode import Label

from .ir import IR
from .items import Instr, Location
from .liveness import Locals, locals_of, names_read, names_stored
from .opcodes import ITERATOR_DEPTH, operator_of

#: What a whole function gives, as if it were a local.
RESULT = "@result"
#: What the list is called that a comprehension appends to: it lies below the iterator.
APPENDED = "@list"
#: Operations from which on it may pay to have a function compiled whole.
LEAST_OPERATIONS = 3
_RESUMED = 0x2A0  # generators and coroutines


@dataclass(frozen=True, eq=False, slots=True)
class Loop:
    """A loop: the items of its function, and which are its own.

    `names` are the locals that it reads or stores, and the contents of cells. The site is called
    with the iterator of a `for` (or None), the locals `given`, which have a value for certain when
    an iteration begins, and the `cells`, whose contents these instructions load; it returns
    the locals that are `stored`. `depth` is how much of the stack lies below, the iterator left
    out. The list that a comprehension appends to is known as `APPENDED`, the first of these names.

    With `is_whole` it is a function without a loop: one iteration, which stores what the
    function returns.
    """

    items: list[Any]
    head: int
    location: Location | None
    members: frozenset[int]
    targets: frozenset[Any]  # labels that something jumps to
    is_for: bool
    depth: int
    names: tuple[str, ...]
    given: tuple[str, ...]
    stored: tuple[str, ...]
    cells: tuple[Instr, ...]
    is_whole: bool = False
    asked: list[Any] = field(default_factory=list)  # kinds that kernels were asked for
    refused: list[Any] = field(default_factory=list)  # kinds, why not, when they may be tried again

    def __reduce__(self) -> tuple[Any, ...]:
        return _elsewhere, ()

    @property
    def start(self) -> int:
        """The item in front of which the site is called."""
        return self.head + 1

    def name_of(self, item: Instr) -> str:
        """Return by which name a local, or the content of a cell, is known."""
        return f"cell {_cell(item)}" if item.name == "LOAD_DEREF" else item.arg


def _cell(item: Instr) -> str:
    """Return the name of the cell whose content an instruction loads."""
    return item.arg if isinstance(item.arg, str) else cast(Any, item.arg).name


def _elsewhere() -> Loop:
    """Return what stands for a loop of another process, which is not compiled in this one."""
    return Loop([], 0, None, frozenset(), frozenset(), False, 0, (), (), (), ())


def find_loops(ir: IR) -> list[Loop]:
    """Return the loops of a function, each before those that it contains."""
    items = ir.items
    labels: dict[Any, int] = {item: i for i, item in enumerate(items) if isinstance(item, Label)}
    jumps = [
        (i, labels[item.arg])
        for i, item in enumerate(items)
        if isinstance(item, Instr) and item.is_jump and ir.stacks[i] is not None
    ]
    targets = frozenset(items[target] for _, target in jumps)
    flow = locals_of(ir)
    heads = sorted({target for at, target in jumps if target <= at})
    found = (_loop(ir, head, jumps, targets, flow) for head in heads)
    return [loop for loop in found if loop is not None]


def _loop(
    ir: IR, head: int, jumps: list[tuple[int, int]], targets: frozenset[Any], flow: Locals
) -> Loop | None:
    items = ir.items
    entry = ir.stacks[head]
    if entry is None:
        return None
    sources: dict[int, list[int]] = {}
    for at, target in jumps:
        sources.setdefault(target, []).append(at)
    work = [at for at in sources[head] if at >= head]
    members = {head}
    while work:
        at = work.pop()
        if at in members:
            continue
        members.add(at)
        before = items[at - 1] if at else None
        if at and not (isinstance(before, Instr) and before.is_final):
            work.append(at - 1)
        work.extend(sources.get(at, ()))
    following = items[head + 1]
    is_for = isinstance(following, Instr) and following.name == "FOR_ITER"
    return _made(ir, head, frozenset(members), targets, flow, is_for)


def _made(
    ir: IR,
    head: int,
    members: frozenset[int],
    targets: frozenset[Any],
    flow: Locals,
    is_for: bool,
    is_whole: bool = False,
) -> Loop:
    items, following = ir.items, ir.items[head + 1]
    entry = ir.stacks[head]
    assert entry is not None
    inside = [items[i] for i in sorted(members)]
    read = {n for item in inside for n in names_read(item)}
    stored = {n for item in inside for n in names_stored(item)}
    cells = {
        _cell(item): item
        for item in inside
        if isinstance(item, Instr) and item.name == "LOAD_DEREF"
    }
    names = sorted(read | stored)
    given = [name for name in names if flow.is_bound(name, head)]
    depth = len(entry) - (ITERATOR_DEPTH if is_for else 0)
    if is_for and any(_appends(ir, i, depth - 1) for i in members):
        names.insert(0, APPENDED)
        given.insert(0, APPENDED)
    return Loop(
        items,
        head,
        following.location if isinstance(following, Instr) else None,
        members,
        targets,
        is_for,
        depth,
        (*names, *(f"cell {name}" for name in sorted(cells))),
        tuple(given),
        (RESULT,) if is_whole else tuple(sorted(stored)),
        tuple(cells[name] for name in sorted(cells)),
        is_whole,
    )


def _appends(ir: IR, index: int, place: int) -> bool:
    """Whether an item appends to the list at a place of the stack."""
    item, stack = ir.items[index], ir.stacks[index]
    if not isinstance(item, Instr) or item.name != "LIST_APPEND" or stack is None:
        return False
    return bool(len(stack) - 1 - item.arg == place)


def find_whole(ir: IR) -> Loop | None:
    """Return a function without a loop as one iteration; None if it has loops, or does little."""
    items = ir.items
    labels: dict[Any, int] = {item: i for i, item in enumerate(items) if isinstance(item, Label)}
    jumps = [
        (i, labels[item.arg])
        for i, item in enumerate(items)
        if isinstance(item, Instr) and item.is_jump
    ]
    head = next((i for i, item in enumerate(items) if _name(item) == "RESUME"), None)
    if head is None or ir.code.co_flags & _RESUMED or any(target <= at for at, target in jumps):
        return None
    reached = [i for i, stack in enumerate(ir.stacks) if stack is not None and i >= head]
    operators = sum(_operates(items[i]) for i in reached)
    calls = sum(_name(items[i]) == "CALL" for i in reached)
    if (
        not operators
        or operators + calls < LEAST_OPERATIONS
        or any(_name(item) == "FOR_ITER" for item in items)
    ):
        return None
    targets = frozenset(items[target] for _, target in jumps)
    return _made(ir, head, frozenset(reached), targets, locals_of(ir), False, True)


def _name(item: Any) -> str | None:
    return item.name if isinstance(item, Instr) else None


def _operates(item: Any) -> bool:
    return isinstance(item, Instr) and operator_of(item) is not None
