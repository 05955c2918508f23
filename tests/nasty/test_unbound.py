"""A variable without a value fails where it does in plain code, and tracers see no other events."""

import re
import sys
import threading
import types

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


#: Where a variable `n` lives that is no local, what the code calls it, and the functions `have` and
#: `lack`, which give it a value and take it away. The function to test is `f`.
_WITHIN = """
def made():
    n = None
    def f(x, y, way):
        nonlocal n
{code}
    def have(x):
        nonlocal n
        n = x
    def lack():
        nonlocal n
        n = None
        del n
    return f, have, lack
f, have, lack = made()
"""
_GLOBAL = """
def f(x, y, way):
    global {first}
{code}
def have(x):
    global n
    n = x
def lack():
    globals().pop("n", None)
"""
PLACES = {
    "global": ("n", _GLOBAL),
    "global that hides a builtin": (
        "abs",
        _GLOBAL.replace("n = x", "abs = x")
        .replace("global n", "global abs")
        .replace('"n"', '"abs"'),
    ),
    "builtin": (
        "n_of_builtins",
        """
import builtins
def f(x, y, way):
{code}
def have(x):
    builtins.n_of_builtins = x
def lack():
    vars(builtins).pop("n_of_builtins", None)
    globals().pop("n_of_builtins", None)
""",
    ),
    "attribute of a missing module": (
        "module.n",
        """
import types
def f(x, y, way):
{code}
def have(x):
    global module
    module = types.ModuleType("module")
    module.n = x
def lack():
    globals().pop("module", None)
""",
    ),
    "missing attribute of a module": (
        "module.n",
        """
import types
module = types.ModuleType("module")
def f(x, y, way):
{code}
def have(x):
    module.n = x
def lack():
    vars(module).pop("n", None)
""",
    ),
    "variable of an outer function": ("n", _WITHIN),
    "variable shared with an inner function": (
        "n",
        """
def f(x, y, way):
    n = x
    def without():
        nonlocal n
        del n
    if way:
        without()
{code}
def have(x):
    pass
def lack():
    pass
""",
    ),
    "cell of a class": (
        "__class__.n",
        """
class C:
    def f(x, y, way):
{code}
f = C.f
def have(x):
    C.n = x
    f.__closure__[0].cell_contents = C
def lack():
    del f.__closure__[0].cell_contents
""",
    ),
}


def made_elsewhere(place, code, *, is_far):
    """Return a function, and those that give its variable a value or take it away."""
    name, source = PLACES[place]
    text = re.sub(r"\bn\b", name, CODES[code]).replace("UnboundLocalError", "NameError")
    text = (FAR if is_far else "") + text + "    return t\n"
    if place in ("variable of an outer function", "cell of a class"):
        text = "".join(f"    {line}\n" for line in text.splitlines())
    if place == "builtin" and code == "in place":
        source = source.replace("{code}", "    global n_of_builtins\n{code}")
    names = {"np": np}
    exec(compile(source.format(code=text, first=name), "<made>", "exec"), names)
    return names["f"], names["have"], names["lack"]


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


#: Events of `sys.monitoring`, those of jumps and branches left out, which differ.
EVENTS = "PY_START PY_RETURN PY_UNWIND LINE RAISE RERAISE EXCEPTION_HANDLED".split()


def monitored(function, way):
    """Return what the function gave, and the events that a tool was told of."""
    monitoring, seen = sys.monitoring, []

    def line_of(code, offset):
        return next(line for start, stop, line in code.co_lines() if start <= offset < stop)

    def told(event):
        def callback(code, where, *values):
            if code.co_name != "f" or code.co_filename != "<made>":
                return
            line = where if event == "LINE" else line_of(code, where)
            seen.append((event, line, *(type(value).__name__ for value in values)))

        return callback

    x, y = np.arange(3.0), np.arange(1.0, 4.0)
    chosen = 0
    monitoring.use_tool_id(3, "test")
    for name in EVENTS:
        monitoring.register_callback(3, getattr(monitoring.events, name), told(name))
        chosen |= getattr(monitoring.events, name)
    monitoring.set_events(3, chosen)
    try:
        result = repr(function(x, y, way))
    except Exception as error:
        result = repr(error)
    finally:
        monitoring.set_events(3, 0)
        for name in EVENTS:
            monitoring.register_callback(3, getattr(monitoring.events, name), None)
        monitoring.free_tool_id(3)
    return result, x.tolist(), y.tolist(), seen


SEEN_BY = {"tracer": events}
if sys.version_info >= (3, 12):
    SEEN_BY["monitoring"] = monitored


@pytest.mark.skipif(sys.version_info < (3, 12), reason="sys.monitoring is new in 3.12")
@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("way", WAYS)
def test_monitoring_sees_the_same(way, code):
    f = made(WAYS[way], CODES[code], is_far=False)
    g = alloc.bump(alloc.Buffer())(f)
    for _ in range(2):
        for has_none in (1, 0):
            assert monitored(g, has_none) == monitored(f, has_none)


