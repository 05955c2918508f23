"""What this interpreter is: its version, and what reference counts and the GIL guarantee.

In: nothing. Out: facts, each with what depends on it. With `rewrite.opcodes`, which knows the
instructions of each version, this is the only module that asks for the version; what C asks is
in `csrc/compat.h`. It must not know the rest of the library.
"""

from __future__ import annotations

import sys

VERSION = sys.version_info[:2]
OLDEST, NEWEST = (3, 11), (3, 15)  # of the versions whose instructions `rewrite.opcodes` knows


def _refusal_of_code() -> str:
    name = sys.implementation.name
    if name == "cpython" and OLDEST <= VERSION <= NEWEST:
        return ""
    known = "CPython {}.{} to {}.{}".format(*OLDEST, *NEWEST)
    return f"{name} {VERSION[0]}.{VERSION[1]} is not supported ({known} is)"


def _refusal_of_arenas() -> str:
    if "free-threading build" not in sys.version:
        return ""
    return "free-threaded builds of Python are not supported: functions run as they are"


#: Why no code can be rewritten here; empty if it can.
UNSUPPORTED = _refusal_of_code()

#: Why no function gets its arrays from an arena here, though `profile` can count; empty if it does.
#: Blocks, slots and caches of both cores are shared by all threads under the GIL alone, and a
#: reference count, which says that an array is dead, is split among threads in a free-threaded
#: build, even with the GIL turned on.
FREE_THREADED = _refusal_of_arenas()

#: Whether the reference count of an operand on a frame's stack counts every reference. Since 3.14 a
#: frame may lend a local to its stack without counting.
STACK_COUNTS = VERSION < (3, 14)

#: Whether a context variable may be set while the collector may run: up to 3.11, finalisers that
#: set a variable of the same context free what is being copied (CPython's gh-148891).
SETS_CONTEXT_SAFELY = VERSION >= (3, 12)
