"""The pipeline: code object -> IR -> regions, operations, calls -> verified items -> code object.

In: functions, and a `Sites` that makes what runs at each place. Out: rewritten functions,
cached by code object. It must not know what the sites do, nor anything of NumPy.
"""

from __future__ import annotations

import logging
import weakref
from collections.abc import Callable
from types import CellType, CodeType, FunctionType
from typing import Any, NamedTuple, Protocol

from bytecode.instr import InstrLocation

from ..errors import BufferFullError, NothingToDoError, RewriteError
from .calls import callee_name, find_calls
from .convention import Place, Style, finishers_by_name, site_names
from .decode import decode
from .encode import encode
from .expressions import expression_at
from .gates import Gates, filled, gates_of, is_rewritten
from .ir import IR, Call, Operation, Region
from .operations import find_operations
from .program import Node, Program
from .reasons import Break
from .regions import find_regions
from .symbolic import Vocabulary

__all__ = [
    "IR",
    "KEPT",
    "Break",
    "Call",
    "Gates",
    "Node",
    "Operation",
    "Owner",
    "Place",
    "Program",
    "Region",
    "Rewriter",
    "Rewritten",
    "Sites",
    "Style",
    "Survey",
    "Vocabulary",
    "Where",
    "behind_gates",
    "callee_name",
    "expression_at",
    "found_in",
    "gates_of",
    "is_rewritten",
    "located",
    "survey",
    "with_code",
]

logger = logging.getLogger("alloc_rewrite")


class Where(NamedTuple):
    """A place in the source: what a site is called in reports and errors."""

    filename: str
    line: int
    function: str


def located(where: Where, what: str, error: BufferFullError) -> BufferFullError:
    """Say in a full buffer's error which line and operation asked."""
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
        """Whether an exception that came up while rewriting is not the rewriter's."""
        ...

    def make(self, place: Place, where: Where, owner: Owner, number: int) -> list[Any]:
        """Return what lies behind the place's gates: the site, and its observer if any."""
        ...


class Owner(Protocol):
    """What a site knows of the code it stands in."""

    def give_back(self, number: int) -> None:
        """Take a site out that does not pay."""
        ...

    def settle(self) -> None:
        """Make the code anew, as most sites have shown by now whether they pay."""
        ...


class _Kept(Owner):
    """The owner of a site that nobody takes out."""

    def give_back(self, number: int) -> None:
        pass

    def settle(self) -> None:
        pass

    def __reduce__(self) -> str:
        return "KEPT"


KEPT = _Kept()


class Rewritten(Owner):
    """A code object's rewritten form, and the gates of its sites.

    A site that does not pay is given back: its gate is opened at once, which running frames
    notice, and the code is made anew without it when half of the sites have gone, or the others
    have settled in. Of the original code only a weak reference is kept.
    """

    def __init__(self, code: CodeType, sites: Sites) -> None:
        form, places = _first_form(code, sites.style)
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
        self.sites = [row[0] for row in made]
        contents = [content for column in zip(*made, strict=True) for content in column]
        self.gates = style.gates(contents)
        _behind_gates[id(self.gates)] = self
        self._constants = dict(zip(site_names(len(places), style), self.gates.gates, strict=False))
        self._constants |= finishers_by_name(style)
        self.code = filled(form, self._constants, self.gates)
        #: Holds the code as long as a site is left, for those who look often.
        self.current = CellType(self.code)
        self._functions: weakref.WeakSet[FunctionType] = weakref.WeakSet()

    @property
    def original(self) -> CodeType | None:
        """What it was made from, as long as that lives."""
        return self._original()

    @property
    def alive(self) -> bool:
        """Whether any site is left."""
        return any(self.live.values())

    def instance(self, function: FunctionType) -> FunctionType:
        """Return a function like `function` that runs the rewritten code."""
        return with_code(function, self.code)

    def follow(self, function: FunctionType) -> None:
        """Let this function get the code without the sites given back."""
        self._functions.add(function)

    def give_back(self, number: int) -> None:
        """Take a site out."""
        if not self.live[number]:
            return
        self.live[number] = False
        self.gates.empty(number)
        if 2 * sum(self.live.values()) <= self._in_code:
            self.settle()

    def settle(self) -> None:
        """Make the code anew without the sites that were given back."""
        left = sum(self.live.values())
        code = self._original()
        if left == self._in_code or code is None:
            return
        self._in_code = left
        before = self.code
        try:
            form = encode(*found_in(code, self._style), self._style, self.live)
            self.code = filled(form, self._constants, self.gates)
            self.current.cell_contents = self.code if left else None
            for function in list(self._functions):
                if function.__code__ is before:  # it may have got other code from others
                    function.__code__ = self.code
        except Exception as error:  # the open gates do the same, a little slower
            if self._is_foreign(error):
                raise
            logger.debug("could not shorten %s: %s", code.co_qualname, error)


