"""Subclasses of arrays, and objects that take over NumPy's functions and operators."""

from __future__ import annotations

import tempfile

import numpy as np
import pytest

from .inputs import INPUTS, random


class Tagged(np.ndarray):
    """An array that carries a name, as the NumPy manual teaches."""

    def __new__(cls, values, tag="none"):
        new = np.asarray(values).view(cls)
        new.tag = tag
        return new

    def __array_finalize__(self, source):
        self.tag = getattr(source, "tag", "default")


class Wrapped(Tagged):
    def __array_wrap__(self, array, context=None, return_scalar=False):
        out = super().__array_wrap__(array, context, return_scalar)
        if isinstance(out, Wrapped):
            out.tag = f"wrapped {context[0].__name__ if context else None}"
        return out


class Logged(np.ndarray):
    """An array that takes over ufuncs."""

    def __array_ufunc__(self, ufunc, method, *inputs, out=None, **kwargs):
        plain = [x.view(np.ndarray) if isinstance(x, Logged) else x for x in inputs]
        if out is not None:
            kwargs["out"] = tuple(x.view(np.ndarray) if isinstance(x, Logged) else x for x in out)
        result = getattr(ufunc, method)(*plain, **kwargs)
        return result.view(Logged) if isinstance(result, np.ndarray) else result


class Diagonal:
    """The example of NEP 18: an array-like that takes over functions and ufuncs."""

    def __init__(self, n, value):
        self.n, self.value = n, value

    def __array__(self, dtype=None, copy=None):
        return self.value * np.eye(self.n, dtype=dtype)

    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
        if method != "__call__" or kwargs:
            return NotImplemented
        values = [x.value if isinstance(x, Diagonal) else x for x in inputs]
        if any(isinstance(x, np.ndarray) for x in values):
            return NotImplemented
        return Diagonal(self.n, ufunc(*values))

    def __array_function__(self, function, types, args, kwargs):
        if function is np.sum:
            return self.n * self.value
        if function in (np.concatenate, np.stack):
            return f"{function.__name__} of {len(args[0])}"
        return NotImplemented


class Preferred:
    """Takes the operator from arrays by its priority, without taking over ufuncs."""

    __array_priority__ = 1000

    def __radd__(self, other):
        return "radd", other * 2

    def __rmul__(self, other):
        return "rmul"

    def __lt__(self, other):
        return "lt"

    def __gt__(self, other):
        return "gt"

    def __rmatmul__(self, other):
        return "rmatmul"


class Refusing:
    __array_ufunc__ = None

    def __radd__(self, other):
        return "refused", other.shape

    def __rpow__(self, other):
        return "rpow"


class Sequence:
    def __len__(self):
        return 4

    def __getitem__(self, i):
        if i >= 4:
            raise IndexError(i)
        return i * 1.5


class ArrayOnly:
    def __array__(self, dtype=None, copy=None):
        return np.arange(4.0)


class Interface:
    def __init__(self):
        self.array = np.arange(4.0)

    @property
    def __array_interface__(self):
        return self.array.__array_interface__


class Number(float):
    def __rmul__(self, other):
        return "rmul of a float"


class Index:
    def __index__(self):
        return 2


def memmap():
    with tempfile.TemporaryFile() as file:
        out = np.memmap(file, np.float64, "w+", shape=(3, 4))
    out[...] = random((3, 4), seed=3)
    return out


MAKERS = {
    "matrix": lambda: np.matrix(random((3, 4), seed=1)),
    "masked": lambda: np.ma.masked_less(random((3, 4), seed=2), -1),
    "masked without mask": lambda: np.ma.array(random((3, 4), seed=2)),
    "tagged": lambda: Tagged(random((3, 4), seed=3), "mine"),
    "wrapped": lambda: Wrapped(random((3, 4), seed=3), "mine"),
    "logged": lambda: random((3, 4), seed=4).view(Logged),
    "memmap": memmap,
    "recarray": lambda: (
        np.rec.fromarrays([random((3, 4)), random((3, 4), np.int64)], names="x,y").x
    ),
    "chararray": lambda: np.char.array([["a", "b"]]),
}
LIKE = {
    "diagonal": lambda: Diagonal(4, 2.0),
    "preferred": Preferred,
    "refusing": Refusing,
    "sequence": Sequence,
    "array only": ArrayOnly,
    "interface": Interface,
    "number": lambda: Number(2.5),
    "index": Index,
    "an object": object,
    "a list": lambda: [1, 2, 3, 4],
    "a string": lambda: "text",
    "a set": lambda: {1},
    "a memoryview": lambda: memoryview(np.arange(4.0)),
    "a poly1d": lambda: np.poly1d([1, 2]),
}
BOTH = [
    lambda x, y: x + y,
    lambda x, y: y * x,
    lambda x, y: x @ y,
    lambda x, y: x**y,
    lambda x, y: x < y,
    lambda x, y: x == y,
    lambda x, y: np.add(x, y),
    lambda x, y: np.concatenate([x, y]),
    lambda x, y: np.stack([x, y]),
    lambda x, y: np.where(x > 0, x, y),
    lambda x, y: np.dot(x, y),
    lambda x, y: np.maximum(y, x),
]
ONE = [
    lambda x: -x,
    lambda x: abs(x),
    lambda x: x[1:] * 2,
    lambda x: x[0],
    lambda x: x[[0, 2]],
    lambda x: x.T,
    lambda x: np.exp(x),
    lambda x: np.modf(x),
    lambda x: x.sum(),
    lambda x: x.sum(axis=0),
    lambda x: np.sum(x),
    lambda x: np.mean(x, axis=1),
    lambda x: np.std(x, axis=0),
    lambda x: x.max(axis=0),
    lambda x: np.cumsum(x, axis=0),
    lambda x: np.add.reduce(x, axis=0),
    lambda x: np.multiply.outer(x, [1, 2]),
    lambda x: x.copy(),
    lambda x: np.copy(x),
    lambda x: np.array(x),
    lambda x: np.array(x, subok=True),
    lambda x: np.asarray(x),
    lambda x: np.asanyarray(x) + 1,
    lambda x: x.astype(int),
    lambda x: np.zeros_like(x),
    lambda x: np.ones_like(x, subok=False),
    lambda x: np.full_like(x, 3),
    lambda x: x.reshape(2, 6),
    lambda x: np.ravel(x),
    lambda x: np.tile(x, 2),
    lambda x: np.stack([x, x]),
    lambda x: np.concatenate([x, x], axis=1),
    lambda x: np.sort(x),
    lambda x: np.diff(x),
    lambda x: np.roll(x, 1),
    lambda x: np.clip(x, -1, 1),
    lambda x: np.linalg.norm(x, axis=0),
    lambda x: x.round(1),
    lambda x: x.dot(x.T),
    lambda x: x.repeat(2),
    lambda x: x.take([0, 2]),
    lambda x: np.add(x, 1, out=np.zeros(x.shape)),
    lambda x: np.take(x, [0, 1], axis=1),
    lambda x: np.median(x, axis=0),
    lambda x: np.pad(x, 1),
    lambda x: x.ravel()[x.argmax()],
    lambda x: np.fft.fft(x),
    lambda x: np.einsum("ij,kj", x, x),
    lambda x: np.atleast_3d(x) * 2,
]


