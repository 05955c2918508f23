"""What straight-line programs are written with: operators, functions, numbers and mistakes.

Braces stand for operands. What is listed several times is drawn more often.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

HEADER = """\
from numpy import add, exp, maximum, where

def scaled(x, y):
    t = x * y + 0.5
    return t - x / 3

def doubled(x):
    x *= 2
    return x

def made(c):
    def exchange(value):
        nonlocal c
        before, c = c, value
        return before

    def program({arguments}):
{body}

    return program, exchange
"""
_SUMS = ["({} + {})", "({} - {})", "({} * {})"]
_BITS = ["({} & {})", "({} | {})", "({} ^ {})"]
_COMPARED = ["({} < {})", "({} <= {})", "({} > {})", "({} >= {})", "({} == {})", "({} != {})"]
_DIVISIONS = ["({} // {})", "({} % {})"]
OPERATORS = {  # by the kind of the left operand's dtype
    "f": [*_SUMS * 14, *["({} / {})"] * 4, *_DIVISIONS, "({} ** {})", *_COMPARED[::3]],
    "i": [*_SUMS * 4, *_DIVISIONS * 2, *_BITS * 2, "({} / {})", *_COMPARED, "({} << {})"],
    "b": [*_BITS * 4, *_SUMS, *_COMPARED],
    "M": ["({} - {})", "({} + {})", *_COMPARED],
}
OPERATORS["u"] = OPERATORS["i"]
ONE = ["-{}", "abs({})", "({} ** 2)", "np.exp(-abs({}))", "np.sqrt(abs({}))", "np.square({})",
       "({} * {})", "exp({})", "np.sqrt({})", "np.log({})", "np.sin({})", "np.tanh({})",
       "np.negative({})", "np.absolute({})", "+{}", "~{}", "({} ** 0.5)", "({}).copy()",
       "({}).astype('f8')", "({}).astype(np.float32)", "({}).astype(int)", "np.floor({})",
       "np.sign({})", "np.isfinite({})", "np.isnan({})", "np.logical_not({})", "np.conj({})",
       "({}).real", "np.reciprocal({})", "np.rint({})", "np.zeros_like({})", "np.cbrt({})",
       "({} + np.ones_like({}))", "np.cumsum({}, axis=-1)"]  # fmt: skip
ONE = [one.replace("{}", "{0}") for one in ONE]
TWO = ["np.minimum({}, {})", "np.maximum({}, {})", "maximum({}, {})", "add({}, {})",
       "np.multiply({}, {})", "np.subtract({}, {})", "np.divide({}, {})", "np.clip({}, {}, 2)",
       "np.clip({}, 0, {})", "np.hypot({}, {})", "np.arctan2({}, {})",
       "np.fmod({}, {})", "np.logical_and({}, {})", "np.greater({}, {})", "np.power({}, {})",
       "np.where({0} > {1}, {0}, {1})", "np.where({} > 0, {}, 0.0)",
       "({}).clip(-1, {})"]  # fmt: skip
CONDITIONS = ["({} > {})", "({} <= {})", "({} != {})", "np.less({}, {})", "(({} > 0) & ({} < 1))",
              "({} > 0)", "{}"]  # fmt: skip
REDUCED = ["np.sum({}, axis={}, keepdims=True)", "({}).max(axis={}, keepdims=True)",
           "np.mean({}, axis={}, keepdims=True)", "({}).min(axis={}, keepdims=True)",
           "np.add.reduce({}, axis={}, keepdims=True)"]  # fmt: skip
ENDING = ["np.sum({})", "np.sum({}, axis=-1)", "({}).mean()", "({}).sum(axis=0)", "np.mean({}, -1)",
          "np.max({})", "({}).min(axis=-1)", "np.prod({}, axis=0)", "np.any({} > 0)",
          "np.all({} < 1, axis=0)", "({}).std()", "np.argmax({})", "np.dot({0}, {0})",
          "np.add.reduce({}, axis=0, keepdims=True)", "np.sqrt(np.sum({} ** 2, axis=-1))",
          "float(np.sum({}))", "np.count_nonzero({})"]  # fmt: skip
SYMBOLS = ["+", "-", "*"] * 4 + ["/", "/", "//", "%", "**", "&", "|", "^"]
SCALARS = ["2", "0.5", "1", "a", "b", "-1.5", "3", "1e-3", "(a + 1)", "i", "0", "(i - j) / 2",
           "True", "np.float32(0.1)", "np.pi", "1e200", "s.scale"]  # fmt: skip
VALUES = [2.5, -0.5, 3, 1.0, np.float64(1.5), np.float32(0.1), np.int8(3), 2**40, 0.0, True,
          1e300, float("nan"), float("inf"), np.float16(2), np.array(0.25), np.longdouble(2),
          1j, 0]  # fmt: skip
MISTAKES = ["np.ones(77)", "missing", "later", "{}[10**6]", "{}['no']", "s.no", "None", "{}.no",
            "np.no", "np.sum({}, axis=9)", "'x'", "{}[..., ..., 0]", "(1 / 0)", "{}[0.5]",
            "np.exp('x')"]  # fmt: skip
PARTS = [":", "1:", ":-1", "1:-1", "::2", "1::2", "::-1", "i:", ":-1", "0", "-1", "i", "1:-1", "w"]
CALLS = ["scaled({}, {})", "doubled({})", "[q * 2 for q in {}]", "(lambda q: q * {})({})"]
MODES = ["raise", "warn", "ignore", "call", "raise"]
FILTERS = ["error", "error", "ignore", "once", "default"]


@dataclass(frozen=True, repr=False)
class Emphasis:
    """What programs are mostly made of, and the dtypes and shapes of their arguments."""

    statements: tuple[str, ...]  # names of methods of `Writer`
    nodes: tuple[str, ...]  # kinds of expressions, as in `Writer.expression`
    dtypes: tuple[tuple[str, ...], ...]  # families from which the arguments of a program are
    shapes: tuple[tuple[int, ...], ...]
    depth: int = 3
    length: tuple[int, int] = (2, 9)
    special: float = 0.3  # how often the first values have NaNs, infinities and limits
    calm: float = 0.7  # how often nothing warns at the first values
    share: float = 1.0  # of the number of examples


_CHAINS = ("assign",) * 9 + ("update", "keep", "twice", "dead", "alias", "reduce", "store")
_EVERYTHING = (
    *("assign", "update", "store", "keep") * 2,
    *("alias", "dead", "twice", "swap", "attribute", "reduce", "call", "delete", "loop"),
    *("guarded", "state", "filtered", "condition", "mistake"),
)
_STORES = ("store", "update") * 3 + ("assign", "loop", "alias", "swap")
_ARITHMETIC = ("binary",) * 8 + ("one", "two", "where", "again")
_TERMS = ("binary",) * 8 + ("one", "two", "again", "turned")
_NODES = ("binary",) * 7 + ("one", "two") * 2 + ("where", "again", "reduced", "turned", "viewed")
_REALS = (("f8",), ("f8",), ("f8",), ("f4",), ("f8", "f4"), ("f8", "i8"))
_COMPLEX = (("c16",), ("c8", "f4"), ("c16", "f8"))
_FLOATS = (*_REALS, ("c16", "f8"))
_ALL = (
    ("f2",), ("g", "f8"), ("c8", "c16", "f4"), ("i8",), ("i1", "u1", "i2"), ("u8", "i8", "f8"),
    ("?",), ("?", "i4", "f4"), ("M8[D]", "m8[D]", "m8[h]", "i8"), ("m8[s]", "i4"), ("O", "f8"),
    (">f8", "f8"), ("f8", "f4", "f2", "g"), ("?", "i1", "u4", "i8", "f2", "f8", "c16"),
)  # fmt: skip
SHAPES = (
    (5,), (17,), (3, 4), (40,), (6, 6), (2, 3, 4), (5, 3), (), (1,), (2,), (1, 5), (4, 1), (13, 3),
    (3, 1, 2), (0,), (3, 0), (127,), (33, 4),
)  # fmt: skip
_MIDDLE = ((3000,), (8193,), (150, 70), (3, 2100), (2100, 3), (20, 20, 20))
_LARGE = ((3000,), (8193,), (70_000,), (300, 70), (3, 12_000), (12_000, 3), (20, 20, 20))
EMPHASES = {
    "arithmetic": Emphasis(
        _CHAINS, _ARITHMETIC, _FLOATS, SHAPES, depth=5, length=(2, 12), special=0.2, calm=0.8
    ),
    "stencils": Emphasis(_STORES, _TERMS, _FLOATS, SHAPES, special=0.1),
    "faults": Emphasis(
        ("state", "filtered", "guarded", "assign", "assign", "update", "store", "mistake"),
        _ARITHMETIC,
        (*_FLOATS, ("f2",), ("i8", "i4")),
        SHAPES,
        special=0.7,
        calm=0.3,
    ),
    "kinds": Emphasis(_CHAINS, _NODES, _ALL, SHAPES, depth=3, special=0.4),
    "everything": Emphasis(_EVERYTHING, _NODES, (*_FLOATS, *_ALL), SHAPES, depth=3, length=(3, 12)),
    "blocks": Emphasis(
        (*_CHAINS, "reduce", "update", "store"),
        _ARITHMETIC,
        (*_REALS, ("f2",), ("i4", "f4")),
        _LARGE,
        depth=4,
        length=(1, 5),
        share=0.7,
    ),
    "stencils of blocks": Emphasis(_STORES, _TERMS, _REALS, _MIDDLE, length=(1, 4), share=0.5),
    # No larger ones: from 256 KiB on NumPy turns `x * (x + 1)` around, which shows in its bits.
    "complex blocks": Emphasis(_CHAINS, _ARITHMETIC, _COMPLEX, _MIDDLE, length=(1, 5), share=0.3),
}
