"""Rewritten functions: what the pipeline makes of code, with sites in its gates.

In: a code object, and a `Sites` that makes what runs at each place. Out: its rewritten form. It
must not know what sites do, nor how they are called.
"""

from __future__ import annotations

import sys
import time
import weakref
from _thread import allocate_lock
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import CellType, CodeType, FrameType, FunctionType
from typing import Any

from ..later import LATER, looks, weakly
from ..logs import debug
from .convention import finishers_by_name, site_name, site_names
from .decode import decode
from .encode import encode
from .gates import Gates, filled, fitting, with_code
from .ir import IR, Call, Operation, Region
from .loops import Loop
from .owners import Owner, Sites, where_of
from .pipeline import form_of, found_in
from .program import FUNCTION, is_planned_anew
from .seen import Helpers, Seen, may_fit, seen_of
from .sparing import TO_FIND, TO_LEAVE_OUT, Sparing
from .splitting import cuts_at

_MOST_CUTS = 64  # of one code object
_NO_GAIN = "a region in which it was inlined declined too often"
_arranging = allocate_lock()
_KINDS = {Region: "a region", Operation: "an operation", Call: "a call", Loop: "a loop"}
SOON = 0.005  # seconds until sites that were switched off are tried again for the first time
RETRIES = 0.01  # of the time may go into making code anew for that
LONG = 0.05  # seconds after which regions that were split are tried whole again


