"""Random programs with control flow: plain and bumped agree; `python -m tests.property.fuzz`."""

from __future__ import annotations

import pytest

from ..differential.compare import observe
from .fuzz.reducing import reduced
from .fuzz.trial import Calls, Program, Trial, differences, told
from .fuzz.words import HEADER

PROGRAMS, GROUPS = 64, 8


@pytest.mark.parametrize("group", range(GROUPS))
def test_plain_and_bumped_agree(group):
    for seed in range(group, PROGRAMS, GROUPS):
        program = Program.drawn(seed)
        found = differences(program)
        assert not found, "\n".join([f"seed {seed}", str(program), *found])


def test_a_seed_gives_the_same_program():
    assert Program.drawn(7) == Program.drawn(7) != Program.drawn(8)


def test_a_printed_program_is_read_again():
    program = Program.drawn(11)
    assert Program.read(str(program)) == program
    assert Program.read(str(program).replace(HEADER, "")) == program


def test_programs_get_far():
    """Most calls with the first row come to an end, since what fails there is mended."""
    trials = [Trial(Program.drawn(seed)) for seed in range(40)]
    ended = sum(trial.failing_line() is None for trial in trials)
    for trial in trials:
        trial.close()
    assert ended >= 30


FAILING = """\
def made(c):
    def exchange(value):
        nonlocal c
        before, c = c, value
        return before

    def program(x0, x1, x2, n, a, b, s):
        nonlocal c
        global G
        kept = []
        for k in range(3):
            try:
                y1 = x1 * 2
                match n:
                    case 0:
                        y2 = x2
                    case _:
                        if k:
                            y2 = x1 / np.sqrt(abs(x0 + 1), where=x1 > 0)
                            kept.append(y2)
            finally:
                kept.append(y1)
        return kept, x0

    return program, exchange
"""


def test_a_failing_program_is_made_small():
    def fails(program):
        try:
            trial = Trial(program)
        except Exception:  # nothing of the factory may be taken away
            return False
        trial.close()
        return "np.sqrt(" in program.body and callable(trial.plain)

    calls = Calls(["i8", "f4"], [0, 1, 0, 1], state={"all": "raise"}, strict=True, resets=[1])
    small = reduced(Program(FAILING, calls), fails, seconds=20)
    before, _, after = small.body.partition("global G\n")
    statements, _, _ = after.partition("return")
    assert statements.strip() == "y2 = np.sqrt(x0)"
    assert "nonlocal c" in before
    assert small.calls == Calls(["f8"], [0])


def test_a_difference_names_its_place():
    one, other = (observe(lambda x: [x, (1, y)], (2.0,))[0] for y in (3.0, 4.0))
    assert told(one, one) == []
    (line,) = told(one, other)
    assert line.startswith("result: 2 2\n    plain  (<class 'float'>")
