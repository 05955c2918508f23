"""Every equivalent against NumPy itself: bits, dtype, shape and layout."""

from __future__ import annotations

import tracemalloc
import warnings

import numpy as np
import pytest

from alloc_rewrite.numpy_facts import FORWARDS, power_ufunc
from alloc_rewrite.pycore.equivalents import ROWS, fancy, matmul_shape

from .arena_cases import DTYPES, Empty, Maker, assert_same
from .equivalent_calls import CALLS, call_for

ARENA = [row for row in ROWS if row.equivalent is not None]
PLAIN = [row for row in ARENA if not row.name.startswith("numpy.random.")]
UNINITIALISED = {"numpy.empty", "numpy.empty_like", "numpy.ndarray"}
ROUNDS = 150


def original(row):
    if isinstance(row.function, tuple):
        return getattr(*row.function)
    return row.function


def attempt(function, *args, **kwargs):
    """The result, or NotImplemented for any exception; a warning is one."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("error")
        try:
            return function(*args, **kwargs)
        except Exception:
            return NotImplemented


def snapshot(args):
    return [(arg.tobytes(), arg.strides) for arg in args if isinstance(arg, np.ndarray)]


def test_every_row_has_cases():
    assert [row.name for row in PLAIN if call_for(row.name) is None] == []
    assert len({row.function for row in ROWS}) == len(ROWS)
    assert all(row.equivalent or row.note for row in ROWS)


@pytest.mark.parametrize("row", PLAIN, ids=lambda row: row.name)
def test_as_numpy(row):
    maker = Maker(len(row.name))
    call = call_for(row.name)
    taken = 0
    for _ in range(ROUNDS):
        args, kwargs = call(maker)
        before = snapshot(args)
        wanted = attempt(original(row), *args, **kwargs)
        got = attempt(row.equivalent, Empty(), *args, **kwargs)
        assert snapshot(args) == before
        if got is NotImplemented:
            continue
        taken += 1
        if row.name in UNINITIALISED:
            got, wanted = np.zeros_like(got), np.zeros_like(wanted)
        assert_same(got, wanted)
    assert taken > ROUNDS / 20


@pytest.mark.parametrize("row", PLAIN, ids=lambda row: row.name)
def test_odd_arguments_are_left_to_numpy(row):
    """What is not the equivalent's to do leaves no trace and no wrong answer."""

    class Sub(np.ndarray):
        pass

    a = np.arange(12.0).reshape(3, 4)
    odd = [a.view(Sub), a.astype(object), np.empty((0, 3)), None, "x", object()]
    for value in odd:
        got = attempt(row.equivalent, Empty(), value)
        assert got is NotImplemented or got is value
    assert attempt(row.equivalent, Empty(), a, out=a, like=a) is NotImplemented


def test_zeros_of_every_kind():
    for dtype in ("?", "i4", ">f8", "D", "S3", "U2", "M8[s]", "m8[D]", "V5"):
        zeros = next(row for row in ROWS if row.name == "numpy.zeros").equivalent
        assert_same(zeros(Empty(), (3, 2), dtype, "F"), np.zeros((3, 2), dtype, "F"))


def test_reshape_shares_memory_where_numpy_does():
    maker = Maker(5)
    reshape = next(row for row in ROWS if row.name == "numpy.ndarray.reshape").equivalent
    for _ in range(500):
        (a, *shape), kwargs = CALLS["numpy.ndarray.reshape"](maker)
        got, wanted = reshape(Empty(), a, *shape, **kwargs), a.reshape(*shape, **kwargs)
        assert np.shares_memory(got, a) == np.shares_memory(wanted, a)
        assert_same(got, wanted)


def test_long_reductions():
    """More elements than the iterator's buffers and the blocks of pairwise sums."""
    maker = Maker(11)
    row = next(row for row in ROWS if row.name == "numpy.ufunc.reduce")
    for shape in ((3, 20001), (20001, 3), (130, 7, 150)):
        for dtype in "?hlefdD":
            a = maker.array(shape, dtype)
            for axis in (0, -1, (0, 1)):
                for ufunc in (np.add, np.multiply, np.maximum):
                    args, kwargs = (ufunc, a, axis), {"keepdims": True}
                    wanted = attempt(np.ufunc.reduce, *args, **kwargs)
                    got = attempt(row.equivalent, Empty(), *args, **kwargs)
                    if got is not NotImplemented:
                        assert_same(got, wanted)


def test_long_choices():
    maker = Maker(23)
    where = next(row for row in ROWS if row.name == "numpy.where").equivalent
    for dtype in DTYPES:
        for shape in ((5000,), (70, 41), (3, 40, 50)):
            x, y = maker.array(shape, dtype), maker.array(shape, dtype)
            mask = maker.array(maker.pick([shape, shape[-1:]]), "?")
            for args in ((mask, x, y), (mask, x, 1), (mask, True, y), (mask, x[..., :1], y)):
                assert_same(where(Empty(), *args), np.where(*args))


