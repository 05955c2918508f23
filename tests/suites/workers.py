"""Processes that run suites: started again after a crash, until every test has been run."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
MARKS = "not slow and not xslow"
CRASHES = 200  # so many and the part is given up
_ONE_THREAD = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")


@dataclass(frozen=True)
class Job:
    """What one process is to run: a part of the tests of some packages, and how."""

    packages: tuple[str, ...]
    part: tuple[int, int] = (0, 1)  # every n-th test, from the k-th on
    timeout: float = 120.0  # seconds for one run of one test
    rounds: int = 1  # bumped runs of each test
    marks: str = MARKS
    keyword: str = ""  # pytest's -k
    records: str = ""
    told: str = ""


def located(package: str) -> tuple[Path, Path]:
    """Return a package's folder or module, or a path as it is, and what holds its top package."""
    if os.path.exists(package.partition("::")[0]):
        return Path(package), Path(package.partition("::")[0]).parent
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise SystemExit(f"tests.suites: no package {package!r} is installed")
    here = Path(spec.origin)
    here = here.parent if here.name == "__init__.py" else here
    return here, here.parents[package.count(".")]


def command(job: Job) -> list[str]:
    places = [located(package) for package in job.packages]
    out = [sys.executable, "-m", "pytest", "-q", "-c", os.devnull, "--rootdir", str(places[0][1])]
    for name in ("tests.suites.plugin", "_hypothesis_pytestplugin", "no:cacheprovider"):
        out += ["-p", name]
    out += ["-p", "no:faulthandler", "--assert=plain", "--suites-job", json.dumps(asdict(job))]
    if job.marks:
        out += ["-m", job.marks]
    if job.keyword:
        out += ["-k", job.keyword]
    return [*out, *(str(place) for place, _ in places)]


def environment() -> dict[str, str]:
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))
    quiet = {name: "1" for name in (*_ONE_THREAD, "PYTEST_DISABLE_PLUGIN_AUTOLOAD")}
    return {**os.environ, **quiet, "PYTHONHASHSEED": "0", "PYTHONPATH": path, "MPLBACKEND": "agg"}


def run(job: Job, folder: Path) -> list[dict[str, Any]]:
    """Run a job in processes, one after another, and return the record of each test."""
    name = "-".join([*job.packages, *map(str, job.part)]).replace(os.sep, "-")
    folder.mkdir(parents=True, exist_ok=True)
    records, told, log = (folder / f"{name}.{end}" for end in ("jsonl", "told", "log"))
    records.touch()
    for _ in range(CRASHES):
        text = command(replace(job, records=str(records), told=str(told)))
        with open(log, "ab") as out, tempfile.TemporaryDirectory() as home:
            env = {**environment(), "HYPOTHESIS_STORAGE_DIRECTORY": home}
            start = time.monotonic()
            code = subprocess.run(text, cwd=folder, env=env, stdout=out, stderr=out).returncode
        lost = unfinished(records)
        if lost is None:
            if code not in (0, 1, 5):
                raise SystemExit(f"tests.suites: pytest ended with {code}; see {log}")
            break
        late = told.exists() and "Timeout (" in told.read_text(errors="replace")[-20000:]
        reason = "takes too long" if late and code == 1 else f"ends the process, exit code {code}"
        with open(records, "a", encoding="utf-8") as file:
            file.write(json.dumps({
                "test": lost["begin"], "verdict": "lost", "how": lost["how"], "reason": reason,
                "after": time.monotonic() - start, "seconds": [0.0, 0.0],
            }) + "\n")  # fmt: skip
    return list(finished(records).values())


def lines(records: Path) -> list[dict[str, Any]]:
    with open(records, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def finished(records: Path) -> dict[str, dict[str, Any]]:
    return {line["test"]: line for line in lines(records) if "test" in line}


def unfinished(records: Path) -> dict[str, Any] | None:
    """Return the beginning of a test without an end, if there is one."""
    last = lines(records)[-1:]
    return last[0] if last and "begin" in last[0] else None
