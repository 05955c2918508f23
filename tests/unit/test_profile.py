"""`profile` and `allocated`: the figures, the report, and what they do not count."""

import logging
import os
import sys

import numpy as np
import pytest

import alloc_rewrite as alloc


def test_the_mission_example():
    def f():
        x = np.random.rand(100, 100)
        y = np.random.rand(100)
        return x @ y

    assert alloc.allocated(f) == 81600
    p = alloc.profile(f)
    assert (p.nbytes, p.count) == (81600, 3)
    assert str(p).startswith("Allocated 81600 bytes in 3 arrays")
    first = f.__code__.co_firstlineno
    assert [(row.line - first, row.nbytes, row.count) for row in p.lines] == [
        (1, 80000, 1), (2, 800, 1), (3, 800, 1),
    ]  # fmt: skip
    assert {row.filename for row in p.lines} == {__file__}
    assert p.result.shape == (100,)
    g = alloc.bump(alloc.Buffer(10**6))(f)
    g()
    assert alloc.allocated(g) == 0


def test_suggested_size_is_enough_and_not_absurd():
    def f(n):
        out = []
        for k in range(1, n):
            y = np.ones(k * 10) * k
            out.append(y[::2] + 1)
            del y
        return np.concatenate(out)

    p = alloc.profile(f, 30)
    assert p.peak <= p.nbytes
    assert p.suggested_nbytes >= p.peak // 2
    buf = alloc.Buffer(p.suggested_nbytes)
    assert alloc.run(f, buf, 30).tobytes() == f(30).tobytes()
    assert buf.capacity == p.suggested_nbytes


def test_rows_are_by_line_and_callee():
    def f(x):
        y = np.sin(x) + np.cos(x) * x
        for _ in range(3):
            y = np.stack([y, y])[0]
        return y

    p = alloc.profile(f, np.ones(100))
    first = f.__code__.co_firstlineno
    rows = {(row.line - first, row.callee): (row.nbytes, row.count) for row in p.lines}
    assert rows[1, "numpy.sin"] == (800, 1)
    assert rows[3, "numpy.stack"][1] >= 3
    assert all(row.function.endswith("f") for row in p.lines)
    largest = p.lines[0]
    assert (largest.largest, largest.shape, largest.dtype) == (1600, (2, 100), np.float64)
    assert [row.nbytes for row in p.lines] == sorted((r.nbytes for r in p.lines), reverse=True)
    assert sum(row.nbytes for row in p.lines) == p.nbytes
    assert sum(row.count for row in p.lines) == p.count


def test_what_exists_already_is_not_counted():
    x = np.ones(1000)
    kept = [np.zeros(50)]
    assert alloc.allocated(lambda: x) == 0
    assert alloc.allocated(lambda: (x[1:], x.T, x.reshape(10, 100), kept[0], x.view("u1"))) == 0
    assert alloc.allocated(lambda: np.asarray(x)) == 0

    def in_place(x):
        x += 1
        x[:] = 2
        np.add(x, 1, out=x)

    assert alloc.allocated(in_place, x) == 0


def test_scalars_and_other_objects_are_not_counted():
    assert alloc.allocated(lambda: (1 + 2, "a" * 100, np.float64(2) * 3, [1] * 1000)) == 0
    assert alloc.profile(lambda: 1).count == 0


def test_exceptions_pass_through():
    def f():
        np.zeros(10)
        raise KeyError("mine")

    for call in (alloc.profile, alloc.allocated):
        with pytest.raises(KeyError, match="mine"):
            call(f)


@pytest.mark.parametrize("value", [None, 3, "f", np.ones(3)])
def test_not_callable(value):
    for call in (alloc.profile, alloc.allocated):
        with pytest.raises(TypeError, match=f"{call.__name__}: .* is not callable; give the func"):
            call(value)


def test_arguments_are_passed_on():
    def f(a, /, b, *rest, c, **more):
        return a, b, rest, c, more

    result = alloc.profile(f, 1, 2, 3, c=4, f=5, args=6, recorder=7).result
    assert result == (1, 2, (3,), 4, {"f": 5, "args": 6, "recorder": 7})


def test_builtins_methods_partials_and_classes():
    import functools

    assert alloc.profile(np.zeros, 100).nbytes == 800
    assert alloc.profile(np.ones(100).copy).nbytes == 800
    assert alloc.profile(functools.partial(np.full, 100), 2.0).nbytes in (800, 808)
    assert alloc.profile(len, [1]).result == 1

    class C:
        def __init__(self, n):
            self.x = np.zeros(n)

        def __call__(self):
            return self.x * 2

        def method(self):
            return self.x + 1

    p = alloc.profile(C, 100)  # classes are not entered, which the profile says
    assert p.nbytes == 0
    assert [note.nbytes for note in p.uncaptured] == [800]
    assert "class" in p.uncaptured[0].reason
    c = C(100)
    assert alloc.profile(c).nbytes == alloc.profile(c.method).nbytes == 800


def test_logging(caplog):
    def named():
        return np.zeros(10)

    with caplog.at_level(logging.INFO, "alloc_rewrite"):
        alloc.profile(named)
    (record,) = caplog.records
    assert "named: Allocated 80 bytes in 1 array, at most 80" in record.getMessage()


def test_report_names_file_line_shape_and_dtype():
    p = alloc.profile(lambda: np.zeros((3, 4), np.float32))
    line = str(p).splitlines()[2]
    for part in (os.path.basename(__file__), "numpy.zeros", "float32", "3x4", "48"):
        assert part in line


def test_uncaptured_arrays_are_named():
    class Box:
        @property
        def array(self):
            return eval("np.zeros(100)")

    def hidden():
        sys.getrefcount(None)
        return np.zeros(1000)

    p = alloc.profile(lambda: hidden())
    assert p.nbytes == 0
    (note,) = p.uncaptured
    assert note.nbytes == 8000
    assert "hidden" in note.callee
    assert "frame" in note.reason
    assert "not counted: 8000 bytes" in str(p)


def test_bumped_functions_are_profiled_with_their_own_buffer():
    buf = alloc.Buffer(1 << 16)
    g = alloc.bump(buf)(lambda n: np.zeros(n) + 1)
    assert alloc.allocated(g, 1000) == 0
    assert alloc.allocated(g, 1000) == 0
    assert buf.peak > 0
    full = alloc.Buffer(64, on_full="heap")
    h = alloc.bump(full)(lambda n: np.zeros(n) + 1)
    assert alloc.allocated(h, 1000) == 16000


def test_profile_of_a_profile():
    inner = alloc.profile(alloc.profile, lambda: np.zeros(100))
    assert inner.result.nbytes == 800


def test_a_bumped_function_that_unpacks_is_counted():
    def f(n):
        size, _ = n
        return np.zeros(size) + 1

    bumped = alloc.bump(alloc.Buffer(64, on_full="heap"))(f)
    assert alloc.allocated(bumped, (1000, 0)) == 16000


@pytest.mark.parametrize("kind", ["positional", "named", "both"])
def test_calls_that_spread_their_arguments_are_counted(kind):
    def f(x):
        args, named = (x, x), {"dtype": x.dtype}
        if kind == "positional":
            return np.add(*args)
        if kind == "named":
            return np.add(x, x, **named)
        return np.add(*args, **named)

    x = np.ones(1000)
    p = alloc.profile(f, x)
    assert (p.nbytes, p.count) == (8000, 1)
    bumped = alloc.bump(alloc.Buffer())(f)
    bumped(x)
    assert alloc.allocated(bumped, x) == 0
