"""Random programs of expressions over random arrays: plain and bumped agree to the bit."""

from __future__ import annotations

import functools
import linecache
import warnings
from typing import Any

import numpy as np
from hypothesis import given, note
from hypothesis import strategies as st

import alloc_rewrite as alloc

from ..differential.compare import NOTHING_TO_DO, fingerprint, observe

DTYPES = ["?", "i1", "u1", "i4", "u8", "i8", "f2", "f4", "f8", "f8", "f8", "g", "c8", "c16"]
SCALARS = ["yes", "zero", "one", "2", "-1", "3", "300", "2**40", "0.5", "-2.5", "0.0", "1e300",
           "2j", "nan", "inf", "f4(0.1)", "i1(3)", "f8(1.5)", "u1(200)", "b(True)", "z(2.5)",
           "z(2)"]  # fmt: skip
NAMES = {
    "nan": float("nan"), "yes": True, "zero": 0, "one": 1,
    "inf": float("inf"), "f4": np.float32, "f8": np.float64, "i1": np.int8,
    "u1": np.uint8, "b": np.bool_, "z": np.array, "np": np, "__name__": "cases",
}  # fmt: skip
BINARY = ["+", "-", "*", "/", "//", "%", "**", "&", "|", "^", "<", "<=", "==", "!=", ">", ">=", "@"]
WEIGHTED = BINARY + ["+", "-", "*", "/"] * 3
IN_PLACE = ["+", "-", "*", "/", "//", "**", "&"]
ONE = ["-{}", "+{}", "~{}", "abs({})", "np.sqrt({})", "np.exp({})", "np.sin({})", "np.square({})",
       "{}.copy()", "{}.T", "np.tanh({})", "np.isfinite({})", "np.sign({})", "np.conj({})",
       "np.array({})", "np.ascontiguousarray({})", "np.zeros_like({})", "np.ravel({})",
       "np.modf({})[1]", "({}).astype(float)", "({}).astype('f4')", "np.round({}, 1)",
       "np.sum({})", "np.sum({}, axis=-1)", "np.mean({}, axis=0)", "np.max({}, axis=0)",
       "np.cumsum({}, axis=0)", "np.add.reduce({}, axis=0, keepdims=True)", "np.any({}, axis=-1)",
       "np.argmax({}, axis=0)", "np.flip({})", "np.sort({}, axis=-1)", "np.diff({}, axis=0)",
       "np.stack([{0}, {0}])", "np.concatenate([{0}, {0}])", "np.where({0}, {0}, 1)",
       "np.tile({}, 2)",
       "np.roll({}, 1)", "np.clip({}, 0, 2)", "np.expand_dims({}, 0)", "({})[..., ::-1]",
       "({})[:1]",
       "({})[1:]", "({})[..., None]", "({})[[0, -1]]", "({})[np.array([0])]", "({0})[({0}) > 0]",
       "np.linalg.norm({}, axis=0)", "np.var({}, axis=0)"]  # fmt: skip
TWO = ["np.add({}, {})", "np.maximum({}, {})", "np.arctan2({}, {})", "np.power({}, {})",
       "np.multiply({}, {})", "np.where({0}, {0}, {1})", "np.where({1} > 0, {0}, {1})",
       "np.hypot({}, {})",
       "np.logical_and({}, {})", "np.dot({}, {})", "np.multiply.outer({}, {})",
       "np.copysign({}, {})",
       "np.minimum({}, {})", "np.divmod({}, {})[0]", "np.stack([{}, {}])"]  # fmt: skip


@st.composite
def leaves(draw: Any, base: tuple[int, ...]) -> np.ndarray:
    """An array whose shape broadcasts with `base` more often than not, of any layout."""
    ndim = draw(st.integers(0, len(base)))
    shape = [n if draw(st.integers(0, 5)) else 1 for n in base[len(base) - ndim :]]
    if draw(st.integers(0, 15)) == 0 and shape:
        shape[draw(st.integers(0, len(shape) - 1))] = draw(st.integers(0, 4))
    dtype = np.dtype(draw(st.sampled_from(DTYPES)))
    steps = [draw(st.sampled_from([1, 1, 1, 2, -1, -2, 0])) for _ in shape]
    order = draw(st.permutations(range(len(shape)))) if draw(st.booleans()) else range(len(shape))
    order = list(order)
    source = np.random.Generator(np.random.PCG64(draw(st.integers(0, 2**16))))
    outer = [(shape[k] - 1) * abs(steps[k]) + 1 if shape[k] else 0 for k in order]
    values = source.normal(0, 3, outer)
    if dtype.kind == "u" or dtype.kind == "b":
        values = abs(values)
    array = np.asarray(values).astype(dtype)
    if dtype.kind == "c":
        array = array + np.asarray(source.normal(0, 1, outer) * 1j).astype(dtype)
    if dtype.kind in "fc" and array.size and draw(st.booleans()):
        special = [np.nan, np.inf, -np.inf, 0.0, -0.0, np.finfo(dtype).tiny]
        array.flat[source.integers(0, array.size)] = special[source.integers(0, 6)]
    array = array.transpose([order.index(k) for k in range(len(shape))])
    index = []
    for step in steps:
        index.append(slice(None, None, step) if step else slice(None, 1))
    array = array[(*index, ...)]
    return np.broadcast_to(array, shape) if 0 in steps and 0 not in shape else array


