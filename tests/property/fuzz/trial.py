"""One program, called with several rows of arguments in every way; what differs, and where.

A program prints as a module that `Program.read` takes back, so that a failing one can be kept,
edited and run again.
"""

from __future__ import annotations

import contextlib
import functools
import gc
import io
import json
import linecache
import random
import re
import sys
import warnings
import zlib
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

import numpy as np

import alloc_rewrite as alloc

from ...differential.compare import NOTHING_TO_DO, Outcome, fingerprint, observe
from ..straight_line import broken
from ..test_straight_line import one_nan
from . import words
from .rows import LARGE, RARE, ROWS
from .writer import Writer

CALLERS: list[dict[str, Any]] = [
    *[{}] * 6, {"all": "raise"}, {"all": "warn"}, {"under": "raise"}, {"divide": "raise"},
    {"all": "ignore"}, {"invalid": "raise", "over": "ignore"},
]  # fmt: skip
_MARK = "# calls: "
_LINE = 110  # columns; bytecode 0.19 misplaces what is behind column 127


class Holder:
    """What programs know as `s`."""

    def __init__(self, x: Any, y: Any) -> None:
        self.x, self.y = x, y
        self.items = [x * 1 if isinstance(x, np.ndarray) else x, y]
        self.named = {"x": y}


@dataclass(frozen=True)
class Calls:
    """How a program is called: rows by name, in this order, and under which error state."""

    rows: list[str]
    order: list[int]
    scalars: list[Any] = field(default_factory=lambda: [1, 0.5, 2.5])
    state: dict[str, str] = field(default_factory=dict)
    strict: bool = False  # warnings are errors
    resets: list[int] = field(default_factory=list)  # of the buffer, before these calls


@dataclass(frozen=True)
class Program:
    body: str
    calls: Calls

    def __str__(self) -> str:
        return f"{_MARK}{json.dumps(asdict(self.calls))}\n{self.text}"

    @property
    def text(self) -> str:
        return words.HEADER + self.body

    @classmethod
    def read(cls, text: str) -> Program:
        """Take back what `str` gave."""
        mark, _, rest = text.partition("\n")
        return cls(rest.removeprefix(words.HEADER), Calls(**json.loads(mark.removeprefix(_MARK))))

    @classmethod
    def drawn(cls, seed: int) -> Program:
        source = random.Random(seed)
        body = Writer(source).program()
        usual = [name for name in ROWS if name not in LARGE + RARE]
        rows = ["f8"] if source.random() < 0.7 else []
        rows += source.sample(usual, source.randint(1, 3))
        rows += [source.choice(LARGE)] if source.random() < 0.3 else []
        rows += [source.choice(RARE)] if source.random() < 0.15 else []
        order = [0, 0, 0, *(source.randrange(len(rows)) for _ in range(source.randint(3, 7)))]
        calls = Calls(
            rows,
            order,
            [source.choice([0, 1, 2, 3]), source.choice([0.5, 2, -1.0]),
             source.choice([2.5, 3, True, 2**40, 1e300, 0])],
            source.choice(CALLERS),
            source.random() < 0.1,
            [k for k in range(len(order)) if source.random() < 0.1],
        )  # fmt: skip
        return cls(body, calls).mended(source).broken()

    def broken(self) -> Program:
        """Begin new lines within long ones."""
        lines = self.body.splitlines()
        lines = [broken(line) if len(line) > _LINE else line for line in lines]
        return replace(self, body="\n".join(lines) + "\n")

    def mended(self, source: random.Random) -> Program:
        """Put simple statements in place of those that end the first call, most of the time.

        Otherwise nearly no program would get to its end. Each statement is one line here.
        """
        program = self
        for _ in range(60):
            trial = Trial(program)
            line = trial.failing_line()
            trial.close()
            if line is None or source.random() < 0.02:
                break
            lines = program.body.splitlines()
            lines[line] = simple(lines[line])
            simpler = replace(program, body="\n".join(lines) + "\n")
            if not simpler.compiles():  # the line bound a name that an inner function declares
                break
            program = simpler
        return program

    def compiles(self) -> bool:
        """Whether the text is Python."""
        try:
            compile(self.text, "<program>", "exec")
        except SyntaxError:
            return False
        return True


def simple(line: str) -> str:
    """Return a statement instead of one that fails, that binds the same names."""
    text = line.lstrip()
    indent = line[: len(line) - len(text)]
    if text.endswith(":"):
        word = text.split(" ")[0]
        names = text.partition(" as ")[2].rstrip(":") or "_"
        counter = text.partition(" in ")[0].removeprefix("for ")
        other = {
            "for": f"for {counter} in [({'0, 1' if ',' in counter else '0'})]:",
            "while": "while False:", "if": "if a:", "elif": "elif a:", "match": "match n:",
            "case": "case _ if a:", "with": f"with contextlib.nullcontext(1.5) as {names}:",
        }  # fmt: skip
        return indent + other.get(word, text)
    name, equals, _ = text.partition(" = ")
    if equals and name.replace("_", "").isalnum():
        return f"{indent}{name} = x0 * 1" if text != f"{name} = x0 * 1" else f"{indent}{name} = 1.5"
    if equals and " = " in text and "[" not in name and "." not in name:
        return f"{indent}{name.replace('*', '')} = 1.5, 2.5" if "," in name else f"{indent}pass"
    if text.startswith("return"):
        return f"{indent}return 1.5"
    return f"{indent}pass"


Seen = tuple[Outcome, Any, Any]


