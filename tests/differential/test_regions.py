"""The code around runs of statements over several operators, and faults in them."""

from __future__ import annotations

import asyncio
import threading
import types
import warnings

import numpy as np
import pytest

import alloc_rewrite as alloc

from .compare import fingerprint
from .inputs import random
from .test_kernels import clipped, horner, pair, particles, softmax, thoroughly

OFFSET = np.array([0.25])


class Watched:
    """Its `x` is a property, its `y` is found by `__getattr__`, and both note that."""

    def __init__(self, x, y):
        self.kept, self.log = (x, y), []

    @property
    def x(self):
        self.log.append("x")
        return self.kept[0]

    def __getattr__(self, name):
        if name != "y":
            raise AttributeError(name)
        self.log.append("y")
        return self.kept[1]


class Noisy(np.ndarray):
    log: list = []

    def __array_ufunc__(self, ufunc, method, *inputs, **options):
        Noisy.log.append(ufunc.__name__)
        if "out" in options:
            options["out"] = tuple(np.asarray(o) for o in options["out"])
        return getattr(ufunc, method)(*[np.asarray(i) for i in inputs], **options)


def attributes(x, y):
    w, n = Watched(x, y), types.SimpleNamespace(x=x * 2, y=y)
    first = (w.x * w.y + w.x) * n.x - n.y * w.y
    n.x += w.y * 2
    n.y = n.x * n.y + first
    n.x[1:] = n.y[:-1] * w.x[1:] - n.z if hasattr(n, "z") else n.y[1:] * 2
    return first, n, w.log, w.x is x, (w.z if x.size > 99 else w.x) + w.y * 2


def closures(x, y):
    scale, total = x * 0.5, y * 0

    def step(v):
        nonlocal total
        total = total * 0.5 + v * scale - OFFSET
        return (v - total) * scale + (v - total)

    out = [step(x), step(step(y))]
    scale = scale + total * 2 - 1
    return out, step(x), (lambda: total * scale + 1)(), [scale * k + x for k in range(3)]


def generators(x, y):
    def states(v):
        while True:
            before = v * 2 - y
            got = yield before * 0.5 + v
            v = v + before * (got if got is not None else 0.25) - 1

    source = states(x)
    first = next(source)
    return first, source.send(y), next(source) * 2 + first, list(v * x + y for v in (x, y))


def coroutines(x, y):
    async def part(v, n):
        t = v * n + y
        await asyncio.sleep(0)
        u = t * v - t
        await asyncio.sleep(0)
        return u * t + v, t

    async def together():
        return await asyncio.gather(*[part(x + n, n) for n in range(4)])

    return asyncio.run(together())


def recursive(x, y, n=6):
    if n == 0:
        return x * y + 1, [x]
    deeper, kept = recursive(x * 0.5 + y, y - x * 0.25, n - 1)
    mine = x * y - deeper * 0.5 + n
    return mine * deeper - x, [*kept, mine]


def aliased(x, y):
    t = x
    u = t * y + t
    v = u
    v += t
    x = x * 2 - y
    w = u[:]
    u = u * 1 + x
    w *= 0.5
    x, y = y, x
    del t
    return u, v, w, x, y, v is w, (z := x * y + 1), z, z + 1


def two_names(x, y):
    n = len(x) * 2
    m = n
    m += 1
    t = x * 2
    u = t
    u -= y
    return n * x + m * y, t * u, n, m


