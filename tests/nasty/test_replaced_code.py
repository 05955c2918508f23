"""Code and defaults that others set on functions: bumped ones, their originals, and helpers."""

import functools
import gc
import itertools
import types
import weakref

import numpy as np
import pytest

import alloc_rewrite as alloc
from alloc_rewrite.bump import bumped as made_from

from ..cores import in_arena

#: Bodies of functions of (a, b, c): of every kind of site, with few sites and many.
BODIES = (
    "a * b + c",
    "a + b * c",
    "(a + b) * (c + a)",
    "a @ b - c",
    "np.exp(a) - b",
    "np.sort(a) - b",
    "a[1:] + b[1:]",
    "a * 2.0",
    "a - b",
    "np.where(a > b, a, c)",
    "a.mean() - b.max()",
    "(a * b, a - c)",
    "np.concatenate([a, b])",
    "np.full(3, 2.0) * a[0]",
    "[v * 2 for v in (a, b)]",
    "helper(a * b) + helper(c)",
    "a",
)
KINDS = ("plain", "bumped", "warm", "bumped and gone")
ARGUMENTS = (np.full(4, 2.0), np.full(4, 3.0), np.full(4, 5.0))


def make(body, head="def f(a, b, c):", **names):
    namespace = {"np": np, "helper": lambda v: v + 1.0, **names}
    exec(f"{head}\n    return {body}\n", namespace)
    return namespace["f"]


def shown(value):
    return repr(value)


def run_a_while(function, *args, times=3):
    for _ in range(times):
        function(*args)
    return function


def bump(function, times=3):
    return run_a_while(alloc.bump(alloc.Buffer())(function), *ARGUMENTS, times=times)


@pytest.mark.parametrize("new", BODIES)
@pytest.mark.parametrize("kind", KINDS)
def test_a_bumped_function_gets_the_code_of_another(new, kind):
    for old in BODIES[KINDS.index(kind) :: len(KINDS)]:
        function, other = bump(make(old)), make(new)
        expected = shown(other(*ARGUMENTS))
        source = other if kind == "plain" else alloc.bump(alloc.Buffer())(other)
        if kind == "warm":
            run_a_while(source, *ARGUMENTS)
        function.__code__ = source.__code__
        if kind == "bumped and gone":
            function.__globals__["helper"] = source.__globals__["helper"]
            del source, other
            gc.collect()
        for _ in range(4):
            assert shown(function(*ARGUMENTS)) == expected, old


@pytest.mark.parametrize("new", BODIES)
def test_a_plain_function_gets_the_code_of_a_bumped_one(new):
    function, other = make("a + b - c"), make(new)
    source = alloc.bump(alloc.Buffer())(other)
    function.__code__ = source.__code__
    for _ in range(4):
        assert shown(function(*ARGUMENTS)) == shown(other(*ARGUMENTS))


@pytest.mark.parametrize("free", [0, 1, 3])
@pytest.mark.parametrize("bumps", list(itertools.product([False, True], repeat=2)))
def test_as_many_free_variables_are_needed_as_in_plain_functions(free, bumps):
    def closure(k, value):
        names = [f"v{i}" for i in range(k)]
        namespace = {"np": np}
        exec(
            f"def outer({', '.join(names)}):\n"
            f"    def f(a, b, c):\n        return sum([{', '.join(names)}], a * b) + {value}\n"
            "    return f\n",
            namespace,
        )
        return namespace["outer"](*map(float, range(k)))

    def either(function, bumping):
        return bump(function) if bumping else function

    function = either(closure(1, 10.0), bumps[0])
    source = either(closure(free, 20.0), bumps[1])
    if free != 1:
        with pytest.raises(ValueError, match="free vars"):
            function.__code__ = source.__code__
        assert function(*ARGUMENTS).tolist() == [16.0] * 4
    else:
        function.__code__ = source.__code__
        assert function(*ARGUMENTS).tolist() == [26.0] * 4


def test_bumping_closes_over_what_the_original_closes_over():
    value = 2.0

    def f(x):
        return x * value + np.ones(3)

    assert bump(lambda a, b, c: a + b).__closure__ is None
    function = alloc.bump(alloc.Buffer())(f)
    assert function.__closure__ == f.__closure__
    assert function.__code__.co_freevars == ("value",)