_behind_gates: weakref.WeakValueDictionary[int, Rewritten] = weakref.WeakValueDictionary()


def behind_gates(gates: Gates) -> Rewritten | None:
    """Return the rewritten form that gates belong to; None if it came from another process."""
    return _behind_gates.get(id(gates))


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
        """Whether an exception is not of what was tried, but a signal handler's."""
        return self._sites.is_foreign(error)

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
            reason = _reason(error, code, self._sites.is_foreign)
        key, entries = id(code), self._entries

        def forget(_: Any) -> None:
            entries.pop(key, None)

        entry = entries[key] = _Entry(weakref.ref(code, forget), result, reason)
        return entry


def _reason(error: Exception, code: CodeType, is_foreign: Callable[[Exception], bool]) -> str:
    """Say why code stays as it is; exceptions that are not the rewriter's pass."""
    if isinstance(error, RewriteError):
        return str(error)
    if is_foreign(error):
        raise error
    reason = f"the rewriter failed: {error!r}"
    logger.debug("left %s as it is: %s", code.co_qualname, reason)
    return reason


class _Form(NamedTuple):
    code: weakref.ref[CodeType]
    style: Style
    rewritten: CodeType
    places: list[Place]


_forms: dict[tuple[int, int], _Form] = {}


def _first_form(code: CodeType, style: Style) -> tuple[CodeType, list[Place]]:
    """Return a code object with a site at every place, and the places.

    It is the same for every buffer, so it is made once for as long as the original lives.
    """
    key = (id(code), id(style))
    form = _forms.get(key)
    if form is None or form.code() is not code or form.style is not style:
        ir, places = found_in(code, style)
        made = encode(ir, places, style)

        def forget(_: Any) -> None:
            _forms.pop(key, None)

        form = _forms[key] = _Form(weakref.ref(code, forget), style, made, places)
    return form.rewritten, form.places


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


class Survey(NamedTuple):
    """What the rewriter makes of a code object.

    `places` are numbered as the sites of its rewritten form; `reason` says why there is none.
    """

    ir: IR | None
    places: list[Place]
    breaks: list[Break]
    reason: str


def survey(code: CodeType, style: Style, is_foreign: Callable[[Exception], bool]) -> Survey:
    """Go through the pipeline with a code object, and keep what was found on the way."""
    breaks: list[Break] = []
    try:
        ir, places = found_in(code, style, breaks)
        _first_form(code, style)
    except Exception as error:
        return Survey(None, [], [], _reason(error, code, is_foreign))
    return Survey(ir, places, breaks, "")


def found_in(
    code: CodeType, style: Style, breaks: list[Break] | None = None
) -> tuple[IR, list[Place]]:
    """Return a code object's IR and the places in it that get sites.

    With `breaks`, what breaks regions off is added to it.
    """
    ir = decode(code)
    places: list[Place] = [*find_operations(ir, extras=style.extras), *find_calls(ir)]
    if not places:
        raise NothingToDoError("it has no operators or calls")
    places.sort(key=lambda place: place.start)
    if style.vocabulary is not None:
        places += find_regions(ir, style.vocabulary, breaks)
    return ir, places


def _where(code: CodeType, location: InstrLocation | None) -> Where:
    line = location.lineno if location is not None else None
    return Where(code.co_filename, line or code.co_firstlineno, code.co_qualname)
