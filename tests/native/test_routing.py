"""Calls under the arena's memory handler: where it is in force, and that it never stays."""

import asyncio
import contextvars
import gc
import operator
import signal
import sys
import threading

import numpy as np
import pytest

import alloc_rewrite as alloc
from alloc_rewrite.cores import native

ours, heap = "alloc_rewrite", np._core.multiarray.get_handler_name()
now = np._core.multiarray.get_handler_name


def learn(works):
    return native.learn_handler(native.Arena(0, 2, 0, 0) if works else None)


@pytest.fixture(autouse=True, params=["cache", "context"])
def way(request):
    """Both ways to put a handler in force; afterwards it must be NumPy's own again."""
    learn(request.param == "cache")
    yield request.param
    learn(True)
    assert now() == heap
    assert contextvars.copy_context().run(now) == heap


@pytest.fixture
def in_call():
    """Return a function that has others called in the middle of a call under the handler.

    They are not rewritten, as C code calls them. It returns what they returned, and whether the
    array that the call made is in the arena.
    """

    def call(*functions, buffer=None):
        def perform(function):
            seen.append(function())
            return 0.0

        seen = []
        made = alloc.run(gathered, buffer or alloc.Buffer(), map(perform, functions))
        assert now() == heap
        return seen, native.owns(made)

    return call


def gathered(iterator):
    return np.fromiter(iterator, float)


def test_the_cache_of_the_variable_works():
    """It is looked into where it is known; else handlers are set, which is slower."""
    assert learn(True)
    assert not learn(False)
    with pytest.raises(TypeError, match="Arena"):
        native.learn_handler(1)


def test_in_force_in_the_call_and_not_behind(in_call):
    assert in_call(now, now) == ([ours, ours], True)


def test_the_context_holds_nothing(in_call, way):
    """A copy of the context made in the middle of a call has the former handler."""

    def nested():
        alloc.run(lambda x: np.argsort(x), alloc.Buffer(), np.ones(3))
        return contextvars.copy_context()

    contexts, _ = in_call(contextvars.copy_context, nested, contextvars.copy_context)
    assert [context.run(now) for context in contexts] == [heap if way == "cache" else ours] * 3


def test_every_call_of_a_function():
    def f(x):
        made = [np.argsort(x), np.dot(x, x.T), np.linalg.solve(x, x), np.sort(x)]
        yield made
        yield [np.linalg.inv(x), np.nonzero(x)[0], np.repeat(x, 2)]

    x = np.eye(5) + 1
    for made in alloc.run(f, alloc.Buffer(), x):
        assert now() == heap
        assert all(native.owns(array if array.base is None else array.base) for array in made)


