"""Exceptions in the middle: their type, text, notes, causes, and every line of the traceback."""

from __future__ import annotations

import contextlib

import numpy as np
import pytest

from .inputs import INPUTS

RAISING = [
    "a + v", "a @ b", "a + 'x'", "a + None", "a - text", "~a", "-q", "q - q2", "a & b", "a << 1",
    "a ** 'x'", "i ** -1", "dates + dates", "dates * 2", "text * 2", "a % 'x'", "a[99]",
    "a['x']", "a[1, 2, 3]",
    "a[1.5]", "v[[1, 99]]", "a < 'x'", "a < None", "obj < None", "1 @ a", "a @ 2", "np.exp('x')",
    "np.exp(obj)",
    "np.exp()", "np.exp(a, a, a)", "np.add(a, v)", "np.zeros((2, -1))", "np.zeros(2**62)",
    "np.arange()", "np.ones('x')",
    "np.array([1, 'x'], float)", "np.array([[1], [1, 2]])", "np.stack([a, v])",
    "np.concatenate([a, v])",
    "np.reshape(a, 7)", "a.reshape(7)", "a.sum(axis=7)", "a.max(axis=2)", "e.max()",
    "np.mean(a, axis=3)",
    "np.linalg.inv(np.zeros((3, 3)))", "np.linalg.solve(a, b)", "np.linalg.cholesky(-spd)",
    "np.dot(a, b)",
    "np.take(a, 99)", "a.take([99])", "np.pad(a, 'x')", "np.tile(a, 'x')", "np.repeat(a, -1)",
    "a.astype('nope')",
    "text.astype(float)", "np.einsum('ij,jk', a, b)", "np.cross(v, w)",
    "np.interp(a, [1, 2], [1])", "np.roll(a, 1, 5)",
    "np.percentile(a, 200)", "np.histogram(a, 0)", "np.gradient(one)", "np.where(q, a)",
    "np.split(v, 5)",
    "np.random.rand(-1)", "np.random.normal(0, -1, 3)", "rng.integers(5, 3)",
    "np.random.choice(0, 3)", "a.nope",
    "np.nope", "nope", "a()", "np.sum(a, axis=0, nope=1)", "np.sum()", "np.diff(a, n=-1)",
    "np.kron(a)",
    "abs(a, dtype=np.float32)", "abs(a, out=None)", "abs()", "abs(a, a)",
    "np.arange(start=5)", "np.arange(start=5, step=1)", "np.arange(step=1)",
    "a.reshape(3, 2, copy=None)", "a.reshape(3, 2, order='F', copy=None)",
    "a.reshape(3, 2, shape=(3, 2))", "a.reshape(3, 2, nope=1)",
    "np.full((2, 3), v)", "np.broadcast_to(a, (2, 2))", "frozen.sort()", "np.add(a, b, out=frozen)",
    "bool(a + b)", "float(a * 2)", "int(a + 1)", "hash(a + b)", "if_ = a + 1; (if_ and 1)",
    "not (a > b)", "a < b < a", "a in [b]",
    "next(iter([])) + a", "{}['x'] + a", "[][0] + a", "(1 / 0) * a", "a + (1 / 0)",
    "[x / y for x, y in zip([a, v], [v, a])]",
    "x = a + 1; y = x * 2; z = y + v", "np.add(a, np.multiply(b, v))", "(a * 2 + b) @ (a - b)",
    "a += v", "i += 0.5", "u += 300", "a @= b",
    "a[0] = v", "a[5] = 1", "a[a > 0] = [1, 2, 3]", "frozen += 1", "a.shape = (5,)",
    "a.flags.writeable = 'x'; a.sort(9)",
    "np.vectorize(lambda x: 1 / 0)(a)", "np.apply_along_axis(lambda x: x + v, 0, a)",
    "np.fromfunction(lambda i, j: i + v, (2, 2))",
    "np.fft.fft(a, 0)", "np.meshgrid(a, indexing='x')", "np.polyfit(v, w, -1)",
    "np.unravel_index(99, (2, 2))", "sum([a, v])",
    "max(a, b)", "sorted([a, b])", "list(map(lambda x: x + v, a))", "{a + b: 1}",
    "(lambda x: x + v)(a)", "np.einsum('ij', a + 1, optimize=1, nope=2)",
    "long = np.broadcast_to(1.0, 2**31); long + long[:, None]",
    "long = np.broadcast_to(1.0, 2**31); np.add(long, long[:, None])",
    "long = np.broadcast_to(1.0, 2**31); long * long[:, None] + 1",
]  # fmt: skip


@pytest.mark.parametrize("case", RAISING)
def test_raising(same, case):
    same.text(case)


