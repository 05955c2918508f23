"""What bears a name of NumPy's and is something else: ufuncs of other libraries, functions."""

import types

import numpy as np
import pytest

from alloc_rewrite.native.vocabulary import VOCABULARY

UFUNCS = {name: value for name, value in vars(np).items() if isinstance(value, np.ufunc)}
NAMES = sorted(set(UFUNCS).intersection(VOCABULARY.functions))
COMPARISONS = ["less", "less_equal", "greater", "greater_equal", "equal", "not_equal"]
SIZES = [1, 3, 1000, 20_000]


def numbers(size, dtype="f8", start=1):
    return lambda: np.arange(start, start + size, dtype=dtype)


@pytest.fixture(scope="module")
def other(foreign):
    """Return a library that has all names of NumPy's ufuncs."""
    library = types.ModuleType("other")
    for name in NAMES:
        operands = min(UFUNCS[name].nin, 2)
        setattr(library, name, foreign.ufunc(name, f"shifted {operands}"))
    return library


@pytest.mark.parametrize("dtype", ["f8", "f4"])
@pytest.mark.parametrize("name", NAMES)
def test_ufuncs_of_another_library(same, other, name, dtype):
    ufunc = getattr(other, name)
    assert type(ufunc) is np.ufunc
    assert ufunc.__name__ == name
    names = {"other": other, name: ufunc}
    if ufunc.nin == 1:
        texts = [
            f"other.{name}(a * b) + c", f"{name}(a) * {name}(b) + c", f"other.{name}(a)",
            f"other.{name}(-a) * 2.5; t = {name}(a) - b; t *= c; t",
        ]  # fmt: skip
    else:
        texts = [
            f"other.{name}(a, b) * c", f"c - {name}(a * b, b)", f"other.{name}(a, b)",
            f"{name}(a, 2.5) * b + c", f"(a + b) * {name}(b - c, a)",
            f"t = {name}(a, b); u = t * c; u += other.{name}(t, u); u",
        ]  # fmt: skip
    for text in texts:
        *before, last = text.split("; ")
        code = "\n    ".join(["def case(a, b, c):", *before, f"return {last}"])
        space = {"np": np, "__name__": "cases", **names}
        exec(code, space)
        same.each(
            space["case"],
            [(numbers(n, dtype), numbers(n, dtype, 3), numbers(n, dtype, 7)) for n in (3, 1000)],
        )


@pytest.mark.parametrize("name", COMPARISONS)
def test_choices_by_a_foreign_comparison(same, foreign, name):
    library = types.ModuleType("other")
    setattr(library, name, foreign.ufunc(name, "even"))
    space = {"np": np, "other": library, "__name__": "cases"}
    exec(
        f"def case(a, b):\n    return np.where(other.{name}(a, b), a, b) * 2.0\n"
        f"def more(a, b):\n    return np.where(other.{name}(a * 3.0, b), a + b, a - b)",
        space,
    )
    for f in (space["case"], space["more"]):
        same.each(f, [(numbers(n), numbers(n, start=5)) for n in SIZES])


def test_one_place_that_sees_both(same, other):
    def added(is_own, a, b):
        library = np if is_own else other
        return library.add(a, b) * b - library.maximum(a, 700.0)

    def called(is_own, a, b):
        library = np if is_own else other
        return library.add(a, b)

    for f in (added, called):
        for first in (True, False):
            order = (first, not first, first, first, not first)
            rows = [(own, numbers(n), numbers(n, start=2)) for n in (5, 1000) for own in order]
            same.each(f, rows)


def test_ufuncs_of_python_functions(same):
    add = np.frompyfunc(lambda x, y: x + y + 100, 2, 1)
    assert type(add) is np.ufunc
    multiply = np.vectorize(lambda x, y: x * y + 1)

    def mixed(a, b):
        return add(a, b) * b

    def more(a, b):
        return multiply(a + b, b) - a

    for f in (mixed, more):
        same.each(f, [(numbers(n), numbers(n, start=2)) for n in (1, 4, 50)])


NAMED_ALIKE = {
    "where": lambda c, x, y: (x, y),
    "clip": lambda a, low, high: a + low + high,
    "abs": lambda a: a - 100.0,
    "absolute": lambda a: a * 100.0,
    "sum": lambda a: a * 2.0,
    "prod": lambda a: a[::2],
    "max": lambda a: a + 1000.0,
    "min": lambda a: a - 1000.0,
    "any": lambda a: a > 3.0,
    "all": lambda a: a < 3.0,
    "mean": lambda a: [a, a],
    "add": lambda a, b: a - b,
    "maximum": lambda a, b: np.minimum(a, b),
    "less": lambda a, b: a > b,
    "exp": lambda a: a + 7.0,
}


class Callable:
    """An object that can be called."""

    def __init__(self, function):
        self.function = function

    def __call__(self, *args):
        return self.function(*args)


@pytest.mark.parametrize("kind", ["function", "object", "method"])
@pytest.mark.parametrize("name", sorted(NAMED_ALIKE))
def test_functions_named_alike(same, name, kind):
    function = NAMED_ALIKE[name]
    if kind == "object":
        function = Callable(function)
    elif kind == "method":
        function = Callable(function).__call__
    library = types.SimpleNamespace(**{name: function})
    given = {1: "a * b", 2: "a * b, c", 3: "a > b, b * c, c"}
    n = NAMED_ALIKE[name].__code__.co_argcount
    space = {"np": np, "library": library, name: function, "__name__": "cases"}
    exec(
        f"def bare(a, b, c):\n    t = a - c\n    return {name}({given[n]}), t * b\n"
        f"def of_object(a, b, c):\n    t = a - c\n    return library.{name}({given[n]}), t * b\n"
        f"def of_object_alone(a, b, c):\n    return library.{name}({given[n]})",
        space,
    )
    for f in ("bare", "of_object", "of_object_alone"):
        same.each(space[f], [(numbers(n), numbers(n, start=2), numbers(n)) for n in (3, 1000)])


def test_loops_run_once(same, foreign):
    """A loop of another library may do anything: it isn't tried and then run again."""
    ufunc = foreign.ufunc("multiply", "shifted 2")

    def f(a, b):
        foreign.seen()
        t = ufunc(a, b) * b
        result = np.sqrt(ufunc(t, -1e9))  # of which NumPy warns
        return result, foreign.seen()

    with np.errstate(invalid="ignore"):
        same(f, numbers(50), numbers(50))
    same(f, numbers(50), numbers(50))
