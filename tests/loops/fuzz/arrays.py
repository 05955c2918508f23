"""Random functions whose loops make arrays, too: new ones, views, aliases, reductions, indices.

In: a source of random numbers. Out: the function's text.
"""

from .writer import ARGUMENTS, Writer

LOCALS = ("v", "w", "z")
FUNCTIONS = ("np.exp", "np.sqrt", "np.abs", "np.tanh", "np.sin", "np.floor", "-", "np.isnan")
REDUCTIONS = ("np.sum({})", "{}.sum()", "np.mean({})", "{}.max()", "np.min({})", "np.any({} > s)",
              "np.linalg.norm({})", "len({})", "{}.size", "{}.ndim")  # fmt: skip
OPERATORS = ("+", "-", "*", "+", "-", "*", "/", "//", "%", ">", "<=", "==")
FORMS = (
    "np.array([<N>, <N>, <N>])", "np.zeros(n)", "np.ones(8)", "np.eye(3)", "np.zeros((2, 3))",
    "np.full(8, <N>)", "np.zeros_like(<A>)", "<A>.copy()", "v[<S>]", "w[<S>]", "z[<I>]", "v[<I>]",
    "z.T", "x[k]", "x[k % 8]", "x[k + 1]", "x[y > s]", "v[v > 0.5]",
    "np.where(<A> > <N>, <A>, <N>)",
    "np.where(x < y, <A>, 0.0)", "np.maximum(<A>, <N>)", "(<A> @ <A>)", "np.dot(a, <A>)",
    "np.dot(z, <A>)", "np.outer(<A>, x)", "np.linalg.inv(a)", "np.linalg.inv(z)", "<A>[:, None]",
    "helper(<A>, by=<N>)", "helper(<A>, <N>)", "(<A> if <C> else <A>)", "np.linalg.solve(a, <A>)",
    "np.sum(z, axis=0)", "a.sum(axis=1)", "z.max(axis=1)", "np.mean(a, axis=0, keepdims=True)",
    "np.zeros(n, dtype=np.int64)", "np.full(fill_value=<N>, shape=8)",
    "np.array([<N>], dtype=float)",
    "np.add(<A>, <A>, out=w)", "np.sin(<A>, out=v)",
)  # fmt: skip


class ArrayWriter(Writer):
    """Writes one program; the locals `v`, `w` and `z` hold arrays."""

    def program(self) -> str:
        self.line(f"def f({', '.join(ARGUMENTS)}):")
        self.depth = 1
        self.line("v, w, z = x, y[:3], a")
        for _ in range(self.random.randint(1, 2)):
            self.loop(2)
        self.line(f"return {', '.join((*LOCALS, 's', 't', 'u', 'p', 'q'))}, v is w, v.base is None")
        return "\n".join(self.lines) + "\n"

    def array(self, depth: int = 0) -> str:
        """Return an expression whose value is an array, most of the time."""
        at, inner = self.random.random(), depth + 1
        if depth > 2 or at < 0.35:
            return self.choose((*LOCALS, *LOCALS, "x", "x", "x", "y", "a", self.row()))
        if at < 0.6:
            other = self.array(inner) if self.random.random() < 0.6 else self.atom()
            return f"({self.array(inner)} {self.choose(OPERATORS)} {other})"
        if at < 0.7:
            return f"{self.choose(FUNCTIONS)}({self.array(inner)})"
        form = self.choose(FORMS)
        writers = {"N": self.atom, "I": self.index, "S": self.slice, "C": self.condition}
        for letter, write in {"A": lambda: self.array(inner + 1), **writers}.items():
            while f"<{letter}>" in form:
                form = form.replace(f"<{letter}>", write(), 1)
        return form

    def statement(self, left: int) -> None:
        at, name = self.random.random(), self.choose(LOCALS)
        if at < 0.4:
            self.line(f"{name} = {self.array()}")
        elif at < 0.5:
            self.line(
                f"{name} {self.choose(('+=', '-=', '*='))} {self.choose((self.array(1), 's'))}"
            )
        elif at < 0.6:
            where = self.choose((self.slice(), self.index(), f"{name} > s", "k % 3"))
            value = self.choose((self.atom(), self.array(1)))
            self.line(f"{name}[{where}] {self.choose(('=', '=', '+='))} {value}")
        elif at < 0.75:
            reduced = self.choose(REDUCTIONS).format(self.choose((name, self.row(), "x", "a")))
            self.line(f"{self.choose(('s', 't', 'u'))} = {reduced}")
        elif at < 0.77:
            self.line("v, w = w, v")
        elif at < 0.79:
            self.line(f"v[0], {name} = {self.atom()}, {self.array(1)}")
        else:
            super().statement(left)
