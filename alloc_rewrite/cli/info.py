"""What runs here: versions, core, settings and processor, for reports of faults.

In: nothing. Out: an `Info`.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import os
import platform
import sys
from dataclasses import dataclass

from ..cores import core
from ..report import Report
from ..report.document import Document, Sentences
from ..threads import get_num_threads

_PACKAGES = ("alloc_rewrite", "numpy", "bytecode", "llvmlite", "scipy")


@dataclass(frozen=True, slots=True, repr=False)
class Info(Report):
    """What runs here, as pairs of a name and a text."""

    entries: tuple[tuple[str, str], ...]

    @classmethod
    def of_this_process(cls) -> Info:
        """Collect what there is to know."""
        name, reason = core()
        entries = [
            *((package, version(package)) for package in _PACKAGES),
            ("Python", f"{platform.python_implementation()} {sys.version.replace(chr(10), ' ')}"),
            ("GIL", "on" if getattr(sys, "_is_gil_enabled", lambda: True)() else "off"),
            ("core", f"{name}: {reason}"),
            ("threads", str(get_num_threads())),
            ("system", platform.platform()),
            ("processor", f"{_processor()}, {os.cpu_count()} logical"),
        ]
        entries += [(k, v) for k, v in sorted(os.environ.items()) if k.startswith("ALLOC_REWRITE")]
        return cls(tuple(entries))

    def __str__(self) -> str:
        width = max(len(name) for name, _ in self.entries)
        return "\n".join(f"{name:<{width}}  {text}" for name, text in self.entries)

    def _title(self) -> str:
        return "this process"

    def _document(self) -> Document:
        lines = [f"{name}: {text}" for name, text in self.entries]
        return Document("alloc_rewrite: what runs here", [], [Sentences("", lines)])


def version(package: str) -> str:
    """Return the version of a package, in words."""
    if package == "alloc_rewrite":
        return str(importlib.import_module(package).__version__)
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            names = (
                line.partition(":")[2].strip() for line in lines if line.startswith("model name")
            )
            return next(names, "") or platform.processor() or platform.machine()
    except OSError:
        return platform.processor() or platform.machine()
