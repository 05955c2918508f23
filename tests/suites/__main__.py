"""Run installed test suites plain and bumped, test by test, and print what disagrees.

    python -m tests.suites numpy.ma numpy.linalg          # whole packages
    python -m tests.suites scipy.stats --part 1/20        # the first of twenty parts
    python -m tests.suites numpy.lib -k percentile        # pytest's -k
    python -m tests.suites --fixed                        # what continuous integration runs
    python -m tests.suites scipy --jobs 2 --keep FOLDER   # goes on where it was cut off

The exit code is 1 if a test disagrees whose disagreement is not among `known.toml`.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import alloc_rewrite as alloc

from . import report
from .workers import MARKS, Job, run

#: A part that takes less than three minutes of one core: packages, and which part of each.
FIXED = (
    Job(("numpy.ma",)),
    Job(("numpy.linalg",)),
    Job(("numpy.lib",)),
    Job(("numpy._core",), (0, 6)),
)


def parsed(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.suites",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("packages", nargs="*", help="packages, modules or paths whose tests to run")
    add("--fixed", action="store_true", help="run the fixed part")
    add("--part", default="1/1", metavar="K/N", help="every N-th test, from the K-th on")
    add("--jobs", type=int, default=1, help="processes at a time")
    add("--rounds", type=int, default=1, help="bumped runs of each test; the last one is timed")
    add("--timeout", type=float, default=120, help="seconds for one run of one test")
    add("-m", dest="marks", default=MARKS, help="pytest's -m (%(default)s)")
    add("-k", dest="keyword", default="", help="pytest's -k")
    add("--keep", metavar="FOLDER", help="where records are kept; those that are there count")
    add("--json", metavar="FILE", help="write all records")
    options = parser.parse_args(arguments)
    if bool(options.packages) == options.fixed:
        parser.error("name packages, or --fixed")
    return options


def jobs_of(options: argparse.Namespace) -> list[Job]:
    k, n = map(int, options.part.split("/"))
    if not 1 <= k <= n:
        raise SystemExit(f"tests.suites: --part {options.part} is not K/N with K from 1 to N")
    if options.fixed:
        jobs = list(FIXED)
    else:
        jobs = [Job((package,), (k - 1, n)) for package in options.packages]
    same = {name: getattr(options, name) for name in ("timeout", "rounds", "marks", "keyword")}
    jobs = [replace(job, **same) for job in jobs]
    if len(jobs) >= options.jobs:
        return jobs
    return [
        replace(job, part=(job.part[0] + i * job.part[1], job.part[1] * options.jobs))
        for job in jobs
        for i in range(options.jobs)
    ]


def main(arguments: list[str]) -> int:
    options = parsed(arguments)
    print(f"alloc_rewrite {alloc.core()}, Python {sys.version.split()[0]}", flush=True)
    with tempfile.TemporaryDirectory(prefix="suites-") as made:
        folder = Path(options.keep or made).absolute()
        records: list[dict[str, Any]] = []
        with ThreadPoolExecutor(options.jobs) as pool:
            jobs = jobs_of(options)
            for job, found in zip(jobs, pool.map(lambda job: run(job, folder), jobs), strict=True):
                print(f"{' '.join(job.packages)} {job.part}: {len(found)} tests", flush=True)
                records += found
    if options.json:
        Path(options.json).write_text(json.dumps(records, indent=1))
    print(report.text(records))
    return bool(report.judge(records)[0])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
