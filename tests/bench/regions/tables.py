"""The results as tables: kernel by kernel, and geometric means.

In: rows. Out: headers and rows of text for `tests.bench.timing.print_table`.
"""

import statistics
from collections.abc import Iterable, Sequence

from tests.bench.regions.kernels import CLASSES, SIZES
from tests.bench.regions.measure import Row
from tests.bench.regions.peers import WAYS

Table = tuple[list[str], list[list[str]]]
#: Code that has nothing to gain; it is left out where all classes are taken together.
LEFT_OUT = "other"
#: All the others; and those of them that plain NumPy runs without page faults, which come and go
#: with the state of the heap.
ALL, WITHOUT_FAULTS = "all but other", "of them, no faults"
SLOWER = 0.97  # a ratio below this is not noise alone


def figures(rows: Iterable[Row]) -> list[str]:
    """The cores and ways that occur, cores first."""
    found = {name for row in rows for name in row.ratios}
    return [*sorted(found.difference(WAYS)), *(way for way in WAYS if way in found)]


def by_kernel(rows: Sequence[Row]) -> Table:
    """Every kernel and size."""
    names = figures(rows)
    header = ["kernel", "class", "size", "plain us", "faults", *(f"plain / {n}" for n in names)]
    lines = []
    for row in rows:
        faults = next(iter(row.faults.values()), 0.0)
        cells = [f"{row.plain_seconds * 1e6:,.2f}", f"{faults:,.1f}"]
        cells += [_ratio(row, name) for name in names]
        lines.append([row.kernel, row.kind, row.size, *cells])
    return header, lines


def _ratio(row: Row, name: str) -> str:
    if name not in row.ratios:
        return ""
    return f"{'~' if name in row.other_bits else ''}{row.ratios[name]:.2f}"


def means(rows: Sequence[Row], name: str) -> dict[str, dict[str, float]]:
    """Geometric means for a core or a way, by class and size, and over classes at the end."""
    groups = {kind: [row for row in rows if row.kind == kind] for kind in CLASSES}
    groups[ALL] = [row for row in rows if row.kind != LEFT_OUT]
    groups[WITHOUT_FAULTS] = [row for row in groups[ALL] if row.faults.get(name, 0.0) < 1.0]
    table: dict[str, dict[str, float]] = {}
    for kind, chosen in groups.items():
        for size in SIZES:
            ratios = [r.ratios[name] for r in chosen if r.size == size and name in r.ratios]
            if ratios:
                table.setdefault(kind, {})[size] = statistics.geometric_mean(ratios)
    return table


def by_class(rows: Sequence[Row], name: str) -> Table:
    """Geometric means by class and size."""
    lines = []
    for kind, by_size in means(rows, name).items():
        cells = [f"{by_size[size]:.2f}" if size in by_size else "" for size in SIZES]
        lines.append([kind, *cells])
    return ["class", *SIZES], lines


def against_peers(rows: Sequence[Row], core: str) -> Table:
    """How many times as long each peer takes, by geometric means over the kernels it has."""
    lines = []
    for way in figures(rows):
        quotients = [_quotients(rows, core, way, size) for size in SIZES]
        if way in WAYS and any(quotients):
            lines.append([way, *map(_mean, quotients)])
    return ["peer", *SIZES], lines


def times_of_peers(rows: Sequence[Row], core: str) -> dict[str, dict[str, float]]:
    """The same as numbers, for a picture."""
    by_way = {
        way: {size: _quotients(rows, core, way, size) for size in SIZES}
        for way in figures(rows)
        if way in WAYS
    }
    return {
        way: {size: statistics.geometric_mean(q) for size, q in by_size.items() if q}
        for way, by_size in by_way.items()
    }


def _mean(quotients: list[float]) -> str:
    return f"{statistics.geometric_mean(quotients):.2f} ({len(quotients)})" if quotients else ""


def _quotients(rows: Sequence[Row], core: str, way: str, size: str) -> list[float]:
    both = [r for r in rows if r.size == size and way in r.seconds and core in r.seconds]
    return [r.seconds[way] / r.seconds[core] for r in both if r.kind != LEFT_OUT]


def slower(rows: Iterable[Row], core: str) -> list[str]:
    """What a core slows down."""
    return [
        f"{row.kernel} ({row.size}): {row.ratios[core]:.2f}"
        for row in rows
        if row.ratios.get(core, 1.0) < SLOWER
    ]
