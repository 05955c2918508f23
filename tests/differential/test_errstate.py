"""Floating point errors and warnings: every mode of numpy.errstate, and where warnings point."""

from __future__ import annotations

import contextlib
import warnings

import numpy as np
import pytest

from .inputs import INPUTS

MODES = ["ignore", "warn", "raise", "call", "print", "log"]
OPERATIONS = {
    "divide": lambda x: x / 0.0,
    "divide by itself": lambda x: x / x,
    "invalid": lambda x: np.sqrt(x - 5),
    "overflow": lambda x: np.exp(x * 1000 + 1000),
    "underflow": lambda x: np.exp(-x * 10 - 745),
    "power": lambda x: (x + 10) ** 400.0,
    "integer division": lambda x: np.arange(4) // 0,
    "integer remainder": lambda x: np.arange(4) % np.zeros(4, int),
    "log": lambda x: np.log(x),
    "comparison": lambda x: (x / x) < 1,
    "cast": lambda x: (x * 1e300).astype(np.float32),
    "cast to int": lambda x: (x / 0.0).astype(np.int64),
    "sum": lambda x: np.sum(np.array([1e308, 1e308, x[0]]) * 1.0),
    "reduce": lambda x: np.multiply.reduce(np.full((2, 3), 1e200), axis=0),
    "accumulate": lambda x: np.cumprod(np.full(4, 1e200)),
    "mean": lambda x: np.full((2, 3), 1e308).mean(axis=0),
    "matmul": lambda x: np.full((2, 2), 1e200) @ np.full((2, 2), 1e200),
    "subtract infinities": lambda x: np.array([np.inf, 1]) - np.array([np.inf, 2]),
    "float16": lambda x: np.full(3, 6e4, np.float16) * np.float16(2),
    "float16 sum": lambda x: np.full((3, 2), 6e4, np.float16).sum(axis=0),
    "complex": lambda x: np.array([1 + 1j, 0j]) / np.array([0j, 0j]),
    "complex comparison": lambda x: np.array([complex(np.nan, 1), 1j]) < np.array([1j, 2j]),
    "scalar": lambda x: np.float64(1) / np.float64(0),
    "in place": lambda x: x.__itruediv__(0.0),
    "outer": lambda x: np.divide.outer(x, np.zeros(2)),
    "where": lambda x: np.where(x > 0, 1 / x, 0),
    "std": lambda x: np.full((2, 3), 1e200).std(axis=0),
    "norm": lambda x: np.linalg.norm(np.full((2, 3), 1e200), axis=0),
    "inverse": lambda x: np.linalg.inv(np.eye(3) * 1e-320),
    "cov": lambda x: np.cov(np.full((2, 3), 1e200) * np.arange(3)),
    "int8 abs": lambda x: abs(np.array([-128], np.int8)),
    "shifts": lambda x: np.array([1]) << np.array([100]),
    "float32 scalar": lambda x: np.full(3, 1, np.float32) * 1e300,
    "float16 scalar": lambda x: np.full(3, 1, np.float16) < 1e300,
    "uint8 out of range": lambda x: np.full(3, 1, np.uint8) + 300,
}


class Log:
    def __init__(self):
        self.seen = []

    def write(self, text):
        self.seen.append(text)

    def __call__(self, kind, flag):
        self.seen.append((kind, flag))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", OPERATIONS)
def test_modes(same, name, mode):
    operation = OPERATIONS[name]

    def f(x):
        log = Log()
        with np.errstate(all=mode, call=log):
            result = operation(x), operation(x + 0.5)
        return result, log.seen

    same(f, lambda: np.array([0.0, 1.0, 2.0]))


@pytest.mark.parametrize("name", OPERATIONS)
def test_a_state_set_by_the_caller(same, name):
    operation = OPERATIONS[name]
    with np.errstate(divide="raise", over="ignore", invalid="warn", under="warn"):
        same(lambda x: operation(x), lambda: np.array([0.0, 1.0, 2.0]))


@pytest.mark.parametrize("mode", MODES)
def test_states_of_callees(same, mode):
    def inner(x):
        return x / 0

    @np.errstate(all="ignore")
    def quiet(x):
        return inner(x)

    def f(x):
        log = Log()
        with np.errstate(all=mode, call=log):
            with np.errstate(divide="ignore"):
                first = inner(x)
            return first, quiet(x), inner(x), log.seen, np.geterr()

    same(f, INPUTS["a"])
    same(f, INPUTS["zeros"])


