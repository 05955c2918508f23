"""Source lines with figures beside them.

In: the lines of a function that have figures. Out: the text of these and of the lines around them.
It must not know what the figures mean.
"""

from __future__ import annotations

import linecache
from collections.abc import Iterable

_AROUND = 2  # lines shown before and after


def source_lines(filename: str, lines: Iterable[int]) -> list[tuple[int, str]]:
    """Return the lines from before the first to after the last; none if there is no source."""
    wanted = sorted(set(lines))
    if not wanted or not linecache.getline(filename, wanted[0]):
        return []
    first, last = max(wanted[0] - _AROUND, 1), wanted[-1] + _AROUND
    texts = [(n, linecache.getline(filename, n).rstrip()) for n in range(first, last + 1)]
    texts = [(n, text) for n, text in texts if text or wanted[0] <= n <= wanted[-1]]
    indents = [len(text) - len(text.lstrip()) for _, text in texts if text]
    return [(n, text[min(indents, default=0) :]) for n, text in texts]
