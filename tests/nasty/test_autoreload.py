"""IPython's %autoreload gives functions other code on every edit: a real shell, real edits."""

import importlib
import itertools
import os
import sys
import textwrap

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
USE = """
a, b = np.arange(4.0), np.full(4, 3.0)
out = [f(a, b), f(a, b, scale=2.0), caller(a, b), list(counting(a)), partial(a)]
out += [model.apply(a, b), Model.static(a, b), Model.of_class(a, b), model.double]
out += [bumped(a, b), bumped_model(a, b)]
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
    before = set(sys.modules)
    shell = InteractiveShell()  # not the singleton, which others would find
    shell.history_manager.enabled = False
    yield shell
    shell.atexit_operations()
    for name in set(sys.modules) - before:
        if name.startswith("edited"):
            del sys.modules[name]


def execute(shell, code):
    done = shell.run_cell(textwrap.dedent(code))
    done.raise_error()


@pytest.mark.filterwarnings("ignore")  # IPython's own
@pytest.mark.parametrize("mode", ["2", "3", "complete"])
def test_edits_of_a_module(shell, tmp_path, mode, capsys):
    if mode == "complete" and IPython.version_info < (8, 20):
        pytest.skip("autoreload has no such mode")
    path, twin = tmp_path / "edited.py", tmp_path / "edited_twin.py"
    stamps = itertools.count(10_000_000, 100)  # whole seconds apart, and in the past

    def write(*edit):
        path.write_text(text(*edit))
        os.utime(path, times=(next(stamps),) * 2)

    write("a - b", ("@alloc.bump(buf)", "", ""), 7)
    execute(shell, f"%load_ext autoreload\n%autoreload {mode}")
    execute(
        shell,
        """
        import numpy as np
        import alloc_rewrite as alloc
        import edited
        from edited import f, caller, counting, Model, partial
        model = Model()
        bumped = alloc.bump(alloc.Buffer())(lambda a, b: edited.caller(a, b) + f(a, b))
        bumped_model = alloc.bump(alloc.Buffer())(lambda a, b: model.apply(a, b) * 2.0)
        """,
    )
    for _ in range(3):
        execute(shell, USE)
    for edit in edits():
        write(*edit)
        twin.write_text(text(edit[0], ("", "", ""), edit[2]))
        sys.modules.pop("edited_twin", None)
        importlib.invalidate_caches()
        plain = vars(importlib.import_module("edited_twin"))
        plain["model"] = plain["Model"]()
        plain["bumped"] = lambda a, b, plain=plain: plain["caller"](a, b) + plain["f"](a, b)
        plain["bumped_model"] = lambda a, b, plain=plain: plain["model"].apply(a, b) * 2.0
        exec(USE, plain)
        for _ in range(3):
            execute(shell, USE)
            assert repr(shell.user_ns["out"]) == repr(plain["out"]), edit
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
