"""The sites of bumped functions, of either core.

In: a buffer, and what may be entered. Out: what makes sites of the buffer's core.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, TypeAlias

from .buffer import Buffer
from .callees import Policy
from .cores import native as extension
from .native.sites import NativeSites, configure
from .numpy_names import own_names
from .rewrite import Style

if TYPE_CHECKING:
    from .pycore.sites import PythonSites

ArenaSites: TypeAlias = "PythonSites | NativeSites"

if extension is not None:
    configure()


def arena_sites(buffer: Buffer, policy: Policy, frugal: bool = True) -> ArenaSites:
    """Return what makes the sites of functions bumped into a buffer (see `PythonSites`)."""
    return _kind(buffer.core)(buffer, policy, frugal)


def style_of(core: str) -> Style:
    """Return how the sites of that core are called."""
    return _kind(core).style


def _kind(core: str) -> type[ArenaSites]:
    return NativeSites if core == "native" else _python_sites()


@functools.cache
def _python_sites() -> type[PythonSites]:
    """Return the sites of the Python core, which are loaded when they are needed."""
    with own_names():
        from .pycore.sites import PythonSites
    return PythonSites
