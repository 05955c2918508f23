"""Gates: the constants by which rewritten code finds its sites.

In: what is to be called at the places of a code object. Out: a gate for each, and code that has
them. It must not know what a site does.

Sites belong to code, not to a function: a function that gets other code gets that code's
sites, or none, and a rewritten function closes over what the original closes over. But the garbage
collector does not look into code objects: what they hold strongly, and whatever that leads to,
stays for ever. So a gate holds its content weakly; when that is gone, the original instructions
run. Sites live as long as their `Gates`, which the function that was bumped and the
rewriter keep.
"""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from types import CodeType, FunctionType, MethodType
from typing import Any, Protocol


class Gates(Protocol):
    """The gates of one code object with their contents. It can be pickled, with its gates."""

    #: A gate for each of the contents, and one more, whose content is this object.
    gates: tuple[Any, ...]

    def empty(self, number: int) -> None:
        """Empty a gate: for good, unless the style `retries`; then there is a `fill`."""
        ...

    def add(self, content: Any) -> Any:
        """Make one more gate, and return it; the object's own stays the last."""
        ...


class _Nothing:
    pass


class WeakGate(weakref.ref[Any]):
    """A gate in Python: call it. Equal to no other, so that code can be hashed."""

    __slots__ = ("number", "owner")
    number: int
    owner: weakref.ref[Any] | None

    def __new__(cls, content: Any, owner: Any = None, number: int = 0) -> WeakGate:
        self = super().__new__(cls, _Nothing() if content is None else content)
        self.owner = None if owner is None else weakref.ref(owner)
        self.number = number
        return self

    def __init__(self, *_: Any) -> None:
        """Do nothing: `weakref.ref` takes no more arguments."""

    __hash__ = object.__hash__

    def __eq__(self, other: object) -> bool:
        return self is other

    def __repr__(self) -> str:
        return f"<gate {self.number}>"

    def __reduce__(self) -> tuple[Any, ...]:
        owner = None if self.owner is None else self.owner()
        return (WeakGate, (None,)) if owner is None else (_gate, (owner, self.number))


class WeakGates:
    """Gates in Python, for bound methods."""

    def __init__(self, contents: Sequence[MethodType | None]) -> None:
        self._contents: list[Any] = [_own(method) for method in contents]
        numbered = enumerate((*self._contents, self))
        self.gates = tuple(WeakGate(content, self, number) for number, content in numbered)

    def empty(self, number: int) -> None:
        """Empty a gate for good."""
        self._contents[number] = None

    def add(self, content: MethodType) -> WeakGate:
        """Make one more gate, and return it; the object's own stays the last."""
        number, own = len(self._contents), self.gates[-1]
        self._contents.append(_own(content))
        gate = WeakGate(self._contents[-1], self, number)
        own.number = number + 1
        self.gates = (*self.gates[:-1], gate, own)
        return gate

    def __reduce__(self) -> tuple[Any, ...]:
        return WeakGates, (self._contents,)


def _own(method: MethodType | None) -> MethodType | None:
    """Return a method of its own: a gate is empty when nothing else refers to its method."""
    return None if method is None else MethodType(method.__func__, method.__self__)


def _gate(owner: Gates, number: int) -> Any:
    return owner.gates[number]


#: The types of gates.
KINDS: set[type] = {WeakGate}


class Hole:
    """Takes the place in code of a gate, or of another constant, until `filled` puts it there."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return f"<hole {self.name!r}>"


def filled(code: CodeType, constants: dict[str, Any], gates: Gates) -> CodeType:
    """Return code that has its own constants instead of holes, and belongs to these gates."""
    filling = (
        constants[constant.name] if type(constant) is Hole else constant
        for constant in code.co_consts
    )
    return code.replace(co_consts=(*filling, gates.gates[-1]))


def fitting(form: CodeType, widest: CodeType) -> CodeType:
    """Return a form of some code, with holes, that fits all its forms up to the `widest`.

    A frame goes on in the form that it began with, and CPython's JIT compiler (up to 3.15) reads
    constants, names and the size of the stack from the code that the function has by then.
    """
    return form.replace(
        co_consts=widest.co_consts, co_names=widest.co_names, co_stacksize=widest.co_stacksize
    )


def with_code(function: FunctionType, code: CodeType) -> FunctionType:
    """Return a function like `function` that runs other code."""
    new = FunctionType(
        code,
        function.__globals__,
        function.__name__,
        function.__defaults__,
        function.__closure__,
    )
    new.__qualname__ = function.__qualname__  # errors, generators and coroutines say it
    if function.__kwdefaults__:
        new.__kwdefaults__ = function.__kwdefaults__
    return new


def is_rewritten(code: CodeType) -> bool:
    """Whether this code came out of the rewriter."""
    return bool(code.co_consts) and type(code.co_consts[-1]) in KINDS


def gates_of(code: CodeType) -> Gates | None:
    """Return the gates that rewritten code belongs to, as long as they live; or None."""
    if not is_rewritten(code):
        return None
    gates: Gates | None = content_of(code.co_consts[-1])
    return gates


def content_of(gate: Any) -> Any:
    """Return a gate's content, or None."""
    return gate() if type(gate) is WeakGate else gate.content
