"""Code that looks at the locals of the frame that called it finds there what plain code has."""

import builtins
import inspect
import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import alloc_rewrite as alloc

CALLS = 40  # more than it takes to give sites back
IS_NATIVE = alloc.core()[0] == "native"


@pytest.fixture
def buf():
    return alloc.Buffer()


def shown(names):
    """Return the variables of a frame as what can be compared."""
    return {
        name: value.tolist() if isinstance(value, np.ndarray | np.generic) else value
        for name, value in names.items()
        if isinstance(value, np.ndarray | np.generic | float | int)
        and not getattr(value, "dtype", np.dtype(float)).hasobject
    }


def look():
    """Return the locals of the caller."""
    return shown(sys._getframe(1).f_locals)


def look_by_inspect():
    return shown(inspect.stack()[1].frame.f_locals)


def look_from_afar():
    return [shown(frame.frame.f_locals) for frame in inspect.stack()[1:3]]


def look_by_current_frame():
    return shown(inspect.currentframe().f_back.f_locals)


def locals_of(frame):
    return shown(frame.f_locals)


LOOKS = [look, look_by_inspect, look_by_current_frame]


class Watcher:
    """Looks at its caller's locals whatever is done with it."""

    def __init__(self):
        self.__dict__["seen"] = []

    def _look(self, result=None):
        self.seen.append(shown(sys._getframe(2).f_locals))
        return result

    def __add__(self, other):
        return self._look(1.0)

    __radd__ = __iadd__ = __mul__ = __rmul__ = __lt__ = __gt__ = __matmul__ = __add__
    __array_ufunc__ = None

    def __neg__(self):
        return self._look(1.0)

    __pos__ = __invert__ = __floor__ = __neg__

    def keys(self):
        return self._look(["key"])

    def __hash__(self):
        return self._look(1)

    def __repr__(self):
        return self._look("text")

    def __getitem__(self, key):
        return self._look(1.0)

    def __setitem__(self, key, value):
        self._look()

    def __delitem__(self, key):
        self._look()

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return self._look(1.0)

    def __setattr__(self, name, value):
        self._look()

    def __delattr__(self, name):
        self._look()

    @property
    def part(self):
        return self._look(1.0)

    def __call__(self, *args, **kwargs):
        return self._look(1.0)

    def method(self, *args):
        return self._look(1.0)

    def __len__(self):
        return self._look(1)

    def __bool__(self):
        return self._look(True)

    def __contains__(self, item):
        return self._look(True)

    def __index__(self):
        return self._look(1)

    def __float__(self):
        return self._look(1.0)

    def __eq__(self, other):
        return self._look(True)

    def __iter__(self):
        self._look()
        return Steps(self)

    def __enter__(self):
        return self._look(self)

    def __exit__(self, *error):
        self._look()

    def __format__(self, spec):
        return self._look("text")


class Steps:
    def __init__(self, watcher):
        self.watcher, self.left = watcher, 2

    def __iter__(self):
        return self

    def __next__(self):
        self.watcher.seen.append(shown(sys._getframe(1).f_locals))
        self.left -= 1
        if self.left < 0:
            raise StopIteration
        return 1.0


STATEMENTS = [
    "w + z",
    "z + w",
    "w * 2",
    "w @ z",
    "-w",
    "w[0]",
    "w[z]",
    "w[0:1]",
    "w[0] = z",
    "w[0:1] = z",
    "del w[0]",
    "w.part",
    "w.part = z",
    "del w.part",
    "w.anything",
    "w.method(z)",
    "w(z)",
    "w(z, key=z)",
    "w(*[z])",
    "w(**{'key': z})",
    "w += z",
    "w < z",
    "w == z",
    "z in w",
    "w or z",
    "w and z",
    "+w",
    "~w",
    "f'{z[0]:{w}}'",
    "f'{w:>3}'",
    "f'{w!r}'",
    "[z, *w]",
    "(z, *w)",
    "{**w}",
    "{z[0], w}",
    "{0: w, w: 0}",
    "z[0] in [w]",
    "z[0] == [w]",
    "0 < w < 1",
    "sorted([w, w])",
    "sum([w, w])",
    "raise w",
    "raise ValueError from w",
    "import math; math.floor(w)",
    "not w",
    "(z if w else x)",
    "x[w]",
    "range(w)",
    "len(w)",
    "float(w)",
    "max(1, w)",
    "isinstance(w, look)",
    "np.add(w, 1)",
    "np.sum(z, axis=w)",
    "z.sum(w)",
    "z.reshape(w, -1)",
    "z.reshape((x.size, w))",
    "z[0:w]",
    "[a for a in w]",
    "{a: a for a in w}",
    "list(w)",
    "first, second = w",
    "first, *second = w",
    "f'{w}'",
    "'%s' % f'{w}'",
    "for a in w: pass",
    "while w: break",
    "if w: pass",
    "with w: pass",
    "assert w",
    "seen.append(look())",
    "seen.append(look_by_inspect())",
    "seen.append(look_by_current_frame())",
    "seen.append(functools.partial(look)())",
    "seen.extend(call() for call in [look])",
    "seen.append((lambda call: call())(look_from_afar))",
    "seen.append(shown(locals()))",
    "seen.append(shown(vars()))",
    "seen.append([name for name in dir()])",
    "seen.append(eval('y * 2 + t').tolist())",
    "seen.append(list(map(eval, ['y[0]', 't[0]'])))",
    "exec('seen.append((y * t).tolist())')",
    "seen.append(np.bmat('x, x').tolist() if x.ndim == 2 else eval('t').tolist())",
    "seen.append(np.r_['0', y, t].tolist())",
    "seen.append(locals_of(sys._getframe()))",
]

