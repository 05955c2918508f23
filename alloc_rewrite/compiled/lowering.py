"""From a piece to a module of LLVM's language, as text.

In: a `Piece`, and how wide vectors are. Out: the text of one function. It must not know llvmlite.

The function is `void kernel(ptr* at, i64* strides, i64 n, i64 rows)`: `at` has the first item of
each read, then of each write; `strides` two numbers for each of them, from item to item and from
row to row. It goes over each row in vectors, and over what is left one by one. Where no write lies
over a read, the last vector of a row begins where it ends with the row instead.

Floating point operations are LLVM's "constrained" ones: they can't be reordered, contracted, left
out, or evaluated beforehand, so they raise the flags that NumPy's loops raise.
"""

from __future__ import annotations

import numpy as np

from .complexes import ComplexEmitter
from .pieces import Access, Piece
from .rules import PART
from .turns import give_turns
from .writer import Value

MOST_LANES_WITH_GAPS = 16
STREAM_WORTH = 3  # operations that take as long as an item's way from or to memory
MOST_OF_TWO = 32  # operations of a loop over two vectors, so that compiling stays fast


def lanes_of(piece: Piece, width: int) -> int:
    """Return how many items a vector of so many bytes takes."""
    types = {a.type for a in (*piece.reads, *piece.writes)} | {o.type for o in piece.operations}
    lanes = width // max(np.dtype(PART.get(one, one)).itemsize for one in types)
    has_gaps = any(access.lies == "strided" for access in (*piece.reads, *piece.writes))
    return max(1, min(lanes, MOST_LANES_WITH_GAPS) if has_gaps else lanes)


def module_of(piece: Piece, width: int) -> str:
    """Return the module whose function `kernel` does a piece, with vectors of so many bytes."""
    lanes = lanes_of(piece, width)
    return _Kernel(piece, lanes, vectors_of(piece, lanes, width)).text()


def vectors_of(piece: Piece, lanes: int, width: int) -> int:
    """Return how many vectors of each value are worked on at a time.

    Two, where arithmetic takes longer than memory and registers suffice: then the processor waits
    less for either.
    """
    accesses = (*piece.reads, *piece.writes)
    streams = sum(access.lies == "contiguous" for access in accesses)
    if lanes == 1 or any(access.lies == "strided" for access in accesses):
        return 1
    if not STREAM_WORTH * streams <= len(piece.operations) <= MOST_OF_TWO:
        return 1
    constants = sum(access.lies != "contiguous" for access in piece.reads)
    registers = 32 if width == 64 else 16
    return 2 if 2 * _most_values(piece) + constants <= registers else 1


def _most_values(piece: Piece) -> int:
    """Return how many values that differ from item to item are needed at the same time, at most."""
    last = {n: len(piece.operations) for n in piece.written}
    for at in range(len(piece.operations) - 1, -1, -1):
        for n in piece.operations[at].arguments:
            last.setdefault(n, at)
    varying = [access.lies == "contiguous" for access in piece.reads]
    begins = [0 if varies else len(piece.operations) for varies in varying]
    begins += range(len(piece.operations))
    return 1 + max(
        sum(begins[n] <= at < last.get(n, -1) for n in range(len(begins)))
        for at in range(len(piece.operations))
    )


