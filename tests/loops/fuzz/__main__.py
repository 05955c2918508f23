"""Run random programs with loops, plain and bumped, and print those that differ.

python -m tests.loops.fuzz --minutes 60 --seed 1       # seeds 1, 2, 3, ...
python -m tests.loops.fuzz --seed 4711 --programs 1    # this one again
python -m tests.loops.fuzz --write whole               # only functions without loops
"""

from __future__ import annotations

import argparse
import collections
import logging
import time

import alloc_rewrite as alloc
from alloc_rewrite.loops import service

from .arrays import ArrayWriter
from .objects import ObjectWriter
from .trial import differences, written
from .whole import WholeWriter
from .writer import Writer

WRITERS = {"loops": Writer, "arrays": ArrayWriter, "whole": WholeWriter, "objects": ObjectWriter}


class Reasons(logging.Handler):
    """Counts why loops are not compiled."""

    def __init__(self) -> None:
        super().__init__()
        self.counts: collections.Counter[str] = collections.Counter()

    def emit(self, record: logging.LogRecord) -> None:
        text = record.getMessage()
        if "is not compiled" in text:
            self.counts[text.split(": ", 2)[-1][:70]] += 1


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--write", choices=WRITERS, action="append")
    parser.add_argument("--programs", type=int, default=10**9)
    given = parser.parse_args()
    kinds = given.write or list(WRITERS)
    reasons = Reasons()
    logger = logging.getLogger("alloc_rewrite")
    logger.setLevel(logging.DEBUG)
    logger.addHandler(reasons)
    logger.propagate = False
    alloc.set_compile("now")
    end = time.monotonic() + given.minutes * 60
    seed, bad, hits = given.seed, 0, 0
    while time.monotonic() < end and seed < given.seed + given.programs:
        service._compiled = 0
        text = written(seed, WRITERS[kinds[seed % len(kinds)]])
        found, ran = differences(text, seed, 3 if "for" not in text else 1)
        hits += ran > 0
        if found:
            bad += 1
            print(f"seed {seed}\n{text}\n" + "\n".join(found), flush=True)
        seed += 1
    print(f"{seed - given.seed} programs, {hits} with compiled loops, {bad} differ; next: {seed}")
    for reason, count in reasons.counts.most_common(30):
        print(f"{count:6} {reason}")
    return int(bad > 0)


if __name__ == "__main__":
    raise SystemExit(main())
