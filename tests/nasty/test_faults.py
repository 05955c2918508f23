"""Bumped code that is interrupted anywhere: exceptions out of signal handlers, emptied cells.

The signals are raised by a tracer, one at each instruction of the library at which Python looks
for signals. So all of them are tried, and at the same places in each run.
"""

import contextlib
import dis
import functools
import gc
import itertools
import os
import signal
import sys
import time
import warnings

import numpy as np
import pytest

import alloc_rewrite as alloc
from alloc_rewrite.rewrite import gates_of
from alloc_rewrite.rewrite.gates import content_of

from ..cores import NATIVE, in_arena, take

PACKAGE = os.path.dirname(os.path.abspath(alloc.__file__)) + os.sep
NUMBER = getattr(signal, "SIGUSR1", None)
MANY = 10_000  # instructions; no call below takes as many

pytestmark = pytest.mark.skipif(NUMBER is None, reason="needs POSIX signals")


class Interrupt(Exception):
    pass


class Limit:
    """Handlers of a signal that are not plain functions."""

    def handle(self, number, frame):
        raise ValueError("too late")

    def __call__(self, number, frame):
        raise ValueError("too late")


def handler_raising(error):
    def handle(number, frame):
        raise error

    return handle


@contextlib.contextmanager
def handling(handler, number=NUMBER):
    before = signal.signal(number, handler)
    try:
        yield
    finally:
        if number == signal.SIGALRM:
            signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(number, before)


@contextlib.contextmanager
def tracing(tracer):
    before = sys.gettrace()
    frame = sys._getframe()
    opcodes, frame.f_trace_opcodes = frame.f_trace_opcodes, True  # 3.12 looks at it right now
    sys.settrace(tracer)
    try:
        yield
    finally:
        sys.settrace(before)
        frame.f_trace_opcodes = opcodes


@functools.cache
def exception_table(code):
    return dis._parse_exception_table(code)


def looks_for_signals(code, offset, following):
    """Whether Python may run a signal handler between two instructions.

    The exception out of it counts for the first one, so both must be in the same `try`.
    """
    name = dis.opname[code.co_code[offset]]
    if not name.startswith(("CALL", "RESUME", "JUMP_BACKWARD", "POP_JUMP_BACKWARD")):
        return False
    if name.startswith("CALL_INTRINSIC"):
        return False
    table = exception_table(code)
    one, two = [[e for e in table if e.start <= at < e.end] for at in (offset, following)]
    return one == two


def interrupted(call, n):
    """Call with a signal at the n-th instruction of the library that may be interrupted.

    Returns whether there are as many.
    """
    left, last = n, {}

    def tracer(frame, event, arg):
        nonlocal left
        if left <= 0 or not frame.f_code.co_filename.startswith(PACKAGE):
            return None
        frame.f_trace_opcodes = True
        if event == "exception":
            last.pop(frame, None)  # no instruction has been done
        elif event == "return":
            last.pop(frame, None)
            last.pop(frame.f_back, None)  # signals were looked for in what was called
        elif event == "opcode":
            before = last.get(frame)
            last[frame] = frame.f_lasti
            if before is not None and looks_for_signals(frame.f_code, before, frame.f_lasti):
                left -= 1
                if left == 0:
                    last.clear()
                    signal.raise_signal(NUMBER)
        return tracer

    gc.disable()  # an exception in what the collector calls goes to nobody
    try:
        with tracing(tracer):
            call()
    finally:
        gc.enable()
    return left <= 0


def interrupt_everywhere(call, error, after=lambda: None, start=1, step=1, states=None):
    """Interrupt calls at one instruction after the other; return how many there are."""
    for n in range(start, MANY, step):
        raised = False
        with np.errstate():
            try:
                reached = interrupted(call, n)
            except error:
                raised = reached = True
            after_it = np.geterr()
        assert raised == reached, f"interruption {n} is lost"
        if states is not None:
            states.append(after_it)
        after()
        if not reached:
            return n - 1
    raise AssertionError("too many instructions")


