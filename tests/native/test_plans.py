"""How regions are planned: the passes by name, the plan as plain data, and what must hold of it."""

import copy
import sys

import numpy as np
import pytest

import alloc_rewrite as alloc
from alloc_rewrite.bump import bumped
from alloc_rewrite.cores import native

PASSES = ["sources", "reads", "items", "stages", "delay", "feeds", "needs", "effects", "results"]
STAGE_PASSES = ["operands", "axes", "fuse", "share", "blocks", "place", "fetch", "strides"]


def site_of(function, *args, calls=2):
    """Bump a function, call it, and return the site of its only region."""
    g = alloc.bump(alloc.Buffer())(function)
    for _ in range(calls):
        g(*args)
    known = bumped(g)
    sites = known.sites.rewriter.rewritten(function.__code__).sites
    owners = (getattr(site, "__self__", None) for site in sites)  # a loop's site has none
    (site,) = (owner for owner in owners if isinstance(owner, native.RegionSite))
    return site


def plan_of(function, *args):
    site = site_of(function, *args)
    (plan,) = site.describe()
    assert plan["declined"] is None, plan["declined"]
    return plan


def operations(plan):
    return [
        [part["operation"] for part in step["parts"]]
        for stage in plan["stages"]
        for step in stage["steps"]
    ]


def arithmetic(a, b):
    return a * b + a * a - b * b


def test_fused_steps_name_their_parts():
    plan = plan_of(arithmetic, np.ones(500), np.ones(500))
    assert operations(plan) == [["MULTIPLY", "ADD", "MULTIPLY"], ["MULTIPLY", "SUBTRACT"]]
    (stage,) = plan["stages"]
    assert [step["fusion"] for step in stage["steps"]] == ["both", "right"]
    assert all(step["operation"] == "FUSED" for step in stage["steps"])
    assert stage["axes"] == [500]
    assert stage["block"] == {"items": 500, "rows": 0, "pitch": 500}
    assert stage["executor"] in ("interpreter", "machine code")
    assert [part["ufunc"] for part in stage["steps"][1]["parts"]] == [np.multiply, np.subtract]


def test_access_and_dtypes_of_operands():
    def f(a, b, c):
        return np.sin(a[::2] + b) * c + a[::2]

    n = 200
    plan = plan_of(f, np.ones(2 * n), np.ones(n, np.float32), 2.0)
    (stage,) = plan["stages"]
    found = {(o["where"], o["access"], str(o["dtype"])) for o in stage["operands"]}
    assert ("source", "strided", "float64") in found
    assert ("source", "contiguous", "float32") in found
    assert ("block", "contiguous", "float64") in found
    assert ("scalar", "scalar", "float64") in found
    assert ("output", "contiguous", "float64") in found
    assert ["CAST"] in operations(plan)
    (other,) = (s for s in stage["steps"] if s["operation"] == "OTHER")
    assert other["parts"][0]["ufunc"] is np.sin


def test_repeated_operands():
    def f(a, b):
        return (a + b) * a

    plan = plan_of(f, np.ones((30, 40)), np.ones((30, 1)))
    (stage,) = plan["stages"]
    assert stage["axes"] == [40, 30]
    assert "repeated" in {o["access"] for o in stage["operands"] if o["where"] == "source"}


def test_stores_and_targets():
    def f(a, b):
        a[1:-1] = b[1:-1] * 0.5 + b[2:]

    with np.errstate(all="ignore"):  # no report raises, so that nothing has to wait
        plan = plan_of(f, np.ones(100), np.ones(100))
    (effect,) = plan["effects"]
    assert effect["direct"]
    read = [o for o, s in zip(effect["overlaps"], plan["sources"], strict=True) if s["read"]]
    assert read == ["apart", "apart"]
    assert plan["repeatable stages"] == len(plan["stages"]) == 1
    target = plan["sources"][effect["target"]]
    assert target["offset"] == 8
    assert target["shape"] == [98]

    a = np.ones(100)
    plan = plan_of(f, a, a)
    (effect,) = plan["effects"]
    assert not effect["direct"]
    assert "overlapping" in effect["overlaps"]
    assert (effect["stage"], plan["repeatable stages"], len(plan["stages"])) == (1, 1, 2)
    assert operations(plan)[-1] == ["COPY"]


def test_changes_of_the_same_items_share_a_stage():
    def f(u, v, w):
        u += v * 2.0
        v -= u * w
        w[:] = u + v
        w[0] = 1.0

    arrays = [np.ones(500) for _ in range(3)]
    with np.errstate(all="ignore"):
        plan = plan_of(f, *arrays)
    assert [(e["stage"], e["direct"]) for e in plan["effects"]] == [
        (0, True),
        (0, True),
        (0, True),
        (1, False),
    ]
    assert plan["repeatable stages"] == 0
    with np.errstate(all="ignore"):
        plan = plan_of(f, arrays[0], arrays[0][::-1], arrays[1])
    assert [e["stage"] for e in plan["effects"]] == [1, 2, 3, 4]


