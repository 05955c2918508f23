"""The command line: run, profile, explain, compare, info.

In: arguments. Out: text or files, and an exit code. It must not know what the reports say.
"""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Callable, Sequence
from typing import Any, TextIO

from ..comparison import compare
from ..explain import explain
from ..profile import profile
from ..report import Report
from .info import Info, version
from .run import Program, run
from .targets import Target, TargetError, target_of

_FORMATS = ("html", "json", "speedscope")
_TARGET = "module:function or path.py:function, such as mypackage.model:step or model.py:Model.step"
_ARGUMENT = (
    "an argument, as a Python expression, such as 3 or n=3 or 'np.ones(1000)'; names are those of "
    "the module, and np"
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command that the arguments name; return the exit code."""
    parser = _parser()
    given, others = parser.parse_known_args(argv)
    if others and (given.command not in ("profile", "compare") or others[0].startswith("--")):
        parser.error(f"unrecognized arguments: {' '.join(others)}")
    if given.command == "info":
        return _shown(Info.of_this_process(), given)
    if given.command == "run":
        return run(Program(given.program, given.arguments, given.module), given, _shown)
    ours, sys.argv = sys.argv, [given.target.rpartition(":")[0]]
    try:
        target = target_of(given.target)
        args, kwargs = target.arguments([*getattr(given, "arguments", []), *others])
        with _Progress():
            report = _made(given.command, target, args, kwargs)
    except TargetError as error:
        parser.error(str(error))
    finally:
        sys.argv = ours
    return _shown(report, given)


def _made(command: str, target: Target, args: list[object], kwargs: dict[str, object]) -> Report:
    if command == "explain":
        return _refusing(explain, target)
    target.check_arguments(args, kwargs)
    if command == "profile":
        return profile(target.function, *args, **kwargs)
    return _refusing(compare, target, *args, **kwargs)


def _refusing(make: Callable[..., Report], target: Target, *args: Any, **kwargs: Any) -> Report:
    """Call what runs nothing, or keeps all exceptions of the function: its own are refusals."""
    try:
        return make(target.function, *args, **kwargs)
    except TypeError as error:
        raise TargetError(str(error)) from None


def _shown(report: Report, given: argparse.Namespace, out: TextIO | None = None) -> int:
    """Write the files that were asked for, or print the report if there is none."""
    files = [(kind, getattr(given, kind)) for kind in _FORMATS if getattr(given, kind, None)]
    written = []
    for kind, path in files:
        try:
            report.save(path, kind)
        except OSError as error:  # the work isn't lost: it is printed
            print(f"{given.command}: {path}: {error.strerror}", file=sys.stderr)
        else:
            print(f"wrote {path}", file=sys.stderr)
            written.append(path)
    if not written or given.command == "compare":
        print(report, file=out or sys.stdout)
    return int(getattr(report, "exit_code", 0)) if len(written) == len(files) else 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m alloc_rewrite",
        description="Runs NumPy functions out of a bump arena, and says what that brings.",
    )
    own = f"alloc_rewrite {version('alloc_rewrite')}"
    parser.add_argument("--version", action="version", version=own)
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")
    files = argparse.ArgumentParser(add_help=False)
    for kind in ("html", "json"):
        files.add_argument(f"--{kind}", metavar="FILE", help=f"write the report as {kind.upper()}")
    flames = argparse.ArgumentParser(add_help=False)
    flames.add_argument("--speedscope", metavar="FILE", help="write flame graphs for speedscope")

    one = commands.add_parser("run", parents=[files], help="run a program with functions bumped")
    one.add_argument(
        "--function", action="append", default=[], metavar="TARGET", dest="functions",
        help=f"bump this function too: {_TARGET}; the name alone is one of the program",
    )  # fmt: skip
    one.add_argument(
        "--auto", action="store_true", help="bump the functions in which the program spends time"
    )
    one.add_argument("-m", dest="module", action="store_true", help="the program is a module")
    one.add_argument("program", help="a script, or with -m a module")
    one.add_argument("arguments", nargs=argparse.REMAINDER, help="arguments of the program")
    for name, text, parents in (
        ("profile", "say what a call allocates", [files, flames]),
        ("compare", "call plain and bumped, and compare results and times", [files, flames]),
        ("explain", "say what bump makes of a function, without running it", [files]),
    ):
        one = commands.add_parser(name, parents=parents, help=text)
        one.add_argument("target", help=_TARGET)
        if name != "explain":
            one.add_argument("arguments", nargs="*", default=[], metavar="argument", help=_ARGUMENT)
    one = commands.add_parser("info", parents=[files], help="show versions, core and processor")
    return parser


class _Progress(logging.Handler):
    """Shows on a terminal what long work is doing."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self._logger = logging.getLogger("alloc_rewrite")
        self._level = self._logger.level

    def __enter__(self) -> None:
        if sys.stderr.isatty():
            self._logger.addHandler(self)
            self._logger.setLevel(logging.INFO)

    def __exit__(self, *error: object) -> None:
        self._logger.removeHandler(self)
        self._logger.setLevel(self._level)
        if sys.stderr.isatty():
            sys.stderr.write("\r\x1b[K")

    def emit(self, record: logging.LogRecord) -> None:
        sys.stderr.write(f"\r\x1b[K{record.getMessage().splitlines()[0][:79]}")
        sys.stderr.flush()
