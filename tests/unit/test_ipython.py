"""The magics, in an IPython shell and in notebooks that a real kernel runs."""

import asyncio
import json
import os
import sys
from pathlib import Path

import numpy as np
import pytest

import alloc_rewrite as alloc

pytest.importorskip("IPython")


@pytest.fixture
def shell():
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell()
    shell.run_line_magic("load_ext", "alloc_rewrite")
    shell.user_ns.update(np=np, f=lambda x, by=2.0: x * by + 1.0, x=np.ones(100))
    yield shell
    shell.history_manager.end_session()


def test_lines(shell):
    p = shell.run_line_magic("alloc", "f(x, by=3.0)")
    assert (p.nbytes, p.result.sum()) == (1600, 400.0)
    assert shell.run_line_magic("alloc", "f(*[x], **{'by': 0.0})").result.sum() == 100.0
    assert shell.run_line_magic("alloc", "x + x").nbytes == 800
    assert shell.run_line_magic("alloc", "np.ones(100)").nbytes == 800


@pytest.mark.parametrize("name", ["alloc", "alloc_compare"])
def test_nothing_to_run(shell, name):
    from IPython.core.error import UsageError

    with pytest.raises(UsageError, match="give an expression"):
        shell.run_line_magic(name, " ")


def test_cells(shell):
    p = shell.run_cell_magic(
        "alloc",
        "",
        "y = f(x)\nimport math\ndef g():\n    local = x + 1\n    return y\nz = g() * 2\n",
    )
    assert p.nbytes == 1600 + 800 + 800
    names = shell.user_ns
    assert names["z"].sum() == 600.0
    assert names["math"].pi > 3
    assert names["g"]() is names["y"]
    assert "local" not in names
    assert "z = g() * 2" in p.to_html()
    assert shell.run_cell_magic("alloc", "", "# nothing\n").nbytes == 0


def test_compare(shell):
    c = shell.run_line_magic("alloc_compare", "f(x)")
    assert c.same
    assert c.nbytes == 1600


def test_the_package_itself_is_loaded_without_ipython():
    import subprocess

    code = "import sys, alloc_rewrite; print('IPython' in sys.modules)"
    env = {**os.environ, "PYTHONPATH": str(Path(alloc.__file__).parents[1])}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env)
    assert done.stdout == "False\n"


CELLS = (
    "%load_ext alloc_rewrite\n%load_ext autoreload\n%autoreload 2\n"
    "import numpy as np, alloc_rewrite as alloc, its_module\n"
    "step = alloc.bump(alloc.Buffer())(its_module.step)\nx = np.ones(1000)",
    "%alloc its_module.step(x)",
    "%%alloc\ny = x * 2.0\nz = y + its_module.step(x)",
    "%alloc_compare its_module.step(x)",
    "alloc.explain(step)",
    "print(step(x)[0], its_module.step(x)[0], z.shape)",
    "import pathlib, time\n"
    "pathlib.Path('its_module.py').write_text('def step(x):\\n    return x * 5.0 + 1.0\\n')\n"
    "import os; os.utime('its_module.py', (time.time() + 5,) * 2)",
    "print(its_module.step(x)[0], alloc.bump(its_module.step)(x)[0])",
)


def test_a_notebook(tmp_path, monkeypatch):
    nbclient = pytest.importorskip("nbclient")
    nbformat = pytest.importorskip("nbformat")
    pytest.importorskip("ipykernel")
    (tmp_path / "its_module.py").write_text("def step(x):\n    return x * 2.0 + 1.0\n")
    spec = tmp_path / "data" / "kernels" / "python3"
    spec.mkdir(parents=True)
    argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    (spec / "kernel.json").write_text(
        json.dumps({"argv": argv, "display_name": "Python", "language": "python"})
    )
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "data"))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.setenv("PYTHONPATH", str(Path(alloc.__file__).parents[1]))
    book = nbformat.v4.new_notebook()
    book.cells = [nbformat.v4.new_code_cell(cell) for cell in CELLS]
    client = nbclient.NotebookClient(
        book, timeout=120, resources={"metadata": {"path": str(tmp_path)}}
    )
    loop = asyncio.new_event_loop()
    try:
        loop.run_until_complete(client.async_execute())
    finally:
        loop.close()
    shown = [
        [output.get("data", {}) | {"text": output.get("text", "")} for output in cell.outputs]
        for cell in book.cells
    ]
    for number, kind in [(1, "Profile"), (2, "Profile"), (3, "Comparison"), (4, "Explanation")]:
        (output,) = shown[number]
        assert output["text/plain"].startswith(f"<{kind} of ")
        assert output["text/html"].startswith('<div class="alloc">')
    assert "its_module.py" in shown[1][0]["text/html"]
    assert "z = y + its_module.step(x)" in shown[2][0]["text/html"]
    assert shown[5][0]["text"] == "3.0 3.0 (1000,)\n"
    assert shown[7][0]["text"] == "6.0 6.0\n"
