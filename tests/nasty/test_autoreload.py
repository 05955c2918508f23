"""IPython's %autoreload gives functions other code on every edit: a real shell, real edits."""

import atexit
import importlib
import itertools
import os
import sys

import pytest

import alloc_rewrite as alloc

IPython = pytest.importorskip("IPython")

#: A module's text, of parts that are edited: what `f` returns, and how it is decorated.
MODULE = """
import functools
import numpy as np
import alloc_rewrite as alloc

buf = alloc.Buffer()

def helper(a, k={k}):
    return a * k + {shift}

{decorator}
def f(a, b, *, scale={k}):
    return {body}

def caller(a, b):
    return helper(a) - b * {shift}

class Base:
    def start(self, v):
        return v + {shift}

{class_decorator}
class Model(Base):
    rate = {k}

    {method_decorator}
    def apply(self, a, b):
        return self.start(a * b) * self.rate - {body}

    {method_decorator}
    def start(self, v):
        return super().start(v) * {k}

    @staticmethod
    {method_decorator}
    def static(a, b):
        return helper(a) * {k} - b

    @classmethod
    {method_decorator}
    def of_class(cls, a, b):
        return a * cls.rate + b * {shift}

    @property
    {method_decorator}
    def double(self):
        return np.full(4, {k}) * 2.0 + {shift}

{decorator}
def counting(a, n=3):
    for i in range(n):
        a = a * {k} + i
        yield a

partial = functools.partial(f, b=np.full(4, {k}))
"""

BODIES = (
    "a * b + a",
    "a + b * b",
    "np.exp(a) - b",
    "a * 2.0",
    "np.sort(a) - b",
    "np.where(a > b, a, b) * a + b / 3.0 - np.sqrt(a)",
    "helper(a) + helper(b)",
)
DECORATORS = ("@alloc.bump(buf)", "@alloc.bump", "")
#: What a session does with the module, under names of its own.
BEGIN = """
import numpy as np
import alloc_rewrite as alloc
import {m}
from {m} import f as {m}_f, caller as {m}_caller, counting as {m}_counting
from {m} import Model as {m}_Model, partial as {m}_partial
{m}_model = {m}_Model()

@alloc.bump(alloc.Buffer())
def {m}_use(a, b):
    return {m}.caller(a, b) + {m}_f(a, b)

@alloc.bump(alloc.Buffer())
def {m}_use_model(a, b):
    return {m}_model.apply(a, b) * 2.0
"""
USE = """
a, b = np.arange(4.0), np.full(4, 3.0)
{m}_out = [{m}_f(a, b), {m}_f(a, b, scale=2.0), {m}_caller(a, b), list({m}_counting(a))]
{m}_out += [{m}_model.apply(a, b), {m}_Model.static(a, b), {m}_Model.of_class(a, b)]
{m}_out += [{m}_model.double, {m}_partial(a), {m}.f(a, b), {m}.Model().apply(a, b)]
{m}_out += [{m}_use(a, b), {m}_use_model(a, b)]
"""


def text(body, decorators, k):
    function, method, whole = decorators
    filled = {"body": body, "k": float(k), "shift": k + 0.5, "decorator": function}
    return MODULE.format(**filled, method_decorator=method, class_decorator=whole)


def edits():
    """Return (body, decorators, constant) after each edit: another body, another decorator."""
    plain = itertools.cycle([(d, "", "") for d in DECORATORS])
    methods = itertools.cycle(["", "@alloc.bump(buf)"])
    for n, body in enumerate((*BODIES, *BODIES)):
        function = next(plain)[0]
        method = next(methods) if n % 4 < 2 else ""
        yield body, (function, method, "@alloc.bump(buf)" if n % 3 == 2 else ""), n + 1


@pytest.fixture
def shell(tmp_path, monkeypatch):
    from IPython.core.interactiveshell import InteractiveShell

    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    shell = InteractiveShell()  # not the singleton, which others would find
    yield shell
    shell.atexit_operations()
    atexit.unregister(shell.atexit_operations)
    for name in ("edited", "twin"):
        sys.modules.pop(name, None)


@pytest.mark.filterwarnings("ignore")  # IPython's own
@pytest.mark.parametrize("mode", ["2", "3"])
def test_edits_of_a_module(shell, tmp_path, mode, capsys):
    """A module that is bumped gives what its twin gives, which is not, edited alike."""
    stamps = itertools.count(10_000_000, 100)  # whole seconds apart, and in the past

    def write(body, decorators, k):
        for name, used in (("edited", decorators), ("twin", ("", "", ""))):
            path = tmp_path / f"{name}.py"
            path.write_text(text(body, used, k))
            os.utime(path, times=(next(stamps),) * 2)

    def run(code):
        for name in ("twin", "edited"):
            shell.run_cell(code.format(m=name)).raise_error()

    write("a - b", ("@alloc.bump(buf)", "", ""), 7)
    shell.run_cell(f"%load_ext autoreload\n%autoreload {mode}").raise_error()
    run(BEGIN)
    for edit in [None, *itertools.islice(edits(), 0, None, 1 if mode == "2" else 3)]:
        if edit is not None:
            write(*edit)
        for _ in range(3):
            run(USE)
            got = shell.user_ns
            assert repr(got["edited_out"]) == repr(got["twin_out"]), edit
        assert "autoreload of" not in capsys.readouterr().err


def test_reload_of_a_module(tmp_path, monkeypatch):
    path = tmp_path / "edited_again.py"
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.delitem(sys.modules, "edited_again", raising=False)
    path.write_text(text("a - b", ("@alloc.bump(buf)", "", ""), 7))
    module = importlib.import_module("edited_again")

    def use(a, b):
        return module.f(a, b), module.caller(a, b), module.Model().apply(a, b)

    import numpy as np

    bumped = alloc.bump(alloc.Buffer())(use)
    a, b = np.arange(4.0), np.full(4, 3.0)
    for _ in range(3):
        bumped(a, b)
    for edit in edits():
        path.write_text(text(*edit))
        importlib.invalidate_caches()
        importlib.reload(module)
        for _ in range(2):
            assert repr(bumped(a, b)) == repr(use(a, b))
