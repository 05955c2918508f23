"""What the tests of the documentation share: its pages, and the blocks, links and headings in them.

In: nothing. Out: pages and what is in them. It knows nothing of the library.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]
IDS = [str(page.relative_to(ROOT)) for page in PAGES]

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^#+ +(.+)$", re.MULTILINE)
_CORE = re.compile(r"^<!-- core: (\w+) -->$", re.MULTILINE)
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


@dataclass(frozen=True)
class Block:
    """A fenced block; `output` is the ``text`` block that stands directly behind it, if any.

    `core` is what the last mark before it says, such as ``<!-- core: native -->``: the core that
    it is about, or ``any``.
    """

    language: str
    text: str
    line: int
    output: str | None = field(default=None)
    core: str = "any"


def blocks(page: Path) -> list[Block]:
    """The fenced blocks of a page, in order."""
    text = page.read_text(encoding="utf-8")
    found = list(_FENCE.finditer(text))
    marks = list(_CORE.finditer(text))
    out = []
    for match, following in zip_longest(found, found[1:]):
        output = None
        if following is not None and following[1] == "text":
            between = text[match.end() : following.start()]
            output = following[2] if not between.strip() else None
        line = text.count("\n", 0, match.start()) + 2
        core = next((m[1] for m in reversed(marks) if m.start() < match.start()), "any")
        out.append(Block(match[1], match[2], line, output, core))
    return out


def prose(page: Path) -> str:
    """The page without its fenced blocks."""
    return _FENCE.sub("", page.read_text(encoding="utf-8"))


def links(page: Path) -> Iterator[str]:
    """The targets of the page's links."""
    for match in _LINK.finditer(re.sub(r"`[^`\n]*`", "", prose(page))):
        yield match[1]


def anchors(page: Path) -> set[str]:
    """The anchors that headings make, as GitHub names them."""
    found: set[str] = set()
    for match in _HEADING.finditer(prose(page)):
        kept = re.sub(r"[^\w\- ]", "", match[1].strip().lower()).replace(" ", "-")
        found.add(f"{kept}-1" if kept in found else kept)
    return found
