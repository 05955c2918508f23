"""Kernels for loops that are hot: translated and compiled in the background.

In: a site that asks, its loop, and the locals that came by. Out: nothing; the site gets its kernel
when that is there. Nothing ever waits for it.
"""

from __future__ import annotations

import logging
import os
import queue
import threading
from typing import Any

from ..rewrite import Loop
from .kinds import Given, Kind, encoded, kind_of

logger = logging.getLogger("alloc_rewrite")

_jobs: queue.SimpleQueue[tuple[Any, ...]] = queue.SimpleQueue()
_threads: list[threading.Thread] = []


def plan_kernel(
    site: Any, spec: tuple[Any, ...], args: tuple[Any, ...], globals_: Any, builtins_: Any
) -> None:
    """Have a kernel made for a loop whose locals are like those given."""
    loop: Loop = spec[2]
    mode = os.environ.get("ALLOC_REWRITE_COMPILE", "background")
    kinds = [kind_of(value) or Given(i) for i, value in enumerate(args)]
    if mode == "off":
        site.install(None)
        return
    job = (site, loop, kinds, globals_, builtins_)
    if mode == "now":
        _do(*job)
        return
    _jobs.put(job)
    if not (_threads and _threads[0].is_alive()):
        _threads[:] = [threading.Thread(target=_work, name="alloc_rewrite loops", daemon=True)]
        _threads[0].start()


def _work() -> None:
    while True:
        _do(*_jobs.get())


def _do(site: Any, loop: Loop, kinds: list[Kind], globals_: Any, builtins_: Any) -> None:
    try:
        site.install(_kernel(loop, kinds, globals_, builtins_))
    except Exception as error:
        logger.debug("a loop is not compiled: %s", error)
        site.install(None)


def _kernel(loop: Loop, kinds: list[Kind], globals_: Any, builtins_: Any) -> tuple[Any, ...]:
    from .machine import compiled
    from .translate import Translator

    inputs = [*loop.given, *(f"cell {load.arg.name}" for load in loop.cells)]
    named = dict(zip(inputs, kinds[1:], strict=True))
    kernel = Translator(loop, globals_, builtins_).kernel(kinds[0], named)
    address, keeps = compiled(kernel.text, kernel.name)
    return (
        address,
        keeps,
        tuple(tuple(encoded(kind)) for kind in kinds),
        tuple(tuple(tuple(encoded(kind)) for kind in one.kinds) for one in kernel.exits),
        kernel.guards,
        kernel.ended_at,
        kernel.committed_at,
        kernel.size,
    )
