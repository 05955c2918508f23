"""`compare`: what it finds, what it measures, and what it says."""

import functools
import sys
import types
import warnings
from pathlib import Path

import numpy as np
import pytest

import alloc_rewrite as alloc
from alloc_rewrite.comparison import gains
from alloc_rewrite.comparison.copies import fresh
from alloc_rewrite.comparison.differences import differences
from alloc_rewrite.comparison.lines import LineTimer, key_of
from tests.cores import NATIVE

of_regions = pytest.mark.skipif(not NATIVE, reason="the Python core has no regions")


def is_plain():
    """Whether the caller runs its original code."""
    frame = sys._getframe(1)
    return globals()[frame.f_code.co_name].__code__ is frame.f_code


def helper(x):
    y = x * 2.0 + 1.0
    return y * x - x


def several(x):
    y = helper(x)
    q = np.percentile(x, (2, 98))
    return (y + q[0] * x) * y


def test_alike():
    x = np.linspace(0.0, 1.0, 3000)
    c = alloc.compare(several, x)
    assert (c.same, c.deterministic, c.differences, c.exit_code, c.notes) == (True, True, (), 0, ())
    assert (c.function, c.filename, c.line) == (
        "several", __file__, several.__code__.co_firstlineno,
    )  # fmt: skip
    assert c.core == alloc.core()[0]
    assert c.plain > 0 < c.bumped
    assert c.rounds >= 5
    assert c.nbytes >= 8 * 3000 * 5
    assert c.suggested_nbytes >= alloc.profile(several, x).suggested_nbytes // 2
    np.testing.assert_array_equal(c.result, several(x))
    c.raise_if_different()


def test_functions_and_lines():
    c = alloc.compare(several, np.linspace(0.0, 1.0, 3000))
    by_name = {function.function: function for function in c.functions}
    assert list(by_name) == ["several", "helper"]
    top, inner = by_name["several"], by_name["helper"]
    assert 0 < top.share <= 1.000001
    assert inner.share < top.share
    for function in c.functions:
        assert function.filename == __file__
        assert abs(sum(line.plain for line in function.lines) - function.plain) < 1e-9
        assert abs(sum(line.share for line in function.lines) - function.share) < 1e-6
        assert all(line.nbytes >= line.nbytes_bumped >= 0 for line in function.lines)
    (line,) = [line for line in top.lines if "percentile" in line.source]
    assert line.first - top.line == 2
    assert line.share > 0
    assert str(c).startswith("several (test_compare.py:")
    assert "q = np.percentile(x, (2, 98))" in str(c)
    assert repr(c).startswith("<Comparison of several: bit-for-bit identical, ")
    assert "\n" not in repr(c)


@of_regions
def test_lines_of_a_region_are_one_row():
    c = alloc.compare(several, np.linspace(0.0, 1.0, 3000))
    inner = c.functions[1]
    (row,) = [line for line in inner.lines if line.region]
    assert (row.first - inner.line, row.last - inner.line, row.region) == (1, 2, "4 operations")
    assert row.source == "y = x * 2.0 + 1.0\nreturn y * x - x"
    assert "# region: 4 operations" in str(c)


def test_what_gained_little(monkeypatch):
    monkeypatch.setattr(gains, "LITTLE", float("inf"))
    monkeypatch.setattr(gains, "SHARE", 0.0)

    def f(x):
        return np.sort(x)

    c = alloc.compare(f, np.random.default_rng(0).random(20_000))
    line = c.little[0]
    assert "`np.sort`, not accelerated" in line.reason
    assert line.advice
    assert "What gained little:\n  line " in str(c)
    assert f"line {line.first}, {line.share:.0%} of the time: `np.sort`, not accelerated" in str(c)


def changed(x):
    return x + (0.0 if is_plain() else 1.0)


def dtype(x):
    return x if is_plain() else x.astype("f4")


def layout(x):
    return x.reshape(2, 2) if is_plain() else x.reshape(2, 2).T.copy().T


def raising(x):
    if not is_plain():
        raise ValueError("no")


def quiet(x):
    if is_plain():
        raise ValueError("yes")


def warning(x):
    if is_plain():
        warnings.warn("mind", stacklevel=1)


def printing(x):
    print("plain" if is_plain() else "bumped", x.sum())


def in_place(x):
    x[1] = 0 if is_plain() else 1


def passing(x):
    return x if is_plain() else x.copy()


def drawing(x):
    np.random.rand(1 if is_plain() else 2)


