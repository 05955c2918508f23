"""Bump-allocate NumPy code: rewrite functions so that their arrays come out of an arena."""

from typing import TYPE_CHECKING, Any

from .numpy_names import own_names

if TYPE_CHECKING:
    from .comparison import Checks, Comparison, FunctionGain, LineGain, check, compare

with own_names():
    from .buffer import Buffer
    from .bump import bump, default_buffer, run
    from .cores import core
    from .errors import BufferFullError, DifferenceError, DifferenceWarning, RewriteWarning
    from .explain import Explanation, explain
    from .profile import Profile, ProfileDiff, allocated, profile
    from .registry import register
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
    "Profile",
    "ProfileDiff",
    "RewriteWarning",
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
    "set_num_threads",
]
__version__ = "0.1.0"

#: What is loaded when a program first asks for it.
_LATE = frozenset({"Checks", "Comparison", "FunctionGain", "LineGain", "check", "compare"})


def __getattr__(name: str) -> Any:
    if name not in _LATE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    with own_names():
        from . import comparison

        globals().update((late, getattr(comparison, late)) for late in _LATE)
    return globals()[name]


def __dir__() -> list[str]:
    return sorted({*globals(), *_LATE})