def test_replaced_while_it_runs_and_recurses():
    namespace = {"np": np}
    source = """
def f(v, n):
    if n == 2:
        f.__code__ = code
    return v + 1.0 if n == 0 else f(v * 2.0, n - 1) + v

def g(v, n):
    return v * 100.0 if n == 0 else f(v - 1.0, n - 1) * v
"""
    x, results = np.arange(4.0), []
    for how in (lambda f: f, alloc.bump(alloc.Buffer())):
        exec(source, namespace)
        namespace["f"] = how(namespace["f"])
        namespace["code"] = how(namespace["g"]).__code__
        results.append([shown(namespace["f"](x, n)) for n in (4, 4, 3, 0)])
    assert results[0] == results[1]


def test_generators_in_flight_go_on_with_their_code():
    def numbers(v):
        for k in range(4):
            v = v * 2.0 + k
            yield v

    def others(v):
        for k in range(4):
            v = v - 1.0
            yield v * k

    x, results = np.arange(4.0), []
    for how in (lambda f: f, alloc.bump(alloc.Buffer())):
        function = types.FunctionType(numbers.__code__, globals())
        function = how(function)
        running = function(x)
        got = [shown(next(running))]
        function.__code__ = how(others).__code__
        gc.collect()
        got += [shown(v) for v in running] + [shown(v) for v in function(x)]
        results.append(got)
    assert results[0] == results[1]


def test_sites_given_back_do_not_bring_the_old_code_back():
    old, new = make("a * b + c"), make("[a, b, c]")
    buf = alloc.Buffer()
    twins = [alloc.bump(buf)(types.FunctionType(old.__code__, old.__globals__)) for _ in range(2)]
    assert twins[0].__code__ is twins[1].__code__  # one set of sites
    twins[0].__code__ = new.__code__
    for _ in range(2000):
        assert twins[1](1, 2, 3) == 5
    assert twins[1].__code__ is not new.__code__
    assert twins[0].__code__ is new.__code__


def test_a_function_with_other_code_can_be_bumped_again():
    function = bump(make("a * b + c"))
    function.__code__ = make("a - b").__code__
    assert made_from(function) is None
    again = bump(function)
    assert in_arena(again(*ARGUMENTS))
    assert again(*ARGUMENTS).tolist() == [-1.0] * 4
    assert alloc.profile(function, *ARGUMENTS).nbytes == 32
    assert "not bumped" in str(alloc.explain(function))


def test_a_function_with_the_code_of_a_bumped_one_can_be_bumped_again():
    function, source = bump(make("a * b + c")), bump(make("a - b"))
    function.__code__ = source.__code__
    for again in (alloc.bump(alloc.Buffer())(function), alloc.bump(alloc.Buffer())(source)):
        assert again(*ARGUMENTS).tolist() == [-1.0] * 4
    assert alloc.run(function, alloc.Buffer(), *ARGUMENTS).tolist() == [-1.0] * 4
    assert alloc.profile(function, *ARGUMENTS).result.tolist() == [-1.0] * 4
    alloc.explain(function)


@pytest.mark.parametrize("on", ["bumped", "method"])
def test_defaults_set_on_the_bumped_function(on):
    class Model:
        @alloc.bump(alloc.Buffer())
        def f(self, v, a=2.0, *, k=3.0):
            return v * a + k

    function = Model.f if on == "method" else bump_of_three(Model)
    call = functools.partial(function, None)
    x = np.ones(3)
    assert call(x).tolist() == [5.0] * 3
    function.__defaults__ = (4.0,)
    assert call(x).tolist() == [7.0] * 3
    function.__kwdefaults__["k"] = 10.0
    assert call(x).tolist() == [14.0] * 3
    function.__kwdefaults__ = {"k": 20.0}
    for same in (
        call,
        functools.partial(alloc.bump(alloc.Buffer())(function), None),
        lambda v: alloc.run(function, alloc.Buffer(), None, v),
        lambda v: alloc.profile(function, None, v).result,
        alloc.bump(alloc.Buffer())(lambda v: function(None, v)),
    ):
        assert same(x).tolist() == [24.0] * 3
    function.__defaults__ = None
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'a'"):
        call(x)


def bump_of_three(model):
    return alloc.bump(alloc.Buffer())(model.f.__wrapped__)


# ------------------------------------------------------------------ helpers that are entered


