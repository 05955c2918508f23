"""Arguments for programs: each kind, by name, gives equal values over new memory each time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ...differential.inputs import random, unaligned

COUNT = 5  # x0, x1, x2, then s.x, and G and c
Row = list[Any]


class Subclass(np.ndarray):
    """An array that is none of NumPy's own."""


def _alike(*dtypes: str, shape: Any = (7,)) -> Callable[[], Row]:
    return lambda: [random(shape, dtypes[k % len(dtypes)], k) for k in range(COUNT)]


def _each(make: Callable[[int], Any]) -> Callable[[], Row]:
    return lambda: [make(k) for k in range(COUNT)]


def _overlapping() -> Row:
    base = random(12, seed=3)
    return [base[:7], base[2:9], base[5:12], base[8:1:-1], base[4:11]]


def _special() -> Row:
    values = [np.nan, np.inf, -np.inf, 0.0, -0.0, 1e308, 5e-324]
    return [np.roll(np.array(values), k) * (k % 2 or 1) for k in range(COUNT)]


def _frozen() -> Row:
    out = _alike("f8")()
    for array in out[::2]:
        array.flags.writeable = False
    return out


def _shapes() -> Row:
    return [random(shape, seed=k) for k, shape in enumerate([(3, 4), (4,), (3, 1), (1, 4), ()])]


ROWS: dict[str, Callable[[], Row]] = {
    "f8": _alike("f8"),
    "f8 others": _each(lambda k: abs(random(7, seed=k + 9)) + 0.5),
    "f8 longer": _alike("f8", shape=(33,)),
    "f8 matrix": _alike("f8", shape=(3, 5)),
    "f8 square": _alike("f8", shape=(4, 4)),
    "f8 cube": _alike("f8", shape=(2, 3, 4)),
    "shapes": _shapes,
    "special": _special,
    "f4": _alike("f4"),
    "f2": _alike("f2"),
    "g": _alike("g"),
    "i8": _alike("i8"),
    "i1": _alike("i1"),
    "u1": _alike("u1", "u8"),
    "bool": _alike("?"),
    "mixed": _alike("f8", "i4", "f4", "?", "u2"),
    "floats": _each(lambda k: 0.5 * k - 0.25),
    "integers": _each(lambda k: k - 1),
    "scalars": _each(lambda k: [np.float64, np.float32, np.int8, np.int64][k % 4](k + 1)),
    "lists": _each(lambda k: [1.0 + k, 2.0, 0.5]),
    "no axes": _alike("f8", shape=()),
    "empty": _alike("f8", shape=(0,)),
    "one": _alike("f8", shape=(1,)),
    "two": _alike("f8", shape=(2,)),
    "strided": _each(lambda k: random(21, seed=k)[k % 3 :: 3]),
    "reversed": _each(lambda k: random(7, seed=k)[:: -1 if k % 2 else 1]),
    "fortran": _each(lambda k: np.asfortranarray(random((3, 5), seed=k))),
    "turned": _each(lambda k: random((5, 3), seed=k).T if k % 2 else random((3, 5), seed=k)),
    "spread": _each(lambda k: np.broadcast_to(random(5, seed=k), (3, 5)).copy() if k else
                    np.broadcast_to(random(5), (3, 5))),
    "unaligned": _each(lambda k: unaligned((7,)) if k % 2 else random(7, seed=k)),
    "overlapping": _overlapping,
    "frozen": _frozen,
    "objects": _each(lambda k: np.array([1, 2.5, 3], object) * (k + 1)),
    "subclass": _each(lambda k: random(7, seed=k).view(Subclass)),
    "dates": _alike("m8[s]"),
    "strings": _each(lambda k: "abc"),
    "nothing": _each(lambda k: None),
    "large": _alike("f8", shape=(20_000,)),
    "large f4": _alike("f4", "f8", shape=(40_000,)),
    "large matrix": _alike("f8", shape=(120, 250)),
    "huge": _alike("f8", shape=(70_000,)),
    "c16": _alike("c16"),
    "c8": _alike("c8", "f4"),
    "large c16": _alike("c16", shape=(9_000,)),
    "c16 reversed": _each(lambda k: random(7, "c16", k)[:: -1 if k % 2 else 1]),
    ">f8": _alike(">f8", "f8"),
    ">f4": _alike(">f4", "f8"),
    ">i2": _alike(">i2", "i4", "i8", "u1"),
    "f4 and f8": _alike("f4", "f8"),
    ">f8 others": _alike(">f8", "f4", "f4", "f4", "i2"),
    "c8 reversed": _each(lambda k: random(9, "c8", k)[:: -1 if k % 2 else 1]),
    ">i4": _alike(">i4", "i2", ">f4"),
    ">c8": _alike(">c8", "c16", "f4"),
    ">c16": _alike(">c16", "c8", "f4", "c8", "f4"),
    "f8 and f4": _alike("f8", "f4", "f4", "f4", "i2"),
}  # fmt: skip
LARGE = [name for name in ROWS if "large" in name or name == "huge"]
RARE = ["strings", "nothing", "dates", "objects", "empty", "g", "spread"]
