"""The Python core: makes the sites of bumped functions.

In: the places of a function, and a buffer. Out: what runs there. A site never raises (but for
`BufferFullError`) and never warns; it writes only to memory that no other code can see.
"""

from __future__ import annotations

import functools
from types import FunctionType
from typing import Any

from numpy import add, ones

from ..buffer import Buffer
from ..callees import Callees, Policy
from ..rewrite import KEPT, Call, Operation, Owner, Place, Rewriter, Style, Where
from ..sites.exceptions import from_signal_handler
from . import budget
from .calls import CallSite
from .operators import FINISHERS, BinarySite, operator_site


class PythonSites:
    """Makes the sites of functions bumped into one buffer.

    With `frugal`, sites that cost more than they may are switched off (see `budget`).
    """

    style = Style(FINISHERS)

    def __init__(self, buffer: Buffer, policy: Policy, frugal: bool = True) -> None:
        self.buffer = buffer
        self.policy = policy
        self.frugal = frugal
        self.budget = budget.Budget(_unit) if frugal else None
        self.rewriter = Rewriter(self)
        self.callees = Callees(self.rewriter, policy, enters_others=not frugal)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.buffer, self.policy, self.frugal)

    def is_foreign(self, error: Exception) -> bool:
        """Whether something other than the rewriter raised an exception during rewriting."""
        return from_signal_handler(error)

    def may_inline(self, function: FunctionType) -> bool:
        """Whether a function's code may become part of its caller's regions."""
        return False

    def make(self, place: Place, where: Where, owner: Owner, number: int) -> list[Any]:
        """Return the site of a place: see `encode` for how it is called."""
        if isinstance(place, Call):
            return [getattr(CallSite(self, where, owner, number), self.style.entry(place))]
        assert isinstance(place, Operation)  # its style has nothing else
        kind = operator_site(place.operator, place.size)
        return [kind(self, where, owner, number, place.operator).call]


@functools.cache
def _unit() -> float:
    """Return the seconds that an operator's site costs beyond the plain operation."""
    operand = ones(3)
    sites = PythonSites(Buffer(4096), Policy(), frugal=False)
    site = BinarySite(sites, Where("", 0, ""), KEPT, 0, "add")

    def run() -> Any:
        return add(operand, operand, site.call(operand, operand))

    def plain() -> Any:
        return operand + operand

    return budget.overhead(run, plain)
