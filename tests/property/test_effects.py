"""Several stores and operators in place in one region, over arrays that share memory in any way."""

from __future__ import annotations

import gc
import random
import sys
import warnings

import numpy as np
import pytest

import alloc_rewrite as alloc
from alloc_rewrite import cores

from .drawn import made

NAMES = ("a", "b", "c")
SLICES = ("[1:]", "[:-1]", "[::2]", "[::-1]", "[1:-1]", "[:]", "[2:]", "[:-2]", "[1::2]")
BINARY = ("+", "-", "*", "/")
UNARY = ("np.sqrt({})", "np.abs({})", "np.exp({})", "-{}", "np.maximum({}, 0.5)", "{} ** 2",
         "np.copy({})")  # fmt: skip
REDUCTIONS = ("{}.max()", "np.sum({})", "{}.mean()", "np.std({})", "np.min({}, keepdims=True)",
              "np.linalg.norm({})", "{}.var(ddof=1)")  # fmt: skip
MODES = ("warn", "ignore", "raise")


class Writer:
    """Draws the text of a function that changes its arguments."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.locals: list[str] = []
        self.reduced: list[str] = []

    def pick(self, options):
        return self.random.choice(options)

    def view(self) -> str:
        return self.pick(NAMES) + self.pick(SLICES)

    def operand(self) -> str:
        kind = self.random.random()
        if kind < 0.6:
            return self.pick(NAMES) + "[i:j]"
        if kind < 0.8 and self.locals:
            return self.pick(self.locals)
        if kind < 0.83:
            return f"{self.pick(NAMES)}[{self.pick((0, 1, -2))}]"
        if kind < 0.835:
            return f"{self.pick(NAMES)}[k][:1]"
        if kind < 0.89:
            return self.pick(REDUCTIONS).format(f"{self.pick(NAMES)}[i:j]")
        if kind < 0.91 and self.reduced:
            return self.pick(self.reduced)
        return self.pick(("s", "2.0", "0.5", "t", "3", "z"))

    def expression(self, depth: int) -> str:
        if depth == 0:
            return self.operand()
        if self.random.random() < 0.25:
            return self.pick(UNARY).format(f"({self.expression(depth - 1)})")
        left, right = self.expression(depth - 1), self.expression(depth - 1)
        return f"({left} {self.pick(BINARY)} {right})"

    def statement(self) -> str:
        kind = self.random.random()
        if kind < 0.3:
            return f"{self.pick(NAMES)}[i:j] = {self.expression(self.pick((1, 2)))}"
        if kind < 0.5:
            return f"{self.pick(NAMES)}[i:j] {self.pick(BINARY)}= {self.expression(1)}"
        if kind < 0.58:
            return f"{self.view()} = {self.pick(('s', '0.0', '7', 't'))}"
        if kind < 0.66:
            part = self.pick(SLICES)
            return f"{self.pick(NAMES)}{part} = {self.pick(NAMES)}{part}"
        if kind < 0.72:
            how = self.pick(("=", "=", "+=", "*="))
            if self.random.random() < 0.2:
                return f"{self.pick(NAMES)}[k] {how} {self.pick(('s', '1.5', 'd[k]'))}"
            return f"{self.pick(NAMES)}[{self.pick((0, 1, -1))}] {how} {self.pick(('s', '1.5'))}"
        if kind < 0.74:  # an item that is used later, when its array may have changed
            name = f"r{len(self.reduced)}"
            self.reduced.append(name)
            return f"{name} = {self.pick(NAMES)}[{self.pick((0, 2, -1, 'i'))}]"
        if kind < 0.76:
            name = f"x{len(self.locals)}"
            line = f"{name} = {self.pick(NAMES)}[{self.pick((0, 2, -1))}] * {self.operand()}"
            self.locals.append(name)
            return line
        if kind < 0.79:
            name = f"r{len(self.reduced)}"
            self.reduced.append(name)
            return f"{name} = {self.pick(NAMES)}[i:j].{self.pick(('sum', 'max', 'min'))}()"
        if kind < 0.84:
            return f"{self.pick(NAMES)} {self.pick(BINARY)}= {self.pick(('s', '0.5', 'd'))}"
        name = f"x{len(self.locals)}"
        line = f"{name} = {self.expression(2)} + {self.pick(NAMES)}[i:j]"
        self.locals.append(name)
        return line

    def function(self) -> str:
        body = [self.statement() for _ in range(self.random.randint(3, 9))]
        delivered = [n for n in self.locals + self.reduced if self.random.random() < 0.6]
        body.append(f"return [{', '.join(delivered)}]")
        return "def f(a, b, c, d, z, s, t, i, j, k=np.array([2, 0, 2])):\n" + "".join(
            f"    {line}\n" for line in body
        )


def arrays(seed: int):
    """Draw three arrays of one length that overlap in some way or not, and one of their own."""
    draw = random.Random(seed)
    n = draw.choice((6, 17, 300, 5000))
    dtype = draw.choice(("f8", "f8", "f8", "f4"))
    base = np.random.default_rng(seed).random(4 * n + 20).astype(dtype)
    if draw.random() < 0.3:
        base[draw.randrange(base.size)] = draw.choice((0.0, np.inf, -np.inf, np.nan, 1e30, -1.0))
    kind = draw.choice(("apart", "same", "shifted", "interleaved", "backwards", "mixed"))
    at = {
        "apart": (0, n, 2 * n),
        "same": (0, 0, 0),
        "shifted": (0, 1, 2),
        "interleaved": (0, 1, 2),
        "backwards": (0, 0, 3),
        "mixed": (0, 0, 1),
    }[kind]
    step = 3 if kind == "interleaved" else 1
    found = [base[k : k + n * step : step] for k in at]
    if kind == "backwards":
        found[1] = found[1][::-1]
    d = np.random.default_rng(seed + 1).random(n).astype(draw.choice(("f8", "f4")))
    if dtype == "f4":
        d = d.astype("f4")
    return base, found, d


def outcome(function, seed: int, mode: str, filter_: str):
    base, found, d = arrays(seed)
    n = len(d)
    result, error = None, None
    with warnings.catch_warnings(record=True) as caught, np.errstate(all=mode):
        warnings.simplefilter(filter_)
        try:
            result = function(*found, d, base[1:2].reshape(()), 1.25, np.float64(0.75), 1, n - 1)
        except (ArithmeticError, RuntimeWarning, ValueError) as raised:
            lines, trace = [], raised.__traceback__
            while trace is not None:
                if trace.tb_frame.f_code.co_name == "f":
                    lines.append(trace.tb_lineno)
                trace = trace.tb_next
            error = (type(raised), str(raised), lines)
    told = [(str(w.message), w.category, w.lineno, w.filename) for w in caught]
    shown = [(type(x), getattr(x, "dtype", None), bits(x)) for x in result or ()]
    return bits(base), bits(d), shown, told, error


def bits(values) -> bytes:
    """Return the bits of numbers; which NaN one is, is not promised where two meet."""
    array = np.array(values)
    array[np.isnan(array)] = np.nan
    return array.tobytes()


@pytest.mark.parametrize("seed", range(150))
def test_effects_come_in_their_order(seed):
    text = Writer(seed).function()
    plain, bumped = made(text), alloc.bump(alloc.Buffer())(made(text))
    for k in range(6):
        mode = MODES[k % 3] if k > 2 else "warn"
        filter_ = "error" if k == 5 else "always"
        expected = outcome(plain, seed + k, mode, filter_)
        for _ in range(2):
            assert outcome(bumped, seed + k, mode, filter_) == expected, (text, k, mode)


@pytest.mark.skipif(cores.selected().name != "native", reason="only the native core has regions")
def test_drawn_functions_are_regions():
    handled = 0
    for seed in range(40):
        bumped = alloc.bump(alloc.Buffer())(made(Writer(seed).function()))
        outcome(bumped, seed, "ignore", "always")
        handled += any(region.hits for region in alloc.explain(bumped).regions)
    assert handled > 20


def back_and_forth(a, b, c):
    b[1:-1] = (a[:-2] + a[1:-1] * 0.5 + a[2:]) / 3.0
    a[1:-1] = (b[:-2] + c[1:-1] * b[1:-1] + b[2:]) / 3.0
    return c * 2.0 + c


@pytest.mark.parametrize("shape", [(40,), (30, 12), (2000,)])
@pytest.mark.parametrize("mode", MODES)
def test_flags_of_what_cannot_be_repeated_are_told_apart(shape, mode):
    """Its second stage is fused, and done again step by step where flags are raised."""
    outcomes = []
    for function in (back_and_forth, alloc.bump(alloc.Buffer())(back_and_forth)):
        rng = np.random.default_rng(5)
        a, b, c = (rng.random(shape) for _ in range(3))
        seen = []
        for value in (1.0, np.inf, 1e308):
            c[5] = value
            with warnings.catch_warnings(record=True) as caught, np.errstate(all=mode):
                warnings.simplefilter("always")
                try:
                    made_ = bits(function(a, b, c))
                except FloatingPointError as error:
                    made_ = str(error)
            told = [(str(w.message), w.lineno) for w in caught]
            seen.append((made_, bits(a), bits(b), told))
        outcomes.append(seen)
    assert outcomes[0] == outcomes[1]


def test_effects_leave_no_references():
    text = Writer(3).function()
    bumped = alloc.bump(alloc.Buffer())(made(text))
    base, found, d = arrays(3)
    counts = []
    for _ in range(5):
        bumped(*found, d, d[1:2].reshape(()), 1.25, np.float64(0.75), 1, len(d) - 1)
        gc.collect()
        counts.append([sys.getrefcount(x) for x in (base, *found, d)])
    assert counts[1] == counts[-1]
