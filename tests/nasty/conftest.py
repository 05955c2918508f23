"""One fixture runs a shape of code plain, and then bumped, run or profiled, and compares."""

import copy

import numpy as np
import pytest

import alloc_rewrite as alloc


def exactly(value):
    """Return a value in a form whose equality means: the same to the bit."""
    if isinstance(value, np.ndarray):
        if value.dtype.hasobject:
            return "array", value.dtype.str, value.shape, exactly(value.tolist())
        return "array", value.dtype.str, value.shape, value.strides, value.tobytes()
    if isinstance(value, np.generic):
        return "scalar", value.dtype.str, value.tobytes()
    if isinstance(value, tuple | list):
        return type(value).__name__, [exactly(item) for item in value]
    if isinstance(value, dict):
        return "dict", [(exactly(k), exactly(v)) for k, v in value.items()]
    if isinstance(value, set | frozenset):
        return type(value).__name__, sorted(repr(exactly(item)) for item in value)
    if isinstance(value, BaseException):
        inner = exactly(value.exceptions) if isinstance(value, BaseExceptionGroup) else None
        return type(value), str(value), inner, type(value.__cause__), type(value.__context__)
    return type(value).__name__, repr(value)


def outcome(call):
    """Return what a call returned or raised, comparable."""
    try:
        return "returned", exactly(call())
    except Exception as error:
        return "raised", exactly(error)


class Shapes:
    """Runs functions in one of the three ways, and compares with the plain function."""

    def __init__(self, way):
        self.way = way
        self.calls = 100 if way == "bump" else 3  # enough to give sites back

    def same(self, function, *args, use=None):
        """Compare ``use(function, *args)``, by default a call of it, several times."""
        use = use or (lambda f, *a: f(*a))
        expected = outcome(lambda: use(function, *copy.deepcopy(args)))
        if self.way == "bump":
            buffer = alloc.Buffer()
            bumped = alloc.bump(buffer)(function)
            assert bumped.__code__ is not function.__code__, "not rewritten"
            calls = [lambda: use(bumped, *copy.deepcopy(args))] * self.calls
        elif self.way == "run":
            buffer = alloc.Buffer()

            def through_run(*a, **k):
                return alloc.run(function, buffer, *a, **k)

            calls = [lambda: use(through_run, *copy.deepcopy(args))] * self.calls
        else:

            def through_profile(*a, **k):
                return alloc.profile(function, *a, **k).result

            calls = [lambda: use(through_profile, *copy.deepcopy(args))]
        for i, call in enumerate(calls):
            assert outcome(call) == expected, f"call {i}"
        return expected


@pytest.fixture(params=["bump", "run", "profile"])
def shapes(request):
    return Shapes(request.param)


@pytest.fixture
def same(shapes):
    return shapes.same


@pytest.fixture
def x():
    return np.arange(1.0, 7.0)
