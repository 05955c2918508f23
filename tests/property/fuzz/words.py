"""What programs with control flow are written with.

Braces stand for operands. What is listed several times is drawn more often. Nothing here shows the
sign of a NaN, which a region may choose otherwise, nor memory that was never written.
"""

from __future__ import annotations

HEADER = '''\
import contextlib
import warnings

import numpy as np
from numpy import add, exp, maximum, where


def filled(like, value):
    out = np.empty_like(like)
    out[...] = value
    return out


def scaled(x, y=0.5, *, by=2):
    t = x * y + by
    return t - x / 3


def doubled(x):
    x *= 2
    return x


def deep(x, n):
    if n <= 0:
        return x * 0.5 + 1
    y = x + n
    z = deep(y, n - 1)
    return z - y * 0.25


def pieces(x, n):
    total = x * 1
    for k in range(n):
        total = total + x * k
        got = yield total
        if got is not None:
            total = total - got
    return total * 2


class Failure(Exception):
    pass


class Swallow:
    """A context manager that counts in arrays, and swallows errors of some kinds."""

    def __init__(self, value, *kinds):
        self.value, self.kinds = value, kinds

    def __enter__(self):
        self.value = self.value * 2 - self.value
        return self.value

    def __exit__(self, kind, error, tb):
        self.value = self.value + 1
        return kind is not None and issubclass(kind, self.kinds)


'''
SUMS = ["({} + {})", "({} - {})", "({} * {})"]
BINARY = [*SUMS * 16, *["({} / {})"] * 4, "({} // {})", "({} % {})", "({} ** 2)", "({} ** 0.5)",
          "({} ** 2)", "({} @ {})", "({} & {})", "({} > {})", "({} == {})"]  # fmt: skip
ONE = ["(-{})", "abs({})", "np.exp(-abs({}))", "np.sqrt(abs({}))", "np.square({})", "np.sqrt({})",
       "np.sin({})", "np.tanh({})", "np.log({})", "({}).copy()", "({}).astype(float)", "exp({})",
       "({}).astype('f4')", "np.floor({})", "np.sign({})", "np.isfinite({})", "np.zeros_like({})",
       "np.ones_like({})", "({}).T.T", "np.asarray({})", "np.array({})", "np.cumsum({}, axis=-1)",
       "np.clip({}, -1, 2)", "np.atleast_1d({})", "np.nan_to_num({})", "np.sort({}, axis=-1)",
       "np.roll({}, 1)", "({})[::-1]", "({})[...]", "np.reciprocal({})",
       "filled({0}, {0})", "scaled({})", "deep({}, 2)", "np.real({})",
       "np.add.accumulate({})"]  # fmt: skip
TWO = ["np.minimum({}, {})", "maximum({}, {})", "add({}, {})", "np.multiply({}, {})",
       "np.subtract({}, {})", "np.divide({}, {})", "np.hypot({}, {})", "np.fmod({}, {})",
       "where({0} > 0, {0}, {1})", "np.where({} < {}, 0.5, 2)", "np.power({}, {})",
       "np.logical_and({}, {})", "scaled({}, {})", "scaled({}, by={})", "filled({}, {})",
       "np.where({1} > 0, {0}, 0)", "np.add({0}, {1}, out=np.zeros_like({0}))",
       "(lambda p, q=2: p * q + 1)({}, {})", "sum([q * {} for q in ({},)])",
       "np.concatenate([{}[..., :1], {}[..., 1:]], axis=-1)"]  # fmt: skip
REDUCED = ["np.sum({})", "({}).mean()", "({}).max()", "np.min({})", "float(np.sum({}))",
           "np.sum({}, axis=-1, keepdims=True)", "({}).sum(axis=0)", "np.mean({}, axis=0)",
           "np.dot({0}, {0})", "np.any({} > 0)", "np.argmax({})", "np.add.reduce({})",
           "({}).std()", "np.linalg.norm({})", "np.prod({}, axis=-1)", "len({})",
           "({}).item(0)", "np.count_nonzero({})", "({}).ravel()[0]",
           "np.max({}, axis=-1, keepdims=True)"]  # fmt: skip
NUMBERS = ["2", "0.5", "1", "-1.5", "3", "1e-3", "0", "a", "b", "n", "a * 2", "True", "1e200",
           "np.float32(0.1)", "np.pi", "(n + 1)", "1e308", "7"]  # fmt: skip
CUTS = ["{}[..., 1:]", "{}[..., :-1]"]
VIEWS = ["{}[...]", "{}[:]", "{}[::-1]", "{}.T", "{}[..., ::-1]", "{}.view()", "np.asarray({})",
         "{}.ravel()", "{}.real", "{}.swapaxes(0, -1)", "{}.squeeze()", "{}",
         "{0}.reshape(np.shape({0}))"]  # fmt: skip
PARTS = ["{}[..., 1:]", "{}[..., :-1]", "{}[..., 1:]", "{}[..., 1:][...]", "{}[..., :0:-1]"]
PLACES = ["{}[...]", "{}[...]", "{}[:]", "{}[..., ::-1]"]
PLACES_OF_ONE = ["{}[..., 1:]", "{}[..., :-1]", "{}[..., 0]", "{}[..., ::2]", "{}[0]", "{}[-1]",
                 "{}[1:]", "{0}[{0} > 0]", "{}[n:]", "{}[..., [0, -1]]"]  # fmt: skip
IN_PLACE = ["+", "-", "*"] * 12 + ["/", "//", "%", "**", "@", "&", "|"]
MISTAKES = ["np.ones(77)", "missing", "later", "{}[10**6]", "{}['no']", "s.no", "None", "{}.no",
            "np.no", "np.sum({}, axis=9)", "'x'", "{}[..., ..., 0]", "(1 / 0)", "{}[0.5]",
            "np.exp('x')", "int('x')", "{}.reshape(-1, 77)", "np.zeros(-1)", "{}(1)", "[][1]",
            "{{}}['key']", "scaled()", "next(iter(()))"]  # fmt: skip
TESTS = ["({} > 0).any()", "np.all({} < 1)", "float(np.sum({})) > a", "np.ndim({}) > 1",
         "np.size({}) > 4", "isinstance({}, np.ndarray)", "{} is not None", "np.max({}) >= 0",
         "len(kept) % 2", "len(kept) < 6", "n", "n > 1", "a < 1", "-1 < np.mean({}) < 1",
         "np.shape({}) == ()", "not n", "(n and {} is {})", "np.isfinite({}).all()",
         "n"]  # fmt: skip
ERRORS = ["Exception", "Exception", "Exception", "ValueError", "(TypeError, IndexError)",
          "ArithmeticError", "FloatingPointError", "NameError", "AttributeError", "Failure",
          "KeyError"]  # fmt: skip
MODES = ["raise", "warn", "ignore", "call", "raise"]
FILTERS = ["error", "error", "ignore", "once", "default"]
MANAGERS = ["contextlib.suppress({})", "Swallow({}, {})", "Swallow({}, {}) as {}",
            "contextlib.nullcontext({}) as {}", "np.errstate({})", "np.errstate({})",
            "warnings.catch_warnings()"]  # fmt: skip
