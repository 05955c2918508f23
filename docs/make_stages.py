"""Prints a small function after every stage of the pipeline.

Run as `python docs/make_stages.py [--write]`. With `--write` it puts the stages into
`docs/explanation/how-it-works.md`, between the two markers.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from types import CodeType
from typing import Any

import numpy as np

import alloc_rewrite as alloc
from alloc_rewrite.cores import use
from alloc_rewrite.native.sites import NativeSites
from alloc_rewrite.pycore.sites import PythonSites
from alloc_rewrite.rewrite import found_in
from alloc_rewrite.rewrite.decode import items_of
from alloc_rewrite.rewrite.encode import encode
from alloc_rewrite.rewrite.gates import Hole, content_of
from alloc_rewrite.rewrite.ir import IR

PAGE = Path(__file__).parent / "explanation" / "how-it-works.md"
MARKED = re.compile(r"(<!-- stages: [^>]*-->\n).*(<!-- end of stages -->\n)", re.DOTALL)
VERSION = f"Python {sys.version_info[0]}.{sys.version_info[1]}"


SOURCE = "def f(a, b):\n    return np.exp(a * b)\n"


def the_function() -> Any:
    """Return the function that goes through the pipeline; its lines count from 1."""
    namespace: dict[str, Any] = {"np": np, "__name__": "__main__"}
    exec(compile(SOURCE, "example.py", "exec"), namespace)
    return namespace["f"]


def stages() -> list[tuple[str, str, str]]:
    """Return the name of each stage, what it did, and what it printed."""
    function = the_function()
    code = function.__code__
    ir, places = found_in(code, NativeSites.style)
    direct = encode(ir, places, NativeSites.style)
    _, single = found_in(code, PythonSites.style)
    new = encode(ir, single, PythonSites.style)
    return [
        ("The function", "What you write.", SOURCE),
        (
            "Decode",
            "Line, index, stack depth before the instruction, instruction, argument.",
            str(ir),
        ),
        (
            "Find operations, calls and regions",
            "Each place that gets a site: items from `start` up to `stop`. The lines below a "
            "region say what it computes. The Python core has no regions.",
            "\n".join(_described(place) for place in places),
        ),
        (
            "Verify and encode",
            "The rewritten code for the native core, decoded again for printing. The region's site "
            "comes first; the original instructions follow. Among them, an operation's site "
            "replaces the operator, and a call's site swaps the callable before the original call.",
            str(IR(direct, items_of(direct))),
        ),
        (
            "Encode for the Python core",
            "The same operation and call in the Python core's style: all original instructions "
            "remain, each after its own site.",
            str(IR(new, items_of(new))),
        ),
        (
            "Sites",
            "What fills the holes in the Python core: gates, which hold their sites weakly, and "
            "the ufuncs that finish an operation.",
            "\n".join(f"{name:<8} {content}" for name, content in _fillings(function, new)),
        ),
    ]


def _described(place: object) -> str:
    shown = {
        name: getattr(place, name)
        for name in ("start", "stop", "operator", "form", "size", "names")
        if hasattr(place, name)
    }
    inside = ", ".join(f"{name}={value!r}" for name, value in shown.items())
    program = str(getattr(place, "program", "")).splitlines()
    return "\n    ".join([f"{type(place).__name__}({inside})", *program])


def _fillings(function: Any, code: CodeType) -> list[tuple[str, str]]:
    """Describe what fills the holes of the rewritten code."""
    out = []
    with use("python"):
        bumped = alloc.bump(alloc.Buffer(4096))(function)
    for hole, constant in zip(code.co_consts, bumped.__code__.co_consts, strict=False):
        if type(hole) is not Hole:
            continue
        if isinstance(constant, np.ufunc):
            out.append((hole.name, repr(constant)))
        else:
            content = content_of(constant)
            site = type(content.__self__).__name__
            out.append((hole.name, f"{constant!r}, which leads to {site}.{content.__name__}"))
    return sorted(out)


def page_part() -> str:
    """Return the stages in Markdown."""
    out = []
    for number, (name, what, printed) in enumerate(stages()):
        language = "text" if number else "python"
        out.append(f"### {number}. {name}\n\n{what}\n\n```{language}\n{printed.rstrip()}\n```\n")
    return "\n".join(out)


def with_stages(page: str) -> str:
    """Return the page with the stages of this version of Python."""
    part = page_part()
    return MARKED.sub(
        lambda _: f"<!-- stages: {VERSION} -->\n\n{part}\n<!-- end of stages -->\n", page
    )


if __name__ == "__main__":
    if "--write" in sys.argv:
        PAGE.write_text(with_stages(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    else:
        print(page_part())
