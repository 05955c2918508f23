"""Names of NumPy's that other code replaces: a bumped function follows what they mean now."""

import builtins
import subprocess
import sys

import numpy as np
import pytest

import alloc_rewrite as alloc


def _names() -> list[str]:
    ufuncs = [name for name, value in vars(np).items() if type(value) is np.ufunc]
    functions = "where clip sum mean concatenate stack zeros ones full empty_like result_type"
    others = "array asarray expand_dims moveaxis broadcast_shapes arange shape geterr geterrcall"
    return sorted(ufuncs) + functions.split() + others.split()


def choices(x, y):
    return np.where(x > 1, x, y) + 1, np.clip(x, 0, 1) * 2, np.where(x > 1, x, 1.0)


def operators(x, y):
    return x**2 + y, x**0.5, x**y, (x + 1) ** -1, abs(x - 1) + y, x @ y, (x + y) * (x - y), -x


def methods(x, y):
    return (
        x.sum(),
        x.mean() + 1,
        x.reshape(2, 4).sum(axis=0),
        x.round(1),
        x.clip(0, 1),
        x.astype("f4"),
    )


def calls(x, y):
    return np.tan(x) + y, np.copysign(x, y), np.linspace(0, 1, 4), np.matmul(x, y)


def replacements():
    yield lambda *args, **kwargs: np.float64(7)
    yield np.hypot
    yield np.frompyfunc(lambda a, b: 3, 2, 1)


@pytest.mark.parametrize("function", [choices, operators, methods, calls])
@pytest.mark.parametrize("before", [0, 4])
def test_a_replaced_name_counts_where_plain_code_reads_it(function, before, monkeypatch):
    x, y = np.arange(8.0) / 3, np.ones(8)
    for name in _names():
        for replacement in replacements():
            bumped = alloc.bump(alloc.Buffer())(function)
            for _ in range(before):
                bumped(x, y)
            with monkeypatch.context() as patch:
                patch.setattr(np, name, replacement)
                expected = _outcome(function, x, y)
                seen = [_outcome(bumped, x, y) for _ in range(3)]
            for one in seen:
                assert _same(one, expected), (name, replacement)


REPLACED_BEFORE_IMPORT = """
import functools
import sys

import numpy as np

names = (
    "where clip zeros ones full empty_like sum mean stack concatenate array asarray result_type "
    "sqrt exp maximum matmul power square dot diff geterr"
).split()
originals = {name: getattr(np, name) for name in names}


def replaced(original):
    @functools.wraps(original)
    def call(*args, **kwargs):
        calls.append(original.__name__)
        return original(*args, **kwargs)

    return call


calls = []
vars(np).update({name: replaced(original) for name, original in originals.items()})
import alloc_rewrite as alloc

assert all(getattr(np, name) is not original for name, original in originals.items())


def choices(x):
    return np.where(x > 1, x, 0.0) + np.clip(x, 0, 1) * np.maximum(x, 1) + np.zeros(3)


def others(x):
    return np.sqrt(np.exp(x)) + np.concatenate([x[:1], x[1:]]) + np.sum(x) + x**2 + x @ x


for function in choices, others:
    bumped = alloc.bump(alloc.Buffer())(function)
    for _ in range(4):
        calls.clear()
        expected, expected_calls = function(originals["array"]([0.5, 1.5, 2.5])), calls[:]
        calls.clear()
        seen = bumped(originals["array"]([0.5, 1.5, 2.5]))
        assert seen.tobytes() == expected.tobytes()
        assert calls == expected_calls, (calls, expected_calls)
"""


def test_a_name_replaced_before_the_import_is_not_taken_for_numpys():
    subprocess.run([sys.executable, "-c", REPLACED_BEFORE_IMPORT], check=True)


@pytest.mark.parametrize("before", [0, 4])
@pytest.mark.parametrize("replacement", [lambda value: value * 7, np.exp])
def test_a_replaced_builtin_counts(before, replacement, monkeypatch):
    def function(x):
        return abs(x) + 1, abs(x)

    x = np.array([-1.0, 2.0])
    bumped = alloc.bump(alloc.Buffer())(function)
    for _ in range(before):
        bumped(x)
    with monkeypatch.context() as patch:
        patch.setattr(builtins, "abs", replacement)
        expected, seen = function(x), [bumped(x) for _ in range(3)]
    assert all(_same(one, expected) for one in seen)


def _outcome(function, *args):
    try:
        return function(*args)
    except Exception as error:
        return type(error), str(error)


def _same(one, other):
    if isinstance(one, tuple) and isinstance(other, tuple):
        return len(one) == len(other) and all(map(_same, one, other))
    return type(one) is type(other) and (
        one.dtype == other.dtype and one.tobytes() == other.tobytes()
        if isinstance(one, np.ndarray | np.generic) and one.dtype != object
        else repr(one) == repr(other)
    )
