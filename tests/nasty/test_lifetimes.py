"""Arrays, functions, sites and buffers live exactly as long as somebody holds them."""

import contextlib
import functools
import gc
import sys
import weakref

import numpy as np
import pytest

import alloc_rewrite as alloc

from ..cores import NATIVE, SMALL


def collect():
    for _ in range(4):  # code objects are not tracked, so nested ones go one after the other
        gc.collect()


def collected(*references):
    collect()
    return [r() is None for r in references]


def large(x):
    """Return an array too large for the slots in which sites of the native core keep results."""
    return np.resize(x, 4 * SMALL)


def test_weak_references_to_results_die_as_in_plain_code(x):
    x = large(x)

    def f(x):
        y = x * 2
        kept = x + 1
        dead = weakref.ref(y), weakref.ref(kept)
        del y
        return [r() is None for r in dead], kept, dead[1]

    for function in (f, alloc.bump(alloc.Buffer())(f)):
        for _ in range(3):
            dead, kept, reference = function(x)
            assert dead == [True, False]
            assert reference() is kept
            del kept
            assert reference() is None


@pytest.mark.skipif(not NATIVE, reason="the Python core has no slots")
def test_weak_references_to_small_results_die_when_the_line_runs_again(x):
    """A slot keeps a small result until then, or until the buffer is reset or wants the room."""
    buf = alloc.Buffer()
    f = alloc.bump(buf)(lambda x: x * 2)
    log = []
    reference = weakref.ref(f(x), log.append)
    assert reference() is not None
    assert buf.live == 0
    y = f(x)
    assert reference() is not None
    z = f(x)
    assert reference() is None
    assert len(log) == 1
    reference = weakref.ref(z)
    del y, z
    buf.reset()
    assert reference() is None
    del f


def test_finalisers_of_results_run_once_and_at_once(x):
    x = large(x)
    log = []
    f = alloc.bump(alloc.Buffer())(lambda v, k: v * k)
    for k in range(5):
        y = f(x, k)
        weakref.finalize(y, log.append, k)
        assert log == list(range(k))
        del y
        assert log == list(range(k + 1))


def test_operands_die_as_early_as_in_plain_code(x):
    class Held(np.ndarray):
        pass

    def f(x):
        h = (x + 0).view(Held)
        dead = weakref.ref(h)
        y = np.add(np.asarray(h), 1)
        del h
        z = y * 2
        return dead() is None, z

    bumped = alloc.bump(alloc.Buffer())(f)
    for _ in range(3):
        assert bumped(x)[0] == f(x)[0] is True


def test_arguments_are_not_kept(x):
    class Thing:
        pass

    def callee(thing, v):
        return v * 2

    bumped = alloc.bump(alloc.Buffer())(lambda thing, v: callee(thing, v) + 1)
    thing, v = Thing(), np.ones(1000)
    dead = weakref.ref(thing), weakref.ref(v)
    before = sys.getrefcount(thing)
    for _ in range(5):
        bumped(thing, v)
    assert sys.getrefcount(thing) == before
    del thing, v
    assert [r() is None for r in dead] == [True, True]


