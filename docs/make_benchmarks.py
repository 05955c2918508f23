"""Puts the output of a benchmark into the tables of the README and of `explanation/benchmarks.md`.

Run as `python -m tests.bench.core | python docs/make_benchmarks.py --write`, and likewise for
`tests.bench.native`, `tests.bench.regions` and `tests.bench.programs`; without `--write` it prints
the tables. It leaves out rows and columns that the pages don't show.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

DOCS = Path(__file__).parent
README = DOCS.parent / "README.md"
PAGES = (README, DOCS / "explanation" / "benchmarks.md")
LEFT_OUT = ("2-vectors", "strings", "lists", "operators, 32,768")
#: The beginnings of the names of operations that the README shows.
SHOWN = (
    "a + b, ", "a*b + a*a - b*b, ", "np.exp(a), ", "np.zeros(100)", "x.sum(), ", "np.max(grid",
    "m @ m", "x[1:-1]", "x[3]",
)  # fmt: skip


class Printed(NamedTuple):
    """One table of a benchmark's output."""

    title: str
    header: list[str]
    rows: list[list[str]]


def printed(output: str) -> Iterator[Printed]:
    """Find the tables: a title, a header, a line of dashes, rows up to an empty line."""
    for part in re.split(r"\n\s*\n", output.strip()):
        title, *lines = part.splitlines()
        if len(lines) < 2 or not re.fullmatch(r"-+(  -+)*", lines[1]):
            continue
        ends, at = [], 0
        for dashes in lines[1].split("  "):
            at += len(dashes)
            ends.append(at)
            at += 2
        cells = [_cut(line, ends) for line in lines if not line.startswith("~")]
        yield Printed(title, cells[0], cells[2:])


def _cut(line: str, ends: list[int]) -> list[str]:
    starts = [0, *(end + 1 for end in ends)]
    return [line[start:end].strip() for start, end in zip(starts, ends, strict=False)]


def tables(output: str) -> dict[str, str]:
    """Return the tables of a benchmark's output in Markdown, by the names of their marks."""
    found = list(printed(output))
    versions = found[0].title.partition("(")[2].partition(";")[0].removesuffix(")")
    if found[0].title.startswith("Operations"):
        made = {"operations": _operations(found[0])}
    elif found[0].title.startswith("Programs"):
        made = {"programs": _programs(found[0])}
    elif found[0].title.startswith("Array kernels"):
        made = dict(_of_regions(found))
        versions += f", {_core(found)} core"
    else:
        made = {"benchmarks": _examples(found[0])}
    return {name: f"Made with {versions}:\n\n{table}" for name, table in made.items()}


def written(page: str, made: Mapping[str, str]) -> str:
    """Return the page with the tables for which it has marks."""
    for name, table in made.items():
        marked = re.compile(rf"(<!-- {name} -->\n).*(<!-- end of {name} -->\n)", re.DOTALL)
        page = marked.sub(lambda match, table=table: f"{match[1]}\n{table}\n{match[2]}", page)
    return page


def markdown(header: list[str], rows: list[list[str]], names: int = 1) -> str:
    """Return a table whose first columns are names, and whose other columns are figures."""
    rules = ["---"] * names + ["---:"] * (len(header) - names)
    lines = [f"| {' | '.join(cells)} |" for cells in (header, *rows)]
    return "\n".join([lines[0], f"|{'|'.join(rules)}|", *lines[1:]]) + "\n"


# ---------------------------------------------------------------------- what each table shows


def _operations(table: Printed) -> str:
    rows = [cells[:3] for cells in table.rows if cells[0].startswith(SHOWN)]
    for cells in rows:  # code in backquotes, then the size
        cells[0] = re.sub(r"^(.*?)(, [\d,x]+)?$", r"`\1`\2", cells[0])
    return markdown(["operation", "plain, ns", "plain / bumped"], rows)


def _examples(table: Printed) -> str:
    rows = [cells[:6] for cells in table.rows if not cells[0].startswith(LEFT_OUT)]
    for cells in rows:
        cells[0] = cells[0] if " " in cells[0] else f"`examples/{cells[0]}.py`"
    faults = ["page faults, plain", "page faults, bumped"]
    return markdown(["kernel", "bytes a call", "plain, us", "plain / bumped", *faults], rows)


def _programs(table: Printed) -> str:
    rows = [[f"`{name}`", *others] for name, *others in table.rows]
    figures = ["plain, ms", "plain / bumped", "first call: plain, ms", "bumped, ms"]
    return markdown(["program", "kind", *figures], rows, names=2)


def _core(found: list[Printed]) -> str:
    """Return the core whose figures come first."""
    return found[0].header[5].removeprefix("plain / ")


def _of_regions(found: list[Printed]) -> Iterator[tuple[str, str]]:
    core = _core(found)
    yield "kernels", _kernels(found[0])
    for table in found[1:]:
        if table.title == f"Geometric means of plain / {core}":
            yield "regions", markdown(table.header, table.rows)
        elif table.title.startswith("Time of each peer") and f" / {core} " in table.title:
            yield "peers", markdown(table.header, table.rows)


def _kernels(table: Printed) -> str:
    """Return one row for each kernel; a star marks plain code that triggers page faults."""
    by_kernel: dict[tuple[str, str], dict[str, list[str]]] = {}
    for name, kind, size, microseconds, faults, ratio, *_ in table.rows:
        star = r"\*" if float(faults.replace(",", "")) >= 1 else ""
        by_kernel.setdefault((f"`{name}`", kind), {})[size] = [microseconds, ratio + star]
    sizes = list(dict.fromkeys(row[2] for row in table.rows))
    header = ["kernel", "class"]
    for size in sizes:
        header += [f"{size}: plain, us", "plain / bumped"]
    rows = []
    for names, by_size in by_kernel.items():
        rows.append([*names, *(cell for size in sizes for cell in by_size.get(size, ["", ""]))])
    return markdown(header, rows, names=2)


if __name__ == "__main__":
    new = tables(sys.stdin.read())
    if "--write" in sys.argv:
        for path in PAGES:
            path.write_text(written(path.read_text(encoding="utf-8"), new), encoding="utf-8")
    else:
        print("\n".join(new.values()), end="")
