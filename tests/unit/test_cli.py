"""`python -m alloc_rewrite`: commands, targets, files, exit codes."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import alloc_rewrite as alloc
from alloc_rewrite.cli import main
from alloc_rewrite.cli.auto import _ENOUGH, Sampler
from alloc_rewrite.cli.targets import TargetError, target_of

MODEL = """
import sys

import numpy as np


class Model:
    size = 100

    @staticmethod
    def step(x, by=2.0):
        return x * by + x * x


def work(n):
    x = np.ones(n)
    return x * 2.0 + x


if __name__ == "__main__":
    print(__name__, sys.argv[1:], work(10).sum(), Model.step(np.ones(3)).sum())
    sys.exit(len(sys.argv) - 1)
"""


@pytest.fixture
def model(tmp_path, monkeypatch):
    path = tmp_path / "a_model.py"
    path.write_text(MODEL)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    yield path
    sys.modules.pop("a_model", None)


def run(*arguments, cwd, **env):
    root = Path(alloc.__file__).parents[1]
    return subprocess.run(
        [sys.executable, "-m", "alloc_rewrite", *arguments],
        capture_output=True, text=True, cwd=cwd, timeout=120, check=False,
        env={**os.environ, "PYTHONPATH": str(root), **env},
    )  # fmt: skip


def test_profile(model, capsys):
    assert main(["profile", "a_model.py:work", "100"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("Allocated 2400 bytes in 3 arrays")
    assert "a_model.py:16" in out


def test_arguments(model, capsys):
    assert main(["profile", "a_model:Model.step", "np.ones(Model.size)", "by=3.0"]) == 0
    assert "Allocated 2400 bytes" in capsys.readouterr().out
    args, kwargs = target_of("a_model:work").arguments(["1", "*[2, 3]", "a=4", "**dict(b=5)"])
    assert (args, kwargs) == ([1, 2, 3], {"a": 4, "b": 5})


def test_explain(model, capsys):
    assert main(["explain", "a_model:work"]) == 0
    assert "work (a_model.py:15), not bumped" in capsys.readouterr().out


def test_compare(model, capsys):
    assert main(["compare", "a_model:Model.step", "np.ones(100)"]) == 0
    assert "Model.step (a_model.py:10)" in capsys.readouterr().out


def test_a_program_that_reads_its_arguments_sees_none(model, capsys):
    model.write_text(MODEL + "\n\ndef main():\n    return int(sys.argv[1])\n")
    given = list(sys.argv)
    assert main(["compare", "a_model.py:main"]) == 0
    assert "note: the plain call raises IndexError: list index" in capsys.readouterr().out
    assert sys.argv == given


def test_the_exit_code_of_a_difference(model, capsys, monkeypatch):
    def is_plain():
        return sys._getframe(1).f_code is target.work.__code__

    target = target_of("a_model:work").module
    monkeypatch.setattr(target, "other", is_plain, raising=False)
    exec("def work(n):\n    return np.ones(n) + other()\n", vars(target))
    assert main(["compare", "a_model:work", "3"]) == 1
    assert "DIFFERENT" in capsys.readouterr().out


@pytest.mark.parametrize("command", ["profile", "explain", "compare"])
def test_files(model, capsys, command, tmp_path):
    given = [command, "a_model:work", "--html", "a.out", "--json", "b.out"]
    given += [] if command == "explain" else ["100", "--speedscope", "c.out"]
    assert main(given) == 0
    assert (tmp_path / "a.out").read_text().startswith("<!DOCTYPE html>")
    assert json.loads((tmp_path / "b.out").read_text())["function"] == "work"
    if command != "explain":
        assert "$schema" in json.loads((tmp_path / "c.out").read_text())
    captured = capsys.readouterr()
    assert "wrote a.out" in captured.err
    assert ("bit-for-bit" in captured.out) == (command == "compare")


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("work", "'work' is not module:function"),
        ("a_model:nothing", "a_model has no nothing"),
        ("no_such_module:f", "No module named 'no_such_module'"),
        ("nothing.py:f", "there is no file"),
        ("a_model:np", "a_model:np is an object of type module, not a function"),
    ],
)
def test_wrong_targets(model, target, said, capsys):
    with pytest.raises(TargetError, match=said):
        target_of(target)
    with pytest.raises(SystemExit) as ended:
        main(["explain", target])
    assert ended.value.code == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("text", ["nothing", "1 +", ")("])
def test_wrong_arguments(model, text):
    with pytest.raises(TargetError, match="the argument"):
        target_of("a_model:work").arguments([text])


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["profile", "a_model:work"], "work(n): missing a required argument: 'n'"),
        (["compare", "a_model:work", "1", "2"], "work(n): too many positional arguments"),
        (["explain", "numpy:sin"], "explain: <ufunc 'sin'> has no Python bytecode"),
        (["compare", "os:getcwd"], "bump: <built-in function getcwd> has no Python bytecode"),
        (["profile"], "the following arguments are required: target\n"),
    ],
)
def test_what_is_refused_has_no_traceback(model, given, said, capsys):
    with pytest.raises(SystemExit) as ended:
        main(given)
    assert ended.value.code == 2
    assert said in capsys.readouterr().err


def test_a_file_that_cannot_be_written(model, capsys):
    assert main(["explain", "a_model:work", "--html", "no folder/a.html"]) == 2
    captured = capsys.readouterr()
    assert captured.err == "explain: no folder/a.html: No such file or directory\n"
    assert captured.out.startswith("work (a_model.py:")


def test_version(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"alloc_rewrite {alloc.__version__}\n"


def test_info(capsys, tmp_path):
    assert main(["info"]) == 0
    out = capsys.readouterr().out
    for text in (alloc.__version__, np.__version__, f"{alloc.core()[0]}: ", "CPython", "processor"):
        assert text in out
    assert main(["info", "--json", str(tmp_path / "a")]) == 0
    assert dict(json.loads((tmp_path / "a").read_text())["entries"])["numpy"] == np.__version__


def test_run_bumps_what_is_named(model, tmp_path):
    done = run("run", "--function", "__main__:work", "--function", "__main__:Model.step",
               "a_model.py", "one", "two", cwd=tmp_path)  # fmt: skip
    assert (done.returncode, done.stderr.count("Traceback")) == (2, 0)
    assert done.stdout == "__main__ ['one', 'two'] 30.0 9.0\n"
    assert done.stderr.startswith("a_model.py: 2 bumped functions, ")
    assert "work (a_model.py:15), bumped" in done.stderr
    assert "Model.step (a_model.py:1" in done.stderr
    assert "<Buffer(" in done.stderr


def test_run_modules_and_functions_of_modules(model, tmp_path):
    (tmp_path / "a_program.py").write_text("import a_model\nprint(a_model.work(3).sum())\n")
    done = run("run", "--json", "a.json", "--function", "a_model:work", "-m", "a_program",
               cwd=tmp_path)  # fmt: skip
    assert (done.returncode, done.stdout) == (0, "9.0\n"), done.stderr
    data = json.loads((tmp_path / "a.json").read_text())
    assert data["program"] == "a_program"
    assert [one["function"] for one in data["functions"]] == ["work"]


@pytest.mark.parametrize("name", ["a_model:work", "a_model.py:work", "__main__:work", "work"])
def test_run_takes_the_programs_own_name(model, tmp_path, name):
    done = run("run", "--function", name, "a_model.py", cwd=tmp_path)
    assert done.stdout.startswith("__main__ [] 30.0")
    assert "1 hit, 0 misses" in done.stderr or alloc.core()[0] == "python"
    assert "wasn't called" not in done.stderr


def test_run_finds_modules_beside_the_program(model, tmp_path):
    (tmp_path / "a_program.py").write_text("import a_model\nprint(a_model.Model.size)\n")
    (tmp_path / "other").mkdir()
    done = run("run", "--function", "a_model:work", "../a_program.py", cwd=tmp_path / "other")
    assert (done.returncode, done.stdout) == (0, "100\n"), done.stderr
    assert "note: work wasn't called in this process after it was bumped" in done.stderr


def test_run_reports_after_an_exception(tmp_path):
    (tmp_path / "p.py").write_text("def f(): return 1 / 0\nf()\n")
    done = run("run", "p.py", cwd=tmp_path)
    assert done.returncode == 1
    assert "p.py: 0 bumped functions, " in done.stderr
    assert "note: nothing is bumped: mark functions" in done.stderr
    assert done.stderr.index("Traceback") < done.stderr.index('p.py", line 2, in <module>')
    assert 'p.py", line 1, in f' in done.stderr
    assert "alloc_rewrite/cli" not in done.stderr


def test_exceptions_of_a_target(tmp_path):
    (tmp_path / "fails.py").write_text("def f(): return 1 / 0\n")
    (tmp_path / "wrong.py").write_text("def f(:\n")
    for name, line in (("fails", 'fails.py", line 1, in f'), ("wrong", 'wrong.py", line 1')):
        done = run("profile", f"{name}.py:f", cwd=tmp_path)
        assert done.returncode == 1
        assert line in done.stderr
        assert "alloc_rewrite/cli" not in done.stderr.partition(line)[0]


@pytest.mark.parametrize(
    "given", [["nothing.py"], ["--function", "__main__:nothing", "a_model.py"]]
)
def test_run_what_is_not_there(model, tmp_path, given):
    done = run("run", *given, cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith("run: ")
    assert "Traceback" not in done.stderr


def test_auto_bumps_what_is_hot():
    scope = {"__name__": "hot", "np": np}
    source = (
        "def hot(sampler, times):\n    x = np.ones(3) + 1\n    for _ in range(times):\n"
        "        sampler.look()\n    return x\n"
        "class C:\n    def method(self, sampler, times):\n        x = np.ones(3) + 1\n"
        "        for _ in range(times):\n            sampler.look()\n"
    )
    exec(compile(source, "hot.py", "exec"), scope)
    hot, method = scope["hot"], scope["C"].method
    sampler = Sampler()
    hot(sampler, _ENOUGH - 1)
    assert scope["hot"] is hot
    hot(sampler, 3)
    assert scope["hot"].__wrapped__ is hot
    scope["C"]().method(sampler, _ENOUGH)
    assert scope["C"].method.__wrapped__ is method
    assert [f.__name__ for f in sampler.found] == ["hot", "method"]
    scope["hot"](sampler, _ENOUGH + 1)
    assert len(sampler.found) == 2


def test_auto_runs_beside_the_program(tmp_path):
    (tmp_path / "p.py").write_text(
        "import time\nimport numpy as np\n\ndef hot(x):\n    return x * 2.0 + x\n\n"
        "end = time.time() + 60\nx = np.ones(100_000)\n"
        "while time.time() < end and not hasattr(hot, '__wrapped__'):\n    hot(x)\n"
    )
    done = run("run", "--auto", "p.py", cwd=tmp_path)
    assert "p.py: 1 bumped function, " in done.stderr
    assert "hot (p.py:4), bumped" in done.stderr
