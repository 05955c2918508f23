"""The finder of regions: programs, what they take and deliver, and where regions end."""

import pytest

from alloc_rewrite.rewrite.program import GUARD
from alloc_rewrite.rewrite.regions import MOST_OUTPUTS
from alloc_rewrite.rewrite.symbolic import MOST_NODES

from .vocabulary import breaks_of, regions_of


def only(function):
    """Return the one region of a function."""
    (region,) = regions_of(function)
    return region


def lines(function):
    """Return the programs of a function's regions, in words."""
    return [str(region.program).split("\n") for region in regions_of(function)]


# ---------------------------------------------------------------------- programs


def test_a_program_has_the_operations_in_order():
    def f(x, y):
        return x * y + -x

    region = only(f)
    assert str(region.program) == "t2 = x * y\nt3 = -x\nt4 = t2 + t3"
    assert region.program.leaves == ("x", "y")
    assert region.program.outputs == (4,)
    assert [load.arg for load in region.loads] == ["x", "y"]
    assert (region.size, region.reach, region.stores, region.resets) == (0, 0, (), ())


def test_what_is_computed_twice_is_computed_once():
    def f(x, y):
        return x * y + x * y

    program = only(f).program
    assert str(program) == "t2 = x * y\nt4 = t2 + t2"
    assert [node.operands for node in program.nodes if node.kind == "again"] == [(2,)]


def test_outputs_are_never_merged():
    def f(x, y):
        a = x * y
        b = x * y
        return a, b

    region = only(f)
    assert str(region.program) == "t2 = x * y\nt3 = x * y"
    assert region.stores == ("a", "b")
    assert all(node.kind != "again" for node in region.program.nodes)


def test_nothing_is_merged_across_a_change():
    def f(x, y):
        x[1:] = x[1:] * y
        return x[1:] * y

    assert str(only(f).program) == "t6 = x[1:] * y\nx[1:] = t6\nt8 = x[1:] * y"


def test_what_may_fail_is_computed_though_nothing_needs_it():
    def f(x, y):
        unused = x * y
        unused = y
        return x + unused

    assert lines(f) == [["t2 = x * y", "t3 = x + y"]]


def test_loads_that_nothing_needs_are_left_out():
    def f(x, y):
        a = x * y
        b = a + 2
        b = y
        return a, b

    assert "2" in str(only(f).program)
    assert [node.kind for node in only(f).program.nodes].count("leaf") == 2


# ---------------------------------------------------------------------- what goes in and comes out


def test_values_on_the_stack_are_taken_from_there():
    def f(g, x):
        return (g() + g()) * x + x

    region = only(f)
    assert region.loads[:2] == (1, 2)
    assert region.program.leaves == ("stack[-1]", "stack[-2]", "x")
    assert region.program.temporaries == (0, 1)  # nothing else refers to them
    assert (region.size, region.reach) == (2, 2)


def test_loads_for_code_after_the_region_come_before_it():
    def f(g, x, y):
        return g(x, x * y + y)

    region = only(f)
    assert region.size == 0
    assert region.stop - region.start == 5  # three loads and two operators


@pytest.mark.parametrize("later", ["return b", "return b * 1, a", "return a, b"])
def test_locals_that_are_read_later_are_delivered(later):
    scope = {}
    source = f"def f(x, y, c):\n    a = x * y\n    b = a + x\n    if c is None: pass\n    {later}"
    exec(source, scope)
    read = tuple(name for name in "ab" if name in later.replace("return", ""))
    assert regions_of(scope["f"])[0].stores == read


def test_locals_that_other_code_may_look_at_are_delivered():
    def f(x, y, g):
        a = x * y
        b = a + x
        g()
        return b

    assert only(f).stores == ("a", "b")


def test_a_local_that_nothing_reads_is_reset_if_it_may_have_held_a_value():
    def f(x, y):
        x = x * y
        new = x + y
        return new * 2

    assert only(f).resets == ("x",)


def test_the_last_output_lies_deepest():
    def f(g, x, y):
        return g(x * y, x + y)

    region = only(f)
    assert [str(region.program.named(i)) for i in region.program.outputs] == ["t3", "t2"]
    assert region.program.is_packed


# ---------------------------------------------------------------------- where regions end


def branch(x, y):
    a = x * y + x
    if a:
        a = a * x + y
    return a


def loop(x, y):
    a = x * y + x
    for _ in y:
        a = a * x + y
    return a


def attempt(x, y):
    a = x * y + x
    try:
        a = a * x + y
    finally:
        pass
    return a


def foreign(x, y):
    a = foreign(x * y + x)
    return a * y + y


