"""Code with EXTENDED_ARG everywhere: many names, constants, locals, and far jumps."""

import sys

import pytest


def made(source, **names):
    namespace = dict(names)
    exec(compile(source, "<large>", "exec"), namespace)
    return namespace["f"]


def test_more_than_256_constants_and_names(same, x):
    body = "\n".join(f"    out = out + x * {k}.25 - g{k}" for k in range(600))
    f = made(
        f"def f(x):\n    out = x\n{body}\n    return out\n", **{f"g{k}": k for k in range(600)}
    )
    same(f, x)


def test_more_than_256_locals_and_cells(same, x):
    body = "\n".join(f"    v{k} = x + {k}" for k in range(400))
    inner = " + ".join(f"v{k}" for k in range(0, 400, 3))
    f = made(f"def f(x):\n{body}\n    def g():\n        return {inner}\n    return g() * v399\n")
    same(f, x)


@pytest.mark.parametrize("lines", [800, 5000])
def test_far_jumps(same, shapes, x, lines):
    if lines > 1000 and shapes.way != "run":
        pytest.skip("once is enough")
    body = "\n".join(f"            y = y + x * {k % 7}" for k in range(lines))
    source = (
        "def f(x):\n    y = x\n    for k in range(2):\n        if k == 5:\n"
        f"{body}\n        y = y * 2\n    return y\n"
    )
    f = made(source)
    assert len(f.__code__.co_code) > (65536 if lines > 1000 else 8000)
    shapes.calls = 10
    same(f, x)


def test_far_exception_handlers(same, x):
    body = "\n".join(f"            y = y + x * {k % 7}" for k in range(500))
    source = (
        "def f(x):\n    y = x\n    for k in range(2):\n        try:\n"
        f"{body}\n            y = y + 'no'\n        except TypeError:\n            y = y * 2\n"
        "            continue\n        finally:\n            y = y + 1\n    return y\n"
    )
    same(made(source), x)


def test_many_arguments(same, x):
    names = [f"a{k}" for k in range(300)]
    total = " + ".join(names)
    source = (
        f"def g({', '.join(names)}):\n    return {total}\n"
        f"def h(*, {', '.join(names)}):\n    return {total}\n"
        f"def f(x):\n    return g({', '.join(['x'] * 300)}), "
        f"h({', '.join(f'{n}=x' for n in names)})\n"
    )
    same(made(source), x)


def test_deep_expressions(same, x):
    nested = "(" * 60 + "x" + "".join(f" + {k} * x)" for k in range(60))
    right = "".join(f"(x - {k} * " for k in range(60)) + "x" + ")" * 60
    calls = "g(x, " * 50 + "x" + ")" * 50
    same(made(f"def g(a, b): return a + b\ndef f(x):\n    return {nested}, {right}, {calls}\n"), x)


@pytest.mark.parametrize("fails", ["no", "2", "k"])
def test_deep_try_nesting(same, x, fails):
    source = "def f(x):\n    y = seen = x\n"
    for depth in range(9):
        source += "    " * (depth + 1) + "try:\n"
    source += "    " * 10 + f"y = y * 2 + {repr(fails) if fails == 'no' else fails}\n"
    for depth in reversed(range(9)):
        pad = "    " * (depth + 1)
        source += f"{pad}except ({'TypeError' if depth == 3 else 'ValueError'}, NameError):\n"
        source += f"{pad}    y = -y + {'unknown' if depth == 5 else 1}\n"
        source += f"{pad}finally:\n{pad}    y = y + {depth}\n"
    source += "    return y * seen\n"
    same(made(source), x)


NEW_SYNTAX = {
    "type statement": """
def f(x):
    type Row[T] = dict[str, T]
    def g[T: (int, float)](v: T, *args: *tuple[T, ...]) -> Row[T]:
        return v * 2 + sum(args)
    class C[T, *Ts, **P]:
        k = T.__name__
        def h(self, v: T):
            return v * 2, T.__name__, self.k
    return g(x, 1, 2), C().h(x), Row.__name__, g.__type_params__[0].__name__
""",
    "f-strings with quotes inside": """
def f(x):
    return f"{f"{(x * 2).sum():{"0" + ">10"}}"} {"a" + f'{x @ x}'}"
""",
    "comprehensions in class bodies": """
def f(x):
    class C:
        y = 3
        rows = [v * 2 for v in (x, x + 1) if (lambda: v is not None)()] if (y := 1) else 0
    return C.rows
""",
}


@pytest.mark.skipif(sys.version_info < (3, 12), reason="syntax of Python 3.12")
@pytest.mark.parametrize("what", NEW_SYNTAX)
def test_new_syntax(same, x, what):
    same(made(NEW_SYNTAX[what]), x)


@pytest.mark.skipif(sys.version_info < (3, 13), reason="syntax of Python 3.13")
def test_type_parameter_defaults(same, x):
    same(
        made(
            "def f(x):\n    def g[T = int, *Ts = *tuple[int]](v):\n"
            "        return v * 2, T.__default__\n    return g(x)\n"
        ),
        x,
    )
