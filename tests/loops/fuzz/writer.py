"""Write a random function with loops over numbers, elements, slices and helpers.

In: a source of random numbers. Out: its text. Many of these programs fail, or mix kinds of numbers,
in some iteration: that is wanted.
"""

from random import Random

ARGUMENTS = ("x", "y", "k", "a", "b", "l", "r", "n", "s", "t", "u", "p", "q", "flag", "o", "h")
NUMBERS = ("s", "t", "u", "p", "q")
VECTORS, MATRICES = ("x", "y", "k"), ("a", "b")
CONSTANTS = ("0", "1", "2", "3", "-1", "0.5", "2.0", "1.5", "1e-3", "1e200", "True")
FUNCTIONS = (
    "abs", "float", "int", "bool", "math.sqrt", "math.exp", "math.sin", "math.log", "math.floor",
    "math.isnan", "np.sqrt", "np.abs", "np.floor", "np.exp", "np.tanh", "np.sin", "np.float64",
    "np.square", "np.isnan",
)  # fmt: skip
PAIRS = ("min", "max", "np.maximum", "np.minimum", "math.atan2", "math.hypot", "np.arctan2")
OPERATORS = ("+", "-", "*") * 4 + ("/",) * 3 + ("//", "%")
BITS = ("&", "|", "^", ">>", "<<")
AUGMENTED = ("+=", "-=", "*=", "/=", "//=", "%=")
COMPARISONS = ("<", ">", "<=", ">=", "==", "!=")
RANGES = ("n", "n - 1", "1, n", "1, n - 1", "n - 1, 0, -1", "0, n, 2", "len(x)", "3")
#: Loops that give one number, then those that give an index and a number.
ITERABLES = ("x", "y", "k", "l", "a[1]", "reversed(range(n))", "reversed(x)", "(s, 1, 2.5)")
PAIRS_OF = ("enumerate(x)", "enumerate(l)", "enumerate(y, 1)", "zip(k, x)", "zip(range(n), l)",
            "enumerate(range(1, n))", "zip(r, x)")  # fmt: skip