def callee(v):
    return v * 2.0 - 1.0


X = np.arange(1.0, 101.0)
INDEX = np.arange(99, -1, -1)
BODIES = {
    "operator": lambda: X + 1.0,
    "sum of an array and a list": lambda: X + INDEX,
    "negative": lambda: -X,
    "power": lambda: X**2.0,
    "power of arrays": lambda: X**X,
    "subscript": lambda: X[INDEX],
    "ufunc": lambda: np.exp(X),
    "ufunc with a dtype": lambda: np.add(X, X, dtype=np.float64),
    "function": lambda: np.cumsum(X),
    "method": lambda: X.sum(axis=0, keepdims=True),
    "constructor": lambda: np.zeros(100),
    "callee": lambda: callee(X),
    "dispatched": lambda: np.concatenate([X, X]),
    "abs": lambda: abs(X),
    "product": lambda: X @ X.reshape(100, 1),
}


@pytest.mark.parametrize("name", BODIES)
@pytest.mark.parametrize("error", [Interrupt, ValueError, OSError, KeyboardInterrupt])
def test_exceptions_of_signal_handlers_reach_the_caller(name, error):
    f = BODIES[name]
    buf = alloc.Buffer(1 << 20)
    expected = f()

    def call():
        assert alloc.run(f, buf).tobytes() == expected.tobytes()

    call()
    with handling(handler_raising(error)):
        assert interrupt_everywhere(call, error) > 10
    call()
    gc.collect()
    assert buf.live == 0


@pytest.mark.parametrize("name", BODIES)
def test_interrupted_calls_leave_the_error_state_alone(name):
    f = BODIES[name]
    buf = alloc.Buffer(1 << 20)
    states = []

    def call():
        alloc.run(f, buf)

    call()
    with handling(handler_raising(Interrupt)):
        interrupt_everywhere(call, Interrupt, states=states)
    assert states == [np.geterr()] * len(states)


@pytest.mark.parametrize("handler", [Limit(), Limit().handle])
def test_handlers_need_not_be_functions(handler):
    buf = alloc.Buffer(1 << 20)

    def call():
        alloc.run(lambda: np.cumsum(X) ** 2.0, buf)

    call()
    with handling(handler):
        interrupt_everywhere(call, ValueError)


@pytest.mark.parametrize("error", [Interrupt, ValueError, TypeError])
def test_an_interrupted_attempt_at_a_registered_equivalent(error):
    def function(n):
        return np.zeros(n)

    def equivalent(empty, n):
        if armed:
            signal.raise_signal(NUMBER)
        out = empty((n,), np.dtype(float))
        out.fill(0)
        return out

    alloc.register(function, equivalent)
    f = alloc.bump(alloc.Buffer())(lambda n: function(n))
    with handling(handler_raising(error)):
        for armed in (True, False, True):
            if armed:
                with pytest.raises(error):
                    f(3)
            else:
                assert in_arena(f(3))


@pytest.mark.parametrize("error", [Interrupt, ValueError])
def test_a_function_interrupted_while_it_is_rewritten_is_rewritten_later(error):
    source = "f = lambda x: [x + 1.0 for _ in range(2)][1] * 2.0"

    def first_call():
        namespace = {}
        exec(source, namespace)
        made[:] = [namespace["f"], alloc.Buffer()]
        with warnings.catch_warnings(record=True) as log:
            warnings.simplefilter("always")
            out = alloc.run(*made, X)
        assert not log
        assert in_arena(out)

    def later_call():
        out = alloc.run(*made, X)  # a warning of it would be an error
        assert out.tobytes() == made[0](X).tobytes()
        assert in_arena(out)

    made = []
    first_call()
    rng = np.random.default_rng(1)
    with handling(handler_raising(error)):
        step = 149  # a prime: other places in each of the library's loops
        interrupt_everywhere(first_call, error, later_call, int(rng.integers(1, step)), step)


