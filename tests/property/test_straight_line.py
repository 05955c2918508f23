"""Random straight-line programs: plain and bumped agree to the bit, also in what they leave."""

from __future__ import annotations

import functools
import linecache
import warnings
from collections.abc import Callable
from copy import copy
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import pytest
from hypothesis import Phase, given, note, settings
from hypothesis import strategies as st

import alloc_rewrite as alloc

from ..differential.compare import NOTHING_TO_DO, Outcome, fingerprint, observe
from ..differential.inputs import random, unaligned
from .straight_line import NAMES, Writer
from .test_expressions import copied, leaves
from .vocabulary import EMPHASES, Emphasis

BESIDES = 4  # arrays that are no arguments: s.x, s.y, G and c
CALLERS = [
    *[{}] * 8, {"all": "raise"}, {"all": "warn"}, {"under": "raise"}, {"divide": "raise"},
    {"invalid": "raise", "over": "ignore"}, {"all": "ignore"},
]  # fmt: skip
KINDS = ["window", "own", "window", "reversed", "strided", "fortran", "transposed", "row", "spread",
         "unaligned", "frozen", "zero", "any", "overlapping", "windows turned"]  # fmt: skip


class Plain:
    """What programs know as `s`."""

    scale = 0.5

    def __init__(self, x, y):
        self.reads = 0
        self.x, self.y = x, y

    @property
    def counted(self):
        self.reads += 1
        return self.x


class Slotted(Plain):
    """Note that `Plain` gives it a dictionary beside the slots."""

    __slots__ = ("x", "y")


class Watched(Plain):
    """All reads and writes of `x` are counted, and `y` is found last."""

    @property
    def x(self):
        self.reads += 1
        return self.kept

    @x.setter
    def x(self, value):
        self.reads += 100
        self.kept = value

    def __setattr__(self, name, value):
        super().__setattr__("hidden" if name == "y" else name, value)

    def __getattr__(self, name):
        if name != "y":
            raise AttributeError(name)
        self.reads += 10_000
        return self.hidden


# -------------------------------------------------------------------------------- arguments


def specials(dtype: np.dtype) -> list[Any]:
    """Return the values at which arithmetic does something else."""
    if dtype.kind == "f":
        info = np.finfo(dtype)
        limits = [info.max, info.min, info.tiny, info.smallest_subnormal, -info.tiny]
        return [np.nan, np.inf, -np.inf, 0.0, -0.0, *limits]
    if dtype.kind == "c":
        most = np.finfo(dtype).max
        return [complex(np.nan, 1), complex(0, np.inf), 0j, -0.0, complex(most, -most), np.inf]
    if dtype.kind in "iu":
        return [0, np.iinfo(dtype).max, np.iinfo(dtype).min]
    return ["NaT"] if dtype.kind in "mM" else []


def sprinkle(array: np.ndarray, seed: int, count: int) -> None:
    """Write special values at random places."""
    source = np.random.Generator(np.random.PCG64(seed))
    values = specials(array.dtype)
    if values and array.size and array.flags.writeable:
        for _ in range(count):
            place = np.unravel_index(source.integers(array.size), array.shape)
            array[place] = values[source.integers(len(values))]