class Trial:
    """A program that is compiled, with what plain calls gave."""

    def __init__(self, program: Program) -> None:
        self.calls = program.calls
        self.filename = f"<program {zlib.crc32(program.body.encode())}>"
        linecache.cache[self.filename] = (
            len(program.text), None, program.text.splitlines(True), self.filename,
        )  # fmt: skip
        self.namespace: dict[str, Any] = {"__name__": "cases", "S": None}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)
            exec(compile(program.text, self.filename, "exec"), self.namespace)
        self.plain, self.exchange = self.namespace["made"](None)

        gc.freeze()  # so that collecting garbage takes no time

    def close(self) -> None:
        gc.unfreeze()
        linecache.cache.pop(self.filename, None)

    def seen(self, f: Callable[..., Any], k: int) -> Seen:
        """Call with the k-th row; return what could be seen, the result, and its fingerprint."""
        *arrays, x, g = ROWS[self.calls.rows[k]]()
        s = Holder(x, arrays[1])
        self.namespace["G"], self.namespace["S"] = g, s
        self.exchange(x)
        after: list[Any] = []

        def call(arrays: list[Any], s: Holder, after: list[Any]) -> Any:
            try:
                with np.errstate(**self.calls.state), warnings.catch_warnings():
                    if self.calls.strict:
                        warnings.simplefilter("error", RuntimeWarning)
                    return f(*arrays, *self.calls.scalars, s)
            finally:
                after += [s.x, s.y, s.items, s.named, self.namespace["G"], self.exchange(None)]

        with contextlib.redirect_stderr(io.StringIO()):
            gc.collect()  # generators that an earlier call left may print errors
        outcome, result = observe(call, (arrays, s, after))
        # An error in a generator that is thrown away is printed, with the generator's address.
        outcome = replace(outcome, printed=re.sub("0x[0-9a-f]+", "0x", outcome.printed))
        outcome = replace(outcome, error=steady(outcome.error))
        same = [one_nan(getattr(outcome, f.name)) for f in fields(outcome)]
        return Outcome(*same), result, outcome.result

    def failing_line(self) -> int | None:
        """Return the line of the body that ends the first call, None if none does."""
        *arrays, x, g = ROWS[self.calls.rows[0]]()
        s = self.namespace["S"] = Holder(x, arrays[1])
        self.namespace["G"] = g
        self.exchange(x)
        first = words.HEADER.count("\n")
        try:
            with (
                np.errstate(**self.calls.state),
                warnings.catch_warnings(),
                contextlib.redirect_stderr(io.StringIO()),
            ):
                warnings.simplefilter("error" if self.calls.strict else "ignore", RuntimeWarning)
                self.plain(*arrays, *self.calls.scalars, s)
        except Exception as error:
            lines, tb = [], error.__traceback__
            while tb is not None:
                if tb.tb_frame.f_code.co_filename == self.filename and tb.tb_lineno > first:
                    lines.append(tb.tb_lineno - first - 1)
                tb = tb.tb_next
            return lines[-1] if lines else None
        return None

    def differences(self) -> list[str]:
        """Call in all ways; return what differs at the first call that does, and what changed."""
        buffer = alloc.Buffer()
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", NOTHING_TO_DO, alloc.RewriteWarning)
            bumped = alloc.bump(buffer)(self.plain)
        small = alloc.Buffer(1024, on_full="heap")
        run = functools.partial(alloc.run, self.plain, small)  # no frame of its own
        expected = {k: self.seen(self.plain, k)[0] for k in sorted(set(self.calls.order))}
        kept: list[tuple[str, Any, Any]] = []
        ways = [(f"call {at}", bumped, k, at) for at, k in enumerate(self.calls.order)]
        ways += [(f"run {k}", run, k, -1) for k in sorted(set(self.calls.order[:5]))]
        for name, f, k, at in ways:
            if at in self.calls.resets:
                buffer.reset()
            got, result, before = self.seen(f, k)
            if got != expected[k]:
                if self.seen(self.plain, k)[0] != expected[k]:
                    return []  # it isn't the same twice, plain
                return [f"{name}, row {self.calls.rows[k]!r}: {x}" for x in told(expected[k], got)]
            kept.append((name, result, before))
        for name, result, before in kept:
            if fingerprint(result) != before:
                return [f"{name}: overwritten: {result!r}"]
        return []


def differences(program: Program) -> list[str]:
    """Run a program in all ways; return what differs, empty if nothing does."""
    with contextlib.redirect_stderr(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what calls leave behind
        trial = Trial(program)
        try:
            return trial.differences()
        finally:
            trial.close()


def steady(error: Any) -> Any:
    """Leave out what depends on Python 3.11 on how often code has run.

    Two instructions that have become one are at the place of the first. So of two locals that are
    loaded in a row the columns name the first, and a local without a value that is loaded after
    something was stored is found at the line of the store.
    """
    if sys.version_info >= (3, 12) or error is None:
        return error
    return tuple(
        (*link[:3], tuple(f[: 2 if issubclass(link[0], NameError) else 4] for f in link[3]))
        for link in error
    )


def told(expected: Outcome, got: Outcome) -> list[str]:
    """Say which fields differ, and the first place in each."""
    out = []
    for name in (f.name for f in fields(Outcome)):
        one, other, path = getattr(expected, name), getattr(got, name), name + ":"
        while isinstance(one, tuple) and isinstance(other, tuple) and len(one) == len(other):
            if one == other:
                break
            at = next(k for k in range(len(one)) if one[k] != other[k])
            if isinstance(one[at], bytes) or not isinstance(one[at], tuple):
                break  # the whole says more
            one, other, path = one[at], other[at], f"{path} {at}"
        if one != other:
            out.append(f"{path}\n    plain  {_short(one)}\n    bumped {_short(other)}")
    return out


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) < 900 else f"{text[:700]} ... {text[-200:]}"


def kinds(found: list[str]) -> set[str]:
    """Return which parts of the outcome differ."""
    return {line.split(": ")[1].split(":")[0] for line in found}
