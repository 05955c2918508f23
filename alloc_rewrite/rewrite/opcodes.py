"""What differs between versions of the interpreter: instruction names, forms, stack effects.

In: instructions of the `bytecode` library. Out: facts about them, and short instruction
sequences that mean the same on every version. Besides `interpreter`, no other module asks for
the version. It must not know sites, NumPy or the shape of functions.

Symbolic stack
--------------
A stack is a tuple of labels, bottom first. A label says what is known of a slot:
``VALUE``, ``FUNCTION`` (fresh from MAKE_FUNCTION), ``("null", i)`` (the NULL that instruction
`i` pushed), ``("method", i)`` (either half of what a method load `i` pushed) or ``UNKNOWN``.
What matters is that no slot that may be NULL is ever called a value.
"""

from __future__ import annotations

import dis
import functools
from collections.abc import Callable
from typing import Any, cast

import bytecode
from bytecode import BinaryOp, Compare
from bytecode.instr import UNSET, CommonConstant, Intrinsic1Op

from ..errors import RewriteError
from ..interpreter import VERSION
from .items import HAS_ARGUMENT, Instr

PY311 = VERSION == (3, 11)
PY312 = VERSION == (3, 12)
NULL_FIRST = VERSION < (3, 13)  # [NULL, callable, ...] then, [callable, NULL, ...] since
ITERATOR_DEPTH = 1 if VERSION < (3, 15) else 2  # where FOR_ITER finds it: below an index, or NULL
QUICK_SLICES = VERSION >= (3, 14)  # ``x[i:j]`` takes no longer than a site
NULL_FOR_MAPPING = VERSION >= (3, 14)  # in a call with *args but without **kwargs

Label = Any
Stack = tuple[Label, ...]
VALUE, FUNCTION, UNKNOWN = "value", "function", "unknown"

#: What a call of a plain callable leaves below its arguments.
NULL_AND_CALLABLE: Stack = (("null", -1), VALUE) if NULL_FIRST else (VALUE, ("null", -1))

NULL_LOCAL = "@null"  # an always unbound local: storing NULL there drops it from the stack
SITE_PREFIX = "@s"  # begins the names of sites; no identifier looks like this

_BINARY = {
    BinaryOp.ADD: "add",
    BinaryOp.AND: "and_",
    BinaryOp.FLOOR_DIVIDE: "floordiv",
    BinaryOp.LSHIFT: "lshift",
    BinaryOp.MATRIX_MULTIPLY: "matmul",
    BinaryOp.MULTIPLY: "mul",
    BinaryOp.REMAINDER: "mod",
    BinaryOp.OR: "or_",
    BinaryOp.POWER: "pow",
    BinaryOp.RSHIFT: "rshift",
    BinaryOp.SUBTRACT: "sub",
    BinaryOp.TRUE_DIVIDE: "truediv",
    BinaryOp.XOR: "xor",
}
_COMPARE = {
    Compare.LT: "lt",
    Compare.LE: "le",
    Compare.EQ: "eq",
    Compare.NE: "ne",
    Compare.GT: "gt",
    Compare.GE: "ge",
}
#: Which outcomes of a comparison are true: unordered (1), less (2), greater (4), equal (8).
_OUTCOMES = {"LT": 2, "LE": 10, "EQ": 8, "NE": 7, "GT": 4, "GE": 12}
#: Operators and their numbers of operands, by instruction, some by its argument too. A comparison
#: whose result becomes a bool is none.
_OPERATORS: dict[str, Any] = {
    "BINARY_OP": {
        **{arg: (name, 2) for arg, name in _BINARY.items()},
        **{BinaryOp[f"INPLACE_{arg.name}"]: (f"i_{name}", 2) for arg, name in _BINARY.items()},
        **{arg: ("getitem", 2) for arg in BinaryOp if arg.name == "SUBSCR"},
    },
    "BINARY_SUBSCR": ("getitem", 2),
    "COMPARE_OP": {arg: (name, 2) for arg, name in _COMPARE.items()},
    "UNARY_NEGATIVE": ("neg", 1),
    "UNARY_POSITIVE": ("pos", 1),
    "UNARY_INVERT": ("invert", 1),
    "CALL_INTRINSIC_1": {Intrinsic1Op.INTRINSIC_UNARY_POSITIVE: ("pos", 1)},
}
#: The instructions that may be operators, unpack a sequence, or slice.
MAY_OPERATE = frozenset({*_OPERATORS, "UNPACK_SEQUENCE", "BINARY_SLICE"})


