"""The record of a dry run: which arrays were made where, and how many bytes lived at a time.

In: arrays, as they come into sight. Out: totals, rows by source line, and the size of the
buffer that would have held them. It must not know how it gets the arrays.
"""

from __future__ import annotations

import sys
import threading
import weakref
from collections.abc import Iterable
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

import numpy as np

from ..cores import native
from ..pycore.blocks import Header
from ..rewrite import Where
from ..sizes import block_size
from .names import name_at

#: Small arrays that a site of the native core keeps, and bytes of each.
SLOTS, LARGEST_SLOT = (0, 0) if native is None else (native.SLOTS, native.LARGEST_SLOT)
Path = tuple[tuple[str, str, int], ...]  # function, file and line of each frame
_DEEPEST = 64  # lines of a path
_POINTS = 1024  # of the timeline, an even number
_INDEX = np.dtype(np.intp).itemsize


@dataclass(slots=True)
class Line:
    """What one callee allocated on one source line.

    Attributes
    ----------
    filename, line, function : str, int, str
        The line of the user's code; what NumPy's own Python code allocates counts for the
        line that called it.
    callee : str
        What allocated: a function's name or an operator.
    nbytes, count : int
        Bytes of array data, and number of arrays.
    largest : int
        Bytes of the largest array, whose `shape` and `dtype` are given.
    heap : bool
        Whether these arrays stay on the heap in a function bumped on the Python core (see the
        coverage page); they do not count for the suggested size.
    """

    filename: str
    line: int
    function: str
    callee: str
    nbytes: int = 0
    count: int = 0
    largest: int = -1
    shape: tuple[int, ...] = ()
    dtype: np.dtype[Any] = field(default_factory=lambda: np.dtype(np.float64))
    heap: bool = False


@dataclass(frozen=True, slots=True)
class Uncaptured:
    """An array from code that the profile doesn't see into."""

    filename: str
    line: int
    callee: str
    nbytes: int
    reason: str


class Timeline:
    """Values over time; of a long time, the largest of several."""

    def __init__(self) -> None:
        self.values: list[int] = []
        self._each = 1  # how many values are one
        self._largest, self._seen = 0, 0  # of those that aren't one yet

    def add(self, value: int) -> None:
        """Add the next value."""
        self._largest, self._seen = max(self._largest, value), self._seen + 1
        if self._seen < self._each:
            return
        self.values.append(self._largest)
        self._largest, self._seen = 0, 0
        if len(self.values) == _POINTS:
            pairs = zip(self.values[::2], self.values[1::2], strict=True)
            self.values = [max(pair) for pair in pairs]
            self._each *= 2