PLACES = {
    "straight": "    {}\n",
    "in a branch": "    if len(x):\n        {}\n",
    "in a loop before": (
        "    for step in range(2):\n        t = y * step + x\n        {}\n        y = t - 1.0\n"
    ),
    "after a loop": "    for step in range(2):\n        x = x * 2.0 + 1.0\n    {}\n",
    "in a handler": (
        "    try:\n        t = y * 2.0 + x\n        np.linalg.norm('text')\n"
        "    except Exception:\n        {}\n"
    ),
    "in the end": "    try:\n        t = y * 2.0 + x\n    finally:\n        {}\n",
    "after harmless code": (
        "    n = np.sqrt(np.sum(z * z))\n    for i in range(3):\n        n = n + x[0]\n    {}\n"
    ),
}


def written(body, arguments="x, w, seen"):
    source = (
        f"def f({arguments}):\n"
        "    y = x * 2.0\n    t = y + 1.0\n    y = y - t\n    z = t * y + x\n"
        f"{body}    return z\n"
    )
    names = dict(globals())
    exec(compile(source, "<made>", "exec"), names)
    return names["f"]


def outcome(f, x):
    watcher, seen = Watcher(), []
    try:
        result = f(x.copy(), watcher, seen)
    except Exception as error:
        result = repr(error)
    return repr(result), seen, watcher.seen


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("statement", STATEMENTS)
def test_whatever_a_later_statement_does(statement, place, buf):
    if not IS_NATIVE and "reshape" in statement:
        pytest.skip("the Python core has a function of its own in between")
    f = written(PLACES[place].format(statement))
    g = alloc.bump(buf)(f)
    x = np.arange(1.0, 4.0)
    expected = outcome(f, x)
    for _ in range(3):
        assert outcome(g, x) == expected


@pytest.mark.parametrize("reader", LOOKS)
def test_a_callee_that_comes_late(reader, buf):
    def f(x, call):
        y = x * 2.0
        z = y + 1.0
        return call(z)

    g = alloc.bump(buf)(f)
    x = np.arange(3.0)
    for _ in range(1100):
        g(x, np.sum)
    assert g(x, lambda z: reader()) == f(x, lambda z: reader())
    for _ in range(CALLS):
        assert str(g(x, lambda z: shown(sys._getframe(1).f_locals))) == str(
            f(x, lambda z: shown(sys._getframe(1).f_locals))
        )


@pytest.mark.parametrize("name", ["range", "len", "norm", "sum"])
def test_a_name_that_is_another_function(name, buf):
    def watcher(*args):
        return [shown(sys._getframe(1).f_locals)] * 2

    source = (
        "def f(x):\n    y = x * 2.0\n    z = y + 1.0\n"
        f"    seen = {name}(z.size)\n    return z, seen\n"
    )
    names = {name: np.linalg.norm if name in ("norm", "sum") else vars(builtins)[name]}
    exec(source, names)
    if name == "len":
        names["f"] = eval("lambda x: f(x)", names) and names["f"]
    g = alloc.bump(buf)(names["f"])
    x = np.arange(3.0)
    for _ in range(CALLS):
        if name != "len":
            g(x)
    names[name] = watcher
    for _ in range(CALLS):
        assert repr(g(x)) == repr(names["f"](x))


