"""The intermediate representation: a function's instructions with the stack before each.

In: decoded bytecode. Out: an `IR` whose `stacks` say what lies on the stack before every
item, and the kinds of places that passes find in it: `Operation`, `Call` and `Region`. It must not
know what is done with them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from types import CodeType
from typing import TYPE_CHECKING, Any, NamedTuple

from bytecode import Label
from bytecode.instr import UNSET, TryBegin, TryEnd

from ..errors import RewriteError
from .items import Instr, Location
from .opcodes import VALUE, Stack, after, merged
from .program import Program

if TYPE_CHECKING:
    from .liveness import Locals


@dataclass(frozen=True, slots=True)
class Region:
    """Straight-line code that one site can do in one go: a `Program`.

    The items from `start` up to `stop` stay in the code, with the operations and calls among
    them: they run if the site does not handle its leaves. The top `size` slots of the stack are
    the region's to consume. `loads` says how each leaf is loaded: an instruction, or how deep it
    lies on the stack; no load reaches deeper than `reach`. Of the program's outputs the first go
    into the locals `stores`, the others onto the stack, the last one deepest. The locals `resets`
    get a value in the original code that nothing reads or can look at. `items` are the places where
    the code comes to the program's nodes, but for those that only guards need. A region `is_spare`
    if it follows another one of the same items, which is more particular about its leaves.
    """

    start: int
    stop: int
    program: Program
    size: int
    reach: int
    loads: tuple[Instr | int, ...]
    stores: tuple[str, ...]
    resets: tuple[str, ...]
    location: Location | None
    items: tuple[int, ...] = ()
    is_spare: bool = False


class Operation(NamedTuple):
    """An operator, or other instruction, that one site can do for operands on the stack.

    The items from `start` up to `stop` stay in the code: a site that does not handle its
    operands (the top `size` slots of the stack) leaves them as they were, and the original
    items run. `length` is how many items a sequence is unpacked into.
    """

    start: int
    stop: int
    operator: str
    size: int
    location: Location | None
    length: int = 0


class Call(NamedTuple):
    """A call, from its first instruction (`start`) up to `stop`.

    `form` says what lies below the arguments: ``"null"`` a callable and a NULL, ``"self"`` a
    callable and its first argument, ``"spread"`` a callable, a NULL, and a collection of
    arguments with or without a mapping (`size` 2 or 1). `method_loads` are the items that
    must leave a bound method and a NULL for the form to be ``"null"``.
    """

    start: int
    stop: int
    form: str
    size: int
    names: tuple[str, ...]
    method_loads: tuple[int, ...]
    location: Location | None


class IR:
    """A function's items (instructions, labels, try marks) and the stack before each.

    Attributes
    ----------
    code : CodeType
        What it was made from.
    items : list
        Its items.
    labels : dict
        Where its labels are.
    marks : list
        For each item the try mark that protects it, or None.
    stacks : list of tuple or None
        For each item the symbolic stack before it; None where execution never gets.
    depths : list of int
        For each item the size of that stack, or -1.
    locals : Locals or None
        What `liveness.locals_of` returns, once that has been asked for.
    """

    def __init__(self, code: CodeType, items: list[Any]) -> None:
        self.code = code
        self.items = items
        self.labels = labels_of(self.items)
        self.marks = handlers(self.items)
        self.stacks = symbolic_stacks(self.items, (), self.labels, self.marks)
        self.depths = [-1 if stack is None else len(stack) for stack in self.stacks]
        self.locals: Locals | None = None

    def instructions(self) -> Iterator[tuple[int, Instr, Stack]]:
        """Go over the instructions that can be reached: index, instruction, stack before."""
        for i, (item, stack) in enumerate(zip(self.items, self.stacks, strict=True)):
            if isinstance(item, Instr) and stack is not None:
                yield i, item, stack

    def __str__(self) -> str:
        return listing(self.items, self.stacks)


def symbolic_stacks(
    items: list[Any],
    entry: Stack = (),
    where: dict[Any, int] | None = None,
    protected_by: list[Any] | None = None,
) -> list[Stack | None]:
    """Run the items symbolically over all paths and return the stack before each.

    Where labels and try marks are can be given.
    """
    where = labels_of(items) if where is None else where
    protected_by = handlers(items) if protected_by is None else protected_by
    stacks: list[Stack | None] = [None] * len(items)
    work: list[tuple[int, Stack]] = [(0, entry)]

    while work:
        i, stack = work.pop()
        while i < len(items):
            known = stacks[i]
            if known is not None:
                if len(known) != len(stack):
                    raise RewriteError(f"stack depth at item {i} depends on the path")
                stack = merged(known, stack)
                if stack == known:
                    break
            stacks[i] = stack
            handler = protected_by[i]
            if handler is not None and len(stack) >= handler.stack_depth:
                pushed = (VALUE,) * (1 + handler.push_lasti)
                work.append((where[handler.target], stack[: handler.stack_depth] + pushed))
            item = items[i]
            if isinstance(item, Instr):
                if item.is_jump and not item.name.startswith("END_ASYNC_FOR"):
                    work.append((where[item.arg], after(item, stack, i, jump=True)))
                if item.is_final:
                    break
                stack = after(item, stack, i, jump=False)
            i += 1
    return stacks


def labels_of(items: list[Any]) -> dict[Any, int]:
    """Return where each label is."""
    return {item: i for i, item in enumerate(items) if type(item) is Label}


def handlers(items: list[Any]) -> list[Any]:
    """Return for each item the try mark that protects it, or None."""
    current, out = None, []
    for item in items:
        kind = type(item)
        if kind is TryBegin:
            current = item
        elif kind is TryEnd:
            current = None
        out.append(current if kind is Instr else None)
    return out


def listing(items: list[Any], stacks: list[Stack | None]) -> str:
    """Print items with line numbers and stack depths, one a line."""
    names = {item: f"L{i}" for i, item in enumerate(items) if isinstance(item, Label)}
    lines = []
    for i, (item, stack) in enumerate(zip(items, stacks, strict=True)):
        if isinstance(item, Label):
            lines.append(f"{names[item]}:")
        elif isinstance(item, TryBegin):
            lines.append(f"  try (handler {names[item.target]}, depth {item.stack_depth})")
        elif isinstance(item, TryEnd):
            lines.append("  end of try")
        else:
            arg = item.arg
            shown = repr(arg) if item.arg is not UNSET else ""
            shown = names.get(arg, shown) if isinstance(arg, Label) else shown
            depth = "unreachable" if stack is None else len(stack)
            line = item.lineno if isinstance(item.lineno, int) else ""
            lines.append(f"{line!s:>5} {i:>4} [{depth}] {item.name:<24} {shown}".rstrip())
    return "\n".join(lines)
