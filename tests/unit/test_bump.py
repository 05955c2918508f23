"""`bump` and `run`: what comes back for every kind of callable, and for bad input."""

import functools
import inspect
import sys
import warnings

import numpy as np
import pytest

import alloc_rewrite as alloc
from alloc_rewrite.bump import bumped


@pytest.fixture
def buf():
    return alloc.Buffer(1 << 16)


def doubled(x: np.ndarray, k: int = 2, *, shift: float = 0.0) -> np.ndarray:
    """Double it."""
    return x * k + shift


def test_a_function_comes_back_as_a_function(buf):
    doubled.mark = ["kept"]
    g = alloc.bump(buf)(doubled)
    assert type(g) is type(doubled)
    assert g is not doubled
    assert g.__wrapped__ is doubled
    for name in (
        "__name__",
        "__qualname__",
        "__module__",
        "__doc__",
        "__defaults__",
        "__kwdefaults__",
        "__annotations__",
        "__globals__",
    ):
        assert getattr(g, name) == getattr(doubled, name)
    assert g.mark is doubled.mark
    assert inspect.signature(g) == inspect.signature(doubled)
    assert inspect.getsource(g) == inspect.getsource(doubled)
    assert inspect.getdoc(g) == "Double it."
    assert g.__code__.co_firstlineno == doubled.__code__.co_firstlineno
    assert g(np.ones(3), shift=1.0).tolist() == [3.0] * 3
    assert buf.peak > 0


def test_ways_to_decorate(buf):
    x = np.ones(3)
    for decorate in (
        alloc.bump(buf),
        alloc.bump,
        alloc.bump(),
        alloc.bump(10**5),
        alloc.bump(np.int64(10**5)),
        alloc.bump(None),
    ):
        assert decorate(lambda v: v * 2)(x).tolist() == [2.0] * 3
    before = alloc.default_buffer().peak
    kept = alloc.bump(lambda n: np.ones(n))(100_000)
    assert alloc.default_buffer() is alloc.default_buffer()
    assert alloc.default_buffer().peak >= max(before, kept.nbytes)


def test_the_original_stays_as_it_is(buf):
    code = doubled.__code__
    alloc.bump(buf)(doubled)(np.ones(3))
    assert doubled.__code__ is code
    assert not hasattr(doubled, "__wrapped__")
    assert doubled.__closure__ is None


def test_bumping_twice(buf):
    g = alloc.bump(buf)(doubled)
    assert alloc.bump(buf)(g) is g
    other = alloc.Buffer(1 << 16)
    h = alloc.bump(other)(g)
    assert h is not g
    assert h.__wrapped__ is doubled
    peak = buf.peak
    h(np.ones(3))
    assert other.peak > 0
    assert buf.peak == peak
    again = alloc.bump(buf, exclude="nothing")(g)
    assert again is not g
    assert bumped(again).original is doubled
    assert bumped(doubled) is None
    assert bumped(3) is None


def test_a_bumped_callee_keeps_its_own_buffer(buf):
    inner_buf = alloc.Buffer(1 << 16)
    inner = alloc.bump(inner_buf)(lambda v: v * 2)
    outer = alloc.bump(buf)(lambda v: inner(v) + 1)
    assert outer(np.ones(100)).tolist() == [3.0] * 100
    assert inner_buf.peak == 832
    assert buf.peak == 832


def test_callees_are_entered_and_originals_are_not_changed(buf):
    def callee(v):
        return np.sqrt(v) * 2

    g = alloc.bump(buf)(lambda v: callee(v))
    kept = g(np.ones(100))
    assert buf.live == 1
    assert callee(kept).flags.owndata


def test_include_and_exclude(buf):
    import colorsys
    import statistics

    def callee(v):
        return v * 2

    def f(v):
        return callee(v)

    alloc.bump(buf, exclude=callee)(f)(np.ones(9))
    alloc.bump(buf, exclude=__name__)(f)(np.ones(9))
    assert buf.peak == 0
    alloc.bump(buf, include=[callee], exclude=[callee])(f)(np.ones(9))
    assert buf.peak == 0
    alloc.bump(buf, include=["nothing", statistics, colorsys], exclude="colorsys")(f)(np.ones(9))
    assert buf.peak > 0
    for name, value in [("include", [3]), ("exclude", [None]), ("include", [np.ones(3)])]:
        with pytest.raises(TypeError, match=f"{name}: .* is not a module, a module's name or a"):
            alloc.bump(buf, **{name: value})


class Model:
    scale = 2.0

    def __init__(self, n=3):
        self.n = n

    def apply(self, x):
        return x * self.scale

    @staticmethod
    def norm(x):
        return np.sqrt(x * x)

    @classmethod
    def build(cls, x):
        return cls(), x * 3

    @property
    def weights(self):
        """The weights."""
        return np.ones(self.n) * 2

    @weights.setter
    def weights(self, value):
        self.set = value + 1

    @functools.cached_property
    def table(self):
        return np.ones(self.n) * 5

    def __call__(self, x):
        """Call it."""
        return x * 7

    def __add__(self, x):
        return x + 100

    size = property(len)
    function = len
    kind = staticmethod(len)