class Rewritten(Owner):
    """A code object's rewritten form, and the gates of its sites.

    A site that does not pay is switched off: its gate is emptied at once, which running frames
    notice. The code is made anew without such sites when half of all sites are off, when the others
    have settled, or when one is switched off for the second time. Where a region can't be done for
    one of its nodes, the parts around that become regions of their own; where it has helpers and
    doesn't pay, it is made without them. What takes long is put off and done for several sites at
    once. After a while all this is tried again, each time later.
    The original code is held by a weak reference only.
    """

    def __init__(self, code: CodeType, sites: Sites, sparing: Sparing) -> None:
        form = form_of(code, sites.style)
        self.places = places = list(form.places)
        self.cuts: dict[int, str] = {}  # items that regions leave out, and why
        self.superseded: set[int] = set()  # the regions that others have replaced
        self._seen: dict[int, Seen] = {}  # the functions that are called, by item
        self.helpers = Helpers(self._seen, sites.may_inline)
        self._arranged: tuple[Any, ...] = ()  # what regions were found with last
        self._is_told = False  # whether there is a function that regions might have by now
        self._original = weakref.ref(code)
        self.made_by = sites
        self._is_foreign = sites.is_foreign
        self._style = style = sites.style
        made = [
            sites.make(place, where_of(code, place.location), self, number)
            for number, place in enumerate(places)
        ]
        self.live = dict.fromkeys(range(len(places)), True)
        self._in_code = tuple(self.live)
        self._places_at_first = len(places)
        self._wait = SOON
        self._waits = self._tried = False
        self._retries = 0.0  # seconds spent on making code anew because sites were tried again
        self._sparing, self._delay = sparing, SOON
        self._is_put_off = self._finds_anew = self.is_other = False
        self.sites = [contents[0] for contents in made]
        contents = [content for column in zip(*made, strict=True) for content in column]
        self.gates: Any = style.make_gates(contents)
        _by_gates[id(self.gates)] = self
        self._constants = dict(zip(site_names(len(places), style), self.gates.gates, strict=False))
        self._constants |= finishers_by_name(style)
        self.code = filled(form.code, self._constants, self.gates)
        self._widest = form.code  # the form that all others fit
        self._forms = {self._in_code: form.code}  # by the numbers of the sites in them
        self._codes = {self._in_code: (self._widest, self.code)}
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
        """Switch off a site; in the place of a region with helpers come those without them."""
        if self.live[number] and not self._without_helpers(number):
            self._switch_off(number)

    def _switch_off(self, number: int) -> None:
        # In this order: `try_again` may come in between, on another thread.
        self.gates.empty(number)
        self.live[number] = False
        self._log(number)
        self._look_later()
        left = self._left()
        if 2 * len(left) <= len(self._in_code) or self._tried or left in self._forms:
            self.settle()

    def pause(self, number: int, waits: bool) -> None:
        """Empty a site's gate while it waits; fill it then, unless the site is off by now."""
        if waits:
            self.gates.empty(number)
        elif self.live[number]:
            self.gates.fill(number, self.sites[number])

    def _look_later(self) -> None:
        if self._style.retries and not self._waits:
            self._waits = True
            wait = max(self._wait, self._retries / RETRIES)
            looks.after(wait, weakly(self, Rewritten.try_again))
            self._wait *= LATER

    def try_again(self) -> None:
        """Switch on all sites that are off, after long also those of regions that were split."""
        self._waits, self._tried = False, True
        if self.cuts and self._wait > LONG:
            self.cuts = {}
            first = range(self._places_at_first)
            self.superseded = set(range(len(self.places))).difference(first)
            for number in self.superseded:
                self.gates.empty(number)
                self.live[number] = False
        for number, live in self.live.copy().items():  # other threads may add sites
            if not live and number not in self.superseded:
                _resting(self.sites[number])
                self.gates.fill(number, self.sites[number])
                self.live[number] = True
        code = self._original()
        if code is None:
            return
        finds_anew = bool(self._seen) and self._arranged != self._arrangement(self.cuts)
        if not self._put_off(finds_anew=finds_anew) and not (
            finds_anew and self._rearrange(code, self.cuts)
        ):
            self._remake(code)

    def _put_off(self, *, finds_anew: bool = False) -> bool:
        """Whether making the code anew has to wait; then it is done once the wait is over."""
        is_soon = finds_anew and not self.is_other
        wait = self._sparing.wait(TO_FIND if is_soon else TO_LEAVE_OUT)
        if wait <= 0.0 or not self._style.retries:
            return False
        self._finds_anew |= finds_anew
        if not self._is_put_off:
            self._is_put_off = True
            looks.after(max(wait, self._delay), weakly(self, Rewritten.catch_up))
            self._delay *= 2
        return True

    def catch_up(self) -> None:
        """Do what has been put off, unless others have taken the time meanwhile."""
        code = self._original()
        self._is_put_off, finds_anew, self._finds_anew = False, self._finds_anew, False
        if code is None or self._put_off(finds_anew=finds_anew):
            return
        self._delay = SOON
        if not (finds_anew and self._rearrange(code, self.cuts)):
            self._settle(code)

    def split(self, number: int, node: int, reason: str) -> None:
        """Make regions of what stands before and after a node of a region, in its place."""
        place = self.places[number]
        first = self.places[: self._places_at_first]
        cuts = cuts_at(self.sites[number], place, first, self.cuts, (node, reason, self.helpers))
        if not (cuts and self.live[number] and self._is_cut(number, cuts)):
            self.give_back(number)

    def inline(self, number: int, callee: Any) -> None:
        """Note what a site calls; when that has been noted, make regions of which it is part."""
        place, code = self.places[number], self._original()
        if code is None or not isinstance(place, Call):
            return
        try:
            if place.stop - 1 not in self._seen:
                self._note(place, code, callee, sys._getframe(1))
            elif self._is_told:
                self._is_told = False
                if not self._put_off(finds_anew=True):
                    self._rearrange(code, self.cuts)
        except Exception as error:
            self._failed(error, code)

    def _note(self, place: Call, code: CodeType, callee: Any, frame: FrameType) -> None:
        item = place.stop - 1
        seen = seen_of(callee, code, next(iter(place.method_loads), None), frame)
        function = None if seen is None else seen.function()
        if seen is None or function is None or not self.made_by.may_inline(function):
            return
        self._seen[item] = seen
        self._is_told |= may_fit(function.__code__)
        if self.cuts.get(item) != _NO_GAIN:  # its name was taken for one of NumPy's
            self.cuts.pop(item, None)

    def _without_helpers(self, number: int) -> bool:
        """Make regions without the helpers of one that doesn't pay; whether there are such."""
        place = self.places[number]
        if not isinstance(place, Region) or not place.program.helpers:
            return False
        following = self.places[number + 1] if number + 1 < len(self.places) else None
        if isinstance(following, Region) and following.is_spare and self.live.get(number + 1):
            return False
        nodes = zip(place.program.nodes, place.items, strict=False)
        calls = {item for node, item in nodes if node.kind == FUNCTION}
        for other, call in enumerate(self.places):
            if isinstance(call, Call) and call.stop - 1 in calls:
                self._seen.pop(call.stop - 1, None)  # it may be another function by now
                _resting(self.sites[other])
        return self._is_cut(number, dict.fromkeys(calls, _NO_GAIN))

    def _is_cut(self, number: int, more: dict[int, str]) -> bool:
        """Leave items out of a region; whether that leaves regions in its place."""
        place, code = self.places[number], self._original()
        cuts = {**self.cuts, **more}
        is_new = any(
            is_planned_anew(self.cuts.get(item)) and self.cuts.get(item) != reason
            for item, reason in more.items()
        )
        if code is None or not is_new or len(cuts) > _MOST_CUTS:
            return False
        if self._put_off(finds_anew=True):
            self.gates.empty(number)
        elif not self._rearrange(code, cuts, place):
            return False
        self.cuts = cuts
        self._look_later()
        return True

    def _rearrange(self, code: CodeType, cuts: Mapping[int, str], place: Any = None) -> bool:
        """Find regions anew; whether there are any within a place, if one is given.

        Two threads never do so at a time: one of them does without.
        """
        if not _arranging.acquire(blocking=False):
            return False
        try:
            with self._spending():
                ir, found = found_in(code, self._style, None, cuts, self.helpers)
            regions = [one for one in found if isinstance(one, Region)]
            if place is not None and not any(
                place.start <= one.start < place.stop for one in regions
            ):
                return False
            self._replace_regions(code, regions)
            self._remake(code, ir)
            self._arranged = self._arrangement(cuts)
            return True
        except Exception as error:
            self._failed(error, code)
            return False
        finally:
            _arranging.release()

    def _arrangement(self, cuts: Mapping[int, str]) -> tuple[Any, ...]:
        """Return what regions depend on besides the code."""
        seen = dict(self._seen)
        functions = [one.function() for one in seen.values()]
        known = [f and (id(f.__code__), self.made_by.may_inline(f)) for f in functions]
        return dict(cuts), seen, known

    def _replace_regions(self, code: CodeType, regions: list[Region]) -> None:
        """Add the sites of regions that are new, and switch off those of regions that are gone."""
        known = {
            _key(place): number
            for number, place in enumerate(self.places)
            if isinstance(place, Region) and number not in self.superseded
        }
        for region in regions:
            if known.pop(_key(region), None) is not None:
                continue
            number = len(self.places)
            (content,) = self.made_by.make(region, where_of(code, region.location), self, number)
            self.places.append(region)
            self.sites.append(content)
            self.live[number] = True
            self._constants[site_name(number)] = self.gates.add(content)
        for number in known.values():
            self.superseded.add(number)
            self.live[number] = False
            self.gates.empty(number)

    def settle(self) -> None:
        """Make the code anew without the sites that are switched off, or when that has time."""
        code, left = self._original(), self._left()
        if code is None or left == self._in_code:
            return
        if self._is_made(left) or not self._put_off():
            self._settle(code)

    def _settle(self, code: CodeType) -> None:
        if self._left() == self._in_code:
            return
        try:
            self._remake(code)
        except Exception as error:  # the empty gates do the same, a little slower
            self._failed(error, code)

    @contextmanager
    def _spending(self) -> Iterator[None]:
        """Count what is done meanwhile; once sites have been tried again, for their next trial."""
        start = time.process_time()
        with self._sparing.spending():
            yield
        if self._tried:
            self._retries += time.process_time() - start

    def _remake(self, code: CodeType, ir: IR | None = None) -> None:
        left, widest = self._left(), self._widest
        if not self._is_made(left):
            with self._spending():
                if left not in self._forms:
                    widest = encode(ir or decode(code), self.places, self._style, self.live, widest)
                    self._widest = self._forms[left] = widest
                    if left != self._left():  # it has been tried again meanwhile
                        return
                form = fitting(self._forms[left], widest)
                self._codes[left] = widest, filled(form, self._constants, self.gates)
        before, self._in_code, self.code = self.code, left, self._codes[left][1]
        self.current.cell_contents = self.code if left else None
        for function in list(self._functions):
            if function.__code__ is before:  # a tool may have replaced it
                function.__code__ = self.code

    def _is_made(self, left: tuple[int, ...]) -> bool:
        """Whether there is a code with these sites, which fits all forms."""
        return left in self._codes and self._codes[left][0] is self._widest

    def _left(self) -> tuple[int, ...]:
        return tuple(number for number, live in self.live.copy().items() if live)

    def _log(self, number: int) -> None:
        site = getattr(self.sites[number], "__self__", None)
        declined = getattr(site, "declined", None)
        code, place = self._original(), self.places[number]
        if code is None:
            return
        where = where_of(code, place.location)
        debug(
            "%s:%s, in %s: the site of %s is switched off after %s hits and %s misses%s",
            where.filename,
            where.line,
            where.function,
            _KINDS[type(place)],
            getattr(site, "hits", 0),
            getattr(site, "misses", 0),
            f": {declined}" if declined else "",
        )

    def _failed(self, error: Exception, code: CodeType) -> None:
        """Note that the code could not be made anew, if that is the rewriter's own fault."""
        if self._is_foreign(error):
            raise error
        debug("could not remake %s: %s", code.co_qualname, error)


def _key(region: Region) -> tuple[Any, ...]:
    """Return what tells one region of a code object from another."""
    program = region.program
    return region.start, region.stop, region.is_spare, len(program.nodes), *map(id, program.helpers)


def _resting(site: Any) -> None:
    """Forget what has been counted against a site: a method of it, or a loop's site itself."""
    getattr(site, "__self__", site).rest()


_by_gates: weakref.WeakValueDictionary[int, Rewritten] = weakref.WeakValueDictionary()


def rewritten_of(gates: Gates) -> Rewritten | None:
    """Return the rewritten form that gates belong to; None if it came from another process."""
    return _by_gates.get(id(gates))