class Broken:
    """Raises from wherever NumPy calls it."""

    def __init__(self, text):
        self.text = text

    def __array_ufunc__(self, *args, **kwargs):
        raise KeyError(self.text)

    def __array_function__(self, *args, **kwargs):
        raise LookupError(self.text)


class BrokenArray:
    calls = 0

    def __array__(self, dtype=None, copy=None):
        raise OSError("no array")


def deep(x, n):
    if n == 0:
        return x + np.ones(5)
    y = x * 2
    return deep(y, n - 1) + 1


def test_tracebacks_of_recursion(same):
    same(lambda x: deep(x, 6), INPUTS["a"])


def test_takeovers_that_raise(same):
    for f in (
        lambda x, y: x + y,
        lambda x, y: np.sum(y),
        lambda x, y: np.concatenate([x, y]),
        lambda x, y: np.asarray(y) * x,
        lambda x, y: x[y],
    ):
        same(f, INPUTS["a"], lambda: Broken("here"))
        same(f, INPUTS["a"], BrokenArray)


def test_what_was_done_before_the_error_stays(same):
    def f(x, log):
        x[0] = 1
        log.append(x + 1)
        x *= 2
        log.append(x.sum(axis=0))
        x += np.ones(7)
        log.append("never")

    same(f, INPUTS["a"], list)


def test_handlers_finally_and_else(same):
    def f(x, y):
        log = []
        for other in (y, x, 1, "x", None):
            try:
                z = x + other
            except ValueError as error:
                log.append(("value", str(error), x * 2))
            except TypeError as error:
                log.append(("type", type(error).__name__, x - 1))
                continue
            else:
                log.append(z)
            finally:
                log.append(x.sum())
        return log

    same(f, INPUTS["a"], INPUTS["v"])


def test_causes_contexts_and_notes(same):
    def inner(x):
        try:
            return x + np.ones(7)
        except ValueError as error:
            error.add_note("a note")
            raise RuntimeError("outer") from error

    def f(x):
        try:
            inner(x * 2)
        except RuntimeError:
            return x @ np.ones(9)

    same(f, INPUTS["a"])
    same(lambda x: inner(x), INPUTS["a"])


def test_exception_groups(same):
    def f(x):
        errors = []
        for n in (3, 4, 5):
            try:
                x + np.ones(n)
            except ValueError as error:
                errors.append(error)
        try:
            raise ExceptionGroup("all", errors)
        except* ValueError as group:
            seen = [str(e) for e in group.exceptions], x * 2
        return seen

    same(f, INPUTS["a"])


def test_errors_of_user_functions(same):
    def check(x, *, limit=1):
        if (x > limit).any():
            raise ValueError(f"{(x > limit).sum()} values above {limit}")
        return x

    def f(x):
        y = check(x / x.max())
        return y, check(
            x * 2 + y * 3,
            limit=2,
        )

    same(f, INPUTS["a"])


def test_errors_on_lines_of_a_long_expression(same):
    def f(x, y):
        return (
            x * 2
            + x.T.sum()
            - np.exp(
                x
            )
            + y
            * 3
        )  # fmt: skip

    same(f, INPUTS["a"], INPUTS["v"])
    same(f, INPUTS["a"], lambda: "x")


def test_errors_in_generators_and_context_managers(same):
    @contextlib.contextmanager
    def scaled(x):
        yield x * 2
        x += 1

    def rows(x):
        for row in x:
            yield row * np.ones(4)
        yield x + np.ones(9)

    def f(x):
        out = []
        with contextlib.suppress(ValueError), scaled(x) as y:
            out.extend(rows(y))
        return out, x

    same(f, INPUTS["a"])
    same(lambda x: list(rows(x)), INPUTS["a"])


def test_wrong_arguments_of_user_functions(same):
    def g(x, /, y, *, z=1):
        return x + y + z

    for f in (
        lambda x: g(x),
        lambda x: g(x, 1, 2),
        lambda x: g(x=x, y=1),
        lambda x: g(x, y=1, w=2),
        lambda x: g(x, *[1], **{"z": x, "y": 2}),
        lambda x: g(x, **{1: 2}),
        lambda x: g(*x, *x),
        lambda x: g(x, *5),
        lambda x: g(x, **[1]),
    ):
        same(f, INPUTS["a"])


def test_vectors_of_other_lengths_than_they_are_unpacked_into(same):
    def three(v):
        a, b, c = v
        return a, b, c

    for n in (3, 7, 1, 40):
        for v in (np.arange(float(n)), list(range(n)), np.ones((n, 2))):
            same(three, v)
