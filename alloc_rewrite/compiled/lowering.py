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

from .operations import Emitter
from .pieces import Access, Piece
from .turns import give_turns
from .writer import Value

MOST_LANES_WITH_GAPS = 16


def lanes_of(piece: Piece, width: int) -> int:
    """Return how many items a vector of so many bytes takes."""
    types = {a.type for a in (*piece.reads, *piece.writes)} | {o.type for o in piece.operations}
    lanes = width // max(np.dtype(one).itemsize for one in types)
    has_gaps = any(access.lies == "strided" for access in (*piece.reads, *piece.writes))
    return max(1, min(lanes, MOST_LANES_WITH_GAPS) if has_gaps else lanes)


def module_of(piece: Piece, width: int) -> str:
    """Return the module whose function `kernel` does a piece, with vectors of so many bytes."""
    return _Kernel(piece, lanes_of(piece, width)).text()


class _Kernel:
    def __init__(self, piece: Piece, lanes: int) -> None:
        self._piece = piece
        self._lanes = lanes
        self._accesses = (*piece.reads, *piece.writes)
        self._out = Emitter()
        self._scalars: dict[tuple[int, int], Value] = {}  # by read and lanes

    def text(self) -> str:
        out, piece = self._out, self._piece
        self._enter()
        out.label("row")
        row = out.phi("i64", "row.i", ("0", "entry"), ("%row.next", "row.end"))
        starts = [
            out.phi("ptr", f"q{k}", (f"%p{k}", "entry"), (f"%q{k}.next", "row.end"))
            for k in range(len(self._accesses))
        ]
        self._load_constants("repeated", starts)
        wide = self._lanes > 1
        if wide:
            out.line(f"%is.wide = icmp sge i64 %n, {self._lanes}")
            out.line(f"%last = sub i64 %n, {self._lanes}")
            out.line("br i1 %is.wide, label %wide, label %narrow.head")
            self._wide(starts)
        else:
            out.line("br label %narrow.head")
        self._narrow(starts, "row", wide and piece.is_aliased)
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
        out.line("br label %row")

    def _load_constants(self, lies: str, starts: list[str]) -> None:
        """Load what is the same for all items, of the row or of all rows."""
        for k, access in enumerate(self._piece.reads):
            if access.lies == lies:
                one = self._out.load(access.type, starts[k], 1)
                self._scalars[k, 1] = one
                if self._lanes > 1:
                    self._scalars[k, self._lanes] = self._out.spread(one, self._lanes)

    def _wide(self, starts: list[str]) -> None:
        out, lanes = self._out, self._lanes
        out.label("wide")
        i = out.phi("i64", "i", ("0", "row"), ("%i.next", "wide"))
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

    def _narrow(self, starts: list[str], before: str, follows: bool) -> None:
        out = self._out
        out.label("narrow.head")
        sources = [("0", before), ("%k.next", "narrow")]
        if follows:
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
