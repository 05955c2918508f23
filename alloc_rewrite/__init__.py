"""Bump-allocate NumPy code: rewrite functions so that their arrays come out of an arena."""

from .numpy_names import own_names

with own_names():
    from .buffer import Buffer
    from .bump import bump, default_buffer, run
    from .comparison import Checks, Comparison, FunctionGain, LineGain, check, compare
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
