"""Random functions without loops, which become one piece of machine code.

In: a source of random numbers. Out: the function's text.
"""

from .arrays import ArrayWriter
from .writer import ARGUMENTS, NUMBERS, Tame

RESULTS = ("s", "[s, t]", "(u, p)", "x", "v", "(v, w, v)", "[z, [q]]", "None", "v[1:]", "flag")


class WholeWriter(Tame, ArrayWriter):
    """Writes one program; where another would have a loop, it has an `if` or a `return`."""

    def program(self) -> str:
        self.line(f"def f({', '.join(ARGUMENTS)}):")
        self.depth = 1
        self.line("v, w, z = x, y[:3], a")
        for _ in range(self.random.randint(1, 4)):
            self.statement(2)
        self.line(f"return {self.result()}")
        return "\n".join(self.lines) + "\n"

    def result(self) -> str:
        return self.choose((*RESULTS, self.expression(1), self.array(1)))

    def loop(self, left: int) -> None:
        self.line(f"if {self.condition()}:")
        self.block(left)
        if self.random.random() < 0.5:
            self.line(f"    return {self.result()}")

    def index(self) -> str:
        return self.choose(("0", "1", "-1", "2", "n - 1", "n"))

    def array(self, depth: int = 0) -> str:
        if self.random.random() < 0.3:
            return super().array(depth)
        return self.choose(("x * 2.0", "x + v", "np.exp(x)", "a @ x", "x[1:] - x[:-1]", "v - s"))

    def atom(self) -> str:
        return self.choose(("s", "t", "u", "2", "0.5", "3", "x[1]", "x[n]", "a[1, n - 2]", "y[2]"))

    def statement(self, left: int) -> None:
        if self.random.random() < 0.5:
            self.line(f"{self.choose(NUMBERS)} = {self.expression()}")
        else:
            super().statement(left)