def operator_of(instr: Instr) -> tuple[str, int] | None:
    """Name the operator (as module `operator` does) and its number of operands, or None.

    In-place operators have names that begin with ``i`` and an underscore, as ``i_add``.
    """
    found: Any = _OPERATORS.get(instr.name)
    if type(found) is dict:
        found = found.get(instr.arg)
    return cast("tuple[str, int] | None", found)


def compare_oparg(arg: Compare) -> int:
    """Return the number that stands for a comparison."""
    if PY311:
        return int(arg)
    outcomes = _OUTCOMES[arg.name.removesuffix("_CAST")]
    if PY312:
        return arg << 4 | outcomes
    return (arg & 15) << 5 | arg & 16 | outcomes  # the 16 makes it a bool


#: What such a number stands for.
COMPARISONS = {compare_oparg(arg): arg for arg in Compare}

#: What LOAD_COMMON_CONSTANT loads (3.15), but for classes and functions.
_COMMON = {
    "CONSTANT_NONE": None,
    "CONSTANT_TRUE": True,
    "CONSTANT_FALSE": False,
    "CONSTANT_MINUS_ONE": -1,
    "CONSTANT_EMPTY_STR": "",
}


def constant(instr: Any) -> tuple[Any] | None:
    """Return the value that an instruction loads if it is a constant, in a tuple of one."""
    if not isinstance(instr, Instr):
        return None
    if instr.name in ("LOAD_CONST", "LOAD_SMALL_INT"):
        return (instr.arg,)
    if isinstance(instr.arg, CommonConstant) and instr.arg.name in _COMMON:
        return (_COMMON[instr.arg.name],)
    return None


def is_unpacking(instr: Instr) -> bool:
    """Whether the instruction unpacks a sequence."""
    return instr.name == "UNPACK_SEQUENCE"


def is_slicing(instr: Instr) -> bool:
    """Whether the instruction takes a container and two bounds (since 3.12)."""
    return instr.name == "BINARY_SLICE"


_TRUTH_TESTS = frozenset(
    name
    for name in dis.opmap
    if name in ("TO_BOOL", "UNARY_NOT")
    or (name.startswith("POP_JUMP_") and name.endswith(("_TRUE", "_FALSE")))
    or name.startswith("JUMP_IF_")
)


def is_truth_test(instr: Any) -> bool:
    """Whether the instruction tests the truth of the value on top of the stack."""
    return type(instr) is Instr and instr.name in _TRUTH_TESTS


# ---------------------------------------------------------------------- symbolic stack


def after(instr: Instr, stack: Stack, index: int, *, jump: bool) -> Stack:
    """Return the stack after instruction `index`, on its jump or on the way straight on."""
    name, arg = instr.name, instr.arg
    special = _SPECIAL.get(name)
    if special is not None:
        return special(instr, stack, index)
    effect = _effect(instr.opcode, 0 if instr.opcode in dis.hasconst else _oparg(arg), jump)
    if name in _METHOD_LOADS and is_method_load(instr):
        below = stack[: len(stack) + effect - 2]
        return (*below, ("method", index), ("method", index))
    if name.startswith("CALL"):  # takes a NULL with it
        return (*stack[: len(stack) + effect - 1], VALUE)
    if effect > 0:
        return stack + (VALUE,) * effect
    if effect < 0:
        return stack[:effect]
    # An instruction without net effect may have replaced the top by another value.
    if stack and stack[-1] == FUNCTION and name not in ("NOP", "RESUME", "KW_NAMES"):
        return (*stack[:-1], VALUE)
    return stack


def _oparg(arg: Any) -> int:
    """Return an argument as far as stack effects depend on it: numbers, and flags of tuples."""
    if type(arg) is int:
        return arg
    if isinstance(arg, tuple):
        return int(arg[0]) if arg and isinstance(arg[0], bool) else 0
    return int(arg) if isinstance(arg, int) and arg is not UNSET else 0


@functools.cache
def _effect(opcode: int, oparg: int, jump: bool | None) -> int:
    return dis.stack_effect(opcode, oparg if opcode in HAS_ARGUMENT else None, jump=jump)


def taken_by(instr: Instr) -> int:
    """Return how many values an instruction takes from the stack, or looks at."""
    return _taken(instr.name, instr.opcode, _oparg(instr.arg))


@functools.cache
def _taken(name: str, opcode: int, oparg: int) -> int:
    instr = bytecode.Instr._from_trusted(name, opcode, oparg, None)
    return -min(instr.pre_and_post_stack_effect()[0], 0)


