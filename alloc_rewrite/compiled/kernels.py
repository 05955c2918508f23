"""The kernels of this process: one for each piece, compiled in the background or at once.

In: plans, as the extension describes them. Out: for each stage the parts of it that have machine
code, or will have, or why it has none. It must not know LLVM, nor who runs the plans.

One thread compiles, and ends when nothing waits. No other thread waits for it, except at the end of
the process for the compilation that is going on: the compiler's library must not be taken down
while it works. A kernel's code stays for as long as the process.
"""

from __future__ import annotations

import _thread
import atexit
import os
import time
from collections import deque
from collections.abc import Callable
from typing import Any, Protocol

from ..cores import native
from ..figures import figures
from ..sites.exceptions import EXPECTED, from_signal_handler
from .available import COMPILES
from .pieces import Described, Part, Piece, parts_of_stage
from .trial import passes

MOST_KERNELS = 1000  # in a process
GRACE = 0.05  # seconds until the compiler is loaded: a short program has ended by then
_AT_THE_END = 30.0  # seconds that the end of the process waits at most


class Job(Protocol):
    """What is compiled in the background."""

    state: str  # "waiting", and then anything else

    def make(self, load: Callable[[], Any]) -> None:
        """Compile it, if there is anything to compile, with the compiler that `load` returns."""
        ...

    def refuse(self, reason: str) -> None:
        """Go on without."""
        ...


class Kernel(Job):
    """A piece with its machine code, which other threads may still be making.

    Attributes
    ----------
    state : str
        ``"waiting"``, ``"compiled"``, or why there is no code.
    milliseconds, size : float, int
        What compilation took, and bytes of code; 0 if there is none.
    is_kept : bool
        Whether an earlier compilation's code was found on disk.
    """

    __slots__ = ("code", "is_kept", "milliseconds", "piece", "size", "state")

    def __init__(self, piece: Piece) -> None:
        self.piece = piece
        self.code = native.MachineCode()
        self.state = "waiting"
        self.milliseconds = 0.0
        self.size = 0
        self.is_kept = False

    def refuse(self, reason: str) -> None:
        """Leave the piece to NumPy's loops."""
        self.state = reason
        self.code.decide(None)

    def make(self, load: Callable[[], Any]) -> None:
        """Compile the piece, and try its code."""
        from .lowering import module_of

        compiler = load()
        began = time.perf_counter()
        code = compiler.compile(module_of(self.piece, compiler.width))
        if not passes(self.piece, code.address):
            self.refuse("its results are not those of NumPy's loops here")
            return
        self.milliseconds = (time.perf_counter() - began) * 1e3
        self.size, self.is_kept = code.size, code.is_kept
        self.state = "compiled"
        self.code.decide(code.address)


#: What the extension is told of a part: code, first step, the one after the last, operands, whether
#: it is repeatable.
Told = tuple[Any, int, int, tuple[int, ...], bool, Kernel]


class _RefusedError(Exception):
    """Nothing can be compiled here."""


