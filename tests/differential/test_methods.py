"""A call is told by what it is made of: bound methods, `super`, `like=`, and who is asked first."""

from __future__ import annotations

import functools
import operator

import numpy as np
import pytest

NUMERIC = ("numpy.example", "scipy.example", "skimage", "sklearn.example", "numexpr", "mine")
METHODS = {
    "sum": (), "prod": (), "max": (), "min": (), "any": (), "all": (), "mean": (), "std": (),
    "var": (), "clip": (1.0, 3.0), "copy": (), "astype": (np.float32,), "cumsum": (), "argmax": (),
    "cumprod": (), "trace": (), "ravel": (), "flatten": (), "take": ([0, 1],), "repeat": (2,),
    "dot": ([1.0] * 4,), "round": (), "conj": (), "argsort": (), "nonzero": (), "tolist": (),
}  # fmt: skip


def overriding(module, name):
    """Make a subclass of arrays that has the method, and runs the base's with `super`."""

    def method(self, *args):
        return "override", getattr(super(Overriding, self), name)(*args)

    class Overriding(np.ndarray):
        pass

    Overriding.__module__ = module
    setattr(Overriding, name, method)
    return Overriding


@pytest.mark.parametrize("module", NUMERIC)
def test_super_runs_the_method_of_the_base(same, module):
    def call(a, name, args):
        return getattr(a, name)(*args), [getattr(a, name)(*args) for _ in range(2)]

    for name, args in METHODS.items():
        kind = overriding(module, name)
        same(call, lambda kind=kind: np.arange(16.0).reshape(4, 4).view(kind), name, args)


class Halved(np.ndarray):
    """An override written with `super()` itself."""

    __module__ = "numpy.example"

    def sum(self, *args, **kwargs):
        return super().sum(*args, **kwargs) / 2

    def __add__(self, other):
        return super().__add__(other) * 2

    def copy(self):
        return super().copy() + super(np.ndarray, self).__sizeof__() * 0


class Quartered(Halved):
    def sum(self, *args, **kwargs):
        return super().sum(*args, **kwargs) / 2 + np.ndarray.sum(self)


@pytest.mark.parametrize("kind", [Halved, Quartered])
def test_super_without_arguments(same, kind):
    def call(a):
        return a.sum(), a.sum(axis=0), a + a, a.copy(), np.sum(a), np.add.reduce(a)

    same(call, lambda: np.arange(12.0).reshape(3, 4).view(kind))


def test_masked_arrays_of_objects(same):
    def call(a):
        return (
            a.mean(), a.var(), a.std(), a.sum(), a.anom(), a.__getstate__()[0], a.copy(), a.ravel(),
            np.ma.mean(a), np.ma.average(a),
        )  # fmt: skip

    same(call, lambda: np.ma.masked_array(np.array([1, 2, 4], dtype=object), [0, 1, 0]))
    same(call, lambda: np.ma.masked_array([1.0, 2.0, 4.0], [0, 1, 0]))


class Named:
    """Has an attribute that is another object's method."""

    def __init__(self, **methods):
        vars(self).update(methods)


def test_names_of_attributes_tell_nothing(same):
    other = np.arange(5.0)

    def call(x):
        thing = Named(sum=x.prod, copy=other.sum, mean=np.max, clip=functools.partial(np.add, x))
        thing.sum.__self__.fill(2.0)
        sums = thing.sum(), thing.copy(), thing.mean(x), thing.clip(x)
        total = other.sum
        return sums, total(), total(axis=0), list(map(total, [0, None]))

    same(call, lambda: np.arange(1.0, 5.0))


def test_bound_slots_and_class_methods(same):
    def call(x):
        add, get = x.__add__, x.__getitem__
        return (
            add(x), x.__mul__(2.0), np.ndarray.__add__(x, x), get(slice(1, 3)), x.__array__(),
            operator.methodcaller("sum")(x), np.dtype(float).newbyteorder("S"), dict.fromkeys("a"),
            int.from_bytes(b"ab"), np.ndarray.sum(x), functools.partial(x.__add__, 1.0)(),
        )  # fmt: skip

    same(call, lambda: np.arange(1.0, 5.0))


def test_replaced_functions(same, monkeypatch):
    def call(x):
        return np.sum(x), x.sum(), np.sum(x, axis=0)

    same(call, lambda: np.ones((2, 3)))
    monkeypatch.setattr(np, "sum", np.prod)
    same(call, lambda: np.full((2, 3), 2.0))
    monkeypatch.setattr(np, "sum", lambda x, axis=None: "mine")
    same(call, lambda: np.ones((2, 3)))


LIKE = [
    "np.eye(2, like={0})", "np.tri(2, like={0})", "np.identity(2, like={0})",
    "np.require([1], dtype=float, like={0})", "np.ones(2, like={0})", "np.ones((2, 3), like={0})",
    "np.full(2, 7.0, like={0})", "np.array([1.0, 2.0], like={0})", "np.asarray([1], like={0})",
    "np.asanyarray([1], like={0})", "np.ascontiguousarray([1], like={0})",
    "np.asfortranarray([1], like={0})", "np.arange(3.0, like={0})", "np.zeros(2, like={0})",
    "np.fromiter(iter([1, 2]), int, like={0})", "np.frombuffer(b'12345678', like={0})",
    "np.fromstring('1 2', sep=' ', like={0})", "np.loadtxt(['1 2'], like={0})",
    "np.genfromtxt(['1 2'], like={0})", "np.fromfunction(lambda i: i, (3,), like={0})",
    "np.eye(2, k=1, dtype=np.int8, order='F', like={0})", "np.eye(*(2, 3), **{{'like': {0}}})",
    "np.eye(2, 2, 0, float, like={0})", "np.eye(like={0})", "np.eye(2, N=3, like={0})",
    "np.tri('a', like={0})", "np.linspace(0, 1, 3, like={0})",
]  # fmt: skip


