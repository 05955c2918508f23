"""Objects that bumped code makes: the `__init__` of their classes runs rewritten."""

import abc
import dataclasses
import threading
import traceback
import warnings
import weakref

import numpy as np
import pytest

import alloc_rewrite as alloc

native = pytest.mark.skipif(alloc.core()[0] != "native", reason="the Python core calls classes")


class Grid:
    def __init__(self, x, scale=2.0, *, shift=1.0):
        self.x = x
        self.y = x * scale + shift


class Fine(Grid):
    def __init__(self, x, **more):
        super().__init__(x, **more)
        self.z = self.y - self.x / 3.0


@dataclasses.dataclass
class State:
    q: np.ndarray
    p: np.ndarray = None

    def __post_init__(self):
        self.p = self.q * 0.5 - self.q
        self.energy = float((self.p**2 + self.q**2).sum())


class Slotted:
    __slots__ = ("__weakref__", "a")

    def __init__(self, x):
        self.a = x + x - 1.0


class Returns:
    def __init__(self, x):
        self.a = x + x
        return 3


class Single:
    made = None

    def __new__(cls, x):
        if cls.made is None:
            cls.made = super().__new__(cls)
        return cls.made

    def __init__(self, x):
        self.a = getattr(self, "a", 0.0) + x * 2.0 - 1.0


class Other:
    def __new__(cls, x):
        return x * 2.0

    def __init__(self, x):
        raise AssertionError("objects of another type are not initialised")


class Abstract(abc.ABC):
    def __init__(self, x):
        self.a = x + x * 2.0

    @abc.abstractmethod
    def go(self): ...


class Concrete(Abstract):
    def go(self):
        return self.a


class Meta(type):
    def __call__(cls, x):
        made = super().__call__(x)
        made.b = x - 1.0
        return made


class OfMeta(metaclass=Meta):
    def __init__(self, x):
        self.a = x + x * 3.0


class Fails:
    def __init__(self, x):
        self.a = x + x
        self.b = self.a / np.zeros_like(x)
        self.c = self.b + x[:2]


class Inner:
    def __init__(self, x):
        self.grid = Fine(x, scale=3.0)
        self.total = (self.grid.z * x).sum()


def fields(value):
    if isinstance(value, np.ndarray):
        return value.dtype.str, value.shape, value.tobytes()
    if isinstance(value, float | int | type(None) | np.generic):
        return repr(value)
    names = getattr(value, "__slots__", None) or vars(value)
    return type(value), [(n, fields(getattr(value, n))) for n in names if n != "__weakref__"]


def outcome(f, *args):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            result = fields(f(*args))
        except Exception as error:
            lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__)[1:]]
            result = type(error), str(error), lines
    return result, [(str(w.message), w.filename, w.lineno) for w in caught]


def make_grid(x):
    return Grid(x)


def make_grid_by_name(x):
    return Grid(x, scale=0.5, shift=x[0])


def make_grid_spread(x):
    return Grid(*(x, 3.0), **{"shift": 0.0})


def make_fine(x):
    return Fine(x)


def make_state(x):
    return State(x)


def make_slotted(x):
    return Slotted(x)


def make_returns(x):
    return Returns(x)


def make_single(x):
    Single.made = None
    Single(x)
    return Single(x)


def make_other(x):
    return Other(x)


def make_abstract(x):
    return Abstract(x)


def make_concrete(x):
    return Concrete(x)


def make_of_meta(x):
    return OfMeta(x)


def make_fails(x):
    return Fails(x)


def make_wrongly(x):
    return Grid(x, 1.0, 2.0)


def make_inner(x):
    return Inner(x)


CASES = [value for name, value in list(globals().items()) if name.startswith("make_")]


@pytest.mark.parametrize("always", [False, True], ids=["", "always"])
@pytest.mark.parametrize("f", CASES, ids=lambda f: f.__name__)
def test_objects_are_as_if_made_plainly(f, always):
    g = alloc.bump(alloc.Buffer(10**6), always=always)(f)
    x = np.linspace(0.5, 2.0, 50)
    for _ in range(30):
        assert outcome(g, x) == outcome(f, x)


@native
def test_what_init_makes_comes_from_the_arena():
    x, buf = np.linspace(0.5, 2.0, 50), alloc.Buffer(10**6)
    g = alloc.bump(buf)(make_inner)
    kept = [g(x) for _ in range(3)]
    assert buf.live == 6  # what its two arrays are in, of each object that is kept
    assert alloc.allocated(g, x) == 0
    assert alloc.allocated(make_inner, x) >= 2 * x.nbytes
    want = fields(make_inner(x))
    for _ in range(50):
        g(x)
    assert all(fields(made) == want for made in kept)


@native
def test_a_profile_looks_into_init():
    profile = alloc.profile(make_inner, np.ones(100))
    assert profile.nbytes >= 1600
    assert "not counted" not in str(profile)


def test_an_init_that_is_replaced():
    class_, before = Grid, Grid.__init__
    g = alloc.bump(alloc.Buffer(10**6))(make_grid)
    x = np.arange(1.0, 9.0)
    for _ in range(20):
        g(x)

    def init(self, x):
        self.other = x - 7.0

    try:
        class_.__init__ = init
        assert outcome(g, x) == outcome(make_grid, x)
        assert not hasattr(g(x), "y")
        class_.__init__ = lambda self, x: None
        assert vars(g(x)) == {}
        del class_.__init__
        assert outcome(g, x) == outcome(make_grid, x)
    finally:
        class_.__init__ = before
    assert outcome(g, x) == outcome(make_grid, x)


def test_objects_die():
    g = alloc.bump(alloc.Buffer(10**6))(make_slotted)
    references = [weakref.ref(g(np.arange(5.0))) for _ in range(40)]
    assert [r() for r in references] == [None] * 40


def test_classes_of_a_function():
    def f(x):
        class Local:
            def __init__(self, x):
                self.a = x + x * 2.0

        return Local(x).a

    g = alloc.bump(alloc.Buffer(10**6))(f)
    x = np.arange(5.0)
    for _ in range(30):
        assert fields(g(x)) == fields(f(x))


def test_threads():
    g = alloc.bump(alloc.Buffer(10**6, on_full="grow"))(make_inner)
    wrong = []

    def work(shift):
        x = np.linspace(0.5, 2.0, 50) + shift
        want = fields(make_inner(x))
        for _ in range(200):
            if fields(g(x)) != want:
                wrong.append(shift)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
