"""Writes `docs/reference/api.md` from the docstrings: `python docs/make_reference.py [--write]`."""

from __future__ import annotations

import inspect
import re
import sys
import textwrap
from pathlib import Path
from typing import Any

import alloc_rewrite as alloc

PAGE = Path(__file__).parent / "reference" / "api.md"
INTRODUCTION = """\
# API

This page describes all public names of `alloc_rewrite`. `python docs/make_reference.py --write`
makes it from the docstrings.
"""
#: In the order in which readers need them.
ORDER = (
    "Buffer", "bump", "run", "profile", "allocated", "Profile", "ProfileDiff", "explain",
    "Explanation", "Report", "compare", "Comparison", "FunctionGain", "LineGain", "check", "Checks",
    "stats", "Stats", "ProcessStats",
    "set_compile", "set_num_threads", "get_num_threads", "register", "core", "default_buffer",
    "BufferFullError", "RewriteWarning", "DifferenceError", "DifferenceWarning",
)  # fmt: skip
#: Methods that only the library itself calls.
INTERNAL = {"spec", "take"}
_SECTION = re.compile(r"^([A-Z][a-z]+(?: [A-Z][a-z]+)*)\n-{3,}\n", re.MULTILINE)
_LISTS = ("Parameters", "Attributes", "Returns", "Raises", "Warns")


def page() -> str:
    """Return the page for the docstrings of today."""
    assert sorted(ORDER) == sorted(alloc.__all__)
    parts = [INTRODUCTION]
    parts += [f"- [`{name}`](#{_anchor(name)})" for name in ORDER]
    parts.append("")
    for name in ORDER:
        parts.append(f"## {name}\n")
        parts.append(_described(name, getattr(alloc, name)))
    return "\n".join(parts).rstrip() + "\n"


def _anchor(name: str) -> str:
    """Return a heading's anchor; the second of two that only differ in case gets a number."""
    before = ORDER[: ORDER.index(name)]
    return name.lower() + ("-1" if name.lower() in map(str.lower, before) else "")


def _described(name: str, thing: Any) -> str:
    parts = []
    if not inspect.isclass(thing) or thing is alloc.Buffer:
        parts.append(f"```text\n{name}{_signature(thing)}\n```\n")
    else:
        base = thing.__mro__[1].__name__
        parts.append(f"```text\nclass {name}({'' if base == 'object' else base})\n```\n")
    parts.append(_markdown(thing))
    if inspect.isclass(thing):
        for member, value in vars(thing).items():
            hidden = member.startswith("_") or member in INTERNAL or _is_slot(value)
            if not hidden and inspect.getdoc(value):
                parts.append(_member(name, member, value))
    return "\n".join(parts)


def _member(owner: str, name: str, value: Any) -> str:
    is_property = isinstance(value, property)
    signature = "" if is_property else _signature(value).replace("(self", "(").replace("(, ", "(")
    return f"### {owner}.{name}{signature}\n\n{_markdown(value)}"


def _is_slot(value: Any) -> bool:
    return inspect.ismemberdescriptor(value)


def _signature(function: Any) -> str:
    """Return the signature without annotations: the parameter lists have the types."""
    signature = inspect.signature(function)
    bare = [one.replace(annotation=one.empty) for one in signature.parameters.values()]
    return str(signature.replace(parameters=bare, return_annotation=signature.empty))


def _markdown(thing: Any) -> str:
    """Convert a docstring in numpydoc's layout to Markdown."""
    text = inspect.getdoc(thing) or ""
    pieces = _SECTION.split(text)
    out = [_inline(pieces[0].strip()) + "\n"]
    for heading, body in zip(pieces[1::2], pieces[2::2], strict=True):
        if heading == "Examples":
            out.append(f"```pycon\n{_without_directives(body.strip())}\n```\n")
        elif heading in _LISTS:
            out.append(f"**{heading}**\n\n{_list(body)}\n")
        elif heading == "References":
            out.append(f"**{heading}**\n\n" + re.sub(r"^\.\. ", "", _joined(body)) + "\n")
        else:
            out.append(f"**{heading}**\n\n{_inline(body.strip())}\n")
    return "\n".join(out)


def _list(body: str) -> str:
    """Convert the entries of a parameter list, one bullet each."""
    entries: list[list[str]] = []
    for line in body.strip().splitlines():
        if not line.startswith(" "):
            name, _, kind = line.partition(" : ")
            entries.append([f"- `{name}`" + (f" ({_inline(kind)})" if kind else "") + ":"])
        elif line.strip():
            entries[-1].append(_inline(line.strip()))
    texts = [" ".join(entry).removesuffix(":") for entry in entries]
    return "\n".join(
        textwrap.fill(text, 98, subsequent_indent="  ", break_on_hyphens=False) for text in texts
    )


def _joined(body: str) -> str:
    return "\n".join(line.strip() for line in body.strip().splitlines())


def _inline(text: str) -> str:
    """Convert literals of reStructuredText to Markdown, and citations to plain brackets."""
    return re.sub(r"\[(\d+)\]_", r"[\1]", text.replace("``", "`"))


def _without_directives(text: str) -> str:
    text = re.sub(r" +# doctest: .*$", "", text, flags=re.MULTILINE)
    return re.sub(r"(?<=\S) {3,}#", "  #", text)  # `ruff format` looks into Markdown too


if __name__ == "__main__":
    if "--write" in sys.argv:
        PAGE.write_text(page(), encoding="utf-8")
    else:
        print(page(), end="")