def fresh_model():
    own = {k: v for k, v in vars(Model).items() if k not in ("__dict__", "__weakref__")}
    return type("Model", (), own)


def test_classes(buf):
    cls = fresh_model()
    table = functools.cached_property(Model.__dict__["table"].func)
    cls.table = table
    table.__set_name__(cls, "table")
    assert alloc.bump(buf)(cls) is cls
    x = np.ones(3)
    m = cls()
    assert m.apply(x).tolist() == [2.0] * 3
    assert m.norm(x).tolist() == cls.norm(x).tolist() == [1.0] * 3
    assert cls.build(x)[1].tolist() == [3.0] * 3
    assert isinstance(cls.build(x)[0], cls)
    assert m.weights.tolist() == [2.0] * 3
    assert cls.weights.__doc__ == "The weights."
    m.weights = x
    assert m.set.tolist() == [2.0] * 3
    assert m.table is m.table
    assert m(x).tolist() == [7.0] * 3
    assert (m + x).tolist() == [101.0] * 3
    assert cls.function is len
    for name in ("apply", "__add__", "__init__"):
        assert vars(cls)[name].__wrapped__ is vars(Model)[name]
    before = cls.apply
    alloc.bump(buf)(cls)
    assert cls.apply is before  # not bumped once more
    assert m.weights.tolist() == [2.0] * 3


def test_methods_and_descriptors(buf):
    m = Model()
    bound = alloc.bump(buf)(m.apply)
    assert bound.__self__ is m
    assert inspect.ismethod(bound)
    assert bound(np.ones(3)).tolist() == [2.0] * 3
    made = alloc.bump(buf)(Model.__dict__["norm"])
    assert type(made) is staticmethod
    assert made.__func__(np.ones(3)).tolist() == [1.0] * 3
    assert type(alloc.bump(buf)(Model.__dict__["build"])) is classmethod
    prop = alloc.bump(buf)(Model.__dict__["weights"])
    assert type(prop) is property
    assert prop.__doc__ == "The weights."
    assert prop.fget(m).tolist() == [2.0] * 3


def test_decorator_orders(buf):
    class C:
        @staticmethod
        @alloc.bump(buf)
        def a(x):
            return x * 2

        @alloc.bump(buf)
        @staticmethod
        def b(x):
            return x * 3

        @alloc.bump(buf)
        @classmethod
        def c(cls, x):
            return cls.__name__, x * 4

        @alloc.bump(buf)
        @property
        def d(self):
            return np.ones(3) * 5

        @functools.wraps(doubled)
        @alloc.bump(buf)
        def e(self, x):
            return x * 6

    x = np.ones(3)
    c = C()
    assert [c.a(x)[0], C.b(x)[0], c.c(x)[1][0], c.d[0], c.e(x)[0]] == [2, 3, 4, 5, 6]


def test_partials_and_callable_objects_become_functions(buf):
    part = alloc.bump(buf)(functools.partial(doubled, k=5))
    assert inspect.isfunction(part)
    assert part(np.ones(3)).tolist() == [5.0] * 3
    assert part.__name__ == "doubled"
    assert isinstance(part.__wrapped__, functools.partial)
    assert inspect.signature(part) == inspect.signature(functools.partial(doubled, k=5))
    called = alloc.bump(buf)(Model())
    assert inspect.isfunction(called)
    assert called(np.ones(3)).tolist() == [7.0] * 3
    assert called.__doc__ == "Call it."
    assert str(inspect.signature(called)) == "(x)"
    nested = alloc.bump(buf)(functools.partial(functools.partial(doubled), k=3))
    assert nested(np.ones(3)).tolist() == [3.0] * 3
    assert buf.peak > 0


@pytest.mark.parametrize(
    "target",
    [
        *(len, np.zeros, np.add, np.sin, np.sum, np.linalg.norm, np.ndarray.sum),
        *("text", 2.5, b"x", [1], {}, object(), functools.partial(len)),
    ],
)
def test_what_cannot_be_bumped(buf, target):
    with pytest.raises(
        TypeError, match="bump: .* has no Python bytecode to rewrite; bump a Python"
    ):
        alloc.bump(buf)(target)


def test_functions_that_a_library_wraps_itself_cannot_be_bumped():
    fft = pytest.importorskip("scipy.fft")
    with pytest.raises(TypeError, match="bump: .* has no Python bytecode to rewrite; bump a"):
        alloc.bump(fft.fft)


