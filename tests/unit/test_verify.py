"""The verifier takes what the encoder makes, and refuses every mutation of it that matters."""

import importlib
import random

import numpy as np
import pytest
from bytecode import FreeVar, Label

import alloc_rewrite as alloc
from alloc_rewrite.errors import RewriteError
from alloc_rewrite.pycore.sites import PythonSites
from alloc_rewrite.rewrite import Style, found_in
from alloc_rewrite.rewrite.items import Instr
from alloc_rewrite.rewrite.opcodes import NULL_LOCAL, VALUE
from alloc_rewrite.rewrite.verify import verify, verify_code

encoder = importlib.import_module("alloc_rewrite.rewrite.encode")


def subject(x, y, f, args, kwargs):
    z = -x + y
    z += f(x, y, k=z)
    return f(*args), f(*args, **kwargs), x.method(z), z[y], z @ x


STYLES = {
    "sites": PythonSites.style,
    "observed sites": Style({}, observe=True),
    "direct sites": Style({}, direct=True),
}


@pytest.fixture(params=STYLES)
def emitted(request, monkeypatch):
    """What the encoder gives to the verifier for every place of a function."""
    calls = []
    monkeypatch.setattr(encoder, "verify", lambda *args: calls.append(args))
    monkeypatch.setattr(encoder, "_verified", set())
    style = STYLES[request.param]
    encoder.encode(*found_in(subject.__code__, style), style)
    assert len(calls) >= 6
    return calls


def test_what_the_encoder_makes_is_taken(emitted):
    for items, *rest in emitted:
        verify(items, *rest)


def refused(items, rest):
    with pytest.raises(RewriteError):
        verify(items, *rest)


def each(items, *names):
    found = [i for i, item in enumerate(items) if isinstance(item, Instr) and item.name in names]
    return found


def test_a_dropped_pop(emitted):
    for items, *rest in emitted:
        for i in each(items, "POP_TOP"):
            refused(items[:i] + items[i + 1 :], rest)


def test_an_additional_pop_or_push(emitted):
    for items, *rest in emitted:
        for i in range(len(items)):
            refused([*items[:i], Instr("POP_TOP"), *items[i:]], rest)
            refused([*items[:i], Instr("LOAD_CONST", 1), *items[i:]], rest)


def test_a_dropped_load_or_copy(emitted):
    for items, *rest in emitted:
        for i in each(items, "LOAD_DEREF", "COPY", "PUSH_NULL", "UNPACK_SEQUENCE"):
            refused(items[:i] + items[i + 1 :], rest)


def test_a_missing_label_and_a_jump_out(emitted):
    for items, *rest in emitted:
        for i, item in enumerate(items[:-1]):
            if isinstance(item, Label):
                refused(items[:i] + items[i + 1 :], rest)
        jump = next(i for i, item in enumerate(items) if isinstance(item, Instr) and item.is_jump)
        away = items.copy()
        away[jump] = Instr(items[jump].name, Label())
        refused(away, rest)
        refused(items[:-1], rest)


def test_a_copy_or_a_pop_of_a_null(emitted):
    for items, entry, *rest in emitted:
        nulls = [depth for depth, label in enumerate(reversed(entry), 1) if label != VALUE]
        for depth in nulls:
            bad = [Instr("COPY", depth), Instr("POP_TOP"), *items]
            refused(bad, (entry, *rest))
    null_then_pop = [Instr("PUSH_NULL"), Instr("POP_TOP"), Label()]
    refused(null_then_pop, ((VALUE,), 0, 4))


def test_values_and_nulls_in_locals():
    keep = [Instr("STORE_FAST", NULL_LOCAL), Instr("LOAD_CONST", 1), Label()]
    refused(keep, ((VALUE,), 1, 4))
    refused([Instr("STORE_FAST", "user"), Instr("LOAD_CONST", 1), Label()], ((VALUE,), 1, 4))
    good = [Instr("POP_TOP"), Instr("PUSH_NULL"), Instr("STORE_FAST", NULL_LOCAL),
            Instr("LOAD_CONST", 1), Label()]  # fmt: skip
    verify(good, (VALUE,), 1, 4)


def test_taking_what_lies_below():
    refused([Instr("POP_TOP"), Instr("POP_TOP"), Instr("LOAD_CONST", 1), Label()],
            ((VALUE, VALUE), 1, 4))  # fmt: skip


def test_paths_with_different_depths():
    other = Label()
    name = "POP_JUMP_FORWARD_IF_NONE"
    try:
        jump = Instr(name, other)
    except KeyError:
        jump = Instr("POP_JUMP_IF_NONE", other)
    items = [Instr("COPY", 1), jump, Instr("LOAD_CONST", 1), other, Label()]
    refused(items, ((VALUE,), 1, 4))


def test_unreachable_items_and_room():
    end = Label()
    refused([Instr("JUMP_FORWARD", end), Instr("NOP"), end], ((VALUE,), 1, 4))
    deep = [*[Instr("LOAD_DEREF", FreeVar("@s0"))] * 5, *[Instr("POP_TOP")] * 5, Label()]
    verify(deep, (VALUE,), 1, 5)
    refused(deep, ((VALUE,), 1, 4))


def test_random_mutations_never_do_worse_than_be_refused(emitted):
    """Whatever is taken leaves the stack as it has to be: checked by the verifier alone."""
    chosen = random.Random(0)
    taken = 0
    for items, *rest in emitted * 20:
        bad = items.copy()
        i = chosen.randrange(len(bad))
        j = chosen.randrange(len(bad))
        bad[i], bad[j] = bad[j], bad[i]
        try:
            verify(bad, *rest)
        except RewriteError:
            continue
        taken += 1
    assert taken < 20 * len(emitted)


def test_the_outside_of_the_code_has_to_stay():
    code = subject.__code__
    verify_code(code, code)
    for change in ({"co_name": "other"}, {"co_flags": code.co_flags | 0x20}, {"co_firstlineno": 1},
                   {"co_filename": "other"}, {"co_varnames": ("x", "y", "f", "args", "k", "z")},
                   {"co_argcount": 4}):  # fmt: skip
        with pytest.raises(RewriteError, match=f"{next(iter(change))} changed"):
            verify_code(code.replace(**change), code)


def test_lines_behind_far_columns():
    pad = " " * 125
    source = f"def f(x):\n    return ((x\n       +{pad}(x + x)) + np.ones(5))\n\n"
    names = {"np": np}
    exec(compile(source, "f.py", "exec"), names)
    bumped = alloc.bump(alloc.Buffer())(names["f"])
    for call in (names["f"], bumped):
        with pytest.raises(ValueError, match="broadcast") as caught:
            call(np.ones(3))
        assert caught.traceback[-1].frame.code.raw.co_filename == "f.py"
        assert caught.tb.tb_next.tb_lineno == 2
    lines = [line for *_, line in bumped.__code__.co_lines()]
    assert set(lines) <= {None, 1, 2, 3}
