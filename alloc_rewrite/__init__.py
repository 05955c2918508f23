"""Bump-allocate NumPy code: rewrite functions so that their arrays come out of an arena."""

from .buffer import Buffer
from .bump import bump, default_buffer, run
from .cores import core
from .errors import BufferFullError, RewriteWarning
from .profile import Profile, allocated, profile
from .registry import register

__all__ = [
    "Buffer",
    "BufferFullError",
    "Profile",
    "RewriteWarning",
    "allocated",
    "bump",
    "core",
    "default_buffer",
    "profile",
    "register",
    "run",
]
__version__ = "0.1.0"
