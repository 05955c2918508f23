"""Random programs in which arrays are given for results, and masks say which items are set."""

from __future__ import annotations

import random

import numpy as np
import pytest

import alloc_rewrite as alloc

from ..differential.compare import observe

STATEMENTS = [
    "np.add({a}, {b}, out={o})", "np.multiply({a}, {b}, {o})", "np.sqrt({a}, out={o})",
    "np.exp({a}, out={o})", "np.divide({a}, {b}, out={o}, where={m})",
    "np.subtract({a}, {n}, out={o}, where={m})", "{o}[{m}] = {n}", "{o}[{m}] *= {n}",
    "{o}[{m}] += {a}[{m}]", "{o}[{m}] = {a}[{m}]", "{v} = {a} * {b}", "{v} = {a} + {n}",
    "{v} = {a}[::-1]", "{v} = np.where({m}, {a}, {b})", "{o} += {a}",
    "{o}[1:] = {a}[:-1] * {n}", "{v} = np.nan_to_num({a})", "np.nan_to_num({o}, copy=False)",
    "{v} = np.zeros_like({a})", "{v} = np.select([{m}, {m}], [{a}, {b}], {n})",
    "np.clip({a}, 0.2, 1.5, out={o})", "{v} = {a}.copy()", "{v} = {a} - {a}.mean()",
    "{v} = {a}.astype(np.float32) * {b}", "{v} = np.round({a}, 2)", "{v} = {a}.real * {b}",
    "{v} = {o}", "{v} = made({a}, {b})", "changed({o}, {a})", "{v} = {a}.T * {b}.T",
    "{o}[...] = {a} * {b}", "{v} = np.full_like({a}, 2.0)",
]  # fmt: skip
MASKS = ["{a} > {n}", "~({a} < {b})", "np.isnan({a})", "mask"]
HELPERS = """
def made(p, q):
    r = p * q + 1.0
    np.add(r, p, out=r)
    return r

def changed(p, q):
    p[p > 1.0] = 0.5
    np.multiply(p, q, out=p)
"""


def program(choose):
    """Return a function of three arrays and a mask, of random statements."""
    names, body = ["x", "y", "z"], []
    for _ in range(choose.randint(3, 9)):
        some = {key: choose.choice(names) for key in "abo"}
        some |= {"n": choose.choice(["0.5", "2", "-1.5"]), "v": choose.choice([*names, "u", "w"])}
        some["m"] = choose.choice(MASKS).format(**some)
        body.append(choose.choice(STATEMENTS).format(**some))
        if body[-1].startswith(some["v"] + " =") and some["v"] not in names:
            names.append(some["v"])
    lines = "".join(f"    {line}\n" for line in body)
    source = f"{HELPERS}\ndef f(x, y, z, mask):\n{lines}    return {', '.join(names)}\n"
    scope = {"np": np}
    exec(compile(source, "<program>", "exec"), scope)
    return scope["f"], source


def arrays(kind):
    line = np.linspace(-1.0, 2.0, 25)
    x, y, z = (line[:24] * k for k in (1.0, -1.3, 1.5))
    match kind:
        case "axes":
            return x.reshape(4, 6), y.reshape(4, 6)[::-1].copy(), z.reshape(4, 6)
        case "fortran":
            return np.asfortranarray(x.reshape(4, 6)), y.reshape(4, 6), z.reshape(6, 4).T
        case "strided":
            return np.repeat(x, 2)[::2], y[::-1], z
        case "overlapping":
            return line[1:], line[:-1], z
        case "same":
            return x, x, z
        case "broadcast":
            return x.reshape(4, 6), y[:6], z.reshape(4, 6)
        case "float32":
            return x.astype("f4"), y.astype("f4"), z
        case "integers":
            return (x * 9).astype(int), y, (z * 3).astype(int)
        case "complex":
            return x + 1j * y, y - 2j, z * 1j
        case "errors":
            return x * 0, y, z * 1e200
        case _:
            return x, y, z


KINDS = [
    "plain", "axes", "fortran", "strided", "overlapping", "same", "broadcast", "float32",
    "integers", "complex", "errors",
]  # fmt: skip


@pytest.mark.parametrize("seed", range(6))
def test_random_programs(seed):
    choose = random.Random(seed)
    for _ in range(10):
        f, source = program(choose)
        bumped = alloc.bump(alloc.Buffer())(f)
        kinds = [choose.choice(KINDS) for _ in range(2)]
        with np.errstate(all=choose.choice(["ignore", "warn", "raise"])):
            for number in range(9):
                kind = kinds[number % 5 == 0]
                outcomes = []
                for function in (f, bumped):
                    given = arrays(kind)
                    mask = np.linspace(-1.0, 2.0, 24).reshape(given[0].shape) > 0.3
                    outcomes.append(observe(lambda *a: function(*a), (*given, mask))[0])  # noqa: B023
                assert not outcomes[0].differences(outcomes[1]), source
