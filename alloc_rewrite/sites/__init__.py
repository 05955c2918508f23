"""The choice of a core: what makes the sites of bumped functions.

In: nothing but the environment. Out: the class that makes sites, and why it is this one.
"""

from __future__ import annotations

from .faults import from_signal_handler
from .operators import SYMBOLS
from .python import PythonSites as ArenaSites

__all__ = ["SYMBOLS", "ArenaSites", "core", "from_signal_handler"]


def core() -> tuple[str, str]:
    """Return the name of the core that runs, and the reason why it is this one.

    Examples
    --------
    >>> import alloc_rewrite as alloc
    >>> alloc.core()
    ('python', 'the only core of this version')
    """
    return "python", "the only core of this version"
