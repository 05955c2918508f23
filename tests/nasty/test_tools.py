"""Tracers, profilers, coverage, monitoring, debuggers and tracebacks see the user's code."""

import bdb
import inspect
import itertools
import linecache
import os
import sys
import textwrap
import traceback

import numpy as np
import pytest

import alloc_rewrite as alloc

HERE = os.path.abspath(__file__)
coverage = pytest.importorskip("coverage")


def helper(v, k):
    w = v * k
    if k > 2:
        w = w - 1
    return np.sqrt(
        w * w + v,
    )


def work(x):
    out = []
    for k in range(4):
        try:
            y = (
                x * k
                + helper(
                    x,
                    k + 1,
                )
                - x
            )
            if k == 2:
                raise ValueError(y.sum())
        except ValueError:
            out.append(-x)
            continue
        finally:
            out.append(x @ x)
        z = [v + k for v in y if v > k]
        while k and len(z) > 100:
            z = z[1:]
        out.append(sum(z, x * 0))
        out.append(x > k)  # noqa: E702
    with np.errstate(all="ignore"):
        x = x / 0
    return out, (lambda v: v * 2)(x), x[np.array([0, 1])]


class Rows:
    def __getitem__(self, k):
        return k * 2

    def __add__(self, other):
        return other * 3

    def __lt__(self, other):
        return other < 1

    def __neg__(self):
        return 5

    def __call__(self, v):
        return v

    @property
    def value(self):
        return self[3]


def own_operators(x):
    rows = Rows()
    for k in range(20):
        y = rows[k] + rows[k + 1]
        y = rows + x
        y = rows < x
        y = -rows  # noqa: E702
        y = rows(y) * rows.value
    return y


def generator(x):
    for k in range(3):
        got = yield x * k
        x = x + (got or 1)
    yield from (x * 2 for _ in range(2))


def through_generator(x):
    return [*generator(x)]


def failing(x):
    y = x * 2
    return helper(y, 1) + (y.reshape(2, 3) @ np.ones(4))


SUBJECTS = [work, through_generator, failing, own_operators]
#: Coverage is measured by branch events since 3.14, and sites of the Python core decline small
#: arrays: it sees arcs within what is one line of the source, or from there to the next.
DECLINING_SITES_ARE_BRANCHES = sys.version_info >= (3, 14) and alloc.core()[0] == "python"


def traced_lines(function, x, setter=sys.settrace, warm=0):
    """Return the events of this file's functions, as lines."""
    for _ in range(warm):
        quietly(function, x)
    events = []

    def tracer(frame, event, arg):
        if os.path.abspath(frame.f_code.co_filename) != HERE:
            return tracer
        if event != "opcode" and not event.startswith("c_"):
            events.append((event, frame.f_code.co_name, frame.f_lineno))
        return tracer

    before = sys.gettrace() if setter is sys.settrace else sys.getprofile()
    setter(tracer)
    try:
        quietly(function, x)
    finally:
        setter(before)
    return [e for e in events if e[1] not in ("traced_lines", "quietly")]


def quietly(function, x):
    try:
        return function(x)
    except ValueError:
        return None


@pytest.mark.parametrize("subject", SUBJECTS)
@pytest.mark.parametrize("warm", [0, 3, 100])
def test_settrace_sees_the_same_lines(x, subject, warm):
    bumped = alloc.bump(alloc.Buffer())(subject)
    assert traced_lines(bumped, x, warm=warm) == traced_lines(subject, x)


@pytest.mark.parametrize("subject", SUBJECTS)
def test_setprofile_sees_the_same_calls(x, subject):
    bumped = alloc.bump(alloc.Buffer())(subject)
    plain = traced_lines(subject, x, sys.setprofile)
    assert plain
    assert traced_lines(bumped, x, sys.setprofile) == plain


def test_results_while_traced(x):
    bumped = alloc.bump(alloc.Buffer())(through_generator)
    plain = through_generator(x)
    before = sys.gettrace()

    def tracer(frame, event, arg):
        frame.f_trace_opcodes = True
        frame.f_locals  # noqa: B018
        return tracer

    sys.settrace(tracer)
    try:
        result = bumped(x)
    finally:
        sys.settrace(before)
    assert [a.tobytes() for a in result] == [a.tobytes() for a in plain]


