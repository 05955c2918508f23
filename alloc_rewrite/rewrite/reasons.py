"""Why a run of array operations ends, in words for the author of the code.

In: a `Scan` that has come to its end. Out: a `Break`. It must not know where regions begin and end,
nor what is done with the words.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from bytecode import Label
from bytecode.instr import TryBegin, TryEnd

from .calls import callee_name
from .expressions import text_at
from .ir import IR
from .items import Instr
from .opcodes import is_truth_test, keyword_names
from .program import COMPUTING, INDEX
from .symbolic import Scan


class Break(NamedTuple):
    """Where a run of array operations ends.

    `at` is the item; `reason` is empty where no operation could follow, as after a ``return``.
    """

    at: int
    line: int | None
    reason: str
    start: int | None  # of the region that goes up to here, if there is one
    computes: bool  # whether anything was computed before


def broken_off(scan: Scan, start: int | None) -> Break:
    """Say where and why a scan came to its end; `start` is that of the region it found."""
    ir, at = scan.ir, scan.at
    reason = scan.reason
    if not reason and at < len(ir.items) and ir.stacks[at] is not None:
        reason = of_item(ir, at)
    if at in scan.cuts:
        text = text_at(ir, at)
        reason = f"`{text}`: {reason}" if text else reason
    elif "{}" in reason:
        reason = reason.format(_callee(ir, at) or "a computed function")
    computes = any(node.kind in COMPUTING or node.kind == INDEX for node in scan.nodes)
    return Break(at, scan.line or _line(ir.items, at), reason, start, computes)


def of_item(ir: IR, at: int) -> str:
    """Say why no region goes on at an item."""
    item = ir.items[at]
    if isinstance(item, Label):
        goes_back = any(isinstance(i, Instr) and i.arg is item for i in ir.items[at:])
        return "a loop begins" if goes_back else "two branches join"
    if isinstance(item, TryBegin):
        return "a `try`, a `with` or a comprehension begins"
    if isinstance(item, TryEnd):
        return "a `try`, a `with` or a comprehension ends"
    if is_truth_test(item):
        return "a condition needs the value"
    name = item.name
    found = _WORDS.get(name)
    if found is not None:
        return found
    for part, words in _PARTS.items():
        if part in name:
            return words
    return f"the instruction {name} can't be part of a region"


def _callee(ir: IR, at: int) -> str:
    group = keyword_names(ir.items, at)
    size = ir.items[at].arg
    return callee_name(ir, group[0], size) if group is not None else ""


def _line(items: list[Any], at: int) -> int | None:
    """Return the line of an item, or of the next that has one."""
    for item in items[at:]:
        if isinstance(item, Instr) and item.location is not None and item.location.lineno:
            return item.location.lineno
    return None


#: What the instructions mean that end a region; empty where no region could go on.
_WORDS = {
    "RETURN_VALUE": "",
    "RETURN_CONST": "",
    "RESUME": "",
    "STORE_FAST": "",  # what was loaded or done before
    "POP_TOP": "",
    "COPY_FREE_VARS": "",
    "RETURN_GENERATOR": "",
    "END_FOR": "a loop ends",
    "FOR_ITER": "a loop begins",
    "GET_ITER": "a loop begins",
    "POP_ITER": "a loop ends",
    "IS_OP": "`is` compares identities",
    "CONTAINS_OP": "`in` tests membership",
    "STORE_ATTR": "assignment to an attribute",
    "STORE_GLOBAL": "assignment to a global variable",
    "STORE_DEREF": "assignment to a variable shared with an inner function",
    "UNPACK_EX": "tuple unpacking",
    "CALL_INTRINSIC_1": "an internal instruction of the interpreter",
    "LOAD_SUPER_ATTR": "`super()`",
    "LOAD_BUILD_CLASS": "a class definition",
    "LOAD_FAST_AND_CLEAR": "a comprehension begins",
    "YIELD_VALUE": "`yield`",
    "LIST_TO_TUPLE": "a tuple is built",
    "BUILD_STRING": "string formatting",
    "BUILD_CONST_KEY_MAP": "a dictionary is built",
    "BUILD_MAP": "a dictionary is built",
    "BUILD_SET": "a set is built",
    "SETUP_ANNOTATIONS": "an annotation",
    "LOAD_COMMON_CONSTANT": "a built-in class or function",
    "BUILD_TEMPLATE": "string formatting",
    "BUILD_INTERPOLATION": "string formatting",
    "NOT_TAKEN": "",
}
#: The same by a part of the instruction's name; the first found counts.
_PARTS = {
    "JUMP_BACKWARD": "the loop repeats",
    "JUMP": "the code branches",
    "DELETE": "a `del` statement",
    "DICT_": "a dictionary is built",
    "MAP_": "a dictionary is built",
    "LIST_": "a list is built",
    "SET_": "a set is built",
    "FORMAT": "string formatting",
    "CONVERT_VALUE": "string formatting",
    "MATCH": "a `match` statement",
    "GET_LEN": "a `match` statement",
    "IMPORT": "an import",
    "MAKE_FUNCTION": "a function definition",
    "MAKE_CELL": "a variable shared with an inner function",
    "LOAD_CLOSURE": "a function definition",
    "WITH": "a `with` begins or ends",
    "LOAD_SPECIAL": "a `with` begins or ends",
    "RAISE": "`raise` or `assert`",
    "ASSERTION": "`raise` or `assert`",
    "EXC": "exception handling",
    "AWAIT": "`await`",
    "THROW": "`await`",
    "SEND": "`await`",
    "ASYNC": "`await`",
    "AITER": "`await`",
    "ANEXT": "`await`",
    "YIELD": "`yield`",
}