class Taking:
    """Takes functions over."""

    def __array_function__(self, func, types, args, kwargs):
        return func.__name__, args[:1] if isinstance(args[:1], int) else len(args), sorted(kwargs)


class TakingArray(np.ndarray):
    def __array_function__(self, func, types, args, kwargs):
        return super().__array_function__(func, types, args, kwargs)


@pytest.mark.parametrize("source", LIKE)
def test_like(same, source):
    for like in (
        lambda: np.zeros(2), None, lambda: [1.0], 3, Taking, lambda: np.zeros(2).view(TakingArray),
        lambda: np.ma.zeros(2), lambda: np.zeros(2).view(np.matrix), lambda: np.float64(1),
    ):  # fmt: skip
        call = eval(f"lambda like: {source.format('like')}", {"np": np})
        same(call, like)


SPREAD = [
    "np.add(*5)", "x.sum(*5)", "np.meshgrid(*2.5)", "np.sum(*None)", "x.astype(*np.add)",
    "np.add(x, *5)", "np.add(*[x, x])", "np.add(*(x, x), **{'out': None})", "x.sum(**{1: 2})",
    "np.sum(x, **{'axis': 0}, **{'axis': 1})", "np.sum(x, **5)", "x.sum(axis=0, **{'axis': 1})",
    "np.add(*iter([x, x]))", "np.stack(*([x, x],))", "thing(*5)", "thing(*[x])", "made(*5)",
    "made(*(x,))", "made(x, x)", "made()", "made(y=1)", "np.add.at(*5)", "np.add.at(x, bad=1)",
    "x.transpose(bad=1)", "np.random.default_rng(1).normal(*5)", "x.copy(*5)", "abs(*5)",
    "functools.partial(np.add, x)(*5)", "functools.partial(made)(*5)", "len(*5)", "at(x, bad=1)",
    "at(*5)", "np.eye(*5)", "np.linalg.norm(*5)", "x.__add__(*5)", "x.__add__(x, x)",
    "made(*(i for i in [x]))", "np.add(*(1 / 0 for i in [x]))",
]  # fmt: skip
ASKED = [
    "np.hstack(2.5)", "np.vstack(2.5)", "np.dstack(x for x in [1])", "np.column_stack(2.5)",
    "np.hstack(np.array(1.0))", "np.stack(5)", "np.concatenate(5)", "np.concatenate(x, x, x, x, x)",
    "np.choose(2.5, 2.5)", "np.choose(x)", "np.select(None, None)", "np.select([x], 1)",
    "np.linalg.multi_dot(2.5)", "np.linalg.multi_dot([x])", "np.einsum(5)", "np.einsum()",
    "np.block(5)", "np.piecewise(x, 5, 5)", "np.lexsort(5)", "np.roots(5)", "np.poly(float)",
    "np.histogramdd(5)", "np.unique_counts(x=x)", "np.unique_values(x, x=x)",
    "np.matrix_transpose(x, x=x)", "np.linalg.outer(x, x=x)", "np.meshgrid(5, 5)", "np.hstack()",
    "np.hstack([x, x])", "np.vstack((x, x))", "np.select([x > 1], [x])", "np.stack(arrays=[x, x])",
]  # fmt: skip


class Thing:
    def __call__(self, x):
        return x * 2 + 1

    def __repr__(self):
        return "Thing()"


def made(x):
    return x * 2 + 1


made.__name__, made.__qualname__ = "renamed", "Renamed.as_it_is"


@pytest.mark.parametrize("source", [*SPREAD, *ASKED])
def test_errors_name_what_was_called(same, source):
    names = {"np": np, "functools": functools, "thing": Thing(), "made": made, "at": np.add.at}
    call = eval(f"lambda x: {source}", names)
    same(call, lambda: np.arange(1.0, 5.0))


def test_generators_are_called_as_their_function(same):
    def numbers(x):
        yield x * 2 + 1

    numbers.__name__, numbers.__qualname__ = "renamed", "Renamed.as_it_is"

    def call(x):
        made = numbers(x)
        return made.__name__, made.__qualname__, list(made)

    same(call, lambda: np.arange(4.0))


@pytest.mark.skipif(
    "check_bounds" not in np.lib.stride_tricks.as_strided.__doc__, reason="NumPy before 2.5"
)
def test_bounds_of_a_strided_view_are_the_array_s(same):
    strided = np.lib.stride_tricks.as_strided

    def call(x, n):
        y = x * 2.0 + 1.0
        return strided(y[1:], (n,), (8,), check_bounds=True)

    for size in (3, 5, 1000):
        for n in (size - 1, size, size + 1, size + 2, 10 * size):
            same(call, lambda size=size: np.arange(float(size)), n)
