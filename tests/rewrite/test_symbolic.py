"""The symbolic run: nodes, leaves, the points where a region may end, and what ends the run."""

import pytest
from bytecode import Label

from alloc_rewrite.rewrite.decode import decode
from alloc_rewrite.rewrite.instructions import STEPS
from alloc_rewrite.rewrite.items import Instr
from alloc_rewrite.rewrite.liveness import Locals
from alloc_rewrite.rewrite.program import COMPUTING, IN_PLACE, LEAF, METHOD, OPERATION, STORE
from alloc_rewrite.rewrite.seen import NO_HELPERS
from alloc_rewrite.rewrite.symbolic import MOST_LEAVES, MOST_NODES, Scan

from .vocabulary import VOCABULARY


def scanned(function, steps=STEPS, last=lambda item: item.name == "RESUME"):
    """Run a function symbolically, from what follows the last instruction that is as told."""
    ir = decode(function.__code__)
    before = [i for i, item in enumerate(ir.items) if isinstance(item, Instr) and last(item)]
    scan = Scan(ir, VOCABULARY, Locals(ir), before[-1] + 1, NO_HELPERS)
    scan.run(steps)
    return scan


def kinds(scan):
    return [node.kind for node in scan.nodes]


def name_at_end(scan):
    return scan.ir.items[scan.at].name


def generated(body):
    scope = {}
    exec("def f(x, y):\n" + "".join(f"    {line}\n" for line in body), scope)
    return scope["f"]


# ---------------------------------------------------------------------- the run itself


def straight(x, y):
    a = x * y
    return a + x


def test_it_ends_at_the_first_instruction_without_a_step():
    scan = scanned(straight, {})
    assert (scan.nodes, scan.points, scan.at) == ([], [], scan.start)
    assert scan.resume == scan.start + 1  # where another scan may begin

    scan = scanned(straight)
    assert name_at_end(scan) == "RETURN_VALUE"
    assert scan.reason == ""


def test_it_ends_where_a_step_refuses():
    scan = scanned(straight, STEPS | {"STORE_FAST": lambda scan, instr: scan.refuse("no", 7)})
    assert (name_at_end(scan), scan.reason, scan.line) == ("STORE_FAST", "no", 7)
    assert kinds(scan) == [LEAF, LEAF, OPERATION]


def test_it_ends_at_a_label():
    def f(x, y):
        a = x * y
        while True:
            a = a + x

    scan = scanned(f)
    assert isinstance(scan.ir.items[scan.at], Label)
    assert kinds(scan) == [LEAF, LEAF, OPERATION]


def test_a_region_may_end_after_each_operation_and_assignment():
    scan = scanned(straight)
    assert [point.n_nodes for point in scan.points] == [3, 3, 4]
    assert [len(point.stack) for point in scan.points] == [1, 0, 1]
    assert [point.locals for point in scan.points] == [{}, {"a": 2}, {"a": 2}]
    assert scan.resume == scan.points[0].stop


def test_points_keep_what_was_known_then():
    scan = scanned(straight)
    before = [list(point.stack) for point in scan.points]
    scan.stack.clear()
    scan.locals.clear()
    assert [point.stack for point in scan.points] == before
    assert scan.points[-1].locals == {"a": 2}


def test_nodes_know_their_line_and_item():
    scan = scanned(straight)
    first = straight.__code__.co_firstlineno
    assert [node.line - first for node in scan.nodes] == [1, 1, 1, 2]
    assert scan.made_at == sorted(scan.made_at)


@pytest.mark.parametrize(
    "body",
    [
        [f"x = x * {i}.0" for i in range(MOST_NODES)],
        [f"x = x * g{i}" for i in range(MOST_LEAVES + 3)],
    ],
    ids=["nodes", "leaves"],
)
def test_it_ends_at_its_maximum_length(body):
    scan = scanned(generated([*body, "return x"]))
    assert scan.reason == "the region has reached its maximum length"
    assert len(scan.nodes) <= MOST_NODES + 2
    assert len(scan.loads) <= MOST_LEAVES + 1


# ---------------------------------------------------------------------- leaves


def test_a_local_or_global_is_one_leaf_however_often_it_is_loaded():
    def f(x):
        return x * x + scale * x + scale

    scan = scanned(f)
    assert scan.names == ["x", "scale"]
    assert kinds(scan).count(LEAF) == 2