@pytest.mark.parametrize("target", ["1MB", 2.5, [1], {"a": 1}])
def test_what_is_no_buffer(target):
    with pytest.raises(
        TypeError, match="bump: .* is not a Buffer, a number of bytes or a function"
    ):
        alloc.bump(target)


@pytest.mark.parametrize("size", [0, -1, 10**18])
def test_bad_sizes(size):
    with pytest.raises(ValueError, match="nbytes="):
        alloc.bump(size)


def test_a_function_that_cannot_be_rewritten_warns_and_runs(buf):
    def introspective(x):
        return sys.getrefcount(x) > 0, x * 2

    with pytest.warns(alloc.RewriteWarning) as log:
        g = alloc.bump(buf)(introspective)
    text = str(log[0].message)
    assert "introspective" in text
    assert f"test_bump.py:{introspective.__code__.co_firstlineno}) runs as it is" in text
    assert "getrefcount" in text
    assert log[0].filename == __file__
    counted, y = g(np.ones(3))
    assert counted
    assert y.tolist() == [2.0] * 3
    assert g.__wrapped__ is introspective


def test_a_function_without_anything_to_rewrite_does_not_matter(buf):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert alloc.bump(buf)(lambda: None)() is None
        assert alloc.bump(buf)(lambda x: x)(3) == 3


def test_a_fault_in_the_rewriter_never_reaches_the_caller(buf, monkeypatch):
    from alloc_rewrite.rewrite import pipeline

    def broken(*args, **kwargs):
        raise ZeroDivisionError("fault")

    def callee(v):
        return v * 2

    g = alloc.bump(buf)(lambda v: callee(v) + 1)
    monkeypatch.setattr(pipeline, "encode", broken)
    monkeypatch.setattr(pipeline, "found_in", broken)
    assert g(np.ones(3)).tolist() == [3.0] * 3
    with pytest.warns(alloc.RewriteWarning, match="the rewriter failed: ZeroDivisionError"):
        h = alloc.bump(buf)(lambda v: v * 3)
    assert h(np.ones(3)).tolist() == [3.0] * 3


def test_run(buf):
    y = alloc.run(doubled, buf, np.ones(3), 4, shift=1)
    assert y.tolist() == [5.0] * 3
    assert buf.live == 1
    for bad in (None, 10**6, doubled):
        with pytest.raises(TypeError, match="run: the second argument is .*, not a Buffer"):
            alloc.run(doubled, bad)
    with pytest.raises(TypeError, match="no Python bytecode"):
        alloc.run(len, buf, [])
    with pytest.raises(KeyError):
        alloc.run(lambda: {}["k"], buf)


def test_run_of_a_bumped_function_uses_the_given_buffer(buf):
    other = alloc.Buffer(1 << 16)
    g = alloc.bump(other)(doubled)
    kept = alloc.run(g, buf, np.ones(100))
    assert kept.tolist() == [2.0] * 100
    assert (buf.live, other.peak) == (1, 0)


def test_keyword_names_of_the_library_are_free(buf):
    def f(target, buf, f, args, kwargs, self, include, exclude):
        return target * 2, buf, f, args, kwargs, self, include, exclude

    values = {n: k for k, n in enumerate(inspect.signature(f).parameters)}
    assert alloc.bump(buf)(f)(**values) == f(**values)


def test_steady_state_takes_nothing_from_the_heap(buf):
    def f(x):
        y = np.concatenate([x, x]) * 2
        return np.sqrt(y) + y.cumsum()

    g = alloc.bump(buf)(f)
    x = np.ones(500)
    g(x)
    alloc.allocated(g, x)  # through sites of its own, which keep arrays too
    used = buf.used
    for _ in range(20):
        assert alloc.allocated(g, x) == 0
    assert buf.used == used
    assert buf.live == 0


@pytest.mark.parametrize("cls", [int, dict, object, np.ndarray, np.float64])
def test_classes_that_are_not_written_in_python_are_refused(cls):
    with pytest.raises(TypeError, match=f"the class {cls.__name__} is not written in Python"):
        alloc.bump(cls)
    with pytest.raises(TypeError, match="not written in Python"):
        alloc.bump(alloc.Buffer())(cls)


def test_classes_written_in_python_need_not_have_methods():
    class Empty:
        n = 3

    assert alloc.bump(alloc.Buffer())(Empty) is Empty
    assert Empty.n == 3


@pytest.mark.parametrize(
    "call",
    [
        alloc.profile,
        alloc.allocated,
        alloc.explain,
        alloc.compare,
        alloc.check,
        alloc.bump,
        lambda given: alloc.run(np.sum, given),
    ],
)
def test_messages_dont_print_whole_arrays(call):
    """Giving `f(x)` instead of `f, x` is a common mistake."""
    with pytest.raises(TypeError, match=r"an object of type ndarray of shape \(1000,\)") as info:
        call(np.ones(1000))
    assert len(str(info.value)) < 200
