"""Exceptions of the program, shown as they would be without the command line.

In: a hook of `sys`. Out: another one. It must not know what runs.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from types import TracebackType
from typing import TypeAlias

Hook: TypeAlias = Callable[[type[BaseException], BaseException, TracebackType | None], object]
_ABOVE = (os.path.dirname(os.path.dirname(__file__)) + os.sep, "<frozen ")


def without_our_frames(hook: Hook) -> Hook:
    """Return a hook that leaves out the frames above those of the program, if it has any."""

    def shown(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        own = trace
        while own is not None and own.tb_frame.f_code.co_filename.startswith(_ABOVE):
            own = own.tb_next
        if own is not None or isinstance(error, SyntaxError):  # of code that never ran
            error, trace = error.with_traceback(own), own
        hook(kind, error, trace)

    return shown