def test_locals_can_be_changed_by_a_tracer(x):
    def f(x):
        k = 2
        y = x * k
        return y + k

    bumped = alloc.bump(alloc.Buffer())(f)
    line = f.__code__.co_firstlineno + 2
    before = sys.gettrace()

    def tracer(frame, event, arg):
        if frame.f_code.co_name == "f" and event == "line" and frame.f_lineno == line:
            assert frame.f_locals["k"] == 2
            assert frame.f_locals["x"] is x
        return tracer

    sys.settrace(tracer)
    try:
        assert bumped(x).tobytes() == (x * 2 + 2).tobytes()
    finally:
        sys.settrace(before)


@pytest.mark.skipif(sys.version_info < (3, 12), reason="sys.monitoring is of Python 3.12")
@pytest.mark.parametrize("subject", SUBJECTS)
def test_monitoring_sees_the_same_events(x, subject):
    monitoring = sys.monitoring
    kinds = ["PY_START", "PY_RETURN", "PY_YIELD", "PY_UNWIND", "LINE", "RAISE"]

    def seen(function):
        events = []
        tool = next(i for i in range(6) if monitoring.get_tool(i) is None)
        monitoring.use_tool_id(tool, "test")

        def listener(kind):
            def on(code, what, *rest):
                if os.path.abspath(code.co_filename) == HERE and code.co_name not in (
                    "seen", "quietly", "on", "listener",
                ):  # fmt: skip
                    at = what if kind == "LINE" else None
                    events.append((kind, code.co_name, at))

            return on

        for kind in kinds:
            monitoring.register_callback(tool, getattr(monitoring.events, kind), listener(kind))
        monitoring.set_events(tool, sum(getattr(monitoring.events, k) for k in kinds))
        try:
            quietly(function, x)
        finally:
            monitoring.set_events(tool, 0)
            monitoring.free_tool_id(tool)
        return events

    bumped = alloc.bump(alloc.Buffer())(subject)
    plain = seen(subject)
    assert plain
    for _ in range(3):
        assert seen(bumped) == plain


@pytest.mark.skipif(sys.version_info < (3, 14), reason="events of Python 3.14")
@pytest.mark.parametrize("kinds", [["BRANCH_LEFT"], ["BRANCH_RIGHT"], ["BRANCH"]])
@pytest.mark.parametrize("once", [False, True])
def test_sites_that_handle_their_operands_are_no_branches(x, kinds, once):
    def f(x):
        s = 0
        for k in range(3):
            y = x * k if k > 1 else x + k
            while s < k:
                s += 1
            y = [v for v in (1, 2) if v > s] and y * 2
        return (x * x, y)[0] + 1

    def seen(function):
        events, monitoring = [], sys.monitoring
        tool = next(i for i in range(6) if monitoring.get_tool(i) is None)
        monitoring.use_tool_id(tool, "test")

        def on(code, start, end):
            if code.co_name == "f":
                lines = {k: n for a, b, n in code.co_lines() for k in range(a, b, 2)}
                events.append((lines[start], lines[end]))
            return monitoring.DISABLE if once else None

        for kind in kinds:
            monitoring.register_callback(tool, getattr(monitoring.events, kind), on)
        monitoring.set_events(tool, sum(getattr(monitoring.events, kind) for kind in kinds))
        try:
            function(x)
        finally:
            monitoring.set_events(tool, 0)
            monitoring.free_tool_id(tool)
            monitoring.restart_events()
        return events

    bumped = alloc.bump(alloc.Buffer())(f)
    bumped(x)
    plain = seen(f)
    assert plain
    if alloc.core()[0] == "native":  # the Python core's sites decline here
        assert seen(bumped) == plain
    assert bumped(x).tobytes() == f(x).tobytes()


@pytest.mark.skipif(sys.version_info < (3, 12), reason="sys.monitoring is of Python 3.12")
def test_instruction_and_branch_events_do_no_harm(x):
    monitoring = sys.monitoring
    tool = next(i for i in range(6) if monitoring.get_tool(i) is None)
    bumped = alloc.bump(alloc.Buffer())(work)
    monitoring.use_tool_id(tool, "test")
    events = monitoring.events
    every = events.INSTRUCTION | events.CALL | events.LINE | events.JUMP | events.BRANCH
    for event in (events.INSTRUCTION, events.CALL, events.LINE, events.JUMP, events.BRANCH):
        monitoring.register_callback(tool, event, lambda *_: None)
    monitoring.set_events(tool, every)
    try:
        result = bumped(x)
    finally:
        monitoring.set_events(tool, 0)
        monitoring.free_tool_id(tool)
    assert repr(result) == repr(work(x))


def covered(function, x, branch):
    cov = coverage.Coverage(data_file=None, include=[HERE], branch=branch, config_file=False)
    cov.start()
    try:
        quietly(function, x)
    finally:
        cov.stop()
    data = cov.get_data()
    return sorted(data.arcs(HERE) or []) if branch else sorted(data.lines(HERE) or [])


