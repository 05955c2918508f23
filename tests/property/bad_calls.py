"""Random calls of NumPy's public functions, most of them with arguments that don't fit.

In: a seed and a number of rounds. Out: the calls that a bumped function answers otherwise than the
plain one: by another result, exception, text, traceback, warning, or change of an argument. For
many rounds, from the command line::

    python -m tests.property.bad_calls --rounds 100000 --seed 7
"""

from __future__ import annotations

import argparse
import inspect
import linecache
import os
import random
import types
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

import alloc_rewrite as alloc

from ..differential.compare import observe

CALLS = 4  # of each function that is made, with arguments of their own


# ------------------------------------------------------------------ what is called


def _public(path: str, module: Any) -> Iterator[str]:
    for name in sorted(set(getattr(module, "__all__", dir(module)))):
        if name.startswith("_") or f"{path}.{name}" in LEFT_OUT:
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            value = getattr(module, name, None)
        if callable(value) and not (isinstance(value, type) and name not in CLASSES):
            yield f"{path}.{name}"


#: Classes that make arrays, or that one may well call.
CLASSES = {"vectorize", "nditer", "broadcast", "ndenumerate", "ndindex", "flatiter", "matrix"}
#: What gives other results each time, changes the process, reads or writes files, or takes long.
LEFT_OUT = {
    *(
        f"np.{name}"
        for name in (
            "empty", "empty_like", "ndarray", "save", "savez", "savez_compressed", "savetxt",
            "load", "loadtxt", "genfromtxt", "fromfile", "fromregex", "memmap", "info", "test",
            "show_config", "show_runtime", "set_printoptions", "seterr", "seterrcall",
            "setbufsize", "set_string_function", "get_include", "printoptions", "errstate",
            "may_share_memory", "shares_memory", "frompyfunc", "from_dlpack", "getbufsize",
            "bartlett", "nditer", "nested_iters", "broadcast", "flatiter",
        )
    ),
    *(
        f"np.random.{name}"
        for name in ("seed", "set_state", "test", "set_bit_generator", "get_bit_generator",
                     "default_rng", "bytes", "get_state")
    ),
    *(f"np.ma.{name}" for name in ("empty", "empty_like", "fromfile", "test", "ndenumerate")),
    "np.linalg.test", "np.fft.test", "np.lib.tracemalloc_domain", "np.lib.add_docstring",
    "np.lib.add_newdoc", "np.lib.array_utils.byte_bounds", "np.ma.ids",
    "np.ma.masked_all", "np.ma.masked_all_like",
    "np.random.logseries", "rng.logseries",
    *(
        f"x.{name}"
        for name in ("tofile", "dump", "resize", "__array_finalize__", "__setstate__", "ctypes",
                     "data", "base")
    ),
}  # fmt: skip

_METHODS = [
    f"x.{name}"
    for name in sorted(set(dir(np.ndarray)))
    if callable(getattr(np.ndarray, name))
    and (not name.startswith("_") or name in ("__add__", "__matmul__", "__pow__", "__copy__",
                                              "__array__", "__getitem__", "__setitem__"))
    and f"x.{name}" not in LEFT_OUT
]  # fmt: skip
_UFUNCS = ("add", "multiply", "maximum", "logical_or", "sin", "divmod", "matmul", "equal")


def callables() -> list[str]:
    """Return expressions for what is called; `x` is an array and `rng` a generator."""
    found = [
        *_public("np", np),
        *_public("np.linalg", np.linalg),
        *_public("np.fft", np.fft),
        *_public("np.random", np.random),
        *_public("np.ma", np.ma),
        *_public("np.lib.stride_tricks", np.lib.stride_tricks),
        *_public("np.lib.array_utils", np.lib.array_utils),
        *_public("np.emath", np.emath),
        *_public("np.strings", np.strings),
        *_public("np.polynomial.polynomial", np.polynomial.polynomial),
        *_public("np.polynomial.chebyshev", np.polynomial.chebyshev),
    ]
    found += [
        f"np.{ufunc}.{method}"
        for ufunc in _UFUNCS
        for method in ("reduce", "accumulate", "reduceat", "outer", "at")
    ]
    found += [
        f"rng.{name}"
        for name in sorted(dir(np.random.Generator))
        if not name.startswith("_")
        and name not in ("bytes", "bit_generator", "spawn")
        and f"rng.{name}" not in LEFT_OUT
    ]
    return found + _METHODS * 2


