"""Translate a loop of bytecode into a kernel: block by block, for the kinds of values that come by.

In: a `Loop`, and the kinds of what its head finds in the locals. Out: a `Kernel` to compile. It must
not know how kernels are compiled, nor who runs them.

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

import types
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from bytecode import Instr, Label
from llvmlite import ir as llvm

from ..rewrite.opcodes import (
    PY311,
    attribute_name,
    constant,
    is_method_load,
    operator_of,
)
from ..errors import RewriteError
from ..interpreter import VERSION
from ..rewrite.decode import decode
from . import arithmetic, calls, elements, lazy, views
from .code import I64, Code, NotTranslated, Value, described, tuple_of
from .log import Log
from .kinds import (
    BOOL,
    INT,
    OPAQUE,
    RANGE,
    STEPS,
    UNBOUND,
    Array,
    Items,
    Kind,
    Known,
    Number,
    Tuple,
    words,
)
from ..rewrite.loops import Loop

MOST_BLOCKS = 600  # of one kernel
MOST_VERSIONS = 12  # of one block
MOST_CALLS = 6  # of helpers, one in the other
WIDEST = 4  # words of a local that is written into the frame

#: The frame of a kernel: words that it shares with what runs it, before those of the locals.
#: In C they are `enum frame_word`. Behind them lie the values of the inputs, then the state in which
#: the kernel ended, then the state in which it last committed.
HEADER = (
    "next",  # of a `for`'s range: what comes next, the step, how many are left
    "step",
    "left",
    "log",  # where the log begins, from where on it is to be emptied, and where it ends
    "log_soft",
    "log_end",
    "position",  # where it ended when the kernel did, and when the last iteration began
    "mark",
    "wanted",  # how far the log would have had to reach, if it was too short
    "budget",  # ticks between two commits
    "iterations",  # begun since the kernel was entered
    "commit",  # the function that says whether to go on after the budget
    "committed",  # the exit whose state was committed, or -1
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
    inputs: tuple[tuple[str, Kind], ...]
    exits: tuple[Exit, ...]
    guards: tuple[tuple[Any, str, Any], ...]  # a module, or None for globals; a name; its value
    ended_at: int  # where the state at the end lies in the frame,
    committed_at: int  # and the one of the last commit
    size: int  # of the frame, in words


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

    def copy(self) -> State:
        return self.mapped(lambda value: value)


@dataclass
class _Head:
    """One version of the loop's head: the way out of the iterations that begin there."""

    number: int
    leave: Any
    state: State


@dataclass
class _Block:
    entry: Any
    phis: list[Any]
    state: State


NULL = Value(Known("NULL"))