@pytest.mark.parametrize("seen_by", SEEN_BY)
@pytest.mark.parametrize("is_far", [False, True], ids=["near", "far"])
@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("place", PLACES)
def test_other_variables(place, code, is_far, seen_by):
    f, have, lack = made_elsewhere(place, code, is_far=is_far)
    g = alloc.bump(alloc.Buffer())(f)

    def seen(function, has_none):
        have(np.arange(3.0) + 1.0)
        if has_none:
            lack()
        return SEEN_BY[seen_by](function, has_none)

    for has_none in (0, 1, 1, 0, 1):
        assert seen(g, has_none) == seen(f, has_none)
    have(np.arange(3.0))
    lack()


# ---------------------------------------------------------------------- values are those of now


def scaled(x):
    return np.exp(x * SCALE) + SCALE * abs(x)


SCALE = 2.0


def bumped_by(namespace, closure=None):
    """Return `scaled` and its bumped form as functions with globals of their own."""
    f = types.FunctionType(scaled.__code__, namespace)
    return f, alloc.bump(alloc.Buffer())(f)


X = np.linspace(0.5, 2.0, 7)
CHANGES = {
    "replaced": lambda names: names.update(SCALE=3.0),
    "of another type": lambda names: names.update(SCALE=X.astype(np.float32)),
    "a string that is not interned": lambda names: names.update({"".join(["SC", "ALE"]): 4.0}),
    "deleted": lambda names: names.pop("SCALE", None),
    "cleared": lambda names: names.clear(),
    "a builtin hidden": lambda names: names.update(abs=np.negative),
    "a builtin seen again": lambda names: names.pop("abs", None),
    "the module replaced": lambda names: names.update(np=types.SimpleNamespace(exp=np.log)),
    "put back": lambda names: names.update(np=np, SCALE=2.0),
    "many names": lambda names: names.update({f"name{i}": i for i in range(1000)}),
}


def outcome(function, *args):
    try:
        return repr(function(*args))
    except Exception as error:
        return repr(error)


@pytest.mark.parametrize("first", CHANGES)
@pytest.mark.parametrize("second", CHANGES)
def test_globals_are_those_of_now(first, second):
    names = {"np": np, "SCALE": 2.0, "__builtins__": __builtins__}
    f, g = bumped_by(names)
    for change in (None, first, second, "put back"):
        if change is not None:
            CHANGES[change](names)
        for _ in range(2):
            assert outcome(g, X) == outcome(f, X)


def test_each_function_has_its_own_globals():
    buffer = alloc.Buffer()
    pairs = []
    for scale in (2.0, 3.0, None):
        names = {"np": np} | ({} if scale is None else {"SCALE": scale})
        f = types.FunctionType(scaled.__code__, names)
        pairs.append((f, alloc.bump(buffer)(f)))
    for _ in range(3):
        for f, g in pairs:
            assert outcome(g, X) == outcome(f, X)


def test_own_builtins():
    names = {"np": np, "SCALE": 2.0, "__builtins__": {"abs": np.sqrt}}
    f, g = bumped_by(names)
    for _ in range(3):
        assert outcome(g, X) == outcome(f, X)
    names["__builtins__"]["abs"] = np.square
    assert outcome(g, X) == outcome(f, X)
    names["__builtins__"].clear()
    assert outcome(g, X) == outcome(f, X)


def counted():
    total = np.zeros(3)

    def add(x):
        nonlocal total
        total = total + x * 2.0 - 1.0
        return total * 3.0 + total

    def steps(x):
        nonlocal total
        while True:
            yield total * x + total
            total = total * 2.0 + x

    return add, steps


def test_rebound_variables():
    results = []
    for change in (lambda f: f, alloc.bump(alloc.Buffer())):
        add, steps = counted()
        add = change(add)
        steps = change(steps)(np.arange(3.0))
        results.append([(add(np.arange(3.0) + i).tolist(), next(steps).tolist()) for i in range(5)])
    assert results[0] == results[1]


def exponential(x):
    return np.exp(x * SCALE) + x


def test_another_thread_replaces_a_global():
    names = {"np": np, "SCALE": 2.0}
    g = alloc.bump(alloc.Buffer())(types.FunctionType(exponential.__code__, names))
    possible = {(np.exp(X * scale) + X).tobytes() for scale in (2.0, 3.0)}
    stop = threading.Event()

    def change():
        while not stop.is_set():
            names["SCALE"] = 5.0 - names["SCALE"]

    changer = threading.Thread(target=change)
    changer.start()
    try:
        results = {g(X).tobytes() for _ in range(300)}
    finally:
        stop.set()
        changer.join()
    assert results <= possible


@pytest.mark.skipif(alloc.core()[0] != "native", reason="the Python core has no regions")
def test_regions_serve_globals_and_free_variables():
    scale, shift = 2.0, np.arange(7.0)

    def f(x):
        return np.exp(x * scale) + shift * SCALE - abs(x)

    g = alloc.bump(alloc.Buffer())(f)
    for _ in range(5):
        assert g(X).tobytes() == f(X).tobytes()
    (region,) = alloc.explain(g).regions
    assert (region.hits, region.misses) == (5, 0)
    profile = alloc.profile(g, X)
    assert profile.result.tobytes() == f(X).tobytes()
    assert profile.nbytes == 0
