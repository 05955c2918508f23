"""Ordinary code over several functions: recursion, defaults, closures, methods, classes."""

from __future__ import annotations

import asyncio
import dataclasses
import functools
import operator
from collections import namedtuple

import numpy as np
import pytest

from .inputs import INPUTS

SCALE = np.array([1.0, 2.0, 3.0, 4.0])
Pair = namedtuple("Pair", "x y")


def polynomial(x, *coefficients):
    y = np.zeros_like(x)
    for c in coefficients:
        y = y * x + c
    return y


def norm(x, p=2, *, axis=None, keepdims=False):
    return (abs(x) ** p).sum(axis=axis, keepdims=keepdims) ** (1 / p)


def normalised(x, **options):
    return x / norm(x, **{"axis": 1, "keepdims": True, **options})


def merge_sort(x):
    if len(x) < 2:
        return x
    half = len(x) // 2
    left, right = merge_sort(x[:half]), merge_sort(x[half:])
    out = np.empty(len(x))
    i = j = 0
    for k in range(len(x)):
        if j == len(right) or (i < len(left) and left[i] <= right[j]):
            out[k] = left[i]
            i += 1
        else:
            out[k] = right[j]
            j += 1
    return out


def is_even(n, x):
    return x + 1 if n == 0 else is_odd(n - 1, x * 2)


def is_odd(n, x):
    return x - 1 if n == 0 else is_even(n - 1, x + 0.5)


