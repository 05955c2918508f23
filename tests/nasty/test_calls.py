"""Every way to call, and every kind of callable."""

import functools
import operator
from collections import ChainMap, UserDict, deque

import numpy as np
import pytest

import alloc_rewrite as alloc


def spread(*args, **kwargs):
    return [*args, dict(sorted(kwargs.items()))]


def named(a, /, b, c=3, *rest, d, e=5, **more):
    return [a * 2, b, c, rest, d + 1, e, more]


def test_argument_forms(same, x):
    def f(x):
        a, k = (x * 2, 1), {"c": x + 1, "d": 4}
        return [
            spread(*a, **k),
            spread(x, *a, c=1, **{"d": x}),
            spread(*a, *a, **k, z=2),
            spread(*(v * 2 for v in a)),
            spread(**UserDict(q=x)),
            spread(**ChainMap({"q": 1}, {"r": x})),
            spread(*np.outer(x, x)[:2]),
            spread(),
            named(x, 1, d=2),
            named(*a, d=x),
            named(x, b=x, d=x, f=7),
            named(*a, 5, 6, *a, **{"d": x, "zz": 1}),
        ]

    same(f, x)


@pytest.mark.parametrize(
    "call",
    [
        lambda x: named(x, 1),
        lambda x: named(a=x, b=1, d=2),
        lambda x: named(x, d=1),
        lambda x: spread(*3),
        lambda x: spread(**3),
        lambda x: spread(**{1: x * 2}),
        lambda x: spread(c=1, **{"c": x}),
        lambda x: np.add(x),
        lambda x: np.add(x, x, nonsense=1),
        lambda x: np.zeros(),
        lambda x: np.stack(),
        lambda x: np.stack(x, nonsense=x),
        lambda x: np.mean(x, 7),
        lambda x: x.mean(7),
        lambda x: x.reshape(7),
        lambda x: x(),
        lambda x: len(x)(x * 2),
        lambda x: x.nonsense(),
        lambda x: np.nonsense(x),
        lambda x: nonsense(x),  # noqa: F821
    ],
)
def test_wrong_calls_raise_the_same(same, x, call):
    assert same(call, x)[0] == "raised"


def test_evaluation_order(same, x):
    def f(x):
        order = []

        def tell(name, value):
            order.append(name)
            return value

        tell("f", spread)(
            tell("a", x) * tell("b", 2),
            *tell("args", (x,)),
            k=tell("k", x) + tell("l", 1),
            **tell("kwargs", {"m": x}),
        )
        tell("y", x)[tell("i", 0)] = tell("v", x)[tell("j", 1)]
        tell("o", {})[tell("key", "k")] = tell("left", x) @ tell("right", x)
        return order, x

    same(f, x)


class Callable:
    def __init__(self, k):
        self.k = k

    def __call__(self, x, *, by=1):
        return x * self.k + by

    def method(self, x):
        return x + self.k

    @classmethod
    def build(cls, x):
        return cls(2).method(x * 3)

    @staticmethod
    def alone(x):
        return x - 1

    @property
    def chosen(self):
        return self.method


def test_kinds_of_callables(same, x):
    def f(x):
        c = Callable(3)
        part = functools.partial(c, by=x)
        nested = functools.partial(functools.partial(spread, x * 1), x * 2, k=3)
        double = lambda v: v * 2  # noqa: E731
        by_name = {"double": double, "sqrt": np.sqrt, "method": c.method}
        return [
            c(x),
            c(x, by=2),
            c.method(x),
            Callable.method(c, x),
            Callable.build(x),
            c.build(x),
            c.alone(x),
            Callable.alone(x),
            c.chosen(x),
            part(x),
            nested(x, j=1),
            double(x),
            [g(x) for g in by_name.values()],
            [g(x) for g in (np.sin, double, c, part)],
            list(map(double, [x, x + 1])),
            functools.reduce(operator.add, [x, x, x]),
            sorted([x * 2, x], key=lambda v: v.sum())[0],
            max([x, x * 3], key=np.sum),
            operator.methodcaller("sum")(x),
            operator.itemgetter(1)(x),
            getattr(x, "mean")(),
            np.vectorize(lambda v: v + 1)(x),
            np.apply_along_axis(double, 0, x),
            np.add.reduce(x),
            np.frompyfunc(lambda v: v * 2, 1, 1)(x),
            type(c)(2)(x),
            Callable(4)(x),
            np.ndarray.sum(x),
            abs(x),
            divmod(x, 2),
            pow(x, 2),
            sum(x),
            round(x[1]),
        ]

    same(f, x)


def test_defined_later(same, x):
    def f(x):
        def first(v):
            return second(v) * 2

        def second(v):
            return v + 1

        return first(x)

    same(f, x)


class Meta(type):
    def __call__(cls, *args):
        made = super().__call__(*args)
        made.scaled = made.value * 2
        return made

    def __getattr__(cls, name):
        return lambda v: (name, v * 2)


class Made(metaclass=Meta):
    def __new__(cls, x):
        made = object.__new__(cls)
        made.value = x + 1
        return made

    def __init__(self, x):
        self.value = self.value - x * 3

    def __getattr__(self, name):
        if name.startswith("get_"):
            return lambda: self.value * 2
        raise AttributeError(name)


