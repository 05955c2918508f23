"""`Buffer`: what users create, set and read; its memory is an arena of the core that runs.

In: sizes and policies. Out: an arena with these settings, and its figures. It must not know how
an arena works, nor what takes arrays from it.
"""

from __future__ import annotations

import contextvars
from typing import Any, Literal, get_args

from .cores import new_arena, selected, switched_off
from .figures import figures
from .sizes import checked_size, counted

OnFull = Literal["raise", "grow", "heap"]
POLICIES: tuple[OnFull, ...] = get_args(OnFull)
_former: contextvars.ContextVar[tuple[Any, ...]] = contextvars.ContextVar(
    "alloc_rewrite.former_handlers", default=()
)


class Buffer:
    """A bump buffer: memory, aligned to 64 bytes, that arrays live in.

    Parameters
    ----------
    nbytes : int, optional
        Capacity in bytes. With it the buffer is of fixed size; without it the buffer starts
        small and grows by chunks.
    on_full : {"raise", "grow", "heap"}, optional
        What happens when an array does not fit: `BufferFullError`, another chunk, or an
        ordinary NumPy array (counted in `heap_fallbacks`). The default is ``"raise"`` for a
        buffer with a size and ``"grow"`` for one without.
    limit : int, optional
        Largest capacity, in bytes, that ``on_full="grow"`` may reach; `BufferFullError`
        beyond it.

    Raises
    ------
    TypeError
        If `nbytes` or `limit` is not an integer.
    ValueError
        If they are not positive or exceed the machine's memory, or `on_full` is unknown.

    Notes
    -----
    A bump allocator hands out memory by moving a pointer [1]_. Here a block is also reused
    once no array, view or memoryview over it is left, so a loop of any length needs
    the memory of its live arrays only. Memory under a live array is never handed out.

    A buffer may be used from several threads at once. It pickles as its settings.

    References
    ----------
    .. [1] Hanson, D. R. (1990). Fast allocation and deallocation of memory based on object
       lifetimes. Software: Practice and Experience, 20(1), 5-12.

    Examples
    --------
    >>> import numpy as np
    >>> import alloc_rewrite as alloc
    >>> buf = alloc.Buffer(10**6)
    >>> x = alloc.run(lambda: np.ones(1000) * 2, buf)
    >>> buf.live, buf.peak
    (1, 16384)
    """

    def __init__(
        self,
        nbytes: int | None = None,
        *,
        on_full: OnFull | None = None,
        limit: int | None = None,
    ) -> None:
        nbytes = None if nbytes is None else checked_size(nbytes, "nbytes")
        if on_full is None:
            on_full = "grow" if nbytes is None else "raise"
        if on_full not in POLICIES:
            raise ValueError(f"on_full={on_full!r} is not one of {', '.join(map(repr, POLICIES))}")
        if limit is not None:
            limit = checked_size(limit, "limit")
            if on_full != "grow":
                raise ValueError(f"limit={limit} needs on_full='grow', not {on_full!r}")
            if limit < (nbytes or 0):
                raise ValueError(f"limit={limit} is less than nbytes={nbytes}")
        self._nbytes = nbytes
        self._on_full = on_full
        self._limit = limit
        self.may_raise = on_full == "raise" or limit is not None  # `BufferFullError`
        self.companions: dict[Any, Any] = {}  # what other parts keep as long as the buffer lives
        # The core whose sites use the buffer, and its memory.
        self.core = selected().name
        self.arena: Any = new_arena(self.core, nbytes, on_full, limit)
        figures.enter(self, self.arena)

    # ------------------------------------------------------------------ what it holds

    @property
    def capacity(self) -> int:
        """Bytes of memory the buffer has now."""
        return int(self.arena.capacity)

    @property
    def used(self) -> int:
        """Bytes handed out: live arrays, and dead ones whose blocks wait for reuse."""
        return int(self.arena.used)

    @property
    def peak(self) -> int:
        """High-water mark of `used`, in bytes, since the buffer was made."""
        return int(self.arena.peak)

    @property
    def live(self) -> int:
        """Number of arrays that are still referenced (views count as their array)."""
        return int(self.arena.live)

    @property
    def chunks(self) -> int:
        """Number of chunks the memory consists of."""
        return int(self.arena.chunks)

    @property
    def heap_fallbacks(self) -> int:
        """Number of arrays left to the heap because the buffer was full."""
        return int(self.arena.heap_fallbacks)

    def stats(self) -> dict[str, int]:
        """Return all the figures at once, by name.

        Examples
        --------
        >>> import alloc_rewrite as alloc
        >>> alloc.Buffer(1024).stats()  # doctest: +NORMALIZE_WHITESPACE
        {'capacity': 1024, 'used': 0, 'peak': 0, 'live': 0, 'chunks': 1, 'heap_fallbacks': 0}
        """
        names = ("capacity", "used", "peak", "live", "chunks", "heap_fallbacks")
        return {name: getattr(self, name) for name in names}

    def __repr__(self) -> str:
        size = "" if self._nbytes is None else f"{self._nbytes}, "
        limit = "" if self._limit is None else f", limit={self._limit}"
        return (
            f"<Buffer({size}on_full={self._on_full!r}{limit}): {self.used} of "
            f"{self.capacity} bytes used in {counted(self.chunks, 'chunk')}, "
            f"{counted(self.live, 'live array')}, peak {self.peak}, "
            f"{counted(self.heap_fallbacks, 'heap fallback')}>"
        )

    def __reduce__(self) -> tuple[Any, ...]:
        return _restored, (self._nbytes, self._on_full, self._limit)

    def reset(self) -> None:
        """Empty the buffer. Arrays that are still alive keep their memory.

        A chunk with live arrays is retired: it leaves the buffer, lives as long as they do,
        and a new chunk takes its place.

        Examples
        --------
        >>> import numpy as np
        >>> import alloc_rewrite as alloc
        >>> buf = alloc.Buffer(4096)
        >>> x = alloc.run(lambda: np.full(10, 7.0), buf)
        >>> buf.reset()
        >>> float(x.sum()), buf.used, buf.live
        (70.0, 0, 0)
        """
        self.arena.reset()

    def trim(self) -> int:
        """Return memory that no array needs to the system.

        Chunks without live arrays leave the buffer. Other chunks, and the first chunk of a buffer
        with a size, stay; free pages in them are returned where the system allows it (Linux).

        Returns
        -------
        int
            Bytes returned: memory that arrays have used since the system gave it.

        Raises
        ------
        RuntimeError
            If it is called from code that interrupted the buffer at work, such as a finaliser.

        Notes
        -----
        Live arrays keep their place, and nothing else changes: the buffer takes memory again when
        it needs some, at the price of page faults. A buffer trims itself when it has kept much more
        than it needed over many requests for arrays; `reset` alone doesn't trim.

        Examples
        --------
        >>> import numpy as np
        >>> import alloc_rewrite as alloc
        >>> buf = alloc.Buffer()
        >>> f = alloc.bump(buf)(lambda n: float(np.sqrt(np.ones(n)).sum()))
        >>> f(10**6)
        1000000.0
        >>> buf.capacity >= buf.trim() >= 8 * 10**6
        True
        >>> buf.capacity, buf.trim(), f(10**6)
        (0, 0, 1000000.0)
        """
        return int(self.arena.trim())

    def __enter__(self) -> Buffer:
        """Take all arrays that NumPy makes in this thread or task from the buffer.

        With ``ALLOC_REWRITE=0`` in the environment they stay on the heap.

        Raises
        ------
        RuntimeError
            If the Python core runs: it has no memory handler for NumPy.

        Notes
        -----
        The buffer becomes NumPy's memory handler for the block (NEP 49 [1]_), for code that is not
        rewritten. In a generator the handler stays in force while the generator is suspended.

        References
        ----------
        .. [1] https://numpy.org/neps/nep-0049.html
        """
        if switched_off():
            return self
        enter = getattr(self.arena, "enter", None)
        if enter is None:
            raise RuntimeError(
                "with buf: needs the native core, which does not run here "
                f"({selected().reason}); use alloc_rewrite.run(f, buf) or @bump(buf)"
            )
        _former.set((*_former.get(), enter()))
        return self

    def __exit__(self, *error: object) -> None:
        """Put the former handler in force again."""
        if switched_off():
            return
        *others, former = _former.get()
        _former.set(tuple(others))
        self.arena.leave(former)


def _restored(nbytes: int | None, on_full: OnFull, limit: int | None) -> Buffer:
    return Buffer(nbytes, on_full=on_full, limit=limit)