class Writer:
    """Writes one program; `loops` are the variables of the loops around what is being written."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.choose = random.choice
        self.lines: list[str] = []
        self.depth = 0
        self.loops: list[str] = []

    def program(self) -> str:
        self.line(f"def f({', '.join(ARGUMENTS)}):")
        self.depth = 1
        for _ in range(self.random.randint(1, 2)):
            self.loop(2)
        self.line("return s, t, u, p, q")
        return "\n".join(self.lines) + "\n"

    def line(self, text: str) -> None:
        self.lines.append("    " * self.depth + text)

    # ------------------------------------------------------------------ expressions

    def index(self) -> str:
        at = self.random.random()
        if self.loops and at < 0.7:
            return self.choose(self.loops) + self.choose(("", "", "", " - 1", " + 1", " - 2"))
        return self.choose(("-3", "-1", "0", "1", "2")) if at < 0.85 else "p % 4"

    def element(self) -> str:
        if self.random.random() < 0.5:
            return f"{self.choose(VECTORS)}[{self.index()}]"
        return f"{self.choose(MATRICES)}[{self.index()}, {self.index()}]"

    def atom(self) -> str:
        at = self.random.random()
        if at < 0.35:
            return self.element()
        if at < 0.6:
            return self.choose(NUMBERS)
        if at < 0.7 and self.loops:
            return self.choose(self.loops)
        if at < 0.76:
            return self.choose(("n", "len(x)", "a.shape[0]", "x.size", "flag", "l[1]", "scale"))
        return self.choose(CONSTANTS)

    def expression(self, depth: int = 0) -> str:
        at, inner = self.random.random(), depth + 1
        if depth > 2 or at < 0.3:
            return self.atom()
        if at < 0.75:
            operators = OPERATORS + (BITS if self.random.random() < 0.3 else ())
            if self.random.random() < 0.05:
                return f"({self.atom()} ** {self.choose((2, 3, 0.5))})"
            return f"({self.expression(inner)} {self.choose(operators)} {self.expression(inner)})"
        if at < 0.8:
            return f"({self.choose(('-', '+', '-', 'not '))}{self.expression(inner)})"
        if at < 0.9:
            return f"{self.choose(FUNCTIONS)}({self.expression(inner)})"
        if at < 0.94:
            return f"{self.choose(PAIRS)}({self.expression(inner)}, {self.expression(inner)})"
        given, other = self.expression(inner), self.expression(inner)
        return f"({given} if {self.condition()} else {other})"

    def condition(self) -> str:
        at = self.random.random()
        base = f"{self.expression(1)} {self.choose(COMPARISONS)} {self.expression(1)}"
        if at < 0.7:
            return base
        if at < 0.8:
            return f"not ({base})"
        return f"({base}) {self.choose(('and', 'or'))} ({self.expression(1)} < {self.atom()})"

    def slice(self) -> str:
        def bound() -> str:
            return self.choose(("", "", "1", "-1", "2", *self.loops[-1:], "n"))

        return f"{bound()}:{bound()}" + self.choose(("", "", "", ":2", ":-1", ":3"))

    def row(self) -> str:
        where, at = self.slice(), self.index()
        rows = (f"x[{where}]", f"y[{where}]", f"a[{at}, {where}]", f"b[{at}, {where}]",
                f"a[{where}, {at}]", "x", "a[0]")  # fmt: skip
        return self.choose(rows)

    # ------------------------------------------------------------------ statements

    def statement(self, left: int) -> None:
        at = self.random.random()
        if at < 0.3:
            self.line(f"{self.choose(NUMBERS)} = {self.expression()}")
        elif at < 0.45:
            self.line(f"{self.choose(NUMBERS)} {self.choose(AUGMENTED)} {self.expression(1)}")
        elif at < 0.65:
            sign = self.choose(("=", "=", "+=", "-=", "*="))
            self.line(f"{self.element()} {sign} {self.expression()}")
        elif at < 0.8:
            self.line(f"if {self.condition()}:")
            self.block(left - 1)
            if self.random.random() < 0.4:
                self.line("else:")
                self.block(left - 1)
        elif at < 0.89 and left > 0:
            self.loop(left - 1)
        elif at < 0.92 and self.loops:
            self.line(self.choose(("break", "continue")))
        elif at < 0.93:
            self.line(f"s, t = t, {self.expression(1)}")
        elif at < 0.95:
            last = self.choose(("", f", {self.atom()}", f", by={self.atom()}"))
            self.line(f"{self.choose(NUMBERS)} = helper({self.expression(1)}{last})")
        elif at < 0.96:
            self.line(f"r.append({self.expression(1)})")
        elif at < 0.99:
            self.line(self.slices())
        else:
            self.line(f"u = {self.atom()}")

    def slices(self) -> str:
        if self.random.random() < 0.25:
            product = self.choose(("{} @ {}", "np.dot({}, {})")).format(self.row(), self.row())
            return f"{self.choose(NUMBERS)} = {product}"
        row, other, sign = self.row(), self.row(), self.choose("+-*/")
        value = self.choose(
            (f"{row} {sign} {other}", f"{row} {sign} s", f"2.0 {sign} {row}", f"-{row}",
             f"{row} {sign} {other} * 0.5", f"np.sqrt({row})", self.atom())
        )  # fmt: skip
        target = self.row()
        if "[" not in target:
            target += "[:]"
        return f"{target} {self.choose(('=', '=', '+=', '-=', '*='))} {value}"

    def block(self, left: int) -> None:
        self.depth += 1
        for _ in range(self.random.randint(1, 3)):
            self.statement(left)
        self.depth -= 1

    def loop(self, left: int) -> None:
        at, number = self.random.random(), len(self.lines)
        name = f"i{number}"
        if at < 0.6:
            bounds = self.choose((*RANGES, *self.loops[-1:]))
            self.line(f"for {name} in range({bounds}):")
        elif at < 0.72:
            self.line(f"for v{number} in {self.choose(ITERABLES)}:")
            name = f"v{number}"
        elif at < 0.85:
            self.line(f"for {name}, u in {self.choose(PAIRS_OF)}:")
        else:
            self.line(f"{name} = 0")
            self.line(f"while {name} < n:")
            self.depth += 1
            self.line(f"{name} += 1")
            self.depth -= 1
        self.loops.append(name)
        self.block(left)
        self.loops.pop()


class Tame(Writer):
    """Writes expressions that most kinds of numbers can be put into."""

    def expression(self, depth: int = 0) -> str:
        if depth > 1 or self.random.random() < 0.2:
            return super().expression(depth)
        given = self.expression(depth + 1), self.choose("+-*+-*/"), self.expression(depth + 1)
        return f"({' '.join(given)})"
