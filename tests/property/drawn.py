"""Functions from drawn texts, called plain and bumped.

In: the text of a function `f`, and arguments by number. Out: nothing; a difference fails.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

import alloc_rewrite as alloc

from ..differential.compare import observe


def made(text: str) -> Callable[..., Any]:
    """Return the function that a text defines."""
    scope: dict[str, Any] = {"np": np, "__name__": "drawn"}
    exec(compile(text, "<drawn>", "exec"), scope)
    return scope["f"]


def assert_alike(text: str, calls: Iterable[tuple[int, Callable[[], tuple[Any, ...]]]]) -> None:
    """Compare results, errors and warnings of numbered calls; every other one ignores errors."""
    plain, bumped = made(text), alloc.bump(alloc.Buffer())(made(text))
    for number, given in calls:
        outcomes = []
        for function in (plain, bumped):
            with np.errstate(all="ignore" if number % 2 else "warn"):
                outcomes.append(observe(function, given())[0])
        assert not outcomes[0].differences(outcomes[1]), (text, number)
