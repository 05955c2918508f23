"""From a code object to the intermediate representation.

In: a code object. Out: an `IR`, or `RewriteError` with the reason. CPython's documents on code
objects and on exception handling describe the formats; `assemble` does the reverse.
"""

from __future__ import annotations

import dis
import inspect
from collections.abc import Iterator, Sequence
from types import CodeType
from typing import Any, NamedTuple

from bytecode import BinaryOp, Label
from bytecode.instr import (
    HAS_BACKWARD_RELATIVE_JUMP,
    HAS_JUMP,
    UNSET,
    CellVar,
    CommonConstant,
    FormatValue,
    FreeVar,
    Intrinsic1Op,
    Intrinsic2Op,
    SpecialMethod,
    TryBegin,
    TryEnd,
)

from ..errors import RewriteError
from ..interpreter import UNSUPPORTED
from .fused import split
from .gates import is_rewritten
from .ir import IR
from .items import (
    CACHES,
    CELL,
    COMPARE,
    CONST,
    FLAGGED,
    FORMS,
    HAS_ARGUMENT,
    LOCAL,
    LOCALS,
    NAME,
    Instr,
    Location,
)
from .opcodes import COMPARISONS

# Code that looks at these would see the rewriter's work: its variables, its code, or events in it.
# (What it sees of its variables otherwise, as by `locals()`, is what plain code sees.)
_INTROSPECTION = frozenset(
    {
        "f_code",
        "getrefcount",
        "get_referrers",
        "set_trace",
        "settrace",
        "setprofile",
    }
)
_BUILTINS = frozenset({"breakpoint"})
_LOOKS = "it may look at its own frame or reference counts ({})"
#: Arguments that are members of enumerations, by opcode.
_MEMBERS = {
    dis.opmap[name]: {int(member): member for member in enumeration}
    for name, enumeration in (
        ("BINARY_OP", BinaryOp),
        ("CALL_INTRINSIC_1", Intrinsic1Op),
        ("CALL_INTRINSIC_2", Intrinsic2Op),
        ("CONVERT_VALUE", FormatValue),
        ("LOAD_COMMON_CONSTANT", CommonConstant),
        ("LOAD_SPECIAL", SpecialMethod),
    )
    if name in dis.opmap
}
_FUNCTION = inspect.CO_OPTIMIZED | inspect.CO_NEWLOCALS


def decode(code: CodeType) -> IR:
    """Return the IR of a function's code, with its symbolic stacks."""
    reason = refusal(code)
    if reason is not None:
        raise RewriteError(reason)
    items = items_of(code)
    looks = _BUILTINS.intersection(code.co_names)
    for item in items if looks else ():
        if type(item) is Instr and item.name == "LOAD_GLOBAL" and item.arg[1] in looks:
            raise RewriteError(_LOOKS.format(item.arg[1]))
    return IR(code, split(items))


def items_of(code: CodeType) -> list[Any]:
    """Decode so that `encode.code_of` gives back an equal code object.

    Inline caches and EXTENDED_ARG are left out; jumps lead to labels, and what handlers protect
    stands between marks.
    """
    tries = list(_exception_table(code.co_exceptiontable))
    units, labels = _units(code.co_code), {entry.target: Label() for entry in tries}
    for *_, target in units:
        if target >= 0 and target not in labels:
            labels[target] = Label()
    arguments, locations = _Arguments(code), _locations(code)
    items: list[Any] = []
    mark, stop = None, 0
    for first, at, opcode, oparg, target in units:
        if mark is not None and first >= stop:
            items.append(TryEnd(mark))
            mark = None
        if first in labels:
            items.append(labels[first])
        if mark is None and tries and at >= tries[0].start:
            entry = tries.pop(0)
            mark, stop = TryBegin(labels[entry.target], entry.lasti, entry.depth), entry.stop
            items.append(mark)
        if target >= 0:
            arg: Any = labels[target]
        else:
            arg = arguments.of(opcode, oparg) if opcode in HAS_ARGUMENT else UNSET
        items.append(Instr(dis.opname[opcode], arg, locations[at]))
    if mark is not None:
        items.append(TryEnd(mark))
    return items


def _units(raw: bytes) -> list[tuple[int, int, int, int, int]]:
    """Return the instructions of bytecode, but for caches.

    Of each: where it begins, in code units, and where it is itself after each EXTENDED_ARG; its
    opcode and argument; and where it jumps to, or -1.
    """
    out = []
    first, at, oparg, end = 0, 0, 0, len(raw) // 2
    while at < end:
        opcode, oparg = raw[2 * at], oparg << 8 | raw[2 * at + 1]
        if opcode == dis.EXTENDED_ARG:
            at += 1
            continue
        following = at + 1 + CACHES.get(opcode, 0)
        target = -1
        if opcode in HAS_JUMP:
            target = following + (-oparg if opcode in HAS_BACKWARD_RELATIVE_JUMP else oparg)
        out.append((first, at, opcode, oparg, target))
        first = at = following
        oparg = 0
    return out


class _Try(NamedTuple):
    """An entry of the exception table, in code units."""

    start: int
    stop: int
    target: int
    depth: int
    lasti: bool


def _exception_table(table: bytes) -> Iterator[_Try]:
    numbers: list[int] = []
    number = 0
    for byte in table:
        number = number << 6 | byte & 63
        if byte & 64:
            continue
        numbers.append(number)
        number = 0
        if len(numbers) == 4:
            start, size, target, last = numbers
            yield _Try(start, start + size, target, last >> 1, bool(last & 1))
            numbers.clear()


def _locations(code: CodeType) -> list[Location]:
    """Return the location of each code unit; neighbours with the same one share it."""
    out: list[Location] = []
    before: Any = None
    for position in code.co_positions():
        if position != before:
            before, location = position, Location._make(position)
        out.append(location)
    return out


class _Arguments:
    """What the numbers in the instructions of a code object stand for."""

    def __init__(self, code: CodeType) -> None:
        names, own = code.co_varnames, {*code.co_varnames}
        cells = [CellVar(name) for name in code.co_cellvars if name not in own]
        free = [FreeVar(name) for name in code.co_freevars]
        self._names = code.co_names
        self._locals: list[Any] = [*names, *cells, *free]
        self._tables: dict[int, Sequence[Any]] = {
            CONST: code.co_consts,
            LOCAL: self._locals,
            NAME: code.co_names,
            CELL: [*map(CellVar, names), *cells, *free],  # an argument may be a cell
        }

    def of(self, opcode: int, oparg: int) -> Any:
        form = FORMS.get(opcode)
        if form is None:
            return _MEMBERS[opcode][oparg] if opcode in _MEMBERS else oparg
        table = self._tables.get(form)
        if table is not None:
            return table[oparg]
        if form == FLAGGED:
            return bool(oparg & 1), self._names[oparg >> 1]
        if form == COMPARE:
            return COMPARISONS[oparg]
        if form == LOCALS:
            return self._locals[oparg >> 4], self._locals[oparg & 15]
        return bool(oparg & 1), bool(oparg & 2), self._names[oparg >> 2]


def refusal(code: CodeType) -> str | None:
    """Return why this code can't be rewritten, or None."""
    if UNSUPPORTED:
        return UNSUPPORTED
    if code.co_flags & _FUNCTION != _FUNCTION:
        return "not the body of a function"
    if is_rewritten(code):
        return "it is already rewritten"
    seen = _INTROSPECTION.intersection(code.co_names)
    if seen:
        return _LOOKS.format(", ".join(sorted(seen)))
    return None
