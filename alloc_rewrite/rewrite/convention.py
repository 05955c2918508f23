"""How the sites of a core are called, and what the cells are named that they live in.

In: the places of a function. Out: facts that `emit_places`, `emit_region` and `encode` share.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .ir import Call, Operation, Region
from .opcodes import NULL_FIRST, ORIGIN, SITE_PREFIX
from .symbolic import Vocabulary

Place = Region | Operation | Call


@dataclass(frozen=True, eq=False)
class Style:
    """How the sites of a core are called; compared by identity."""

    finishers: Mapping[str, Any]  # by operator, what fills the array that a site returns
    observe: bool = False  # whether the results of the original instructions are shown
    direct: bool = False  # whether sites take the place of operators, and swap callables
    extras: bool = False  # whether what makes no array data but costs time has sites as well
    vocabulary: Vocabulary | None = None  # what may be called in regions, if there are any

    @property
    def binds(self) -> bool:
        """Whether the load of a method gives a bound one, so that a site sees one object."""
        return NULL_FIRST or not self.direct

    def entry(self, call: Call) -> str:
        """Which method of its site a call goes to."""
        if call.form == "spread":
            return "spread"
        return "method" if self.binds and call.method_loads and call.names else "call"


ROOM = 6  # stack slots that a site may need beyond its operands


def cell_names(places: list[Place], style: Style) -> list[str]:
    """Return the names of the free variables that a function's sites and finishers live in.

    First the sites, in the order of their places, then their observers, if there are any,
    then the finishers in the order of `used_finishers`, and last a cell that the code does not
    use: what the function was made from.
    """
    names = [f"{SITE_PREFIX}{i}" for i in range(len(places))]
    observers = [observer(name) for name in names] if style.observe else []
    finishing = [finisher(name) for name in used_finishers(places, style)]
    return [*names, *observers, *finishing, ORIGIN]


def used_finishers(places: list[Place], style: Style) -> list[str]:
    """Return the operators among the places that have a finisher, each once."""
    operators = (place.operator for place in places if isinstance(place, Operation))
    return [name for name in dict.fromkeys(operators) if name in style.finishers]


def observer(name: str) -> str:
    return f"{name}!"


def finisher(operator: str) -> str:
    return f"{SITE_PREFIX}.{operator}"
