"""Attributes of objects, global arrays and lists, and attributes of modules in loops."""

import sys
import types

import numpy as np

import alloc_rewrite as alloc

from .comparing import compared, loop_sites

TABLE = np.arange(16.0)
WEIGHTS = [0.5, 1.5, 2.5]


class Comparable:
    __slots__ = ()

    def __eq__(self, other):
        return type(self) is type(other) and np.array_equal(self.x, other.x)

    __hash__ = None


class Plain(Comparable):
    def __init__(self, dt=0.5, n=9):
        self.dt, self.n, self.x = dt, n, np.arange(9.0)
        self.text, self.inner = "text", None


class Lazy(Plain):
    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return 7.0


class Computed(Plain):
    @property
    def scale(self):
        self.n -= 1
        return self.n


class Slotted(Comparable):
    __slots__ = ("dt", "n", "x")

    def __init__(self):
        self.dt, self.n, self.x = 0.5, 9, np.arange(9.0)


def summed(self, n):
    s = 0.0
    for i in range(n):
        if i < self.n:
            s += self.x[i] * self.dt
    return s


def test_attributes():
    g = alloc.bump(alloc.Buffer(10**6))(summed)
    one, other = Plain(), Plain(2, 5)
    for _ in range(2):
        for given in (one, other, Lazy(), Computed(), Slotted()):
            compared(summed, given, 9, times=1, g=g)
    assert loop_sites(g)[0].hits


def test_attributes_that_change():
    one = Plain()
    g = alloc.bump(alloc.Buffer(10**6))(summed)
    for change in (
        lambda: setattr(one, "dt", 2),
        lambda: setattr(one, "dt", "text"),
        lambda: setattr(one, "dt", np.float32(2.0)),
        lambda: setattr(one, "x", np.arange(3)),
        lambda: setattr(one, "x", np.arange(9)[::-1]),
        lambda: delattr(one, "dt"),
        lambda: setattr(one, "dt", 0.5),
        lambda: setattr(Plain, "dt", property(lambda self: 3.0)),
        lambda: delattr(Plain, "dt"),
        lambda: setattr(Plain, "__getattr__", Lazy.__getattr__),
        lambda: delattr(Plain, "__getattr__"),
    ):
        compared(summed, one, 9, g=g)
        change()
        compared(summed, one, 9, g=g)


def test_a_method_reads_and_stores():
    class Model(Plain):
        def run(self, n):
            for i in range(n):
                self.x[i] += self.dt * i
                if i == 5:
                    self.dt = 2.0
            return self.x

        def total(self, n):
            s = 0.0
            for i in range(n):
                s += self.computed() + self.x[i]
            return s

        def computed(self):
            return self.dt

    plain, model = Model(), Model()
    bumped = alloc.bump(alloc.Buffer(10**6))(Model.run)
    total = alloc.bump(alloc.Buffer(10**6))(Model.total)
    for _ in range(4):
        assert np.array_equal(plain.run(9), bumped(model, 9))
        assert plain.total(9) == total(model, 9)
    assert loop_sites(total)[0].hits


def test_methods_that_change():
    class Model(Plain):
        def scaled(self, v, by=1.0):
            return v * self.dt * by

        def twice(self, v):
            return self.scaled(v) + self.scaled(v, by=2.0)

    def f(model, n):
        s = 0.0
        for i in range(n):
            s += model.twice(model.x[i])
        return s

    class Other(Model):
        def scaled(self, v, by=1.0):
            return -v

    one, other = Model(), Other()
    g = alloc.bump(alloc.Buffer(10**6))(f)
    for change in (
        lambda: setattr(one, "twice", lambda v: 1.0),
        lambda: delattr(one, "twice"),
        lambda: setattr(Model, "twice", lambda self, v: 3.0),
        lambda: setattr(Model, "twice", lambda self, v: self.dt * v),
        lambda: setattr(Model, "dt", property(lambda self: 3.0)),
        lambda: delattr(Model, "twice"),
    ):
        compared(f, one, 9, g=g)
        compared(f, other, 9, g=g)
        change()
        compared(f, one, 9, g=g)
    assert loop_sites(g)[0].hits


def test_a_method_of_another_object():
    class Model(Plain):
        def scaled(self, v):
            return v * self.dt

    def f(model, n):
        s = 0.0
        for i in range(n):
            s += model.scaled(model.x[i])
        return s

    one = Model()
    g = alloc.bump(alloc.Buffer(10**6))(f)
    assert compared(f, one, 9, g=g)[0].hits
    one.scaled = Model(100.0).scaled
    compared(f, one, 9, g=g)


def test_global_arrays_and_lists():
    def f(n):
        s = 0.0
        for i in range(n):
            s += TABLE[i] * WEIGHTS[i % len(WEIGHTS)]
            TABLE[i] += 0
            held = TABLE
        return s, held is TABLE

    g = alloc.bump(alloc.Buffer(10**6))(f)
    saved = TABLE.copy()
    for table in (saved, saved[::-1], saved.astype(np.float32), saved[:4]):
        for _ in range(2):
            globals()["TABLE"] = table.copy()
            compared(f, 16, times=1, g=g)
    globals()["TABLE"] = saved
    assert loop_sites(g)[0].hits


def test_arrays_of_modules(monkeypatch):
    settings = types.ModuleType("settings")
    settings.table = np.arange(9.0)
    monkeypatch.setitem(sys.modules, "settings", settings)
    names = {"settings": settings}
    exec(
        "def f(n):\n    s = 0.0\n    for i in range(n):\n        s += settings.table[i]\n"
        "    return s\n",
        names,
    )
    g = alloc.bump(alloc.Buffer(10**6))(names["f"])
    compared(names["f"], 9, g=g)
    settings.table = settings.table[:4]
    compared(names["f"], 9, g=g)
    del settings.table
    compared(names["f"], 9, g=g)
