"""From a code object to the intermediate representation.

In: a code object. Out: an `IR`, or `RewriteError` with the reason. A thin layer over the
`bytecode` library, whose only safe call sequence is kept here and in `encode`.
"""

from __future__ import annotations

import inspect
from types import CodeType

from bytecode import Bytecode, ConcreteBytecode, Instr

from ..errors import RewriteError
from ..interpreter import UNSUPPORTED
from .gates import is_rewritten
from .interpolations import hide_interpolations, show_interpolations
from .ir import IR
from .opcodes import split

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
_FUNCTION = inspect.CO_OPTIMIZED | inspect.CO_NEWLOCALS


def decode(code: CodeType) -> IR:
    """Return the IR of a function's code, with its symbolic stacks."""
    reason = refusal(code)
    if reason is not None:
        raise RewriteError(reason)
    frame = bytecode_of(code)
    for item in frame:
        if isinstance(item, Instr) and item.name == "LOAD_GLOBAL":
            name = item.arg[1]  # type: ignore[index]
            if name in _BUILTINS:
                raise RewriteError(_LOOKS.format(name))
    list.__setitem__(frame, slice(None), split(frame))
    return IR(code, frame)


def bytecode_of(code: CodeType) -> Bytecode:
    """Decode so that `encode.code_of` gives back an equal code object.

    Exception depths are conserved (recomputed ones can be wrong), and all local names keep
    their order (unused ones would be dropped).
    """
    concrete = ConcreteBytecode.from_code(code)
    formats = hide_interpolations(concrete)
    decoded = concrete.to_bytecode(conserve_exception_block_stackdepth=True)
    show_interpolations(decoded, formats)
    decoded.argnames = list(code.co_varnames)
    return decoded


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