def test_seterr_is_seen_and_kept(same):
    def f(x):
        old = np.seterr(all="ignore")
        y = x / 0
        np.seterr(**old)
        return y, old, np.geterr()

    same(f, INPUTS["zeros"])


def test_the_first_error_stops_the_function(same):
    def f(x):
        done = []
        try:
            with np.errstate(all="raise"):
                done.append(x + 1)
                done.append(x / 0)
                done.append(x + 2)
        except FloatingPointError as error:
            return done, str(error)

    same(f, INPUTS["a"])


# ------------------------------------------------------------------------------ warnings


def complain(text="careful", level=2):
    warnings.warn(text, UserWarning, stacklevel=level)


def checked(x, level):
    if (x < 0).any():
        complain("negative", level)
    return abs(x)


@pytest.mark.parametrize("level", [1, 2, 3])
def test_stacklevel(same, level):
    def f(x):
        y = checked(x, level)
        y = y + checked(-y, level)
        return y

    same(f, INPUTS["a"])


@pytest.mark.parametrize("filter_", ["error", "ignore", "once", "default", "module"])
def test_filters(same, filter_):
    def f(x):
        with warnings.catch_warnings():
            warnings.simplefilter(filter_)
            y = x / 0
            z = [x / 0 for _ in range(3)]
            return y, z

    same(f, INPUTS["zeros"])
    same(f, INPUTS["a"])


def test_a_warning_as_an_error_in_the_middle(same):
    def f(x):
        out = np.zeros_like(x)
        with contextlib.suppress(RuntimeWarning), warnings.catch_warnings():
            warnings.simplefilter("error")
            out += x * 2
            out += x / 0
            out += 100
        return out

    same(f, INPUTS["a"])


WARNING = [
    "np.mean(ev)",
    "np.mean(e, axis=0)",
    "np.var(ev), np.std(e, axis=0)",
    "np.nanmean(holes * np.nan, axis=0)",
    "np.nanmax(np.full((2, 3), np.nan), axis=0)",
    "np.corrcoef(np.ones((2, 3)))",
    "np.cov(np.ones((1, 1)))",
    "np.polyfit(np.zeros(3), np.ones(3), 2)",
    "np.log(-positive), np.log(zeros)",
    "1 / zeros + a / zeros",
    "a / zeros * (b / zeros)",
    "np.array([1e300]) * 1e300",
    "z.astype(float)",
    "z.real + np.asarray(z, dtype=float)",
    "np.array(z, dtype=np.float32)",
    "np.arange(3) // 0",
    "h * 1e4 * 1e4",
    "np.linalg.norm(np.full(3, 1e200))",
    "np.power(zeros, -1)",
    "np.reciprocal(np.zeros(3)), np.reciprocal(np.zeros(3, int))",
    "np.average(a, weights=zeros)",
    "np.interp(v, [0, 1], [np.inf, 1]) * 0",
    "np.sqrt(n), np.log(n), np.exp(n), n - n, n * 0, n / n",
    "n4 * n4, n2 * n2, n2 + n2, n4.astype(np.float16)",
    "n.astype(int), n.astype(np.uint8), n.astype(np.float32), n.astype(bool), n.astype(complex)",
    "np.sum(n, axis=0), np.sum(n), np.prod(n, axis=1), np.cumsum(n), np.max(n, axis=0)",
    "np.sort(n), np.argsort(n), np.argmax(n, axis=1), np.median(n, axis=1), np.unique(n)",
    "np.percentile(n, 30, axis=1)",
    "n @ n.T, np.dot(n, n.T), np.cross(n[:, :3], n[:, 3:6])",
    "np.maximum(n, n[::-1]), np.minimum(n, 0), np.fmax(n, 1), np.clip(n, -1, 1)",
    "np.floor_divide(n, n), np.remainder(n, 2), np.divmod(n, 0)",
    "np.sin(n), np.tan(n), np.arctan2(n, n[::-1]), np.hypot(n, n), np.cbrt(n), np.log1p(n)",
    "np.round(n, 2), np.round(n4, 3), np.rint(n)",
    "np.where(n > 0, n, -n), np.abs(n), np.copysign(n, -1), np.nextafter(n, 0)",
]  # fmt: skip


@pytest.mark.parametrize("case", WARNING)
def test_warnings_of_numpy(same, case):
    same.text(case)
