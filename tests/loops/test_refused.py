"""A loop that can't be translated is not translated again for the same kinds of values at once."""

from types import FunctionType

import pytest

import alloc_rewrite as alloc
from alloc_rewrite.loops import service
from alloc_rewrite.loops.shapes import without_shape


def letters(text):
    count = 0
    for letter in text:
        if letter in "aeiou":
            count += 1
    return count


def digits(n):
    product = 1
    while n > 9:
        product = 1
        for digit in str(n):
            product *= int(digit)
        n = product
    return product


@pytest.fixture
def made(monkeypatch):
    """What loops were translated for."""
    jobs = []
    make = service.LoopJob.make

    def noted(job, load):
        jobs.append((id(job.loop), [*map(without_shape, job._kinds)]))
        make(job, load)

    monkeypatch.setattr(service.LoopJob, "make", noted)
    return jobs


@pytest.mark.parametrize(("function", "value"), [(letters, "a text" * 9), (digits, 7777)])
def test_it_is_tried_once_for_the_same_kinds(function, value, made, monkeypatch):
    monkeypatch.setattr(service, "SHARE", 1e-9)
    g = alloc.bump(alloc.Buffer())(function)
    for _ in range(20):
        assert g(value) == function(value)
    assert made
    assert all(made.count(job) == 1 for job in made)


def test_it_is_tried_again_when_that_costs_little(made, monkeypatch):
    monkeypatch.setattr(service, "SHARE", 1e9)
    code = letters.__code__.replace(co_name="again")  # nothing is known of this loop yet
    g = alloc.bump(alloc.Buffer())(FunctionType(code, globals()))
    for _ in range(20):
        assert g("a text" * 9) == letters("a text" * 9)
    assert made.count(made[0]) > 1
