"""Translate a loop of bytecode into a kernel: block by block, for the kinds of values there are.

In: a `Loop`, and the kinds of what its head finds in the locals. Out: a `Kernel` to compile. It
must not know how kernels are compiled, nor who runs them.

Each block is translated once for each combination of kinds that its locals and the stack may have
when it begins (*lazy basic block versioning*, Chevalier-Boisvert and Feeley, ECOOP 2015): a local
that holds a float before the first iteration and a NumPy scalar after it makes two versions of the
loop's head, and the code in each knows what it works on.

A kernel does whole iterations. At the head of each it knows all that the original code needs to go
on from there; whatever it can't do takes it back to the head of that iteration, where the original
code takes over. What an iteration has stored into arrays is undone with the help of a log of what
was there before.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from bytecode import Label
from llvmlite import ir as llvm

from ..compiled.turns import give_turns
from ..rewrite import Loop
from ..rewrite.items import Instr
from ..rewrite.loops import APPENDED
from ..rewrite.opcodes import ITERATOR_DEPTH
from . import iteration
from .beforehand import Beforehand
from .code import I64, Code, NotTranslatedError, Value, described, tuple_of
from .encoding import NUMBER_CODES
from .heads import begin_iteration, exit_of
from .instructions import step
from .kinds import (
    OPAQUE,
    UNBOUND,
    Array,
    Complex,
    Enumerate,
    Items,
    Kind,
    Known,
    List,
    Number,
    Steps,
    Tuple,
    Zip,
    words,
)
from .lazy import materialised
from .log import Log
from .scratch import Scratch
from .shapes import fixed_words
from .states import AT, HEADER, MOST_STORED, WIDEST, WIDEST_RESULT, Block, Head, Kernel, State, Unit
from .worth import CALL_OF_C, cost_of

MOST_BLOCKS = 600  # of one kernel
MOST_VERSIONS = 12  # of one block


@dataclass
class Translator(Beforehand):
    loop: Loop
    globals: dict[str, Any]
    builtins: dict[str, Any]
    values: dict[int, Any]  # what came in, by number; then what is reached from there
    name: str = "kernel"
    guards: dict[tuple[int, str], tuple[Any, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.code = Code(self.name)
        self.code.tick = self.tick
        self.code.append = self._append
        items = self.loop.items
        where = {item: i for i, item in enumerate(items) if isinstance(item, Label)}
        self.unit = Unit(items, where, self.loop.targets, self.globals, None)
        self.units: dict[int, Unit] = {}
        self.n_inputs = len(self.values)
        self.attributes: list[tuple[int, str]] = []  # that are stored
        self.kept = [*self.loop.stored]  # by these names locals hold what a kernel leaves
        self.blocks: dict[Any, Block] = {}
        self.counts: dict[Any, int] = {}
        self.heads: list[Head] = []
        self.work: list[tuple[Any, int, Head | None, Block]] = []
        self.head: Head | None = None
        self.repeats = False  # whether some way through the loop leads to its head again
        self.sweeps = False  # whether something goes over all items of an array
        self.reasons: list[str] = []  # why other ways leave it
        self.found: dict[tuple[int, str], tuple[tuple[Any, str, Kind], Value]] = {}
        self.fixed: dict[str, Value] = {}  # the locals that the loop doesn't store

    # ------------------------------------------------------------------ the kernel

    def kernel(self, subject: Kind, inputs: dict[str, Kind]) -> Kernel:
        """Translate the loop for what it goes over, and locals, of these kinds."""
        code, loop = self.code, self.loop
        self._enter()
        locals_: dict[str, Value] = {}
        iterator, at = self._read(subject, len(HEADER))
        for name in loop.names:
            value, at = self._read(inputs.get(name, UNBOUND), at)
            changes = loop.is_whole or name in loop.stored
            (locals_ if changes else self.fixed)[name] = value
        for name in loop.stored:
            locals_.setdefault(name, Value(UNBOUND))
        self.n_state = len(iteration.state(iterator))
        self.widest = WIDEST_RESULT if loop.is_whole else WIDEST
        self.ended_at = at
        room = self.n_state + self.widest * (len(loop.stored) + MOST_STORED)
        self.committed_at = at + room
        self.found_at = self.committed_at + room
        self.size = self.found_at
        stack = self._stack(iterator)
        self.go(loop.head, State(locals_, stack, self.unit), None)
        while self.work:
            _, index, self.head, block = self.work.pop()
            code.builder.position_at_end(block.entry)
            self._run(index, block.state.copy())
        if not self.repeats:
            raise NotTranslatedError(self.reasons[0] if self.reasons else "no iteration ends")
        exits = tuple(exit_of(self, head) for head in self.heads)
        return Kernel(
            self.name,
            str(code.module),
            code.addresses,
            tuple((name, inputs[name]) for name in loop.names if name in inputs),
            exits,
            tuple((holder, name, value) for (_, name), (holder, value) in self.guards.items()),
            tuple(found for found, _ in self.found.values()),
            self.n_state,
            self.ended_at,
            self.committed_at,
            self.found_at,
            self.size,
            self.sweeps,
            self.widest,
            tuple(self.attributes),
        )

    def _enter(self) -> None:
        """Begin the function: what it counts, and what it is given to work with."""
        code = self.code
        entry = code.function.append_basic_block("entry")
        code.builder.position_at_end(entry)
        self.frame = code.function.args[0]
        self.mark = code.builder.alloca(I64, name="mark")
        self.ticks = code.builder.alloca(I64, name="ticks")
        self.iterations = code.builder.alloca(I64, name="iterations")
        self.worth = code.builder.alloca(I64, name="worth")
        code.builder.store(code.i64(0), self.worth)
        self.log = Log(code, self.word("log"), self.word("log_end"), self.slot("wanted"))
        self.scratch = Scratch(self)
        code.builder.store(code.i64(0), self.ticks)
        code.builder.store(code.i64(0), self.iterations)
        self.log_soft = self.word("log_soft")
        self.budget = self.word("budget")
        helper = llvm.FunctionType(I64, [I64.as_pointer()]).as_pointer()
        self.commit = code.builder.inttoptr(self.word("commit"), helper)

    def _stack(self, iterator: Value) -> list[Value]:
        """Return what lies on the stack at the loop's head."""
        stack = [Value(OPAQUE) for _ in range(self.loop.depth)]
        if APPENDED in self.fixed:
            stack[-1] = self.fixed[APPENDED]
        if self.loop.is_for:
            if not iteration.is_iterator(iterator.kind):
                raise NotTranslatedError(f"a loop over {described(iterator.kind)}")
            stack.append(iterator)
            stack.extend([Value(UNBOUND)] * (ITERATOR_DEPTH - 1))
        return stack

    def _give_up(self, reason: str) -> None:
        """Leave where something can't be translated: the original code does such iterations."""
        self.reasons.append(reason)
        assert self.head is not None
        begun = {id(block.entry) for block in self.blocks.values()}
        begun |= {id(head.leave) for head in self.heads}
        here = self.code.builder.block
        for block in self.code.function.blocks:
            if not block.is_terminated and (block is here or id(block) not in begun):
                self.code.builder.position_at_end(block)
                self.code.builder.branch(self.head.leave)

    def place(self, index: int) -> Any:
        """Return where a word of the frame is."""
        return self.code.builder.gep(self.frame, [self.code.i64(index)])

    def slot(self, name: str) -> Any:
        """Return where a word of the frame's header is."""
        return self.place(AT[name])

    def word(self, name: str) -> Any:
        """Return a word of the frame's header."""
        return self.code.builder.load(self.slot(name))

    def _read(self, kind: Kind, at: int) -> tuple[Value, int]:
        """Read a value from the frame."""
        b = self.code.builder
        match kind:
            case Complex():
                bits = [b.load(self.place(at + i)) for i in range(2)]
                return Value(kind, tuple(self.code.of_bits(w, kind.part) for w in bits)), at + 2
            case Number():
                return Value(kind, (self.code.of_bits(b.load(self.place(at)), kind),)), at + 1
            case Array():
                n = words(kind)
                parts = [b.load(self.place(at + i)) for i in range(n)]
                for i, known in fixed_words(kind).items():
                    parts[i] = self.code.i64(known)
                return Value(kind, tuple(parts)), at + n
            case Tuple(items):
                values = []
                for item in items:
                    value, at = self._read(item, at)
                    values.append(value)
                return tuple_of(values), at
            case Known(value):
                return Value(kind, (), value), at
            case List():
                return Value(kind, (b.load(self.place(at)),)), at + 1
            case Items(below) | Enumerate(below):
                index = b.load(self.place(at))
                value, at = self._read(below, at + 1)
                return Value(kind, (index, *value.parts)), at
            case Zip(iterators):
                parts = []
                for one in iterators:
                    value, at = self._read(one, at)
                    parts += value.parts
                return Value(kind, tuple(parts)), at
            case Steps():
                return Value(kind, tuple(b.load(self.place(at + i)) for i in range(3))), at + 3
            case _:
                return Value(kind), at

    # ------------------------------------------------------------------ blocks

    def go(self, index: int, state: State, head: Head | None) -> None:
        """End the block that is being written: go on at an item with what is known."""
        b = self.code.builder
        is_outer = state.unit is self.unit
        is_head = is_outer and index == self.loop.head
        self.repeats = self.repeats or (is_head and head is not None)
        if is_outer and not is_head and index not in self.loop.members:
            assert head is not None
            b.branch(head.leave)
            return
        state = state.mapped(lambda value: self._plain(materialised(self, value)))
        key = (index, None if is_head else head and head.number, *state.key())
        block = self.blocks.get(key)
        if block is None:
            block = self._block(key, index, state, None if is_head else head, is_head)
        source = b.block
        parts = [part for value in state.values() for part in value.parts]
        for phi, part in zip(block.phis, parts, strict=True):
            phi.add_incoming(part, source)
        b.branch(block.entry)

    def _plain(self, value: Value) -> Value:
        """Forget which number a value is: it may be another one the next time."""
        if isinstance(value.kind, (Number, Tuple)):
            return value._replace(constant=None)
        return value

    def _block(self, key: Any, index: int, state: State, head: Head | None, is_head: bool) -> Block:
        code = self.code
        place = (id(state.unit), index, head.number if head else None)
        self.counts[place] = self.counts.get(place, 0) + 1
        if len(self.blocks) > MOST_BLOCKS or self.counts[place] > MOST_VERSIONS:
            raise NotTranslatedError("too many combinations of kinds of values")
        before = code.builder.block
        entry = code.function.append_basic_block()
        code.builder.position_at_end(entry)
        phis: list[Any] = []

        def joined(value: Value) -> Value:
            made = []
            known = fixed_words(value.kind)
            for i, part in enumerate(value.parts):
                phi = code.builder.phi(part.type)
                phis.append(phi)
                made.append(code.i64(known[i]) if i in known else phi)
            return Value(value.kind, tuple(made), value.constant)

        known = state.mapped(joined)
        block = Block(entry, phis, known)
        self.blocks[key] = block
        if is_head:
            leave = code.function.append_basic_block()
            head = Head(len(self.heads), leave, known)
            self.heads.append(head)
        self.work.append((key, index, head, block))
        code.builder.position_at_end(before)
        return block

    def _append(self, address: Any, item: Value) -> None:
        """Append a number to the list at an address, and note it in the log."""
        code, b = self.code, self.code.builder
        function = llvm.FunctionType(I64, [I64] * 4).as_pointer()
        append = b.inttoptr(self.word("append"), function)
        words = self._object_of(item)
        self.count(-CALL_OF_C)
        entry = self.log.note_list(address)
        failed = b.call(append, [address, *words])
        code.leave_if(b.icmp_signed("!=", failed, code.i64(0)))
        self.log.complete(entry, code.i64(0), code.i64(-1))

    def _object_of(self, item: Value) -> list[Any]:
        """Return what C makes a number's object of: its kind, and two words."""
        if not isinstance(item.kind, Number):
            raise NotTranslatedError(f"{described(item.kind)} goes into a list")
        bits = [self.code.bits(part) for part in item.parts]
        return [self.code.i64(NUMBER_CODES[item.kind.name]), *bits, self.code.i64(0)][:3]

    def put(self, address: Any, index: Any, item: Value) -> None:
        """Store a number into the list at an address, at an index that it has."""
        code, b = self.code, self.code.builder
        function = llvm.FunctionType(I64, [I64] * 5).as_pointer()
        put = b.inttoptr(self.word("put"), function)
        words = self._object_of(item)
        self.count(-CALL_OF_C)
        entry = self.log.note_list(address)
        b.store(code.i64(1), self.slot("is_put"))
        before = b.call(put, [address, index, *words])
        code.leave_if(b.icmp_signed("==", before, code.i64(0)))
        self.log.complete(entry, before, b.sub(code.i64(-2), index))

    def tick(self, n: Any) -> None:
        b = self.code.builder
        self.sweeps = True
        b.store(b.add(b.load(self.ticks), n), self.ticks)

    def count(self, nanoseconds: int) -> Any:
        """Count what the original code would take longer; return the constant, to add to."""
        b, constant = self.code.builder, self.code.i64(nanoseconds)
        b.store(b.add(b.load(self.worth), constant), self.worth)
        return constant

    # ------------------------------------------------------------------ instructions

    def _run(self, index: int, state: State) -> None:
        """Translate from an item on to where control goes elsewhere."""
        assert self.head is not None
        self.code.leave = self.head.leave
        self.code.views.clear()
        self.code.origins.clear()
        unit, is_outer = state.unit, state.unit is self.unit
        if is_outer and index == self.loop.head:
            state = begin_iteration(self, state)
        first, cost = index, None
        while True:
            item = unit.items[index]
            if isinstance(item, Label):
                if index != first and item in unit.targets:
                    self.go(index, state, self.head)
                    return
                index += 1
                continue
            if is_outer and index not in self.loop.members:
                self.code.builder.branch(self.head.leave)
                return
            if not isinstance(item, Instr):  # the marks of try blocks
                index += 1
                continue
            give_turns()
            if cost is None:
                cost = self.count(0)
            cost.constant += cost_of(item, state)
            try:
                done = step(self, item, index, state)
            except NotTranslatedError as error:
                self._give_up(f"line {item.lineno}: {error}")
                return
            if done:
                return
            index += 1
