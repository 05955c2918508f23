"""What a program of this suite is: a function, its kind, and how its arguments are made.

Out: `catalogue()`. It knows nothing of the library. A program returns plain values (arrays,
numbers, strings, tuples of these), which can be compared bit for bit; it leaves its arguments as
they are, makes its random numbers from a seed, and takes a few milliseconds.
"""

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

Arguments = tuple[Any, ...]

KINDS = (
    "solvers",
    "statistics",
    "signals",
    "images",
    "tables",
    "learning",
    "models",
    "samplers",
    "simulations",
)
SEED = 0


@dataclass(frozen=True)
class Program:
    """A function, and how its arguments are made from random numbers."""

    function: Callable[..., Any]
    make: Callable[[np.random.Generator], Arguments]

    @property
    def name(self) -> str:
        return self.function.__name__

    @property
    def kind(self) -> str:
        return self.function.__module__.rpartition(".")[2]

    def arguments(self) -> Arguments:
        """New arguments, the same at each call."""
        return self.make(np.random.default_rng(SEED))


_found: dict[str, Program] = {}


def program(
    make: Callable[[np.random.Generator], Arguments],
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Put the function below it on the list."""

    def enter(function: Callable[..., Any]) -> Callable[..., Any]:
        _found[function.__name__] = Program(function, make)
        return function

    return enter


def of_kind(kind: str) -> dict[str, Program]:
    """Return the programs of one kind by name, importing nothing for others.

    Raises ImportError where the libraries that they use aren't installed.
    """
    importlib.import_module(f"{__package__}.{kind}")
    return {name: program for name, program in _found.items() if program.kind == kind}


def catalogue() -> tuple[dict[str, Program], list[str]]:
    """Return all programs by name, and the kinds that a missing library rules out."""
    programs: dict[str, Program] = {}
    missing = []
    for kind in KINDS:
        try:
            programs |= of_kind(kind)
        except ImportError as error:
            missing.append(f"{kind}: {error}")
    return programs, missing
