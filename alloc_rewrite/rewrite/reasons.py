"""Why a run of array operations is broken off, in words for those who wrote it.

In: a `Scan` that has come to its end. Out: a `Break`. It must not know where regions begin and end,
nor what is done with the words.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from bytecode import Instr, Label
from bytecode.instr import TryBegin, TryEnd

from .calls import callee_name
from .ir import IR
from .opcodes import keyword_names
from .program import COMPUTING, INDEX
from .symbolic import Scan


class Break(NamedTuple):
    """Where a run of array operations is broken off.

    `at` is the item; `reason` is empty where nothing could follow anyway, as behind a ``return``.
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
        reason = _of_item(ir, at)
    if "{}" in reason:
        reason = reason.format(_callee(ir, at) or "what was computed")
    computes = any(node.kind in COMPUTING or node.kind == INDEX for node in scan.nodes)
    return Break(at, scan.line or _line(ir.items, at), reason, start, computes)


def _of_item(ir: IR, at: int) -> str:
    item = ir.items[at]
    if isinstance(item, Label):
        goes_back = any(isinstance(i, Instr) and i.arg is item for i in ir.items[at:])
        return "a loop begins" if goes_back else "branches of the code meet"
    if isinstance(item, TryBegin):
        return "a `try`, a `with` or a comprehension begins"
    if isinstance(item, TryEnd):
        return "a `try`, a `with` or a comprehension ends"
    name = item.name
    found = _WORDS.get(name)
    if found is not None:
        return found
    for part, words in _PARTS.items():
        if part in name:
            return words
    return f"an instruction that regions do not have ({name})"


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


#: What instructions that regions do not have mean; nothing where no region could go on.
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
    "TO_BOOL": "the truth of a value is asked for",
    "UNARY_NOT": "the truth of a value is asked for",
    "IS_OP": "`is` compares objects",
    "CONTAINS_OP": "`in` looks for an element",
    "STORE_ATTR": "an attribute is assigned to",
    "STORE_GLOBAL": "a global is assigned to",
    "STORE_DEREF": "a variable is assigned to that an inner function shares",
    "UNPACK_SEQUENCE": "a sequence is taken apart",
    "UNPACK_EX": "a sequence is taken apart",
    "CALL_FUNCTION_EX": "a call with `*` or `**` among its arguments",
    "CALL_INTRINSIC_1": "an instruction that is Python's own",
    "LOAD_SUPER_ATTR": "`super()` is used",
    "LOAD_BUILD_CLASS": "a class is made",
    "LOAD_FAST_AND_CLEAR": "a comprehension begins",
    "YIELD_VALUE": "a value is yielded",
    "LIST_TO_TUPLE": "a tuple is made",
    "BUILD_STRING": "a text is made",
    "BUILD_CONST_KEY_MAP": "a dictionary is made",
    "BUILD_MAP": "a dictionary is made",
    "BUILD_LIST": "a list is made",
    "BUILD_SET": "a set is made",
    "SETUP_ANNOTATIONS": "an annotation is kept",
}
#: The same by a part of the instruction's name; the first that is found counts.
_PARTS = {
    "JUMP_BACKWARD": "a loop goes round",
    "JUMP": "the code branches",
    "DELETE": "something is deleted",
    "DICT_": "a dictionary is made",
    "MAP_": "a dictionary is made",
    "LIST_": "a list is made",
    "SET_": "a set is made",
    "FORMAT": "a text is made",
    "CONVERT_VALUE": "a text is made",
    "MATCH": "a pattern is matched",
    "GET_LEN": "a pattern is matched",
    "IMPORT": "something is imported",
    "MAKE_FUNCTION": "a function is made",
    "MAKE_CELL": "a variable is shared with an inner function",
    "LOAD_CLOSURE": "a function is made",
    "WITH": "a `with` begins or ends",
    "LOAD_SPECIAL": "a `with` begins or ends",
    "RAISE": "an exception is raised",
    "ASSERTION": "an exception is raised",
    "EXC": "an exception is handled",
    "AWAIT": "something is awaited",
    "THROW": "something is awaited",
    "SEND": "something is awaited",
    "ASYNC": "something is awaited",
    "AITER": "something is awaited",
    "ANEXT": "something is awaited",
    "YIELD": "values are yielded",
}
