"""The pytest plugin: every test is run plain, then bumped, each time with fixtures of its own.

In: a job (see `workers.Job`), as JSON. Out: lines of JSON in the job's file of records: one when a
test begins, with how it runs, and one with what was seen when it has ended. So a crash, or a test
that takes too long, leaves a beginning without an end.

Where plain and bumped differ the test is run plain and bumped again. If the two plain runs
differ, the test is called unstable, and nothing is said of the library.
"""

from __future__ import annotations

import contextlib
import faulthandler
import json
import random
import re
import time
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from _pytest.runner import runtestprotocol
from numpy.random import bit_generator

import alloc_rewrite as alloc

_CHANGING = re.compile(r"0x[0-9a-fA-F]+|pytest-\d+|tmp\w{8}\b|\b\d+(\.\d+)?(e-?\d+)? ?m?s\b")
SEED = 20240229


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--suites-job", help="a job of tests.suites, as JSON")


def pytest_configure(config: pytest.Config) -> None:
    job = config.getoption("--suites-job")
    if job:
        config.pluginmanager.register(Twice(json.loads(job)))


class Twice:
    """Runs each test in both ways, and writes down what was seen."""

    def __init__(self, job: dict[str, Any]) -> None:
        self.job = job
        self.buffer = alloc.Buffer()
        self.bumped = False
        self.seen: dict[str, Any] | None = None
        with open(job["records"], encoding="utf-8") as file:
            self.done = {json.loads(line).get("test") for line in file}
        self.records = open(job["records"], "a", encoding="utf-8")
        self.told = open(job["told"], "a", encoding="utf-8")  # tracebacks of crashes
        faulthandler.enable(self.told)

    def write(self, **record: Any) -> None:
        self.records.write(json.dumps(record) + "\n")
        self.records.flush()

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(
        self, config: pytest.Config, items: list[pytest.Item]
    ) -> None:
        k, n = self.job["part"]
        mine = [item for item in items[k::n] if item.nodeid not in self.done]
        taken = set(map(id, mine))
        config.hook.pytest_deselected(items=[item for item in items if id(item) not in taken])
        items[:] = mine

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: pytest.Item | None) -> bool:
        item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
        plain = self.once(item, bumped=False)
        if plain is None:
            self.write(test=item.nodeid, verdict="not called")
        else:
            self.write(**self.judged(item, plain))
        item.session._setupstate.teardown_exact(nextitem)
        item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
        return True

    def judged(self, item: pytest.Item, plain: dict[str, Any]) -> dict[str, Any]:
        """Run bumped, as often as need be, and return the record."""
        took = plain.pop("seconds")
        bumped = self.once(item, bumped=True) or {"outcome": "not called", "seconds": 0.0}
        for _ in range(1, self.job["rounds"]):
            if strip(bumped) == plain:
                bumped = self.once(item, bumped=True) or {"outcome": "not called", "seconds": 0.0}
        record = {"test": item.nodeid, "seconds": [took, bumped.pop("seconds")]}
        asis = bumped.pop("as it is", None)
        if asis:
            record["as it is"] = asis
        if bumped == plain:
            return {**record, "verdict": "same", "outcome": plain["outcome"]}
        again = strip(self.once(item, bumped=False))
        twice = strip(self.once(item, bumped=True))
        verdict = "differs" if again == plain else "unstable"
        often = "each time" if twice == bumped else "once" if twice == plain else "in other ways"
        return {**record, "verdict": verdict, "often": often, "plain": plain, "bumped": bumped}

    def once(self, item: pytest.Item, *, bumped: bool) -> dict[str, Any] | None:
        """Run one test from its fixtures on; return what was seen, None if it was not called."""
        self.write(begin=item.nodeid, how="bumped" if bumped else "plain")
        self.bumped, self.seen = bumped, None
        vars(item).pop("_instance", None)  # an instance of the class for each run
        if isinstance(item, pytest.Function):
            vars(item).pop("_obj", None)
        seed()
        faulthandler.dump_traceback_later(self.job["timeout"], exit=True, file=self.told)
        try:
            runtestprotocol(item, log=False, nextitem=item.parent)
        finally:
            faulthandler.cancel_dump_traceback_later()
        return self.seen

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Iterator[None]:
        """Around the call alone: bump the function, and see what it does."""
        seen: dict[str, Any] = {"outcome": "passed"}
        with self.function_of(item) as reason, warnings.catch_warnings(record=True) as caught:
            seed()
            start = time.process_time()
            try:
                result = yield
            except BaseException as error:
                seen |= described(error)
                raise
            finally:
                seen["seconds"] = time.process_time() - start
                seen["warnings"] = [[w.category.__name__, settled(str(w.message))] for w in caught]
                if reason:
                    seen["as it is"] = reason
                self.seen = seen
        return result

    @contextlib.contextmanager
    def function_of(self, item: Any) -> Iterator[str]:
        """Have the test's function bumped for a while; give the reason if it runs as it is."""
        handle = getattr(getattr(item, "obj", None), "hypothesis", None)
        inside = getattr(handle, "inner_test", None)
        if inside is not None:  # Hypothesis shall draw the same for both
            getattr(item.obj, "__func__", item.obj)._hypothesis_internal_use_seed = SEED
        if not self.bumped or not hasattr(item, "obj"):
            yield ""
            return
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                new = alloc.bump(self.buffer)(item.obj if inside is None else inside)
            except TypeError as error:
                yield str(error)
                return
        reason = str(caught[0].message) if caught else ""
        if inside is None:
            item.obj = new
            yield reason
            return
        handle.inner_test = new
        try:
            yield reason
        finally:
            handle.inner_test = inside


def strip(seen: dict[str, Any] | None) -> dict[str, Any]:
    """Leave out what may differ: the time, and why the function ran as it is."""
    seen = seen or {"outcome": "not called"}
    return {key: value for key, value in seen.items() if key not in ("seconds", "as it is")}


def described(error: BaseException) -> dict[str, Any]:
    kind = type(error)
    skipped = kind.__name__ in ("Skipped", "XFailed") or isinstance(error, pytest.skip.Exception)
    return {
        "outcome": "skipped" if skipped else "failed",
        "error": [f"{kind.__module__}.{kind.__qualname__}", settled(str(error))],
        "cause": repr(type(error.__cause__ or error.__context__)),
    }


def settled(text: str) -> str:
    """Leave out what changes from call to call: addresses, temporary folders, times."""
    return _CHANGING.sub("*", text)


def seed() -> None:
    """Set all seeds, also of generators that are made without one."""
    drawn = random.Random(SEED)
    bit_generator.randbits = drawn.getrandbits
    random.seed(SEED)
    np.random.seed(SEED)
