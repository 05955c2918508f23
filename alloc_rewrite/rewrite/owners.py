"""Who makes the sites of rewritten code, who owns them, and how their places are called.

In: nothing. Out: the protocols that the cores and the rewriter know of each other. It must not know
how code is rewritten.
"""

from __future__ import annotations

from types import CodeType, FunctionType
from typing import Any, NamedTuple, Protocol

from ..errors import BufferFullError
from .convention import Place, Style
from .items import Location


class Where(NamedTuple):
    """A place in the source: what a site is called in reports and errors."""

    filename: str
    line: int
    function: str


def where_of(code: CodeType, location: Location | None) -> Where:
    """Return the place of an instruction, or of the code if it says none."""
    line = location.lineno if location is not None else None
    return Where(code.co_filename, line or code.co_firstlineno, code.co_qualname)


def located(where: Where, what: str, error: BufferFullError) -> BufferFullError:
    """Return a full buffer's error that names the line and the operation."""
    return BufferFullError(
        f"{where.filename}:{where.line}, in {where.function}, {what}: {error}",
        error.nbytes,
        error.suggested_nbytes,
    )


class Sites(Protocol):
    """What makes the sites of one kind of rewriting (bump, profile, ...)."""

    @property
    def style(self) -> Style:
        """How the sites are called."""
        ...

    def is_foreign(self, error: Exception) -> bool:
        """Whether something other than the rewriter raised an exception during rewriting."""
        ...

    def may_inline(self, function: FunctionType) -> bool:
        """Whether a function's code may become part of its caller's regions."""
        ...

    def make(self, place: Place, where: Where, owner: Owner, number: int) -> list[Any]:
        """Return the contents of the place's gates: the site, and its observer if any."""
        ...


class Owner(Protocol):
    """What a site knows of the code it stands in."""

    def give_back(self, number: int) -> None:
        """Switch off a site that does not pay."""
        ...

    def split(self, number: int, node: int, reason: str) -> None:
        """Leave a node out of a region that can't be done with it, or switch the region off."""
        ...

    def inline(self, number: int, callee: Any) -> None:
        """Take note of a Python function or method that a site calls often; inline it later."""
        ...

    def settle(self) -> None:
        """Make the code anew, as most sites have shown by now whether they pay."""
        ...

    def pause(self, number: int, waits: bool) -> None:
        """Empty a site's gate while it waits for something, so that it costs next to nothing."""
        ...


class _Kept(Owner):
    """The owner of sites that are never switched off."""

    def give_back(self, number: int) -> None:
        pass

    def split(self, number: int, node: int, reason: str) -> None:
        pass

    def inline(self, number: int, callee: Any) -> None:
        pass

    def settle(self) -> None:
        pass

    def pause(self, number: int, waits: bool) -> None:
        pass

    def __reduce__(self) -> str:
        return "KEPT"


KEPT = _Kept()