def indexed(x, y):
    out = []
    flat, size = x.ravel() * 1.0, x.size
    for i in (0, 1, size // 2, np.int64(2), True):
        for cut in (slice(i, None), slice(None, -1), slice(1, size, 2)):
            out.append(flat[cut] * 2 + flat[cut] * flat[cut])
        flat[i:] = flat[: size - i] * 0.5 + flat[i:]
        out.append(flat[i : i + 3] * flat[i - 1] - flat[i : i + 3])
    return out, flat[..., None] * flat[:4] + flat[:4], flat[[0, -1]] * 2 + flat[:2]


def branches(x, y):
    t = x * y + x
    if t.sum() > 0:
        u = t - y * 2
    else:
        u, t = t * y + 1, x - y
    while abs(u).max() > 1e-3 and len(u) > 1:
        u = u * 0.1 - u * 0.05
        t = t + u * 2 if t is not x else t
    return t, u, t * u if (t > u).all() and (t * u).size else [t + u * 2] * 2


def methods(x, y):
    class Body:
        drag = 0.1

        def __init__(self, position, velocity):
            self.position, self.velocity = position * 1, velocity

        def step(self, dt):
            speed = np.sqrt(self.velocity * self.velocity + 1)
            self.velocity = self.velocity - dt * (self.position + self.drag * speed * self.velocity)
            self.position += dt * self.velocity
            return self

        def __sub__(self, other):
            return (self.position - other.position) * 0.5 + self.drag

    class Slim(Body):
        __slots__ = ("position", "velocity")
        drag = np.array(0.5)

        def step(self, dt):
            super().step(dt * 0.5).velocity[1:] *= 0.9
            return super().step(dt * 0.5)

    a, b = Body(x, y), Slim(y, x + 1)
    path = [(a.step(0.1).position * 2 - b.step(0.1).velocity, a - b) for _ in range(3)]
    return path, a.position, a.velocity, b.position, b.velocity


def scalars(x, y):
    n, out = x.size, []
    for v in (x, y, x * 1e308, y * 0):
        mean = v.sum() / n
        off = v - mean
        out += [mean, off * off, (mean, off * (mean * 2 - 1) + mean / 3)]
        spread = np.sum(off * off) / n
        out += [spread, off / (1 + spread) - -mean * 0.5, off * (n / (1 + spread * 0)) + spread]
        ratio = spread / mean  # by zero, in the end
        out += [off * ratio, (v - 1) * (2**70 * mean) + 2**1030 * (0 if n > 4 else 0.5), ratio + 1]
        first = v.flat[0]
        out += [v * (first / n) + first * first, (first - n) * v - first, (1j * first) * v + first]
    return out


AROUND = [scalars, attributes, closures, generators, coroutines, recursive, aliased, indexed,
          two_names, branches, methods]  # fmt: skip


@pytest.mark.parametrize("f", AROUND)
def test_code_around(same, f):
    same.each(f, [pair(n) for n in (1, 2, 5, 130, 3000)] + [pair((5, 4)), pair(5, "i8")])
    same.each(f, [pair(6, *dtypes) for dtypes in (["f4"], ["c16"], ["O"], ["i4", "f8"])])


def test_slices_and_indices_as_arguments(same):
    def f(x, y, cut, k):
        t = x[cut] * 2 - y[cut]
        x[cut] += t * t
        y[k:] = x[k:] * 0.5 + y[: len(y) - k]
        x[..., k] = y[k] * 2 + x[..., k]
        return t, x[cut] - y[cut], x[k] * y[k] + t

    cuts = [slice(None), slice(1, None), slice(None, -1), slice(None, None, -1), slice(1, -1, 2),
            slice(3, 1), slice(-3, 99), ..., 2, np.int64(1), slice(np.int8(1), np.int8(4)), None,
            (slice(1, 3),), [0, 2], np.array([1, 1, 0]), "x", slice("x"), 1.5]  # fmt: skip
    rows = [(*pair(n), lambda cut=cut: cut, k) for cut in cuts for n in (5, 2000) for k in (0, 2)]
    thoroughly(same, f, rows)
    same.each(f, [(*pair((4, 4)), lambda cut=cut: cut, 1) for cut in cuts])
    for k in (-1, True, np.uint8(2), 10**30, None, 4.0):
        same.each(f, [(*pair(5), slice(1, 3), k)] * 3)


def test_subclasses_that_take_over(same):
    def f(x, y):
        Noisy.log.clear()
        t = x * y + x
        u = np.exp(-t * t) - np.where(t > 0, x, y)
        y += x * 2
        return t, u, y, (x * y).sum(), list(Noisy.log)

    noisy = lambda: random(5, seed=3).view(Noisy)
    same.each(f, [pair(5), (noisy, pair(5)[1]), (pair(5)[0], noisy), (noisy, noisy), pair(5)])


# --------------------------------------------------------------------------------- faults


def faulty(x, y):
    before = x * 2 + y
    after = (
        x * x
        + np.log(y)
        - np.sqrt(
            x - 1
        )
        / (y * 0.5)
        + (x * 1e200) * (x * 1e200)
        + np.exp(-x * 800)
    )  # fmt: skip
    y[1:] = y[:-1] / x[1:] + after[1:]
    x += 1
    y *= 1e300 * y
    return before, after, x, y


def handled(x, y):
    t = u = None
    seen = []
    try:
        t = x * 2 - y
        u = t / (x - x) + t
        t = u * 2
        x -= u
        v = t + np.ones(len(x) + 2)
    except (FloatingPointError, RuntimeWarning, ValueError) as error:
        seen = [type(error).__name__, str(error), t, u, x * 1]
        try:
            seen.append(v * 2)
        except UnboundLocalError as another:
            seen.append(another.args)
    else:
        seen.append(v)
    finally:
        seen.append((t * 2 if t is not None else None, x + y))
    return seen, t, u


VALUES = {
    "benign": lambda n: (np.full(n, 1.5), np.full(n, 2.5)),
    "zero": lambda n: (np.full(n, 1.5), np.where(np.arange(n) == n // 2, 0.0, 2.5)),
    "negative": lambda n: (np.where(np.arange(n) == n - 1, 0.5, 1.5), np.full(n, 2.5)),
    "huge": lambda n: (np.where(np.arange(n) == n // 3, 1e150, 1.5), np.full(n, 2.5)),
    "all": lambda n: (np.linspace(-3, 3, n), np.linspace(-2, 2, n).round(1)),
}
MODES = ["ignore", "warn", "raise", "call"]


@pytest.mark.parametrize("values", VALUES)
@pytest.mark.parametrize("f", [faulty, handled])
def test_modes_and_filters(same, f, values):
    def under(x, y, mode, kind, filter_):
        log = []
        with np.errstate(**{kind: mode}, call=lambda *told: log.append(told)):
            with warnings.catch_warnings():
                warnings.simplefilter(filter_, RuntimeWarning)
                try:
                    return f(x, y), log
                finally:
                    log += [x, y]

    first, second = (lambda n, k=k: VALUES[values](n)[k] for k in (0, 1))
    rows = [
        (lambda n=n: first(n), lambda n=n: second(n), mode, kind, filter_)
        for n in (7, 2500)
        for kind in ("all", "divide", "over", "invalid", "under")
        for mode in MODES
        for filter_ in ("always", "error", "ignore", "once")
        if mode == "warn" or filter_ == "always"
    ]
    thoroughly(same, under, rows)


def test_mistakes_in_the_middle(same):
    def f(x, y, kind):
        x *= 2
        kept = [x * y + 1]
        other = {"shape": np.ones(len(x) + 1), "type": "text", "nothing": None}.get(kind, 1)
        kept.append(
            (x + y) * other
            - (x[10**9] if kind == "index" else x)
            + (missing if kind == "name" else y)  # noqa: F821
            * (later if kind == "local" else 2)  # noqa: F821
            / (1 / 0 if kind == "python" else 3)
            + (x.nope if kind == "attribute" else x)
        )  # fmt: skip
        x += y * 2
        later = x * y
        return kept, later, missing if kind == "last" else x  # noqa: F821

    kinds = [
        "",
        "shape",
        "type",
        "nothing",
        "index",
        "name",
        "local",
        "python",
        "attribute",
        "last",
    ]
    thoroughly(same, f, [(*pair(n), kind) for n in (5, 3000) for kind in kinds + [""]])


# ------------------------------------------------------------------------------- lifetimes


def test_results_are_kept_and_distinct(same):
    def f(x, y):
        kept = []
        for n in range(40):
            t = x * n + y
            u = t * t - x
            kept.append(u if n % 3 else (t, u))
            x = u * 1e-3 - t if n % 2 else x
        return kept, x

    same.each(f, [pair(n) for n in (3, 300, 5000)] * 3)


@pytest.mark.parametrize("f", [horner, softmax, clipped, particles])
def test_two_threads_on_one_function(same, f):
    same(f, *pair(50_000))
    bumped = alloc.bump(alloc.Buffer())(f)
    rows = [(random(50_000 + k, seed=k), random(50_000 + k, seed=k + 9)) for k in range(4)]
    expected = [fingerprint(f(*row)) for row in rows]
    wrong = []

    def work(start):
        kept = []
        for k in (start, start + 1, start + 2) * 3:
            kept.append((k % 4, bumped(*rows[k % 4])))
        wrong.extend(k for k, got in kept if fingerprint(got) != expected[k])

    threads = [threading.Thread(target=work, args=(k,)) for k in (0, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
