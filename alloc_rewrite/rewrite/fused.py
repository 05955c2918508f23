"""Instructions that do two things at once (since 3.13).

In: items. Out: items without them, for the passes, or with them again.
"""

from __future__ import annotations

import dis
from collections.abc import Iterable
from typing import Any

from .items import Instr

_FUSED = {
    "LOAD_FAST_LOAD_FAST": ("LOAD_FAST", "LOAD_FAST"),
    "LOAD_FAST_BORROW_LOAD_FAST_BORROW": ("LOAD_FAST_BORROW", "LOAD_FAST_BORROW"),
    "STORE_FAST_LOAD_FAST": ("STORE_FAST", "LOAD_FAST"),
    "STORE_FAST_STORE_FAST": ("STORE_FAST", "STORE_FAST"),
}
_FUSING = {pair: name for name, pair in _FUSED.items() if name in dis.opmap}
_SECOND = frozenset(second for _, second in _FUSING)


def split(items: Iterable[Any]) -> list[Any]:
    """Return items in which instructions that do two things at once are two."""
    out: list[Any] = []
    for item in items:
        pair = _FUSED.get(item.name) if isinstance(item, Instr) else None
        if pair is None:
            out.append(item)
            continue
        for name, arg in zip(pair, item.arg, strict=True):
            out.append(Instr(name, arg, location=item.location))
    return out


def fuse(items: list[Any], names: list[str]) -> list[Any]:
    """Return items in which neighbours are fused where the compiler would have done it."""
    if not _FUSING:
        return items
    near = frozenset(names[:16])  # a fused instruction has four bits for a local
    out: list[Any] = []
    before: Any = None
    for item in items:
        if (
            type(item) is Instr
            and item.name in _SECOND
            and type(before) is Instr
            and (fused := _FUSING.get((before.name, item.name))) is not None
            and before.location == item.location
            and isinstance(before.arg, str)  # and not a cell
            and isinstance(item.arg, str)
            and {before.arg, item.arg} <= near
        ):
            before = out[-1] = Instr(fused, (before.arg, item.arg), location=item.location)
        else:
            before = item
            out.append(item)
    return out