@pytest.mark.parametrize(
    "view",
    [
        lambda y: y[1:3],
        lambda y: y[::-1].T,
        lambda y: y.reshape(2, 3)[1],
        lambda y: memoryview(y),
        lambda y: y.view(np.int32),
        lambda y: y.view(np.matrix),
        lambda y: np.asarray(y.data),
        lambda y: np.frombuffer(y),
        lambda y: np.from_dlpack(y),
        lambda y: y.flat,
        lambda y: np.lib.stride_tricks.as_strided(y, (3,), (8,)),
        lambda y: np.broadcast_to(y, (2, 6)),
        lambda y: np.nditer(y),
        lambda y: y.base,
        lambda y: y.view(type("Sub", (np.ndarray,), {})),
        lambda y: np.lib.stride_tricks.sliding_window_view(y, 2),
        lambda y: iter(y),
        lambda y: y.sum,
        lambda y: functools.partial(np.add, y),
        lambda y: {"y": y},
        lambda y: np.ma.array(y, copy=False),
        lambda y: y.ctypes.data_as(__import__("ctypes").c_void_p),
        lambda y: y.__array_interface__,
        lambda y: np.rec.array(y, copy=False),
        lambda y: np.broadcast(y, 1),
        lambda y: y[...],
        lambda y: y.T.base,
        lambda y: y[1:].base,
        lambda y: np.split(y, 2),
        lambda y: y.real,
        lambda y: memoryview(y).cast("B")[8:],
        lambda y: (y, y)[0],
        lambda y: y.squeeze(),
    ],
)
def test_whatever_holds_the_memory_keeps_it(view):
    buf = alloc.Buffer(1 << 16)
    f = alloc.bump(buf)(lambda k: np.full(6, k) * 2.0)
    y = f(7)
    interface = y.__array_interface__["data"][0]
    holder = view(y)
    only_address = isinstance(holder, dict) and "data" in holder
    if holder is None:  # the base of an array that owns its memory
        only_address = NATIVE
    del y
    gc.collect()
    kept = [f(100 + k) for k in range(20)]
    if only_address:
        return  # an address alone, or None, keeps nothing, for plain arrays neither
    assert all(k.__array_interface__["data"][0] != interface for k in kept)
    for _ in range(20):
        f(50)
    raw = np.ndarray((6,), np.float64, _raw(interface, 48))
    assert raw.tolist() == [14.0] * 6
    del raw, holder, kept
    gc.collect()
    assert buf.live == 0


def _raw(address, nbytes):
    import ctypes

    return (ctypes.c_char * nbytes).from_address(address)


def test_exceptions_and_frames_keep_arrays(x):
    def f(x):
        y = x * 3
        raise ValueError(y)

    buf = alloc.Buffer()
    bumped = alloc.bump(buf)(f)
    kept = []
    for k in range(20):
        try:
            bumped(x + k)
        except ValueError as error:
            kept.append(error)
    for k, error in enumerate(kept):
        assert error.args[0].tolist() == ((x + k) * 3).tolist()
        frame = error.__traceback__.tb_next.tb_frame
        assert frame.f_locals["y"].tolist() == ((x + k) * 3).tolist()
    del frame, error
    kept.clear()
    gc.collect()
    assert buf.live == 0


def test_arrays_outlive_function_and_buffer(x):
    buf = alloc.Buffer(1 << 14)
    f = alloc.bump(buf)(lambda v: np.sin(v) * 2)
    y = f(x)
    view = f(x)[1:]
    expected = (np.sin(x) * 2).tobytes()
    dead = weakref.ref(buf), weakref.ref(f)
    del buf, f
    assert collected(*dead) == [True, True]
    for _ in range(50):
        np.empty(1 << 14, np.uint8).fill(255)
    assert y.tobytes() == expected
    assert view.tobytes() == expected[8:]


def test_reset_retires_and_frees(x):
    buf = alloc.Buffer(1 << 14)
    f = alloc.bump(buf)(lambda v, k: v * k)
    kept = []
    for k in range(10):
        kept.append(f(x, k))
        buf.reset()
    for k, y in enumerate(kept):
        assert y.tobytes() == (x * k).tobytes()
    assert buf.chunks == 1


def make_plain():
    def f(x):
        return np.sqrt(x * 2)

    return f


def make_with_callees():
    def g(v):
        return v * 2

    def f(x):
        return g(x) + np.stack([x, x]) @ x[:0].sum() if x is None else g(np.stack([x, x]))

    return f


def make_lambda():
    return lambda x: [v * 2 for v in (x,)]


def make_from_source():
    namespace = {"np": np}
    exec("def g(x):\n    return x + 1\ndef f(x):\n    return g(x) * 2\n", namespace)
    return namespace["f"]


