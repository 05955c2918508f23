"""Which locals matter where: what is read later, and what may hold a value already.

In: an `IR`. Out: a `Locals` that answers by item. It must not know regions.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable
from typing import Any

from .ir import IR
from .items import Instr

_READS = frozenset(
    {"LOAD_FAST", "LOAD_FAST_CHECK", "LOAD_FAST_BORROW", "LOAD_FAST_AND_CLEAR", "DELETE_FAST"}
)
_BINDS = _READS | {"STORE_FAST"}
_CLEARS = "LOAD_FAST_AND_CLEAR"  # of the variable of a comprehension, which gets its value back


class Locals:
    """Answers questions on a function's locals, each kind when it is first asked."""

    def __init__(self, ir: IR) -> None:
        self._items = ir.items
        self._labels = ir.labels
        self._marks = ir.marks
        self._arguments = frozenset(_arguments(ir.code))

    def is_live(self, name: str, at: int) -> bool:
        """Whether a local's value on entry of an item may be read, by it or later."""
        return bool(self._live[at] & self._bit(name)) if at < len(self._live) else False

    def is_bound(self, name: str, at: int) -> bool:
        """Whether a local has a value for certain when an item begins."""
        return bool(self._bound[at] & self._bit(name))

    def may_hold(self, name: str, start: int, stop: int) -> bool:
        """Whether a local may hold a value when the items from `start` to `stop` begin."""
        if name in self._arguments:
            return True
        stored = self._stores.get(name, [])
        if any(not start <= at < stop for at in stored):
            return True
        return self._is_repeated(start, stop)

    @functools.cached_property
    def _bits(self) -> dict[str, int]:
        return {}

    def _bit(self, name: str) -> int:
        bit = self._bits.get(name)
        if bit is None:
            bit = self._bits[name] = 1 << len(self._bits)
        return bit

    @functools.cached_property
    def _stores(self) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        for i, item in enumerate(self._items):
            for name in names_stored(item):
                found.setdefault(name, []).append(i)
        return found

    def _is_repeated(self, start: int, stop: int) -> bool:
        """Whether a jump after these items leads to before them."""
        return self._first_handler <= start or any(
            at >= stop and target <= start for at, target in self._jumps_back
        )

    @functools.cached_property
    def _first_handler(self) -> int:
        marks = {mark for mark in self._marks if mark is not None}
        return min((self._labels[mark.target] for mark in marks), default=len(self._items))

    @functools.cached_property
    def _jumps_back(self) -> list[tuple[int, int]]:
        """The jumps to earlier items: from where, to where."""
        jumps = [
            (at, self._labels[item.arg])
            for at, item in enumerate(self._items)
            if type(item) is Instr and item.is_jump
        ]
        return [(at, target) for at, target in jumps if target <= at]

    @functools.cached_property
    def _live(self) -> list[int]:
        """For each item the locals that are live before it, as bits."""
        flows = [(i, *self._flow(i)) for i in range(len(self._items) - 1, -1, -1)]
        live = [0] * (len(self._items) + 1)
        back: list[tuple[int, int]] = []  # what has been read of items that are done later
        changed = True
        while changed:
            for i, leads, keeps, reads, handler in flows:
                now = 0
                for target in leads:
                    now |= live[target]
                    if target <= i:
                        back.append((target, live[target]))
                now = now & keeps | reads
                if handler is not None:
                    now |= live[handler]
                    if handler <= i:
                        back.append((handler, live[handler]))
                live[i] = now
            changed = any(live[target] != read for target, read in back)
            back.clear()
        return live

    def _flow(self, at: int) -> tuple[tuple[int, ...], int, int, int | None]:
        """Return where an item leads, which locals it keeps and reads, and its handler."""
        item, mark = self._items[at], self._marks[at]
        if type(item) is not Instr:
            return (at + 1,), -1, 0, None
        leads: tuple[int, ...] = () if item.is_final else (at + 1,)
        if item.is_jump:
            leads += (self._labels[item.arg],)
        keeps, reads, name = -1, 0, item.name
        if name == "STORE_FAST" and type(item.arg) is str:
            keeps = ~self._bit(item.arg)
        elif name in _READS and type(item.arg) is str:
            reads = self._bit(item.arg)
        return leads, keeps, reads, None if mark is None else self._labels[mark.target]

    @functools.cached_property
    def _bound(self) -> list[int]:
        """For each item the locals that have a value before it on all paths, as bits."""
        items, labels, marks = self._items, self._labels, self._marks
        everything = -1
        bound = [everything] * (len(items) + 1)
        bound[0] = 0
        for name in self._arguments:
            bound[0] |= self._bit(name)
        work, seen = [0], {0}
        while work:
            i = work.pop()
            while i < len(items):
                item, now = items[i], bound[i]
                leads: list[tuple[int, int]] = []
                if isinstance(item, Instr):
                    if marks[i] is not None:
                        leads.append((labels[marks[i].target], now))
                    now = self._after(i, item, now)
                    if item.is_jump:
                        leads.append((labels[item.arg], now))
                    if item.is_final:
                        now = everything
                for target, known in leads:
                    if bound[target] & known != bound[target]:
                        bound[target] &= known
                        work.append(target)
                i += 1
                if bound[i] & now == bound[i] and i in seen:
                    break
                bound[i] &= now
                seen.add(i)
        return bound

    def _after(self, at: int, item: Instr, bound: int) -> int:
        """Return the locals that have a value for certain after an item, as bits."""
        name = item.arg
        if item.name not in _BINDS or not isinstance(name, str):
            return bound
        unbinds = item.name in ("DELETE_FAST", _CLEARS) or (
            item.name == "STORE_FAST" and name in self._cleared and self._gives_back(at)
        )
        return bound & ~self._bit(name) if unbinds else bound | self._bit(name)

    @functools.cached_property
    def _cleared(self) -> frozenset[Any]:
        items = self._items
        return frozenset(i.arg for i in items if isinstance(i, Instr) and i.name == _CLEARS)

    def _gives_back(self, at: int) -> bool:
        """Whether a store may give a variable what it held, or did not hold, before."""
        while getattr(self._items[at], "name", "STORE_FAST") == "STORE_FAST":
            at -= 1
        return self._items[at].name in ("SWAP", "POP_TOP", "END_FOR", "POP_ITER")


def locals_of(ir: IR) -> Locals:
    """Return what can be asked on the locals of a function."""
    if ir.locals is None:
        ir.locals = Locals(ir)
    return ir.locals


def names_stored(item: Any) -> Iterable[str]:
    """Return the locals that an item gives a value."""
    if type(item) is Instr and item.name == "STORE_FAST" and isinstance(item.arg, str):
        return (item.arg,)
    return ()


def names_read(item: Any) -> Iterable[str]:
    """Return the locals whose value, or having one, matters to an item."""
    if type(item) is Instr and item.name in _READS and isinstance(item.arg, str):
        return (item.arg,)
    return ()


def _arguments(code: Any) -> tuple[str, ...]:
    n = code.co_argcount + code.co_kwonlyargcount
    n += bool(code.co_flags & 0x04) + bool(code.co_flags & 0x08)
    return tuple(code.co_varnames[:n])
