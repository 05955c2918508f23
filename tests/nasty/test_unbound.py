"""A variable without a value fails where it does in plain code, and tracers see no other events."""

import sys

import numpy as np
import pytest

import alloc_rewrite as alloc

#: What the function does first; whether `n` has a value then depends on the argument `way`.
WAYS = {
    "deleted": "    n = x\n    if way:\n        del n\n",
    "never": "    if not way:\n        n = x\n",
    "deleted for sure": "    n = x\n    del n\n",
    "argument": "    if way:\n        del x\n",
    "in a loop": "    for step in range(1 - way):\n        n = x + step\n",
    "after an error": (
        "    try:\n        if way:\n            1 / 0\n        n = x\n"
        "    except ZeroDivisionError:\n        pass\n"
    ),
    "name of an exception": (
        "    n = x\n    try:\n        if way:\n            1 / 0\n"
        "    except ZeroDivisionError as n:\n        pass\n"
    ),
    "in a comprehension": (
        "    if not way:\n        n = x\n    m = [n * 2.0 + 1.0 for n in (y, y)]\n"
    ),
    "assigned there": (
        "    if not way:\n        n = x\n    m = [(n := z * 2.0 + 1.0) for z in [y][way:]]\n"
    ),
}
CODES = {
    "first": "    t = n * 2.0 + y\n",
    "later": "    t = y * 2.0\n    t = t * n + 1.0\n",
    "on another line": "    t = (y * 2.0 +\n         n * y\n         - n)\n",
    "argument": "    t = y * 2.0 + 1.0\n    t = np.maximum(t, n) + y\n",
    "object of a method": "    t = y * 2.0 + 1.0\n    t = t - n.T\n    t = n.sum() + t\n",
    "stored": "    t = y * 2.0 + 1.0\n    y[:] = t * n\n",
    "stored into": "    t = y * 2.0 + 1.0\n    n[:] = t * y\n",
    "in place": "    t = y * 2.0 + 1.0\n    n += t * y\n",
    "index": "    t = y * 2.0 + 1.0\n    t = y[: len(y)] * t + y[n[0] > 5 :]\n",
    "handled": (
        "    try:\n        t = y * 2.0\n        t = t * n + 1.0\n"
        "    except UnboundLocalError:\n        t = y * 3.0 + 2.0\n"
    ),
}
FAR = "    if y is None:\n" + "        y.a.b(y)\n" * 60


def made(way, code, *, is_far):
    source = f"def f(x, y, way):\n{way}{FAR if is_far else ''}{code}    return t\n"
    if "del x" in way or "x" not in way:
        source = source.replace("n * ", "x * ").replace("* n", "* x").replace(" n)", " x)")
        source = source.replace("n[", "x[").replace("n.", "x.").replace("- x.T", "- x.T")
        source = source.replace("    n +=", "    x +=").replace("- n", "- x")
        source = source.replace("xp.", "np.")
    names = {"np": np}
    exec(compile(source, "<made>", "exec"), names)
    return names["f"]


def events(function, way):
    """Return what the function gave, and the events that a tracer saw in it."""
    seen = []

    def tracer(frame, event, argument):
        if frame.f_code.co_name == "f" and frame.f_code.co_filename == "<made>":
            what = type(argument[1]).__name__ if event == "exception" else ""
            seen.append((event, frame.f_lineno, what))
            return tracer
        return None

    x, y = np.arange(3.0), np.arange(1.0, 4.0)
    before = sys.gettrace()
    sys.settrace(tracer)
    try:
        result = repr(function(x, y, way))
    except Exception as error:
        result = repr(error)
    finally:
        sys.settrace(before)
    return result, x.tolist(), y.tolist(), seen


@pytest.mark.parametrize("is_far", [False, True], ids=["near", "far"])
@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("way", WAYS)
def test_tracers_see_the_same(way, code, is_far):
    f = made(WAYS[way], CODES[code], is_far=is_far)
    g = alloc.bump(alloc.Buffer())(f)
    for _ in range(2):
        for has_none in (1, 0):
            assert events(g, has_none) == events(f, has_none)


@pytest.mark.skipif(sys.version_info < (3, 12), reason="sys.monitoring is new in 3.12")
@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("way", WAYS)
def test_monitoring_sees_the_same_errors(way, code):
    monitoring, seen = sys.monitoring, []

    def raised(code, offset, error):
        if code.co_name == "f" and code.co_filename == "<made>":
            line = next(line for start, stop, line in code.co_lines() if start <= offset < stop)
            seen.append((type(error).__name__, line))

    def run(function):
        seen.clear()
        monitoring.use_tool_id(3, "test")
        monitoring.register_callback(3, monitoring.events.RAISE, raised)
        monitoring.set_events(3, monitoring.events.RAISE)
        try:
            function(np.arange(3.0), np.arange(1.0, 4.0), 1)
        except Exception as error:
            return repr(error), list(seen)
        finally:
            monitoring.set_events(3, 0)
            monitoring.free_tool_id(3)
        return "", list(seen)

    f = made(WAYS[way], CODES[code], is_far=False)
    g = alloc.bump(alloc.Buffer())(f)
    for _ in range(2):
        assert run(g) == run(f)
