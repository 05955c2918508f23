"""Text of random programs with control flow, from a seed.

A program is a module: a fixed header, some helpers, and a factory of the function under test,
which has the arguments `x0, x1, x2, n, a, b, s`, a cell `c`, and a global `G`. Its statements are
not tried out when they are drawn: names that are surely bound are preferred, and shapes mostly fit
since all arrays of a row of arguments can be broadcast together. What goes wrong is caught on the
way, or ends the call.
"""

from __future__ import annotations

import random
import textwrap
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from . import words

ARGUMENTS = ("x0", "x1", "x2")
LONGEST = 160  # characters of an expression
DEEPEST = 4  # blocks within blocks


class Writer:
    """Draws statements; knows which names are bound, and which may be."""

    def __init__(self, source: random.Random) -> None:
        self.source = source
        self.lines: list[str] = []
        self.indent = 0
        self.bound: list[str] = []
        self.maybe: list[str] = []
        self.helpers: list[str] = []
        self.inner: list[str] = []  # closures that are bound
        self.parts: list[str] = []  # views that lack one item of the last axis
        self.last = ""  # the name that was drawn last: it is often taken again
        self.count = 0
        self.budget = 0
        self.loops = 0  # around the place
        self.breakable = False
        self.returnable = True

    def chance(self, probability: float) -> bool:
        return self.source.random() < probability

    def pick(self, options: Sequence[Any]) -> Any:
        return self.source.choice(options)

    def unique(self, letter: str) -> str:
        self.count += 1
        return f"{letter}{self.count}"

    # ------------------------------------------------------------------------ expressions

    def name(self) -> str:
        if self.maybe and self.chance(0.04):
            return self.pick(self.maybe)
        if self.last not in self.bound or self.chance(0.7):
            self.last = self.pick(self.bound)
        return self.last

    def leaf(self) -> str:
        roll = self.source.random()
        if roll < 0.72:
            return self.name()
        if roll < 0.80:
            return self.pick(["s.x", "s.y", "G", "c", "s.items[0]", "s.named['x']"])
        return self.pick(words.NUMBERS)

    def expression(self, depth: int = 3) -> str:
        text = self.drawn(depth)
        return text if len(text) <= LONGEST else self.leaf()

    def drawn(self, depth: int) -> str:
        if depth <= 0 or self.chance(0.12):
            return self.leaf()
        again = lambda: self.expression(depth - 1)
        roll = self.source.random()
        if roll < 0.58:
            return self.pick(words.BINARY).format(again(), again())
        if roll < 0.72:
            return self.pick(words.ONE).format(again())
        if roll < 0.82:
            return self.pick(words.TWO).format(again(), again())
        if roll < 0.86:
            return f"({self.cut(2)} * 0.5).sum(axis=-1, keepdims=True)"
        if roll < 0.91:
            return self.pick(words.REDUCED).format(again())
        if roll < 0.93:
            return f"({again()} if {self.test()} else {again()})"
        if roll < 0.95 and self.helpers:
            return f"{self.pick(self.helpers)}({again()}, {again()})"
        if roll < 0.97 and self.inner:
            return f"{self.pick(self.inner)}({again()})"
        if roll < 0.98:
            return f"[{again()} for q in range(2)][{self.pick([0, 1, -1, 2])}]"
        return f"next(q * {self.leaf()} for q in ({again()}, {self.leaf()}))"

    def test(self) -> str:
        text = self.pick(words.TESTS).format(self.expression(1), self.name())
        return f"not ({text})" if self.chance(0.15) else text

    def mistake(self) -> str:
        return self.pick(words.MISTAKES).format(self.name())

    # ------------------------------------------------------------------------- statements

    def emit(self, text: str) -> None:
        self.lines.append("    " * self.indent + text)

    def bind(self, name: str) -> None:
        if name not in self.bound:
            self.bound.append(name)

    def fresh_or_old(self) -> str:
        if self.chance(0.6) and len(self.bound) < 9:
            return f"y{self.source.randrange(8)}"
        return self.pick(self.bound)

    @contextmanager
    def block(self, header: str) -> Iterator[None]:
        """Emit a block; names that are bound in it may be bound behind it."""
        self.emit(header)
        before, inner, parts = list(self.bound), list(self.inner), self.parts
        length = len(self.lines)
        self.indent += 1
        yield
        if len(self.lines) == length:
            self.emit("pass")
        self.indent -= 1
        self.maybe += [name for name in self.bound if name not in before + self.maybe]
        self.bound, self.inner, self.parts = before, inner, parts

    def assign(self) -> None:
        name = self.fresh_or_old()
        self.emit(f"{name} = {self.expression()}")
        self.bind(name)
        if self.chance(0.3):
            self.emit(f"kept.append({name})")

    def keep(self) -> None:
        self.emit(f"kept.append({self.expression()})")

    def update(self) -> None:
        place, value = self.place(0.5)
        if self.chance(0.15):
            place = self.pick(["s.x", "s.y", "s.items[0]", "s.named['x']", "s.items[n % 2]"])
        if self.chance(0.15):
            value = place  # with itself
        self.emit(f"{place} {self.pick(words.IN_PLACE)}= {value}")

    def place(self, whole: float) -> tuple[str, str]:
        """Draw what is written into, a name as it is or a part, and what would fit."""
        roll = self.source.random()
        given = [name for name in self.bound if name[0] == "x"]  # their dtypes differ
        name = self.pick(given) if given and self.chance(0.5) else self.name()
        if roll < whole:
            return name, self.expression(2)
        if roll < whole + 0.2:
            return self.pick(words.PLACES).format(name), self.expression(2)
        if roll < whole + 0.35:
            return self.pick(words.PLACES_OF_ONE).format(name), self.number()
        return self.pick(words.CUTS).format(name), self.cut(2)

    def number(self) -> str:
        text = self.pick(words.REDUCED[:5]).format(self.expression(1))
        return self.pick([text, self.pick(words.NUMBERS), f"{text} * {self.pick(words.NUMBERS)}"])

    def cut(self, depth: int) -> str:
        """Draw an expression of what lacks one item of the last axis."""
        if depth <= 0:
            if self.parts and self.chance(0.4):
                return self.pick(self.parts)
            return self.pick([*words.CUTS * 2, "{}[..., 1:]"]).format(self.name())
        if self.chance(0.2):
            return self.pick(words.NUMBERS)
        return self.pick(words.SUMS).format(self.cut(depth - 1), self.cut(depth - 1))

    def store(self) -> None:
        self.emit(" = ".join(self.place(0.0)))

    def alias(self) -> None:
        if self.chance(0.3):
            part = f"z{self.source.randrange(3)}"
            self.emit(f"{part} = {self.pick(words.PARTS).format(self.name())}")
            self.parts = [*self.parts, part]
            if self.chance(0.5):
                self.emit(f"{part} {self.pick(words.IN_PLACE)}= {self.cut(1)}")
            return
        name, old = f"y{self.source.randrange(8)}", self.name()
        self.emit(f"{name} = {self.pick(words.VIEWS).format(old)}")
        self.bind(name)

    def unpack(self) -> None:
        one, other = f"y{self.source.randrange(8)}", f"y{self.source.randrange(8)}"
        form = self.source.randrange(6)
        if form == 0:
            self.emit(f"{one}, {other} = {self.expression()}, {self.expression(2)}")
        elif form == 1:
            self.emit(f"{one} = {other} = {self.expression()}")
        elif form == 2:
            self.emit(f"{one}, *{other} = {self.name()}")
        elif form == 3:
            self.emit(f"{one}, {other} = {self.name()}, {self.name()}")
        elif form == 4:
            self.emit(f"kept.append(({one} := {self.expression(2)}) * 2)")
            other = one
        else:
            self.emit(f"{one}, {other} = np.divmod({self.expression(1)}, {self.leaf()})")
        self.bind(one)
        if form != 2:
            self.bind(other)

    def outside(self) -> None:
        place = self.pick(["s.x", "s.y", "G", "c", "s.items[0]", "s.named['x']", "s.new"])
        self.emit(f"{place} = {self.expression()}")

    def out(self) -> None:
        """NumPy's own ways of writing into arrays."""
        name = self.name()
        self.emit(self.pick([
            f"np.add({name}, {self.leaf()}, out={name})",
            f"np.multiply({self.name()}, {self.leaf()}, {name})",
            f"np.copyto({name}, {self.expression(1)})",
            f"{name}.fill({self.pick(words.NUMBERS)})",
            f"{name}.sort()",
            f"np.sqrt(abs({self.name()}), out={name}, where={self.name()} > 0)",
            f"np.add.at({name}, 0, 1)",
            f"{name}.flat[0] = {self.pick(words.NUMBERS)}",
        ]))  # fmt: skip

    def delete(self) -> None:
        names = [name for name in self.bound if name[0] == "y"]
        if names:
            name = self.pick(names)
            self.emit(f"del {name}")
            self.bound.remove(name)
            if name not in self.maybe:
                self.maybe.append(name)

    def mistaken(self) -> None:
        self.emit(f"kept.append({self.expression(2)} + {self.mistake()} * {self.expression(1)})")

    def look(self) -> None:
        """Say something of a value in other words than its bits."""
        self.emit(self.pick([
            f"kept.append(f'{{{self.name()}!r:.60}}')",
            f"kept.append(np.shape({self.name()}))",
            f"kept.append(type({self.expression(1)}).__name__)",
            f"kept.append([q for q in {self.name()}][:3])",
            f"kept.append({self.name()} is {self.name()})",
            f"kept.append({{k: v * 1 for k, v in zip('ab', ({self.name()}, {self.leaf()}))}})",
            f"kept.append({self.name()}.tolist()[:3])",
        ]))  # fmt: skip

    # ------------------------------------------------------------------------------ blocks

    def condition(self) -> None:
        with self.block(f"if {self.test()}:"):
            self.some()
        while self.chance(0.25):
            with self.block(f"elif {self.test()}:"):
                self.some()
        if self.chance(0.5):
            with self.block("else:"):
                self.some()

    def loop(self) -> None:
        if self.loops >= 2:
            return self.condition()
        counter = self.unique("k")
        header = self.pick([
            f"for {counter} in range({self.pick(['2', '3', 'n', '1, 4'])}):",
            f"for {counter} in range(3):",
            f"for {counter}, {counter}_ in enumerate([{self.name()}, {self.leaf()}]):",
            f"for {counter}, {counter}_ in zip({self.name()}[:3], (1.5, 2, 0.5)):",
            f"for {counter} in {self.name()}[:3]:",
            f"for {counter} in pieces({self.name()}, 3):",
            f"for {counter} in ({self.name()} * q for q in (1, 2)):",
            f"for {counter} in [{self.name()}, {self.name()}]:",
            "while",
        ])  # fmt: skip
        whiles = header == "while"
        if whiles:
            counter = f"_{counter}"  # no statement may assign to it
            self.emit(f"{counter} = 0")
            test = f"{counter} < 3"
            header = f"while {self.pick([test, f'{test} and {self.test()}'])}:"
        before, self.breakable = self.breakable, True
        self.loops += 1
        with self.block(header):
            if whiles:
                self.emit(f"{counter} += 1")
            else:
                self.bind(counter)
            self.some(4)
            self.maybe = [name for name in self.maybe if name != counter]
        self.loops -= 1
        self.breakable = before
        self.bound = [name for name in self.bound if name != counter]
        if self.chance(0.2):
            with self.block("else:"):
                self.some(2)

    def leave(self) -> None:
        """Leave a loop or the function, mostly on some condition."""
        options = ["break", "continue"] * 2 if self.breakable else []
        options += [f"raise Failure({self.name()} * 2)", f"raise ValueError('{self.count}')"]
        options += [f"assert {self.test()}, {self.name()}"]
        if self.returnable and self.indent > 2:
            options += [f"return {self.expression(2)}, kept"]
        with self.block(f"if {self.test()}:"):
            self.emit(self.pick(options))

    def guarded(self) -> None:
        with self.block("try:"):
            self.some(3)
            if self.chance(0.5):
                self.mistaken()
            if self.chance(0.3):
                self.leave()
        kind = self.source.randrange(5)
        if kind > 0:
            for _ in range(self.pick([1, 1, 2])):
                with self.block(f"except {self.pick(words.ERRORS)} as error:"):
                    self.emit("kept.append((type(error).__name__, str(error)))")
                    self.some(2)
                    if self.chance(0.15):
                        self.emit(self.pick(["raise", f"raise Failure({self.leaf()}) from error"]))
            if self.chance(0.3):
                with self.block("else:"):
                    self.some(2)
        if kind == 0 or self.chance(0.3):
            # No way out of a `finally`: Python 3.14 warns of those.
            breakable, self.breakable = self.breakable, False
            returnable, self.returnable = self.returnable, False
            with self.block("finally:"):
                self.some(2)
            self.breakable, self.returnable = breakable, returnable

    def managed(self) -> None:
        manager = self.pick(words.MANAGERS)
        name = f"y{self.source.randrange(8)}"
        if manager.startswith("np"):
            kinds = self.source.sample(["divide", "over", "under", "invalid"], 2)
            modes = [self.pick(words.MODES) for _ in kinds]
            options = [f"{kind}={mode!r}" for kind, mode in zip(kinds, modes)]
            if "call" in modes:
                options.append("call=lambda *told: kept.append(told)")
            text = manager.format(", ".join(options))
        elif manager.startswith("contextlib.suppress"):
            text = manager.format(self.pick(words.ERRORS).strip("()"))
        elif manager.startswith("Swallow"):
            text = manager.format(self.name(), self.pick(words.ERRORS).strip("()"), name)
        else:
            text = manager.format(self.expression(2), name)
        with self.block(f"with {text}:"):
            if manager.startswith("warnings"):
                self.emit(f"warnings.simplefilter({self.pick(words.FILTERS)!r}, RuntimeWarning)")
            if " as " in text:
                self.bind(name)
            self.some(3)
            if self.chance(0.2):
                self.mistaken()

    def matched(self) -> None:
        with self.block(f"match {self.pick(['n', self.name(), f'({self.name()}, n)'])}:"):
            for case in self.source.sample([
                "0 | 1", "2", "np.ndarray(ndim=1)", "float() | int()", "[first, *rest]",
                "(first, 2)", f"_ if {self.test()}", "np.ndarray() as first", "None",
            ], 3) + (["_"] if self.chance(0.5) else []):  # fmt: skip
                with self.block(f"case {case}:"):
                    if "first" in case:
                        self.emit("kept.append(first * 2)")
                    self.some(2)

    def closure(self) -> None:
        """An inner function that reads, or changes, what is around it; it is also kept."""
        name = self.unique("f")
        around = self.pick([y for y in self.bound if y[0] in "xy"] or ["x0"])
        with self.function(f"def {name}(p, q={self.leaf()}):", ["p", around]):
            if self.chance(0.4):
                self.emit(f"nonlocal {around}")
                self.emit(f"{around} = {self.expression(2)}")
            self.some(2)
            self.emit(f"return {self.expression(2)}")
        self.inner.append(name)
        self.emit(f"kept.append({name}({self.leaf()}))")

    def generator(self) -> None:
        """An inner generator: used up, or sent to and closed in the middle."""
        name, made = self.unique("g"), self.unique("i")
        around = self.pick([y for y in self.bound if y[0] in "xy"] or ["x0"])
        with self.function(f"def {name}(p):", ["p", around]):
            if self.chance(0.3):
                self.emit(f"z = yield from pieces({self.name()}, 2)")
                self.bind("z")
            with self.block("try:"):
                with self.block("for k in range(3):"):
                    self.bind("k")
                    self.some(2)
                    self.emit(f"t = yield {self.expression(2)}")
                    self.emit("if t is not None:")
                    self.emit(f"    p = t + {self.leaf()}")
            with self.block("finally:"):
                self.emit(f"kept.append({self.expression(1)})")
        call = f"{name}({self.leaf()})"
        form = self.source.randrange(4)
        if form == 0:
            self.emit(f"kept.append(list({call}))")
        elif form == 1:
            self.emit(f"kept += [q * {self.leaf()} for q in {call}]")
        else:
            self.emit(f"{made} = {call}")
            self.emit(f"kept.append(next({made}))")
            if form == 2:
                self.assign()
                self.emit(f"kept.append({made}.send({self.leaf()}))")
            else:
                self.emit(f"kept.append({made}.throw(Failure(1)) if n > 2 else {made}.close())")

    def coroutine(self) -> None:
        name = self.unique("w")
        with self.function(f"async def {name}(p):", ["p"]):
            self.some(2)
            self.emit(f"return {self.expression(2)}")
        with self.block("try:"):
            self.emit(f"{name}({self.leaf()}).send(None)")
        with self.block("except StopIteration as stop:"):
            self.emit("kept.append(stop.value)")

    @contextmanager
    def function(self, header: str, names: list[str]) -> Iterator[None]:
        """Emit a function in which these names are bound, and nothing else is."""
        state = self.bound, self.maybe, self.inner, self.parts
        flow = self.breakable, self.returnable, self.loops
        self.emit(header)
        self.indent += 1
        self.bound, self.maybe = list(dict.fromkeys(names)), []
        self.inner, self.parts = [], []
        self.breakable, self.returnable, self.loops = False, False, 1
        yield
        self.indent -= 1
        self.bound, self.maybe, self.inner, self.parts = state
        self.breakable, self.returnable, self.loops = flow

    def some(self, most: int = 3) -> None:
        for _ in range(self.source.randint(1, most)):
            self.statement()

    def statement(self) -> None:
        self.budget -= 1
        if self.budget < 0 and self.chance(0.7):
            return
        kinds: list[Callable[[], None]] = [
            *[self.assign] * 9, *[self.update] * 4, *[self.store] * 3, *[self.alias] * 2,
            *[self.keep] * 2, self.unpack, self.outside, self.out, self.look, self.delete,
        ]  # fmt: skip
        if self.indent < DEEPEST + 2 and self.budget > 0:
            blocks = [self.condition, self.loop, self.guarded, self.managed]
            kinds += [*blocks * 2, self.leave, self.matched, self.closure, self.generator]
            kinds += [self.guarded, self.coroutine] if self.chance(0.3) else []
        if self.chance(0.02):
            self.mistaken()
        self.pick(kinds)()

    # ---------------------------------------------------------------------------- programs

    def helper(self) -> None:
        name = self.unique("h")
        with self.function(f"def {name}(x0, x1, n=1, a=0.5, b=2):", ["x0", "x1"]):
            self.emit("kept, c, s = [], 1.5, S")
            self.budget = 5
            if self.chance(0.3):
                self.emit("if n > 0:")
                self.emit(f"    kept.append({name}({self.expression(1)}, x1, n - 1))")
            self.returnable = True
            self.some(4)
            self.emit(f"return {self.expression(2)}")
        self.emit("")
        self.emit("")
        self.helpers.append(name)

    def program(self) -> str:
        """Draw the text behind the header."""
        for _ in range(self.pick([0, 1, 1, 2])):
            self.helper()
        self.emit("def made(c):")
        self.indent = 1
        self.lines += textwrap.indent(_EXCHANGE, "    ").splitlines()
        self.emit(f"def program({', '.join(ARGUMENTS)}, n, a, b, s):")
        self.indent = 2
        self.bound = list(ARGUMENTS)
        self.emit("nonlocal c")
        self.emit("global G")
        self.emit("kept = []")
        self.budget = self.source.randint(5, 22)
        while self.budget > 0:
            self.statement()
        for name in dict.fromkeys(self.maybe):
            self.emit(f"try: kept.append({name})")
            self.emit("except NameError as error: kept.append(str(error))")
        self.emit(f"return kept, {', '.join(self.bound)}")
        self.indent = 1
        self.emit("")
        self.emit("return program, exchange")
        return "\n".join(self.lines) + "\n"


_EXCHANGE = """\
def exchange(value):
    nonlocal c
    before, c = c, value
    return before

"""