class _Kernel:
    def __init__(self, piece: Piece, lanes: int, vectors: int) -> None:
        self._piece = piece
        self._lanes = lanes
        self._vectors = vectors
        self._accesses = (*piece.reads, *piece.writes)
        self._out = ComplexEmitter()
        self._scalars: dict[tuple[int, int], Value] = {}  # by read and lanes

    def text(self) -> str:
        out = self._out
        self._enter()
        out.label("row")
        row = out.phi("i64", "row.i", ("0", "entry"), ("%row.next", "row.end"))
        starts = [
            out.phi("ptr", f"q{k}", (f"%p{k}", "entry"), (f"%q{k}.next", "row.end"))
            for k in range(len(self._accesses))
        ]
        self._load_constants("repeated", starts)
        self._several(starts)
        self._wide(starts)
        self._narrow(starts)
        out.label("row.end")
        for k in range(len(self._accesses)):
            out.line(f"%q{k}.next = getelementptr i8, ptr %q{k}, i64 %by.row{k}")
        out.line(f"%row.next = add i64 {row}, 1")
        out.line("%is.more = icmp slt i64 %row.next, %rows")
        out.line("br i1 %is.more, label %row, label %done")
        out.label("done")
        out.line("ret void")
        return out.module("void @kernel(ptr %at, ptr %strides, i64 %n, i64 %rows)")

    def _enter(self) -> None:
        out = self._out
        out.label("entry")
        for k, access in enumerate(self._accesses):
            out.line(f"%at{k} = getelementptr ptr, ptr %at, i64 {k}")
            out.line(f"%p{k} = load ptr, ptr %at{k}")
            names = ["by", "by.row"] if access.lies == "strided" else ["by.row"]
            for name in names:
                at = out.new(f"getelementptr i64, ptr %strides, i64 {2 * k + (name != 'by')}")
                out.line(f"%{name}{k} = load i64, ptr {at}")
        self._load_constants("scalar", [f"%p{k}" for k in range(len(self._accesses))])
        out.end_of_entry()
        out.line("br label %row")

    def _load_constants(self, lies: str, starts: list[str]) -> None:
        """Load what is the same for all items, of the row or of all rows."""
        for k, access in enumerate(self._piece.reads):
            if access.lies == lies:
                one = self._out.load(access.type, starts[k], 1)
                self._scalars[k, 1] = one
                for lanes in {self._lanes, self._lanes * self._vectors} - {1}:
                    self._scalars[k, lanes] = self._out.spread(one, lanes)
        if lies == "scalar":
            for value in self._scalars.values():
                self._out.fix(value)

    def _several(self, starts: list[str]) -> None:
        """Go over a row several vectors at a time, as long as it has them: `%begun` items."""
        out, lanes = self._out, self._lanes * self._vectors
        if lanes == self._lanes:
            out.line("br label %rest")
            out.label("rest")
            out.phi("i64", "begun", ("0", "row"))
            return
        out.line(f"%last.several = sub i64 %n, {lanes}")
        out.line("%is.several = icmp sge i64 %last.several, 0")
        out.line("br i1 %is.several, label %several, label %rest")
        out.label("several")
        i = out.phi("i64", "s", ("0", "row"), ("%s.next", "several"))
        self._body(starts, i, lanes)
        out.line(f"%s.next = add i64 {i}, {lanes}")
        out.line("%is.several.more = icmp sle i64 %s.next, %last.several")
        out.line("br i1 %is.several.more, label %several, label %rest")
        out.label("rest")
        out.phi("i64", "begun", ("0", "row"), ("%s.next", "several"))

    def _wide(self, starts: list[str]) -> None:
        """Go over the rest of a row a vector at a time: all of it, or what makes whole vectors."""
        out, lanes = self._out, self._lanes
        if lanes == 1:
            out.line("br label %narrow.head")
            return
        out.line(f"%last = sub i64 %n, {lanes}")
        if self._piece.is_aliased:
            out.line("%is.wide = icmp sle i64 %begun, %last")
            out.line("br i1 %is.wide, label %wide, label %narrow.head")
        else:
            out.line("%is.wide = icmp sge i64 %last, 0")
            out.line("br i1 %is.wide, label %wide.head, label %narrow.head")
            out.label("wide.head")
            out.line("%is.rest = icmp slt i64 %begun, %n")
            out.line("br i1 %is.rest, label %wide, label %row.end")
        out.label("wide")
        before = "rest" if self._piece.is_aliased else "wide.head"
        i = out.phi("i64", "i", ("%begun", before), ("%i.next", "wide"))
        if self._piece.is_aliased:
            self._body(starts, i, lanes)
        else:
            out.line(f"%is.inner = icmp slt i64 {i}, %last")
            out.line(f"%j = select i1 %is.inner, i64 {i}, i64 %last")
            self._body(starts, "%j", lanes)
        out.line(f"%i.next = add i64 {i}, {lanes}")
        if self._piece.is_aliased:
            out.line("%is.wide.more = icmp sle i64 %i.next, %last")
            out.line("br i1 %is.wide.more, label %wide, label %narrow.head")
        else:
            out.line("%is.wide.more = icmp slt i64 %i.next, %n")
            out.line("br i1 %is.wide.more, label %wide, label %row.end")

    def _narrow(self, starts: list[str]) -> None:
        """Go over what is left one by one."""
        out = self._out
        out.label("narrow.head")
        sources = [("%begun", "rest"), ("%k.next", "narrow")]
        if self._lanes > 1 and self._piece.is_aliased:
            sources.append(("%i.next", "wide"))
        k = out.phi("i64", "k", *sources)
        out.line(f"%is.narrow = icmp slt i64 {k}, %n")
        out.line("br i1 %is.narrow, label %narrow, label %row.end")
        out.label("narrow")
        self._body(starts, k, 1)
        out.line(f"%k.next = add i64 {k}, 1")
        out.line("br label %narrow.head")

    def _body(self, starts: list[str], index: str, lanes: int) -> None:
        """Compute and store the items from an index on."""
        piece, out = self._piece, self._out
        values = [self._read(k, starts[k], index, lanes) for k in range(len(piece.reads))]
        for operation in piece.operations:
            give_turns()
            arguments = [values[n] for n in operation.arguments]
            values.append(out.operation(operation.name, arguments, operation.type))
        for n, (access, value) in enumerate(zip(piece.writes, piece.written, strict=True)):
            k = len(piece.reads) + n
            out.store(values[value], *self._place(k, access, starts[k], index), lanes)

    def _read(self, k: int, start: str, index: str, lanes: int) -> Value:
        access = self._piece.reads[k]
        if (k, lanes) in self._scalars:
            return self._scalars[k, lanes]
        return self._out.load(access.type, *self._place(k, access, start, index), lanes)

    def _place(self, k: int, access: Access, start: str, index: str) -> tuple[str, str | None]:
        """Return where the item at an index is, and the distance of items if there are gaps."""
        out = self._out
        if access.lies == "strided":
            offset = out.new(f"mul i64 {index}, %by{k}")
            return out.new(f"getelementptr i8, ptr {start}, i64 {offset}"), f"%by{k}"
        size = np.dtype(access.type).itemsize
        offset = out.new(f"mul i64 {index}, {size}")
        return out.new(f"getelementptr i8, ptr {start}, i64 {offset}"), None
