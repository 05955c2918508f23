"""What each instruction means to a region: a node of its program, a local, or the region's end.

In: a `Scan` and the instruction it has come to. Out: whether the instruction can be part of the
region; if not, the scan is told why. It must not know where regions begin and end.
"""

from __future__ import annotations

from .choices import chosen_constant, or_constant
from .decisions import FACTS
from .forms import called_into, changed, chosen, out_given, part_taken
from .gradients import gradient
from .helpers import inlined, spread_arguments
from .items import Instr
from .joins import differences, put_together, with_fill
from .opcodes import (
    attribute_name,
    constant,
    is_method_load,
    is_truth_test,
    keyword_names,
    operator_of,
    pushed_null,
)
from .program import (
    ATTRIBUTE,
    CALL,
    COMPUTING,
    CONST,
    IN_PLACE,
    INDEX,
    LEAF,
    METHOD,
    NAMED,
    OPERATION,
    SLICE,
    TUPLE,
    Node,
)
from .stores import changed_by_mask, is_made, stored
from .subscripts import (
    binary_slice,
    build_list,
    build_slice,
    build_tuple,
    fits_index,
    indexed,
    is_index,
    unpack,
)
from .symbolic import MOST_OPERANDS, Scan, Slot, Step, called

_SHARED = "a variable shared with an inner function"
_OLD = "the interpreter reorders values from before the region"
_VIEWS = frozenset({"T", "real", "imag"})
_LEFT_OUT = {"i_matmul": "@=", "i_pow": "**="}


def _load_local(scan: Scan, instr: Instr) -> bool:
    name = instr.arg
    if not isinstance(name, str):  # a cell
        return scan.refuse(_SHARED)
    node = scan.locals.get(name)
    if node is None:
        if not scan.flow.is_bound(name, scan.start):
            return scan.refuse(f"the variable `{name}` may have no value")
        node = _known_leaf(scan, instr, name)
    return scan.push(node, scan.at)


def _is_same_load(one: Instr, other: Instr) -> bool:
    """Whether two loads, of the same name, load the same: of a local only the first may check."""
    return one.name == other.name or (
        one.name.startswith("LOAD_FAST") and other.name.startswith("LOAD_FAST")
    )


def _known_leaf(scan: Scan, instr: Instr, name: str) -> int:
    """Return the leaf of a load seen before, or a new one."""
    for node, load in zip(scan.leaves, scan.loads, strict=True):
        if type(load) is Instr and load.arg == instr.arg and _is_same_load(load, instr):
            return node
    return scan.leaf(instr, name)


def _load_const(scan: Scan, instr: Instr) -> bool:
    found = constant(instr)
    if found is None:
        return False
    if type(value := found[0]) is tuple and (
        any(type(part) is slice for part in value) or (value and is_index(scan))
    ):
        return fits_index(scan, len(value)) and scan.push(
            scan.add(TUPLE, tuple(_constant(scan, part) for part in value)), scan.at
        )
    return scan.push(_constant(scan, value), scan.at)


def _constant(scan: Scan, value: object) -> int:
    """Return the node of a constant; a slice (a constant since 3.14) is what its bounds make."""
    if type(value) is not slice:
        return scan.add(CONST, (), value)
    bounds = [value.start, value.stop] + ([] if value.step is None else [value.step])
    return scan.add(SLICE, tuple(scan.add(CONST, (), bound) for bound in bounds))


def _load_global(scan: Scan, instr: Instr) -> bool:
    with_null, name = instr.arg
    plain = Instr("LOAD_GLOBAL", (False, name), location=instr.location)
    node = _known_leaf(scan, plain, str(name))
    return scan.push_callee(node, instr, with_null)


def _load_cell(scan: Scan, instr: Instr) -> bool:
    name = str(getattr(instr.arg, "name", instr.arg))
    return scan.push(_known_leaf(scan, instr, name), scan.at)


