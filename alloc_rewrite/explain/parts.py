"""The parts of an explanation: regions, single sites, and what ends regions.

In: what the rewriter found in a function, and its sites if it is bumped. Out: plain data. It must
not know how it is shown.
"""

from __future__ import annotations

import builtins
from collections.abc import Iterator
from dataclasses import dataclass, replace
from types import FunctionType, ModuleType
from typing import Any

from ..bump import bumped
from ..callables import Dispatcher, dispatch_of
from ..callees import Callees, Policy
from ..rewrite import (
    IR,
    Call,
    Operation,
    Place,
    Program,
    Rewritten,
    Style,
    Survey,
    callee_name,
    expression_at,
    survey,
    symbol_of,
    text_at,
)
from ..rewrite import Loop as PlaceOfLoop
from ..rewrite import Region as PlaceOfRegion
from ..sites.exceptions import from_signal_handler
from .advice import advice_for
from .plans import compiled_words

_NEVER = frozenset({"matmul", "i_matmul", "i_pow"})  # operators that no region has


@dataclass(frozen=True, slots=True)
class Break:
    """What ends a run of array operations."""

    line: int
    reason: str

    @property
    def advice(self) -> str:
        """What to write instead; empty where there is nothing to do."""
        return advice_for(self.reason)


@dataclass(frozen=True, slots=True)
class Site:
    """What stands at a single operation or call. Figures are None if there is no site yet."""

    line: int
    what: str
    note: str
    hits: int | None
    misses: int | None
    given_back: bool


@dataclass(frozen=True, slots=True)
class Region:
    """Straight-line code that one site does in one go."""

    first: int
    last: int
    program: str
    operations: int
    leaves: tuple[str, ...]
    delivers: tuple[str, ...]
    ended: Break | None
    hits: int | None
    misses: int | None
    given_back: bool
    declined: str | None
    compiled: tuple[str, ...]
    inside: tuple[Site, ...]
    plans: tuple[dict[str, Any], ...] = ()
    helpers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Loop:
    """A loop, which becomes machine code when it is hot. Figures are None without a site."""

    line: int
    kernels: int | None
    hits: int | None
    misses: int | None
    given_back: bool
    reason: str | None
    declined: str | None


