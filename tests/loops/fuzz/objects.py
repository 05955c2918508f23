"""Random functions whose loops read and store attributes, and call a function that they are given.

In: a source of random numbers. Out: the function's text.
"""

from .writer import NUMBERS, Tame


class ObjectWriter(Tame):
    """Writes one program; `o` is an object, `h` a function."""

    def atom(self) -> str:
        if self.random.random() < 0.25:
            return self.choose(("o.x", "o.v", "o.x", "o.w[1]", "h(o.v)", "h(s)"))
        return super().atom()

    def statement(self, left: int) -> None:
        at = self.random.random()
        if at < 0.15:
            self.line(f"o.{self.choose('xv')} {self.choose('+-*')}= {self.expression(1)}")
        elif at < 0.25:
            self.line(f"o.{self.choose('xv')} = {self.expression(1)}")
        elif at < 0.3:
            value = self.choose((f"{self.atom()}", "o.w", "x[:3]"))
            self.line(f"o.w = o.w * 0.5 + {value}")
        elif at < 0.35:
            self.line(f"{self.choose(NUMBERS)} = o.step({self.expression(1)})")
        else:
            super().statement(left)
