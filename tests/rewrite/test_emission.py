"""Emission: code with fake sites that hit, miss or are gone does what the original code does."""

import itertools
import operator
import sys
from types import MethodType

import pytest

from alloc_rewrite.rewrite import Call, Operation, Region, Style, found_in, with_code
from alloc_rewrite.rewrite.convention import finishers_by_name, site_names
from alloc_rewrite.rewrite.decode import items_of
from alloc_rewrite.rewrite.encode import encode
from alloc_rewrite.rewrite.gates import Hole, WeakGates, filled, gates_of, is_rewritten
from alloc_rewrite.rewrite.ir import symbolic_stacks

from .vocabulary import REGIONS

PLAIN = Style({})
OBSERVE = Style({}, observe=True)
DIRECT = Style({}, direct=True, extras=True)
FINISHERS = Style({"add": lambda a, b, out: ("finished", a, b, out)})
STYLES = {"plain": PLAIN, "observe": OBSERVE, "direct": DIRECT, "finishers": FINISHERS}
UNHANDLED = object()


class Site:
    """A site that notes what it gets, and answers as it is told."""

    def __init__(self, place, style, answer):
        self.place, self.style, self.answer = place, style, answer
        self.given, self.shown = [], []

    def __call__(self, *args, **keywords):
        self.given.append((*args, *keywords.items()))
        answer = self.answer(*args, **keywords)
        if not isinstance(self.place, Call):
            if answer is UNHANDLED and self.style.direct and isinstance(self.place, Operation):
                return original(self.place.operator, *args)
            return None if answer is UNHANDLED else answer
        callee = args[0]
        if self.style.direct:
            return callee if answer is UNHANDLED else answer
        handled = (callee, None if answer is UNHANDLED else answer)
        return (*handled, ("token", *args[1:])) if self.style.observe else handled

    def observe(self, *args):
        self.shown.append(args)


def original(name, *args):
    """Do what an operator does, as the sites of operators must in the direct style."""
    if name == "unpack":
        return args[0]
    if name == "slice":
        return args[0][args[1] : args[2]]
    return getattr(operator, name.replace("i_", "i"))(*args)


class Fakes:
    """A function with a fake site at every place; `answers` are by the operator or kind."""

    def __init__(self, function, style, answers=None):
        answers = answers or {}
        ir, self.places = found_in(function.__code__, style)
        self.form = encode(ir, self.places, style)
        self.sites = [
            Site(place, style, answers.get(kind(place), lambda *args, **keywords: UNHANDLED))
            for place in self.places
        ]
        contents = [MethodType(Site.__call__, site) for site in self.sites]
        if style.observe:
            contents += [site.observe for site in self.sites]
        self.gates = WeakGates(contents)
        names = site_names(len(self.places), style)
        constants = dict(zip(names, self.gates.gates, strict=False)) | finishers_by_name(style)
        self.call = with_code(function, filled(self.form, constants, self.gates))

    def __getitem__(self, name):
        """Return the first site of this kind."""
        return next(site for site in self.sites if kind(site.place) == name)

    def remove(self):
        for number in range(len(self.sites)):
            self.gates.empty(number)


def kind(place):
    if isinstance(place, Operation):
        return place.operator
    return "region" if isinstance(place, Region) else place.form


def add(x, y):
    return x + y


def index(x, y):
    return [x, y][x - y]


def slices(x, y):
    return [x, y][: x + y]


def negative(x, y):
    return -x, ~y


def compare(x, y):
    return (x < y) + (x == y)


def in_place(x, y):
    x += y
    x *= y
    return x


def unpack(x, y):
    a, b = [x, y]
    return b + a, a


def call(x, y):
    return max(x, y)


def in_python(x, y):
    a = add(x, y)
    return (a * 2 +
            add(a, y))  # fmt: skip


def keywords(x, y):
    return sorted([x, y], key=lambda v: -v, reverse=x > y)


def method(x, y):
    return "{} {b}".format(x, b=y).upper().replace("1", "one")


def spread(x, y):
    args, mapping = (x, y), {"key": abs}
    return max(*args), max(*args, **mapping), max(*args, key=abs)


def decorated(x, y):
    @staticmethod
    def inner(v):
        return v + x

    return inner(y) + [v * 2 for v in (x, y)][1]


def fails(x, y):
    try:
        x.missing(y)
    except AttributeError as error:
        return str(error)
    return x + y


def deep(x, y):
    return x + (y + (x + (y + (x + (y + max(x, y + (x + (y + min(x, y)))))))))


def several_lines(x, y):
    a = (
        x
        + y
    )  # fmt: skip
    b = max(
        a,
        y,
    )
    return b * a


FUNCTIONS = [
    add, index, slices, negative, compare, in_place, unpack, call, in_python, keywords,
    method, spread, decorated, fails, deep, several_lines,
]  # fmt: skip