def test_the_step_that_encodes_is_interrupted(monkeypatch):
    """Once, at a place that every rewriting comes by."""
    from alloc_rewrite.rewrite import pipeline

    original = pipeline.encode

    def encode(*args, **kwargs):
        signal.raise_signal(NUMBER)
        return original(*args, **kwargs)

    buf = alloc.Buffer()
    f = lambda x: x + 1.0
    with handling(handler_raising(ValueError)):
        monkeypatch.setattr(pipeline, "encode", encode)
        with pytest.raises(ValueError):  # noqa: PT011
            alloc.run(f, buf, X)
        monkeypatch.undo()
        assert in_arena(alloc.run(f, buf, X))


@pytest.mark.parametrize("error", [Interrupt, ValueError])
def test_interrupted_while_a_site_is_given_back(error):
    def prepare():
        namespace = {"len": len}
        exec("f = lambda a, b: (a + b, len(a))", namespace)
        f = alloc.bump(alloc.Buffer())(namespace["f"])
        first = gates_of(f.__code__).gates[0]
        while content_of(first) is not None and len(made) < 15:
            assert f([1], [2]) == ([1, 2], 1)
            made.append(f)
        made[:] = [f]

    def last_call():
        for _ in range(4):
            assert made[0]([1], [2]) == ([1, 2], 1)

    made = []
    prepare()
    with handling(handler_raising(error)):
        step = 7
        interrupt_everywhere(last_call, error, lambda: (last_call(), prepare()), 1, step)


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs POSIX timers")
def test_alarms_stop_a_loop():
    """The same with true alarms, which strike where they like."""

    def f(x, stop):
        while time.perf_counter() < stop:
            np.cumsum(x)
            x**2.0
            callee(x)

    buf = alloc.Buffer(10**6)
    alloc.run(f, buf, X, time.perf_counter() + 0.01)
    with handling(handler_raising(Interrupt), signal.SIGALRM):
        for i in range(150):
            try:
                signal.setitimer(signal.ITIMER_REAL, 0.001 + 0.000013 * (i % 37))
                alloc.run(f, buf, X, time.perf_counter() + 2.0)
            except Interrupt:
                continue
            finally:
                signal.setitimer(signal.ITIMER_REAL, 0)
            raise AssertionError(f"alarm {i} is lost")


def whole(buf):
    """Take all of a buffer's memory as one array: nothing of it may be lost."""
    gc.collect()
    assert buf.live == 0
    assert buf.chunks == 1
    n = buf.capacity // 8
    out = alloc.run(lambda: np.zeros(n), buf)
    assert in_arena(out)
    assert buf.used == buf.capacity


def test_no_block_is_lost_by_interrupted_calls():
    """All interruptions of a loop in the same buffer, with blocks used again and new ones."""
    buf = alloc.Buffer(64 * 1024)
    sizes = itertools.count(1)

    def f(x, n):
        y = x + 1.0
        z = y * 2.0 + np.zeros(n)[0]
        return y + z

    def call():
        y = alloc.run(f, buf, X, 100 + 9 * (next(sizes) % 60))
        assert y.tobytes() == f(X, 1).tobytes()

    call()
    with handling(handler_raising(Interrupt)):
        assert interrupt_everywhere(call, Interrupt) > (20 if NATIVE else 50)
    call()
    whole(buf)


@pytest.mark.usefixtures("python_core")  # the native arena can't be interrupted
def test_no_block_is_lost_when_the_first_use_of_a_buffer_is_interrupted():
    def call():
        made[:] = [alloc.Buffer(4096)]
        for _ in range(2):
            take(made[0], 10)

    made = []
    with handling(handler_raising(Interrupt)):
        assert interrupt_everywhere(call, Interrupt, lambda: made and whole(made[0])) > 10


