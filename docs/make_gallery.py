"""Writes `docs/gallery.md` and its pictures: `python docs/make_gallery.py [--write]`."""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path
from platform import python_version

import numpy as np

import alloc_rewrite as alloc

DOCS = Path(__file__).parent
PROGRAMS = DOCS.parent / "examples" / "gallery"
PAGE = DOCS / "gallery.md"
PICTURES = DOCS / "gallery"
NAMES = (
    "heat", "fluid", "bodies", "chains", "tracks", "photo", "options", "network", "pendulums",
    "features",
)  # fmt: skip
INTRODUCTION = """\
# Gallery

Ten programs of one page each, from different fields. Each compares its kernel plain and bumped, bit
for bit, and prints the gain of each line. `python docs/make_gallery.py --write` runs them all and
writes this page.
"""


def page(folder: Path) -> str:
    """Run all programs, with their pictures in a folder; return the page."""
    rows, sections = [], []
    for name in NAMES:
        text = (PROGRAMS / f"{name}.py").read_text(encoding="utf-8")
        description = text.split('"""')[1].partition("\n\nSource")[0].replace("\n", " ")
        done = subprocess.run(
            [sys.executable, str(PROGRAMS / f"{name}.py"), str(folder)],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        gain = re.search(r"bit-for-bit identical, ([\d.]+) times as fast", done.stdout)
        times = re.search(r"plain (.*), bumped (.*) a call", done.stdout)
        memory = re.search(r"from the heap: ([\d,]+) bytes plain, ([\d,]+) bumped", done.stdout)
        assert gain, done.stdout
        assert times, done.stdout
        assert memory, done.stdout
        (picture,) = folder.glob(f"{name}.*")
        rows.append(f"| [{name}](#{name}) | {times[1]} | {times[2]} | {gain[1]} | {memory[1]} |")
        sections.append(
            f"## {name}\n\n{description}\n\n```console\npython examples/gallery/{name}.py\n```\n\n"
            f"![{name}](gallery/{picture.name})\n"
        )
    about = f"Python {python_version()}, NumPy {np.__version__}, {alloc.core()[0]} core"
    table = [
        f"Made with {about}:\n",
        "| program | plain | bumped | plain / bumped | bytes from the heap, plain |",
        "|---|---:|---:|---:|---:|",
        *rows,
    ]
    return "\n".join([INTRODUCTION, "\n".join(table), "", "\n".join(sections)])


def main() -> None:
    """Print the page, or write it and the pictures."""
    if "--write" in sys.argv[1:]:
        PICTURES.mkdir(exist_ok=True)
        PAGE.write_text(page(PICTURES), encoding="utf-8")
    else:
        with tempfile.TemporaryDirectory() as folder:
            print(page(Path(folder)))


if __name__ == "__main__":
    main()
