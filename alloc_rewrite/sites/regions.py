"""The Python core's sites of regions: large arrays, a block of rows at a time.

In: a `Program` and its leaves. Out: what it delivers, or None where the original code has to run.
The steps are NumPy's ufuncs with an `out`; what they hand to each other stays in the cache. Arrays
below `LEAST` bytes stay there anyway, and the calls would cost more than is saved.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable
from types import FunctionType, MemberDescriptorType, ModuleType
from typing import Any

import numpy as np

from ..errors import BufferFullError
from ..rewrite import Node, Owner, Program, Vocabulary, Where
from .faults import EXPECTED, from_signal_handler
from .floating import attempt
from .programs import VOCABULARY, plan_program
from .site import Site

ndarray = np.ndarray

LEAST = 16 << 20  # bytes of the largest leaf: beyond most processors' caches
BLOCK = 1 << 14  # items of a block
MOST_PLANS = 32

_REDUCTIONS = VOCABULARY.reductions
#: What may be called: ufuncs alone, as reductions and choices need memory of their own.
UFUNCS_ALONE = Vocabulary(
    functions=frozenset(VOCABULARY.functions) - frozenset(_REDUCTIONS) - {"where"},
    methods=frozenset(),
    reductions=frozenset(),
)


class DeclinedError(Exception):
    """The original code has to run."""


class RegionSite(Site):
    """The site of a region."""

    __slots__ = ("plans", "program")

    def __init__(
        self, sites: Any, where: Where, owner: Owner, number: int, program: Program
    ) -> None:
        super().__init__(sites, where, owner, number)
        self.program = program
        self.plans: dict[Any, Any] = {}

    def __reduce__(self) -> tuple[Any, ...]:
        kind, given = super().__reduce__()
        return kind, (*given, self.program)

    def call(self, *leaves: Any) -> Any:
        """Return what the region delivers, or None."""
        result = None
        if any(type(leaf) is ndarray and leaf.nbytes >= LEAST for leaf in leaves):
            try:
                result = attempt(self._run, leaves)
            except (DeclinedError, BufferFullError):
                pass  # a full buffer is told of where more is needed: in the original code
            except EXPECTED as error:
                if from_signal_handler(error):
                    raise
        if result is None:
            self.missed()
            return None
        self.hit(max(leaf.nbytes for leaf in leaves if type(leaf) is ndarray))
        return result

    def _run(self, leaves: tuple[Any, ...]) -> Any:
        program = self.program
        values = find_values(program, leaves)
        steps = self._planned(values)
        run = _Run(self.sites.buffer.arena.empty, program, steps, values)
        run.all_blocks()
        run.store()
        outputs = tuple(run.delivered(node) for node in program.outputs)
        return outputs if program.is_packed else outputs[0]

    def _planned(self, values: list[Any]) -> list[Any]:
        """Return what each node takes; the numbers among them join the values."""
        program = self.program
        kinds = [_kind(value) for value in values]
        for node in program.nodes:
            if node.kind == "guard":
                kinds[node.operands[0]] = _guarded_kind(values[node.operands[0]])
        key = tuple(map(_told_apart, kinds))
        try:
            steps = self.plans[key]
        except KeyError:
            if len(self.plans) >= MOST_PLANS:
                self.plans.clear()
            steps = self.plans[key] = plan_program(program, kinds)
        if steps is None:
            raise DeclinedError
        for i, step in enumerate(steps):
            if step is not None and step[0] == "number":
                node = program.nodes[i]
                values[i] = getattr(operator, node.detail)(*[values[k] for k in node.operands])
        return list(steps)


_HEAP_TYPE = 1 << 9  # of a subclass written in Python anything can be expected
_PLAIN_LOOKUP: Any = object.__getattribute__
_ABSENT = object()  # the value of a node that is computed


def _kind(value: Any) -> Any:
    """Return what a program is planned for: see `plan_program`."""
    if type(value) is ndarray or (
        isinstance(value, np.generic) and not type(value).__flags__ & _HEAP_TYPE
    ):
        return value.dtype
    if type(value) in (bool, int, float, complex):
        return type(value)
    return value if type(value) in _CALLABLES else None


def _guarded_kind(value: Any) -> Any:
    """Return what a guard is told of a value: see `is_harmless`."""
    kind = _kind(value)
    if kind is None:
        kind = value if type(value) in (FunctionType, type) else type(value)
    return kind


def _told_apart(kind: Any) -> Any:
    """Return what tells a kind from others: dtypes that compare equal need not be the same."""
    if not isinstance(kind, np.dtype):
        return kind
    if kind.metadata is not None:
        raise DeclinedError
    return kind, kind.num


_CALLABLES = frozenset({np.ufunc, type(np.clip), type(abs)})


def find_values(program: Program, leaves: tuple[Any, ...]) -> list[Any]:
    """Return the values of nodes that are there before anything is computed."""
    values: list[Any] = []
    for node in program.nodes:
        find = _FIND.get(node.kind)
        values.append(_ABSENT if find is None else find(node, values, leaves))
    return values


def _attribute(node: Node, values: list[Any], leaves: Any) -> Any:
    """Read an attribute where that runs nobody's code."""
    base, name = values[node.operands[0]], node.detail
    kind = type(base)
    if kind is ndarray:
        if name in ("T", "shape", "size", "ndim"):
            return getattr(base, name)
        raise DeclinedError
    if kind is ModuleType:
        try:
            return vars(base)[name]
        except KeyError:
            raise DeclinedError from None
    if base is _ABSENT or getattr(kind, "__getattribute__") is not _PLAIN_LOOKUP:  # noqa: B009
        raise DeclinedError
    found = next((vars(c)[name] for c in kind.__mro__ if name in vars(c)), _ABSENT)
    if found is not _ABSENT and type(found) is not MemberDescriptorType:
        raise DeclinedError
    try:
        return object.__getattribute__(base, name)
    except AttributeError:
        raise DeclinedError from None


