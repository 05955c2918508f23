"""How a comparison is made: calls to compare, to time, to profile, and to time line by line.

In: a callable and its arguments. Out: a `Comparison`. It must not know how its parts work.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
import io
import time
import warnings
from collections.abc import Iterator
from typing import Any

from ..compiled.kernels import workshop
from ..cores import core, switched_off
from ..logs import info
from ..profile import Profile, profile
from ..rewrite import gates_of
from .data import Comparison
from .gains import Measured
from .lines import LineTimer
from .observation import Outcome, in_words
from .pairs import BUMPED, PLAIN, Pair
from .timing import in_turns

_COMPILING_SECONDS = 10.0
TRACED_SECONDS, _MOST_SECONDS = 1.0, 5.0  # for the calls of which lines are timed, in groups
_GROUPS, _FEW_GROUPS, _GROUP_CALLS, _GROUP_SECONDS = 40, 11, 100, 0.0005


def compared(f: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Comparison[Any]:
    """Return what `compare` returns."""
    pair = Pair(f, "compare", args, kwargs)
    info("compare: results")
    expected = pair.observed(PLAIN)
    found = pair.differences(expected, pair.observed(PLAIN))
    deterministic = not found
    if deterministic:
        found, result = pair.warm_up(expected)
    else:
        found, result = [f"between two plain calls, {one}" for one in found], expected
    info("compare: times")
    with _quiet():
        times = in_turns(pair.call, pair.changes_nothing(expected))
        info("compare: memory")
        profiles = _profile(pair, PLAIN), _profile(pair, BUMPED)
        info("compare: lines")
        workshop.wait(_COMPILING_SECONDS)
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
        _notes(pair, timers[PLAIN], expected),
        result.result,
    )


def _profile(pair: Pair, form: int) -> Profile[Any]:
    """Return the profile of a call; that of no call at all if the call raises."""
    target, args, kwargs, _ = pair.call(form)
    try:
        return profile(target, *args, **kwargs)
    except Exception:
        return profile(_nothing)


def _nothing() -> None:
    pass


def _timed_lines(pair: Pair, seconds: float) -> tuple[LineTimer, LineTimer]:
    """Time lines in groups of calls; one of the faster groups is hardly disturbed by other load."""
    calls = max(1, min(round(_GROUP_SECONDS / seconds), _GROUP_CALLS))
    groups = tuple([_timed_group(pair, form, calls)] for form in (PLAIN, BUMPED))
    start = time.perf_counter()
    while len(groups[PLAIN]) < _GROUPS:
        for form in (PLAIN, BUMPED):
            groups[form].append(_timed_group(pair, form, calls))
        taken = time.perf_counter() - start
        if taken > TRACED_SECONDS and (len(groups[PLAIN]) > _FEW_GROUPS or taken > _MOST_SECONDS):
            break
    plain, bumped = (sorted(g, key=LineTimer.total)[len(g) // 4] for g in groups)
    return plain, bumped


def _timed_group(pair: Pair, form: int, calls: int) -> LineTimer:
    timer = LineTimer()
    for _ in range(calls):
        target, args, kwargs, _ = pair.call(form)
        with contextlib.suppress(Exception):
            timer.run(functools.partial(target, *args, **kwargs))
    return timer


def _notes(pair: Pair, timer: LineTimer, expected: Outcome) -> tuple[str, ...]:
    notes = []
    if expected.error is not None:
        notes.append(f"the plain call raises {in_words(expected.error)}")
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
