"""The arena alone, in C: programs of random requests against a model (see arena_harness.c)."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).parent
SOURCES = HERE.parents[1] / "csrc"
COMPILER = os.environ.get("CC") or shutil.which("cc") or shutil.which("gcc")


@pytest.mark.skipif(
    COMPILER is None or shutil.which(COMPILER) is None or not SOURCES.exists(),
    reason="needs a C compiler and the sources",
)
@pytest.mark.parametrize("checks", [[], ["-fsanitize=address,undefined"]])
def test_random_programs(tmp_path, checks):
    program = tmp_path / "arena"
    flags = ["-std=c11", "-g", "-O1", f"-I{SOURCES}", *checks]
    built = subprocess.run(
        [COMPILER, *flags, str(HERE / "arena_harness.c"), "-o", str(program)],
        capture_output=True,
        text=True,
        check=False,
    )
    if built.returncode and checks:
        pytest.skip("the compiler has no sanitizers")
    assert built.returncode == 0, built.stderr
    done = subprocess.run([program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "ok\n"