@pytest.mark.parametrize(
    ("f", "said"),
    [
        (changed, "4 of 4 items of the result differ, first [0]: np.float64(1.0), not"),
        (dtype, "the dtype of the result is '<f4', not '<f8'"),
        (layout, "the strides of the result is (8, 16), not (16, 8)"),
        (raising, "it raised ValueError: no"),
        (quiet, "it didn't raise ValueError: yes"),
        (warning, "the length of the list of warnings is 0, not 1"),
        (printing, "what it printed is 'bumped 0.0\\n', not 'plain 0.0\\n'"),
        (in_place, "1 of 4 items of argument 0 differ, first [1]"),
        (passing, "the list of arrays that share memory"),
        (drawing, "the state of the random numbers"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_different(f, said):
    given = np.zeros(4)
    c = alloc.compare(f, given)
    assert not c.same
    assert c.deterministic
    assert any(said in one for one in c.differences), c.differences
    assert c.exit_code == 1
    assert f"  different: {c.differences[0]}" in str(c)
    with pytest.raises(alloc.DifferenceError, match=f"{f.__name__}: DIFFERENT"):
        c.raise_if_different()
    assert isinstance(alloc.DifferenceError(), AssertionError)
    assert not given.any()


calls = 0


def counting(x):
    global calls
    calls += 1
    return x + calls


def test_not_deterministic():
    c = alloc.compare(counting, np.zeros(3))
    assert not c.deterministic
    assert not c.same
    assert "two plain calls already differ" in str(c)
    assert c.differences[0].startswith("between two plain calls, 3 of 3 items")


def test_random_numbers_are_the_same_for_both():
    def f(rng, n):
        return np.random.rand(n) + rng.random(n)

    assert alloc.compare(f, np.random.default_rng(1), 100).same


def test_arguments_and_objects_stay_as_they_are():
    class Model:
        def __init__(self):
            self.state = np.zeros(5)

        def step(self, x, *, by):
            self.state += x * by
            return self.state

        def __call__(self, x):
            return self.step(x, by=2.0)

    model, x = Model(), np.ones(5)
    assert alloc.compare(model.step, x, by=3.0).same
    assert alloc.compare(model, x).same
    assert alloc.compare(functools.partial(model.step, by=1.0), x).same
    assert not model.state.any()
    assert x.all()


def test_a_bumped_function_keeps_its_buffer():
    buf = alloc.Buffer(10**6)
    f = alloc.bump(buf)(several)
    assert alloc.compare(f, np.linspace(0.0, 1.0, 3000)).same
    assert buf.peak > 0
    full = alloc.bump(alloc.Buffer(64))(several)
    c = alloc.compare(full, np.linspace(0.0, 1.0, 3000))
    assert "it raised BufferFullError" in c.differences[0]


def test_exceptions_are_compared():
    def f(x):
        return x.reshape(7) + 1

    c = alloc.compare(f, np.zeros(3))
    assert (c.same, c.result, c.nbytes) == (True, None, 0)


def test_what_cannot_be_copied_is_shared():
    def f(lock, x):
        with lock:
            return x + 1

    import threading

    c = alloc.compare(f, threading.Lock(), np.zeros(3))
    assert c.same
    assert c.notes == ("an object of type lock can't be copied: all calls share it",)


def test_helpers_that_are_bumped_themselves_are_named():
    inner = alloc.bump(helper)

    def f(x):
        return inner(x) + 1

    (note,) = alloc.compare(f, np.zeros(3)).notes
    assert note == "helper is bumped itself, so it is bumped in the plain call too"


def generator():
    yield 1


@pytest.mark.parametrize("f", [3, int, generator])
def test_refused(f):
    for call in (alloc.compare, alloc.check):
        with pytest.raises(TypeError, match=f"{call.__name__}: "):
            call(f)


def test_output_and_warnings_are_kept_back(capsys):
    def f(x):
        print("noise")
        return np.log(x)

    c = alloc.compare(f, np.zeros(3) - 1)
    assert c.same
    assert capsys.readouterr() == ("", "")


# ---------------------------------------------------------------------- its parts


@pytest.mark.parametrize(
    "value",
    [
        np.arange(12).reshape(3, 4),
        np.asfortranarray(np.arange(12).reshape(3, 4)),
        np.arange(24).reshape(2, 3, 4).transpose(2, 0, 1),
        np.arange(24.0).reshape(4, 6)[::-2, 1::2],
        np.frombuffer(b"a" * 81, "u1")[1:].view("f8"),
        np.broadcast_to(np.arange(3.0), (4, 3)),
        np.zeros((0, 3)),
        np.array(3.0),
        np.array([{"a": 1}, None], object),
        np.array(["a", "bc"]),
        np.ma.array([1.0, 2.0], mask=[True, False]),
        np.array([(1, 2.0)], "i4, f8")[["f1"]],
    ],
    ids=lambda v: f"{type(v).__name__}-{v.dtype}-{v.shape}",
)
def test_copies_of_arrays(value):
    ((made, again), shared) = fresh(({"x": [value]}, value))
    assert shared == []
    assert made["x"][0] is again
    assert again is not value
    assert differences(value, again) == []
    if value.flags.writeable and value.size and not value.dtype.hasobject:
        again.reshape(-1)[...] = np.zeros((), value.dtype)
        assert not np.may_share_memory(value, again)


def test_copies_share_memory_as_the_originals_do():
    base = np.arange(10.0)
    (whole, part, other), _ = fresh((base, base[2:5], base[::2]))
    whole[4] = 7.0
    assert (part[2], other[2], base[4]) == (7.0, 7.0, 4.0)


class Slots:
    __slots__ = ("a",)

    def __init__(self, a):
        self.a = a


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (1, 1.0), (1, True), (0.0, -0.0), (1.0, 2.0), (1j, -1j), ("a", "b"), (b"a", b"b"),
        ([1], [1, 2]), ([1, [2]], [1, [3]]), ((1,), [1]), ({"a": 1}, {"b": 1}),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}), ({1}, {2}), (None, 0), (slice(1), slice(2)),
        (np.float64(1), 1.0), (np.float64(1), np.float32(1)), (np.float64(0), np.float64(-0.0)),
        (np.zeros(3), np.zeros(4)), (np.zeros(3), np.zeros(3, "f4")), (np.zeros(3), -np.zeros(3)),
        (np.zeros((2, 2)), np.zeros((2, 2), order="F")), (np.zeros(4)[::2], np.zeros(2)),
        (np.array([1, "a"], object), np.array([1, "b"], object)),
        (np.dtype("i4"), np.dtype("i8")), (np.zeros(2, "i4, f4"), np.zeros(2, "i4, i4")),
        (np.array([(1, 2)], "i4, i4"), np.array([(1, 3)], "i4, i4")),
        (np.ma.array([1], mask=[0]), np.ma.array([1], mask=[1])),
        (np.ma.array([1]), np.array([1])), (Slots(1), Slots(2)),
        (Slots(np.ones(2)), Slots(np.zeros(2))),
        (types.SimpleNamespace(a=1), types.SimpleNamespace(a=2)), (len, abs),
        (types.SimpleNamespace(a=1), types.SimpleNamespace(b=1)), (int, float), (np.add, np.sin),
        (np.datetime64("2020"), np.datetime64("2021")), (range(3), range(4)),
        (np.longdouble(1), np.longdouble(2)), (np.random.default_rng(1), np.random.default_rng(2)),
    ],
)  # fmt: skip
def test_differences(one, other):
    found = differences(one, other)
    assert found
    assert all(isinstance(text, str) and "\n" not in text for text in found)
    assert differences(one, one) == differences(other, other) == []