def _push_null(scan: Scan, instr: Instr) -> bool:
    scan.stack.append(Slot(-1, "", scan.at, scan.at))
    return True


def _attribute(scan: Scan, instr: Instr) -> bool:
    is_method, name = is_method_load(instr), attribute_name(instr)
    below = scan.stack[-1] if scan.stack else None
    base = scan.pop()
    if base is None:
        return False
    is_known = name in _VIEWS or name in FACTS
    if scan.nodes[base].kind in COMPUTING and not is_known and not is_method:
        return scan.refuse(f"the attribute `{name}` of a value computed in the region")
    first = below.first if below is not None and below.first >= 0 else None
    of_global = _is_global(scan, base)
    if not is_method or of_global:
        node = scan.add(ATTRIBUTE, (base,), name)
        for is_null in pushed_null(instr) if is_method else (False,):
            if is_null:
                scan.stack.append(Slot(-1, "", -1 if first is None else first, scan.at))
            else:
                scan.push(node, first)
        return True
    if scan.nodes[base].kind in (CONST, SLICE, TUPLE):
        return scan.refuse(f"the method `{name}` of a constant")
    half = Slot(base, name, -1 if first is None else first, scan.at)
    scan.stack += [half, half]
    return True


def _is_global(scan: Scan, node: int) -> bool:
    """Whether a node is a global, or an attribute of one: a module's function as a rule."""
    made = scan.nodes[node]
    while made.kind == ATTRIBUTE:
        made = scan.nodes[made.operands[0]]
    if made.kind != LEAF:
        return made.kind == NAMED
    load = scan.loads[made.detail]
    return isinstance(load, Instr) and load.name == "LOAD_GLOBAL"


def _copy(scan: Scan, instr: Instr) -> bool:
    if instr.arg == 1 and or_constant(scan.ir.items, scan.at) is not None:
        return chosen_constant(scan, instr)
    depth = instr.arg
    assert isinstance(depth, int)
    if depth > len(scan.stack):
        return scan.refuse(_OLD)
    slot = scan.stack[-depth]
    return scan.push(slot.node) if slot.node >= 0 and not slot.method else scan.refuse(_OLD)


def _swap(scan: Scan, instr: Instr) -> bool:
    depth = instr.arg
    assert isinstance(depth, int)
    stack = scan.stack
    if depth > len(stack):
        return scan.refuse(_OLD)
    for slot in (stack[-1], stack[-depth]):
        if slot.node < 0 or slot.method:
            return scan.refuse(_OLD)
    # Moved slots no longer say which items pushed them.
    stack[-1], stack[-depth] = Slot(stack[-depth].node), Slot(stack[-1].node)
    return True


def _operator(scan: Scan, instr: Instr) -> bool:
    operator = operator_of(instr)
    items = scan.ir.items
    if instr.name == "COMPARE_OP" and (operator is None or is_truth_test(items[scan.at + 1])):
        return scan.refuse("a condition needs the comparison")
    if operator is None:
        return False
    name, n = operator
    if is_truth_test(items[scan.at + 1]) and or_constant(items, scan.at + 1) is None:
        return scan.refuse("a condition needs the value")
    if name.startswith("i_"):
        by_mask = changed_by_mask(scan, name)
        if by_mask is not None:
            return by_mask
    operands = scan.pops(n)
    if operands is None:
        return False
    if name == "getitem":
        return indexed(scan, operands[0], operands[1])
    if name in _LEFT_OUT:
        return scan.refuse(f"`{_LEFT_OUT[name]}` can't be part of a region")
    if not name.startswith("i_"):
        return scan.push(scan.add(OPERATION, tuple(map(scan.value_of, operands)), name))
    target = operands[0]
    if target in scan.copied:
        return scan.push(scan.add(OPERATION, tuple(map(scan.value_of, operands)), name))
    if not is_made(scan, target):
        return scan.push(scan.add(IN_PLACE, (target, *map(scan.value_of, operands[1:])), name))
    if scan.nodes[target].kind not in COMPUTING:
        scan.refuse_store(target)
        return scan.refuse("an in-place operator changes a part of an array that the region makes")
    if any(node.kind in (INDEX, ATTRIBUTE) and target in node.operands for node in scan.nodes):
        # The view would have to change as well.
        return scan.refuse("an in-place operator changes an array that the region has a view of")
    following = items[scan.at + 1]
    stored_in = following.arg if getattr(following, "name", "") == "STORE_FAST" else None
    if scan.is_held(target, apart_from=stored_in):  # an array changes under both, a number doesn't
        return scan.refuse("an in-place operator changes a value that has two names")
    return scan.push(scan.add(OPERATION, tuple(operands), name))


