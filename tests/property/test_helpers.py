"""Random programs with helpers: what is inlined gives the same, whatever changes under it."""

from __future__ import annotations

import copy
import linecache
import random
import traceback
import warnings

import numpy as np
import pytest

import alloc_rewrite as alloc

WARM = 12  # calls after which helpers are inlined
MODES = [{}, {"all": "raise"}, {"all": "warn"}, {"divide": "raise", "over": "warn"}]


class Writer:
    """Writes the source of a program: helpers that call each other, and `main`."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.methods = ["class K:", "    c = 0.25", "    def __init__(self):"]
        self.methods += ["        self.d = 1.5"]
        self.lines: list[str] = []
        self.helpers: list[tuple[str, int, int, bool]] = []  # name, arguments, results, method
        for number in range(4):
            self.helper(number)
        self.function("main", "self, x, y, n", ["x", "y"], ["n", "C"], "", 6)
        self.text = (
            "\n".join(["C = 0.5", "D = 3", "FLAG = False", *self.methods, *self.lines]) + "\n"
        )

    def helper(self, number: int) -> None:
        choose = self.random.choice
        name, is_method = f"h{number}", self.random.random() < 0.3
        n = choose([1, 2, 3])
        parameters = ["a", "b", "c"][:n]
        signature = ", ".join(parameters)
        extra = choose(["", ", k=2.0", ", *, k=0.5", ", k=D", ", k=None", ", *, k=None"])
        head = "self, " if is_method else ""
        numbers = (["k"] if extra else []) + ["C", "D"] + (["self.d"] if is_method else [])
        indent = "    " if is_method else ""
        many = choose([1, 1, 2])
        self.function(name, head + signature + extra, parameters, numbers, indent, 3, many)
        self.helpers.append((name, n, many, is_method))

    def function(self, name, signature, arrays, numbers, indent, length, many=0) -> None:
        put = (self.methods if indent else self.lines).append
        choose = self.random.choice
        can_call = [h for h in self.helpers if not h[3] or "self" in signature]
        put(f"{indent}def {name}({signature}):")
        arrays = list(arrays)
        if "k=None" in signature:
            put(f"{indent}    k = C if k is None else k")
        if many == 1 and self.random.random() < 0.4:
            condition = choose(["FLAG", "not FLAG", "D > 2", "FLAG is False", "a is None", "C"])
            put(f"{indent}    if {condition}:")
            last = choose(["a = a + 1.0", "return a * 2.0"])
            put(f"{indent}        {last}")
        for step in range(self.random.randint(1, length)):
            kind = self.random.random()
            new = f"t{step}"
            if can_call and kind < 0.5:
                callee, n, results, is_method = choose(can_call)
                given = [self.expression(arrays, numbers, 1) for _ in range(n)]
                given[0] = "None" if self.random.random() < 0.03 else given[0]
                if self.random.random() < 0.3:
                    given[-1] = f"{'abc'[n - 1]}={given[-1]}"
                call = f"{'self.' if is_method else ''}{callee}({', '.join(given)})"
                if results == 2:
                    put(f"{indent}    {new}, {new}b = {call}")
                    arrays.append(f"{new}b")
                else:
                    put(f"{indent}    {new} = {call}")
            elif kind < 0.57:
                value = self.expression(arrays, numbers, 1)
                store = f"[1:-1] = {value}[1:-1]" if kind < 0.53 else f" {choose('+-*')}= {value}"
                put(f"{indent}    {choose(arrays)}{store}")
                continue
            elif kind < 0.6:
                target = choose(arrays)
                by_mask = f"{target}[{choose(arrays)} > 1.5] = C"
                into = f"np.add({choose(arrays)}, {choose(arrays)}, out={target})"
                put(f"{indent}    {choose([by_mask, into])}")
                continue
            elif kind < 0.63 and len(arrays) > 3:
                put(f"{indent}    del {arrays.pop()}")
                continue
            else:
                put(f"{indent}    {new} = {self.expression(arrays, numbers, 2)}")
            arrays.append(new)
        if many == 0:
            put(f"{indent}    return {', '.join(arrays)},")
        else:
            parts = [self.expression(arrays, numbers, 2) for _ in range(many)]
            put(f"{indent}    return {', '.join(parts)}")

    def expression(self, arrays, numbers, depth) -> str:
        choose = self.random.choice
        if depth == 0:
            return choose([*arrays, *arrays, *numbers, "2.0"])
        one, other = choose(arrays), self.expression(arrays, numbers, depth - 1)
        return choose(
            [
                f"({one} + {other})", f"({one} * {other})", f"({one} - {other})",
                f"({one} / {other})", f"np.sqrt({one} * {one})", f"np.maximum({one}, {other})",
                f"({one} - {one}.max())",
            ]
        )  # fmt: skip


def observed(names, x, y, n, mode, function):
    """Return what a call gives, warns of, raises and changes."""
    x, y = copy.deepcopy((x, y))
    with warnings.catch_warnings(record=True) as caught, np.errstate(**mode):
        warnings.simplefilter("always")
        try:
            result = function(names["K"](), x, y, n)
            result = [(type(v), np.asarray(v).dtype, bits(v)) for v in result]
        except Exception as error:
            frames = traceback.extract_tb(error.__traceback__)
            lines = [(f.name, f.lineno) for f in frames if f.filename == names["__file__"]]
            result = (type(error), str(error), lines)
    said = [(w.filename, w.lineno, str(w.message), w.category) for w in caught]
    return result, said, bits(x), bits(y)


def bits(value):
    """Return the bits of numbers; which NaN it is doesn't matter."""
    value = np.asarray(value)
    return np.where(np.isnan(value), np.nan, value).tobytes()


