"""Random programs with control flow: plain and bumped agree; `python -m tests.property.fuzz`."""

from __future__ import annotations

import pytest

from ..differential.compare import observe
from .fuzz.reducing import reduced
from .fuzz.trial import Program, Trial, differences, told
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


def test_a_failing_program_is_made_small():
    program = next(p for p in map(Program.drawn, range(50)) if "np.sqrt(" in p.body)
    small = reduced(program, lambda p: "np.sqrt(" in p.body, seconds=20)
    assert "np.sqrt(x0)" in small.body
    assert small.body.count("\n") <= 12
    assert small.calls.order == [0]
    assert small.calls.rows == ["f8"]


def test_a_difference_names_its_place():
    one, other = (observe(lambda x: [x, (1, y)], (2.0,))[0] for y in (3.0, 4.0))
    assert told(one, one) == []
    (line,) = told(one, other)
    assert line.startswith("result: 2 2\n    plain  (<class 'float'>")
