"""The errors this library raises for its users, and the reasons it keeps for itself.

In: nothing. Out: exception classes. This module must not know any other module of the package.
"""

from __future__ import annotations

import sys
import warnings
from types import FrameType

_LONG = 100  # characters of what a user gave, for a message


class BufferFullError(MemoryError):
    """A buffer had no room for an array, and its policy is ``on_full="raise"``.

    Attributes
    ----------
    nbytes : int
        Size of the array that did not fit, in bytes.
    suggested_nbytes : int
        Smallest capacity, in bytes, with which this array would have fitted together with
        everything that the buffer held at that moment.

    Examples
    --------
    >>> import numpy as np
    >>> import alloc_rewrite as alloc
    >>> try:
    ...     alloc.run(lambda: np.zeros(1000), alloc.Buffer(4096))
    ... except alloc.BufferFullError as error:
    ...     print(error.nbytes, error.suggested_nbytes)
    8000 8192
    """

    def __init__(self, message: str, nbytes: int, suggested_nbytes: int) -> None:
        super().__init__(message)
        self.nbytes = nbytes
        self.suggested_nbytes = suggested_nbytes

    def __reduce__(self) -> tuple[type, tuple[str, int, int]]:
        return type(self), (str(self), self.nbytes, self.suggested_nbytes)


def buffer_full(
    what: str,
    *,
    nbytes: int,
    block: int,
    held: int,
    arrays: int,
    capacity: int,
    limit: int | None,
) -> BufferFullError:
    """Return the error of a buffer without room for `what`, of `nbytes` in a block of `block`.

    The buffer holds `held` bytes in so many `arrays`; with a `limit` it could have grown.
    """
    suggested = held + block
    if suggested <= capacity:  # there is room, but not in one piece
        suggested = capacity + block
    return BufferFullError(
        f"buffer full: {what} needs {nbytes} bytes; the buffer has a "
        f"{'limit' if limit else 'capacity'} of {limit or capacity} bytes, of which {held} are "
        f"in use by {arrays} live array{'' if arrays == 1 else 's'}; {suggested} bytes would have "
        "done for this array "
        "(alloc_rewrite.profile(f, ...).suggested_nbytes says what a whole call needs)",
        nbytes,
        suggested,
    )


class RewriteError(Exception):
    """A code object that the rewriter leaves as it is; its text is the reason.

    Internal: it never reaches the caller of a bumped function.
    """


class NothingToDoError(RewriteError):
    """The code has no place for a site, so that leaving it costs nothing."""


class RewriteWarning(RuntimeWarning):
    """A function given to `bump` cannot be rewritten; it runs as it is."""


class DifferenceError(AssertionError):
    """A bumped call had another result, or another effect, than the plain call."""


class DifferenceWarning(RuntimeWarning):
    """A function made by `check` found that a bumped call differed from the plain call."""


def warn_the_user(text: str, category: type[Warning] = RewriteWarning) -> None:
    """Give a warning at the line outside this library that led to this call."""
    level = 1
    frame: FrameType | None = sys._getframe()
    while frame is not None and _is_ours(frame):
        frame, level = frame.f_back, level + 1
    warnings.warn(text, category, stacklevel=level)


def _is_ours(frame: FrameType) -> bool:
    return str(frame.f_globals.get("__name__")).partition(".")[0] == __package__


def short(value: object) -> str:
    """Return what a user gave, for a message; of arrays and the like the type and the shape."""
    text = repr(value)
    if len(text) <= _LONG and "\n" not in text:
        return text
    shape = getattr(value, "shape", None)
    of_shape = f" of shape {shape}" if isinstance(shape, tuple) else ""
    return f"an object of type {type(value).__name__}{of_shape}"
