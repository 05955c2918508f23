"""The rewriter: from a function's bytecode to the same bytecode with sites at its operations.

`by_code` keeps rewritten code, `pipeline` has the order of the stages, and each stage is a module
of its own. It must not know what sites do, nor anything of NumPy.

These are the names that the rest of the library uses.
"""

from .by_code import Rewriter
from .calls import callee_name
from .convention import Place, Style
from .expressions import expression_at, text_at
from .gates import Gates, gates_of, is_rewritten, with_code
from .ir import IR, Call, Operation, Region
from .loops import Loop
from .owners import KEPT, Owner, Sites, Where, located
from .pipeline import Survey, found_in, survey
from .program import (
    EDGE,
    FILL,
    LIKE,
    OLD,
    OTHERWISE,
    OUT,
    SET,
    SET_ITEMS,
    SPACED,
    Node,
    Program,
)
from .reasons import Break
from .regions import NO_CUTS
from .rewriter import Rewritten, rewritten_of
from .seen import NO_HELPERS
from .symbolic import Vocabulary
from .symbols import symbol_of

__all__ = [
    "EDGE",
    "FILL",
    "IR",
    "KEPT",
    "LIKE",
    "NO_CUTS",
    "NO_HELPERS",
    "OLD",
    "OTHERWISE",
    "OUT",
    "SET",
    "SET_ITEMS",
    "SPACED",
    "Break",
    "Call",
    "Gates",
    "Loop",
    "Node",
    "Operation",
    "Owner",
    "Place",
    "Program",
    "Region",
    "Rewriter",
    "Rewritten",
    "Sites",
    "Style",
    "Survey",
    "Vocabulary",
    "Where",
    "callee_name",
    "expression_at",
    "found_in",
    "gates_of",
    "is_rewritten",
    "located",
    "rewritten_of",
    "survey",
    "symbol_of",
    "text_at",
    "with_code",
]
