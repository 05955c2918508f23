"""Which exceptions mean that an attempt failed, and which come from a signal handler.

In: an exception caught around an attempt of a site, or around rewriting. Out: whether the
original code should run. It must not know what was attempted.

A signal handler may raise anything anywhere (a time limit, say), also inside a site. Such an
exception has to go on to the caller.
"""

from __future__ import annotations

import functools
import signal
from types import CodeType, FunctionType, MethodType
from typing import Any

#: What NumPy, an equivalent or the interpreter may raise in an attempt. (Those of this library
#: are among them.)
EXPECTED = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    BufferError,
    LookupError,
    MemoryError,
    RuntimeError,
    TypeError,
    ValueError,
    Warning,
)


def from_signal_handler(error: BaseException) -> bool:
    """Whether a Python function that handles a signal stands in an exception's traceback."""
    codes = _handler_codes()
    trace = error.__traceback__
    while trace is not None and codes:
        if trace.tb_frame.f_code in codes:
            return True
        trace = trace.tb_next
    return False


def _handler_codes() -> set[CodeType]:
    codes = set()
    for number in signal.valid_signals():
        handler: Any = signal.getsignal(number)
        while isinstance(handler, functools.partial):
            handler = handler.func
        if isinstance(handler, MethodType):
            handler = handler.__func__
        elif not isinstance(handler, FunctionType):
            handler = getattr(type(handler), "__call__", None)  # noqa: B004
        if isinstance(handler, FunctionType):
            codes.add(handler.__code__)
    return codes