def expressions(names: list[str]) -> st.SearchStrategy[str]:
    atoms = st.one_of(st.sampled_from(names), st.sampled_from(names), st.sampled_from(SCALARS))

    def grown(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        binary = st.tuples(inner, st.sampled_from(WEIGHTED), inner)
        return st.one_of(
            binary.map(lambda x: f"({x[0]} {x[1]} {x[2]})"),
            binary.map(lambda x: f"({x[0]} {x[1]} {x[2]})"),
            st.tuples(st.sampled_from(ONE), inner).map(lambda x: f"({x[0].format(x[1])})"),
            st.tuples(st.sampled_from(TWO), inner, inner).map(lambda x: x[0].format(x[1], x[2])),
        )

    return st.recursive(atoms, grown, max_leaves=6)


@st.composite
def programs(draw: Any) -> tuple[str, list[np.ndarray]]:
    """The source of a function of x0, x1, ..., and its arguments; some share memory."""
    base = tuple(draw(st.lists(st.integers(1, 4), max_size=4)))
    arrays = [draw(leaves(base)) for _ in range(draw(st.integers(1, 3)))]
    if draw(st.booleans()) and arrays[0].ndim:
        arrays.append(arrays[0][..., ::-1])
    names = [f"x{i}" for i in range(len(arrays))]
    lines = [f"def program({', '.join(names)}):", "    kept = []"]
    for number in range(draw(st.integers(1, 5))):
        expression = draw(expressions(names))
        kind = draw(st.integers(0, 5))
        if kind == 0:
            target, symbol = draw(st.sampled_from(names)), draw(st.sampled_from(IN_PLACE))
            lines.append(f"    {target} {symbol}= {expression}")
        elif kind == 1:
            lines.append(f"    {draw(st.sampled_from(names))}[...] = {expression}")
        elif kind == 2:
            lines.append(f"    for i in range(3): {draw(st.sampled_from(names))} = {expression}")
        else:
            lines.append(f"    y{number} = {expression}")
            lines.append(f"    kept.append(y{number})")
            names.append(f"y{number}")
    lines.append(f"    return kept, {', '.join(names)}")
    return "\n".join(lines) + "\n", arrays


def copied(arrays: list[np.ndarray]) -> tuple[np.ndarray, ...]:
    """Equal arrays over memory of their own, with the same strides and the same overlaps."""
    owners: dict[int, tuple[Any, int]] = {}
    out = []
    for array in arrays:
        owner = array
        while isinstance(owner.base, np.ndarray):
            owner = owner.base
        if id(owner) not in owners:
            raw = np.empty(owner.nbytes, np.uint8)
            new = np.ndarray(owner.shape, owner.dtype, raw.data, 0, owner.strides)
            new[...] = owner
            owners[id(owner)] = (raw, owner.__array_interface__["data"][0])
        raw, start = owners[id(owner)]
        offset = array.__array_interface__["data"][0] - start
        new = np.ndarray(array.shape, array.dtype, raw, offset if array.size else 0, array.strides)
        new.flags.writeable = array.flags.writeable
        out.append(new)
    return tuple(out)


@given(programs())
def test_plain_and_bumped_agree(program):
    source, arrays = program
    note(source)
    namespace = dict(NAMES)
    filename = f"<{hash(source)}>"
    linecache.cache[filename] = (len(source), None, source.splitlines(True), filename)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SyntaxWarning)  # a number with a subscript
        exec(compile(source, filename, "exec"), namespace)
    plain = namespace["program"]
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", NOTHING_TO_DO, alloc.RewriteWarning)
        bumped = alloc.bump(alloc.Buffer())(plain)
    full = alloc.Buffer(1024, on_full="heap")
    expected, _ = observe(plain, copied(arrays))
    kept = []
    for call in (bumped, bumped, bumped, functools.partial(alloc.run, plain, full)):
        got, result = observe(call, copied(arrays))
        differences = expected.differences(got)
        assert not differences, "\n".join(differences)
        kept.append((result, got.result))
    for result, before in kept:
        assert fingerprint(result) == before
    del linecache.cache[filename]