def _store_local(scan: Scan, instr: Instr) -> bool:
    node = scan.pop()
    if node is None:
        return False
    if not isinstance(instr.arg, str):  # a cell
        return scan.refuse(_SHARED)
    kind = scan.nodes[node].kind
    if kind in (SLICE, TUPLE):
        return scan.refuse("a slice or tuple is assigned to a variable")
    if kind in (LEAF, CONST, ATTRIBUTE) and not scan.points:
        return False  # nothing has been computed: a region begins better after it
    scan.locals.pop(instr.arg, None)
    scan.locals[instr.arg] = node
    return True


def _store_item(scan: Scan, instr: Instr) -> bool:
    operands = scan.pops(2)
    value = scan.pop(taken=True) if operands is not None else None
    return operands is not None and value is not None and stored(scan, value, *operands)


def _store_slice(scan: Scan, instr: Instr) -> bool:
    operands = scan.pops(4)
    if operands is None:
        return False
    value, base, start, stop = operands
    return stored(scan, value, base, scan.add(SLICE, (start, stop)))


def _call(scan: Scan, instr: Instr) -> bool:
    group = keyword_names(scan.ir.items, scan.at)
    if group is None:
        return False
    if instr.name == "CALL_KW" and scan.pop() is None:  # the names themselves
        return False
    n = instr.arg
    assert isinstance(n, int)
    if len(scan.stack) < n + 2:
        return scan.refuse("the call of `{}` begins before the region")
    arguments = scan.pops(n)
    return arguments is not None and _called_with(scan, arguments, group[1])


def _spread_call(scan: Scan, instr: Instr) -> bool:
    arguments = spread_arguments(scan, instr)
    return arguments is not None and _called_with(scan, arguments, ())


def _called_with(scan: Scan, arguments: list[int], names: tuple[str, ...]) -> bool:
    n = len(arguments)
    upper, lower = scan.stack.pop(), scan.stack.pop()
    is_inlined = inlined(scan, lower, upper, arguments, names)
    if is_inlined is not None:
        return is_inlined
    if n >= MOST_OPERANDS:
        return scan.refuse(f"`{{}}` is called with more than {MOST_OPERANDS - 1} arguments")
    if lower.method and lower is upper:
        return _method_called(scan, lower, arguments, names)
    callee = max(lower.node, upper.node)
    if callee < 0 or lower.method or upper.method or min(lower.node, upper.node) >= 0:
        return _left_out(scan)
    return _function_called(scan, callee, arguments, names)


def _method_called(scan: Scan, of: Slot, arguments: list[int], names: tuple[str, ...]) -> bool:
    vocabulary = scan.vocabulary
    if of.method not in vocabulary.methods:
        return _left_out(scan)
    told = out_given(names, arguments, vocabulary.before_out_of_methods.get(of.method))
    if told is not None:
        detail = (of.method, *(name for name in names if name not in told[1]))
        return called_into(scan, METHOD, (of.node, *told[0]), detail, told[1])
    return scan.push(scan.add(METHOD, (of.node, *arguments), (of.method, names)))


