"""When code may be made anew: how often is limited by the time that this takes.

In: when making it begins and ends. Out: how long it has to wait for the next time. It must not know
what is made.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

AT_ONCE = 0.0  # seconds that may go into it without a wait
#: Seconds that have to pass for each second that code was made in: for the first time; anew for
#: regions that may be found by now; and anew in other libraries, or only without sites that are
#: off, which cost very little.
AT_FIRST, TO_FIND, TO_LEAVE_OUT = 2.0, 10.0, 25.0


class Sparing:
    """The time that has gone into the code of one rewriter's functions."""

    def __init__(self) -> None:
        self._since = time.process_time()
        self._spent = {"first": 0.0, "again": 0.0}

    def wait(self, times: float) -> float:
        """Seconds until code may be made anew for a purpose; 0 or less if it may be at once."""
        now = time.process_time()
        if now < self._since:  # this is a forked process, whose clock has begun anew
            self._since, self._spent = now, dict.fromkeys(self._spent, 0.0)
        owed = AT_FIRST * self._spent["first"] + times * (self._spent["again"] - AT_ONCE)
        return owed - (now - self._since)

    @contextmanager
    def spending(self, what: str = "again") -> Iterator[None]:
        """Count the processor time of what is done meanwhile, for the `first` time or `again`."""
        start = time.process_time()
        try:
            yield
        finally:
            self._spent[what] += time.process_time() - start
