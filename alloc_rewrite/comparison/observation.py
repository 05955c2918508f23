"""What the caller of a function can see of a call.

In: a call. Out: an `Outcome`, and how two of them differ, in words. It must not know which of the
two is bumped.
"""

from __future__ import annotations

import contextlib
import io
import os
import random
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

import numpy as np

from .differences import ADDRESS, MOST, differences

PACKAGE = os.path.dirname(os.path.dirname(__file__)) + os.sep


@dataclass(slots=True)
class Outcome:
    """What a call returned, raised, warned of, printed, changed and drew at random."""

    result: Any = None
    error: BaseException | None = None
    warnings: list[warnings.WarningMessage] = field(default_factory=list)
    printed: str = ""
    arguments: tuple[Any, ...] = ()  # as the call left them
    stream: Any = None  # the state of the random number generators that all code shares


def observe(
    call: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], changes: Any = None
) -> Outcome:
    """Call, with all warnings and output kept; `changes` is what the call may change besides."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        seen = watch(call, args, kwargs, changes, every_warning=True)
    seen.printed = printed.getvalue()
    return seen


def watch(
    call: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    changes: Any = None,
    every_warning: bool = False,
) -> Outcome:
    """Call, with the warnings kept that the filters let pass; the output goes where it goes."""
    seen = Outcome(arguments=(*args, *kwargs.values(), changes))
    with warnings.catch_warnings(record=True) as caught:
        if every_warning:
            warnings.simplefilter("always")
        try:
            seen.result = call(*args, **kwargs)
        except Exception as error:
            seen.error = error
    seen.warnings, seen.stream = caught, stream()
    return seen


def compared(expected: Outcome, got: Outcome, names: list[str]) -> list[str]:
    """Say how two outcomes differ; `names` are those of the arguments."""
    found = differences(_raised(expected.error), _raised(got.error), "the exception")
    if expected.error is None and got.error is not None:
        found = [f"it raised {in_words(got.error)}"]
    elif expected.error is not None and got.error is None:
        found = [f"it didn't raise {in_words(expected.error)}"]
    else:
        found += differences(expected.result, got.result)
    found += differences(_warned(expected), _warned(got), "the list of warnings")
    found += differences(expected.printed, got.printed, "what it printed")
    for name, one, other in zip(names, expected.arguments, got.arguments, strict=True):
        found += differences(one, other, name)
    found += differences(_shared(expected), _shared(got), "the list of arrays that share memory")
    found += differences(expected.stream, got.stream, "the state of the random numbers")
    return found[:MOST]


def stream() -> Any:
    """Return the state of the random number generators that all code shares."""
    return random.getstate(), np.random.get_state()


def set_stream(state: Any) -> None:
    """Give the random number generators that all code shares a state that they had."""
    random.setstate(state[0])
    np.random.set_state(state[1])


def in_words(error: BaseException) -> str:
    """Return an exception's type and text."""
    return f"{type(error).__name__}: {error}"


def _raised(error: BaseException | None) -> Any:
    """Return type, text, notes and place of an exception and of those that it came from."""
    out: list[Any] = []
    while error is not None:
        notes = tuple(getattr(error, "__notes__", ()))
        text = ADDRESS.sub("0x", str(error))
        out.append((type(error), text, notes, list(_frames(error.__traceback__))))
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return out


def _frames(tb: TracebackType | None) -> Iterator[tuple[str, int, str]]:
    """Go over file, line and function of each frame outside this library."""
    while tb is not None:
        code = tb.tb_frame.f_code
        if not code.co_filename.startswith(PACKAGE):
            yield code.co_filename, tb.tb_lineno, code.co_qualname
        tb = tb.tb_next


def _warned(seen: Outcome) -> list[Any]:
    return [
        (w.category, ADDRESS.sub("0x", str(w.message)), w.filename, w.lineno) for w in seen.warnings
    ]


def _shared(seen: Outcome) -> list[Any]:
    """Return which arrays of the result are arguments, or may share memory with them."""
    given = list(_arrays(seen.arguments))
    results = list(_arrays((seen.result,)))
    out = []
    for i, one in enumerate(results):
        for k, other in enumerate([*given, *results[:i]]):
            if one is other or np.may_share_memory(one, other):
                out.append((i, k, one is other))
    return out


def _arrays(values: Any) -> Iterator[Any]:
    for value in values:
        if isinstance(value, np.ndarray):
            yield value
        elif type(value) in (tuple, list) and len(value) < 64:
            yield from _arrays(value)
