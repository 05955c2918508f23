"""`compare` and `check`: plain and bumped calls side by side.

In: a callable and its arguments. Out: a `Comparison`; or a callable that compares as it goes. It
must not know bytecode.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
import io
import logging
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from ..cores import core, switched_off
from ..errors import DifferenceError
from ..profile import Profile, profile
from ..report import Report
from ..report.document import Call, Document
from ..rewrite import gates_of
from .check import Checks, check
from .gains import FunctionGain, LineGain, Measured
from .lines import LineTimer
from .pairs import BUMPED, PLAIN, Pair
from .report import report, summary
from .timing import in_turns

__all__ = ["Checks", "Comparison", "FunctionGain", "LineGain", "check", "compare"]

logger = logging.getLogger("alloc_rewrite")
_TRACED_SECONDS = 1.0  # for the calls of which lines are timed, in groups
_GROUPS, _GROUP_CALLS, _GROUP_SECONDS = 15, 100, 0.002


@dataclass(frozen=True, slots=True, repr=False)
class Comparison(Report):
    """Plain and bumped calls of one function, side by side.

    ``print`` shows it as tables, a notebook as a report.

    Attributes
    ----------
    function, filename, line : str, str, int
        What was compared.
    core : str
        The core that ran: ``"native"`` or ``"python"``.
    differences : tuple of str
        How the bumped calls differed from the plain ones; empty if they didn't.
    deterministic : bool
        Whether two plain calls were alike. If not, nothing follows from the differences.
    plain, bumped, speedup, rounds : float, float, float, int
        Seconds a call in the fastest of so many rounds, and plain / bumped time.
    nbytes, nbytes_bumped : int
        Bytes of array data that a call takes from the heap.
    suggested_nbytes : int
        Size of a buffer that holds the arrays of a call, as `profile` suggests.
    functions : tuple of FunctionGain
        The functions outside NumPy that ran, with their ``lines``. A `FunctionGain` has
        ``function``, ``filename``, ``line``, ``plain``, ``bumped``, ``speedup`` and ``share`` (of
        the plain time); a `LineGain` has ``first``, ``last``, ``source``, ``plain``, ``bumped``,
        ``speedup``, ``share``, ``nbytes``, ``nbytes_bumped``, ``region`` (what one site carries
        out), ``reason`` (why it gained little) and ``advice`` (what to write instead). Seconds
        include what a line calls.
    calls, calls_bumped : tuple of Call
        Seconds by line and call, plain and bumped: see `Profile`.
    notes : tuple of str
        What limits the comparison, such as arguments that can't be copied.
    result : object
        What the bumped call returned.
    """

    function: str
    filename: str
    line: int
    core: str
    differences: tuple[str, ...]
    deterministic: bool
    plain: float
    bumped: float
    speedup: float
    rounds: int
    nbytes: int
    nbytes_bumped: int
    suggested_nbytes: int
    functions: tuple[FunctionGain, ...]
    calls: tuple[Call, ...]
    calls_bumped: tuple[Call, ...]
    notes: tuple[str, ...]
    result: Any

    @property
    def same(self) -> bool:
        """Whether the bumped calls were bit-for-bit identical to the plain ones."""
        return not self.differences

    @property
    def exit_code(self) -> int:
        """0 if they were, else 1: for scripts."""
        return 0 if self.same else 1

    @property
    def little(self) -> tuple[LineGain, ...]:
        """The lines that take time and gained little, and why, largest first."""
        lines = [line for function in self.functions for line in function.lines]
        return tuple(sorted((x for x in lines if x.reason), key=lambda line: -line.share))

    def raise_if_different(self) -> None:
        """Raise `DifferenceError` unless the calls were bit-for-bit identical."""
        if not self.same:
            raise DifferenceError(f"{summary(self)}: {'; '.join(self.differences)}")

    def __str__(self) -> str:
        return report(self)

    def _title(self) -> str:
        return summary(self)

    def _document(self) -> Document:
        from .document import document

        return document(self)


def compare(f: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Comparison:
    """Call a function plain and bumped, in turns, and compare results, effects and times.

    Parameters
    ----------
    f : callable
        A function, a method, a partial or a callable object. A function that isn't bumped gets a
        buffer that grows; a bumped function keeps its own.
    *args, **kwargs
        What to call it with. Each call gets copies, so calls may change them.

    Returns
    -------
    Comparison
        What differs, how much faster the bumped call is, and the same for each function and line
        below it; why lines gained little, and what to write instead.

    Raises
    ------
    TypeError
        If `f` is not callable, a class, or makes a generator or coroutine.

    Notes
    -----
    Results are compared with their types, dtypes, shapes, strides, flags and bits; so are
    exceptions with their tracebacks, warnings, output, arguments after the call, and the state of
    the random numbers, with which all calls begin alike. What a call does to files or global
    variables happens at each of some hundred calls.

    The call is timed without any tool. Lines are timed in calls of their own by a trace function,
    whose time is subtracted, and scaled to the time of the whole call: short lines are less
    precise.

    Examples
    --------
    >>> import numpy as np
    >>> import alloc_rewrite as alloc
    >>> def f(x):
    ...     return x * 2.0 + x * x
    >>> c = alloc.compare(f, np.ones(1000))
    >>> c.same, c.nbytes, c.nbytes_bumped, c.functions[0].function
    (True, 24000, 0, 'f')
    """
    pair = Pair(f, "compare", args, kwargs)
    logger.info("compare: results")
    expected = pair.observed(PLAIN)
    found = pair.differences(expected, pair.observed(PLAIN))
    deterministic = not found
    if deterministic:
        found, result = pair.warm_up(expected)
    else:
        found, result = [f"between two plain calls, {one}" for one in found], expected
    logger.info("compare: times")
    with _quiet():
        times = in_turns(pair.call, pair.changes_nothing(expected))
        logger.info("compare: memory")
        profiles = _profile(pair, PLAIN), _profile(pair, BUMPED)
        logger.info("compare: lines")
        timers = _timed_lines(pair, times.plain)
    measured = Measured(timers, (times.plain, times.bumped), profiles, pair.sites)
    code = getattr(inspect.unwrap(f), "__code__", None)
    return Comparison(
        getattr(f, "__qualname__", type(f).__qualname__),
        code.co_filename if code else "",
        code.co_firstlineno if code else 0,
        core()[0],
        tuple(found),
        deterministic,
        times.plain,
        times.bumped,
        times.speedup,
        times.rounds,
        profiles[PLAIN].nbytes,
        profiles[BUMPED].nbytes,
        profiles[PLAIN].suggested_nbytes,
        measured.functions(),
        measured.calls(PLAIN),
        measured.calls(BUMPED),
        _notes(pair, timers[PLAIN]),
        result.result,
    )


def _profile(pair: Pair, form: int) -> Profile:
    """Return the profile of a call; that of no call at all if the call raises."""
    target, args, kwargs, _ = pair.call(form)
    try:
        return profile(target, *args, **kwargs)
    except Exception:
        return profile(_nothing)


def _nothing() -> None:
    pass


def _timed_lines(pair: Pair, seconds: float) -> tuple[LineTimer, LineTimer]:
    """Time lines in several groups of calls; the fastest group is the least disturbed."""
    calls = max(1, min(round(_GROUP_SECONDS / seconds), _GROUP_CALLS))
    groups: tuple[list[LineTimer], list[LineTimer]] = ([], [])
    start = time.perf_counter()
    while len(groups[PLAIN]) < _GROUPS:
        for form in (PLAIN, BUMPED):
            timer = LineTimer()
            for _ in range(calls):
                target, args, kwargs, _ = pair.call(form)
                with contextlib.suppress(Exception):
                    timer.run(functools.partial(target, *args, **kwargs))
            groups[form].append(timer)
        if time.perf_counter() - start > _TRACED_SECONDS:
            break
    plain, bumped = (min(group, key=LineTimer.total) for group in groups)
    return plain, bumped


def _notes(pair: Pair, timer: LineTimer) -> tuple[str, ...]:
    notes = []
    if switched_off():
        notes.append(f"nothing is bumped: {core()[1].partition(':')[0]}")
    kinds = dict.fromkeys(pair.shared)
    notes += [f"an object of type {kind} can't be copied: all calls share it" for kind in kinds]
    notes += [
        f"{key.name} is bumped itself, so it is bumped in the plain call too"
        for key, (code, _) in timer.functions.items()
        if gates_of(code) is not None
    ]
    return tuple(notes)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep what the calls print and warn of to itself: it was compared before."""
    with (
        warnings.catch_warnings(),
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()),
    ):
        warnings.simplefilter("ignore")
        yield
