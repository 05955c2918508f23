"""`profile` and `allocated`: the dry run that says how much memory a call takes.

In: a callable and its arguments. Out: a `Profile`. It must not know bytecode.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, ParamSpec, TypeVar

from ..errors import short
from ..logs import info
from ..numpy_names import own_names
from ..report import Report

if TYPE_CHECKING:
    from ..report.document import Call, Document
    from .difference import ProfileDiff
    from .recorder import Line, Uncaptured

__all__ = ["Profile", "allocated", "profile"]

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True, slots=True, repr=False)
class Profile(Report, Generic[R]):
    """What one call allocated. ``print`` shows it as a table, a notebook as a report.

    Attributes
    ----------
    nbytes : int
        Bytes of array data that the call took from the heap, all arrays together.
    count : int
        Number of these arrays.
    peak : int
        Most bytes of them that were alive at the same time.
    suggested_nbytes : int
        Size of a buffer, in bytes, that holds what such a call allocates when bumped. Lines
        with `heap` set are left out, though the native core puts most of them in the buffer.
    lines : tuple of Line
        A row for each source line and callee, largest first.
    uncaptured : tuple of Uncaptured
        Arrays from code that the profile doesn't see into; no figure includes them.
    result : object
        What the call returned.
    function : str
        What was called.
    calls : tuple of Call
        The bytes by line and call: each `Call` has ``function``, ``filename``, ``line``, ``value``
        (bytes, with those of the calls below) and ``below``.
    timeline : tuple of int
        Bytes alive after each array that was made or freed; in long calls, the most of several.
    """

    nbytes: int
    count: int
    peak: int
    suggested_nbytes: int
    lines: tuple[Line, ...]
    uncaptured: tuple[Uncaptured, ...]
    result: R
    function: str = ""
    calls: tuple[Call, ...] = ()
    timeline: tuple[int, ...] = ()

    def diff(self, before: Profile[Any]) -> ProfileDiff:
        """Say what changed since another profile.

        Parameters
        ----------
        before : Profile
            What to compare with: a profile of the same code, or of an earlier version.

        Returns
        -------
        ProfileDiff
            Totals of both, and a row for each function and callee that allocates more or less.

        Examples
        --------
        >>> import numpy as np
        >>> import alloc_rewrite as alloc
        >>> def f(n):
        ...     return np.ones(n) * 2
        >>> d = alloc.profile(f, 100).diff(alloc.profile(f, 50))
        >>> d.nbytes, [(row.callee, row.before, row.nbytes) for row in d.rows]
        (1600, [('numpy.ones', 400, 800), ('*', 400, 800)])
        """
        from .difference import diff

        return diff(before, self)

    def __str__(self) -> str:
        from .report import report

        return report(self)

    def _title(self) -> str:
        from .report import summary

        return f"{self.function}: {summary(self)}"

    def _document(self) -> Document:
        from .document import document

        return document(self)


def profile(f: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> Profile[R]:
    """Call a function once and say what it allocates, line by line.

    Parameters
    ----------
    f : callable
        What to call. For a bumped function, only what its sites leave to the heap counts.
    *args, **kwargs
        What to call it with.

    Returns
    -------
    Profile
        Totals, lines, the size of the buffer to ask for, and the call's result.

    Raises
    ------
    TypeError
        If `f` is not callable. What `f` raises passes through.

    Notes
    -----
    The original instructions do the arithmetic, on ordinary arrays. Array data counts, headers and
    NumPy scalars don't. A generator or coroutine function only makes
    its object here: profile a function that uses it up. With ``ALLOC_REWRITE=0`` in the
    environment the call is counted all the same, of functions that are not bumped.

    Examples
    --------
    >>> import numpy as np
    >>> import alloc_rewrite as alloc
    >>> p = alloc.profile(lambda n: np.zeros(n) + np.ones(n), 1000)
    >>> p.nbytes, p.count, p.suggested_nbytes
    (24000, 3, 24576)
    """
    if not callable(f):
        raise TypeError(
            f"profile: {short(f)} is not callable; give the function, then its arguments"
        )
    with own_names():  # loaded now, as a program that profiles nothing needs none of it
        from ..report.document import call_tree
        from .counting import CountingSites
        from .recorder import Recorder
        from .report import summary
    recorder = Recorder()

    def call() -> R:
        return f(*args, **kwargs)

    sites = CountingSites(recorder)  # which live as long as this
    rewritten = sites.rewriter.rewritten(call.__code__)
    result = (call if rewritten is None else rewritten.instance(call))()  # type: ignore[arg-type]
    made = Profile(
        recorder.nbytes,
        recorder.count,
        recorder.peak,
        max(recorder.carved, 64),
        tuple(sorted(recorder.lines.values(), key=lambda line: -line.nbytes)),
        tuple(recorder.uncaptured),
        result,
        getattr(f, "__qualname__", type(f).__qualname__),
        call_tree(recorder.paths),
        tuple(recorder.timeline.values),
    )
    info("%s: %s", getattr(f, "__qualname__", f), summary(made))
    return made


def allocated(f: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> int:
    """Call a function once and return the bytes of array data it took from the heap.

    Parameters
    ----------
    f : callable
        What to call.
    *args, **kwargs
        What to call it with.

    Returns
    -------
    int
        For a plain function all that it allocates; for a bumped one what its sites left to
        the heap, which is 0 once it is warm.

    Raises
    ------
    TypeError
        If `f` is not callable. What `f` raises passes through.

    Examples
    --------
    >>> import numpy as np
    >>> import alloc_rewrite as alloc
    >>> def f(x):
    ...     return np.exp(x) + 1
    >>> x = np.zeros(1000)
    >>> alloc.allocated(f, x), alloc.allocated(alloc.bump(f), x)
    (16000, 0)
    """
    if not callable(f):
        raise TypeError(
            f"allocated: {short(f)} is not callable; give the function, then its arguments"
        )
    return profile(f, *args, **kwargs).nbytes