def _function_called(scan: Scan, callee: int, arguments: list[int], names: tuple[str, ...]) -> bool:
    vocabulary = scan.vocabulary
    call = Node(CALL, (callee,), ())
    name = called(scan.nodes, scan.names, call)
    if name in vocabulary.parts:
        return part_taken(scan, callee, name, arguments)
    if name in vocabulary.choices:
        return chosen(scan, callee, name, arguments, names)
    if name in vocabulary.lists:
        return put_together(scan, callee, name, arguments, names)
    if name in vocabulary.differences:
        return differences(scan, callee, name, arguments, names)
    if name in vocabulary.gradients:
        return gradient(scan, callee, name, arguments, names)
    if name not in vocabulary.functions and name not in vocabulary.numbers:
        return _left_out(scan)
    before = None if _is_of_math(scan, callee) else vocabulary.before_out.get(name)
    told = out_given(names, arguments, before) or changed(scan, name, names, arguments)
    if told is not None:
        arguments, gone = told[0], (*told[1], vocabulary.changing.get(name))
        names = tuple(name for name in names if name not in gone)
    if names and name not in vocabulary.keywords and name not in vocabulary.reductions:
        return scan.refuse("`{}` is called with keyword arguments")
    if told is not None:
        return called_into(scan, CALL, (callee, *arguments), names, told[1])
    if name in vocabulary.filled:
        arguments, names = with_fill(scan, arguments, names)
    if name in vocabulary.before_out:
        arguments = [scan.value_of(node) for node in arguments]
    return scan.push(scan.add(CALL, (callee, *arguments), names))


def _is_of_math(scan: Scan, callee: int) -> bool:
    """Whether a function may be one of `math`, which may take more arguments than NumPy's."""
    made = scan.nodes[callee]
    if made.kind != ATTRIBUTE:
        return True
    base = scan.nodes[made.operands[0]]
    name = scan.names[base.detail] if base.kind == LEAF else base.detail
    return base.kind in (LEAF, NAMED) and name in ("math", "cmath")


def _left_out(scan: Scan) -> bool:
    return scan.refuse("`{}` can't be part of a region")


def _pop(scan: Scan, instr: Instr) -> bool:
    """Drop what a helper returned, or what was computed for nothing."""
    return bool(scan.stack) and scan.pop() is not None


def _nothing(scan: Scan, instr: Instr) -> bool:
    return True


STEPS: dict[str, Step] = {
    "LOAD_FAST": _load_local,
    "LOAD_FAST_CHECK": _load_local,
    "LOAD_FAST_BORROW": _load_local,
    "LOAD_CONST": _load_const,
    "LOAD_SMALL_INT": _load_const,
    "LOAD_COMMON_CONSTANT": _load_const,
    "LOAD_GLOBAL": _load_global,
    "LOAD_DEREF": _load_cell,
    "LOAD_ATTR": _attribute,
    "LOAD_METHOD": _attribute,
    "PUSH_NULL": _push_null,
    "POP_TOP": _pop,
    "COPY": _copy,
    "JUMP_IF_TRUE_OR_POP": chosen_constant,
    "SWAP": _swap,
    "BINARY_OP": _operator,
    "COMPARE_OP": _operator,
    "UNARY_NEGATIVE": _operator,
    "UNARY_INVERT": _operator,
    "CALL_INTRINSIC_1": _operator,
    "UNARY_POSITIVE": _operator,
    "BINARY_SUBSCR": _operator,
    "BINARY_SLICE": binary_slice,
    "BUILD_SLICE": build_slice,
    "BUILD_TUPLE": build_tuple,
    "BUILD_LIST": build_list,
    "UNPACK_SEQUENCE": unpack,
    "STORE_FAST": _store_local,
    "STORE_SUBSCR": _store_item,
    "STORE_SLICE": _store_slice,
    "KW_NAMES": _nothing,
    "PRECALL": _nothing,
    "CALL": _call,
    "CALL_KW": _call,
    "CALL_FUNCTION_EX": _spread_call,
    "NOP": _nothing,
}
