"""The arena alone, in C: programs of random requests against a model (see arena_harness.c)."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
SOURCES = HERE.parents[1] / "csrc"
COMPILER = os.environ.get("CC") or shutil.which("cc") or shutil.which("gcc")


pytestmark = pytest.mark.skipif(
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


def compiled(source, *flags):
    return subprocess.run(
        [COMPILER, "-std=c11", "-c", *flags, f"-I{SOURCES}", str(source)],
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.skipif(sys.platform != "linux", reason="asks for huge pages on Linux only")
def test_pages_are_asked_for_and_given_back(tmp_path):
    """The calls are in the program, though C11 alone hides what they take."""
    out = tmp_path / "pages.o"
    done = compiled(SOURCES / "arena" / "pages.c", "-o", str(out))
    assert done.returncode == 0, done.stderr
    for name in (b"madvise", b"mincore", b"mmap", b"munmap"):
        assert name in out.read_bytes()


@pytest.mark.skipif(sys.platform != "linux", reason="asks for huge pages on Linux only")
@pytest.mark.parametrize("name", ["MADV_HUGEPAGE", "MADV_DONTNEED"])
def test_a_missing_macro_is_a_build_error(tmp_path, name):
    (tmp_path / "sys").mkdir()
    hidden = f"#include_next <sys/mman.h>\n#undef {name}\n"
    (tmp_path / "sys" / "mman.h").write_text(hidden)
    done = compiled(SOURCES / "arena" / "pages.c", f"-I{tmp_path}", "-o", os.devnull)
    assert done.returncode != 0
    assert name in done.stderr
