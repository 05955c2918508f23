"""Keyword arguments of calls in loops: axes, dtypes, `keepdims`, `out`."""

import numpy as np
import pytest

import alloc_rewrite as alloc

from .comparing import compared, compiled

REDUCTIONS = (
    "np.sum(a, axis=0)", "a.sum(axis=1)", "np.sum(a, -1)", "a.sum(axis=-2, keepdims=True)",
    "np.mean(a, axis=1, keepdims=True)", "a.mean(0)", "a.max(axis=1)", "np.min(a, axis=0)",
    "np.prod(a, axis=1)", "np.max(a, axis=0, keepdims=True)", "np.any(a > 1.0, axis=1)",
    "np.all(a > 0.2, axis=0)", "np.sum(a * 2.0, axis=1)",
)  # fmt: skip
MAKING = (
    "np.zeros(3, dtype=np.int64)", "np.zeros(shape=(2, 3), dtype='f4')", "np.ones(4, dtype=float)",
    "np.full(fill_value=3, shape=2)", "np.full(3, 2.5, dtype=np.float64)",
    "np.array([1, 2.5], dtype=float)", "np.array([1, 2], dtype=np.float64)", "np.asarray(x)",
    "np.asarray([1.0, s], dtype=np.float64)", "np.zeros_like(x, dtype=np.int64)",
    "np.array(x, dtype=np.float64)", "np.ones_like(a=x)",
)  # fmt: skip


def made(text, result="v"):
    body = text.strip().replace("\n", "\n        ")
    lines = f"def f(a, x, y, n):\n    s = 0.0\n    v = None\n    for i in range(n):\n        {body}"
    names = {"np": np}
    exec(f"{lines}\n        s += 0.5\n    return s, {result}\n", names)
    return names["f"]


def arguments(shape=(4, 5), dtype="f8"):
    draw = np.random.default_rng(3)
    a = (draw.random(shape) * 3 - 1).astype(dtype)
    return a, draw.random(4), draw.random(4), 6


@pytest.mark.parametrize("texts", [REDUCTIONS[:6], REDUCTIONS[6:]])
def test_reductions_along_axes(texts):
    names = [f"v{i}" for i in range(len(texts))]
    lines = [" = ".join(pair) for pair in zip(names, texts)]
    f = made("\n".join([*lines, "a[i % 2, i % 2] += 1"]), ", ".join(names))
    g = alloc.bump(f)
    assert compared(f, *arguments(), g=g)[0].hits
    for shape, dtype in (((9, 300), "f8"), ((300, 9), "f4"), ((2, 2), "i8")):
        compared(f, *arguments(shape, dtype), times=2, g=g)


def test_reductions_of_special_values_and_layouts():
    f = made(
        "v = np.sum(a, axis=0)\nw = np.sum(a, axis=1)\nu = a.max(axis=1)\nt = a.min(axis=0)",
        "t, u, v, w",
    )
    a, x, y, n = arguments()
    a[1] = -0.0
    a[:, 2] = -0.0
    a[3, 3] = np.nan
    g = alloc.bump(f)
    for given in (a, np.asfortranarray(a), a[::2], a.T, a[:, ::-1], a[:0], a[:, :1], a[:1]):
        compared(f, given, x, y, n, g=g)


def test_arrays_that_are_made():
    lines = [f"v = {one}\ns = s + v.sum()" for one in MAKING]
    compiled(made("\n".join(lines) + "\nx[i % 3] += 1"), *arguments())


def test_results_that_go_into_given_arrays():
    f = made("np.maximum(x, y, out=x)\nv = np.add(x, y * s, out=y)\nnp.sin(x[1:], out=x[:-1])")
    compiled(f, *arguments())
    a, x, y, n = arguments()
    g = alloc.bump(f)
    for other in (x[::-1], y[:3], y.astype("f4")):
        compared(f, a, x, other, n, g=g)
    y.flags.writeable = False
    compared(f, a, x, y, n, g=g)


def test_other_keywords_are_left_to_the_original_code():
    texts = (
        "s = min([x[1], s], key=float)", "s = np.sum(x, initial=1.0)", "s = sum(x, start=2)",
        "s = round(s, ndigits=1)", "s = np.sum(x, axis=i)",
    )  # fmt: skip
    for text in texts:
        compared(made(text), *arguments())


def test_what_keepdims_can_not_be():
    for text in ("np.max(a, axis=0, keepdims=None)", "a.sum(0, None, None, None)"):
        compared(made(f"v = {text}"), *arguments(), times=2)


def scaled(x, a, b=2.0):
    return x * a + b


def test_arguments_of_a_tuple():
    def f(x, args, n):
        call = lambda t, x, f=scaled: f(x, *args) + t  # noqa: E731, as libraries do it
        pair = (0.5, x)
        for i in range(n):
            x = call(i, x) + scaled(*pair) + scaled(x, *args) + max(1.0, *args)
        return x

    compiled(f, 1.0, (0.5, 0.25), 6)
    compiled(f, 1.0, (0.5,), 6)
    compared(f, 1.0, (0.5, 0.25, 1.0), 6)
    compared(f, 1.0, [0.5, 0.25], 6)