def lines_of(function, *args):
    """Return a function's result, and the lines that a tracer sees of it."""
    seen, code = [], function.__code__

    def trace(frame, event, arg):
        if frame.f_code is not code:
            return None
        if event == "line":
            seen.append(frame.f_lineno)
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        result = function(*args)
    finally:
        sys.settrace(before)
    return result, seen


# ---------------------------------------------------------------------- misses, and sites gone


@pytest.mark.parametrize("style", [*STYLES.values(), REGIONS], ids=[*STYLES, "regions"])
@pytest.mark.parametrize("function", FUNCTIONS)
def test_the_original_instructions_run_where_sites_decline(function, style):
    fakes = Fakes(function, style)
    expected = lines_of(function, 1, 2)
    assert lines_of(fakes.call, 1, 2) == expected
    assert any(site.given for site in fakes.sites)
    given = [len(site.given) for site in fakes.sites]
    fakes.remove()
    assert lines_of(fakes.call, 1, 2) == expected
    assert [len(site.given) for site in fakes.sites] == given  # a site that is gone isn't called


@pytest.mark.parametrize("style", [*STYLES.values(), REGIONS], ids=[*STYLES, "regions"])
@pytest.mark.parametrize("function", FUNCTIONS)
def test_the_stack_is_as_large_as_the_code_needs(function, style):
    form = Fakes(function, style).form
    stacks = symbolic_stacks(items_of(form))
    assert max(len(stack) for stack in stacks if stack is not None) < form.co_stacksize
    plain = function.__code__.co_stacksize
    assert plain < form.co_stacksize <= plain + 20


@pytest.mark.parametrize("style", STYLES.values(), ids=STYLES)
@pytest.mark.parametrize("function", FUNCTIONS)
def test_places_that_are_not_live_get_no_site(function, style):
    ir, places = found_in(function.__code__, style)
    for live in range(len(places)):
        chosen = {i: i == live for i in range(len(places))}
        form = encode(ir, places, style, chosen)
        holes = {c.name for c in form.co_consts if type(c) is Hole}
        assert holes & set(site_names(len(places), style)) <= {f"@s{live}", f"@s{live}!"}
        assert f"@s{live}" in holes
    none = encode(ir, places, style, dict.fromkeys(range(len(places)), False))
    assert not any(type(c) is Hole for c in none.co_consts)
    assert [*none.co_lines()][-1][-1] == [*function.__code__.co_lines()][-1][-1]


def test_code_belongs_to_its_gates():
    fakes = Fakes(add, PLAIN)
    assert not is_rewritten(add.__code__)
    assert is_rewritten(fakes.call.__code__)
    assert gates_of(fakes.call.__code__) is fakes.gates


# ---------------------------------------------------------------------- hits


@pytest.mark.parametrize("style", [PLAIN, OBSERVE, DIRECT], ids=["plain", "observe", "direct"])
def test_an_operation_that_is_handled(style):
    fakes = Fakes(add, style, {"add": lambda x, y: (x, y)})
    assert fakes.call(1, 2) == (1, 2)
    assert fakes["add"].given == [(1, 2)]
    assert fakes["add"].shown == []


def test_a_finisher_gets_the_operands_and_the_array_of_the_site():
    fakes = Fakes(add, FINISHERS, {"add": lambda x, y: "array"})
    assert fakes.call(1, 2) == ("finished", 1, 2, "array")
    assert Fakes(negative, FINISHERS, {"neg": lambda x: "own"}).call(1, 2) == ("own", ~2)


def test_a_result_of_the_original_instruction_is_shown_to_the_observer():
    fakes = Fakes(add, OBSERVE)
    assert fakes.call(1, 2) == 3
    assert fakes["add"].shown == [(3,)]
    fakes.remove()
    for site in fakes.sites:
        site.shown.clear()


def test_the_result_of_an_original_call_is_shown_with_the_sites_token():
    fakes = Fakes(call, OBSERVE)
    assert fakes.call(1, 2) == 2
    assert fakes["null"].shown == [(("token", 1, 2), 2)]


@pytest.mark.parametrize("style", [PLAIN, OBSERVE], ids=["plain", "observe"])
def test_calls_that_are_handled(style):
    answer = lambda callee, *args, **keywords: ("site", *args, *keywords)
    assert Fakes(call, style, {"null": answer}).call(1, 2) == ("site", 1, 2)
    fakes = Fakes(keywords, style, {"null": answer})
    result = fakes.call(1, 2)
    assert result[:2] == ("site", [1, 2])
    assert result[2:] == ("key", "reverse")
    fakes = Fakes(spread, style, {"spread": answer})
    first, second, _ = fakes.call(1, 2)
    assert first == ("site", (1, 2))
    assert second == ("site", (1, 2), {"key": abs})