def _index(node: Node, values: list[Any], leaves: Any) -> Any:
    base, key = (values[k] for k in node.operands)
    parts = key if type(key) is tuple else (key,)
    if type(base) is tuple and type(key) is int:
        return base[key]
    if type(base) is not ndarray or not all(type(part) in _PARTS for part in parts):
        raise DeclinedError
    return base[key]


_PARTS = frozenset({int, slice, type(None), type(Ellipsis)})

_FIND: dict[str, Callable[[Node, list[Any], Any], Any]] = {
    "leaf": lambda node, values, leaves: leaves[node.detail],
    "const": lambda node, values, leaves: node.detail,
    "attribute": _attribute,
    "slice": lambda node, values, leaves: slice(*[values[k] for k in node.operands]),
    "tuple": lambda node, values, leaves: tuple(values[k] for k in node.operands),
    "index": _index,
}


def _is_ordered(array: np.ndarray[Any, Any]) -> bool:
    """Whether an array's axes lie in C order, with or without gaps."""
    if array.flags.c_contiguous:
        return True
    strides = [s for n, s in zip(array.shape, array.strides, strict=True) if n > 1 and s]
    return all(s > 0 for s in strides) and strides == sorted(strides, reverse=True)


class _Run:
    """One run of a program; the arrays in `values` are those that the steps read and fill."""

    def __init__(
        self,
        empty: Callable[..., Any],
        program: Program,
        steps: list[Any],
        values: list[Any],
    ) -> None:
        self.empty = empty
        self.program = program
        self.values = values
        self.steps = [
            (i, step[6], step[3], step[2][-1], step[5])
            for i, step in enumerate(steps)
            if step is not None and step[0] == "loop"
        ]
        self.target = next((i for i, n in enumerate(program.nodes) if n.kind == "store"), -1)
        self.shape = self._common_shape()

    def _common_shape(self) -> tuple[int, ...]:
        """Return the shape of all steps, if they have one."""
        shapes: dict[int, tuple[int, ...]] = {}
        for i, _, operands, _, even in self.steps:
            arrays = [self.values[k] for k in operands if type(self.values[k]) is ndarray]
            own = [shapes[k] for k in operands if k in shapes]
            if not all(map(_is_ordered, arrays)):
                raise DeclinedError
            shapes[i] = np.broadcast_shapes(*own, *[array.shape for array in arrays])
            if not even and not all(
                a.flags.c_contiguous and a.shape == shapes[i] for a in arrays if a.ndim
            ):
                raise DeclinedError
        shape = shapes[self.steps[0][0]]
        if any(other != shape for other in shapes.values()) or not shape or 0 in shape:
            raise DeclinedError
        return shape

    def all_blocks(self) -> None:
        """Do all steps, block by block."""
        shape, values = self.shape, self.values
        rows = max(1, BLOCK // max(1, functools.reduce(operator.mul, shape[1:], 1)))
        whole = self._whole()
        blocks = self._temporaries(rows, whole)
        for start in range(0, shape[0], rows):
            part = slice(start, start + rows)
            n = min(rows, shape[0] - start)
            now: dict[int, Any] = {}
            for i, ufunc, operands, _, _ in self.steps:
                given = [now[k] if k in now else _part(values[k], shape, part) for k in operands]
                out = whole[i][part] if i in whole else blocks[i][:n]
                now[i] = ufunc(*given, out=out)
        for i, array in whole.items():
            values[i] = array

    def _whole(self) -> dict[int, Any]:
        """Return arrays for the results that somebody needs as a whole."""
        needed = set(self.program.outputs)
        if self.target >= 0:
            needed.add(self.program.nodes[self.target].operands[2])
        return {i: self._new(self.shape, dtype) for i, _, _, dtype, _ in self.steps if i in needed}

    def _temporaries(self, rows: int, whole: dict[int, Any]) -> dict[int, Any]:
        """Return an array for a block of each other result; they share memory where they can."""
        last = {k: i for i, _, operands, _, _ in self.steps for k in (*operands, i)}
        shape = (min(rows, self.shape[0]), *self.shape[1:])
        free: dict[Any, list[Any]] = {}
        blocks: dict[int, Any] = {}
        for i, _, operands, dtype, _ in self.steps:
            if i not in whole:
                spare = free.get(dtype)
                blocks[i] = spare.pop() if spare else self._new(shape, dtype)
            for k in {*operands, i}:
                if k in blocks and last[k] == i:
                    free.setdefault(blocks[k].dtype, []).append(blocks[k])
        return blocks

    def _new(self, shape: tuple[int, ...], dtype: Any) -> Any:
        array = self.empty(shape, dtype)
        if array is None:
            raise DeclinedError
        return array

    def store(self) -> None:
        """Put the value into the array that the program stores into."""
        if self.target < 0:
            return
        base, key, value = self.program.nodes[self.target].operands
        target = _index(Node("index", (base, key), None), self.values, ())
        result = self.values[value]
        if (
            type(target) is not ndarray
            or not np.can_cast(result.dtype, target.dtype)
            or np.broadcast_shapes(target.shape, result.shape) != target.shape
        ):
            raise DeclinedError
        target[...] = result

    def delivered(self, node: int) -> Any:
        """Return an output."""
        value = self.values[node]
        if value is _ABSENT:
            raise DeclinedError
        return value


def _part(value: Any, shape: tuple[int, ...], part: slice) -> Any:
    """Return the rows of an operand that belong to a block."""
    if type(value) is not ndarray or value.ndim < len(shape) or value.shape[0] == 1:
        return value
    return value[part]
