"""How often a region is split that has been of no use yet.

In: a region with its site, the places that were found at first, what has been left out of them.
Out: whether it may be split once more. It must not know what sites do.

Operations on objects that no region computes with, such as the columns of a table, decline one
after the other, and each split takes milliseconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from .ir import Region
from .program import COMPUTING, is_planned_anew
from .regions import cuts_for
from .seen import Helpers

PART = 0.25  # of a region's operations that are left out, while none of what remains is of use


def cuts_at(
    site: Any,
    place: Any,
    first: Iterable[Any],
    left_out: Mapping[int, str],
    node: tuple[int, str, Helpers],
) -> dict[int, str]:
    """Return the items to leave out of a region for a node and a reason; none if it isn't split."""
    if not isinstance(place, Region) or not may_split(site, place, first, left_out):
        return {}
    return cuts_for(place, *node)


def may_split(site: Any, region: Any, first: Iterable[Any], left_out: Mapping[int, str]) -> bool:
    """Whether it has been of use, or few operations of the region around it are left out."""
    if getattr(getattr(site, "__self__", None), "hits", 0):
        return True
    regions = (place for place in first if isinstance(place, Region))
    whole: Region = next((one for one in regions if one.start <= region.start < one.stop), region)
    operations = sum(node.kind in COMPUTING for node in whole.program.nodes)
    count = sum(
        whole.start <= item < whole.stop and not is_planned_anew(reason)
        for item, reason in left_out.items()
    )
    return count < PART * operations
