"""What the translator knows: of the functions, at each block, and of the kernel that it makes.

In: nothing. Out: records. They hold LLVM's values, and know nothing of instructions.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from .code import Value
from .kinds import Kind, Known

WIDEST = 10  # words of a local that is written into the frame
WIDEST_RESULT = 64  # words of what a whole function gives
MOST_STORED = 8  # attributes that a kernel stores

#: The frame of a kernel: words that it shares with what runs it, before those of the locals.
#: In C they are `enum frame_word`. Behind them lie the values of the inputs, then the state in
#: which the kernel ended, then the state in which it last committed.
HEADER = (
    "log",  # where the log begins, from where on it is to be emptied, and where it ends
    "log_soft",
    "log_end",
    "position",  # where it ended when the kernel did, and when the last iteration began
    "mark",
    "wanted",  # how far the log would have had to reach, if it was too short
    "budget",  # ticks between two commits
    "iterations",  # begun since the kernel was entered
    "commit",  # the function that says whether to go on after the budget
    "append",  # the function that appends a number to a list
    "put",  # the function that stores a number into a list, and whether it was called
    "is_put",
    "slice_end",  # when other threads are to run
    "committed",  # the exit whose state was committed, or -1
    "scratch",  # where the next new array goes, from where on room is to be made, the end
    "scratch_soft",
    "scratch_end",
    "scratch_wanted",  # bytes that there should have been, or 0
    "scratch_begin",  # of both halves, and the bytes of each
    "scratch_size",
    "settle",  # the function that makes what was committed final, and room
    "kernel",
    "worth",  # what the original code of a whole function would have taken, in nanoseconds
)
AT = {name: i for i, name in enumerate(HEADER)}


@dataclass(frozen=True, eq=False)
class Unit:
    """The code of one function: the loop's, or a helper's."""

    items: list[Any]
    where: dict[Any, int]  # the places of its labels
    targets: frozenset[Any]  # the labels that something jumps to
    globals: dict[str, Any]
    holder: Any  # of its globals, for guards: None for those of the code that runs
    code: Any = None  # a helper's


@dataclass(frozen=True)
class Exit:
    """What the frame holds when the kernel ends at one version of the head."""

    kinds: tuple[Kind, ...]  # of the locals that the loop stores; UNBOUND: as before


@dataclass(frozen=True)
class Kernel:
    """A loop for one combination of kinds, in LLVM's language."""

    name: str
    text: str
    addresses: dict[str, int]  # what its words for them have to hold in this process
    inputs: tuple[tuple[str, Kind], ...]
    exits: tuple[Exit, ...]
    guards: tuple[tuple[Any, str, Any], ...]  # a module, or None for globals; a name; its value
    found: tuple[tuple[Any, str, Kind], ...]  # what is looked up: in what, its name, its kind
    n_state: int  # words of the iterator's state
    ended_at: int  # where the state at the end lies in the frame,
    committed_at: int  # and the one of the last commit
    found_at: int  # where the words of what is looked up begin
    size: int  # of the frame, in words
    sweeps: bool  # whether it goes over all items of arrays
    widest: int  # words that each local takes in those states
    attributes: tuple[tuple[int, str], ...]  # that it stores: the object's number, the name


class State(NamedTuple):
    """What is known where a block begins, or goes on, of the function that runs there.

    In a helper, `caller` is the function that called it, which goes on at its item `resume`.
    """

    locals: dict[str, Value]
    stack: list[Value]
    unit: Unit
    caller: State | None = None
    resume: int = 0

    def key(self) -> tuple[Any, ...]:
        return (
            id(self.unit),
            self.resume,
            tuple((name, value.kind) for name, value in sorted(self.locals.items())),
            tuple(value.kind for value in self.stack),
            None if self.caller is None else self.caller.key(),
        )

    def mapped(self, change: Callable[[Value], Value]) -> State:
        """Return a copy with every value changed, in the order of `values`."""
        locals_ = {name: change(self.locals[name]) for name in sorted(self.locals)}
        stack = [change(value) for value in self.stack]
        caller = None if self.caller is None else self.caller.mapped(change)
        return State(locals_, stack, self.unit, caller, self.resume)

    def values(self) -> list[Value]:
        own = [self.locals[name] for name in sorted(self.locals)] + self.stack
        return own if self.caller is None else own + self.caller.values()

    @property
    def outermost(self) -> State:
        """What is known of the function that called all others, and of attributes."""
        return self if self.caller is None else self.caller.outermost

    def copy(self) -> State:
        return self.mapped(lambda value: value)


@dataclass
class Head:
    """One version of the loop's head: the way out of the iterations that begin there."""

    number: int
    leave: Any
    state: State


@dataclass
class Block:
    entry: Any
    phis: list[Any]
    state: State


NULL = Value(Known("NULL"))