def test_no_differences():
    nan = np.frombuffer(b"\x01\x00\x00\x00\x00\x00\xf8\x7f")
    cycle, other = [1], [1]
    cycle.append(cycle)
    other.append(other)
    for a, b in [
        (nan.copy(), nan.copy()), (float("nan"), float("nan")), (cycle, other),
        (Slots(1), Slots(1)),
        (np.arange(3), np.arange(3)), ([np.ones(2)], [np.ones(2)]), (iter([1]), iter([1])),
        (np.array(["a"], "T"), np.array(["a"], "T")), (range(3), range(3)),
        (np.array([1.0], "g"), np.array([1.0], "g")),
    ]:  # fmt: skip
        assert differences(a, b) == []


def test_lines_of_generators_recursion_and_exceptions():
    def numbers():
        yield 1
        yield 2

    def falling(n):
        if n == 0:
            raise KeyError(n)
        falling(n - 1)

    def whole():
        total = sum(numbers())
        try:
            falling(3)
        except KeyError:
            total += 1
        return total

    timer = LineTimer()
    former = sys.gettrace()
    timer.run(whole)
    assert sys.gettrace() is former
    seen = {(key.name.rpartition(".")[2], line - key.line) for key, line in timer.nanoseconds}
    assert {("whole", 1), ("whole", 3), ("whole", 5), ("whole", 6), ("numbers", 1)} <= seen
    assert ("falling", 3) in seen
    assert key_of(whole.__code__) in timer.functions
    assert all(Path(key.filename) == Path(__file__) for key in timer.functions)
