"""The choice of a core: native (the extension) or Python, and why.

In: the environment variable ``ALLOC_REWRITE_CORE``, and what is installed. Out: a `Core`, the
extension module if it is the native one, and arenas. It must not know sites.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import os
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import TYPE_CHECKING, Any, NamedTuple

from .figures import figures
from .interpreter import FREE_THREADED, UNSUPPORTED
from .numpy_facts import wants_huge_pages
from .numpy_names import own_names
from .sizes import FIRST_CHUNK, aligned

if TYPE_CHECKING:
    from .pycore.arena import PythonArena

VARIABLE = "ALLOC_REWRITE_CORE"
SWITCH = "ALLOC_REWRITE"  # 0 switches the library off
CHOICES = ("auto", "native", "python")
_POLICIES = {"raise": 0, "grow": 1, "heap": 2}


class Core(NamedTuple):
    """Which core runs, and why it is this one."""

    name: str
    reason: str


def _loaded() -> tuple[ModuleType | None, str]:
    """Return the extension module, or None and why it cannot be used."""
    if UNSUPPORTED or FREE_THREADED:  # where importing it would turn the GIL on
        return None, UNSUPPORTED or FREE_THREADED
    try:
        return importlib.import_module(f"{__package__}._native"), "the extension module is there"
    except ModuleNotFoundError:
        return None, "there is no extension module: it was installed without a C compiler"
    except ImportError as error:
        return None, f"the extension module could not be imported: {error}"


def _chosen() -> Core:
    wanted = os.environ.get(VARIABLE, "auto") or "auto"
    if wanted not in CHOICES:
        raise ValueError(f"{VARIABLE}={wanted!r} is not one of {', '.join(map(repr, CHOICES))}")
    if wanted == "native" and native is None:
        raise ImportError(f"{VARIABLE}=native, but {_why}")
    if wanted != "auto":
        return Core(wanted, f"{VARIABLE}={wanted}")
    return Core("python" if native is None else "native", _why)


def _switched_off() -> str:
    value = os.environ.get(SWITCH, "")
    if value not in ("", "0", "1"):
        raise ValueError(
            f"{SWITCH}={value!r} is not one of '0' (bump returns functions as they are) and '1' "
            f"(as without it); {VARIABLE} chooses the core"
        )
    if value == "0":
        return f"{SWITCH}=0: bump returns functions as they are"
    return FREE_THREADED


#: What else there is to say of the native core: functions that return it.
notes: list[Callable[[], str]] = []
#: Why the library is off; empty if it is not.
_off = [_switched_off()]


def _of_sites() -> dict[str, int]:
    """Return what the sites of the native core have counted."""
    hits, misses = (0, 0) if native is None else native.site_figures()
    return {"hits": hits, "misses": misses}


#: The extension module, or None.
native: Any
native, _why = _loaded()
figures.sources.append(_of_sites)
_current = [_chosen()]


def selected() -> Core:
    """Return the core that new buffers get."""
    return _current[0]


def switched_off() -> bool:
    """Whether functions are left as they are, and arrays to the heap."""
    return bool(_off[0])


@contextlib.contextmanager
def use(name: str) -> Iterator[None]:
    """Let buffers made in a block of code have that core (for tests and benchmarks)."""
    if name == "native" and native is None:
        raise ImportError(_why)
    before = _current[0]
    _current[0] = Core(name, "chosen by a block of code")
    try:
        yield
    finally:
        _current[0] = before


def new_arena(core: str, nbytes: int | None, on_full: str, limit: int | None) -> Any:
    """Return an arena of that core with a buffer's settings.

    Arenas of both cores have ``capacity``, ``used``, ``peak``, ``live``, ``chunks``,
    ``heap_fallbacks``, ``reset()``, ``trim()`` and ``empty(shape, dtype, strides=None)``.
    """
    if core != "native":
        return _python_arena()(nbytes, on_full, limit)
    assert native is not None
    size = 0 if nbytes is None else aligned(nbytes)
    first = FIRST_CHUNK if nbytes is None else 0
    return native.Arena(size, _POLICIES[on_full], limit or 0, first, wants_huge_pages())


@functools.cache
def _python_arena() -> type[PythonArena]:
    """Return the arena of the Python core, which is loaded when it is needed."""
    with own_names():
        from .pycore.arena import PythonArena
    return PythonArena


def core() -> tuple[str, str]:
    """Return the name of the core that runs, and the reason why it is this one.

    The native core is an extension module, built at installation where there is a C compiler. The
    environment variable ``ALLOC_REWRITE_CORE`` chooses: ``native``, ``python`` or ``auto``. The
    reason also says whether hot regions are compiled to machine code (see `set_compile`). With
    ``ALLOC_REWRITE=0``, and on free-threaded builds of Python, the library is off, and so is the
    name: ``"off"``.

    Examples
    --------
    >>> import alloc_rewrite as alloc
    >>> name, reason = alloc.core()
    >>> name in ("native", "python")
    True
    """
    if switched_off():
        return "off", _off[0]
    name, reason = selected()
    said = [note() for note in notes] if name == "native" else []
    return name, "; ".join([reason, *said])
