"""An explanation in words.

In: an explanation. Out: text. It must not know how it was made.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ..cores import core, switched_off
from .advice import advice_for
from .plans import plan_lines

if TYPE_CHECKING:
    from . import Explanation
    from .parts import Loop, Region, Site


def report(explained: Explanation) -> str:
    """Return what became of a function: regions, what ended them, and the other sites."""
    place = f"{os.path.basename(explained.filename)}:{explained.line}"
    state = "bumped" if explained.bumped else "not bumped"
    if switched_off():
        state += f" ({core()[1].partition(':')[0]})"
    out = [f"{explained.function} ({place}), {state}, {explained.core} core: {found(explained)}"]
    for region in explained.regions:
        out += _region(region)
        if explained.bumped and region.hits is None and not explained.reason:
            out.append("  no site on this core")
    shown = {region.ended for region in explained.regions}
    breaks = [one for one in explained.breaks if one not in shown]
    if breaks:
        out.append("What keeps other operations apart:")
        out += [f"{one.line:>8}  {one.reason}{_to_gain(one.reason)}" for one in breaks]
    if explained.sites:
        out.append("Sites outside regions:" if explained.regions else "Sites:")
        out += _table(explained)
    if explained.loops:
        out.append("Loops:")
        out += [_loop(loop) for loop in explained.loops]
    whole = explained.whole
    if whole and (whole.kernels or whole.reason or whole.given_back):
        out.append("The function as one piece:")
        out.append(_loop(whole))
    if explained.callees:
        out.append("Functions that it calls:")
        out += _outline(explained.callees, 1)
    if explained.heap_fallbacks:
        out.append(
            f"The buffer was too full for {_counted(explained.heap_fallbacks, 'array')}, which "
            "came from the heap"
        )
    return "\n".join(out)


def _to_gain(reason: str) -> str:
    advice = advice_for(reason)
    return f"; to gain: {advice}" if advice else ""


def found(explained: Explanation) -> str:
    """Say in a few words what became of a function."""
    if explained.reason:
        return f"it runs as it is: {explained.reason}"
    regions = _counted(len(explained.regions), "region")
    return f"{regions}, {_counted(len(explained.sites), 'site')} outside"


def _outline(callees: tuple[Explanation, ...], depth: int) -> list[str]:
    """Return a line for each function that is called, indented under its caller."""
    out = []
    for one in callees:
        place = f"{os.path.basename(one.filename)}:{one.line}"
        out.append(f"{'    ' * depth}{one.function} ({place}): {found(one)}{_total(one)}")
        out += _outline(one.callees, depth + 1)
    return out


def _total(explained: Explanation) -> str:
    """Return the figures of all sites of a function."""
    parts = [*explained.regions, *explained.sites]
    if not explained.bumped or explained.reason or not parts:
        return ""
    hits, misses = (sum(getattr(x, name) or 0 for x in parts) for name in ("hits", "misses"))
    return f"; {_counted(hits, 'hit')}, {misses} miss{'' if misses == 1 else 'es'}"


def _region(region: Region) -> list[str]:
    lines = f"line {region.first}"
    if region.last != region.first:
        lines = f"lines {region.first}-{region.last}"
    head = f"Region, {lines}: {_counted(region.operations, 'operation')}"
    if region.leaves:
        head += f" on {', '.join(region.leaves)}"
    if region.delivers:
        head += f"; gives {', '.join(region.delivers)}"
    if region.helpers:
        head += f"; with the code of {', '.join(f'`{name}`' for name in region.helpers)}"
    if region.hits is not None:
        head += f"; {_figures(region)}"
    out = [head, *(f"    {step}" for step in region.program.splitlines())]
    if region.ended is not None:
        reason = region.ended.reason
        out.append(f"  up to line {region.ended.line}: {reason}{_to_gain(reason)}")
    if region.declined:
        why = f"{region.declined}{_to_gain(region.declined)}"
        out.append(f"  left to the original code, the last time: {why}")
    are_alike = len(set(region.compiled)) == 1
    for number, words in enumerate(region.compiled[:1] if are_alike else region.compiled):
        out.append(f"  machine code: {'' if are_alike else f'stage {number}: '}{words}")
    inside = [site for site in region.inside if site.hits or site.given_back]
    if inside:
        total = sum(site.hits or 0 for site in inside)
        gone = sum(site.given_back for site in inside)
        back = f", {gone} of them switched off" if gone else ""
        out.append(
            f"  instead, {_counted(len(inside), 'site')} of its single operations: "
            f"{_counted(total, 'hit')}{back}"
        )
    for plan in region.plans:
        out += [f"  {line}" for line in plan_lines(plan)]
    return out


def _loop(loop: Loop) -> str:
    """Say how far a loop is machine code."""
    if loop.given_back:
        words = f"not compiled: {loop.reason or loop.declined}"
    elif loop.kernels:
        words = f"machine code for {_counted(loop.kernels, 'combination')} of kinds of values"
        words += f"; entered {_counted(loop.hits or 0, 'time')}"
        if loop.misses:
            words += f", {loop.misses} of no use, the last time: {loop.declined}"
    elif loop.reason:
        words = f"not compiled so far: {loop.reason}"
    else:
        words = "becomes machine code when it is hot"
    return f"{loop.line:>8}  {words}"


def _figures(one: Region | Site) -> str:
    misses = one.misses or 0
    text = f"{_counted(one.hits or 0, 'hit')}, {misses} miss{'' if misses == 1 else 'es'}"
    return text + (", switched off" if one.given_back else "")


def _table(explained: Explanation) -> list[str]:
    counts = any(site.hits is not None for site in explained.sites)
    out = [f"{'line':>8} {'hits':>8} {'misses':>8}  site"] if counts else []
    for site in explained.sites:
        figures = f" {site.hits or 0:>8} {site.misses or 0:>8}" if counts else ""
        note = f" ({site.note})" if site.note else ""
        back = ", switched off" if site.given_back else ""
        out.append(f"{site.line:>8}{figures}  {site.what}{note}{back}")
    return out


def _counted(n: int, noun: str) -> str:
    return f"{n} {noun}{'' if n == 1 else 's'}"