@pytest.mark.usefixtures("python_core")  # the native arena can't be interrupted
def test_no_block_is_lost_when_reclaiming_is_interrupted():
    """Dead blocks of one size are made one gap for another; live ones stay what they are."""

    def prepare():
        buf = alloc.Buffer(1024)
        alive = []
        for k in range(16):
            y = take(buf, 8)
            y.fill(k)
            alive.append(y)
        del alive[4:]
        made[:] = [buf, alive]

    def call():
        buf = made[0]
        assert take(buf, 80) is not None

    def check():
        buf, alive = made
        gc.collect()  # what is left of the interruption holds blocks
        call()
        assert [y.tolist() for y in alive] == [[k] * 8 for k in range(4)]
        alive.clear()
        whole(buf)
        prepare()

    made = []
    prepare()
    with handling(handler_raising(Interrupt)):
        assert interrupt_everywhere(call, Interrupt, check, step=7) > 100


def test_no_block_is_lost_when_reset_is_interrupted():
    buf = alloc.Buffer(4096)

    def prepare():
        for n in (8, 8, 20):
            take(buf, n)

    prepare()
    with handling(handler_raising(Interrupt)):
        interrupt_everywhere(buf.reset, Interrupt, lambda: (whole(buf), prepare()), step=2)


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs POSIX timers")
def test_alarms_do_not_fill_a_buffer():
    def f(x, stop):
        while time.perf_counter() < stop:
            y = x + 1.0
            z = y * 2.0
            y = x + z

    buf = alloc.Buffer(20_480)
    alloc.run(f, buf, X, time.perf_counter() + 0.01)
    with handling(handler_raising(Interrupt), signal.SIGALRM):
        for i in range(300):
            with contextlib.suppress(Interrupt):
                signal.setitimer(signal.ITIMER_REAL, 0.001 + 0.000013 * (i % 37))
                alloc.run(f, buf, X, time.perf_counter() + 0.003)
                signal.setitimer(signal.ITIMER_REAL, 0)
    whole(buf)


def places(a, b):
    c = a + b
    c += b
    return c, max(a, b), a < b, sorted(a, key=lambda v: -v), "{}".format(*a), a[0]


def give_back(function):
    for _ in range(40):
        function([1], [2])


def test_sites_given_back_between_two_instructions():
    """By another thread, say; here by a tracer, before each instruction in turn."""
    a, b = [1, 3], [2]
    expected = places(a, b)
    for n in range(1, MANY):
        bumped = alloc.bump(alloc.Buffer())(places)
        code, left = bumped.__code__, n

        def tracer(frame, event, arg):
            nonlocal left
            if frame.f_code is not code:
                return None
            frame.f_trace_opcodes = True
            if event == "opcode":
                left -= 1
                if left == 0:
                    give_back(bumped)
            return tracer

        with tracing(tracer):
            result = bumped(a, b)
        assert result == expected, f"given back before instruction {n}"
        if left > 0:
            break
    assert n > 50


@pytest.mark.skipif(sys.version_info < (3, 12), reason="sys.monitoring is of Python 3.12")
def test_sites_given_back_at_branches_that_are_monitored():
    monitoring = sys.monitoring
    tool = next(i for i in range(6) if monitoring.get_tool(i) is None)
    branch = monitoring.events.BRANCH
    a, b = [1, 3], [2]
    expected = places(a, b)
    monitoring.use_tool_id(tool, "test")
    try:
        for n in range(1, MANY):
            bumped = alloc.bump(alloc.Buffer())(places)
            left = n

            def callback(*_):
                nonlocal left
                left -= 1
                if left == 0:
                    give_back(bumped)

            monitoring.register_callback(tool, branch, callback)
            monitoring.set_local_events(tool, bumped.__code__, branch)
            code = bumped.__code__
            try:
                result = bumped(a, b)
            finally:
                monitoring.set_local_events(tool, code, 0)
            assert result == expected, f"given back at branch {n}"
            if left > 0:
                break
        # Since 3.14 a site that is there and handles its operands is no branch.
        assert n > (5 if sys.version_info < (3, 14) else 1)
    finally:
        monitoring.register_callback(tool, branch, None)
        monitoring.free_tool_id(tool)