def test_an_attribute_of_a_module_that_is_replaced(buf, monkeypatch):
    def f(x):
        y = x * 2.0
        z = y + 1.0
        n = np.linalg.norm(z)
        return z, n

    g = alloc.bump(buf)(f)
    x = np.arange(3.0)
    for _ in range(CALLS):
        assert repr(g(x)) == repr(f(x))
    if IS_NATIVE:
        assert "y" not in alloc.explain(g).regions[0].delivers
    monkeypatch.setattr(np.linalg, "norm", lambda z: shown(sys._getframe(1).f_locals))
    for _ in range(CALLS):
        assert repr(g(x)) == repr(f(x))
    assert f(x)[1]["y"] == [0.0, 2.0, 4.0]


def test_items_of_an_object_array(buf):
    def f(x, objects):
        y = x * 2.0
        z = y + 1.0
        return z, objects + 1, objects[0] + 1

    x = np.arange(3.0)

    def run(function):
        watcher = Watcher()
        objects = np.empty(1, object)
        objects[0] = watcher
        function(x, objects)
        return watcher.seen

    g = alloc.bump(buf)(f)
    for _ in range(3):
        found = run(g)
        assert found == run(f)
        g(x, x)


def test_generators_that_are_looked_at(buf):
    def f(x):
        y = x * 2.0
        z = y + 1.0
        yield z
        t = z * 2.0
        u = t - 1.0
        yield u

    def seen(function):
        generator = function(np.arange(3.0))
        return [(next(generator).tolist(), shown(generator.gi_frame.f_locals)) for _ in range(2)]

    g = alloc.bump(buf)(f)
    assert seen(g) == seen(f) == seen(g)


def test_an_iterator_over_others_code(buf):
    def f(x, steps):
        for step in steps:
            y = x * step
            z = y + 1.0
            x = z * 2.0
        return x

    def steps(seen):
        for step in (1.0, 2.0, 3.0):
            seen.append(shown(sys._getframe(1).f_locals))
            yield step

    g = alloc.bump(buf)(f)
    for _ in range(3):
        expected, found = [], []
        f(np.arange(3.0), steps(expected))
        g(np.arange(3.0), steps(found))
        assert found == expected
        g(np.arange(3.0), range(3))


# ---------------------------------------------------------------------- what is still not delivered


def harmless_norm(x):
    y = x * 2.0
    z = y + 1.0
    return np.sqrt(np.sum(z * z, axis=0))


def harmless_operators(x):
    y = x * 2.0
    z = y + 1.0
    return z / x.size + z[0]


def harmless_loop(x):
    for i in range(3):
        y = x * 2.0
        x = y + 1.0
    return x


def harmless_iteration(x):
    y = x * 2.0
    z = y + 1.0
    for i in range(len(x)):
        z[i] = i
    return float(max(z[0], 1.0)) if z.size else None


@pytest.mark.skipif(not IS_NATIVE, reason="regions are the native core's")
@pytest.mark.parametrize(
    "f", [harmless_norm, harmless_operators, harmless_loop, harmless_iteration]
)
def test_what_nothing_can_look_at_is_not_made(f, buf):
    g = alloc.bump(buf)(f)
    x = np.arange(1.0, 5.0)
    for _ in range(CALLS):
        assert repr(g(x)) == repr(f(x))
    region = alloc.explain(g).regions[0]
    assert "y" not in region.delivers
    assert region.hits >= CALLS
    assert not region.misses


# ---------------------------------------------------------------------- random functions

NAMES = ("a", "b", "c", "d")


@st.composite
def bodies(draw, depth=2):
    lines = []
    for _ in range(draw(st.integers(1, 6))):
        name, one, other = (draw(st.sampled_from(NAMES)) for _ in range(3))
        kind = draw(
            st.sampled_from(["set", "set", "set", "look", "more", "del", "if", "for", "try"])
        )
        if kind in ("if", "for", "try") and not depth:
            kind = "set"
        inner = [] if kind not in ("if", "for", "try") else draw(bodies(depth - 1))
        match kind:
            case "set":
                operator = draw(st.sampled_from("+-*"))
                lines.append(f"{name} = {one} {operator} {other} * 0.5")
            case "look":
                call = draw(st.sampled_from(["look()", "shown(locals())", "str(w + a)", "w.part"]))
                lines.append(f"seen.append({call})")
            case "more":
                call = draw(st.sampled_from(["np.sum({})", "{}[1:].max()", "np.linalg.norm({})"]))
                lines.append(f"r = {call.format(one)}")
            case "del":
                lines += [f"del {name}", f"{name} = x - 1.0"]
            case "if":
                lines += [f"if {one}[0] > 0.0:", *("    " + line for line in inner)]
            case "for":
                lines += ["for i in range(2):", *("    " + line for line in inner)]
            case _:
                lines += [
                    "try:",
                    *("    " + line for line in inner),
                    "finally:",
                    f"    {name} = -x",
                ]
    return lines


