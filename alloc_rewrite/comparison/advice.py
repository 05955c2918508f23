"""Why lines gained little, and what to write instead.

In: the explanation of a function, and the lines in question. Out: a reason and advice, in words.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from ..explain import Explanation
from ..explain.advice import advice_for
from ..explain.parts import Region, Site


class Verdict(NamedTuple):
    """Why some lines gained little; either may be empty."""

    reason: str
    advice: str


_HARD = re.compile(r"\b(exp|log|sin|cos|tan|tanh|sinh|cosh|power|arctan2|sqrt|expm1|log1p)\w*\(")


def verdict(explained: Explanation | None, first: int, last: int, entered: set[str]) -> Verdict:
    """Say why lines `first` to `last` gained little.

    `entered` has the names of the functions whose lines are shown themselves.
    """
    if explained is None:
        return Verdict("", "")
    reason = explained.reason or _reason(explained, first, last, entered)
    return Verdict(reason, advice_for(reason))


def region_at(explained: Explanation | None, line: int) -> Region | None:
    """Return the region that a line belongs to; that with the most hits if there are several."""
    regions = [] if explained is None else explained.regions
    inside = [region for region in regions if region.first <= line <= region.last]
    return max(inside, key=lambda region: region.hits or 0, default=None)


def _reason(explained: Explanation, first: int, last: int, entered: set[str]) -> str:
    region = region_at(explained, first)
    sites = [site for site in explained.sites if first <= site.line <= last]
    if region is not None and (region.misses or 0) > (region.hits or 0):
        why = region.declined or "its operands change from call to call"
        return f"the region was left to the original code: {why}"
    calls = [site for site in sites if site.what.startswith("call of ")]
    names = [_name(site) for site in calls if _last(site) not in entered]
    if names:
        return f"{' and '.join(dict.fromkeys(names))}, not accelerated"
    if calls:
        below = " and ".join(dict.fromkeys(_name(site) for site in calls))
        return f"the time is in {below}, see there"
    if region is not None:
        if _HARD.search(region.program) or "**" in region.program:
            return "the arithmetic itself takes the time"
        return "too few operations in the region" if region.operations < 3 else ""
    breaks = [one.reason for one in explained.breaks if first <= one.line <= last]
    if any("@" in site.what for site in sites):
        return "`@`, not accelerated"
    if breaks and sites:
        return f"single operations, as {breaks[0]}"
    if sites:
        return "a single operation"
    return breaks[0] if breaks else ""


def _last(site: Site) -> str:
    """Return the last part of a callee's name."""
    return site.what.strip("`").rpartition("`")[2].rpartition(".")[2]


def _name(site: Site) -> str:
    name = site.what.removeprefix("call of ")
    return f"{name} ({site.note})" if site.note.startswith("runs as it is") else name
