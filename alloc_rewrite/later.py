"""Second looks: what has been switched off is tried again after a while, each time later.

In: what to call, and after how many seconds. Out: the calls, on a thread of their own. It must not
know what is tried.
"""

from __future__ import annotations

import _thread
import contextlib
import heapq
import itertools
import os
import time
import weakref
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
LATER = 4  # times as long as the last wait
LONGEST = 86_400.0  # seconds; what would wait longer is not tried again


class Looks:
    """What is to be tried, and the thread that does it.

    The thread starts when it is first needed. It is none of `threading`, whose functions don't
    list it, and it doesn't exist while the process forks: Python warns of forks with threads.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic, threaded: bool = True) -> None:
        self._clock = clock
        self.threaded = threaded
        self._numbers = itertools.count()
        self.waiting: list[tuple[float, int, Callable[[], object]]] = []  # a heap
        self._is_running = self._stops = False
        self._news = _thread.allocate_lock()  # held while there are none
        self._news.acquire()
        self._ended = _thread.allocate_lock()
        if threaded and hasattr(os, "register_at_fork"):
            os.register_at_fork(
                before=self._stop, after_in_parent=self._start, after_in_child=self._start
            )

    def after(self, seconds: float, look: Callable[[], object]) -> None:
        """Call something after a while, unless that is too long."""
        if seconds <= LONGEST:
            heapq.heappush(self.waiting, (self._clock() + seconds, next(self._numbers), look))
            self._start()

    def run(self) -> float:
        """Call what is due; return the seconds until something else is, or -1."""
        while self.waiting:
            seconds = self.waiting[0][0] - self._clock()
            if seconds > 0:
                return seconds
            heapq.heappop(self.waiting)[2]()
        return -1.0

    def _start(self) -> None:
        if self._is_running:
            with contextlib.suppress(RuntimeError):  # it has been told already
                self._news.release()
        elif self.threaded and self.waiting:
            self._is_running, self._stops = True, False
            self._ended.acquire(blocking=False)
            _thread.start_new_thread(self._loop, ())

    def _stop(self) -> None:
        if self._is_running:
            self._stops = True
            self._start()
            self._ended.acquire(timeout=1.0)
            self._is_running = False

    def _loop(self) -> None:
        while not self._stops:
            seconds = 0.0
            with contextlib.suppress(Exception):  # a look that fails is not repeated
                seconds = self.run()
            self._news.acquire(timeout=min(seconds, _thread.TIMEOUT_MAX))
        self._ended.release()


looks = Looks()


def weakly(thing: T, method: Callable[[T], object]) -> Callable[[], None]:
    """Return what calls a method of an object, and doesn't keep that alive."""
    reference = weakref.ref(thing)

    def look() -> None:
        found = reference()
        if found is not None:
            method(found)

    return look