def test_a_direct_site_swaps_the_callable():
    minimum = lambda callee, *args: min
    assert Fakes(call, DIRECT, {"null": minimum}).call(1, 2) == 1
    fakes = Fakes(call, DIRECT, {"null": minimum})
    fakes.call(1, 2)
    assert fakes["null"].given == [(max,)]  # what is called decides alone
    fakes = Fakes(spread, DIRECT, {"spread": minimum})
    assert fakes.call(1, 2)[0] == 1
    assert fakes["spread"].given[0] == (max, (1, 2))


def test_sites_find_a_bound_method():
    fakes = Fakes(method, PLAIN)
    assert fakes.call(1, 2) == method(1, 2)
    callees = [site.given[0][0] for site in fakes.sites if site.given]
    assert [callee.__name__ for callee in callees] == ["format", "upper", "replace"]
    assert callees[1].__self__ == "1 2"


def test_a_site_sees_an_unpacking_and_the_instruction_stays():
    fakes = Fakes(unpack, DIRECT, {"unpack": lambda given: ["own", *given[1:]]})
    assert fakes.call(1, "2") == ("2own", "own")
    assert fakes["unpack"].given == [([1, "2"],)]


def test_an_exception_of_a_site_is_raised_at_the_operators_line():
    def fail(x, y):
        raise ValueError("of the site")

    fakes = Fakes(several_lines, PLAIN, {"mul": fail})
    with pytest.raises(ValueError, match="of the site") as caught:
        fakes.call(1, 2)
    line = caught.tb.tb_next.tb_lineno
    assert line == max(lines_of(several_lines, 1, 2)[1])


# ---------------------------------------------------------------------- regions


def region(x, y):
    a = x * y
    b = a + x

    c = b - y
    return a, c


def with_stack(x, y):
    return max(x, y) + (max(x, y) * y - x)


def test_a_region_that_is_handled_gives_its_outputs_and_its_lines():
    fakes = Fakes(region, REGIONS, {"region": lambda x, y: ("a", "c")})
    plain, lines = lines_of(region, 1, 2)
    assert plain == (2, 1)
    assert lines_of(fakes.call, 1, 2) == (("a", "c"), lines)
    assert fakes["region"].given == [(1, 2)]
    assert not fakes["mul"].given  # the original items were passed over


def test_a_region_that_declines_runs_the_items_with_their_sites():
    fakes = Fakes(region, REGIONS)
    assert lines_of(fakes.call, 1, 2) == lines_of(region, 1, 2)
    assert [len(fakes[name].given) for name in ("region", "mul", "add", "sub")] == [1] * 4


def test_a_region_takes_its_values_from_the_stack():
    fakes = Fakes(with_stack, REGIONS, {"region": lambda *args: ("result", *args)})
    regions = [site for site in fakes.sites if kind(site.place) == "region"]
    result = fakes.call(1, 2)
    assert result == ("result", *regions[0].given[0])
    assert sorted(regions[0].given[0]) == [1, 2, 2, 2]


def test_a_region_without_outputs_that_stores():
    def f(x, y):
        x[0] = y * 2 + 1

    def handled(y, x):
        x[0] = "own"
        return ()

    fakes = Fakes(f, REGIONS, {"region": handled})
    for expected, array in [("own", [0]), (7, [0])]:
        fakes.call(array, 3)
        assert array == [expected]
        fakes.remove()


def test_a_local_that_nothing_reads_is_reset():
    def f(x, y):
        x = x * y
        new = x + y
        return new * 2

    held = []

    def trace(frame, event, arg):
        if event == "return" and frame.f_code is fakes.call.__code__:
            held.append(frame.f_locals["x"])
        return trace

    fakes = Fakes(f, REGIONS, {"region": lambda *args: "result"})
    before = sys.gettrace()
    sys.settrace(trace)
    try:
        assert fakes.call(3, 2) == "result"
    finally:
        sys.settrace(before)
    assert held[-1] is None  # the argument does not live on


def test_spare_regions_run_in_their_order():
    def f(x, y, other):
        a = x * y
        b = (a + x).dtype
        other[0]
        return b

    seen = []

    def decline(*args):
        seen.append(len(args))
        return UNHANDLED

    fakes = Fakes(f, REGIONS, {"region": decline})
    with pytest.raises(AttributeError, match="dtype"):
        fakes.call(1, 2, [0])
    assert seen == [3, 2]  # the first one has a guard


@pytest.mark.parametrize("names", [*itertools.product("xy", repeat=3)])
def test_fused_loads_and_stores_are_fused_again(names):
    scope = {}
    exec("def f(x, y):\n    return {} + {} * {}".format(*names), scope)
    f = scope["f"]
    fakes = Fakes(f, DIRECT)
    assert fakes.call(3, 5) == f(3, 5)
    ir, places = found_in(f.__code__, DIRECT)
    none = encode(ir, places, DIRECT, dict.fromkeys(range(len(places)), False))
    assert none.co_code == f.__code__.co_code
