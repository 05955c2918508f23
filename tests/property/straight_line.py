"""Text of random straight-line programs over given arrays.

Every operator and statement is tried out on real values when it is drawn. So a program knows the
shapes that it deals in, and nearly all of its lines get to run. Beside valid lines there are
mistakes, which raise.
"""

from __future__ import annotations

import functools
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from hypothesis import strategies as st

from .vocabulary import (
    CALLS,
    CONDITIONS,
    ENDING,
    FILTERS,
    HEADER,
    MISTAKES,
    MODES,
    ONE,
    OPERATORS,
    PARTS,
    REDUCED,
    SCALARS,
    SYMBOLS,
    TWO,
    VALUES,
    Emphasis,
)

NAMES = {"np": np, "warnings": warnings, "__name__": "cases"}
LONGEST = 700  # characters of an expression


class Term:
    """The text of an expression, and its value."""

    def __init__(self, text: str, value: Any) -> None:
        self.text, self.value = text, value


@functools.lru_cache(maxsize=4096)
def _compiled(text: str, mode: str) -> Any:
    return compile(text, "<drawn>", mode)


def broken(text: str) -> str:
    """Begin new lines within brackets; bytecode 0.19 misplaces lines from column 128 on."""
    out, depth, column = "", 0, 0
    for character in text:
        depth += (character in "([") - (character in ")]")
        column = 0 if character == "\n" else column + 1
        out += character
        if character == " " and depth and column > 70:
            out, column = out + "\n" + " " * 16, 16
    return out


def without_axes(template: str, term: Term) -> str:
    """Keep no axes of what has none: the Python core would give an array instead of a number."""
    return template if np.ndim(term.value) else template.replace(", keepdims=True", "")


