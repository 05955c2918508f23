"""Kernels for loops that are hot: translated and compiled in the background.

In: a site that asks, its loop, and what came by. Out: nothing; the site gets its kernel when that
is there. Nothing waits for it.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

from ..compiled.kernels import Job, workshop
from ..logs import debug
from ..rewrite import Loop
from .encoding import encoded, function_of
from .incoming import ALWAYS_THE_SAME, reached_kind, subject_kind
from .kinds import Function, Given, Kind, Object
from .shapes import without_shape

MOST_LOOPS = 1000  # that are compiled in a process: their code stays
SHARE = 0.01  # of the time may go into translating what could not be translated before

_compiled = 0


class LoopJob(Job):
    """A loop that is to be compiled for the kinds of values that came by."""

    def __init__(
        self,
        site: Any,
        loop: Loop,
        kinds: list[Kind],
        names: tuple[Any, Any],
        values: tuple[Any, ...],
    ) -> None:
        self.state = "waiting"
        self._site = site
        self.loop = loop
        self._kinds = kinds
        self._names = names
        self._values = {
            i: _looked_at(*one) for i, one in enumerate(zip(kinds, values, strict=True))
        }

    def make(self, load: Callable[[], Any]) -> None:
        """Translate and compile the loop, and give the kernel to its site."""
        from .code import NotTranslatedError
        from .translate import Translator

        global _compiled
        loop, began = self.loop, time.perf_counter()
        inputs = [*loop.given, *map(loop.name_of, loop.cells)]
        named = dict(zip(inputs, self._kinds[1:], strict=True))
        try:
            translator = Translator(loop, *self._names, self._values)
            kernel = translator.kernel(self._kinds[0], named)
        except NotTranslatedError as error:
            now = time.perf_counter()
            again = now + (now - began) / SHARE
            loop.refused.append(([*map(without_shape, self._kinds)], str(error), again))
            self.refuse(str(error))
            return
        finally:
            self._values.clear()  # the translator, which waits for the collector, has them, too
        for reason in dict.fromkeys(translator.reasons):
            debug("%s leaves some iterations: %s", _described(self.loop), reason)
        code = load().compile(kernel.text, kernel.addresses, optimize=True)
        _compiled += 1
        self._site.install(
            (
                code.address,
                tuple(tuple(encoded(kind)) for kind in self._kinds),
                tuple(tuple(tuple(encoded(kind)) for kind in one.kinds) for one in kernel.exits),
                kernel.guards,
                tuple(
                    (holder, name, tuple(encoded(kind)), function_of(kind))
                    for holder, name, kind in kernel.found
                ),
                kernel.n_state,
                kernel.ended_at,
                kernel.committed_at,
                kernel.found_at,
                kernel.size,
                kernel.sweeps,
                kernel.widest,
                kernel.attributes,
            )
        )
        self.state = "compiled"

    def refuse(self, reason: str) -> None:
        """Leave the loop to the interpreter."""
        self.state = reason
        debug("%s is not compiled: %s", _described(self.loop), reason)
        self._site.install(reason)


def plan_kernel(
    site: Any, spec: tuple[Any, ...], args: tuple[Any, ...], globals_: Any, builtins_: Any
) -> None:
    """Have a kernel made for a loop whose subject and locals are like those given."""
    kinds = [reached_kind(value, i) for i, value in enumerate(args)]
    kinds[0] = subject_kind(args[0]) or kinds[0]
    loop, of_any_shape = spec[2], [*map(without_shape, kinds)]
    reason = _refusal(loop, of_any_shape)
    if reason:
        site.install(reason)
        return
    if of_any_shape in loop.asked:
        kinds = of_any_shape  # one kernel for all other shapes
    else:
        loop.asked.append(of_any_shape)
    job = LoopJob(site, loop, kinds, (globals_, builtins_), args)
    if _compiled >= MOST_LOOPS:
        job.refuse(f"{MOST_LOOPS} loops are compiled already")
        return
    if not job.loop.items:
        job.refuse("its code comes from another process")
        return
    if _is_monitored():
        job.refuse("a tool of sys.monitoring is in use")
        return
    workshop.submit(job)


def _looked_at(kind: Kind, value: Any) -> Any:
    """Return an argument if a translator looks at it again; no array lives longer for that."""
    is_known = isinstance(kind, Given) and type(value) in ALWAYS_THE_SAME
    return value if is_known or isinstance(kind, (Function, Object)) else None


def _refusal(loop: Loop, kinds: list[Kind]) -> str:
    """Return why a loop could not be translated for these kinds; empty if it may be tried."""
    now = time.perf_counter()
    loop.refused[:] = [one for one in loop.refused if now < one[2]]
    return next((reason for before, reason, _ in loop.refused if before == kinds), "")


def _is_monitored() -> bool:
    """Whether a tool may want to see every iteration."""
    monitoring: Any = getattr(sys, "monitoring", None)
    return monitoring is not None and any(map(monitoring.get_tool, range(6)))


def _described(loop: Loop) -> str:
    return f"the loop in line {loop.location.lineno if loop.location else '?'}"