@settings(max_examples=60, deadline=None)
@given(bodies())
def test_random_functions(lines):
    start = ["    a, b, c = x, x * 2.0, x + 1.0", "    d = a - c"]
    body = "\n".join([*start, *("    " + line for line in lines)])
    names = dict(globals())
    exec(f"def f(x, w, seen):\n{body}\n    return a + b * c - d\n", names)
    f = names["f"]
    g = alloc.bump(f)
    x = np.arange(1.0, 4.0)
    expected = outcome(f, x)
    for _ in range(2):
        assert outcome(g, x) == expected


# ---------------------------------------------------------------------- libraries that do so


def test_numexpr(buf):
    numexpr = pytest.importorskip("numexpr")

    def f(x):
        y = x * 2.0
        z = y + 1.0  # noqa: F841 - it is read by name
        return numexpr.evaluate("y * z")

    g = alloc.bump(buf)(f)
    x = np.arange(3.0)
    for _ in range(CALLS):
        assert repr(g(x)) == repr(f(x))


def test_pandas(buf):
    pandas = pytest.importorskip("pandas")

    def queried(frame, x):
        for low in [x * 2.0, x * 4.0]:
            high = low + 2.0
            low = high * 0.5
            top = low + high
            yield frame.query("a != @low").a.to_numpy(), top

    def parameter(frame, x):
        x = x * 2.0
        t = x + 1.0
        return frame.query("a != @x").a.to_numpy(), t

    def evaluated(frame, x):
        y = x * 2.0
        z = y + 1.0  # noqa: F841 - it is read by name
        return pandas.eval("y + z"), frame.eval("a + @y")

    frame = pandas.DataFrame({"a": [0.0, 2.0, 4.0]})
    for f in (queried, parameter, evaluated):
        g = alloc.bump(buf)(f)
        for _ in range(3):
            results = [
                list(each(frame, np.float64(1.0))) if f is queried else each(frame, np.float64(1.0))
                for each in (f, g)
            ]
            assert repr(results[0]) == repr(results[1])


PYTEST_MODULE = """
import numpy as np, pytest
import alloc_rewrite as alloc

@alloc.bump
def f(x, y):
    t = x * 2.0
    u = t + 1.0
    assert x.shape == y.shape, "bad"
    assert (u == t + 1.0).all()
    return u

def test_f():
    for _ in range(3):
        assert f(np.ones(3), np.ones(3)).sum() == 9.0
    assert alloc.explain(f).bumped and not alloc.explain(f).reason

def test_message():
    with pytest.raises(AssertionError) as info:
        f(np.ones(3), np.ones(4))
    assert "bad" in str(info.value) and "assert (3,) == (4,)" in str(info.value)

def plain(x):
    t = x * 2.0
    u = t + 1.0
    assert u.tolist() == t.tolist() or x is u

def test_same_message():
    texts = []
    for g in (plain, alloc.bump(plain)):
        with pytest.raises(AssertionError) as info:
            g(np.ones(2))
        texts.append(str(info.value))
    assert texts[0] == texts[1]
"""


def test_asserts_that_pytest_rewrote(tmp_path):
    (tmp_path / "test_made.py").write_text(PYTEST_MODULE)
    command = [sys.executable, "-m", "pytest", "-q", "-W", "error", "-p", "no:cacheprovider"]
    path = os.pathsep.join([os.getcwd(), *sys.path])
    done = subprocess.run(
        command,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": path},
    )
    assert "3 passed" in done.stdout, done.stdout + done.stderr


@pytest.mark.parametrize("lines", [100, 700])
def test_who_looks_after_much_code(buf, lines):
    """All that a region assigns is there, though nothing reads it any more."""
    between = "\n".join(f"    z = z * 0.5 + {k % 5}" for k in range(lines))
    source = f"def f(x):\n    y = x * 2.0 + x\n    z = x + y * x\n{between}\n    return look(), z\n"
    names = {"look": look}
    exec(source, names)
    f, x = names["f"], np.arange(3.0)
    bumped = alloc.bump(buf)(f)
    for _ in range(3):
        (plain, one), (seen, other) = f(x), bumped(x)
        assert seen == plain
        assert one.tobytes() == other.tobytes()
