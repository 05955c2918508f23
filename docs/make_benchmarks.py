"""Puts the output of `tests.bench.core` or `tests.bench.native` into a table of the README.

Run as `python -m tests.bench.core | python docs/make_benchmarks.py --write`, and likewise for
`tests.bench.native`; without `--write` it prints the table. Rows and columns that the README
doesn't show are left out.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

README = Path(__file__).parents[1] / "README.md"
LEFT_OUT = ("2-vectors", "strings", "lists", "operators, 32,768")
KERNELS = """\
| kernel | bytes a call | plain, us | plain / bumped | page faults, plain | page faults, bumped |
|---|---:|---:|---:|---:|---:|
"""
OPERATIONS = """\
| operation | plain, ns | plain / bumped |
|---|---:|---:|
"""
#: How the names of the operations begin that the README shows.
SHOWN = (
    "a + b, ", "a*b + a*a - b*b, ", "np.exp(a), ", "np.zeros(100)", "x.sum(), ", "np.max(grid",
    "m @ m", "x[1:-1]", "x[3]",
)  # fmt: skip


def marked(name: str) -> re.Pattern[str]:
    """What stands between the two marks of a table."""
    return re.compile(rf"(<!-- {name} -->\n).*(<!-- end of {name} -->\n)", re.DOTALL)


def table(output: str) -> tuple[str, str]:
    """The name of the table's marks, and the table in Markdown under its versions."""
    title, _, _, *rows = output.strip().splitlines()
    versions = title.partition("(")[2].partition(";")[0].removesuffix(")")
    lines = [re.split(r"\s{2,}", row.strip()) for row in rows]
    if title.startswith("Operations"):
        chosen = [cells[:3] for cells in lines if cells[0].startswith(SHOWN)]
        name, header = "operations", OPERATIONS
    else:
        chosen = [cells[:6] for cells in lines if not cells[0].startswith(LEFT_OUT)]
        name, header = "benchmarks", KERNELS
    out = [f"Made with {versions}:\n\n{header.strip()}"]
    for first, *others in chosen:
        out.append(f"| {' | '.join([_shown(first, name), *others])} |")
    return name, "\n".join(out) + "\n"


def _shown(first: str, name: str) -> str:
    """A row's name: code in backquotes, with the size behind it."""
    if name == "operations":
        return re.sub(r"^(.*?)(, [\d,x]+)?$", r"`\1`\2", first)
    return first if " " in first else f"`examples/{first}.py`"


if __name__ == "__main__":
    marks, made = table(sys.stdin.read())
    if "--write" in sys.argv:
        page = README.read_text(encoding="utf-8")
        README.write_text(marked(marks).sub(rf"\1\n{made}\n\2", page), encoding="utf-8")
    else:
        print(made, end="")
