"""What all sites of the Python core share: where they stand, and whether they pay.

In: the counts of a site's hits and misses. Out: the decision to switch sites off. It must not
know what a site does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import BufferFullError
from ..rewrite import KEPT, Owner, Where, located
from . import budget
from .variants import Variant

if TYPE_CHECKING:
    from .sites import PythonSites

REVIEW_MASK = budget.REVIEW - 1


class Site:
    """What all sites share: where they are, and whether they pay."""

    __slots__ = (
        "__weakref__",
        "hits",
        "misses",
        "nbytes",
        "number",
        "owner",
        "period",
        "since",
        "sites",
        "where",
    )

    weight = 1.0  # what it costs, in units of what an operator's site does

    def __init__(self, sites: PythonSites, where: Where, owner: Owner, number: int) -> None:
        self.sites = sites
        self.where = where
        self.owner = owner
        self.number = number
        self.hits = 0
        self.misses = 0
        self.since = budget.clock()
        self.period = 0.0  # seconds between two hits, at the last review
        self.nbytes = 0  # size of the array served then

    def __reduce__(self) -> tuple[Any, ...]:
        # In another process the site is made anew, and is never switched off.
        return type(self), (self.sites, self.where, KEPT, self.number)

    def missed(self) -> None:
        """Count operands that were not handled; switch off a site that handles next to none."""
        self.misses += 1
        if self.misses >= budget.MISSES and self.misses > 4 * self.hits:
            self.give_back()

    def give_back(self) -> None:
        """Switch the site off, unless none ever is."""
        if self.sites.frugal:
            self.owner.give_back(self.number)

    def hit(self, nbytes: int) -> None:
        """Count an array served, of that size; look now and then whether the site pays."""
        hits = self.hits = self.hits + 1
        if not hits & REVIEW_MASK:
            self.review(nbytes)

    def review(self, nbytes: int) -> None:
        """Note how often the site is executed, and let the budget decide whether it pays."""
        now, before = budget.clock(), self.period
        self.period = (now - self.since) / budget.REVIEW
        self.since, self.nbytes = now, nbytes
        if self.sites.budget is not None:
            self.sites.budget.reviewed(self, before)

    def located(self, error: BufferFullError, what: str) -> BufferFullError:
        """Return a full buffer's error that names the line and the operation."""
        return located(self.where, what, error)

    def room(self, variant: Variant, what: str) -> Any:
        """Return an array for a result; None if it has to come from the heap."""
        try:
            out = self.sites.buffer.arena.take(variant.spec)
        except BufferFullError as error:
            raise self.located(error, what) from None
        self.hit(variant.spec.nbytes)
        return out