def _depth(instr: Instr, stack: Stack) -> int:
    depth: int = instr.arg
    if depth > len(stack):
        raise RewriteError(f"{instr.name} {depth} on a stack of {len(stack)}")
    return depth


def _swap(instr: Instr, stack: Stack, index: int) -> Stack:
    out = list(stack)
    depth = _depth(instr, stack)
    out[-1], out[-depth] = out[-depth], out[-1]
    return tuple(out)


def _load(instr: Instr, stack: Stack, index: int) -> Stack:
    return (*stack, VALUE)


def _load_global(instr: Instr, stack: Stack, index: int) -> Stack:
    if not instr.arg[0]:
        return (*stack, VALUE)
    null = ("null", index)
    return (*stack, null, VALUE) if NULL_FIRST else (*stack, VALUE, null)


def _get_iter(instr: Instr, stack: Stack, index: int) -> Stack:
    if VERSION < (3, 15):
        return (*stack[:-1], VALUE)
    return (*stack[:-1], VALUE, UNKNOWN)  # an index, or NULL: no value


def _end_send(instr: Instr, stack: Stack, index: int) -> Stack:
    return (*stack[: len(stack) + _effect(instr.opcode, _oparg(instr.arg), None) - 1], VALUE)


def _make_function(instr: Instr, stack: Stack, index: int) -> Stack:
    return (*stack[: len(stack) + _effect(instr.opcode, _oparg(instr.arg), None) - 1], FUNCTION)


_SPECIAL: dict[str, Callable[[Instr, Stack, int], Stack]] = {
    "SWAP": _swap,
    "COPY": lambda instr, stack, index: (*stack, stack[-_depth(instr, stack)]),
    "PUSH_NULL": lambda instr, stack, index: (*stack, ("null", index)),
    "LOAD_GLOBAL": _load_global,
    "LOAD_CONST": _load,
    "LOAD_FAST": _load,
    "LOAD_FAST_BORROW": _load,
    "STORE_FAST": lambda instr, stack, index: stack[:-1],
    "POP_TOP": lambda instr, stack, index: stack[:-1],
    "MAKE_FUNCTION": _make_function,
    "SET_FUNCTION_ATTRIBUTE": _make_function,
    "PRECALL": lambda instr, stack, index: stack[: len(stack) - instr.arg],
    "GET_ITER": _get_iter,
    "END_SEND": _end_send,
    "LOAD_SPECIAL": lambda instr, stack, index: (*stack[:-1], UNKNOWN, UNKNOWN),
}
_METHOD_LOADS = frozenset({"LOAD_METHOD", "LOAD_ATTR", "LOAD_SUPER_ATTR"})


def is_method_load(instr: Instr) -> bool:
    """Whether the instruction pushes two slots: a method and its object, or a value and NULL."""
    name, arg = instr.name, instr.arg
    return name == "LOAD_METHOD" or (
        name in ("LOAD_ATTR", "LOAD_SUPER_ATTR") and isinstance(arg, tuple) and bool(arg[0])
    )


def merged(a: Stack, b: Stack) -> Stack:
    """Return what is known where two paths meet."""
    return a if a == b else tuple(x if x == y else UNKNOWN for x, y in zip(a, b, strict=True))


def attribute_name(instr: Instr) -> str:
    """Return the name that an attribute or method load loads."""
    return str(instr.arg[1] if isinstance(instr.arg, tuple) else instr.arg)


def attribute_load(name: str, location: Any) -> Instr:
    """Return the load of an attribute as a value, not as a method."""
    return Instr("LOAD_ATTR", name if PY311 else (False, name), location=location)


def pushed_null(instr: Instr) -> tuple[bool, bool]:
    """Say which of the two slots that a load pushes for a call is a NULL, the lower one first."""
    return (True, False) if NULL_FIRST else (False, True)


# ---------------------------------------------------------------------- foreign code