# ------------------------------------------------------------------ what it is called with


class Plain(np.ndarray):
    """A subclass that changes nothing."""


class Taking(np.ndarray):
    """A subclass that takes functions and ufuncs over."""

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        return f"function {func.__name__} of {len(args)}"

    def __array_ufunc__(self, ufunc: Any, method: str, *args: Any, **kwargs: Any) -> Any:
        return f"ufunc {ufunc.__name__}.{method} of {len(args)}"


class Refusing:
    """An array-like of which NumPy gets no array."""

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        raise LookupError("no array here")


class Duck:
    """Takes functions over, by an error."""

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        raise KeyError(func.__name__)


class Unfit:
    """Fits nowhere."""

    def __repr__(self) -> str:
        return "Unfit()"


def _read_only() -> Any:
    x = np.arange(6.0)
    x.flags.writeable = False
    return x


with np.errstate(invalid="ignore"):  # the one that arithmetic makes here: which of two is open
    _NAN = float(np.subtract(np.inf, np.inf))
_STRUCTURED = [("a", "f8"), ("b", "i2")]

#: Makers of arrays, which methods are called on as well.
ARRAYS: dict[str, Callable[[], Any]] = {
    "vector": lambda: np.arange(1.0, 7.0),
    "matrix": lambda: np.arange(1.0, 10.0).reshape(3, 3) + np.eye(3),
    "cube": lambda: np.arange(24.0).reshape(2, 3, 4),
    "zero-dim": lambda: np.array(2.5),
    "empty": lambda: np.zeros((0, 3)),
    "ints": lambda: np.arange(6),
    "bytes": lambda: np.arange(6, dtype=np.int8),
    "bools": lambda: np.array([True, False, True]),
    "complex": lambda: np.arange(4) * (1 + 2j),
    "single": lambda: np.arange(6, dtype=np.float32).reshape(2, 3),
    "reversed": lambda: np.arange(6.0)[::-1],
    "strided": lambda: np.arange(24.0).reshape(4, 6)[::2, ::3],
    "swapped": lambda: np.arange(6.0).astype(">f8"),
    "objects": lambda: np.array([1, None, "a"], dtype=object),
    "numbers": lambda: np.array([1, 2.5, 3], dtype=object),
    "strings": lambda: np.array(["a", "bc", ""]),
    "records": lambda: np.zeros(3, _STRUCTURED),
    "times": lambda: np.array(["2020-01-01", "NaT"], "M8[D]"),
    "read-only": _read_only,
    "with nan": lambda: np.array([1.0, _NAN, np.inf, -0.0]),
}
_SUBCLASSES: dict[str, Callable[[], Any]] = {
    "masked": lambda: np.ma.masked_array([1.0, 2.0, 3.0], [0, 1, 0]),
    "np.matrix": lambda: np.arange(6.0).reshape(2, 3).view(np.matrix),
    "plain subclass": lambda: np.arange(6.0).view(Plain),
    "taking subclass": lambda: np.arange(6.0).view(Taking),
    "recarray": lambda: np.zeros(3, _STRUCTURED).view(np.recarray),
}
_OTHERS: dict[str, Any] = {
    "0": 0, "1": 1, "2": 2, "3": 3, "-1": -1, "-7": -7, "2**70": 2**70, "2.5": 2.5, "nan": _NAN,
    "1j": 1j, "True": True, "None": None, "...": ..., "'a'": "a", "'f8'": "f8", "'C'": "C",
    "'bogus'": "bogus", "''": "", "b'a'": b"a", "()": (), "(0,)": (0,), "(0, 0)": (0, 0),
    "(2, 3)": (2, 3), "(9, -9)": (9, -9), "float": float, "int": int, "object": object,
    "np.float32": np.float32, "np.float64(2)": np.float64(2), "np.int8(1)": np.int8(1),
    "slice": slice(1, 3), "np.add": np.add, "np.sum": np.sum, "abs": abs, "dtype": np.dtype("i4"),
    "i4 out of order": np.dtype(">i4"), "range": range(3), "NotImplemented": NotImplemented,
    "nested": ((1.0, 2.0), (3.0, 4.0)), "ragged": ((1.0, 2.0), (3.0,)),
}  # fmt: skip
_FRESH: dict[str, Callable[[], Any]] = {
    "[]": list,
    "[1.0, 2.0]": lambda: [1.0, 2.0],
    "[0, 0]": lambda: [0, 0],
    "list of lists": lambda: [[1, 2, 3], [4, 5, 6]],
    "ragged list": lambda: [[1, 2], [3]],
    "list of arrays": lambda: [np.arange(3.0), np.arange(3.0)],
    "tuple of arrays": lambda: (np.arange(3.0), np.arange(4)),
    "list with a subclass": lambda: [np.arange(3.0), np.arange(3.0).view(Taking)],
    "{}": dict,
    "{'a': 1}": lambda: {"a": 1},
    "set": lambda: {1, 2},
    "generator": lambda: (i for i in range(3)),
    "iterator of arrays": lambda: iter([np.arange(3.0), np.arange(3.0)]),
    "Refusing": Refusing,
    "Duck": Duck,
    "Unfit": Unfit,
    "bytearray": lambda: bytearray(b"12345678"),
    "memoryview": lambda: memoryview(bytearray(8)),
}
VALUES: dict[str, Callable[[], Any]] = {
    **ARRAYS,
    **_SUBCLASSES,
    **_FRESH,
    **{name: (lambda value=value: value) for name, value in _OTHERS.items()},
}