def test_fancy():
    maker = Maker(3)
    taken = 0
    for _ in range(400):
        a = maker.array()
        index = maker.array(maker.shape(1, 2), maker.pick("lliBL"))
        index = maker.pick([index, index % len(a), index % len(a) - len(a)])
        index = index.astype(maker.pick("lli"))
        got = attempt(fancy, Empty(), a, index)
        if got is not NotImplemented:
            taken += 1
            assert_same(got, a[index])
    assert taken > 50
    assert attempt(fancy, Empty(), np.arange(3), np.array([3])) is NotImplemented
    assert attempt(fancy, Empty(), np.arange(3), np.array([-4])) is NotImplemented


def test_matmul_shape():
    maker = Maker(8)
    for _ in range(300):
        (a, b), _kwargs = CALLS["numpy.matmul"](maker)
        wanted = attempt(np.matmul, a, b)
        assert matmul_shape(a.shape, b.shape) == np.shape(wanted)
    for shapes in (((), (3,)), ((3,), (4,)), ((2, 3), (2, 3)), ((2, 3, 3), (4, 3, 3))):
        with pytest.raises(ValueError, match=r"matmul|mismatch"):
            matmul_shape(*shapes)


EXPONENTS = [0, 1, 2, -1, 3, -2, True, 2**70, 0.0, 1.0, 2.0, -1.0, 0.5, 3.0, 0.25, np.nan, 1e300,
             np.float64(2), np.float32(2), np.float32(0.5), np.int64(2), np.int8(-1), np.uint8(1),
             np.float16(1), np.longdouble(2), 2j, np.complex64(2)]  # fmt: skip


@pytest.mark.parametrize("exponent", EXPONENTS, ids=lambda one: f"{type(one).__name__}-{one}")
def test_power(exponent):
    maker = Maker(17)
    for dtype in DTYPES + "G":
        for _ in range(4):
            a = maker.array(dtype=dtype)
            ufunc = power_ufunc(a.dtype, exponent)
            if ufunc is None:
                continue
            args = (a,) if ufunc.nin == 1 else (a, exponent)
            got, wanted = attempt(ufunc, *args), attempt(pow, a, exponent)
            if got is not NotImplemented or wanted is not NotImplemented:
                assert_same(got, wanted)


def test_forwards():
    a = Maker(1).array((4, 5), "d")
    for method, function in FORWARDS.items():
        args = (-1.0, 2.0) if method is np.ndarray.clip else (0,)
        assert_same(function(a, *args), method(a, *args))
        assert function.__module__ == "numpy._core._methods"


_BIG = np.linspace(-3, 3, 2**17)  # 1 MiB
_SQUARE = _BIG[: 256 * 256].reshape(256, 256)
_PLACES = np.arange(2**17)[::-1].copy()
LARGE = {
    "numpy.zeros": (2**17,),
    "numpy.array": (_BIG,),
    "numpy.arange": (2**17,),
    "numpy.ascontiguousarray": (_BIG[::-1],),
    "numpy.ndarray.astype": (_BIG, np.float32),
    "numpy.ndarray.copy": (_BIG,),
    "numpy.ndarray.flatten": (_SQUARE.T,),
    "numpy.ndarray.reshape": (_SQUARE.T, -1),
    "numpy.ndarray.repeat": (_BIG, 2),
    "numpy.ndarray.take": (_BIG, _PLACES),
    "numpy.ndarray.round": (_BIG, 2),
    "numpy.concatenate": ((_BIG, _BIG),),
    "numpy.where": (_BIG > 0, _BIG, 0.0),
    "numpy.ufunc.reduce": (np.add, _BIG.reshape(-1, 2), 1),
    "numpy.ufunc.accumulate": (np.add, _BIG),
    "numpy.ufunc.outer": (np.add, _BIG[:400], _BIG[:400]),
    "numpy.ndarray.cumsum": (_PLACES, None, "f8"),
    "numpy.ndarray.argmax": (_BIG.reshape(2, -1).copy(), 0),
    "numpy.dot": (_SQUARE, _SQUARE),
    "numpy.matmul": (_SQUARE, _SQUARE.T),
    "numpy._core.multiarray.c_einsum": ("ij,kj->ki", _SQUARE, _SQUARE),
    "numpy.random.RandomState.rand": (np.random.RandomState(0), 2**17),
    "numpy.random.RandomState.normal": (np.random.RandomState(0), 0.0, 1.0, 2**17),
    "numpy.random.Generator.random": (np.random.default_rng(0), 2**17),
    "numpy.random.Generator.integers": (np.random.default_rng(0), 0, 9, 2**17),
}


@pytest.mark.parametrize("name", LARGE)
def test_no_array_data_from_the_heap(name):
    equivalent = next(row for row in ROWS if row.name == name).equivalent
    empty = Empty(keep=True)
    result = equivalent(empty, *LARGE[name])
    assert result is not NotImplemented
    empty.calls = 0
    tracemalloc.start()
    try:
        equivalent(empty, *LARGE[name])
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    # Buffers of the iterator are as large as 64 KiB an operand, whatever the size of the arrays.
    assert peak < 300_000 < 2 * result.nbytes