def raised(x, y):
    z = x * y + x
    z **= y
    return z


@pytest.mark.parametrize(
    ("function", "reason", "sizes"),
    [
        (branch, "a condition needs the value", [2, 2]),
        (loop, "a loop begins", [2, 2]),
        (attempt, "a `try`, a `with` or a comprehension begins", [2, 2]),
        (foreign, "`foreign` can't be part of a region", [2, 2]),
        (raised, "`**=` can't be part of a region", [2]),
    ],
    ids=lambda given: getattr(given, "__name__", ""),
)
def test_where_regions_end(function, reason, sizes):
    regions = [region for region in regions_of(function) if not region.is_spare]
    assert [region.program.operations for region in regions] == sizes
    (first,) = (one for one in breaks_of(function) if one.start == regions[0].start)
    assert first.reason == reason
    assert first.at >= regions[0].stop
    assert first.computes
    stops = [region.stop for region in regions]
    assert all(stop <= region.start for stop, region in zip(stops, regions[1:], strict=False))


def test_one_operation_is_no_region():
    def f(x, y):
        return x * y

    assert regions_of(f) == []


def test_a_view_counts_as_an_operation_but_does_not_suffice():
    def sliced(x):
        return x[1:] * 2

    def only_views(x):
        a = x[1:]
        b = a[1:]
        return b

    assert lines(sliced) == [["t6 = x[1:] * 2"]]
    assert regions_of(only_views) == []


def test_a_local_that_may_have_no_value_is_not_loaded():
    def f(x, c):
        if c is None:
            a = x
        return a * x + x

    assert only(f).program.leaves == ("x", "stack[-1]")
    assert "the variable `a` may have no value" in {one.reason for one in breaks_of(f)}


def generated(body):
    scope = {}
    exec("def f(x, y):\n" + "".join(f"    {line}\n" for line in body), scope)
    return scope["f"]


def test_long_code_becomes_several_regions():
    f = generated([f"x = x * {i}.0" for i in range(MOST_NODES)] + ["return x"])
    regions = regions_of(f)
    assert len(regions) > 1
    assert sum(region.program.operations for region in regions) == MOST_NODES
    assert all(len(region.program.nodes) <= MOST_NODES + 3 for region in regions)


def test_long_code_is_cut_where_the_fewest_arrays_cross():
    part = ["a = x * 2.0", "b = x * 3.0", "c = a * b", "x = a + b * c"]
    f = generated(part * (MOST_NODES // 4) + ["return x"])
    regions = regions_of(f)
    assert len(regions) > 1
    assert {len(region.program.outputs) for region in regions} == {1}


def test_a_region_has_no_more_outputs_than_it_may():
    names = [f"v{i}" for i in range(MOST_OUTPUTS + 4)]
    f = generated([f"{name} = x * y" for name in names] + [f"return ({', '.join(names)})"])
    sizes = [len(region.program.outputs) for region in regions_of(f)]
    assert sizes == [MOST_OUTPUTS, 4]


# ---------------------------------------------------------------------- guards and spare regions


def guarded(x, y, other):
    a = x * y
    b = (a + x).dtype
    other[0]
    return b


def test_a_guard_keeps_a_local_from_being_delivered():
    first, spare = regions_of(guarded)
    assert (first.is_spare, spare.is_spare) == (False, True)
    assert (first.start, first.stop) == (spare.start, spare.stop)
    assert first.stores == ()
    assert spare.stores == ("a",)
    (guard,) = (node for node in first.program.nodes if node.kind == GUARD)
    assert first.program.leaves[first.program.nodes[guard.operands[0]].detail] == "other"
    assert first.program.operand_names == ("x", "y")  # guards are no operands
    assert not any(node.kind == GUARD for node in spare.program.nodes)


def test_operands_of_the_region_need_no_guard():
    def f(x, y):
        a = x * y
        b = (a + x).dtype
        x[0]
        return b

    (region,) = regions_of(f)
    assert region.stores == ()
    assert not any(node.kind == GUARD for node in region.program.nodes)


def test_a_guard_of_a_global_that_is_called():
    def f(x, y):
        a = x * y
        b = a + x
        range(3)
        return b

    first, _ = regions_of(f)
    (guard,) = (node for node in first.program.nodes if node.kind == GUARD)
    assert guard.detail == "called"
    assert first.loads[-1].name == "LOAD_GLOBAL"


def test_a_guard_of_a_value_on_the_stack():
    def f(g, x, y):
        return g() in (a := x * y + x)  # noqa: F841

    first, spare = regions_of(f)
    assert (first.size, first.reach, spare.reach) == (0, 1, 0)
    assert first.program.leaves[-1] == "stack[-1]"