def holders():
    """Yield ways to reach a helper: its name, a function that calls it, and the helper."""

    def local(v, k=1.0):
        return v * 2.0 + k

    yield "closure", lambda v: local(v) - 1.0, local

    class Thing:
        def method(self, v, k=1.0):
            return v * 2.0 + k

        @staticmethod
        def static(v, k=1.0):
            return v * 2.0 + k

        @classmethod
        def of_class(cls, v, k=1.0):
            return v * 2.0 + k

        @property
        def doubled(self):
            return np.ones(3) * 2.0 + 1.0

        def __call__(self, v, k=1.0):
            return v * 2.0 + k

    thing = Thing()
    yield "method", lambda v: thing.method(v) - 1.0, Thing.method
    yield "static", lambda v: Thing.static(v) - 1.0, Thing.static
    yield "class method", lambda v: Thing.of_class(v) - 1.0, Thing.of_class.__func__
    yield "property", lambda v: thing.doubled * v, Thing.doubled.fget
    yield "callable", lambda v: thing(v) - 1.0, Thing.__call__
    partial = functools.partial(local, k=3.0)
    yield "partial", lambda v: partial(v) - 1.0, local
    yield "spread", lambda v: local(*(v,), **{}) - 1.0, local

    @functools.wraps(local)
    def wrapper(*args, **kwargs):
        return local(*args, **kwargs) * 3.0

    yield "wrapper", lambda v: wrapper(v) - 1.0, local

    def nested(v):
        return [local(u) for u in (v, v)]

    yield "nested", lambda v: nested(v)[1] + 1.0, local


@pytest.mark.parametrize("name", [name for name, _, _ in holders()])
@pytest.mark.parametrize("bumping", [False, True], ids=["plain code", "bumped code"])
def test_code_of_a_helper_is_replaced(name, bumping):
    (call, helper), x = next((c, h) for n, c, h in holders() if n == name), np.ones(3)

    def replacement(*args, **kwargs):
        return args[-1] * 100.0 if args and isinstance(args[-1], np.ndarray) else np.zeros(3)

    count = len(helper.__code__.co_freevars)
    assert count == 0
    function = run_a_while(alloc.bump(alloc.Buffer())(call), x)
    old = helper.__code__
    made = alloc.bump(alloc.Buffer())(replacement) if bumping else replacement
    for code in (made.__code__, old, made.__code__):
        helper.__code__ = code
        for _ in range(3):
            assert shown(function(x)) == shown(call(x))


@pytest.mark.parametrize("name", [n for n, _, _ in holders() if n != "property"])
def test_defaults_of_a_helper_are_replaced(name):
    (call, helper), x = next((c, h) for n, c, h in holders() if n == name), np.ones(3)
    function = run_a_while(alloc.bump(alloc.Buffer())(call), x)
    for value in (10.0, 20.0):
        helper.__defaults__ = (value,)
        for _ in range(2):
            assert shown(function(x)) == shown(call(x))


@pytest.mark.parametrize("function", [np.average, np.hstack, np.linalg.norm, np.std, np.sum])
def test_code_behind_a_function_of_numpy_is_replaced(function):
    inner = function._implementation
    x, old, defaults = np.ones((2, 3)), inner.__code__, inner.__defaults__

    def call(v):
        return function(v) * 1.0

    bumped = run_a_while(alloc.bump(alloc.Buffer())(call), x)
    try:
        inner.__code__ = (lambda *args, **kwargs: args[0] * 7.0).__code__
        assert shown(bumped(x)) == shown(call(x)) == shown(x * 7.0)
        inner.__code__ = old
        assert shown(bumped(x)) == shown(call(x))
        if function is np.linalg.norm:
            inner.__defaults__ = (1, *defaults[1:])
            assert shown(bumped(x)) == shown(call(x))
    finally:
        inner.__code__, inner.__defaults__ = old, defaults


def test_a_helper_is_bumped_itself_and_replaced():
    helper = alloc.bump(alloc.Buffer())(lambda v: v * 2.0)

    def f(v):
        return helper(v) + 1.0

    x = np.ones(3)
    function = run_a_while(alloc.bump(alloc.Buffer())(f), x)
    helper.__code__ = alloc.bump(alloc.Buffer())(lambda v: v - 5.0).__code__
    assert function(x).tolist() == f(x).tolist() == [-3.0] * 3
    helper.__code__ = (lambda v: v - 6.0).__code__
    assert function(x).tolist() == f(x).tolist() == [-4.0] * 3


def test_replaced_code_leaves_nothing_behind():
    buf = alloc.Buffer()

    def once(k):
        function = alloc.bump(buf)(make(f"a * {k}.0 + c"))
        run_a_while(function, *ARGUMENTS)
        source = alloc.bump(buf)(make(f"a - {k}.0"))
        function.__code__ = source.__code__
        function.__dict__ = source.__dict__
        function(*ARGUMENTS)
        return weakref.ref(function), weakref.ref(source), weakref.ref(function.__code__)

    dead = [once(k) for k in range(5)]
    for _ in range(3):
        gc.collect()
    assert [one() for row in dead for one in row] == [None] * 15
