"""Bump-allocate NumPy code: rewrite functions so that their arrays come out of an arena."""

import importlib
from typing import TYPE_CHECKING, Any

from .numpy_names import own_names

if TYPE_CHECKING:
    from .comparison import Checks, Comparison, FunctionGain, LineGain, check, compare
    from .processes import ProcessStats, Stats, stats
    from .profile.difference import ProfileDiff

with own_names():
    from .buffer import Buffer
    from .bump import bump, default_buffer, run
    from .compiled.modes import set_compile
    from .cores import core
    from .errors import BufferFullError, DifferenceError, DifferenceWarning, RewriteWarning
    from .explain import Explanation, explain
    from .profile import Profile, allocated, profile
    from .registry import register
    from .report import Report
    from .threads import get_num_threads, set_num_threads

__all__ = [
    "Buffer",
    "BufferFullError",
    "Checks",
    "Comparison",
    "DifferenceError",
    "DifferenceWarning",
    "Explanation",
    "FunctionGain",
    "LineGain",
    "ProcessStats",
    "Profile",
    "ProfileDiff",
    "Report",
    "RewriteWarning",
    "Stats",
    "allocated",
    "bump",
    "check",
    "compare",
    "core",
    "default_buffer",
    "explain",
    "get_num_threads",
    "profile",
    "register",
    "run",
    "set_compile",
    "set_num_threads",
    "stats",
]
__version__ = "0.1.0"

#: What is loaded when a program first asks for it, and from where.
_LATE = {
    **dict.fromkeys(
        ("Checks", "Comparison", "FunctionGain", "LineGain", "check", "compare"), "comparison"
    ),
    "ProfileDiff": "profile.difference",
    **dict.fromkeys(("ProcessStats", "Stats", "stats"), "processes"),
    "load_ipython_extension": "ipython",
}


def __getattr__(name: str) -> Any:
    if name not in _LATE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    with own_names():
        module = importlib.import_module(f".{_LATE[name]}", __name__)
    value = globals()[name] = getattr(module, name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_LATE})
