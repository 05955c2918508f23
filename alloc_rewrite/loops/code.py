"""Writing LLVM's instructions for one loop: words, checks, and the way out.

In: what to compute. Out: instructions. It must not know bytecode.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from llvmlite import ir

from ..compiled.turns import InTurns
from .addresses import address_of, dot_of
from .kinds import COMPLEX, DTYPES, NUMBERS, Array, Complex, Kind, Known, List, Number, Tuple

I1, I8_, I32, I64 = ir.IntType(1), ir.IntType(8), ir.IntType(32), ir.IntType(64)
DOUBLE, SINGLE = ir.DoubleType(), ir.FloatType()
POINTER = I8_.as_pointer()
_TYPES = {"int": I64, "float": DOUBLE, "bool": I1, "b1": I1, "f8": DOUBLE, "f4": SINGLE}
_SCALARS = {np.dtype(name).type: name for name in DTYPES}
_TYPES |= {f"{sign}{size}": ir.IntType(8 * size) for sign in "iu" for size in (1, 2, 4, 8)}


class NotTranslatedError(Exception):
    """Something that loops aren't compiled with; the text says what."""


class Value(NamedTuple):
    """A value: its kind, its words, and the object itself where it is known."""

    kind: Kind
    parts: tuple[Any, ...] = ()
    constant: Any = None

    @property
    def number(self) -> Number:
        if type(self.kind) is Number:
            return self.kind
        raise NotTranslatedError(f"arithmetic with {described(self.kind)}")


def exactly(args: list[Value], n: int = 1) -> list[Value]:
    """Return the arguments of a call, which have to be so many."""
    if len(args) != n:
        raise NotTranslatedError(f"a call with {len(args)} arguments instead of {n}")
    return args


def described(kind: Kind) -> str:
    """Say in words what a value is."""
    match kind:
        case Number(name):
            return f"a number ({name})"
        case Array(dtype, ndim):
            return f"an array ({dtype}, {ndim} axes)"
        case List():
            return "a long tuple" if kind.is_tuple else "a list"
        case Tuple():
            return "a tuple"
        case Known(value):
            return f"`{getattr(value, '__name__', value)!s}`"
        case _:
            return f"a {type(kind).__name__.lower()}"


class Builder(ir.IRBuilder):  # type: ignore[misc]
    """Writes instructions. Memory always holds something: what is loaded is said to be defined.

    Otherwise LLVM searches all blocks before for a proof that it is, again and again.
    """

    def load(self, *args: Any, **kwargs: Any) -> Any:
        word = super().load(*args, **kwargs)
        word.set_metadata("noundef", self.module.add_metadata([]))
        return word