def changes(names, rng):
    """Change something that helpers depend on, one after the other."""
    yield "nothing"
    names["C"] = 0.75
    yield "a global"
    names["D"] = np.float32(3.0)
    yield "the type of a global"
    names["FLAG"] = True
    yield "a condition"
    for name in ("h0", "h1", "h2", "h3"):
        holder = names if name in names else vars(names["K"])
        helper = holder[name]
        if helper.__defaults__:
            helper.__defaults__ = (4,)
            yield "a default"
        if helper.__kwdefaults__:
            helper.__kwdefaults__["k"] = 1.0
            yield "a default by keyword"
    names["K"].h3 = names.get("h3") or names["K"].h3
    yield "a method"
    first = names.get("h0") or names["K"].h0
    last = names.get("h1") or names["K"].h1
    if first.__code__.co_varnames[:2] == last.__code__.co_varnames[:2]:
        last.__code__ = first.__code__  # which calls none
        yield "code"
    names["np"] = type("np", (), {"sqrt": lambda v: v, "maximum": lambda v, w: v})
    yield "a module"


def program(seed):
    writer = Writer(seed)
    file = f"<helpers {seed}>"
    linecache.cache[file] = (len(writer.text), None, writer.text.splitlines(True), file)
    names = {"np": np, "__name__": "cases", "__file__": file}
    exec(compile(writer.text, file, "exec"), names)
    names["K"].main = names["main"]
    return writer.text, names


@pytest.mark.parametrize("block", range(4))
def test_random_helpers(block):
    inlined = 0
    for seed in range(block * 12, block * 12 + 12):
        rng = random.Random(seed)
        text, names = program(seed)
        main = names["main"]
        bumped = alloc.bump(alloc.Buffer(), always=seed % 3 == 2)(main)
        good = np.linspace(1.0, 2.0, 40), np.linspace(2.0, 1.0, 40)
        bad = np.array([*good[0][:-3], 0.0, np.inf, 1e308]), np.array([*good[1][:-2], 0.0, -1e308])
        for what in changes(names, rng):
            for call in range(WARM if what == "nothing" else 4):
                args = bad if call % 5 == 4 else good
                mode = MODES[call % len(MODES)] if call % 5 == 4 else {}
                plain = observed(names, *args, 3, mode, main)
                assert observed(names, *args, 3, mode, bumped) == plain, (text, what, call)
            if what == "nothing":
                for mode in MODES:
                    plain = observed(names, *bad, 3, mode, main)
                    assert observed(names, *bad, 3, mode, bumped) == plain, (text, mode)
                inlined += any(r.helpers and r.hits for r in alloc.explain(bumped).regions)
    assert inlined or alloc.core()[0] != "native"