class Workshop:
    """Makes kernels, and knows those that there are."""

    def __init__(self) -> None:
        self.now = False
        self.compiled = 0  # jobs that got machine code
        self._kernels: dict[Piece, Kernel] = {}
        self._waiting: deque[Job] = deque()
        self._idle = [True]  # empty while a thread compiles what waits
        self._compiler: Any = None
        self._refusal: str | None = None  # why nothing can be compiled; "" if that is possible
        self._is_ending = False
        self._working = _thread.RLock()
        self._is_busy = False
        os.register_at_fork(after_in_child=self._forked)
        atexit.register(self._end)

    # ------------------------------------------------------------------ what the extension asks

    def compile_plan(self, plan: Described) -> tuple[str | tuple[Told, ...], ...]:
        """Return for each stage of a plan its compiled parts, or why it has none."""
        try:
            if self._refused:
                return (self._refused,) * len(plan["stages"])
            return tuple(self._stage(stage) for stage in plan["stages"])
        except EXPECTED as error:
            if from_signal_handler(error):
                raise
            return (_said(error),) * len(plan["stages"])

    def refusal(self) -> str:
        """Return why nothing can be compiled here; empty if it can."""
        if self._refusal is None:
            from .llvm import refusal

            self._refusal = refusal()
        return self._refusal

    @property
    def _refused(self) -> str:
        """Why nothing can be compiled, as far as that is known: the thread asks what takes long."""
        return self.refusal() if self.now or not COMPILES else self._refusal or ""

    def _stage(self, stage: Described) -> str | tuple[Told, ...]:
        parts = parts_of_stage(stage)
        if isinstance(parts, str):
            return parts
        return tuple(self._told(part) for part in parts)

    def _told(self, part: Part) -> Told:
        kernel = self.kernel_of(part.piece)
        return kernel.code, part.first, part.stop, part.operands, part.is_repeatable, kernel

    def kernel_of(self, piece: Piece) -> Kernel:
        """Return the kernel of a piece, which may have to wait for its code."""
        kernel = self._kernels.get(piece) or self._new(piece)
        if self.now and kernel.state == "waiting":
            self._compile(kernel)
        return kernel

    def _new(self, piece: Piece) -> Kernel:
        kernel = Kernel(piece)
        if len(self._kernels) >= MOST_KERNELS:
            kernel.refuse(f"{MOST_KERNELS} kernels are there already")
            return kernel
        self._kernels[piece] = kernel
        if not self.now:
            self._queue(kernel)
        return kernel

    # ------------------------------------------------------------------ the queue

    def submit(self, job: Job) -> None:
        """Have something compiled: at once, or in the background."""
        if self._refused:
            job.refuse(self._refused)
        elif self.now:
            self._compile(job)
        else:
            self._queue(job)

    def _queue(self, job: Job) -> None:
        self._waiting.append(job)
        self._start()

    # ------------------------------------------------------------------ the thread

    def _start(self) -> None:
        """Have a thread compile what waits, unless there is one."""
        try:
            self._idle.pop()
        except IndexError:  # it looks once more before it ends
            return
        try:
            # None of `threading`'s: it would wait until the thread has begun.
            _thread.start_new_thread(self._work, ())
        except RuntimeError as error:
            self._idle.append(True)
            self._drop(f"no thread can be started: {error}")

    def _work(self) -> None:
        if self._compiler is None:
            time.sleep(GRACE)
        while True:
            while self._waiting and not self._is_ending:
                try:
                    job = self._waiting.popleft()
                except IndexError:
                    break
                if job.state == "waiting":
                    self._compile(job)
            self._idle.append(True)
            if not self._waiting or self._is_ending:
                return
            try:
                self._idle.pop()
            except IndexError:
                return

    def _compile(self, job: Job) -> None:
        with self._working:
            if job.state != "waiting" or self._is_ending:
                return
            self._is_busy = True
            try:
                job.make(self._load)
                self.compiled += job.state == "compiled"
            except _RefusedError as error:
                job.refuse(str(error))
            except Exception as error:
                if from_signal_handler(error):
                    self._forget(job)
                    job.refuse("it was interrupted")
                    raise
                job.refuse(_said(error))
            except BaseException:
                self._forget(job)
                job.refuse("it was interrupted")
                raise
            finally:
                self._is_busy = False

    def _load(self) -> Any:
        if self._compiler is None:
            if self.refusal():
                raise _RefusedError(self.refusal())
            from .llvm import Compiler

            self._compiler = Compiler()
        return self._compiler

    def _forget(self, job: Job) -> None:
        """Have a piece compiled anew when it is asked for again."""
        for piece in [piece for piece, kernel in self._kernels.items() if kernel is job]:
            del self._kernels[piece]

    def wait(self, seconds: float) -> None:
        """Wait until the thread has nothing left to compile, but no longer than that."""
        end = time.perf_counter() + seconds
        while not self._idle and time.perf_counter() < end:
            time.sleep(0.002)

    # ------------------------------------------------------------------ the process

    def _drop(self, reason: str) -> None:
        """Leave what isn't compiled yet to NumPy's loops, until it is asked for again."""
        waiting = list(self._waiting)
        self._waiting.clear()
        for job in waiting:
            if not isinstance(job, Kernel):
                job.refuse(reason)
        for piece, kernel in list(self._kernels.items()):
            if kernel.state == "waiting":
                del self._kernels[piece]
                kernel.refuse(reason)

    def _forked(self) -> None:
        """Begin anew in another process, where the thread has not come along."""
        if self._is_busy:  # the compiler's library is in the middle of something for ever
            self._refusal = "this process was forked while code was being compiled"
        self._is_busy = False
        self._working = _thread.RLock()
        self._idle = [True]
        self._drop("this process was forked before it was compiled")

    def _end(self) -> None:
        self._is_ending = True
        if self._working.acquire(timeout=_AT_THE_END):
            self._working.release()


def _said(error: BaseException) -> str:
    lines = str(error).splitlines() or [""]
    return f"the compiler failed: {type(error).__name__}: {lines[0]}"


workshop = Workshop()
figures.sources.append(lambda: {"kernels": workshop.compiled})
