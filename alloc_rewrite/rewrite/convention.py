"""How the sites of a core are called, and how code finds them.

In: the places of a function. Out: facts that `emit_places`, `emit_region` and `encode` share.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from .gates import Gates, WeakGates
from .ir import Call, Operation, Region
from .loops import Loop
from .opcodes import NULL_FIRST, SITE_PREFIX
from .symbolic import Vocabulary

Place = Region | Operation | Call | Loop


@dataclass(frozen=True, eq=False)
class Style:
    """How the sites of a core are called; compared by identity."""

    finishers: Mapping[str, Any]  # by operator, what fills the array that a site returns
    observe: bool = False  # whether the results of the original instructions are shown
    direct: bool = False  # whether sites take the place of operators, and swap callables
    extras: bool = False  # whether slices and tuple unpacking, which make no array data, have sites
    vocabulary: Vocabulary | None = None  # what may be called in regions, if there are any
    make_gates: Callable[[list[Any]], Gates] = WeakGates  # by which code finds its sites
    loops: bool = False  # whether the heads of loops have sites
    attribute: str = ""  # of a gate, for its content; if empty, the gate is called
    retries: bool = False  # whether sites that are switched off are tried again

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


def site_name(number: int) -> str:
    """Return the name of a place's site in code."""
    return f"{SITE_PREFIX}{number}"


def site_names(number_of_places: int, style: Style) -> list[str]:
    """Return the names of the sites in code, in the order of the places, then the observers'."""
    names = [site_name(i) for i in range(number_of_places)]
    return names + [observer(name) for name in names] if style.observe else names


def finishers_by_name(style: Style) -> dict[str, Any]:
    """Return the finishers of operators by their names in code."""
    return {finisher(operator): value for operator, value in style.finishers.items()}


def observer(name: str) -> str:
    return f"{name}!"


def finisher(operator: str) -> str:
    return f"{SITE_PREFIX}.{operator}"