_KEYWORDS = (
    "axis", "dtype", "out", "keepdims", "where", "initial", "order", "casting", "subok", "copy",
    "like", "ddof", "mode", "size", "bad", "a", "x", "k", "n",
)  # fmt: skip
#: Forms of a call with two values, `p` and `q`.
_FORMS = (
    "()", "(p)", "(p)", "(p, q)", "(p, q)", "(p, q, p)", "(p, {key}=q)", "(p, {key}=q)",
    "(p, {key}=q)", "(p, q, {key}=p)", "({key}=p)", "(p, {key}=q, {other}=p)", "(*p)", "(*q, p)",
    "(p, *q)", "(*p, **q)", "(p, **q)", "(**p)", "(p, **{{'{key}': q}})",
    "(p, {key}=q, **{{'{key}': p}})", "(p, p, p, p, p, p, p, p, p, p, q)", "(p, **{{1: q}})",
    "(*p, {key}=q)",
)  # fmt: skip

_SHORT_FORMS = ("()", "(p)", "(p, q)", "(p, {key}=q)", "({key}=p)", "(**p)")
_GROWING = {"np.meshgrid", "np.ix_", "np.block", "np.ma.mr_"}  # by each argument more
#: Methods of generators with which NumPy takes an `out` for an array without a look, and crashes.
_CRASHING = {
    f"rng.{name}"
    for name in ("random", "standard_normal", "standard_exponential", "standard_gamma")
}


def _keywords(expression: str) -> tuple[str, ...]:
    """Return the names of a function's parameters, as far as they are known."""
    holder = {"np": np, "x": np.ndarray, "rng": np.random.Generator}
    try:
        function = eval(expression, holder)
        return tuple(
            name
            for name, one in inspect.signature(function).parameters.items()
            if one.kind in (one.KEYWORD_ONLY, one.POSITIONAL_OR_KEYWORD) and name != "self"
        )
    except (TypeError, ValueError):
        return ()