@pytest.mark.parametrize("subject", SUBJECTS)
@pytest.mark.parametrize("branch", [False, True])
def test_coverage_is_the_same(x, subject, branch):
    if coverage.Coverage.current() is not None:
        pytest.skip("coverage is measured already")
    plain = covered(subject, x, branch)
    assert plain
    found = covered(alloc.bump(alloc.Buffer())(subject), x, branch)
    if DECLINING_SITES_ARE_BRANCHES and branch:
        assert set(found) >= set(plain)
    else:
        assert found == plain


class Stepper(bdb.Bdb):
    """Steps through with `next` or `step`, and notes where it stops."""

    def __init__(self, how):
        super().__init__()
        self.how = how
        self.stops = []

    def user_line(self, frame):
        if frame.f_code.co_filename == __file__:
            self.stops.append((frame.f_code.co_name, frame.f_lineno))
        self.set_next(frame) if self.how == "next" else self.set_step()


def stepped(function, x, how):
    before = sys.gettrace()
    stepper = Stepper(how)
    try:
        stepper.runcall(quietly, function, x)
    finally:
        sys.settrace(before)
    return stepper.stops


def start_inside(function, x):
    """Step with `next` inside the function itself."""
    before = sys.gettrace()
    stepper = Stepper("next")
    try:
        stepper.runcall(function, x)
    except ValueError:
        pass
    finally:
        sys.settrace(before)
    return stepper.stops


@pytest.mark.parametrize("subject", SUBJECTS)
def test_debugger_next(x, subject):
    plain = start_inside(subject, x)
    assert plain
    assert start_inside(alloc.bump(alloc.Buffer())(subject), x) == plain


@pytest.mark.parametrize("subject", SUBJECTS)
def test_debugger_step(x, subject):
    bumped = alloc.bump(alloc.Buffer())(subject)
    plain = stepped(subject, x, "step")
    if sys.version_info >= (3, 14):
        # A debugger steps into what a site asks first. After a Python function that a site has
        # called, as after any that compiled code calls, it shows the line of a loop once more.
        quietly(bumped, x)
        plain = [stop for stop, _ in itertools.groupby(plain)]
        assert [stop for stop, _ in itertools.groupby(stepped(bumped, x, "step"))] == plain
    else:
        assert stepped(bumped, x, "step") == plain


def test_breakpoint_by_line_is_hit(x):
    line = helper.__code__.co_firstlineno + 3

    class Breaker(bdb.Bdb):
        hits = 0

        def user_line(self, frame):
            if frame.f_lineno == line and frame.f_code.co_name == "helper":
                Breaker.hits += 1
                assert frame.f_locals["k"] > 2
            self.set_continue()

    def hits(function):
        Breaker.hits = 0
        before = sys.gettrace()
        breaker = Breaker()
        breaker.set_break(__file__, line)
        try:
            breaker.runcall(function, x)
        finally:
            sys.settrace(before)
            breaker.clear_all_breaks()
        return Breaker.hits

    plain = hits(work)
    assert plain == 2
    assert hits(alloc.bump(alloc.Buffer())(work)) == plain


def frames_of(function, *args):
    """Return file, line, columns and name of each frame of the error, below this one."""
    try:
        function(*args)
    except Exception as error:
        summary = traceback.extract_tb(error.__traceback__)[1:]
        text = "".join(traceback.format_exception(error))
        return [
            (f.filename, f.lineno, f.end_lineno, f.colno, f.end_colno, f.name) for f in summary
        ], text
    raise AssertionError("nothing was raised")


def raises_deep_inside(x):
    return [helper(v, k) * np.stack([v, v[:k]]) for k, v in enumerate([x, x + 1])]


def raises_in_operator(x):
    y = x * 2
    z = y + x[:3] * 2
    return z  # noqa: E702


def raises_in_user_function(x):
    def inner(v, /, *, k):
        return v * 2 + (v @ k(v))

    return inner(x * 3,
                 k=lambda v: v[:-1] + 0)  # fmt: skip


def raises_in_comprehension(x):
    return {k: v / w
            for k, (v, w) in enumerate(zip([x, x], [x, "w"]))}  # fmt: skip


def raises_in_ufunc(x):
    return np.add(x, x) + np.sqrt(
        x,
        np.empty(3),
    )


def raises_in_argument(x):
    return spread_(x, *[x[k] for k in (0, 9)], key=x)


def spread_(*args, **kwargs):
    return args