def fft(x):
    n = len(x)
    if n == 1:
        return x.astype(complex)
    even, odd = fft(x[::2]), fft(x[1::2])
    twist = np.exp(-2j * np.pi * np.arange(n // 2) / n) * odd
    return np.concatenate([even + twist, even - twist])


def with_default(x, weights=np.linspace(0, 1, 4), out=[]):  # noqa: B006 - shared on purpose
    y = x * weights
    return y, len(out)


def counter(step):
    total = np.zeros(4)

    def add(x):
        nonlocal total
        total = total + x * step
        return total

    return add


class Model:
    """State in attributes, properties, class and static methods, inheritance and operators."""

    rate = np.array(0.5)

    def __init__(self, weights):
        self.weights = weights.copy()
        self.history = []

    @property
    def size(self):
        return np.sqrt((self.weights**2).sum())

    @size.setter
    def size(self, value):
        self.weights *= value / self.size

    @functools.cached_property
    def gram(self):
        return self.weights @ self.weights.T

    @classmethod
    def zeros(cls, n):
        return cls(np.zeros((n, n)) + cls.rate)

    @staticmethod
    def loss(x, y):
        return ((x - y) ** 2).mean()

    def __call__(self, x):
        return x @ self.weights.T

    def __getitem__(self, i):
        return self.weights[i] * 2

    def __add__(self, other):
        return Model(self.weights + getattr(other, "weights", other))

    def __array__(self, dtype=None, copy=None):
        return self.weights * 1

    def step(self, x, y):
        error = self(x) - y
        self.weights -= self.rate * error.T @ x / len(x)
        self.history.append(self.loss(self(x), y))
        return self


class Bounded(Model):
    def __call__(self, x):
        return np.tanh(super().__call__(x))

    def step(self, x, y):
        super().step(x, y)
        np.clip(self.weights, -1, 1, out=self.weights)
        return self


@dataclasses.dataclass
class Particle:
    position: np.ndarray
    velocity: np.ndarray = dataclasses.field(default_factory=lambda: np.ones(4))

    def __post_init__(self):
        self.position = self.position * 1.0

    def moved(self, dt):
        return dataclasses.replace(self, position=self.position + dt * self.velocity)


def training(x, y):
    model = Bounded(np.eye(4) * 0.1)
    for _ in range(5):
        model.step(x, y)
    model.size = 2.0
    total = model + Model.zeros(4) + 1
    return model.weights, model.history, model.gram, total.weights, total[0], np.asarray(total)


def closures(x):
    adders = [counter(n) for n in range(3)]
    return [add(x[k]) for k in range(3) for add in adders] + [lambda: x + 1][0]().tolist()


def late_binding(x):
    functions = [lambda y: y * n for n in range(3)]
    return [f(x) for f in functions]


def dispatch(x):
    table = {
        "double": lambda y: y * 2,
        "norm": norm,
        "sum": np.sum,
        "exp": np.exp,
        "add": operator.add,
    }
    out = [table[name](x) for name in ("double", "norm", "sum", "exp")]
    return (
        out,
        table["add"](x, 1),
        functools.partial(norm, p=3)(x),
        functools.partial(np.sum, axis=0)(x),
    )


def generators(x):
    def rows():
        for row in x:
            got = yield row * 2
            if got is not None:
                yield got + row

    def chained():
        total = yield from rows()
        yield total

    source = rows()
    first = next(source)
    return first, source.send(np.ones(4)), list(source), [r for r in chained() if r is not None]


def comprehensions(x):
    scale = x.mean()
    return (
        [row - scale for row in x if row.sum() > -100],
        {k: v * scale for k, v in enumerate(x)},
        [[a * b for a in x] for b in x],
        tuple(row + scale for row in x),
    )


def swapped_buffers(x):
    now, after = x, np.zeros_like(x)
    for _ in range(7):
        after[1:-1, 1:-1] = 0.25 * (now[:-2, 1:-1] + now[2:, 1:-1] + now[1:-1, :-2] + now[1:-1, 2:])
        now, after = after, now
    return now, after


def history(x):
    kept = [x]
    for n in range(20):
        x = x * 0.9 + n
        if n % 3 == 0:
            kept.append(x)
        if n % 5 == 0:
            kept.append(x[::2])
    return kept


def newton(x):
    y = np.ones_like(x)
    for n in range(50):
        new = y - (y * y - x) / (2 * y)
        if np.max(abs(new - y)) < 1e-12:
            break
        y = new
    else:
        n = -1
    return y, n


def runge_kutta(y, steps=10):
    def rhs(t, y):
        return np.sin(t) - y * 0.5

    h, t, path = 0.1, 0.0, [y]
    for _ in range(steps):
        k1 = rhs(t, y)
        k2 = rhs(t + h / 2, y + h / 2 * k1)
        k3 = rhs(t + h / 2, y + h / 2 * k2)
        k4 = rhs(t + h, y + h * k3)
        y = y + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
        t += h
        path.append(y)
    return np.array(path)


def softmax_attention(x):
    q, k, v = x @ x.T, x * 2, x + 1
    scores = q / np.sqrt(k.shape[-1])
    scores = scores - scores.max(axis=-1, keepdims=True)
    p = np.exp(scores)
    p /= p.sum(axis=-1, keepdims=True)
    return p @ v, p


def k_means(x):
    centres = x[:2].copy()
    for _ in range(4):
        d = ((x[:, None] - centres) ** 2).sum(-1)
        label = d.argmin(axis=1)
        centres = np.stack(
            [x[label == k].mean(0) if (label == k).any() else centres[k] for k in (0, 1)]
        )
    return centres, label


def scalars_only(x):
    total = 0.0
    for value in x.ravel():
        total += value * 2 - 1 if value > 0 else -(value**2)
    return total, int(total) // 3, round(total, 3), "%.3f" % total


def strings_and_lists(x):
    parts = ["a" + str(n) for n in range(3)] + ["b"] * 2
    return (
        "-".join(parts) * 2,
        [1, 2] + [3],
        (1,) * 3,
        {1} | {2},
        {1: 2} | {3: 4},
        "%d" % len(x),
        x.shape + (1,),
    )


def matching(x):
    out = []
    for item in (x, 3, [1, x], {"k": x}, "s"):
        match item:
            case np.ndarray(shape=(n, m)):
                out.append(item * n + m)
            case [first, np.ndarray() as rest]:
                out.append(rest - first)
            case {"k": value}:
                out.append(value.sum())
            case int(n) if (y := x * n).any():
                out.append(y)
            case _:
                out.append(None)
    return out


def star_everything(x, *args, y=1, **kwargs):
    def inner(a, b=2, *rest, c=3, **more):
        return a * b + c + sum(rest) + sum(more.values())

    return inner(x, *args, **kwargs), inner(*[x, x, x], c=x), inner(x, **{"b": y, "d": x})


def global_state(x):
    global SCALE
    old = SCALE
    try:
        SCALE = SCALE * 2 + x[0]
        return SCALE, x * SCALE
    finally:
        SCALE = old


def asynchronous(x):
    async def part(row, n):
        await asyncio.sleep(0)
        return row * n

    async def main():
        return await asyncio.gather(*[part(row, n) for n, row in enumerate(x)])

    return asyncio.run(main())


def delayed(x):
    pending = [lambda row=row: row * 2 for row in x]
    return (
        [f() for f in pending],
        [*map(operator.methodcaller("sum"), x)],
        sorted(x, key=lambda r: r.sum()),
    )


def namedtuples(x):
    pair = Pair(x + 1, x * 2)
    first, second = pair
    return pair, pair._replace(x=first - second), pair.x @ pair.y.T


def particles(x):
    swarm = [Particle(row) for row in x]
    for _ in range(3):
        swarm = [p.moved(0.1) for p in swarm]
    return np.array([p.position for p in swarm]), swarm


def deleted(x):
    y = x * 2
    z = y[1:]
    del y
    w = x * 3
    v = x * 4
    del x
    return z, w, v


def reassigned(x):
    x = x + 1
    y = x
    x = x + 1
    x += 1
    z = x
    x = x[::-1] * 2
    return x, y, z


def attributes(x):
    y = x + 1
    y.real[0] = 5
    y.T[1] = 7
    y.flat[3] = 9
    return y, y.imag + 1, (y * 1j).imag, y.size + 1, y.shape[0] * 2


FUNCTIONS = {
    "polynomial": (polynomial, INPUTS["a"], 1, -2, 0.5),
    "normalised": (normalised, INPUTS["a"]),
    "merge sort": (merge_sort, INPUTS["v"]),
    "mutual recursion": (is_even, 15, INPUTS["a"]),
    "recursive fft": (fft, lambda: INPUTS["long"]()[:16]),
    "defaults": (with_default, INPUTS["a"]),
    "training": (training, INPUTS["m"], INPUTS["m2"]),
    "star everything": (lambda x: star_everything(x, x, 2, y=3, z=x), INPUTS["a"]),
    **{
        f.__name__: (f, INPUTS["a"])
        for f in (closures, late_binding, dispatch, generators, comprehensions, history,
                  scalars_only, strings_and_lists, matching, global_state, asynchronous,
                  delayed, namedtuples,
                  particles, deleted, reassigned, attributes, softmax_attention, k_means,
                  runge_kutta)
    },
    "newton": (newton, INPUTS["positive"]),
    "stencil": (swapped_buffers, INPUTS["large"]),
    "attention of large": (softmax_attention, INPUTS["large"]),
    "history of large": (history, INPUTS["large"]),
    "k means of large": (k_means, INPUTS["large"]),
}  # fmt: skip


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions(same, name):
    same(*FUNCTIONS[name])


def test_methods_as_functions(same):
    model = lambda: Bounded(np.eye(4))
    same(lambda m, x: m.step(x, x).weights, model, INPUTS["m"])
    same(
        lambda m, x: (m(x), type(m).loss(x, 1), Model.__call__(m, x), m.zeros(2).weights),
        model,
        INPUTS["m"],
    )


def test_several_shapes_through_one_function(same):
    names = ["a", "t", "m", "large", "f", "i", "fo", "gap", "z", "h", "one", "e", "bc"]
    same.each(lambda x: polynomial(x, 1, 2, 3) * norm(x), [(INPUTS[name],) for name in names])


def test_results_that_are_arguments(same):
    same(lambda x, y: (x, y, x[1:], x.T, [x, y], x + y), INPUTS["a"], INPUTS["b"])
    same(lambda x: x, INPUTS["a"])
    same(lambda *args, **kwargs: (args, kwargs, args[0] + 1), INPUTS["a"], 2)


def test_the_same_case_many_times(same):
    def f(x):
        y = normalised(x)
        return y @ y.T, np.tile(y, 2), np.diff(y, axis=0).std()

    for _ in range(3):
        same(f, INPUTS["a"])
    same.each(f, [(INPUTS["a"],)] * 60)
