"""Bump-allocate NumPy code: rewrite functions so that their arrays come out of an arena."""

from .numpy_names import own_names

with own_names():
    from .buffer import Buffer
    from .bump import bump, default_buffer, run
    from .compiled.modes import set_compile
    from .cores import core
    from .errors import BufferFullError, RewriteWarning
    from .explain import Explanation, explain
    from .profile import Profile, allocated, profile
    from .registry import register
    from .threads import get_num_threads, set_num_threads

__all__ = [
    "Buffer",
    "BufferFullError",
    "Explanation",
    "Profile",
    "RewriteWarning",
    "allocated",
    "bump",
    "core",
    "default_buffer",
    "explain",
    "get_num_threads",
    "profile",
    "register",
    "run",
    "set_compile",
    "set_num_threads",
]
__version__ = "0.1.0"
