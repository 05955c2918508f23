"""Each example runs as a user would run it, and prints what it promises."""

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from skimage import io

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
SCRIPTS = sorted(path.stem for path in EXAMPLES.glob("*.py") if path.stem != "side_by_side")
NAMED_IN_THE_DOCS = {
    "quickstart",
    "profile_then_size",
    "denoise_photo",
    "heat_stencil",
    "particle_filter",
    "mlp_inference",
    "solve_ivp",
}

# Bytes of what the coverage page says stays on the heap: 25 times np.repeat of 50,000 particles.
STAYS_ON_THE_HEAP = {"particle_filter": 25 * 50_000 * 8}


GALLERY = EXAMPLES / "gallery"
PROGRAMS = sorted(path.stem for path in GALLERY.glob("*.py") if path.stem != "show")


def run(name: str, folder: Path, *arguments: str) -> str:
    """What the example prints; it runs in `folder` and must leave nothing on standard error."""
    done = subprocess.run(
        [sys.executable, str(EXAMPLES / f"{name}.py"), *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONWARNINGS": "default"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    return done.stdout


def number(output: str, label: str) -> float:
    """The number that the example printed after `label`."""
    found = re.search(rf"^{re.escape(label)}:? ([\d,]+(?:\.\d+)?)", output, re.MULTILINE)
    assert found, f"no {label!r} in:\n{output}"
    return float(found[1].replace(",", ""))


def test_every_promised_example_is_there() -> None:
    assert set(SCRIPTS) == NAMED_IN_THE_DOCS


@pytest.mark.parametrize("name", SCRIPTS)
def test_fits_one_screen_and_says_what_it_shows(name: str) -> None:
    source = (EXAMPLES / f"{name}.py").read_text(encoding="utf-8")
    assert len(source.splitlines()) <= 45
    assert source.startswith('"""')


@pytest.mark.parametrize("name", [name for name in SCRIPTS if name != "denoise_photo"])
def test_same_bits_without_the_heap(name: str, tmp_path: Path) -> None:
    check_comparison(run(name, tmp_path), STAYS_ON_THE_HEAP.get(name, 0))
    assert list(tmp_path.iterdir()) == []


def check_comparison(output: str, on_the_heap: int = 0) -> None:
    assert "equal to the bit: True" in output
    assert "False" not in output
    assert number(output, "bytes from the heap a call, plain") > 0
    assert number(output, "bytes from the heap a call, bumped") <= on_the_heap
    assert number(output, "time, plain / bumped") > 0


def test_quickstart_counts_the_readme_function(tmp_path: Path) -> None:
    output = run("quickstart", tmp_path)
    assert number(output, "bytes from the heap a call, plain") == 81_600
    assert "one run: True" in output
    assert re.search(r"Allocated 81[,_]?600 bytes in 3 arrays", output)


def test_profile_then_size_shows_the_error_and_the_remedy(tmp_path: Path) -> None:
    output = run("profile_then_size", tmp_path)
    too_small = re.search(r"^too small: (.*(?:\n.+)*?)\ndry run", output, re.MULTILINE)
    assert too_small
    assert "profile_then_size.py" in too_small[1]


def test_denoise_photo_writes_pictures_and_denoises(tmp_path: Path) -> None:
    pictures = tmp_path / "pictures"
    output = run("denoise_photo", tmp_path, "--out", str(pictures))
    check_comparison(output)
    assert number(output, "after: PSNR") > number(output, "before: PSNR") + 5.0
    assert sorted(path.name for path in pictures.iterdir()) == ["after.png", "before.png"]
    before, after = io.imread(pictures / "before.png"), io.imread(pictures / "after.png")
    assert before.shape == after.shape == (512, 512)
    assert before.dtype == after.dtype == np.uint8
    assert np.abs(np.diff(after.astype(int))).mean() < np.abs(np.diff(before.astype(int))).mean()


def test_solve_ivp_gives_the_plain_solution(tmp_path: Path) -> None:
    output = run("solve_ivp", tmp_path)
    assert "solutions equal to the bit: True" in output
    assert "t = 100" in output


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_of_the_gallery(name: str, tmp_path: Path) -> None:
    source = (GALLERY / f"{name}.py").read_text(encoding="utf-8")
    assert len(source.splitlines()) <= 45
    assert "Source:" in source.split('"""')[1]
    if name == "features":
        pytest.importorskip("pandas")
    output = run(f"gallery/{name}", tmp_path, str(tmp_path))
    assert f"kernel ({name}.py:" in output
    assert "bit-for-bit identical" in output.splitlines()[0]
    (picture,) = tmp_path.iterdir()
    if picture.suffix == ".png":
        assert np.ptp(io.imread(picture)) > 0
    else:
        assert len(re.findall(r"<(?:circle|polyline) ", picture.read_text())) > 0


def test_the_gallery_shows_all_programs() -> None:
    page = (EXAMPLES.parent / "docs" / "gallery.md").read_text(encoding="utf-8")
    assert sorted(re.findall(r"^## (\w+)$", page, re.MULTILINE)) == PROGRAMS
    for name in PROGRAMS:
        assert f"python examples/gallery/{name}.py" in page
