"""The log of a kernel: what memory held before an iteration stored something there.

In: addresses, before something is stored. Out: entries, which `csrc/loops/loop_site.c` reads when
an iteration is undone: three words, the address, what was there, and how many bytes. Of more than
eight bytes, what was there lies in front of the entry instead. With -1 bytes, the address is that
of a list to which something was appended; with -2 and less, of a list into which something was
stored at an index, counted from -2 down, and what was there is an object.
"""

from __future__ import annotations

from typing import Any

from .code import I64, Code, Value
from .kinds import NUMBERS, Array

ENTRY = 24  # bytes


class Log:
    """The log of one kernel."""

    def __init__(self, code: Code, begin: Any, end: Any, wanted: Any) -> None:
        self._code = code
        self.begin = begin
        self._end = end
        self._wanted = wanted  # where in the frame the kernel says how far the log has to reach
        self.position = code.builder.alloca(I64, name="position")
        code.builder.store(begin, self.position)

    def _taken(self, nbytes: Any) -> Any:
        """Take room; leave if there is none. Return where it begins."""
        b = self._code.builder
        position = b.load(self.position)
        after = b.add(position, nbytes)
        full = b.icmp_unsigned(">", after, self._end)
        out, on = (self._code.function.append_basic_block() for _ in range(2))
        b.cbranch(full, out, on).set_metadata("prof", self._code.rarely)
        b.position_at_end(out)
        b.store(after, self._wanted)
        b.branch(self._code.leave)
        b.position_at_end(on)
        b.store(after, self.position)
        return position

    def _entry(self, at: Any, address: Any, before: Any, size: Any) -> None:
        b = self._code.builder
        entry = b.inttoptr(at, I64.as_pointer())
        for i, word in enumerate((address, before, size)):
            b.store(word, b.gep(entry, [self._code.i64(i)]))

    def note(self, address: Any, size: int) -> None:
        """Note an item of so many bytes: up to eight, or sixteen."""
        code, b = self._code, self._code.builder
        if size == 16:
            self.note(address, 8)
            self.note(b.add(address, code.i64(8)), 8)
            return
        before = code.load(address, NUMBERS[f"i{size}"])
        wide = before if size == 8 else b.zext(before, I64)
        self._entry(self._taken(code.i64(ENTRY)), address, wide, code.i64(size))

    def note_list(self, address: Any) -> Any:
        """Note that the list at an address will be changed; return the entry, to be completed."""
        code = self._code
        at = self._taken(code.i64(ENTRY))
        self._entry(at, address, code.i64(0), code.i64(0))
        return at

    def complete(self, entry: Any, before: Any, size: Any) -> None:
        """Complete an entry once the list has been changed."""
        code, b = self._code, self._code.builder
        code.store(before, b.add(entry, code.i64(8)))
        code.store(size, b.add(entry, code.i64(16)))

    def note_all(self, address: Any, count: Any, size: int) -> None:
        """Note so many items that follow each other."""
        code, b = self._code, self._code.builder
        some, none = (code.function.append_basic_block() for _ in range(2))
        b.cbranch(b.icmp_signed(">", count, code.i64(8 // size)), some, none)
        done = code.function.append_basic_block()
        b.position_at_end(some)
        nbytes = b.mul(count, code.i64(size))
        padded = b.and_(b.add(nbytes, code.i64(7)), code.i64(-8))
        at = self._taken(b.add(padded, code.i64(ENTRY)))
        code.copy(at, address, nbytes)
        self._entry(b.add(at, padded), address, code.i64(0), nbytes)
        b.branch(done)
        b.position_at_end(none)
        head, inside = (code.function.append_basic_block() for _ in range(2))
        b.branch(head)
        b.position_at_end(head)
        index = b.phi(I64)
        index.add_incoming(code.i64(0), none)
        b.cbranch(b.icmp_signed("<", index, count), inside, done)
        b.position_at_end(inside)
        self.note(b.add(address, b.mul(index, code.i64(size))), size)
        index.add_incoming(b.add(index, code.i64(1)), b.block)
        b.branch(head)
        b.position_at_end(done)

    def note_view(self, view: Value) -> None:
        """Note all items of a view."""
        kind, code = view.kind, self._code
        assert isinstance(kind, Array)
        n = kind.ndim
        shape, strides = view.parts[2 : 2 + n], view.parts[2 + n :]
        from .lazy import nest

        def at(indices: list[Any]) -> None:
            address = view.parts[1]
            for index, stride in zip(indices, strides, strict=False):
                address = code.builder.add(address, code.builder.mul(index, stride))
            if kind.is_dense:
                self.note_all(address, shape[-1], kind.itemsize)
            else:
                self.note(address, kind.itemsize)

        nest(code, shape[:-1] if kind.is_dense else shape, [], at)
