"""Finds the functions in which a program spends its time, and bumps them while it runs.

In: nothing. Out: bumped functions, put where their modules and classes have the originals. It must
not know which program runs.

A thread looks at the stacks of all threads every few milliseconds. A function is bumped once enough
looks found it to be the nearest one outside NumPy, the standard library and installed packages.
"""

from __future__ import annotations

import site
import sys
import sysconfig
import threading
from collections import Counter
from types import CodeType, FrameType, FunctionType
from typing import Any

from ..bump import bump, bumped

_INTERVAL = 0.005  # seconds
_ENOUGH = 10  # looks
_FOREIGN = tuple(
    {
        *site.getsitepackages(),
        site.getusersitepackages(),
        *(sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")),
    }
)


class Sampler(threading.Thread):
    """Bumps what is hot, until it is stopped."""

    def __init__(self) -> None:
        super().__init__(name="alloc_rewrite: auto", daemon=True)
        self.found: list[FunctionType] = []
        self._looks: Counter[int] = Counter()
        self._seen: dict[int, CodeType] = {}  # by identity; the codes live as long
        self._end = threading.Event()

    def run(self) -> None:
        """Look until it is stopped."""
        while not self._end.wait(_INTERVAL):
            self.look()

    def stop(self) -> None:
        """Stop looking."""
        self._end.set()
        self.join()

    def look(self) -> None:
        """Look at all stacks once."""
        for ident, frame in list(sys._current_frames().items()):
            own = None if ident == self.ident else _own(frame)
            if own is None:
                continue
            code = own.f_code
            self._seen[id(code)] = code
            self._looks[id(code)] += 1
            if self._looks[id(code)] == _ENOUGH:
                self._bump(own)

    def _bump(self, frame: FrameType) -> None:
        """Put a bumped function in the place of the one that a frame runs, if it can be found."""
        *path, name = frame.f_code.co_qualname.split(".")
        holder: Any = None
        names: dict[str, Any] = frame.f_globals
        for part in path:
            holder = names.get(part)
            if not isinstance(holder, type):  # a function inside another one, for example
                return
            names = vars(holder)  # type: ignore[assignment]
        value = names.get(name)
        function = getattr(value, "__func__", value)
        if type(function) is not FunctionType or function.__code__ is not frame.f_code:
            return
        if bumped(function) is not None:
            return
        made: Any = bump(value)
        if holder is None:
            frame.f_globals[name] = made
        else:
            setattr(holder, name, made)
        self.found.append(getattr(made, "__func__", made))


def _own(frame: FrameType | None) -> FrameType | None:
    """Return the nearest frame of the program's own code; None if no such code runs."""
    while frame is not None:
        code = frame.f_code
        top = str(frame.f_globals.get("__name__")).partition(".")[0]
        is_file = not code.co_filename.startswith("<")
        if is_file and top != "alloc_rewrite" and not code.co_filename.startswith(_FOREIGN):
            return frame
        frame = frame.f_back
    return None
