"""When code may be made anew: how often is limited by the time that this takes.

In: when making it begins and ends. Out: how long it has to wait for the next time. It must not know
what is made.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

AT_ONCE = 0.005  # seconds that may go into it without a wait
SHARE = 0.1  # of the process's time may go into it later


class Sparing:
    """The time that has gone into making the code of one rewriter's functions anew."""

    def __init__(self) -> None:
        self._since = time.process_time()
        self._spent = 0.0

    @property
    def wait(self) -> float:
        """Seconds until it may be made anew; 0 or less if it may be at once."""
        now = time.process_time()
        if now < self._since:  # this is a forked process, whose clock has begun anew
            self._since, self._spent = now, 0.0
        return (self._spent - AT_ONCE) / SHARE - (now - self._since)

    @contextmanager
    def spending(self) -> Iterator[None]:
        """Count the processor time of what is done meanwhile."""
        start = time.process_time()
        try:
            yield
        finally:
            self._spent += time.process_time() - start
