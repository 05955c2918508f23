"""Compare one random program, plain and bumped, for several kinds of arguments and settings."""

from __future__ import annotations

import math
import sys
import warnings
from random import Random
from typing import Any

import numpy as np

import alloc_rewrite as alloc

from ..comparing import loop_sites, outcome, same
from .writer import ARGUMENTS, Writer

_BEFORE = """
scale = 1.25


def helper(v, w=2.0, by=None):
    if by is not None:
        return v * by
    if v > w:
        return v - w
    return v * 0.5 + w


"""
DTYPES = ("f8", "f8", "f8", "f4", "i8", "i4", "u1", "u8", "c16")
MODES = ("warn", "warn", "ignore", "raise")
_OTHERS = (0, 1, 2.5, np.float64(1.5), np.int64(3), True, np.float32(0.5), np.uint8(200), 2**62)
_FIRST = (0, 0.0, 1, 2, 0.5)


def written(seed: int, writer: type[Writer] = Writer) -> str:
    """Return the text of a program."""
    return _BEFORE + writer(Random(seed)).program()


def made(text: str) -> Any:
    """Return a program's function."""
    names: dict[str, Any] = {"np": np, "math": math}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exec(compile(text, "<random>", "exec"), names)
    return names["f"]


def arguments(seed: int, call: int) -> list[Any]:
    """Return what a call is given; from the third on, with numbers of other kinds."""
    kinds, random = Random(seed), Random(seed * 10 + call)
    dtype, other = kinds.choice(DTYPES), kinds.choice(("i8", "i4", "u1", "b1", "f8"))
    draw = np.random.default_rng(seed * 10 + call)
    x = draw.random(8) * 4 - 1
    y = (draw.random(8) * 4 - (dtype[0] not in "u")).astype(dtype)
    k = (draw.random(8) * 5).astype(other)
    a, b = draw.random((8, 8)) * 3 - 1, (draw.random((8, 8)) * 4).astype(dtype)
    if call == 2:
        a, y = np.asfortranarray(a), y[::-1]
    if call == 3 and kinds.random() < 0.2:
        y = x[:]  # an alias
    numbers = _FIRST if call < 2 else [random.choice(_OTHERS) for _ in _FIRST]
    kinds_of_items = random.choice(((1.5, 2.5, 0.25, 1.0), (3, 1, 2, 0), (1, 2.5, 3, 4.0)))
    return [
        x,
        y,
        k,
        a,
        b,
        list(kinds_of_items),
        [2.0],
        random.choice((3, 5, 7)),
        *numbers,
        True,
        *others(random),
    ]


class Thing:
    """An object with attributes, which programs read and store."""

    def __init__(self, x: Any, v: Any) -> None:
        self.x, self.v, self.w = x, v, np.array([1.0, 2.0, 3.0])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Thing) and same([*vars(self).values()], [*vars(other).values()])

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Thing({vars(self)})"

    def step(self, by: Any) -> Any:
        self.v = self.v + by
        return self.x


class Compact(Thing):
    """The same with slots."""

    __slots__ = ("v", "w", "x")


def scaled(k: Any) -> Any:
    """Return a closure."""
    return lambda v: v * k + 1


def others(random: Random) -> list[Any]:
    """Return an object and a function."""
    thing = random.choice((Thing, Thing, Compact))(random.choice((0.5, 1.0)), 2.0)
    return [thing, random.choice((math.sin, np.sqrt, scaled(0.5), scaled(2)))]


def differences(text: str, seed: int, times: int = 1) -> tuple[list[str], int]:
    """Return what differs between plain and bumped calls, and how often kernels did something.

    Arguments of each kind are given so many times.
    """
    f = made(text)
    g = alloc.bump(alloc.Buffer(10**8))(f)
    mode = Random(seed + 1).choice(MODES)
    for call in (call for call in range(4) for _ in range(times)):
        with np.errstate(all=mode):
            wanted = outcome(f, arguments(seed, call))
            got = outcome(g, arguments(seed, call))
        for what, one, other in zip(("result", "warnings"), wanted, got, strict=False):
            if not same(one, other):
                return [f"call {call} ({mode}), {what}: {one!r}, not {other!r}"], 0
        for name, one, other in zip(ARGUMENTS, wanted[2], got[2], strict=True):
            if not callable(one) and not same(one, other):
                return [f"call {call} ({mode}), what is left in {name}: {one!r}, not {other!r}"], 0
    try:
        return [], sum(site.hits for site in loop_sites(g))
    except AttributeError:  # nothing to rewrite, or the function was given back
        return [], 0


def silent() -> None:
    """Let what programs print about themselves go nowhere."""
    sys.unraisablehook = lambda _: None