@st.composite
def argument(draw: Any, shape: tuple[int, ...], base: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """Draw an array of a layout, often over the same memory as others."""
    kind, seed = draw(st.sampled_from(KINDS)), draw(st.integers(0, 99))
    own = lambda shape: np.asarray(random(shape, dtype, seed))
    if kind == "any" and dtype.kind in "fiubc":
        return draw(leaves(shape[:3])) if np.prod(shape) < 1000 else own(shape)
    if kind == "zero":
        return own(())
    if kind == "fortran":
        return np.asfortranarray(own(shape))
    if kind == "transposed":
        return own(shape[::-1]).T
    if kind == "unaligned" and not dtype.hasobject:
        return unaligned(shape, dtype)
    if kind in ("row", "spread"):
        row = own([n if draw(st.booleans()) else 1 for n in shape][draw(st.integers(0, 1)) :])
        return np.broadcast_to(row, shape) if kind == "spread" else row
    if kind == "frozen":
        array = own(shape)
        array.flags.writeable = False
        return array
    if kind == "overlapping" and shape and not dtype.hasobject and base.size:
        strides = [base.itemsize * (k != len(shape) - 1 or 1) for k in range(len(shape))]
        return np.ndarray(shape, base.dtype, base, 0, strides)
    if kind == "own":
        return own(shape)
    starts = [draw(st.integers(0, 2)) for _ in shape]
    step = {"reversed": -1, "strided": 2}.get(kind, 1)
    items = [slice(start, start + n * abs(step)) for start, n in zip(starts, shape)]
    window = base[(*items, ...)][(..., slice(None, None, step)) if shape else ...]
    return window.T if kind == "windows turned" else window


@st.composite
def arguments(draw: Any, emphasis: Emphasis) -> list[np.ndarray]:
    """Draw arrays whose shapes are mostly the same, or can be broadcast or cut to it."""
    shape = draw(st.sampled_from(emphasis.shapes))
    dtypes = [np.dtype(dtype) for dtype in draw(st.sampled_from(emphasis.dtypes))]
    base = np.asarray(random([2 * n + 2 for n in shape], dtypes[0], draw(st.integers(0, 99))))
    if base.dtype.kind in "fc" and draw(st.booleans()):
        base = abs(base).astype(base.dtype) + base.dtype.type(0.5)
    arrays = [
        draw(argument(shape, base, draw(st.sampled_from(dtypes))))
        for _ in range(draw(st.integers(1, 4)) + BESIDES)
    ]
    if draw(st.integers(0, 99)) >= 100 - 100 * emphasis.special:
        for k, array in enumerate(arrays):
            sprinkle(array, k, draw(st.integers(0, 3)))
    return arrays


def fresh(arrays: list[np.ndarray]) -> list[np.ndarray]:
    """Return equal arrays over other memory; those of objects no longer overlap."""
    others = iter(copied([array for array in arrays if not array.dtype.hasobject]))
    return [array.copy("K") if array.dtype.hasobject else next(others) for array in arrays]


def one_nan(seen: Any) -> Any:
    """Make all NaNs of a fingerprint the same one.

    Of two NaNs NumPy's loops give the first in whole vectors and the second in what is left over,
    so that their signs depend on how many elements at a time a loop is given.
    """
    if not isinstance(seen, tuple) or not seen:
        return seen
    if seen[0] in (float, complex):
        return (seen[0], without_signs(seen[1], np.dtype(float)))
    dtype = next((one[0] for one in seen if type(one) is tuple and one), None)
    if not isinstance(dtype, np.dtype):
        return tuple(map(one_nan, seen))
    part = np.empty(0, dtype).real.dtype
    return tuple(without_signs(x, part) if type(x) is bytes else x for x in seen)


def without_signs(data: bytes, dtype: np.dtype) -> bytes:
    if dtype.char == "g" and len(data) % 10 == 0:  # as fingerprints have them
        rows = np.frombuffer(data, np.uint8).reshape(-1, 10).copy()
        top = (rows[:, 8] == 0xFF) & (rows[:, 9] & 0x7F == 0x7F)
        rows[top & (rows[:, :8] != [0] * 7 + [0x80]).any(axis=1)] = 0xFF
        return rows.tobytes()
    if dtype.kind != "f":
        return data
    values = np.frombuffer(data, dtype).copy()
    values[values != values] = np.nan
    return values.tobytes()


def seen_of(f: Callable[..., Any], row: list[np.ndarray]) -> tuple[Outcome, Any, Any]:
    """Call with copies of a row; return what could be seen, the result, and its fingerprint."""
    outcome, result = observe(f, (*fresh(row), []))
    seen = [one_nan(getattr(outcome, field.name)) for field in fields(outcome)]
    return Outcome(*seen), result, outcome.result


# --------------------------------------------------------------------------------- programs


@dataclass(frozen=True)
class Program:
    source: str
    rows: list[list[np.ndarray]]  # arguments, s.x, s.y, G and c
    scalars: list[Any]
    holder: type[Plain]
    state: dict[str, str]  # of floating point errors, in the caller
    strict: bool  # whether warnings are errors to the caller

    def made(self) -> tuple[Callable[..., Any], Callable[..., Any]]:
        """Return the function, and one that calls it, or a form of it, with a row of arrays."""
        filename = f"<{hash(self.source)}>"
        linecache.cache[filename] = (0, None, self.source.splitlines(True), filename)
        namespace = dict(NAMES)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)  # a number with a subscript
            exec(compile(self.source, filename, "exec"), namespace)
        plain, exchange = namespace["made"](None)

        def call(f: Callable[..., Any], *row: Any) -> Any:
            *arrays, x, y, namespace["G"], c, after = row
            exchange(c)
            s = self.holder(x, y)
            scalars = [copy(value) for value in self.scalars]
            try:
                with np.errstate(**self.state), warnings.catch_warnings():
                    if self.strict:
                        warnings.simplefilter("error", RuntimeWarning)
                    return f(*arrays, s, *scalars)
            finally:
                after += [s.reads, s.x, s.y, namespace["G"], exchange(None), scalars]

        return plain, call


