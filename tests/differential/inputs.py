"""The arrays that cases written as text use: each name makes a fresh, equal array each time."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Any

import numpy as np


def random(shape: Any, dtype: Any = np.float64, seed: int = 0) -> np.ndarray:
    """Return random values that suit the dtype: around zero, small integers, strings, dates."""
    source = np.random.Generator(np.random.PCG64(seed))
    dtype = np.dtype(dtype)
    numbers = source.normal(0, 3, shape)
    if dtype.kind in "Mm":
        return np.asarray(numbers * 40).astype(np.int64).astype(dtype)
    if dtype.kind in "US":
        return np.asarray(abs(numbers) * 10).astype(np.int64).astype(dtype)
    if dtype.kind in "u":
        return np.asarray(abs(numbers) * 4).astype(dtype)
    if dtype.kind in "b":
        return np.asarray(numbers > 0)
    if dtype.kind == "c":
        return np.asarray(numbers + 1j * source.normal(0, 3, shape)).astype(dtype)
    return np.asarray(numbers).astype(dtype)


def special(dtype: Any = np.float64) -> np.ndarray:
    """Return NaNs with payloads and signs, infinities, signed zeros, subnormals and limits."""
    info = np.finfo(dtype)
    values = [0, 1, 2, 0.5, 1e-3, info.max, info.tiny, info.smallest_subnormal, np.inf, np.nan]
    out = np.array([values, [-x for x in values]], dtype)
    if out.dtype == np.float64:
        out.view(np.uint64)[0, -1] = 0x7FF8000000000ABC
        out.view(np.uint64)[1, -1] = 0xFFF800000000DEF0
    return out


def unaligned(shape: tuple[int, ...], dtype: Any = np.float64) -> np.ndarray:
    """Return an array whose data start at an odd address."""
    values = random(shape, dtype, 5)
    raw = np.zeros(values.nbytes + 1, np.uint8)
    out = raw[1:].view(dtype).reshape(shape)
    out[...] = values
    return out


def broadcast(shape: tuple[int, ...]) -> np.ndarray:
    """Return a read-only array of stride zero along the first axis."""
    return np.broadcast_to(random(shape[1:], seed=6), shape)


def positive_definite(n: int) -> np.ndarray:
    """Return a symmetric, well-conditioned matrix."""
    x = random((n, n), seed=7)
    return x @ x.T + n * np.eye(n)


def records() -> np.ndarray:
    """Return a structured array with a string and two numbers."""
    out = np.zeros(4, [("name", "U3"), ("x", "f8"), ("n", "i4")])
    out["name"] = ["a", "bc", "def", ""]
    out["x"] = random(4)
    out["n"] = [3, 1, 4, 1]
    return out


def _seeded(name: str, shape: Any, dtype: Any = np.float64) -> Callable[[], np.ndarray]:
    return lambda: random(shape, dtype, zlib.crc32(name.encode()))


INPUTS: dict[str, Callable[[], Any]] = {
    # floats: matrices, vectors, a stack, large ones (64 KiB and 32 KiB)
    **{name: _seeded(name, (3, 4)) for name in ("a", "b")},
    **{name: _seeded(name, 12) for name in ("v", "w")},
    "row": _seeded("row", 4),
    "col": _seeded("col", (3, 1)),
    "t": _seeded("t", (2, 3, 4)),
    "t4": _seeded("t4", (2, 1, 3, 4)),
    "m": lambda: random((4, 4), seed=8) + 4 * np.eye(4),
    "m2": lambda: random((4, 4), seed=9),
    "spd": lambda: positive_definite(4),
    "stack": lambda: random((3, 4, 4), seed=10) + 5 * np.eye(4),
    "one": lambda: np.array([1.5]),
    "p": lambda: np.array(2.5),
    "k": lambda: np.float64(1.25),
    "large": _seeded("large", (64, 128)),
    "long": _seeded("long", 4096),
    "positive": lambda: abs(random((3, 4), seed=11)) + 0.5,
    "unit": lambda: np.linspace(0.05, 0.95, 12).reshape(3, 4),
    "sorted_v": lambda: np.sort(random(12, seed=12)),
    # other dtypes
    "h": _seeded("h", (3, 4), np.float16),
    "f": _seeded("f", (3, 4), np.float32),
    "g": _seeded("g", (3, 4), np.longdouble),
    "z": _seeded("z", (3, 4), np.complex128),
    "z8": _seeded("z8", (3, 4), np.complex64),
    "zv": _seeded("zv", 12, np.complex128),
    "i": _seeded("i", (3, 4), np.int64),
    "i2": _seeded("i2", (3, 4), np.int64),
    "i4": _seeded("i4", (3, 4), np.int32),
    "i1": _seeded("i1", (3, 4), np.int8),
    "iv": _seeded("iv", 12, np.int64),
    "u": _seeded("u", (3, 4), np.uint8),
    "uv": _seeded("uv", 12, np.uint8),
    "q": _seeded("q", (3, 4), np.bool_),
    "q2": _seeded("q2", (3, 4), np.bool_),
    "qv": _seeded("qv", 12, np.bool_),
    "qrow": lambda: np.array([True, False, True, True]),
    "idx": lambda: np.array([2, 0, 1, -1, 2]),
    "idx2": lambda: np.array([[0, 1], [2, 2]]),
    "idx4": lambda: np.array([3, 0, -2, 1], np.int32),
    "dates": _seeded("dates", (3, 4), "M8[D]"),
    "hours": _seeded("hours", (3, 4), "M8[h]"),
    "spans": _seeded("spans", (3, 4), "m8[D]"),
    "text": _seeded("text", (3, 4), "U3"),
    "octets": _seeded("octets", (3, 4), "S3"),
    "obj": lambda: random((3, 4), np.int64, 13).astype(object),
    "rec": records,
    # layouts
    "fo": lambda: np.asfortranarray(random((3, 4), seed=14)),
    "fo3": lambda: np.asfortranarray(random((2, 3, 4), seed=15)),
    "tr": lambda: random((4, 3), seed=16).T,
    "mid": lambda: random((3, 2, 4), seed=17).transpose(1, 0, 2),
    "rev": lambda: random((3, 4), seed=18)[::-1, ::-1],
    "gap": lambda: random((6, 12), seed=19)[::2, 1::3],
    "gapv": lambda: random(36, seed=20)[::3],
    "revv": lambda: random(12, seed=21)[::-1],
    "odd": lambda: unaligned((3, 4)),
    "bc": lambda: broadcast((3, 4)),
    "swapped": lambda: random((3, 4), ">f8", 22),
    "frozen": lambda: _frozen(random((3, 4), seed=23)),
    "thin": lambda: random((3, 1, 4), seed=24).transpose(2, 1, 0),
    # values
    "n": special,
    "n4": lambda: special(np.float32),
    "n2": lambda: special(np.float16),
    "holes": lambda: _with_holes(random((3, 4), seed=25)),
    "zeros": lambda: np.zeros((3, 4)),
    "e": lambda: np.empty((0, 4)),
    "ev": lambda: np.empty(0),
    "ei": lambda: np.empty((3, 0), np.int64),
    # generators of random numbers
    "rng": lambda: np.random.default_rng(5),
    "mt": lambda: np.random.RandomState(5),
}


def _frozen(array: np.ndarray) -> np.ndarray:
    array.flags.writeable = False
    return array


def _with_holes(array: np.ndarray) -> np.ndarray:
    array[0, 1] = array[2, 3] = np.nan
    return array
