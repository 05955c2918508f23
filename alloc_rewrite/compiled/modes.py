"""When regions are compiled: the environment's choice, and the program's.

In: a name. Out: nothing but its effect on the extension and the kernels. It must not know plans.
"""

from __future__ import annotations

import os

from ..cores import native, notes
from .kernels import workshop

VARIABLE = "ALLOC_REWRITE_COMPILE"
#: In the order in which the extension numbers them.
MODES = ("off", "background", "now")
_mode = [""]


def set_compile(mode: str) -> None:
    """Set when hot regions and loops become machine code; at first it is in the background.

    This takes llvmlite (``pip install alloc_rewrite[compiled]``) and the native core; without them
    it has no effect. When a region has run for some milliseconds in all, one thread compiles those
    of its operations whose results IEEE 754 or C's integers fix: in registers, without arrays in
    between. All other operations stay NumPy's loops. Loops over numbers, items and slices are
    compiled after some thousands of iterations. Results, warnings and exceptions are the same, bit
    for bit. `explain` shows what was compiled, and why something was not. Object code is kept on
    disk for later processes: in the platform's folder for caches, or where the environment variable
    ``ALLOC_REWRITE_CACHE`` says; not at all if it is ``off``.

    Parameters
    ----------
    mode : str
        ``"background"``: when a region or loop has become hot, while it goes on as it is.
        ``"now"``: when a region runs for the first time with arrays of some shapes, or a loop with
        values of some kinds, which waits for that; for tests and benchmarks. ``"off"``: never; what
        has been compiled stays. The environment variable ``ALLOC_REWRITE_COMPILE`` has the mode to
        begin with.

    Raises
    ------
    ValueError
        If it is none of these.

    Examples
    --------
    >>> import alloc_rewrite as alloc
    >>> alloc.set_compile("off")
    >>> alloc.set_compile("background")
    """
    if mode not in MODES:
        raise ValueError(f"set_compile: {mode!r} is not one of {', '.join(map(repr, MODES))}")
    _mode[0] = mode
    workshop.now = mode == "now"
    if native is not None:
        native.set_compiles(MODES.index(mode))


def state() -> str:
    """Return in a few words whether regions are compiled, or why not."""
    if _mode[0] == "off":
        return "hot regions are not compiled: that is switched off"
    reason = workshop.refusal()
    return f"hot regions are not compiled: {reason}" if reason else "hot regions are compiled"


def _first() -> str:
    wanted = os.environ.get(VARIABLE, "") or "background"
    if wanted not in MODES:
        raise ValueError(f"{VARIABLE}={wanted!r} is not one of {', '.join(map(repr, MODES))}")
    return wanted


set_compile(_first())
notes.append(state)
