"""Puts the output of `python -m tests.bench.core` into the README's table.

Run as `python -m tests.bench.core | python docs/make_benchmarks.py --write`; without `--write` it
prints the table. Rows and columns that the README doesn't show are left out.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

README = Path(__file__).parents[1] / "README.md"
MARKED = re.compile(r"(<!-- benchmarks -->\n).*(<!-- end of benchmarks -->\n)", re.DOTALL)
LEFT_OUT = ("2-vectors", "strings", "lists", "operators, 32,768")
HEADER = """\
| kernel | bytes a call | plain, us | plain / bumped | page faults, plain | page faults, bumped |
|---|---:|---:|---:|---:|---:|
"""


def table(output: str) -> str:
    """The table in Markdown, under the versions that it was made with."""
    title, _, _, *rows = output.strip().splitlines()
    versions = title.partition("(")[2].partition(";")[0].removesuffix(", python core")
    out = [f"Made with {versions}:\n\n{HEADER.strip()}"]
    for row in rows:
        name, *cells = re.split(r"\s{2,}", row.strip())
        if not name.startswith(LEFT_OUT):
            shown = name if " " in name else f"`examples/{name}.py`"
            out.append(f"| {' | '.join([shown, *cells[:5]])} |")
    return "\n".join(out) + "\n"


if __name__ == "__main__":
    made = table(sys.stdin.read())
    if "--write" in sys.argv:
        page = README.read_text(encoding="utf-8")
        README.write_text(MARKED.sub(rf"\1\n{made}\n\2", page), encoding="utf-8")
    else:
        print(made, end="")
