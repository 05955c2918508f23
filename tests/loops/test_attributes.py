"""Attributes that loops store: of plain objects, with a dictionary or with slots."""

import numpy as np

import alloc_rewrite as alloc

from .comparing import compared, compiled


class Same:
    __slots__ = ()

    def __eq__(self, other):
        return type(self) is type(other) and all(
            np.array_equal(getattr(self, name, None), getattr(other, name, None))
            and type(getattr(self, name, None)) is type(getattr(other, name, None))
            for name in ("x", "v", "n", "a")
        )

    __hash__ = None


class Particle(Same):
    def __init__(self, x=0.0, v=1.0):
        self.x, self.v, self.n = x, v, 0
        self.a = np.array([1.0, 2.0, 3.0])

    def kick(self, by):
        self.v += by
        self.n += 1
        return self.v


class Slotted(Particle):
    __slots__ = ("a", "n", "v", "x")


class Checked(Particle):
    def __setattr__(self, name, value):
        object.__setattr__(self, name, abs(value) if name == "v" else value)


class Computed(Particle):
    @property
    def v(self):
        return self.w

    @v.setter
    def v(self, value):
        self.w = value * 2


def moved(p, n, dt):
    for i in range(n):
        p.x += p.v * dt
        if p.x > 2.0:
            p.v = -p.v
        p.kick(0.125)
    return p.x


def pair(p, q, n):
    for i in range(n):
        p.x = q.x + p.v
        q.x += 1.0
        q.v = p.x - q.v
    return p.x + q.x


def failing(p, values, n):
    for i in range(n):
        p.x += values[i]
        p.n = p.n + 1
        p.v = 1.0 / values[i]
    return p.v


def grown(p, n):
    for i in range(n):
        p.a = p.a * 0.5 + i
        p.x = p.a[1]
        last = p.a
        p.a[0] += 1.0
    return last is p.a


def test_numbers_of_objects():
    g = alloc.bump(moved)
    for make in (Particle, Slotted, Checked, Computed, lambda: Particle(1, 2)):
        sites = compared(moved, make(), 40, 0.25, g=g)
    assert sites[0].hits
    assert compared(moved, Slotted(), 40, 0.25)[0].hits


def test_two_objects_and_one_that_is_both():
    g = alloc.bump(pair)
    p, q = Particle(), Particle(3.0, 0.5)
    sites = compared(pair, p, q, 30, g=g)
    assert sites[0].hits
    compared(pair, p, p, 30, g=g)
    twin = Particle()
    twin.__dict__ = p.__dict__
    compared(pair, p, twin, 30, g=g)


def test_what_a_failed_iteration_stored_is_not_there():
    g = alloc.bump(failing)
    values = [1.0, 2.0, 4.0] * 10
    assert compared(failing, Particle(), values, 30, g=g)[0].hits
    for wrong in (0.0, "a", None, 2**70, np.float64(0.0)):
        compared(failing, Particle(), [*values[:20], wrong, *values], 30, g=g)
    compared(failing, Particle(), values, 31, g=g)
    compared(failing, Particle("a"), values, 30, g=g)
    compared(failing, Particle(2**62), [2**61] * 30, 30, g=g)


def test_arrays_of_objects():
    g = alloc.bump(alloc.Buffer(10**6))(grown)
    assert compared(grown, Particle(), 30, g=g)[0].hits
    compared(grown, Particle(), 30000, times=2, g=g)
    compared(grown, Slotted(), 30, g=g)


def test_a_function_without_loops_stores_attributes():
    def kicked(p, by):
        p.v += by * p.x - p.v * 0.5
        p.n = p.n + 1
        return p.v

    g = alloc.bump(kicked)
    p = Particle(np.float64(1.0), np.float64(2.0))
    assert compared(kicked, p, np.float64(0.5), g=g)[0].hits
    compared(kicked, Particle(np.float64(1e300), np.float64(1e300)), np.float64(1e300), g=g)


def test_attributes_that_come_later_or_go():
    def f(p, n):
        for i in range(n):
            p.v = p.v + 1.0
            if i == 20:
                p.late = i
            if i == 25:
                del p.n
        return p.late

    compared(f, Particle(), 30)


class Complex(complex):
    pass


def test_attributes_of_types_in_c_that_can_not_be_stored():
    def f(o, seen, n):
        for k in range(n):
            seen.append(k)
            o.real = k * 2.0

    compared(f, Complex(1 + 2j), [], 8)


class Pendulum(Same):
    length = 1.5
    pull = np.array([0.0, -9.81])
    n = 0

    def __init__(self, angle):
        self.x = angle
        self.v = 0.0

    def step(self, dt):
        self.v += self.pull[1] / self.length * self.x * dt
        self.x += self.v * dt
        self.n += 1


def swing(pendulum, n):
    for _ in range(n):
        pendulum.step(0.01)
    return pendulum.x, pendulum.n, sorted(vars(pendulum))


def test_attributes_of_the_class():
    compiled(swing, Pendulum(0.5), 9)
    other = Pendulum(0.5)
    other.length, other.pull = 2, np.array([0.0, 1.0])
    compared(swing, other, 9)


def test_attributes_of_the_class_that_change():
    class Own(Pendulum):
        length = 1.0

    g = alloc.bump(alloc.Buffer(10**6))(swing)
    lengths = [1.0, 1.0, 1.0, 2.0, 3, np.float64(0.5), property(lambda self: 2.0 + self.n), 1.0]
    for Own.length in lengths:
        assert g(Own(0.5), 9) == swing(Own(0.5), 9)


class OnlySlots(Same):
    __slots__ = ("a",)
    x = 2.0


def test_what_only_the_class_has_is_read_only_without_a_dictionary():
    def f(p, out, n):
        for i in range(n):
            out[i] = p.x
            p.x = p.x * 0.5

    compared(f, OnlySlots(), np.zeros(3), 3)