class Recorder:
    """Keeps count. An array is new if its memory owner was not seen before."""

    def __init__(self) -> None:
        self.lines: dict[tuple[Any, ...], Line] = {}
        self.uncaptured: list[Uncaptured] = []
        self.nbytes = self.count = self.live = self.peak = 0
        self.paths: dict[Path, float] = {}  # bytes by the lines that led to them
        self.timeline = Timeline()
        self.carved = 0  # bytes of a buffer that reuses dead blocks of the same size
        self._free: dict[int, int] = {}  # how many dead blocks there are of each size
        self._slots: dict[tuple[Any, int], int] = {}  # small arrays of each line and callee
        self._known: dict[int, weakref.ref[Any]] = {}
        # Several threads record if the call has any, and arrays die anywhere: in
        # the middle of an entry, too.
        self._lock = threading.RLock()

    def seen(self, values: Any) -> None:
        """Remember arrays that exist already."""
        for value in values:
            if isinstance(value, np.ndarray):
                owner = owner_of(value)
                with self._lock:
                    if self._is_new(owner):
                        self._remember(owner, 0, 0)

    def copied(self, values: Iterable[Any]) -> None:
        """Make room for copies of arguments that the arena takes only while a call runs."""
        arrays = [value for value in values if isinstance(value, np.ndarray)]
        sizes = [block_size(a.size * max(a.itemsize, _INDEX)) for a in arrays]
        with self._lock:
            for size in sizes:
                self._carve(size)
            for size in sizes:
                self._free[size] = self._free.get(size, 0) + 1

    def forget(self, array: np.ndarray[Any, Any]) -> None:
        """Drop the weak reference to an array: NumPy doesn't resize an array that has one."""
        self._known.pop(id(array), None)

    def made(self, value: Any, where: Where, callee: str, *, heap: bool = False) -> None:
        """Count what an allocating operation returned."""
        for array in _arrays(value):
            owner = owner_of(array)
            with self._lock:
                if self._is_new(owner):
                    place, frame = user_line(where, callee)
                    path = path_to(frame)
                    self.paths[path] = self.paths.get(path, 0) + owner.nbytes
                    self._enter(owner, array, place, heap)

    def _enter(self, owner: Any, array: Any, place: tuple[str, int, str, str], heap: bool) -> None:
        """Count one new array, which was made at that place."""
        nbytes = owner.nbytes
        key = (*place, heap)
        row = self.lines.get(key)
        if row is None:
            row = self.lines[key] = Line(*place, heap=heap)
        row.nbytes += nbytes
        row.count += 1
        if nbytes > row.largest:
            row.largest, row.shape, row.dtype = nbytes, array.shape, array.dtype
        self.nbytes += nbytes
        self.count += 1
        self.live += nbytes
        self.peak = max(self.peak, self.live)
        self.timeline.add(self.live)
        size = 0 if heap else block_size(nbytes)
        self._carve(size, key)
        self._remember(owner, nbytes, size)

    def unseen(self, value: Any, where: Where, callee: str, reason: str) -> None:
        """Note an array from code that is not rewritten."""
        inside = getattr(value, "__dict__", None)
        attributes = list(inside.values()) if type(inside) is dict else []
        for array in _arrays(value) + _arrays(attributes):
            owner = owner_of(array)
            with self._lock:
                if self._is_new(owner):
                    (filename, line, _, named), _ = user_line(where, callee)
                    self._remember(owner, 0, 0)
                    if named != callee:
                        reason = f"inside, {callee}: {reason}"
                    self.uncaptured.append(Uncaptured(filename, line, named, owner.nbytes, reason))

    def _is_new(self, owner: Any) -> bool:
        known = self._known.get(id(owner))
        if known is not None and known() is owner:
            return False
        return bool(owner.flags.owndata) and owner.nbytes > 0 and not _is_of_arena(owner)

    def _carve(self, size: int, maker: Any = None) -> None:
        slots = self._slots.get((maker, size), 0)
        if size <= LARGEST_SLOT and maker is not None and slots < SLOTS:
            # A site of the native core keeps small arrays for itself.
            self._slots[maker, size] = slots + 1
            self.carved += size
        elif self._free.get(size, 0):
            self._free[size] -= 1
        else:
            self.carved += size

    def _remember(self, owner: Any, nbytes: int, size: int) -> None:
        key = id(owner)

        def died(_: Any) -> None:
            with self._lock:
                self._known.pop(key, None)
                self.live -= nbytes
                if nbytes:
                    self.timeline.add(self.live)
                if size:
                    self._free[size] = self._free.get(size, 0) + 1

        self._known[key] = weakref.ref(owner, died)


def _is_of_arena(owner: Any) -> bool:
    return type(owner) is Header or (native is not None and native.owns(owner))


def owner_of(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return the array at the end of the chain of bases: the one that owns the memory."""
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array


def _arrays(value: Any) -> list[np.ndarray[Any, Any]]:
    if isinstance(value, np.ndarray):
        return [value]
    if isinstance(value, tuple | list) and len(value) < 64:
        return [x for x in value if isinstance(x, np.ndarray)]
    return []


def user_line(where: Where, callee: str) -> tuple[tuple[str, int, str, str], FrameType | None]:
    """Return the source line to blame, and its frame: the nearest outside NumPy and this library.

    If a NumPy function called from there led here, that function is the callee.
    """
    frame: FrameType | None = sys._getframe(1)
    inside = None
    while frame is not None:
        top = frame.f_globals.get("__name__", "").partition(".")[0]
        if top == "numpy":
            inside = frame
        elif top != "alloc_rewrite":
            name = name_at(frame, callee, inside)
            code = frame.f_code
            place = code.co_filename, frame.f_lineno or where.line, code.co_qualname, name
            return place, frame
        frame = frame.f_back
    return (where.filename, where.line, where.function, callee), None


def path_to(frame: FrameType | None) -> Path:
    """Return the lines that led to a frame in a call that is profiled, the outermost first."""
    path: list[tuple[str, str, int]] = []
    while frame is not None and len(path) < _DEEPEST:
        name = str(frame.f_globals.get("__name__"))
        if name == __package__:  # the function that profiles
            break
        if name.partition(".")[0] not in ("numpy", "alloc_rewrite"):
            code = frame.f_code
            path.append((code.co_qualname, code.co_filename, frame.f_lineno or code.co_firstlineno))
        frame = frame.f_back
    return tuple(reversed(path))