@st.composite
def programs(draw: Any, emphasis: Emphasis) -> Program:
    arrays = draw(arguments(emphasis))
    holder = draw(st.sampled_from([Plain, Slotted, Watched]))
    *given, x, y, g, c = fresh(arrays)
    names = {f"x{k}": array for k, array in enumerate(given)}
    calm = draw(st.integers(0, 99)) < 100 * emphasis.calm  # leave out what would warn
    with np.errstate(all="raise" if calm else "ignore", under="ignore"), warnings.catch_warnings():
        warnings.simplefilter("error" if calm else "ignore")
        writer = Writer(draw, emphasis, {**names, "s": holder(x, y), "G": g, "c": c})
        source = writer.source()
    scalars = [copy(value) for value in writer.scalars.values()]
    state, strict = draw(st.sampled_from(CALLERS)), draw(st.integers(0, 5)) == 5
    return Program(source, [arrays, *draw(others(arrays))], scalars, holder, state, strict)


@st.composite
def others(draw: Any, arrays: list[np.ndarray]) -> list[list[np.ndarray]]:
    """Draw other arguments for the same program: other values, and another shape or dtype."""
    rows = [fresh(arrays)]
    for k, array in enumerate(rows[0]):
        sprinkle(array, k + 100, draw(st.integers(0, 2)))
    change = draw(st.sampled_from(["none", "shape", "dtype"]))
    if change == "shape":
        rows.append([a[..., :-1] if a.ndim and a.shape[-1] > 2 else a for a in arrays])
    if change == "dtype" and not any(a.dtype.kind in "mMO" for a in arrays):
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            rows.append([a.astype(draw(st.sampled_from(["f4", "f8"]))) for a in arrays])
    return rows


@pytest.mark.parametrize("name", EMPHASES)
def test_plain_and_bumped_agree(name):
    emphasis = EMPHASES[name]

    @settings(
        max_examples=int(settings().max_examples * emphasis.share),
        phases=[phase for phase in Phase if phase is not Phase.explain],  # that takes long
    )
    @given(programs(emphasis))
    def agree(program):
        check(program)

    agree()


def check(program: Program) -> None:
    note(program.source)
    plain, call = program.made()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", NOTHING_TO_DO, alloc.RewriteWarning)
        bumped = alloc.bump(alloc.Buffer())(plain)
    full = alloc.Buffer(1024, on_full="heap")
    run = functools.partial(alloc.run, plain, full)
    expected = [seen_of(functools.partial(call, plain), row)[0] for row in program.rows]
    others = range(1, len(program.rows))
    kept = []
    for f, k in [(bumped, k) for k in (0, 0, 0, *others, 0)] + [(run, 0), (run, 1)]:
        got, result, before = seen_of(functools.partial(call, f), program.rows[k])
        differences = expected[k].differences(got)
        assert not differences, "\n".join(differences)
        kept.append((result, before))
    for result, before in kept:
        assert fingerprint(result) == before
    del linecache.cache[plain.__code__.co_filename]