@dataclass
class Translator:
    loop: Loop
    globals: dict[str, Any]
    builtins: dict[str, Any]
    name: str = "kernel"
    guards: dict[tuple[int, str], tuple[Any, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.code = Code(self.name)
        items = self.loop.items
        where = {item: i for i, item in enumerate(items) if isinstance(item, Label)}
        self.unit = Unit(items, where, self.loop.targets, self.globals, None)
        self.units: dict[int, Unit] = {}
        self.blocks: dict[Any, _Block] = {}
        self.counts: dict[Any, int] = {}
        self.heads: list[_Head] = []
        self.work: list[tuple[Any, int, _Head | None, _Block]] = []
        self.head: _Head | None = None
        self.fixed: dict[str, Value] = {}  # the locals that the loop doesn't store

    # ------------------------------------------------------------------ the kernel

    def kernel(self, subject: Kind, inputs: dict[str, Kind]) -> Kernel:
        """Translate the loop for what it goes over, and locals, of these kinds."""
        code, loop = self.code, self.loop
        entry = code.function.append_basic_block("entry")
        code.builder.position_at_end(entry)
        self.frame = code.function.args[0]
        self.mark = code.builder.alloca(I64, name="mark")
        self.ticks = code.builder.alloca(I64, name="ticks")
        self.iterations = code.builder.alloca(I64, name="iterations")
        self.log = Log(code, self._word("log"), self._word("log_end"), self._slot(AT["wanted"]))
        code.builder.store(code.i64(0), self.ticks)
        code.builder.store(code.i64(0), self.iterations)
        self.log_soft = self._word("log_soft")
        self.budget = self._word("budget")
        helper = llvm.FunctionType(I64, [I64.as_pointer()]).as_pointer()
        self.commit = code.builder.inttoptr(self._word("commit"), helper)
        locals_: dict[str, Value] = {}
        array, at = self._read(subject, len(HEADER))
        for name in loop.names:
            value, at = self._read(inputs.get(name, UNBOUND), at)
            (locals_ if name in loop.stored else self.fixed)[name] = value
        self.ended_at = at
        self.committed_at = at + 3 + WIDEST * len(loop.stored)
        stack = [Value(OPAQUE) for _ in range(loop.depth)]
        if loop.is_for and isinstance(subject, Array):
            stack.append(Value(Items(subject), (self._word("next"), *array.parts)))
        elif loop.is_for:
            if subject != STEPS:
                raise NotTranslated("a loop over anything but a range or an array")
            stack.append(Value(STEPS, tuple(self._word(name) for name in HEADER[:3])))
        self._go(loop.head, State(locals_, stack, self.unit), None)
        while self.work:
            _, index, self.head, block = self.work.pop()
            code.builder.position_at_end(block.entry)
            self._run(index, block.state.copy())
        exits = tuple(self._exit(head) for head in self.heads)
        return Kernel(
            self.name,
            str(code.module),
            tuple((name, inputs[name]) for name in loop.names if name in inputs),
            exits,
            tuple((holder, name, value) for (_, name), (holder, value) in self.guards.items()),
            self.ended_at,
            self.committed_at,
            self.committed_at + 3 + WIDEST * len(loop.stored),
        )

    def _slot(self, index: int) -> Any:
        return self.code.builder.gep(self.frame, [self.code.i64(index)])

    def _word(self, name: str) -> Any:
        return self.code.builder.load(self._slot(AT[name]))

    def _read(self, kind: Kind, at: int) -> tuple[Value, int]:
        """Read a value from the frame."""
        b = self.code.builder
        match kind:
            case Number():
                return Value(kind, (self.code.of_bits(b.load(self._slot(at)), kind),)), at + 1
            case Array():
                n = words(kind)
                parts = [b.load(self._slot(at + i)) for i in range(n)]
                if kind.is_dense:
                    parts[-1] = self.code.i64(kind.itemsize)
                return Value(kind, tuple(parts)), at + n
            case Tuple(items):
                values = []
                for item in items:
                    value, at = self._read(item, at)
                    values.append(value)
                return tuple_of(values), at
            case Known(value):
                return Value(kind, (), value), at
            case _:
                return Value(kind), at

    def _exit(self, head: _Head) -> Exit:
        """End the kernel where an iteration began."""
        code, b = self.code, self.code.builder
        b.position_at_end(head.leave)
        for name, word in (("position", self.log.position), ("mark", self.mark)):
            b.store(b.load(word), self._slot(AT[name]))
        b.store(b.load(self.iterations), self._slot(AT["iterations"]))
        self._write(head, self.ended_at)
        b.ret(code.i64(head.number))
        return Exit(tuple(head.state.locals[name].kind for name in self.loop.stored))

    def _write(self, head: _Head, at: int) -> None:
        """Write what the original code needs where an iteration begins: iterator and locals."""
        code, b = self.code, self.code.builder
        if self.loop.is_for:
            for i, part in enumerate(head.state.stack[-1].parts[:3]):
                b.store(part, self._slot(at + i))
        at += 3
        for name in self.loop.stored:
            value = head.state.locals[name]
            # Of an array, its number says which object it is.
            parts = value.parts[:1] if isinstance(value.kind, Array) else value.parts
            if len(parts) > WIDEST:
                raise NotTranslated(f"`{name}` is a long tuple")
            for i, part in enumerate(parts):
                b.store(code.bits(part), self._slot(at + i))
            at += WIDEST

    # ------------------------------------------------------------------ blocks

    def _go(self, index: int, state: State, head: _Head | None) -> None:
        """End the block that is being written: go on at an item with what is known."""
        b = self.code.builder
        is_outer = state.unit is self.unit
        is_head = is_outer and index == self.loop.head
        if is_outer and not is_head and index not in self.loop.members:
            assert head is not None
            b.branch(head.leave)
            return
        state = state.mapped(self._plain)
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

    def _block(
        self, key: Any, index: int, state: State, head: _Head | None, is_head: bool
    ) -> _Block:
        code = self.code
        place = (id(state.unit), index, head.number if head else None)
        self.counts[place] = self.counts.get(place, 0) + 1
        if len(self.blocks) > MOST_BLOCKS or self.counts[place] > MOST_VERSIONS:
            raise NotTranslated("too many combinations of kinds of values")
        before = code.builder.block
        entry = code.function.append_basic_block()
        code.builder.position_at_end(entry)
        phis: list[Any] = []

        def joined(value: Value) -> Value:
            made = []
            for i, part in enumerate(value.parts):
                if isinstance(value.kind, Array) and value.kind.is_dense and (
                    i == len(value.parts) - 1
                ):
                    phi = code.builder.phi(part.type)
                    phis.append(phi)
                    made.append(part)
                    continue
                phi = code.builder.phi(part.type)
                phis.append(phi)
                made.append(phi)
            return Value(value.kind, tuple(made), value.constant)

        known = state.mapped(joined)
        block = _Block(entry, phis, known)
        self.blocks[key] = block
        if is_head:
            leave = code.function.append_basic_block()
            head = _Head(len(self.heads), leave, known)
            self.heads.append(head)
        self.work.append((key, index, head, block))
        code.builder.position_at_end(before)
        return block

    def _begin_iteration(self, state: State) -> None:
        """Mark where the log stands; end the kernel after enough of work."""
        b, head = self.code.builder, self.head
        assert head is not None
        self.code.leave = head.leave
        position = b.load(self.log.position)
        b.store(position, self.mark)
        b.store(b.add(b.load(self.iterations), self.code.i64(1)), self.iterations)
        self.tick(self.code.i64(1))
        late = b.icmp_signed(">", b.load(self.ticks), self.budget)
        full = b.icmp_unsigned(">", position, self.log_soft)
        due, on = (self.code.function.append_basic_block() for _ in range(2))
        b.cbranch(b.or_(late, full), due, on).set_metadata("prof", self.code.rarely)
        b.position_at_end(due)
        stops = b.icmp_signed("!=", b.call(self.commit, [self.frame]), self.code.i64(0))
        self.code.leave_if(stops)
        self._write(head, self.committed_at)
        b.store(self.code.i64(head.number), self._slot(AT["committed"]))
        for word, value in ((self.log.position, self.log.begin), (self.mark, self.log.begin)):
            b.store(value, word)
        b.store(self.code.i64(0), self.ticks)
        b.branch(on)
        b.position_at_end(on)

    def tick(self, n: Any) -> None:
        b = self.code.builder
        b.store(b.add(b.load(self.ticks), n), self.ticks)

    # ------------------------------------------------------------------ what is known beforehand

    def known_global(self, unit: Unit, name: str) -> Any:
        """Return the value of a global or builtin, which a guard looks at whenever a kernel runs."""
        for names in (unit.globals, self.builtins):
            if name in names:
                return self._guarded(unit.holder, name, names[name])
        raise NotTranslated(f"`{name}` has no value")

    def known_attribute(self, module: types.ModuleType, name: str) -> Any:
        """Return an attribute of a module likewise."""
        if name not in vars(module):
            raise NotTranslated(f"the attribute {name} of {module.__name__}")
        return self._guarded(module, name, vars(module)[name])

    def _guarded(self, holder: Any, name: str, value: Any) -> Any:
        self.guards[id(holder), name] = holder, value
        return value

    # ------------------------------------------------------------------ instructions

    def _run(self, index: int, state: State) -> None:
        """Translate from an item on to where control goes elsewhere."""
        assert self.head is not None
        self.code.leave = self.head.leave
        unit, is_outer = state.unit, state.unit is self.unit
        if is_outer and index == self.loop.head:
            self._begin_iteration(state)
        first = index
        while True:
            item = unit.items[index]
            if isinstance(item, Label):
                if index != first and item in unit.targets:
                    self._go(index, state, self.head)
                    return
                index += 1
                continue
            if is_outer and index not in self.loop.members:
                self.code.builder.branch(self.head.leave)
                return
            if not isinstance(item, Instr):  # the marks of try blocks
                index += 1
                continue
            try:
                done = self._step(item, index, state)
            except NotTranslated as error:
                raise NotTranslated(f"line {item.lineno}: {error}") from None
            if done:
                return
            index += 1

    def _step(self, item: Instr, index: int, state: State) -> bool:
        """Translate one instruction; return whether control goes elsewhere."""
        name, stack = item.name, state.stack
        if name in _IGNORED:
            return False
        found = constant(item)
        if found is not None:
            stack.append(self.code.constant(found[0]))
            return False
        operator = operator_of(item)
        if operator is not None:
            self._operator(operator[0], operator[1], state)
            return False
        if name == "COMPARE_OP":  # with its result as a truth value (3.13)
            sign = item.arg.name.removesuffix("_CAST").lower()  # type: ignore[union-attr]
            y, x = stack.pop(), stack.pop()
            stack.append(self._compare(sign, x, y, cast=True))
            return False
        if item.has_jump():
            return self._jump(item, index, state)
        if name == "CALL" and self._enter(item, index, state):
            return True
        if name in ("RETURN_VALUE", "RETURN_CONST"):
            self._return(item, state)
            return True
        step = _STEPS.get(name)
        if step is None:
            raise NotTranslated(f"the instruction {name}")
        step(self, item, state)
        return False

    # ------------------------------------------------------------------ helpers

    def _enter(self, item: Instr, index: int, state: State) -> bool:
        """Go on in the Python function that is called, if it is one."""
        n = int(item.arg)  # type: ignore[call-overload]
        stack = state.stack
        pair = stack[len(stack) - n - 2 : len(stack) - n]
        callee = pair[1] if pair[0] == NULL else pair[0]
        if NULL not in pair or not isinstance(callee.kind, Known):
            return False
        function = callee.kind.value
        if type(function) is not types.FunctionType:
            return False
        unit = self._unit(function, state)
        code = function.__code__
        args = stack[len(stack) - n :]
        missing = code.co_argcount - n
        defaults = function.__defaults__ or ()
        if not 0 <= missing <= len(defaults):
            raise NotTranslated(f"a call of `{function.__name__}` with other arguments")
        if missing:
            self._guarded(function, "__defaults__", defaults)
            args = args + [self.code.constant(value) for value in defaults[-missing:]]
        del stack[len(stack) - n - 2 :]
        locals_ = dict.fromkeys(code.co_varnames, Value(UNBOUND))
        locals_.update(zip(code.co_varnames, args, strict=False))
        for name in code.co_varnames[: code.co_argcount]:
            if not _may_be_held(locals_[name].kind):
                raise NotTranslated(f"`{name}` gets {described(locals_[name].kind)}")
        self._go(0, State(locals_, [], unit, state, index + 1), self.head)
        return True

    def _unit(self, function: types.FunctionType, state: State) -> Unit:
        """Return the code of a helper, guarded."""
        code, caller, depth = function.__code__, state, 0
        while caller is not None:
            depth += 1
            if caller.unit.code is code:
                raise NotTranslated(f"the recursion of `{function.__name__}`")
            caller = caller.caller  # type: ignore[assignment]
        if depth > MOST_CALLS:
            raise NotTranslated("calls of calls of calls")
        if code.co_freevars or code.co_cellvars or code.co_kwonlyargcount or code.co_flags & 0x2AC:
            raise NotTranslated(f"a call of `{function.__name__}`")
        unit = self.units.get(id(function))
        if unit is None:
            try:
                items = decode(code).items
            except RewriteError as error:
                raise NotTranslated(f"a call of `{function.__name__}`: {error}") from None
            where = {item: i for i, item in enumerate(items) if isinstance(item, Label)}
            targets = frozenset(
                item.arg for item in items if isinstance(item, Instr) and item.has_jump()
            )
            unit = Unit(items, where, targets, function.__globals__, function.__globals__, code)
            self.units[id(function)] = unit
        self._guarded(function, "__code__", code)
        return unit

    def _return(self, item: Instr, state: State) -> None:
        """Go on in the function that called the helper."""
        if state.caller is None:  # out of the loop
            assert self.head is not None
            self.code.builder.branch(self.head.leave)
            return
        is_constant = item.name == "RETURN_CONST"
        value = self.code.constant(item.arg) if is_constant else state.stack.pop()
        caller = state.caller.copy()
        caller.stack.append(value)
        self._go(state.resume, caller, self.head)

    # ------------------------------------------------------------------ operators and jumps

    def _operator(self, name: str, size: int, state: State) -> None:
        stack = state.stack
        if size == 1:
            if lazy.is_array(stack[-1]):
                stack.append(lazy.unary(name, stack.pop()))
                return
            stack.append(arithmetic.unary(self.code, name, stack.pop()))
            return
        y, x = stack.pop(), stack.pop()
        if name == "getitem":
            stack.append(elements.item(self.code, x, y))
        elif name in ("lt", "le", "eq", "ne", "gt", "ge"):
            stack.append(self._compare(name, x, y, cast=False))
        elif name == "matmul":
            stack.append(calls.product(self.code, x, y))
        elif name.startswith("i_") and isinstance(x.kind, Array):
            stack.append(elements.in_place(self, name, x, y))
        elif lazy.is_array(x) or lazy.is_array(y):
            stack.append(lazy.binary(name.removeprefix("i_"), x, y))
        else:
            stack.append(arithmetic.binary(self.code, name, x, y))

    def _compare(self, name: str, x: Value, y: Value, cast: bool) -> Value:
        value = arithmetic.compare(self.code, name, x, y)
        return Value(BOOL, value.parts) if cast else value

    def _jump(self, item: Instr, index: int, state: State) -> bool:
        name, stack = item.name, state.stack
        target = state.unit.where[item.arg]
        if name == "FOR_ITER":
            self._for_iter(index, target, state)
            return True
        if name.startswith("JUMP_IF_"):  # 3.11: or pop
            value = stack[-1]
            left = state.copy()
            stack.pop()
            self._branch(name, value, target, left, index + 1, state)
            return True
        if name.startswith("POP_JUMP"):
            value = stack.pop()
            if name.endswith("NONE"):
                is_none = value.kind == Known(None)
                jumps = is_none != ("_NOT_NONE" in name)
                self._go(target if jumps else index + 1, state, self.head)
                return True
            self._branch(name, value, target, state, index + 1, state)
            return True
        if name.startswith("JUMP"):
            if target <= index and not self._is_for(state.unit, target):
                self.tick(self.code.i64(1))
            self._go(target, state, self.head)
            return True
        raise NotTranslated(f"the instruction {name}")

    def _is_for(self, unit: Unit, label: int) -> bool:
        following = unit.items[label + 1]
        return isinstance(following, Instr) and following.name == "FOR_ITER"

    def _branch(
        self, name: str, value: Value, target: int, there: State, on: int, here: State
    ) -> None:
        b = self.code.builder
        if isinstance(value.kind, Known):
            is_true = bool(value.constant)
            jumps = is_true == ("IF_TRUE" in name)
            self._go(target if jumps else on, there if jumps else here, self.head)
            return
        truth = arithmetic.truth(self.code, value)
        if "IF_FALSE" in name:
            truth = b.not_(truth)
        yes = self.code.function.append_basic_block()
        no = self.code.function.append_basic_block()
        b.cbranch(truth, yes, no)
        b.position_at_end(yes)
        self._go(target, there, self.head)
        b.position_at_end(no)
        self._go(on, here, self.head)

    def _for_iter(self, index: int, target: int, state: State) -> None:
        code, b = self.code, self.code.builder
        stack = state.stack
        assert self.head is not None
        iterator = stack[-1]
        if isinstance(iterator.kind, Items):
            at, *parts = iterator.parts
            ends = b.icmp_signed(">=", at, parts[2])
        elif iterator.kind == STEPS:
            following, step, left = iterator.parts
            ends = b.icmp_signed("==", left, code.i64(0))
        else:
            raise NotTranslated(f"a loop over {described(iterator.kind)}")
        end, on = (code.function.append_basic_block() for _ in range(2))
        b.cbranch(ends, end, on)
        b.position_at_end(end)
        if state.unit is self.unit and index == self.loop.start:
            b.branch(self.head.leave)
        else:
            after = state.copy()
            if PY311:
                after.stack.pop()
            else:
                after.stack.append(Value(UNBOUND))
            self._go(target, after, self.head)
        b.position_at_end(on)
        if isinstance(iterator.kind, Items):
            array = Value(iterator.kind.array, tuple(parts))
            stack[-1] = Value(iterator.kind, (b.add(at, code.i64(1)), *parts))
            stack.append(elements.item(code, array, Value(INT, (at,))))
        else:
            one = code.i64(1)
            stack[-1] = Value(STEPS, (b.add(following, step), step, b.sub(left, one)))
            stack.append(Value(INT, (following,)))
        self._go(index + 1, state, self.head)


# ---------------------------------------------------------------------- plain instructions

Step = Callable[[Translator, Instr, State], None]


def _load_fast(t: Translator, item: Instr, state: State) -> None:
    name = t.loop.name_of(item)
    value = state.locals.get(name)
    if value is None and state.unit is t.unit:
        value = t.fixed.get(name)
    if value is None or value.kind == UNBOUND:
        raise NotTranslated(f"`{item.arg}` may have no value")
    state.stack.append(value)


def _store_fast(t: Translator, item: Instr, state: State) -> None:
    value = state.stack.pop()
    if not _may_be_held(value.kind):
        raise NotTranslated(f"`{item.arg}` gets {described(value.kind)}")
    if isinstance(value.kind, Number) and value.kind.is_float and not value.kind.is_python:
        t.code.keep(value.parts[0])
    state.locals[str(item.arg)] = value


def _may_be_held(kind: Kind) -> bool:
    if isinstance(kind, Tuple):
        return all(_may_be_held(item) for item in kind.items)
    return isinstance(kind, (Number, Array)) or kind == Known(None)


def _load_global(t: Translator, item: Instr, state: State) -> None:
    calls_it, name = item.arg  # type: ignore[misc]
    pair = [t.code.constant(t.known_global(state.unit, name))]
    if calls_it:
        pair.insert(0 if VERSION < (3, 13) else 1, NULL)
    state.stack.extend(pair)


def _load_attr(t: Translator, item: Instr, state: State) -> None:
    owner, name = state.stack.pop(), attribute_name(item)
    if isinstance(owner.kind, Known) and isinstance(owner.kind.value, types.ModuleType):
        value = t.code.constant(t.known_attribute(owner.kind.value, name))
    else:
        value = elements.attribute(t.code, owner, name)
    pair = [value]
    if is_method_load(item):
        pair.insert(0 if VERSION < (3, 13) else 1, NULL)
    state.stack.extend(pair)


def _call(t: Translator, item: Instr, state: State) -> None:
    n = int(item.arg)  # type: ignore[call-overload]
    stack = state.stack
    args = stack[len(stack) - n :]
    del stack[len(stack) - n :]
    pair = stack[-2:]
    del stack[-2:]
    callee = pair[1] if pair[0] == NULL else pair[0]
    if NULL not in pair:
        raise NotTranslated("a method is called")
    stack.append(calls.call(t.code, callee, args))


def _store_subscr(t: Translator, item: Instr, state: State) -> None:
    index, container, value = state.stack.pop(), state.stack.pop(), state.stack.pop()
    elements.store(t, container, index, value)


def _get_iter(t: Translator, item: Instr, state: State) -> None:
    value = state.stack.pop()
    if VERSION >= (3, 15):
        raise NotTranslated("an iterator with an index")
    if isinstance(value.kind, Array):
        t.tick(value.parts[2])
        state.stack.append(Value(Items(value.kind), (t.code.i64(0), *value.parts)))
        return
    if value.kind != RANGE:
        raise NotTranslated(f"a loop over {described(value.kind)}")
    start, stop, step = value.parts
    left = calls.length_of_range(t.code, start, stop, step)
    t.tick(left)
    state.stack.append(Value(STEPS, (start, step, left)))


def _unpack(t: Translator, item: Instr, state: State) -> None:
    value = state.stack.pop()
    state.stack.extend(reversed(elements.unpacked(t.code, value, int(item.arg))))  # type: ignore[call-overload]


def _build_slice(t: Translator, item: Instr, state: State) -> None:
    n = int(item.arg)  # type: ignore[call-overload]
    values = state.stack[len(state.stack) - n :]
    del state.stack[len(state.stack) - n :]
    step = values[2] if n == 3 else t.code.constant(None)
    state.stack.append(views.slice_of(values[0], values[1], step))


def _binary_slice(t: Translator, item: Instr, state: State) -> None:
    stop, start, container = (state.stack.pop() for _ in range(3))
    index = views.slice_of(start, stop, t.code.constant(None))
    state.stack.append(elements.item(t.code, container, index))


def _store_slice(t: Translator, item: Instr, state: State) -> None:
    stop, start, container, value = (state.stack.pop() for _ in range(4))
    elements.store(t, container, views.slice_of(start, stop, t.code.constant(None)), value)


def _build_tuple(t: Translator, item: Instr, state: State) -> None:
    n = int(item.arg)  # type: ignore[call-overload]
    values = state.stack[len(state.stack) - n :]
    del state.stack[len(state.stack) - n :]
    state.stack.append(tuple_of(values))


def _swap(t: Translator, item: Instr, state: State) -> None:
    n = int(item.arg)  # type: ignore[call-overload]
    state.stack[-1], state.stack[-n] = state.stack[-n], state.stack[-1]


def _to_bool(t: Translator, item: Instr, state: State) -> None:
    value = state.stack.pop()
    state.stack.append(Value(BOOL, (arithmetic.truth(t.code, value),)))


def _not(t: Translator, item: Instr, state: State) -> None:
    value = state.stack.pop()
    state.stack.append(Value(BOOL, (t.code.builder.not_(arithmetic.truth(t.code, value)),)))


def _end_for(t: Translator, item: Instr, state: State) -> None:
    del state.stack[-2 if VERSION < (3, 13) else -1 :]


def _pop(t: Translator, item: Instr, state: State) -> None:
    value = state.stack.pop()
    if isinstance(value.kind, Number) and value.kind.is_float and not value.kind.is_python:
        t.code.keep(value.parts[0])


_IGNORED = frozenset({"NOP", "RESUME", "PRECALL", "NOT_TAKEN", "EXTENDED_ARG"})
_STEPS: dict[str, Step] = {
    "LOAD_FAST": _load_fast,
    "LOAD_FAST_CHECK": _load_fast,
    "LOAD_FAST_BORROW": _load_fast,
    "LOAD_DEREF": _load_fast,
    "STORE_FAST": _store_fast,
    "LOAD_GLOBAL": _load_global,
    "LOAD_ATTR": _load_attr,
    "LOAD_METHOD": _load_attr,
    "PUSH_NULL": lambda t, item, state: state.stack.append(NULL),
    "CALL": _call,
    "POP_TOP": _pop,
    "POP_ITER": lambda t, item, state: state.stack.pop() and None,
    "END_FOR": _end_for,
    "COPY": lambda t, item, state: state.stack.append(state.stack[-int(item.arg)]),  # type: ignore[call-overload]
    "SWAP": _swap,
    "STORE_SUBSCR": _store_subscr,
    "GET_ITER": _get_iter,
    "UNPACK_SEQUENCE": _unpack,
    "BUILD_TUPLE": _build_tuple,
    "BUILD_SLICE": _build_slice,
    "BINARY_SLICE": _binary_slice,
    "STORE_SLICE": _store_slice,
    "TO_BOOL": _to_bool,
    "UNARY_NOT": _not,
}
_ = llvm