class Code:
    """The instructions of one kernel.

    `leave` is the block that gives up the iteration; the translator sets it where one begins.
    """

    word, double = I64, DOUBLE

    def __init__(self, name: str) -> None:
        self.module = ir.Module(name)
        kernel = ir.FunctionType(I64, [I64.as_pointer()])
        self.function = ir.Function(self.module, kernel, name)
        self.function.blocks = InTurns()
        self.builder = Builder()
        self.leave: Any = None
        self.tick: Any = None  # counts work, for the budget
        self.append: Any = None  # appends a number to the list at an address
        self.rarely = self.module.add_metadata(
            [ir.MetaDataString(self.module, "branch_weights"), I32(1), I32(100000)]
        )
        self.mostly = self.module.add_metadata(
            [ir.MetaDataString(self.module, "branch_weights"), I32(1000), I32(1)]
        )
        self.views: dict[int, tuple[Any, Any, Any]] = {}  # of this block: words, array, index
        self.origins: dict[
            int, tuple[Any, Any]
        ] = {}  # likewise: words, the object with that number
        self.addresses: dict[str, int] = {}  # by name of the kernel's word for each
        self._asm: dict[Any, Any] = {}
        self._opaque: dict[Any, Any] = {}

    # ------------------------------------------------------------------ words

    def type_of(self, kind: Number) -> Any:
        return _TYPES[kind.name]

    def itemsize(self, kind: Number) -> int:
        """Return how many bytes an item of an array takes."""
        return 1 if kind.is_bool else int(kind.name[1:])

    def real(self, value: float, kind: Number) -> Any:
        return ir.Constant(_TYPES[kind.name], value)

    def whole(self, value: int, kind: Number) -> Any:
        return ir.Constant(_TYPES[kind.name], value)

    def least(self, kind: Number) -> Any:
        """Return the least number of a signed kind."""
        return self.whole(-(2 ** (_TYPES[kind.name].width - 1)), kind)

    def i64(self, value: int) -> Any:
        return ir.Constant(I64, value)

    def bit(self, value: bool) -> Any:
        return ir.Constant(I1, int(value))

    def constant(self, value: Any) -> Value:
        """Return a value for an object that is known."""
        kinds: dict[type, tuple[str, Any]] = {int: ("int", I64), float: ("float", DOUBLE)}
        if type(value) is bool:
            return Value(Number("bool"), (ir.Constant(I1, int(value)),), value)
        if type(value) is int and not -(2**63) <= value < 2**63:
            raise NotTranslatedError("an integer of more than 64 bits")
        if type(value) in kinds:
            name, kind = kinds[type(value)]
            return Value(Number(name), (ir.Constant(kind, value),), value)
        if type(value) is complex:
            parts = (ir.Constant(DOUBLE, value.real), ir.Constant(DOUBLE, value.imag))
            return Value(COMPLEX, parts, value)
        if type(value) is tuple:
            return tuple_of([self.constant(item) for item in value])
        if isinstance(value, np.generic) and type(value) in _SCALARS:
            number = NUMBERS[_SCALARS[type(value)]]
            if isinstance(number, Complex):
                words = (ir.Constant(_TYPES[number.part.name], x) for x in (value.real, value.imag))
                return Value(number, tuple(map(self.at_run_time, words)))
            word = ir.Constant(_TYPES[number.name], value.item())
            return Value(number, (self.at_run_time(word) if number.is_float else word,))
        return Value(Known(value), (), value)

    def widened(self, value: Value) -> Any:
        """Return an integer's word with 64 bits, signed; leave where it has more."""
        word = value.parts[0]
        if value.number.name == "u8":
            self.leave_if(self.builder.icmp_signed("<", word, self.i64(0)))
        if word.type.width == 64:
            return word
        if value.number.name.startswith("u"):
            return self.builder.zext(word, I64)
        return self.builder.sext(word, I64)

    def narrowed(self, wide: Any, to: Number, *, check: bool) -> Any:
        """Return 64 bits as an integer of another kind; with `check`, leave if it doesn't fit."""
        target = _TYPES[to.name]
        if target.width == 64:
            if check and to.name == "u8":
                self.leave_if(self.builder.icmp_signed("<", wide, self.i64(0)))
            return wide
        narrow = self.builder.trunc(wide, target)
        if check:
            extend = self.builder.zext if to.name.startswith("u") else self.builder.sext
            self.leave_if(self.builder.icmp_signed("!=", extend(narrow, I64), wide))
        return narrow

    def checked(self, name: str, a: Any, b: Any, *, is_signed: bool) -> Any:
        """Add, subtract or multiply integers; leave where the result has more bits."""
        sign = "s" if is_signed else "u"
        both = getattr(self.builder, f"{sign}{name}_with_overflow")(a, b)
        self.leave_if(self.builder.extract_value(both, 1))
        return self.builder.extract_value(both, 0)

    # ------------------------------------------------------------------ ways out

    def leave_if(self, condition: Any) -> None:
        """Give the iteration up where a condition holds."""
        if isinstance(condition, ir.Constant) and condition.constant in (0, False):
            return
        on = self.function.append_basic_block()
        branch = self.builder.cbranch(condition, self.leave, on)
        branch.set_metadata("prof", self.rarely)
        self.builder.position_at_end(on)

    def leave_unless_between(self, wide: Any, low: int, high: int) -> None:
        offset = self.builder.sub(wide, self.i64(low))
        self.leave_if(self.builder.icmp_unsigned(">", offset, self.i64(high - low)))

    def leave_unless_finite(self, real: Any) -> None:
        difference = self.builder.fsub(real, real)
        zero = ir.Constant(real.type, 0.0)
        self.leave_if(self.builder.fcmp_unordered("!=", difference, zero))

    def kept(self, word: Any, number: Number) -> Any:
        """Have a float of NumPy's computed here for the flags it raises, whatever it is used for.

        LLVM knows no flags: it makes `x - y > 0.0` a comparison of `x` and `y`, and moves what one
        branch alone uses into that branch.
        """
        kind = word.type
        if not number.is_float or number.is_python:
            return word
        made = self._asm.get(kind)
        if made is None:
            made = ir.InlineAsm(ir.FunctionType(ir.VoidType(), [kind]), "", "x", side_effect=True)
            self._asm[kind] = made
        self.builder.call(made, [word])
        return word

    def at_run_time(self, word: Any) -> Any:
        """Return a float as one that LLVM knows nothing of."""
        kind = word.type
        made = self._opaque.get(kind)
        if made is None:
            made = ir.InlineAsm(ir.FunctionType(kind, [kind]), "", "=x,0", side_effect=True)
            self._opaque[kind] = made
        return self.builder.call(made, [word])

    # ------------------------------------------------------------------ functions

    def call(self, name: str, *args: Any) -> Any:
        """Call a function of floats: an intrinsic, or one of the C library by its address."""
        kind = args[0].type
        function = ir.FunctionType(kind, [kind] * len(args))
        if name in INTRINSICS:
            return self.builder.call(
                self.module.declare_intrinsic(f"llvm.{name}", [kind], function), args
            )
        return self.builder.call(self.function_at(name, address_of(name), function), args)

    def address(self, name: str, address: int) -> Any:
        """Return an address, which is data: it differs between processes."""
        word = f"address.{name}"
        if word not in self.addresses:
            ir.GlobalVariable(self.module, I64, word).initializer = self.i64(0)
            self.addresses[word] = address
        return self.builder.load(self.module.get_global(word))

    def function_at(self, name: str, address: int, kind: Any) -> Any:
        """Return a function by its address."""
        return self.builder.inttoptr(self.address(name, address), kind.as_pointer())

    def dot(self, kind: Number, x: tuple[Any, ...], y: tuple[Any, ...]) -> Any:
        """Return the product of two vectors, by the function that NumPy has for it."""
        types = [POINTER, I64, POINTER, I64, POINTER, I64, POINTER]
        function = ir.FunctionType(ir.VoidType(), types)
        b = self.builder
        with b.goto_entry_block():
            out = b.alloca(self.type_of(kind))
        none = ir.Constant(POINTER, None)
        given = [
            b.inttoptr(x[1], POINTER), x[3], b.inttoptr(y[1], POINTER), y[3],
            b.bitcast(out, POINTER), x[2], none,
        ]  # fmt: skip
        b.call(self.function_at(f"dot.{kind.name}", dot_of(kind.name), function), given)
        return b.load(out)

    # ------------------------------------------------------------------ memory

    def load(self, address: Any, kind: Number) -> Any:
        """Load an element."""
        target = I8_ if kind.is_bool else _TYPES[kind.name]
        pointer = self.builder.inttoptr(address, target.as_pointer())
        word = self.builder.load(pointer)
        return self.builder.trunc(word, I1) if kind.is_bool else word

    def loaded(self, address: Any, kind: Number) -> tuple[Any, ...]:
        """Load the words of an element: of a complex number, two."""
        if not isinstance(kind, Complex):
            return (self.load(address, kind),)
        imaginary = self.builder.add(address, self.i64(kind.part.itemsize))
        return self.load(address, kind.part), self.load(imaginary, kind.part)

    def store_all(self, words: tuple[Any, ...], address: Any, kind: Number) -> None:
        """Store the words of an element."""
        for i, word in enumerate(words):
            step = self.i64(i * kind.itemsize // len(words))
            self.store(word, self.builder.add(address, step) if i else address)

    def store(self, word: Any, address: Any) -> None:
        if word.type == I1:
            word = self.builder.zext(word, I8_)
        self.builder.store(word, self.builder.inttoptr(address, word.type.as_pointer()))

    def copy(self, to: Any, source: Any, nbytes: Any) -> None:
        """Copy bytes."""
        void = ir.FunctionType(ir.VoidType(), [POINTER, POINTER, I64, I1])
        copy = self.module.declare_intrinsic("llvm.memcpy", [POINTER, POINTER, I64], void)
        b = self.builder
        given = (b.inttoptr(to, POINTER), b.inttoptr(source, POINTER), nbytes, ir.Constant(I1, 0))
        b.call(copy, given)

    def bits(self, word: Any) -> Any:
        """Return a word's bits as an integer of 64 bits."""
        if word.type == DOUBLE:
            return self.builder.bitcast(word, I64)
        if word.type == SINGLE:
            word = self.builder.bitcast(word, I32)
        return word if word.type == I64 else self.builder.zext(word, I64)

    def of_bits(self, bits: Any, kind: Number) -> Any:
        target = _TYPES[kind.name]
        if target == DOUBLE:
            return self.builder.bitcast(bits, DOUBLE)
        if target == SINGLE:
            return self.builder.bitcast(self.builder.trunc(bits, I32), SINGLE)
        return bits if target == I64 else self.builder.trunc(bits, target)


INTRINSICS = frozenset({"rint", "sqrt", "fabs", "floor", "ceil", "trunc", "copysign"})


def tuple_of(values: list[Value]) -> Value:
    parts = tuple(part for value in values for part in value.parts)
    known = [value.constant for value in values]
    return Value(Tuple(tuple(value.kind for value in values)), parts, tuple(known))