_WITHOUT_ITEMS = frozenset({"empty", "[]", "()"})
#: Arguments to which plain NumPy answers with uninitialised memory, which glibc's MALLOC_PERTURB_
#: shows: `gradient` leaves the items under a mask out, and integers for one place between bounds
#: without items are between those that stand in memory there.
UNDEFINED: dict[str, frozenset[str]] = {
    "np.gradient": frozenset({"masked"}),
    "np.random.randint": _WITHOUT_ITEMS,
    "np.random.random_integers": _WITHOUT_ITEMS,
    "rng.integers": _WITHOUT_ITEMS,
}


def _leaves_items_out(expression: str) -> bool:
    """Whether `where=` may leave items of a result as they were in uninitialised memory."""
    if expression.startswith(("x.", "rng.")):
        return False
    return expression.startswith(("np.ma.", "np.strings.")) or isinstance(
        eval(expression, {"np": np}), np.ufunc
    )


# ------------------------------------------------------------------ rounds


class Round:
    """One function with one call in it, and the arguments that it gets in turn."""

    def __init__(self, draw: random.Random, expressions: list[str]) -> None:
        expression = draw.choice(expressions)
        known = _keywords(expression)
        names = draw.choices(known or _KEYWORDS, k=2) if draw.random() < 0.7 else []
        names += draw.sample(_KEYWORDS, 2)
        if expression in _CRASHING:
            names = ["size" if name == "out" else name for name in names]
        if _leaves_items_out(expression):
            names = ["order" if name == "where" else name for name in names]
        if names[0] == names[1]:
            names[1] = "bad"
        forms = _FORMS[:5] if expression in _GROWING else _FORMS
        forms = _SHORT_FORMS if expression in _CRASHING else forms
        form = draw.choice(forms).format(key=names[0], other=names[1])
        self.source = f"{expression}{form}"
        own = draw.choice([*ARRAYS] if draw.random() < 0.8 else [*_SUBCLASSES])
        fitting = draw.random() < 0.5  # then arrays are likelier
        undefined = UNDEFINED.get(expression, frozenset())
        self.rows = [
            (own, self._value(draw, fitting, undefined), self._value(draw, fitting, undefined))
            for _ in range(CALLS)
        ]

    @staticmethod
    def _value(draw: random.Random, fitting: bool, undefined: frozenset[str]) -> str:
        names = ARRAYS if fitting and draw.random() < 0.6 else VALUES
        return draw.choice([name for name in names if name not in undefined])

    def function(self) -> types.FunctionType:
        filename = f"<{self.source}>"
        code = f"def call(x, rng, p, q):\n    return {self.source}\n"
        linecache.cache[filename] = (len(code), None, code.splitlines(True), filename)
        namespace: dict[str, Any] = {"np": np, "__name__": "calls"}
        exec(compile(code, filename, "exec"), namespace)
        made: types.FunctionType = namespace["call"]
        return made

    def disagreements(self, buffer: alloc.Buffer) -> Iterator[str]:
        """Run all rows plain and bumped, and go over what differs."""
        plain = self.function()
        bumped = alloc.bump(buffer)(plain)
        for row in self.rows:
            expected, _ = observe(plain, _made(row))
            for time in ("first", "second"):
                got, _ = observe(bumped, _made(row))
                different = expected.differences(got)
                if different:
                    x, p, q = row
                    about = f"{self.source} with x={x}, p={p}, q={q} ({time} time)"
                    yield "\n".join([about, *different])
                    break


def _made(row: tuple[str, ...]) -> tuple[Any, ...]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        x, *values = [VALUES[name]() for name in row]
    return (x, np.random.Generator(np.random.PCG64(1)), *values)


def disagreements(seed: int, rounds: int) -> Iterator[str]:
    """Go over all that differs in so many rounds."""
    expressions = callables()
    for number in range(rounds):
        one = Round(random.Random(f"{seed} {number}"), expressions)
        if os.environ.get("SHOW"):
            print(number, one.source, flush=True)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)
            for text in one.disagreements(alloc.Buffer()):
                yield f"round {number}: {text}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    found = 0
    for text in disagreements(options.seed, options.rounds):
        found += 1
        print(text, end="\n\n", flush=True)
    print(f"{found} of {options.rounds * CALLS} calls disagree ({alloc.core()[0]} core)")


if __name__ == "__main__":
    main()
