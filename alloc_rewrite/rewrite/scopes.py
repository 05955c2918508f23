"""What code sees of its own variables when it asks: not the cells that sites live in.

In: `locals`, `vars` or `dir`, and the frame of the rewritten code that calls it. Out: what plain
code would have got. It must not know sites.
"""

from __future__ import annotations

import sys
from types import FrameType
from typing import Any

from .gates import is_rewritten
from .opcodes import SITE_PREFIX

#: Built-in functions that look at their caller's variables; the second of code that they run.
RUNNING = frozenset({eval, exec})
SCOPES = frozenset({locals, vars, dir}) | RUNNING


def own_scope(callee: Any, frame: FrameType) -> Any:
    """Return what `locals()`, `vars()` or `dir()` gives in that frame."""
    found = dict(frame.f_locals) if sys.version_info >= (3, 13) else frame.f_locals
    for name in [name for name in found if name.startswith(SITE_PREFIX)]:
        del found[name]
    return sorted(found) if callee is dir else found


def calling_frame() -> FrameType:
    """Return the frame of the rewritten code that called a site."""
    frame = sys._getframe(1)
    while not is_rewritten(frame.f_code) and frame.f_back is not None:
        frame = frame.f_back
    return frame