def test_columns_of_a_table_lie_apart():
    def f(x, y):
        x[:] = y * 2.0 + 1.0
        y[:] = x - 3.0

    table = np.ones((50, 2))
    with np.errstate(all="ignore"):
        plan = plan_of(f, table[:, 0], table[:, 1])
    assert len(plan["stages"]) == 1


def test_stages_and_buffers():
    def f(a):
        t = a * 2.0
        return (t[1:] - t[:-1]) * 0.5

    plan = plan_of(f, np.ones(100))
    assert len(plan["stages"]) == 2
    assert plan["scratch"]["buffers"] >= 800
    assert "buffer" in {o["where"] for o in plan["stages"][1]["operands"]}


def test_declined_plans_say_why():
    def f(a):
        return a * 2.0 + a

    a = np.zeros(81, np.uint8)[1:].view(np.float64)
    site = site_of(f, a)
    (plan,) = site.describe()
    assert plan["declined"] == "an array is not aligned, or is written back"
    assert plan["stages"] == []


def test_passes_are_traced_by_name():
    a = np.ones(300)
    site = site_of(arithmetic, a, a)
    trace = site.trace(a, a)
    assert [name for name, _, _ in trace] == PASSES + STAGE_PASSES
    assert [stage for _, stage, _ in trace] == [None] * len(PASSES) + [0] * len(STAGE_PASSES)
    steps = {name: [len(s["steps"]) for s in plan["stages"]] for name, _, plan in trace}
    assert steps["results"] == [0]
    assert steps["operands"] == [5]
    assert steps["fuse"] == [2]
    planned, kept = trace[-1][2], site.describe()[0]
    for stage in (*planned["stages"], *kept["stages"]):
        del stage["executor"], stage["compiled"]  # a kept plan may have been compiled since
    assert planned == kept


def test_a_declined_plan_is_traced_as_far_as_it_goes():
    def f(a, b):
        return a * b + a

    site = site_of(f, np.ones(3), np.ones(3))
    a, b = np.ones((3, 1)), np.ones(3)
    names = [name for name, _, _ in site.trace(a, b)]
    assert names == PASSES + STAGE_PASSES
    assert site.trace(np.ones(4), np.ones(3)) == []
    with pytest.raises(TypeError, match="wrong number of leaves"):
        site.trace(a)


def test_operations_are_those_of_numpy():
    for name in native.OPERATIONS:
        assert isinstance(getattr(np, name), np.ufunc)


def test_sites_are_as_large_as_what_they_hold():
    def two(a, b):
        return a * b + a

    a, b = np.ones(100), np.ones(100)
    assert sys.getsizeof(site_of(two, a, b)) < 4000
    assert sys.getsizeof(site_of(arithmetic, a, b)) < 5000


def test_many_scalars_and_operands():
    """Neither the number of scalars nor that of operands has a limit of its own."""
    lines = [f"    t = t * {i}.5 + a * {i}.25" for i in range(1, 17)]
    source = "\n".join(["def f(a):", "    t = a", *lines, "    return t"])
    names = {}
    exec(source, names)
    a = np.linspace(0.0, 1e-3, 1000)
    f = names["f"]
    site = site_of(f, a)
    (plan,) = site.describe()
    assert plan["declined"] is None
    assert alloc.bump(alloc.Buffer())(f)(a).tobytes() == f(a).tobytes()


@pytest.mark.parametrize("n", [3, 1000, 100_000])
def test_plans_are_shown_on_request(n):
    g = alloc.bump(alloc.Buffer())(arithmetic)
    a = np.ones(n)
    g(a, a)
    (region,) = alloc.explain(g).regions
    assert region.plans == ()
    explained = alloc.explain(g, plans=True)
    (plan,) = explained.regions[0].plans
    assert plan["items"] == n
    assert f"Plan for ({n},)" in str(explained)
    assert "MULTIPLY" in str(explained)
    assert "Plan for" not in str(alloc.explain(g))


def test_what_is_rolled_into_a_changed_array_is_stored_after_it_was_changed():
    def f(a, b, c):
        np.add(b + a, np.square(c), out=a)
        a[:] = np.roll(b * 3.0, -1, axis=0)
        return b

    arguments = [np.arange(25.0).reshape(5, 5), np.full((5, 5), 2.0), np.arange(5.0)]
    g = alloc.bump(alloc.Buffer(10**6), always=True)(f)
    expected, got = copy.deepcopy(arguments), copy.deepcopy(arguments)
    f(*expected), g(*got)
    assert all(map(np.array_equal, expected, got))
    assert alloc.explain(g).regions[0].hits == 1
