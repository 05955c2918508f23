"""Rewritten functions: what the pipeline makes of code, with sites in its gates.

In: code objects, and a `Sites` that makes what runs at each place. Out: their rewritten forms,
one for each code object. It must not know what sites do, nor how they are called.
"""

from __future__ import annotations

import logging
import weakref
from types import CellType, CodeType, FunctionType
from typing import Any, NamedTuple, Protocol

from bytecode.instr import InstrLocation

from ..errors import BufferFullError, NothingToDoError
from .convention import Place, Style, finishers_by_name, site_names
from .gates import Gates, filled
from .pipeline import failure, form_of, with_sites

logger = logging.getLogger("alloc_rewrite")


class Where(NamedTuple):
    """A place in the source: what a site is called in reports and errors."""

    filename: str
    line: int
    function: str


def located(where: Where, what: str, error: BufferFullError) -> BufferFullError:
    """Return a full buffer's error that names the line and the operation."""
    return BufferFullError(
        f"{where.filename}:{where.line}, in {where.function}, {what}: {error}",
        error.nbytes,
        error.suggested_nbytes,
    )


class Sites(Protocol):
    """What makes the sites of one kind of rewriting (bump, profile, ...)."""

    @property
    def style(self) -> Style:
        """How the sites are called."""
        ...

    def is_foreign(self, error: Exception) -> bool:
        """Whether something other than the rewriter raised an exception during rewriting."""
        ...

    def make(self, place: Place, where: Where, owner: Owner, number: int) -> list[Any]:
        """Return the contents of the place's gates: the site, and its observer if any."""
        ...


class Owner(Protocol):
    """What a site knows of the code it stands in."""

    def give_back(self, number: int) -> None:
        """Switch off a site that does not pay."""
        ...

    def settle(self) -> None:
        """Make the code anew, as most sites have shown by now whether they pay."""
        ...


class _Kept(Owner):
    """The owner of sites that are never switched off."""

    def give_back(self, number: int) -> None:
        pass

    def settle(self) -> None:
        pass

    def __reduce__(self) -> str:
        return "KEPT"


KEPT = _Kept()


class Rewritten(Owner):
    """A code object's rewritten form, and the gates of its sites.

    A site that does not pay is switched off: its gate is emptied at once, which running frames
    notice. The code is made anew without such sites when half of all sites are off, or when the
    others have settled. The original code is held by a weak reference only.
    """

    def __init__(self, code: CodeType, sites: Sites) -> None:
        form = form_of(code, sites.style)
        places = form.places
        self._original = weakref.ref(code)
        self.made_by = sites
        self._is_foreign = sites.is_foreign
        self._style = style = sites.style
        made = [
            sites.make(place, _where(code, place.location), self, number)
            for number, place in enumerate(places)
        ]
        self.live = dict.fromkeys(range(len(places)), True)
        self._in_code = len(places)
        self.sites = [contents[0] for contents in made]
        contents = [content for column in zip(*made, strict=True) for content in column]
        self.gates = style.make_gates(contents)
        _by_gates[id(self.gates)] = self
        self._constants = dict(zip(site_names(len(places), style), self.gates.gates, strict=False))
        self._constants |= finishers_by_name(style)
        self.code = filled(form.code, self._constants, self.gates)
        #: Holds the code as long as a site is left, for those who look often.
        self.current = CellType(self.code)
        self._functions: weakref.WeakSet[FunctionType] = weakref.WeakSet()

    @property
    def original(self) -> CodeType | None:
        """The code it was made from, as long as that lives."""
        return self._original()

    @property
    def alive(self) -> bool:
        """Whether any site is left."""
        return any(self.live.values())

    def instance(self, function: FunctionType) -> FunctionType:
        """Return a function like `function` that runs the rewritten code."""
        return with_code(function, self.code)

    def follow(self, function: FunctionType) -> None:
        """Give this function the shorter code when sites are switched off."""
        self._functions.add(function)

    def give_back(self, number: int) -> None:
        """Switch off a site."""
        if not self.live[number]:
            return
        self.live[number] = False
        self.gates.empty(number)
        if 2 * sum(self.live.values()) <= self._in_code:
            self.settle()

    def settle(self) -> None:
        """Make the code anew without the sites that are switched off."""
        left = sum(self.live.values())
        code = self._original()
        if left == self._in_code or code is None:
            return
        self._in_code = left
        before = self.code
        try:
            form = with_sites(code, self._style, self.live)
            self.code = filled(form, self._constants, self.gates)
            self.current.cell_contents = self.code if left else None
            for function in list(self._functions):
                if function.__code__ is before:  # a tool may have replaced it
                    function.__code__ = self.code
        except Exception as error:  # the empty gates do the same, a little slower
            if self._is_foreign(error):
                raise
            logger.debug("could not shorten %s: %s", code.co_qualname, error)


_by_gates: weakref.WeakValueDictionary[int, Rewritten] = weakref.WeakValueDictionary()


def rewritten_of(gates: Gates) -> Rewritten | None:
    """Return the rewritten form that gates belong to; None if it came from another process."""
    return _by_gates.get(id(gates))


class _Entry(NamedTuple):
    code: weakref.ref[CodeType]
    rewritten: Rewritten | None
    reason: str


class Rewriter:
    """Rewrites functions with one kind of sites, each code object once."""

    def __init__(self, sites: Sites) -> None:
        self._sites = sites
        self._entries: dict[int, _Entry] = {}

    def rewritten(self, code: CodeType) -> Rewritten | None:
        """Return the rewritten form of a function's code, or None if it has to stay."""
        entry = self._entries.get(id(code))
        if entry is not None and entry.code() is code:
            return entry.rewritten
        return self._rewrite(code).rewritten

    def is_foreign(self, error: Exception) -> bool:
        """Whether an exception comes from a signal handler, not from what was tried."""
        return self._sites.is_foreign(error)

    def knows(self, code: CodeType) -> bool:
        """Whether a function's code was looked at before."""
        entry = self._entries.get(id(code))
        return entry is not None and entry.code() is code

    def reason(self, code: CodeType) -> str:
        """Say why `rewritten` returned None for this code; empty if nothing is lost by it."""
        entry = self._entries.get(id(code))
        return entry.reason if entry is not None and entry.code() is code else ""

    def _rewrite(self, code: CodeType) -> _Entry:
        result, reason = None, ""
        try:
            result = Rewritten(code, self._sites)
        except NothingToDoError:
            pass
        except Exception as error:
            reason = failure(error, code, self._sites.is_foreign)
        key, entries = id(code), self._entries

        def forget(_: Any) -> None:
            entries.pop(key, None)

        entry = entries[key] = _Entry(weakref.ref(code, forget), result, reason)
        return entry


def with_code(function: FunctionType, code: CodeType) -> FunctionType:
    """Return a function like `function` that runs other code."""
    new = FunctionType(
        code,
        function.__globals__,
        function.__name__,
        function.__defaults__,
        function.__closure__,
    )
    new.__qualname__ = function.__qualname__  # errors, generators and coroutines say it
    if function.__kwdefaults__:
        new.__kwdefaults__ = function.__kwdefaults__
    return new


def _where(code: CodeType, location: InstrLocation | None) -> Where:
    line = location.lineno if location is not None else None
    return Where(code.co_filename, line or code.co_firstlineno, code.co_qualname)