def test_errors_in_and_between_calls(in_call):
    def failing(x):
        np.argsort(x)
        np.linalg.inv(x)

    for _ in range(3):
        with pytest.raises(np.linalg.LinAlgError):
            alloc.run(failing, alloc.Buffer(), np.zeros((3, 3)))
        assert now() == heap
        with pytest.raises(ZeroDivisionError):
            in_call(now, lambda: 1 // 0)
        assert now() == heap


def test_generators():
    def numbers(x):
        try:
            while True:
                x = yield np.argsort(x)
        except KeyError:
            yield np.sort(x)

    bumped = alloc.bump(alloc.Buffer())(numbers)
    one, other = bumped(np.ones(3)), bumped(np.ones(4))
    for each in (one, other):
        assert native.owns(next(each))
        assert now() == heap
        assert native.owns(each.send(np.ones(5)))
        assert now() == heap
    assert native.owns(one.throw(KeyError))
    assert now() == heap
    other.close()
    one.close()
    unfinished = bumped(np.ones(3))
    next(unfinished)
    del unfinished
    assert now() == heap


def test_tasks():
    async def work(x, names):
        for _ in range(3):
            owned.append(native.owns(np.argsort(x)))
            names.append(operator.call(now))  # not rewritten: that would be under the handler
            await asyncio.sleep(0)
            names.append(operator.call(now))

    async def main(names):
        first, second = (alloc.bump(alloc.Buffer())(work) for _ in range(2))
        x = np.arange(9.0)
        await asyncio.gather(first(x, names), second(x, names), first(x, names))
        assert now() == heap

    names, owned = [], []
    asyncio.run(main(names))
    assert set(names) == {heap}
    assert all(owned)


def test_tasks_made_in_the_middle_of_a_call(in_call, way):
    async def look():
        return now()

    async def main():
        tasks, _ = in_call(lambda: asyncio.ensure_future(look()))
        return await tasks[0]

    assert asyncio.run(main()) == heap or way == "context"


def test_nested_functions_with_buffers_of_their_own(in_call):
    outer, inner = alloc.Buffer(), alloc.Buffer()

    def nested():
        made = alloc.run(lambda x: np.argsort(x), inner, np.ones(50))
        return made, now()

    seen, _ = in_call(now, nested, now, lambda: np.ones(100), nested, buffer=outer)
    assert [seen[0], seen[1][1], seen[2], seen[4][1]] == [ours] * 4
    assert inner.live == 2
    assert outer.live == 1
    del seen
    assert (inner.live, outer.live) == (0, 0)


def test_recursion_through_a_call(in_call):
    buffer = alloc.Buffer()

    def numbers(n):
        names.append(now())
        if n:
            owned.append(native.owns(alloc.run(gathered, buffer, numbers(n - 1))))
        names.append(now())
        yield 1.0

    names, owned = [], []
    assert native.owns(alloc.run(gathered, buffer, numbers(4)))
    assert names == [ours] * 10
    assert owned == [True] * 4


def test_failing_nested_calls(in_call):
    def failing():
        with pytest.raises(ValueError, match="cannot reshape"):
            alloc.run(lambda x: np.dot(x, x).reshape(7), alloc.Buffer(), np.eye(3))
        return now()

    assert in_call(failing, now) == ([ours, ours], True)


def test_blocks_under_another_buffer(in_call):
    other = alloc.Buffer()

    def block():
        with other:
            kept.append(alloc.run(lambda x: np.argsort(x), alloc.Buffer(), np.ones(3)))
            before = other.live
            kept.append(np.ones(100))
            assert other.live == before + 1
        return now()

    kept = []
    assert in_call(now, block, now, block, now)[0] == [ours] * 5
    assert all(map(native.owns, kept))
    with other:
        assert now() == ours
        alloc.run(lambda x: np.argsort(x), alloc.Buffer(), np.ones(3))
        assert now() == ours
        before = other.live
        array = np.ones(1000)
        assert other.live == before + 1
        del array


def test_a_block_that_stays_open(in_call):
    """A generator suspended in a block leaves its handler in force, up to the call's end."""
    other = alloc.Buffer()

    def suspended():
        with other:
            yield

    generators = [suspended(), suspended()]
    in_call(lambda: next(generators[0]), now, lambda: next(generators[1]))
    assert now() == heap
    assert not native.owns(np.ones(100))
    # What they then put in force is the former one of their own, as without this library.
    contextvars.copy_context().run(lambda: [generator.close() for generator in generators])


def test_other_contexts(in_call, way):
    def elsewhere():
        context = contextvars.Context()
        return context.run(lambda: (now(), native.owns(np.ones(200))))

    def nested_elsewhere():
        def f():
            made = alloc.run(lambda x: np.argsort(x), alloc.Buffer(), np.ones(3))
            return native.owns(made), now()

        return contextvars.Context().run(f)

    seen, _ = in_call(elsewhere, nested_elsewhere)
    assert seen == [(heap, False), (True, heap)]


def test_variables_set_in_a_call(in_call):
    variable = contextvars.ContextVar("variable")
    names, _ = in_call(lambda: variable.set(1) and now(), lambda: variable.set(2) and now())
    assert names == [ours, ours]
    assert variable.get() == 2


def test_after_a_call_was_cut_short(in_call):
    """A change of contexts ends it; the next calls set the handler in the context."""
    for _ in range(3):
        names, _ = in_call(now, lambda: contextvars.Context().run(now))
        assert names == [ours, heap]
    (inside, *names), owned = in_call(contextvars.copy_context, now, now)
    assert inside.run(now) == ours
    assert (names, owned) == ([ours, ours], True)


def test_threads_that_start_in_the_middle(in_call):
    def in_thread(work):
        def start():
            found = []
            thread = threading.Thread(target=lambda: found.append(work()))
            thread.start()
            thread.join()
            return found[0]

        return start

    def bumped():
        made = alloc.run(lambda x: np.argsort(x), alloc.Buffer(), np.ones(3))
        return native.owns(made), now()

    seen, _ = in_call(in_thread(now), in_thread(bumped), in_thread(bumped))
    assert seen == [heap, (True, heap), (True, heap)]


@pytest.mark.parametrize("shared", [True, False])
def test_threads_that_end_in_any_order(shared):
    """Calls of two threads that overlap: each leaves its own context as it was."""
    steps = [threading.Event() for _ in range(4)]
    common = alloc.Buffer()
    names = []

    def work(mine, next_one):
        def items():
            np.ones(10)
            next_one.set()
            assert mine.wait(60)
            yield 1.0

        alloc.run(gathered, common if shared else alloc.Buffer(), items())
        names.append(now())
        np.ones(10)
        names.append(now())

    # The first waits in its call until the second is in its own; then the first ends first.
    first = threading.Thread(target=work, args=(steps[0], steps[1]))
    first.start()
    assert steps[1].wait(60)
    second = threading.Thread(target=work, args=(steps[2], steps[0]))
    second.start()
    first.join(60)
    assert not first.is_alive()
    assert now() == heap
    steps[2].set()
    second.join(60)
    assert not second.is_alive()
    assert names == [heap] * 4


def test_signal_handlers(in_call):
    def handle(*_):
        names.append(now())
        alloc.run(lambda x: np.argsort(x), alloc.Buffer(), np.ones(3))

    names = []
    former = signal.signal(signal.SIGINT, handle)
    try:
        seen, _ = in_call(lambda: signal.raise_signal(signal.SIGINT), now)
        signal.raise_signal(signal.SIGINT)
    finally:
        signal.signal(signal.SIGINT, former)
    assert seen[1] == ours
    assert names[-1] == heap


def test_trace_functions(in_call):
    names = []

    def trace(frame, event, arg):
        if event == "line" and frame.f_code.co_name == "traced":
            names.append(now())
            np.argsort(np.ones(3))
        return trace

    def traced(x):
        y = np.argsort(x)
        return np.take(x, y)

    former = sys.gettrace()
    sys.settrace(trace)
    try:
        alloc.run(traced, alloc.Buffer(), np.ones(4))
    finally:
        sys.settrace(former)
    assert set(names) == {heap}


def test_finalisers_that_set_the_handler(in_call):
    class Resource:
        def __init__(self):
            self.me = self

        def __del__(self):
            with alloc.Buffer():
                names.append(now())

    names = []
    seen, owned = in_call(Resource, gc.collect, now, buffer=alloc.Buffer())
    del seen[0]
    gc.collect()
    assert seen[-1] == ours
    assert set(names) <= {ours}
    assert now() == heap


def test_a_buffer_that_is_dropped_in_its_own_call():
    """The handler lives as long as it is in force."""
    buffers = [alloc.Buffer()]

    def items():
        buffers.clear()
        gc.collect()
        yield 1.0
        assert now() == ours
        yield 2.0

    made = alloc.run(gathered, buffers[0], items())
    np.testing.assert_array_equal(made, [1.0, 2.0])


def test_an_operator_that_is_left_to_numpy():
    """It runs under the handler like a call."""
    buffer = alloc.Buffer()
    x = np.ones(100, dtype=">f8")
    made = alloc.run(lambda x: x + x, buffer, x)
    assert native.owns(made)
    assert now() == heap
    with pytest.raises(ValueError, match="broadcast"):
        alloc.run(lambda x, y: x + y, buffer, x, np.ones(7, dtype=">f8"))
    assert now() == heap