class Writer:
    """Draws statements, and keeps the names that they leave behind."""

    def __init__(self, draw: Any, emphasis: Emphasis, names: dict[str, Any]) -> None:
        """Take the names of arrays, of `s` with attributes x, y and counted, G and the cell c."""
        self.draw = draw
        self.emphasis = emphasis
        self.lines: list[str] = []
        self.indent = 2
        self.locals: list[str] = []
        self.terms: list[str] = []
        self.breaks = self.chance(0.4)  # lines within expressions
        self.rebinds = self.chance(0.2)  # the cell and the global
        self.integers = {"i": draw(st.integers(0, 2)), "j": draw(st.integers(0, 3))}
        slices = [slice(1, None), slice(None, -1), slice(None, None, 2), slice(1, -1)]
        self.scalars = {"a": self.pick(VALUES), "b": self.pick(VALUES), "w": self.pick(slices)}
        self.scalars |= self.integers
        self.names: dict[str, Any] = {**NAMES, **names, **self.scalars, "kept": []}
        exec(HEADER.format(arguments="", body="        pass"), self.names)
        self.arguments = [name for name in names if name[0] == "x"]
        self.pool = [*self.arguments * 3, "s.x", "s.y", "s.counted", "G", "c"]

    def chance(self, probability: float) -> bool:
        return self.draw(st.integers(0, 99)) >= 100 - 100 * probability

    def pick(self, options: Sequence[Any]) -> Any:
        return self.draw(st.sampled_from(options))

    # ------------------------------------------------------------------------ expressions

    def value(self, text: str) -> Any:
        return eval(_compiled(text, "eval"), self.names)

    def tried(self, template: str, *terms: Term) -> Term:
        """Apply an operator; where it takes none of these operands, give one of them."""
        names = [f"_{k}" for k in range(len(terms))]
        try:
            self.names.update((name, term.value) for name, term in zip(names, terms))
            value = self.value(template.format(*names))
        except Exception:
            return terms[0]
        if self.breaks and template.startswith("({} ") and self.chance(0.5):
            template = template.replace(" ", "\n" + " " * 16, 1)
        text = template.format(*(term.text for term in terms))
        return Term(text, value) if len(text) < LONGEST else terms[0]

    def expression(self, shape: tuple[int, ...], depth: int) -> Term:
        """Draw an expression whose value has this shape, or is broadcast to it."""
        if depth <= 0 or self.chance(0.15):
            return self.operand(shape)
        kind = self.pick(self.emphasis.nodes)
        first = self.expression(shape[::-1] if kind == "turned" else shape, depth - 1)
        second = functools.partial(self.expression, shape)
        match kind:
            case "binary":
                dtype = getattr(first.value, "dtype", np.dtype("f8"))
                operators = OPERATORS.get(dtype.kind, OPERATORS["f"])
                return self.tried(self.pick(operators), first, second(depth - 1))
            case "one":
                return self.tried(self.pick(ONE), first)
            case "two":
                return self.tried(self.pick(TWO), first, second(depth // 2))
            case "where":
                condition = self.tried(self.pick(CONDITIONS), first, second(1))
                template = self.pick(["np.where({}, {}, {})", "where({}, {}, {})"])
                return self.tried(template, condition, second(1), second(depth - 2))
            case "again":
                return self.again(shape)
            case "reduced":
                axis = self.pick(["-1", "0", "None"])
                return self.tried(without_axes(self.pick(REDUCED), first).format("{}", axis), first)
            case "turned":
                return self.tried("({}).T", first)
        return self.tried(self.pick(["({})[::-1]", "({})[...]", "({})[:, ::-1]"]), first)

    def again(self, shape: tuple[int, ...]) -> Term:
        """Repeat an expression of before, to the letter."""
        if self.terms:
            text = self.pick(self.terms)
            try:
                value = self.value(text)
                if np.broadcast_shapes(np.shape(value), shape) == shape:
                    return Term(text, value)
            except Exception:
                pass
        return self.operand(shape)

    def operand(self, shape: tuple[int, ...]) -> Term:
        """Draw a name, a slice of one, or a number."""
        if self.chance(0.85):
            for _ in range(3):
                text = self.fitted(self.pick(self.pool), shape)
                if text is not None:
                    return Term(text, self.value(text))
        text = self.pick(SCALARS)
        return Term(text, self.value(text))

    def fitted(self, name: str, shape: tuple[int, ...]) -> str | None:
        """Slice an array so that it can stand where a shape is expected, if it can."""
        array = self.value(name)
        if not isinstance(array, np.ndarray):
            return name if isinstance(array, np.generic) else None
        if array.ndim > 1 and array.shape[::-1] == shape and self.chance(0.5):
            return f"{name}.T"
        if array.ndim == 1 and len(shape) == 2 and array.shape[0] == shape[0] and self.chance(0.5):
            return f"{name}[:, None]"
        if array.ndim == len(shape) + 1 and array.shape[:-1] == shape and array.size:
            return f"{name}[..., {self.integer(self.draw(st.integers(0, array.shape[-1] - 1)))}]"
        extra = max(array.ndim - len(shape), 0)
        if 0 in array.shape[:extra]:
            return None
        items = [self.integer(self.draw(st.integers(0, n - 1))) for n in array.shape[:extra]]
        lengths = array.shape[extra:]
        for n, wanted in zip(lengths, shape[len(shape) - len(lengths) :]):
            if n in (wanted, 1):
                items.append(self.pick([":"] * 7 + ["::-1"]))
            elif n < wanted:
                return None
            else:
                items.append(self.window(n, wanted))
        if all(item == ":" for item in items):
            return name if self.chance(0.95) else f"{name}[...]"
        if items[0] == ":":
            items[0] = self.pick([":", "..."])
        return f"{name}[{', '.join(items)}]"

    def window(self, n: int, wanted: int) -> str:
        """Draw a slice that takes so many of n elements."""
        if wanted > 1 and n >= 2 * wanted - 1 and self.chance(0.3):
            start = self.draw(st.integers(0, n - 2 * wanted + 1))
            return f"{self.integer(start)}:{start + 2 * wanted - 1}:2"
        start = self.draw(st.integers(0, n - wanted))
        stop = start + wanted
        low = self.integer(start) if start else self.pick(["", "", "0"])
        if stop == n:
            return f"{low}:"
        return f"{low}:{self.pick([stop - n, f'-{self.integer(n - stop)}', self.integer(stop)])}"

    def integer(self, value: int) -> str:
        return self.pick([str(value), *(k for k, v in self.integers.items() if v == value)])

    def full(self, shape: tuple[int, ...] | None = None) -> Term:
        """Draw an expression as a statement has it."""
        if shape is None:
            shape = np.shape(self.value(self.pick(self.pool)))
        term = self.expression(shape, self.emphasis.depth - self.draw(st.integers(0, 1)))
        self.terms.append(term.text)
        return term

    # ------------------------------------------------------------------------- statements

    def emit(self, text: str) -> None:
        self.lines.append("    " * self.indent + (broken(text) if self.breaks else text))

    def ran(self, text: str, *bound: str) -> bool:
        """Emit a statement if it runs, and know the locals that it binds."""
        try:
            exec(_compiled(text, "exec"), self.names)
        except Exception:
            return False
        self.emit(text)
        self.locals += [name for name in bound if name not in self.locals + self.arguments]
        self.pool += bound * 2
        return True

    def new(self) -> str:
        return f"y{len(self.locals)}"

    def place(self) -> tuple[str, tuple[int, ...]]:
        """Draw an array, or a part of one, to be written into."""
        name = self.pick([n for n in self.pool if isinstance(self.value(n), np.ndarray)])
        items = [self.pick(PARTS) for _ in range(self.draw(st.integers(0, self.value(name).ndim)))]
        place = f"{name}[{', '.join(items) or '...'}]"
        try:
            return place, np.shape(self.value(place))
        except IndexError:
            return f"{name}[...]", np.shape(self.value(name))

    def assign(self) -> None:
        name = self.pick([self.new()] * 3 + self.locals[-3:] + self.arguments[:1])
        if self.ran(f"{name} = {self.full().text}", name) and self.chance(0.3):
            self.ran(f"kept.append({name})")

    def alias(self) -> None:
        source = self.pick([self.pick(self.pool), self.place()[0]])
        self.ran(f"{self.new()} = {source}", self.new())

    def dead(self) -> None:
        self.ran(f"d = {self.full().text}")

    def update(self) -> None:
        place, shape = self.place()
        name = place[: place.index("[")]
        if self.chance(0.5) and (name not in ("G", "c") or self.rebinds):
            place, shape = name, np.shape(self.value(name))
        self.ran(f"{place} {self.pick(SYMBOLS)}= {self.full(shape).text}")

    def store(self) -> None:
        place, shape = self.place()
        chained = [self.new()] if self.chance(0.2) else []
        self.ran(" = ".join([*chained, place, self.full(shape).text]), *chained)

    def keep(self) -> None:
        self.ran(f"kept.append({self.full().text})")

    def twice(self) -> None:
        """Two equal expressions: two arrays."""
        text, name = self.full().text, self.new()
        if self.chance(0.5):
            self.ran(f"kept.append(({text}, {text}))")
        else:
            self.ran(f"{name}, {name}_ = {text}, {text}", name, name + "_")

    def swap(self) -> None:
        one, other = self.pick(self.arguments), self.pick(self.arguments)
        self.ran(f"{one}, {other} = {other}, {one}")

    def attribute(self) -> None:
        name = self.pick(["s.x", "s.y", *(["c", "G"] if self.rebinds else [])])
        self.ran(f"{name} = {self.full().text}")

    def reduce(self) -> None:
        term = self.full()
        template = without_axes(self.pick(ENDING), term)
        self.ran(f"{self.new()} = {template.format(term.text)}", self.new())

    def call(self) -> None:
        one, other = self.full(), self.full()
        self.ran(f"kept.append({self.pick(CALLS).format(one.text, other.text)})")

    def delete(self) -> None:
        if self.locals and self.ran(f"del {self.locals[-1]}"):
            self.pool = [name for name in self.pool if name != self.locals[-1]]
            self.ran(f"{self.locals[-1]} = None")

    def mistake(self) -> None:
        """A line that raises in the middle of an expression, most of the time."""
        shape = np.shape(self.value(self.pick(self.arguments)))
        left, right = self.expression(shape, 2), self.expression(shape, 2)
        mistake = self.pick(MISTAKES).format(self.pick(self.arguments))
        self.emit(f"kept.append({left.text} + {mistake} * {right.text})")

    @contextmanager
    def block(self, header: str) -> Iterator[int]:
        self.emit(header)
        start = len(self.lines)
        self.indent += 1
        yield start
        if len(self.lines) == start:
            self.emit("pass")
        self.indent -= 1

    def body(self, most: int = 3) -> None:
        self.statements(self.draw(st.integers(1, most)))

    def loop(self) -> None:
        counter = self.pick(["_", "_", "k"])
        self.integers |= {"k": 1} if counter == "k" else {}
        self.names[counter] = 1
        with self.block(f"for {counter} in range(1, 4):") as start:
            self.body()
        self.integers.pop("k", None)
        text = "\n".join(["if True:", *(line[4 * self.indent :] for line in self.lines[start:])])
        try:
            for self.names[counter] in (2, 3):
                exec(_compiled(text, "exec"), self.names)
        except Exception:
            if self.chance(0.8):  # else the loop ends in the middle
                self.lines[start - 1] = self.lines[start - 1].replace("4", "2")

    def guarded(self) -> None:
        with self.block("try:"):
            self.body()
            if self.chance(0.5):
                self.mistake()
        with self.block("except Exception as error:"):
            names = f"{self.pick(self.pool)}, {self.pick(self.pool)}"
            self.emit(f"kept.append((type(error).__name__, str(error), {names}))")
        if self.chance(0.3):
            with self.block("finally:"):
                self.emit(f"kept.append({self.pick(self.arguments)} * 1)")

    def state(self) -> None:
        """Statements under another error state."""
        kinds = self.draw(st.permutations(["divide", "over", "under", "invalid"]))
        modes = {kind: self.pick(MODES) for kind in kinds[: self.draw(st.integers(1, 3))]}
        options = [f"{kind}={mode!r}" for kind, mode in modes.items()]
        if "call" in modes.values():
            options.append("call=lambda *told: kept.append(told)")
        with self.block(f"with np.errstate({', '.join(options)}):"):
            self.body()

    def filtered(self) -> None:
        """Statements with warnings as errors, or without them."""
        with self.block("with warnings.catch_warnings():"):
            self.emit(f"warnings.simplefilter({self.pick(FILTERS)!r}, RuntimeWarning)")
            self.body()

    def condition(self) -> None:
        test = self.tried(self.pick(["({} > 0).any()", "({}).size", "np.sum({}) > 1"]), self.full())
        if np.shape(test.value) == ():
            with self.block(f"if {'' if test.value else 'not '}({test.text}):"):
                self.body(2)

    def statements(self, count: int) -> None:
        for _ in range(count):
            kind = self.pick(self.emphasis.statements)
            compound = kind in ("loop", "guarded", "state", "filtered", "condition")
            getattr(self, "assign" if compound and self.indent > 3 else kind)()

    def source(self) -> str:
        """Draw the whole function, called `program`, with the names and `scalars` for arguments."""
        if self.rebinds:
            self.emit("nonlocal c")
            self.emit("global G")
        self.emit("kept = []")
        self.statements(self.draw(st.integers(*self.emphasis.length)))
        if self.chance(0.1):  # some locals live in cells
            self.emit(f"kept.append((lambda: ({self.pick(self.pool)}, {self.pick(self.pool)}))())")
        self.emit("later = 1")
        self.emit(f"return kept, {', '.join([*self.arguments, *self.locals, 'later'])}")
        arguments = ", ".join([*self.arguments, "s", *self.scalars])
        return HEADER.format(arguments=arguments, body="\n".join(self.lines))
