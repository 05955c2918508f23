"""Short names of files: their last part, and as much before it as tells them apart.

In: paths. Out: a name for each. It must not know what is in the files.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import PurePath


def short_names(paths: Iterable[str]) -> dict[str, str]:
    """Return the shortest ends of paths that differ."""
    wanted = dict.fromkeys(paths)
    parts = {path: PurePath(path).parts for path in wanted}
    lengths = dict.fromkeys(wanted, 1)
    while True:
        names = {path: "/".join(parts[path][-lengths[path] :]) for path in wanted}
        times = Counter(names.values())
        longer = [p for p in wanted if times[names[p]] > 1 and lengths[p] < len(parts[p])]
        if not longer:
            return names
        for path in longer:
            lengths[path] += 1