def raises_in_numpy(x):
    return np.mean(x * 2, axis=4) + np.linalg.inv(np.outer(x, x))


def raises_with_spread(x):
    return spread_(*[x], **{"k": x + np.ones(2)})


FAILING = [
    failing, raises_deep_inside, raises_in_operator, raises_in_user_function,
    raises_in_comprehension, raises_in_ufunc, raises_in_argument, raises_in_numpy,
    raises_with_spread,
]  # fmt: skip


@pytest.mark.parametrize("subject", FAILING)
@pytest.mark.parametrize("warm", [0, 40])
def test_tracebacks_are_the_same(x, subject, warm):
    bumped = alloc.bump(alloc.Buffer())(subject)
    for _ in range(warm):
        with pytest.raises(Exception):  # noqa: PT011
            bumped(x)
    assert frames_of(bumped, x) == frames_of(subject, x)


@pytest.mark.parametrize("subject", FAILING)
def test_tracebacks_of_run_show_the_users_frames(x, subject):
    plain = frames_of(subject, x)[0]
    frames = frames_of(lambda x: alloc.run(subject, alloc.Buffer(), x), x)[0]
    inside = os.path.dirname(os.path.abspath(alloc.__file__))
    assert [f for f in frames if not f[0].startswith(inside)][1:] == plain


def test_warnings_point_to_the_users_line(x):
    def f(x):
        y = x * 2
        z = y / 0
        return z, np.log(x - 2)

    def caught(function):
        import warnings

        with warnings.catch_warnings(record=True) as log:
            warnings.simplefilter("always")
            function(x)
        return [(w.filename, w.lineno, str(w.message), w.category) for w in log]

    plain = caught(f)
    assert len(plain) == 2 + (0 if len(plain) == 2 else 1)
    bumped = alloc.bump(alloc.Buffer())(f)
    for _ in range(3):
        assert caught(bumped) == plain


def test_stacklevel_of_callees(x):
    import warnings

    def deprecated(v):
        warnings.warn("old", DeprecationWarning, stacklevel=2)
        return v * 2

    def f(x):
        y = x + 1
        return deprecated(y)

    def caught(function):
        with warnings.catch_warnings(record=True) as log:
            warnings.simplefilter("always")
            function(x)
        return [(w.filename, w.lineno) for w in log]

    assert caught(alloc.bump(alloc.Buffer())(f)) == caught(f)


def test_source_and_signature_of_the_bumped_function():
    bumped = alloc.bump(alloc.Buffer())(work)
    assert inspect.getsource(bumped) == inspect.getsource(work)
    assert inspect.getsourcefile(bumped) == inspect.getsourcefile(work)
    assert inspect.signature(bumped) == inspect.signature(work)
    assert inspect.getsource(bumped.__code__) == inspect.getsource(work)
    assert linecache.getline(bumped.__code__.co_filename, bumped.__code__.co_firstlineno)


def test_dis_shows_the_rewritten_code():
    import dis
    import io

    out = io.StringIO()
    dis.dis(alloc.bump(alloc.Buffer())(work), file=out)
    assert "<gate 0>" in out.getvalue()


def test_positions_of_every_instruction_lie_in_the_original(x):
    bumped = alloc.bump(alloc.Buffer())(work)
    plain = set(work.__code__.co_positions())
    assert set(bumped.__code__.co_positions()) <= plain | {(None,) * 4} | {
        (work.__code__.co_firstlineno, work.__code__.co_firstlineno, 0, 0)
    }


def test_cprofile_counts_the_users_calls(x):
    import cProfile
    import pstats

    def counts(function):
        profiler = cProfile.Profile()
        try:
            profiler.runcall(function, x)
        except ValueError as error:  # another profiler is active
            pytest.skip(str(error))
        stats = pstats.Stats(profiler).stats
        return {key: value[0] for key, value in stats.items() if key[0] == __file__}

    assert counts(alloc.bump(alloc.Buffer())(work)) == counts(work)


def test_tracemalloc_does_no_harm(x):
    import tracemalloc

    bumped = alloc.bump(alloc.Buffer())(work)
    tracemalloc.start()
    try:
        result = bumped(x)
    finally:
        tracemalloc.stop()
    assert repr(result) == repr(work(x))


def test_exec_source_with_its_own_line_numbers(x):
    source = textwrap.dedent(
        """
        def f(x):

            return (x
                    * 2
                    + undefined)
        """
    )
    namespace = {}
    exec(compile(source, "<session 1>", "exec"), namespace)
    f = namespace["f"]
    assert frames_of(alloc.bump(alloc.Buffer())(f), x) == frames_of(f, x)
