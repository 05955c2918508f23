"""One program: are its results bit-for-bit identical, and what does it cost, first and later?

In: names. Out: a `Row`, of plain values. Meant to run in a process of its own, whose first calls
are really first: libraries load much at the first call, and the rewriter has rewritten nothing.
"""

import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import alloc_rewrite as alloc
from tests.bench.programs.catalogue import Program, of_kind
from tests.bench.timing import compare
from tests.differential.compare import fingerprint


@dataclass
class Row:
    """What was found out about one program, in processor time."""

    name: str
    kind: str
    plain_first: float = 0.0  # seconds of the first call in a process
    bumped_first: float = 0.0
    plain_seconds: float = 0.0  # of a call after many
    ratio: float = 1.0  # of plain to bumped, likewise
    troubles: list[str] = field(default_factory=list)


def first_call(kind: str, name: str, is_bumped: bool) -> float:
    """Seconds of the first call in this process."""
    program = of_kind(kind)[name]
    arguments = program.arguments()
    with quiet():
        start = time.process_time()
        call = bump(program) if is_bumped else program.function
        call(*arguments)
        return time.process_time() - start


def later_calls(kind: str, name: str, calls: int, rounds: int) -> Row:
    """Check every one of so many calls against the plain function, then time both in turns."""
    program = of_kind(kind)[name]
    row, arguments = Row(name, kind), program.arguments()
    plain, bumped = partial(program.function, *arguments), partial(bump(program), *arguments)
    with quiet():
        expected, given = fingerprint(plain()), fingerprint(arguments)
        for number in range(calls):
            if fingerprint(plain()) != expected:
                row.troubles.append(f"plain: other results at call {number + 2}")
                break
            if fingerprint(bumped()) != expected:
                row.troubles.append(f"bumped: other results than plain at call {number + 1}")
                break
        if fingerprint(arguments) != given:
            row.troubles.append("the program changes its arguments")
        result = compare(plain, bumped, rounds=rounds, clock=time.process_time)
    row.plain_seconds, row.ratio = result.first_seconds, result.ratio
    return row


def bump(program: Program) -> Callable[..., Any]:
    """The program with a buffer of its own."""
    return alloc.bump(alloc.Buffer())(program.function)


def quiet() -> warnings.catch_warnings:
    """What programs and libraries warn of is not what is measured."""
    return warnings.catch_warnings(action="ignore")