@pytest.mark.parametrize("make", [make_plain, make_with_callees, make_lambda, make_from_source])
@pytest.mark.parametrize("calls", [0, 3, 300])
def test_functions_and_buffers_are_collected(x, make, calls):
    buf = alloc.Buffer()
    f = make()
    g = alloc.bump(buf)(f)
    for _ in range(calls):
        g(x)
    dead = weakref.ref(buf), weakref.ref(f), weakref.ref(g)
    del buf, f, g
    assert collected(*dead) == [True] * 3


@pytest.mark.parametrize("shape", ["closure", "method", "module", "class"])
def test_functions_that_refer_to_their_bumped_selves_are_collected(x, shape):
    buf = alloc.Buffer()

    def closure():
        @alloc.bump(buf)  # noqa: F821
        def down(v, n):
            return v if n == 0 else down(v * 2, n - 1)

        return down

    def method():
        class Node:
            @alloc.bump(buf)  # noqa: F821
            def value(self, v):
                return __class__.__name__, v * 2

        Node().value(x)
        return Node

    def module():
        namespace = {"alloc": alloc, "buf": buf}  # noqa: F821
        exec("@alloc.bump(buf)\ndef f(x):\n    return x * 2\n", namespace)
        return namespace["f"]

    def bumped_class():
        class Base:
            def value(self, v):
                return v * 2

        @alloc.bump(buf)  # noqa: F821
        class Derived(Base):
            def value(self, v):
                return super().value(v) + 1

        Derived().value(x)
        return Derived

    makers = {"closure": closure, "method": method, "module": module, "class": bumped_class}
    made = makers[shape]()
    if shape == "closure":
        made(x, 3)
    dead = weakref.ref(made), weakref.ref(buf)
    del made, buf
    assert collected(*dead) == [True, True]


def test_profile_keeps_nothing(x):
    f = make_with_callees()
    p = alloc.profile(f, x)
    dead = weakref.ref(f), weakref.ref(p.result)
    del f, p
    assert collected(*dead) == [True, True]


def test_run_keeps_nothing(x):
    f, buf = make_with_callees(), alloc.Buffer()
    result = alloc.run(f, buf, large(x))
    dead = weakref.ref(f), weakref.ref(result)
    del f, result
    assert collected(*dead) == [True, True]


def test_many_short_lived_functions_leave_nothing_behind(x):
    buf = alloc.Buffer()

    def once(k):
        namespace = {}
        exec(f"def f(x):\n    return x * {k} + (lambda v: v - {k})(x)\n", namespace)
        alloc.bump(buf)(namespace["f"])(x)
        alloc.run(namespace["f"], buf, x)

    for k in range(20):
        once(k)
    collect()
    before = len(gc.get_objects())
    for k in range(100):
        once(k)
    collect()
    assert len(gc.get_objects()) - before < 300


