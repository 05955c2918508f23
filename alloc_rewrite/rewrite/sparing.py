"""When code may be made anew: how often is limited by the time that this takes.

In: when making it begins and ends. Out: how long it has to wait for the next time. It must not know
what is made.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

AT_ONCE = 0.0  # seconds that may go into it without a wait
AT_FIRST = 2.0  # seconds that have to pass for each second that code was made in for the first time
AGAIN = 10.0  # and for each second that it was made anew in


class Sparing:
    """The time that has gone into the code of one rewriter's functions."""

    def __init__(self) -> None:
        self._since = time.process_time()
        self._owed = 0.0

    @property
    def wait(self) -> float:
        """Seconds until it may be made anew; 0 or less if it may be at once."""
        now = time.process_time()
        if now < self._since:  # this is a forked process, whose clock has begun anew
            self._since, self._owed = now, 0.0
        return self._owed - AGAIN * AT_ONCE - (now - self._since)

    @contextmanager
    def spending(self, times: float = AGAIN) -> Iterator[None]:
        """Count the processor time of what is done meanwhile."""
        start = time.process_time()
        try:
            yield
        finally:
            self._owed += times * (time.process_time() - start)
