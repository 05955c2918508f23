"""The examples of worker processes: results are plain's, and each worker's figures come home."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

WORKERS = Path(__file__).resolve().parents[2] / "examples" / "workers"


@pytest.mark.parametrize(("package", "module"), [("joblib", "joblib"), ("dask", "distributed")])
def test_figures_of_workers_come_home(package: str, module: str, tmp_path: Path) -> None:
    if importlib.util.find_spec(module) is None:
        pytest.skip(f"{module} is not installed")
    done = subprocess.run(
        [sys.executable, str(WORKERS / f"with_{package}.py")],
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    first, _, *rows = done.stdout.splitlines()
    assert first == "equal to the bit: True"
    processes = rows[:-1] if rows[-1].startswith("all ") else rows
    peaks = [int(row.split()[3].replace(",", "")) for row in rows]
    assert max(peaks) >= 20_000 * 8
    assert peaks[-1] == max(peaks)
    assert len({row.split()[0] for row in processes}) == len(processes)