class Parts:
    """Puts together what is known of one function."""

    def __init__(
        self,
        function: FunctionType,
        found: Survey,
        rewritten: Rewritten | None,
        policy: Policy,
        callees: Callees | None,
        style: Style,
        plans: bool = False,
    ) -> None:
        self._function = function
        self._found = found
        self._rewritten = rewritten
        self._policy = policy
        self._callees = callees
        self._style = style
        self._shows_plans = plans
        places = found.places if rewritten is None else rewritten.places
        gone = () if rewritten is None else rewritten.superseded
        self._places = [(n, place) for n, place in enumerate(places) if n not in gone]
        self._regions = sorted(self._regions_in_use(), key=lambda region: region[1].start)

    def _regions_in_use(self) -> Iterator[tuple[int, PlaceOfRegion]]:
        """Go over the regions; a spare one takes the place of one that is switched off."""
        regions = [(n, p) for n, p in self._places if isinstance(p, PlaceOfRegion)]
        for i, (number, place) in enumerate(regions):
            has_spare = i + 1 < len(regions) and regions[i + 1][1].is_spare
            first = number - 1 if place.is_spare else number
            first_is_gone = self._rewritten is not None and not self._rewritten.live[first]
            if first_is_gone if place.is_spare else not (has_spare and first_is_gone):
                yield number, place

    def regions(self) -> tuple[Region, ...]:
        """Return the regions, in the order of the code."""
        return tuple(self._region(number, place) for number, place in self._regions)

    def others(self) -> tuple[Site, ...]:
        """Return the single operations and calls outside regions."""
        return self._singles(
            lambda start: not any(p.start <= start < p.stop for _, p in self._regions)
        )

    def breaks(self) -> tuple[Break, ...]:
        """Return what ended regions, or operations that might have become some."""
        never = {
            p.start for _, p in self._places if isinstance(p, Operation) and p.operator in _NEVER
        }
        seen = {
            (self._line(b.line), b.reason)
            for b in self._found.breaks
            if b.reason and (b.start is not None or b.computes or b.at in never)
        }
        return tuple(Break(line, reason) for line, reason in sorted(seen))

    # ------------------------------------------------------------------ one of them

    def _region(self, number: int, place: PlaceOfRegion) -> Region:
        ir = self._found.ir
        assert ir is not None
        program = _in_source(place, ir)
        given = [getattr(item, "location", None) for item in ir.items[place.start : place.stop]]
        lines = [at.lineno for at in given if at is not None and at.lineno]
        ended = [b for b in self._found.breaks if b.start == place.start and b.reason]
        values = program.outputs[len(place.stores) :]
        hits, misses, given_back = self._counted(number)
        return Region(
            min(lines, default=self._line(None)),
            max(lines, default=self._line(None)),
            str(program),
            program.operations,
            program.operand_names,
            (*place.stores, *map(program.named, values)),
            Break(self._line(ended[0].line), ended[0].reason) if ended else None,
            hits,
            misses,
            given_back,
            self._declined(number, place),
            self._compiled(number),
            self._singles(lambda start: place.start <= start < place.stop),
            self._plans(number),
            tuple(dict.fromkeys(code.co_name for code in program.helpers)),
        )

    def _declined(self, number: int, place: PlaceOfRegion) -> str | None:
        """Return why a region's original code ran the last time, and for which expression."""
        site = self._site(number)
        reason: str | None = getattr(site, "declined", None)
        node = getattr(site, "fault", -1)
        if reason is None or not 0 <= node < len(place.items) or self._found.ir is None:
            return reason
        text = text_at(self._found.ir, place.items[node])
        return f"`{text}`: {reason}" if text else reason

    def _plans(self, number: int) -> tuple[dict[str, Any], ...]:
        """Return the plans that the site of a region keeps; the one used last comes first."""
        site = self._site(number)
        return tuple(site.describe()) if self._shows_plans and hasattr(site, "describe") else ()

    def _compiled(self, number: int) -> tuple[str, ...]:
        """Return how far the stages of the plan used last are compiled; empty if it isn't hot."""
        site = self._site(number)
        plans = site.describe() if hasattr(site, "describe") else []
        stages = plans[0]["stages"] if plans else []
        return tuple(words for stage in stages if (words := compiled_words(stage)))

    def loops(self) -> tuple[Loop, ...]:
        """Return the loops, outer ones first."""
        return tuple(
            self._loop(number, place)
            for number, place in self._places
            if isinstance(place, PlaceOfLoop) and not place.is_whole
        )

    def whole(self) -> Loop | None:
        """Return the function as one piece, if it may become machine code so."""
        found = (self._loop(n, p) for n, p in self._places if isinstance(p, PlaceOfLoop))
        return next(found, None) if not self.loops() else None

    def _loop(self, number: int, place: PlaceOfLoop) -> Loop:
        line = (place.location and place.location.lineno) or self._function.__code__.co_firstlineno
        if self._rewritten is None:
            return Loop(line, None, None, None, False, None, None)
        site = self._rewritten.sites[number]
        gone = not self._rewritten.live[number]
        return Loop(line, site.kernels, site.hits, site.misses, gone, site.reason, site.declined)

    def _singles(self, chosen: Any) -> tuple[Site, ...]:
        return tuple(
            self._single(number, place)
            for number, place in self._places
            if isinstance(place, Operation | Call) and chosen(place.start)
        )

    def _single(self, number: int, place: Operation | Call) -> Site:
        note = ""
        if isinstance(place, Operation):
            what = _operator(place.operator)
        else:
            assert self._found.ir is not None
            name = callee_name(self._found.ir, place.start, place.size)
            what = f"call of `{name}`" if name else "call of a computed function"
            note = self._note(name)
        return Site(self._line(_line_of(place)), what, note, *self._counted(number))

    def _line(self, line: int | None) -> int:
        return line or self._function.__code__.co_firstlineno

    # ------------------------------------------------------------------ what sites counted

    def _site(self, number: int) -> Any:
        """Return the object of a site, which is called by one of its methods."""
        if self._rewritten is None:
            return None
        return getattr(self._rewritten.sites[number], "__self__", None)

    def _counted(self, number: int) -> tuple[int | None, int | None, bool]:
        site = self._site(number)
        given_back = self._rewritten is not None and not self._rewritten.live[number]
        return getattr(site, "hits", None), getattr(site, "misses", None), given_back

    # ------------------------------------------------------------------ what is called

    def callees(self) -> list[FunctionType]:
        """Return the Python functions that are called and entered, except NumPy's own."""
        ir = self._found.ir
        places = [place for _, place in self._places if isinstance(place, Call)]
        names = dict.fromkeys(callee_name(ir, p.start, p.size) for p in places if ir is not None)
        found = [self._named(name) for name in names]
        return [
            function
            for function in dict.fromkeys(f for f in found if isinstance(f, FunctionType))
            if (function.__module__ or "").partition(".")[0] != "numpy"
            and (bumped(function) is not None or not self._policy.refusal(function))
        ]

    def _note(self, name: str) -> str:
        """Say whether a callee is entered, as far as its name tells."""
        callee = self._named(name)
        dispatch = dispatch_of(callee) if type(callee) is Dispatcher else None
        function = callee if dispatch is None else dispatch.function
        judged = ""
        if isinstance(function, FunctionType) and self._callees is not None:
            judged = self._callees.said(function)
        if judged or not isinstance(callee, FunctionType):
            return judged
        if bumped(callee) is not None:
            return "bumped itself"
        refused = self._policy.refusal(callee)
        refused = refused or survey(callee.__code__, self._style, from_signal_handler).reason
        if refused:
            return f"runs as it is: {refused}"
        if self._callees is not None and self._callees.leaves(callee):
            return "runs as it is until it has been called more often"
        return "rewritten as well when it is called"

    def _named(self, name: str) -> Any:
        """Look up a global or outer variable, or what a module has, without running foreign code.

        A method of the first parameter is looked up in the class that the function is written in.
        """
        first, *others = name.split(".")
        code = self._function.__code__
        if first in code.co_freevars:
            return self._outer(first) if not others else None
        if first in (*code.co_varnames, *code.co_cellvars):
            is_own = code.co_argcount and first == code.co_varnames[0] and len(others) == 1
            return self._method(others[0]) if is_own else None
        found = self._function.__globals__.get(first, vars(builtins).get(first))
        for other in others:
            found = vars(found).get(other) if type(found) is ModuleType else None
        return found

    def _outer(self, name: str) -> Any:
        """Return the value of a variable of an outer function."""
        at = self._function.__code__.co_freevars.index(name)
        closure = self._function.__closure__ or ()
        try:
            return closure[at].cell_contents
        except (IndexError, ValueError):  # it has none, or none yet
            return None

    def _method(self, name: str) -> Any:
        """Return a method of the class that the function is written in, if it is a global."""
        owner = self._function.__globals__.get(self._function.__qualname__.rpartition(".")[0])
        kinds = owner.__mro__ if isinstance(owner, type) else ()
        return next((vars(kind)[name] for kind in kinds if name in vars(kind)), None)


def _in_source(place: PlaceOfRegion, ir: IR) -> Program:
    """Return a region's program with its leaves named as in the source."""
    leaves = list(place.program.leaves)
    for i, load in enumerate(place.loads):
        if isinstance(load, int):
            found = expression_at(ir, place.start, load)
            leaves[i] = f"({found})" if found else "(a value from before)"
    return replace(place.program, leaves=tuple(leaves))


def _line_of(place: Place) -> int | None:
    return None if place.location is None else place.location.lineno


def _operator(name: str) -> str:
    return "tuple unpacking" if name == "unpack" else f"`{symbol_of(name)}`"