def test_metaclasses_and_dynamic_attributes(same, x):
    def f(x):
        m = Made(x)
        return m.value, m.scaled, Made.anything(x), m.get_it()

    same(f, x)


class Reflected:
    __array_ufunc__ = None

    def __init__(self):
        self.seen = []

    def __radd__(self, other):
        return "radd", other * 2

    def __rmatmul__(self, other):
        return "rmatmul"

    def __gt__(self, other):
        return "gt"

    def __rpow__(self, other):
        return "rpow"


def test_reflected_operators_win(same, x):
    def f(x):
        r = Reflected()
        x_ = x
        x_ += r
        return x + r, x @ r, x < r, x**r, x_

    same(f, x)


class Duck:
    """Takes NumPy's functions over, as unit libraries do."""

    def __array_function__(self, func, types, args, kwargs):
        return f"duck.{func.__name__}"

    def __array_ufunc__(self, ufunc, method, *args, **kwargs):
        return f"duck.{ufunc.__name__}.{method}"

    def __add__(self, other):
        return "added"


def test_array_functions_are_respected(same, x):
    def f(x):
        d = Duck()
        return [
            np.stack([x, d]),
            np.mean(d),
            np.concatenate((d, x)),
            np.sin(d),
            np.add(x, d),
            x * d,
            np.add.reduce(d),
            d + x,
            np.where(x > 1, d, x),
            np.sum(a=d),
            np.zeros_like(d),
            np.linalg.norm(d),
            np.block([[x, [d]]]),
            np.clip(x, d, 3),
            np.full_like(x, d) if 0 else 0,
        ]

    same(f, x)


@pytest.mark.parametrize("container", [deque, lambda v: dict(enumerate(v)), "objects", "user"])
def test_array_functions_are_respected_inside_containers(same, x, container):
    class Pair:
        def __init__(self, items):
            self.items = items

        def __len__(self):
            return len(self.items)

        def __getitem__(self, k):
            return self.items[k]

    def held(items):
        if container == "objects":
            made = np.empty(2, object)
            made[:] = items
            return made
        return Pair(items) if container == "user" else container(items)

    def f():
        return np.stack(held([Duck(), Duck()])), np.vstack(held([Duck(), Duck()]))

    same(f)


def test_subclasses_stay_subclasses(same, x):
    def f(x):
        m = np.ma.masked_greater(x, 3)
        q = np.asmatrix(x)
        r = np.rec.fromarrays([x, x * 2], names="a,b")
        return [
            (m * 2).filled(-1),
            (m + x).mask,
            np.sqrt(m).sum(),
            m.mean(),
            q * q.T,
            (q + 1).shape,
            type(q * 2).__name__,
            (r.a + r.b),
            np.stack([m, m]).tolist(),
            type(-m).__name__,
            type(m[np.array([1, 2])]).__name__,
            type(x + m).__name__,
            np.mean(q, axis=0).shape,
        ]

    same(f, x)


def test_out_where_and_dtype_arguments(same, x):
    def f(x):
        out = np.zeros(6)
        np.add(x, 1, out)
        np.multiply(x, 2, out=out, where=x > 3)
        y = np.sum(x, out=np.zeros(()))
        return out, y, np.add(x, 1, dtype=np.float32), np.sqrt(x, casting="same_kind"), x.sum(0)

    same(f, x)


def test_overlapping_memory(same, x):
    def f(x):
        y = x * 2
        y[1:] = y[:-1] + y[1:]
        y[:3] += y[3:]
        np.add(y[:-1], y[1:], out=y[1:])
        z = y
        z[::-1] = z * 2
        return y

    same(f, x)


def test_side_effects_happen_once(x):
    calls = []

    class Index:
        def __index__(self):
            calls.append("index")
            return 2

    class Other:
        __array_ufunc__ = None

        def __radd__(self, other):
            calls.append("radd")
            return 1

    def f(x):
        for v in (1, x):
            noted(v)
        return (
            x[Index()],
            x + Other(),
            np.zeros(Index()),
            noted(x) * 2,
            np.frompyfunc(noted, 1, 1)(x),
        )

    def noted(v):
        calls.append("noted")
        return v

    f(x)
    expected = list(calls)
    bumped = alloc.bump(alloc.Buffer())(f)
    for _ in range(60):
        calls.clear()
        bumped(x)
        assert calls == expected
    calls.clear()
    alloc.profile(f, x)
    assert calls == expected


def test_iterators_are_consumed_once(same, x):
    def f(x):
        it = iter([x, x * 2, x * 3, x * 4])
        rows = np.stack([next(it), next(it)])
        rest = np.array(list(it))
        gen = (v * 2 for v in range(4))
        return rows, rest, np.fromiter(gen, float), list(gen), sum(v for v in map(float, x))

    same(f, x)


class Metres(np.float64):
    __array_priority__ = 100

    def __add__(self, other):
        return "add"

    def __radd__(self, other):
        return "radd"

    def __lt__(self, other):
        return "lt"

    def __iadd__(self, other):
        return "iadd"


def test_scalar_subclasses_keep_their_operators(same, x):
    def f(x):
        m = Metres(2)
        k = m
        k += x
        return m + x, x + m, m < x, m * x, k

    same(f, x)


def test_functions_bound_to_arrays(same, x):
    import types

    def copy(self):
        return "a copy of mine"

    def f(x):
        return types.MethodType(copy, x)(), x.copy()

    same(f, x)