#: Instructions that run no Python code whatever they work on, but may drop objects.
QUIET = frozenset(
    {
        "BUILD_LIST", "BUILD_SLICE", "BUILD_STRING", "BUILD_TUPLE", "COPY_FREE_VARS", "END_FOR",
        "IS_OP", "JUMP_BACKWARD", "JUMP_BACKWARD_NO_INTERRUPT", "JUMP_FORWARD", "KW_NAMES",
        "LOAD_CLOSURE", "LOAD_DEREF", "LOAD_SMALL_INT", "MAKE_CELL", "MAKE_FUNCTION", "NOP",
        "NOT_TAKEN", "POP_ITER", "POP_JUMP_BACKWARD_IF_NONE", "POP_JUMP_BACKWARD_IF_NOT_NONE",
        "POP_JUMP_FORWARD_IF_NONE", "POP_JUMP_FORWARD_IF_NOT_NONE", "POP_JUMP_IF_NONE",
        "POP_JUMP_IF_NOT_NONE", "POP_TOP", "PRECALL", "PUSH_NULL", "RESUME",
        "SET_FUNCTION_ATTRIBUTE", "STORE_DEREF",
    }
)  # fmt: skip
#: Instructions that run none as long as all that they take is harmless; so is what they give.
CAREFUL = frozenset(
    {
        "BINARY_OP", "BINARY_SLICE", "BINARY_SUBSCR", "BUILD_MAP", "BUILD_SET",
        "CALL_INTRINSIC_1", "COMPARE_OP", "CONTAINS_OP", "CONVERT_VALUE", "DELETE_SUBSCR",
        "FORMAT_SIMPLE", "FORMAT_VALUE", "FORMAT_WITH_SPEC", "GET_ITER", "GET_LEN",
        "JUMP_IF_FALSE_OR_POP", "JUMP_IF_TRUE_OR_POP", "LIST_APPEND", "LIST_EXTEND",
        "POP_JUMP_BACKWARD_IF_FALSE", "POP_JUMP_BACKWARD_IF_TRUE", "POP_JUMP_FORWARD_IF_FALSE",
        "POP_JUMP_FORWARD_IF_TRUE", "POP_JUMP_IF_FALSE", "POP_JUMP_IF_TRUE", "RAISE_VARARGS",
        "RERAISE", "RETURN_CONST", "SET_ADD", "STORE_SLICE", "STORE_SUBSCR", "TO_BOOL",
        "UNARY_INVERT", "UNARY_NEGATIVE", "UNARY_NOT", "UNARY_POSITIVE", "UNPACK_SEQUENCE",
    }
)  # fmt: skip
#: How many values some of these look at, where their effect on the stack says less.
LOOKS_AT = {
    "CALL_INTRINSIC_1": 1,
    "FORMAT_VALUE": 2,
    "FORMAT_WITH_SPEC": 2,
    "JUMP_IF_FALSE_OR_POP": 1,
    "JUMP_IF_TRUE_OR_POP": 1,
}


# ---------------------------------------------------------------------- calls


def call_size(instr: Instr) -> int | None:
    """Return the number of arguments of a call with explicit arguments, or None."""
    return instr.arg if instr.name in ("CALL", "CALL_KW") else None


def keyword_names(items: list[Any], at: int) -> tuple[int, tuple[str, ...]] | None:
    """Find where the call at item `at` begins and its keyword names.

    The instructions of a call stand together: KW_NAMES, PRECALL and CALL up to 3.12, the
    constant names and CALL_KW since. None if they do not.
    """
    instr = items[at]
    if instr.name == "CALL_KW":
        names = items[at - 1]
        if isinstance(names, Instr) and names.name == "LOAD_CONST" and type(names.arg) is tuple:
            return at - 1, names.arg
        return None
    start = at
    if PY311:
        start -= 1
        if not (isinstance(items[start], Instr) and items[start].name == "PRECALL"):
            return None
    before = items[start - 1] if start else None
    if isinstance(before, Instr) and before.name == "KW_NAMES":
        return start - 1, before.arg
    return start, ()


def spread_call(items: list[Any], at: int) -> tuple[int, int]:
    """Find where the call with ``*args`` at item `at` begins, and how many collections it takes.

    One is the arguments, two are these and a mapping. Since 3.14 a NULL, pushed right before the
    call, stands for a mapping that is missing; it belongs to the call.
    """
    if not NULL_FOR_MAPPING:
        return at, 1 + (items[at].arg & 1)
    before = items[at - 1]
    missing = isinstance(before, Instr) and before.name == "PUSH_NULL"
    return (at - 1, 1) if missing else (at, 2)


def plain_attribute_load(instr: Instr) -> list[Instr]:
    """Return a method load's equivalent that leaves a bound method (or value) and a NULL."""
    at = instr.location
    if instr.name == "LOAD_METHOD":
        load = Instr("LOAD_ATTR", instr.arg, location=at)
    elif instr.name == "LOAD_ATTR":
        load = Instr("LOAD_ATTR", (False, instr.arg[1]), location=at)
    else:
        load = Instr("LOAD_SUPER_ATTR", (False, *instr.arg[1:]), location=at)
    null = Instr("PUSH_NULL", location=at)
    return [load, null, Instr("SWAP", 2, location=at)] if NULL_FIRST else [load, null]
