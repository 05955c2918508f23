"""Whether functions that are entered pay, by the time that their calls take.

In: how long calls of a function took, in its original and in its rewritten form. Out: which of them
is called from now on. It must not know how calls are timed, nor what is rewritten.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from typing import Any, Protocol

from .figures import figures
from .later import LATER, looks
from .logs import debug

clock = time.process_time  # other processes, and waiting, save nothing

WAIT = 16  # calls of another library's function before it is rewritten
AT_ONCE = 1500  # bytes of code of NumPy's functions that are rewritten at their first calls;
LATER_CALLS = 2  # the next as many bytes so many calls later, and so on
SHARE = 0.01  # of the time may go into rewriting functions of other libraries,
MOST_SAVED = 0.05  # of which so many seconds are kept for later
PRICE = 1e-5  # seconds a byte of code that rewriting takes, as long as none has been rewritten
AGAIN = 1.0  # seconds until a function that is left as it is has its second trial
FEW = 8  # times of each form, with less of which no function goes back
LAST = 64  # times of each form, after which a verdict is final
WINS = 0.97  # of the original's time, or less: what pays
DOUBT = 0.8  # divided by the number of times, what such a quotient may be wrong by


class Case:
    """What a judge knows of its function.

    Attributes
    ----------
    name : str
        The function's module and name.
    is_other : bool
        Whether it is another library's. Such a function stays in its original form unless the
        rewritten one wins; a function of the user's, or of NumPy's, is kept unless it loses.
    rewrite : callable or None
        Rewrites a function of NumPy's that waits for its turn.
    ratio : float or None
        How long the rewritten form took, divided by how long the original took.
    """

    def __init__(self, name: str, is_other: bool) -> None:
        self.name = name
        self.is_other = is_other
        self.rewrite: Callable[[], None] | None = None
        self.ratio: float | None = None
        self.wait = AGAIN

    def catch_up(self) -> None:
        """Rewrite a function whose turn it is, once."""
        rewrite, self.rewrite = self.rewrite, None
        if rewrite is not None:
            rewrite()


class Judge(Protocol):
    """What times a function's calls."""

    @property
    def about(self) -> Case: ...

    @property
    def phase(self) -> str: ...

    @property
    def times(self) -> tuple[list[float], list[float]]: ...

    def take_due(self) -> bool: ...

    def begin(self, seconds: float, /) -> None: ...

    def leave(self) -> None: ...


class Judging:
    """The judges of one set of sites, and what may be spent on rewriting for them.

    With `routes`, the original form of a function of the user's or of NumPy's may take its arrays
    from the arena: it may need more room than the rewritten form.
    """

    def __init__(self, make: Callable[[Case, int, bool, bool], Judge], routes: bool) -> None:
        self._make = make
        self._routes = routes
        self._bytes = 0
        self._saved = 0.0
        self._since = clock()
        self._price = PRICE

    def judge(self, case: Case, due: int = 0) -> Judge:
        """Return the judge of a function that waits for so many calls at first."""
        return self._make(case, WAIT if case.is_other else due, case.is_other, self._routes)

    def turn_of(self, size: int) -> int:
        """Return how many calls a function of NumPy's waits for, with so many bytes of code.

        The first ones that are called wait for none, so that a first call doesn't rewrite all.
        """
        if not self._routes:
            return 0
        self._bytes += size
        return LATER_CALLS * (self._bytes // AT_ONCE)

    def rewrite(self, judge: Judge, size: int, make: Callable[[], Any]) -> Any:
        """Rewrite a function that has waited; None if it has to wait on, or has nothing to gain.

        It waits until what rewriting it takes has been saved, judging by the bytes of its code.
        """
        now = clock()
        passed = max(0.0, now - self._since)  # a forked process's clock begins anew
        self._saved = min(MOST_SAVED, self._saved + SHARE * passed)
        self._since = now
        if self._saved < min(MOST_SAVED, size * self._price):
            return None
        made = make()
        spent = clock() - now
        self._saved -= spent
        self._price += (spent / size - self._price) / 4
        if made is None:
            judge.leave()
        else:
            judge.begin(spent)
            debug("%s is on trial", judge.about.name)
        return made


def verdict(judge: Judge) -> bool | None:
    """Say whether a function stays rewritten; None if more of its calls have to be timed."""
    case = judge.about
    original, rewritten = judge.times
    ratios = [at(rewritten) / max(at(original), 1e-9) for at in (_median, _quick)]
    count = min(len(original), len(rewritten))
    keeps = _keeps(min(ratios), max(ratios), case.is_other, count)
    if keeps is not None:
        case.ratio = ratios[0]
        figures.judge(case.name, keeps)
        debug(
            "%s %s: rewritten, its calls take %s of the time",
            case.name,
            "is kept" if keeps else "is left as it is",
            f"{ratios[0]:.2f}",
        )
    if keeps is False:
        looks.after(case.wait, functools.partial(judge.begin, 0.0))
        case.wait *= LATER
    return keeps


def _keeps(low: float, high: float, is_other: bool, count: int) -> bool | None:
    """Decide by two quotients of a rewritten call's time and an original one's.

    At first only by clear ones: the fewer times there are, the less they say.
    """
    is_last, doubt = count >= LAST, DOUBT / count
    if high <= (WINS if is_other else 1.0) - doubt:
        return True
    if count < FEW:
        return None
    if is_other:
        return False if low > 1 or is_last else None
    if low >= 1 + doubt:
        return False
    return low <= 1 if is_last else None


def _median(times: list[float]) -> float:
    ordered, middle = sorted(times), len(times) // 2
    if len(times) % 2:
        return ordered[middle]
    return (ordered[middle - 1] + ordered[middle]) / 2


def _quick(times: list[float]) -> float:
    """Return the time that a quarter of the calls stay below."""
    return sorted(times)[len(times) // 4]


def said(judge: Judge | None) -> str:
    """Say in words what became of a function."""
    if judge is None:
        return ""
    case = judge.about
    words = {
        "waiting": "runs as it is until it has been called more often",
        "exploring": "rewritten, on trial",
        "comparing": "rewritten, on trial",
        "kept": "rewritten and kept",
        "left": "left as it is",
    }[judge.phase]
    return words if case.ratio is None else f"{words}: it took {case.ratio:.2f} of the time"
