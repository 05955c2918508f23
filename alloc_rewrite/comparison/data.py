"""What `compare` and `check` give, as data.

In: nothing. Out: the types. It must not know how their figures are made.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, Literal, TypeVar

from ..errors import DifferenceError
from ..report import Report

if TYPE_CHECKING:
    from ..report.document import Call, Document

R = TypeVar("R")
Reaction = Literal["warn", "raise"] | Callable[[str], object]


@dataclass(frozen=True, slots=True)
class LineGain:
    """Lines of a function, plain and bumped. Seconds include what the lines call."""

    first: int
    last: int
    source: str
    plain: float
    bumped: float
    share: float
    nbytes: int
    nbytes_bumped: int
    region: str
    reason: str
    advice: str

    @property
    def speedup(self) -> float:
        """Plain time over bumped time; infinite if the bumped code has no time of its own."""
        return self.plain / self.bumped if self.bumped else float("inf")


@dataclass(frozen=True, slots=True)
class FunctionGain:
    """A function, plain and bumped, and those of its lines that take time or memory."""

    function: str
    filename: str
    line: int
    plain: float
    bumped: float
    share: float
    lines: tuple[LineGain, ...]

    @property
    def speedup(self) -> float:
        """Plain time over bumped time."""
        return self.plain / self.bumped if self.bumped else float("inf")


@dataclass(frozen=True, slots=True, repr=False)
class Comparison(Report, Generic[R]):
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
    result: R

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
            raise DifferenceError(f"{self._title()}: {'; '.join(self.differences)}")

    def __str__(self) -> str:
        from .report import report

        return report(self)

    def _title(self) -> str:
        from .report import summary

        return summary(self)

    def _document(self) -> Document:
        from .document import document

        return document(self)


@dataclass(slots=True)
class Checks:
    """What a function made by `check` has seen.

    Attributes
    ----------
    calls, compared, skipped, different : int
        Number of calls; of those that were compared; of those that should have been, but had
        arguments that can't be copied; of those that differed.
    differences : tuple of str
        How the last one that differed did so.
    """

    calls: int = 0
    compared: int = 0
    skipped: int = 0
    different: int = 0
    differences: tuple[str, ...] = ()