@pytest.mark.parametrize("name", MAKERS)
def test_one_operand(same, name):
    for f in ONE:
        same(f, MAKERS[name])


@pytest.mark.parametrize("name", MAKERS)
def test_in_place(same, name):
    def f(x, y):
        z = y.copy()
        z += x
        x += 1
        x *= y
        x[0] = 2
        return x, z

    same(f, MAKERS[name], INPUTS["a"])


@pytest.mark.parametrize("name", MAKERS)
def test_with_arrays_and_each_other(same, name):
    others = [INPUTS["a"], INPUTS["row"], INPUTS["k"], lambda: 2, *MAKERS.values()]
    for f in BOTH:
        same.each(f, [(MAKERS[name], other) for other in others])
        same.each(f, [(other, MAKERS[name]) for other in others[:4]])


@pytest.mark.parametrize("name", LIKE)
def test_array_likes(same, name):
    arrays = [INPUTS["a"], INPUTS["row"], INPUTS["m"], INPUTS["i"], INPUTS["k"], MAKERS["tagged"]]
    for f in BOTH:
        same.each(f, [(array, LIKE[name]) for array in arrays])
        same.each(f, [(LIKE[name], array) for array in arrays])


CONVERSIONS = [
    lambda x: np.array(x),
    lambda x: np.asarray(x) + 1,
    lambda x: np.sum(x),
    lambda x: np.exp(x),
    lambda x: np.concatenate([x, x]),
    lambda x: np.zeros_like(x),
    lambda x: np.sqrt(np.asarray(x, dtype=float)),
    lambda x: np.mean(x),
    lambda x: np.arange(5)[x],
    lambda x: np.zeros(x),
    lambda x: np.full(3, x),
    lambda x: np.sort(x),
]


@pytest.mark.parametrize("name", LIKE)
def test_conversions(same, name):
    for f in CONVERSIONS:
        same(f, LIKE[name])


MASKED = [
    lambda x: x.mean(axis=0) + x.filled(0).sum(),
    lambda x: np.ma.sqrt(x * x - 1),
    lambda x: np.ma.concatenate([x, x + 1]),
    lambda x: np.ma.median(x, axis=0),
    lambda x: (x > 0) & (x < 1),
    lambda x: x[0, 0] + x[1],
    lambda x: x.compressed() * 2,
    lambda x: np.ma.where(x > 0, x, -x),
    lambda x: np.ma.masked_invalid(x / 0),
    lambda x: x.std() * x.anom(),
    lambda x: np.ma.dot(x, x.T),
    lambda x: np.ma.polyfit(x[0], x[1], 1),
    lambda x: x + np.ma.masked,
]


@pytest.mark.parametrize("number", range(len(MASKED)))
def test_masked(same, number):
    same(MASKED[number], MAKERS["masked"])


def test_matrix_algebra(same):
    same(lambda x: (x * x.T, x.T * x, (x * x.T).I, x**1 if x.shape[0] == x.shape[1] else 0, x.A1),
         MAKERS["matrix"])  # fmt: skip


def test_records(same):
    def f(x):
        x.n = x.n + 1
        return x, x.x * 2, x[x.x > 0], x[1].n + 1, np.sort(x, order="n")

    same(f, lambda: INPUTS["rec"]().view(np.recarray))


def test_a_function_registered_to_take_over(same):
    def f(x, d):
        return np.sum(d), np.concatenate([x, d]), np.stack([d, d]), d + d, np.multiply(d, 2)

    same(f, INPUTS["m"], LIKE["diagonal"])


def test_scalars_of_subclasses(same):
    class Celsius(np.float64):
        pass

    same.each(lambda x, y: (x + y, y * x, x - 1, np.add(x, y), y < x),
              [(lambda: Celsius(2.5), INPUTS[n]) for n in ("a", "f", "i", "p", "k",
              "z")])  # fmt: skip
