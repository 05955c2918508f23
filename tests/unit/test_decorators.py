"""Other decorators beside @bump, and where warnings about functions point to."""

import contextlib
import functools
import subprocess
import sys
import types
import warnings

import numpy as np
import pytest

import alloc_rewrite as alloc

from ..cores import in_arena


@pytest.fixture
def x():
    return np.arange(6.0)


def double(self, x=None):
    return np.asarray(self if x is None else x) * 2.0


class CompiledDispatcher(functools.partial):
    """What Numba and others make: an object that names the function that it compiles."""

    __module__ = "compilers.deep.inside"

    @property
    def py_func(self):
        return double


class DUFunc:
    """What `numba.vectorize` makes: its `__call__` is in Python, and leads to compiled code."""

    __module__ = "numba.np.ufunc.dufunc"
    __wrapped__ = staticmethod(double)

    def __call__(self, x):
        return double(x)


WRAPPERS = {
    "functools.lru_cache": functools.lru_cache(double),
    "functools.cached_property": functools.cached_property(double),
    "functools.singledispatchmethod": functools.singledispatchmethod(double),
    "compilers.CompiledDispatcher": CompiledDispatcher(len),
    "numba.vectorize": DUFunc(),
}
FORMS = {
    "bump": lambda target: alloc.bump(target),
    "bump()": lambda target: alloc.bump()(target),
    "bump(buf)": lambda target: alloc.bump(alloc.Buffer())(target),
    "bump(size)": lambda target: alloc.bump(4096)(target),
    "static": lambda target: alloc.bump(staticmethod(target)),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", WRAPPERS)
def test_what_another_decorator_made_is_refused_with_the_right_order(name, form):
    with pytest.raises(TypeError) as info:
        FORMS[form](WRAPPERS[name])
    text = str(info.value)
    assert text.startswith(f"bump: double is wrapped by {name} already")
    assert "put @bump underneath: " in text
    assert f"    @{name}\n    @alloc.bump\n    def double(self, x=None): ..." in text


@pytest.mark.parametrize("form", FORMS)
def test_partialmethod_is_refused(form):
    with pytest.raises(TypeError, match="put @bump underneath: functools") as info:
        FORMS[form](functools.partialmethod(double, x=1))
    assert str(info.value).endswith("functools.partialmethod(alloc.bump(double), ...)")


def test_the_other_order_works(x):
    class Model:
        @functools.cached_property
        @alloc.bump
        def cached(self):
            return np.ones(1000) * 2.0

        @functools.lru_cache  # noqa: B019
        @alloc.bump
        def listed(self, n):
            return np.ones(n) * 3.0

        part = functools.partialmethod(alloc.bump(double), x)

        @functools.singledispatchmethod
        @alloc.bump
        def kind(self, v):
            return np.ones(1000) * v

    model = Model()
    for made in (model.cached, model.listed(1000), model.kind(2.0)):
        assert in_arena(made)
    assert model.part().tolist() == (x * 2.0).tolist()

    @contextlib.contextmanager
    @alloc.bump
    def entered(v):
        yield v * 2.0

    with entered(x) as inside:
        assert inside.tolist() == (x * 2.0).tolist()


def test_a_context_manager_is_left_with_a_warning(x):
    @contextlib.contextmanager
    def entered(v):
        yield v * 2.0

    with pytest.warns(alloc.RewriteWarning, match="contextlib.contextmanager; put @bump under"):
        bumped = alloc.bump(entered)
    with bumped(x) as inside:
        assert inside.tolist() == (x * 2.0).tolist()


def test_single_dispatch_is_entered(x):
    @functools.singledispatch
    def kind(v):
        return "any"

    @kind.register
    def _(v: np.ndarray):
        return v * 2.0 + np.ones(6)

    bumped = alloc.bump(kind)
    assert in_arena(bumped(x))
    assert bumped("text") == "any"


def test_numba_compiles_the_original():
    numba = pytest.importorskip("numba")

    @numba.njit
    @alloc.bump
    def f(x):
        return x * 2.0 + 1.0

    x = np.arange(3.0)
    assert f(x).tolist() == [1.0, 3.0, 5.0]
    made = {
        "njit": f,
        "vectorize": numba.vectorize(lambda v: v * 2.0),
        "guvectorize": numba.guvectorize("(n)->(n)")(lambda v, out: None),
    }
    for name, target in made.items():
        with pytest.raises(TypeError, match=f"wrapped by numba.{name} already"):
            alloc.bump(target)


def test_bumped_functions_tell_numba_what_to_compile():
    bumped = alloc.bump(double)
    assert getattr(bumped, bumped.__numba__) is double


# ------------------------------------------------------------------ where warnings point to


class Names(dict):
    """Globals for which functions are refused."""


odd = types.FunctionType((lambda x, *_: x * 2.0).__code__, Names(globals()))


def odd_class():
    members = {"m": odd, "s": staticmethod(odd), "c": classmethod(odd), "p": property(odd)}
    return type("Odd", (), members)


def odd_method():
    return odd_class()().m


PLACES = {
    "bare": lambda: alloc.bump(odd),
    "nothing": lambda: alloc.bump()(odd),
    "buffer": lambda: alloc.bump(alloc.Buffer())(odd),
    "size": lambda: alloc.bump(4096)(odd),
    "policy": lambda: alloc.bump(alloc.Buffer(), exclude=["scipy"])(odd),
    "class": lambda: alloc.bump(odd_class()),
    "class into buffer": lambda: alloc.bump(alloc.Buffer())(odd_class()),
    "static": lambda: alloc.bump(staticmethod(odd)),
    "class method": lambda: alloc.bump(classmethod(odd)),
    "property": lambda: alloc.bump(property(odd, odd, odd)),
    "method": lambda: alloc.bump(odd_method()),
    "nested": lambda: alloc.bump(staticmethod(property(odd).fget)),
    "again": lambda: alloc.bump(alloc.bump(odd)),
    "run": lambda: alloc.run(odd, alloc.Buffer(), np.ones(2)),
    "map": lambda: list(map(alloc.bump, [odd])),
    "partial": lambda: functools.partial(alloc.bump, odd)(),
}


@pytest.mark.parametrize("form", PLACES)
def test_rewrite_warnings_point_at_the_line_that_bumps(form):
    call = PLACES[form]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        call()
    assert caught
    for warning in caught:
        assert warning.category is alloc.RewriteWarning
        assert warning.filename == __file__
        assert warning.lineno == call.__code__.co_firstlineno


@pytest.mark.parametrize("form", ["bump", "bump()", "bump(buf)", "bump(4096)"])
def test_rewrite_warnings_point_at_the_decorator(form):
    text = f"\n\n@other\n@alloc.{form}\ndef f(x):\n    return x * 2.0\n"
    names = Names(alloc=alloc, buf=alloc.Buffer(), other=lambda f: f, __name__="user")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        exec(compile(text, "user.py", "exec"), names)
    assert [(w.filename, w.lineno) for w in caught] == [("user.py", 4)]


@pytest.mark.parametrize("act", ["alloc.profile(odd, x)", "alloc.allocated(odd, x)"])
def test_a_dry_run_does_not_warn(act, x):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        eval(act, {"alloc": alloc, "odd": odd, "x": x})
        alloc.explain(odd)


def test_warnings_are_told_apart_by_module():
    """A filter for a user's module takes warnings about functions bumped there."""
    code = (
        "import warnings, alloc_rewrite as alloc, sys\n"
        "warnings.filterwarnings('error', module='__main__')\n"
        "import types\nclass Names(dict): pass\n"
        "odd = types.FunctionType((lambda x: x * 2).__code__, Names())\n"
        "try:\n    alloc.bump(odd)\nexcept alloc.RewriteWarning:\n    print('caught')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "caught\n"