scale = 2.0


def test_an_assigned_local_is_what_was_assigned():
    scan = scanned(straight)
    assert scan.nodes[-1].operands == (2, 0)
    assert scan.locals == {"a": 2}


def test_what_lies_on_the_stack_before_is_a_leaf():
    def f(g, x):
        return (g() + g()) * x

    scan = scanned(f, last=lambda item: item.name == "CALL")
    assert scan.names == ["stack[-1]", "stack[-2]", "x"]
    assert scan.loads[:2] == [1, 2]  # how deep they lie


def test_half_a_call_on_the_stack_is_no_leaf():
    def f(g, x):
        return g(x * x, -x)

    scan = scanned(f, {}, last=lambda item: item.arg == "g" or item.name == "PUSH_NULL")
    assert scan.pops(2) is None
    assert scan.reason == "the instruction completes one from before the region"


def test_a_call_that_begins_before_the_region_ends_it():
    def f(g, x):
        return g(x * x, -x)

    scan = scanned(f, last=lambda item: item.arg == "g" or item.name == "PUSH_NULL")
    assert scan.reason == "the call of `{}` begins before the region"


# ---------------------------------------------------------------------- calls and methods


def test_calls_methods_and_reductions():
    def f(x):
        a = sqrt(x)
        b = x.sum(axis=0)
        return a, b

    scan = scanned(f)
    assert METHOD in kinds(scan)
    call, method = (i for i, node in enumerate(scan.nodes) if node.kind in ("call", METHOD))
    assert (scan.is_reduction(call), scan.is_reduction(method)) == (False, True)
    assert scan.nodes[method].detail == ("sum", ("axis",))


def sqrt(x):
    return x


def test_the_result_of_a_reduction_is_an_operand():
    def f(x):
        return x.sum() + x

    scan = scanned(f)
    assert [kind for kind in kinds(scan) if kind in COMPUTING] == [METHOD, OPERATION]


# ---------------------------------------------------------------------- effects


def in_place(x, y):
    x *= y
    return x + y


def in_place_of_computed(x, y):
    a = x + y
    a *= y
    return a


def in_place_of_two_names(x, y):
    a = b = x + y
    a *= y
    return b


def store(x, y):
    x[0] = x * y
    return x + y


def put_back(x, y):
    x[1:] += y
    return x * y


def test_an_operator_in_place_gives_what_it_changed():
    scan = scanned(in_place)
    assert kinds(scan)[2:] == [IN_PLACE, OPERATION]
    assert scan.locals == {"x": 2}
    assert scan.nodes[3].operands == (2, 1)


def test_an_operator_in_place_on_a_computed_value_is_an_operation():
    scan = scanned(in_place_of_computed)
    assert scan.nodes[-1].detail == "i_mul"
    assert scan.nodes[-1].kind == OPERATION
    assert scan.locals == {"a": len(scan.nodes) - 1}


def test_a_computed_value_with_two_names_is_not_changed_in_place():
    scan = scanned(in_place_of_two_names)  # both change if it is an array, one if it is a number
    assert scan.nodes[-1].detail == "add"
    assert scan.reason.endswith("two names")


def test_a_region_goes_on_after_a_store():
    scan = scanned(store)
    assert [kind for kind in kinds(scan) if kind in COMPUTING] == [OPERATION, STORE, OPERATION]


def row_to_row(x, y):
    x[0, :] = x[1, :]
    return x * y


def item_of_anything(x, y):
    z = y * 2
    x[0] = y
    return z


def test_views_and_numbers_are_stored_into_arrays():
    assert STORE in kinds(scanned(row_to_row))
    scan = scanned(item_of_anything)
    assert STORE not in kinds(scan)
    assert scan.reason.startswith("what is stored isn't computed in the region")


def part_of_computed(x, y):
    z = x * y
    z[1:] += y
    return z


def test_parts_of_computed_arrays_are_not_changed_in_place():
    scan = scanned(part_of_computed)
    assert IN_PLACE not in kinds(scan)
    assert "a part of an array that the region makes" in scan.reason


def test_a_view_changed_in_place_is_put_back():
    scan = scanned(put_back)
    assert kinds(scan).count(IN_PLACE) == 1
    assert STORE not in kinds(scan)
