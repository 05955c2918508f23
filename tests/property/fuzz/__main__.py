"""Run random programs with control flow plain and bumped, and print those that differ.

    python -m tests.property.fuzz --minutes 60 --seed 1       # seeds 1, 2, 3, ...
    python -m tests.property.fuzz --seed 4711 --programs 1    # this one again
    python -m tests.property.fuzz --file failed.py --reduce   # a printed program, made smaller

Programs run in processes of their own, some in each, so that a crash costs one program. A program
that differs is printed whole, with its seed, and then reduced.
"""

from __future__ import annotations

import argparse
import faulthandler
import multiprocessing
import os
import sys
import time
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import alloc_rewrite as alloc

from . import words
from .reducing import reduced
from .trial import Program, differences, kinds

BATCH = 25  # programs in one process
LATE = 120.0  # seconds for one program


def seeds_in(child: Connection, first: int, count: int) -> None:
    """Run the programs of some seeds; say which begins, and what differs."""
    for seed in range(first, first + count):
        child.send((seed, None))
        try:
            found = differences(Program.drawn(seed))
        except Exception:  # a fault of these tools
            found = ["0: failed: " + traceback.format_exc()]
        if found:
            child.send((seed, found))
    child.send(None)


def program_in(child: Connection, text: str) -> None:
    child.send((0, None))
    try:
        found = differences(Program.read(text))
    except Exception:  # a program that cannot even be made
        found = []
    if found:
        child.send((0, found))
    child.send(None)


def apart(target: Callable[..., None], *args: Any, quiet: bool = False) -> tuple[int, list[str]]:
    """Run in a process of its own; return the last seed that began, and what differed there.

    The seed is -1 if all went well.
    """
    here, child = multiprocessing.get_context("fork").Pipe(duplex=False)
    pid = os.fork()
    if pid == 0:
        if quiet:
            os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        else:
            faulthandler.enable(os.dup(2))
        sys.stderr = open(os.devnull, "w")  # errors in what calls leave behind are printed
        code = 1
        try:
            target(child, *args)
            code = 0
        finally:
            os._exit(code)
    child.close()
    seed, found, ended = -1, [], False
    try:
        while here.poll(LATE):
            told = here.recv()
            if told is None:
                ended = True
                break
            seed, found = told[0], told[1] or []
            if found:
                break
        else:
            found = ["0: late: it takes too long"]
    except EOFError:
        pass
    if found:
        os.kill(pid, 9)
    _, status = os.waitpid(pid, 0)
    here.close()
    if ended and not found:
        return -1, []
    code = os.waitstatus_to_exitcode(status)
    return seed, found or [f"0: ended: the process ended with {code}"]


def reduce(program: Program, found: list[str], seconds: float) -> Program:
    wanted = kinds(found)

    def fails(candidate: Program) -> bool:
        seed, now = apart(program_in, str(candidate), quiet=True)
        return seed >= 0 and bool(kinds(now) & wanted)

    return reduced(program, fails, seconds)


def show(title: str, program: Program, found: list[str]) -> None:
    text = str(program)
    if title.endswith("reduced"):  # `read` knows the header
        text = text.replace(words.HEADER, "")
    print(f"{'=' * 20} {title}\n{text}\n" + "\n".join(found), flush=True)


def parsed(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.property.fuzz",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--seed", type=int, default=1, help="the first seed")
    add("--programs", type=int, default=10**9, help="how many")
    add("--minutes", type=float, default=1e9, help="how long")
    add("--file", type=Path, help="a program as it was printed, instead of seeds")
    add("--reduce", type=float, nargs="?", const=120.0, default=0.0, metavar="SECONDS",
        help="make those that differ smaller, for so long each")  # fmt: skip
    add("--show", action="store_true", help="print the program of the seed, and run nothing")
    return parser.parse_args(arguments)


def main(arguments: list[str]) -> int:
    options = parsed(arguments)
    if options.show:
        print(Program.drawn(options.seed))
        return 0
    if options.file:
        program = Program.read(options.file.read_text())
        seed, found = apart(program_in, str(program))
        if seed >= 0:
            found = found or ["ended"]
            if options.reduce:
                program = reduce(program, found, options.reduce)
                _, found = apart(program_in, str(program))
            show(str(options.file), program, found)
        return seed >= 0
    print(f"alloc_rewrite {alloc.core()}, Python {sys.version.split()[0]}", flush=True)
    start, failed = time.monotonic(), 0
    seed, last = options.seed, options.seed + options.programs
    while seed < last and time.monotonic() - start < 60 * options.minutes:
        count = min(BATCH, last - seed)
        bad, found = apart(seeds_in, seed, count)
        if bad < 0:
            seed += count
            continue
        failed += 1
        program = Program.drawn(bad)
        show(f"seed {bad}", program, found)
        if options.reduce:
            small = reduce(program, found, options.reduce)
            show(f"seed {bad}, reduced", small, apart(program_in, str(small), quiet=True)[1])
        seed = bad + 1
    minutes = (time.monotonic() - start) / 60
    print(f"seeds {options.seed} to {seed - 1} in {minutes:.1f} minutes: {failed} differ")
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