def test_loop_over_changing_shapes_runs_in_a_bounded_buffer():
    buf = alloc.Buffer()

    def f(shapes):
        total = 0.0
        kept = []
        for k, n in enumerate(shapes):
            y = np.ones(n) * k
            z = np.concatenate([y, y[: n // 2]]) + 1
            total = total + z[0] + float(y @ y)
            if k % 50 == 0:
                kept.append((k, y))
                if len(kept) > 5:
                    kept.pop(0)
        return total, kept

    shapes = np.random.RandomState(0).randint(1, 3000, 10_000).tolist()
    total, kept = alloc.run(f, buf, shapes)
    assert total == f(shapes)[0]
    assert all((y == k).all() for k, y in kept)
    assert buf.peak <= 4 << 20
    assert buf.capacity <= 8 << 20
    assert buf.heap_fallbacks == 0


def test_loop_over_changing_shapes_in_a_fixed_buffer():
    largest = 3000 * 8
    buf = alloc.Buffer(8 * largest)
    shapes = np.random.RandomState(1).randint(1, 3000, 5_000).tolist()

    def f(shapes):
        return sum(float((np.ones(n) * 2 - 1)[0]) for n in shapes)

    assert alloc.run(f, buf, shapes) == len(shapes)
    assert buf.capacity == 8 * largest


def test_large_live_sets_are_not_quadratic():
    import time

    def f(n, y):
        return [y * k for k in range(n)]

    y = np.ones(8)
    times = []
    for n in (5_000, 40_000):
        buf = alloc.Buffer()
        start = time.process_time()
        kept = alloc.run(f, buf, n, y)
        times.append(time.process_time() - start)
        assert buf.live == n
        assert kept[n // 2].tolist() == [n // 2] * 8
        del kept
        start = time.process_time()
        assert buf.live == 0
        again = alloc.run(f, buf, n, y)
        times[-1] += time.process_time() - start
        assert buf.chunks < 12
        del again
    assert times[1] < 8 * times[0] * 4 + 0.1


def test_sites_do_not_remember_every_shape():
    f = alloc.bump(alloc.Buffer())(lambda n: np.zeros(n) + 1)
    for n in range(1, 200):
        f(n)
    gc.collect()
    before = len(gc.get_objects())
    for n in range(200, 2000):
        f(n)
    gc.collect()
    assert len(gc.get_objects()) - before < 30_000


def frozen(y):
    """Make an array read-only for good: there must be no way to write to its memory."""
    while isinstance(y, np.ndarray):
        y.flags.writeable = False
        y = y.base


def retyped(y):
    y.base.dtype = np.int64


def reshaped(y):
    y.base.shape = (2, 5)


@pytest.mark.filterwarnings("ignore:Setting the (shape|dtype):DeprecationWarning")
@pytest.mark.parametrize("change", [frozen, retyped, reshaped])
def test_changing_the_base_of_a_result_is_no_matter_of_later_results(change):
    buf = alloc.Buffer(1 << 16)

    def f(v):
        return v + 1.0, np.zeros(10), np.full((2, 5), 3.0), v @ v

    g = alloc.bump(buf)(f)
    v = np.ones(10)
    for _ in range(4):
        result = g(v)
        for y in result[:2]:
            with contextlib.suppress(AttributeError):  # it may be refused as well
                change(y)
        del y, result
        for y, plain in zip(g(v), f(v), strict=True):
            assert (y.dtype, y.shape, y.strides) == (plain.dtype, plain.shape, plain.strides)
            assert y.tobytes() == plain.tobytes()
            assert y.ndim == 0 or y.flags.writeable
        del y


def test_reading_all_memory_behind_a_result_does_not_write_to_it(x):
    buf = alloc.Buffer(10**6, on_full="heap")
    x = np.ones(10_000)
    alive = alloc.run(lambda: x * 7.0, buf)
    memory = alive
    while isinstance(memory.base, np.ndarray):
        memory = memory.base

    def look(memory):
        everything = np.asarray(memory).reshape(-1).view(np.uint8)
        n = everything.size // 8 * 8
        part = everything[:80_000].view(float) + 1.0
        return everything[:n].view(float) * 0.0, part, np.asarray(memory).view() != 0

    for _ in range(3):
        alloc.run(look, buf, memory)
        assert (alive == 7.0).all()


def test_handlers_of_floating_point_errors_are_not_kept():
    class Log:
        def write(self, message):
            pass

    f = alloc.bump(alloc.Buffer())(lambda v: (v**2.0, np.cumsum(v), np.sqrt(v)))
    for mode in ("log", "warn", "ignore"):
        log = Log()
        dead = weakref.ref(log)
        with np.errstate(all=mode, call=log):
            f(np.ones(3))
            alloc.run(lambda v: v**2.0, alloc.Buffer(), np.ones(3))
        del log
        assert collected(dead) == [True]


def test_a_bound_slot_of_an_array_keeps_it_alive_no_longer_than_its_call():
    bumped = alloc.bump(alloc.Buffer())(lambda x: x.__add__(x))

    class Tracked(np.ndarray):
        __module__ = "numpy.example"

    x = np.arange(4.0).view(Tracked)
    bumped(x)
    reference = weakref.ref(x)
    del x
    gc.collect()
    assert reference() is None
