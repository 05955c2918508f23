"""The sites of bumped functions, of either core.

In: a buffer, and what may be entered. Out: what makes sites of the buffer's core.
"""

from __future__ import annotations

from .buffer import Buffer
from .callees import Policy
from .cores import native as extension
from .native.sites import NativeSites, configure
from .pycore.sites import PythonSites
from .rewrite import Style

ArenaSites = PythonSites | NativeSites

if extension is not None:
    configure()


def arena_sites(buffer: Buffer, policy: Policy, frugal: bool = True) -> ArenaSites:
    """Return what makes the sites of functions bumped into a buffer (see `PythonSites`)."""
    kind = NativeSites if buffer.core == "native" else PythonSites
    return kind(buffer, policy, frugal)


def style_of(core: str) -> Style:
    """Return how the sites of that core are called."""
    return (NativeSites if core == "native" else PythonSites).style
