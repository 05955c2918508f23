"""Types of the native core, an extension module built from csrc/."""

from collections.abc import Callable
from typing import Any, Final

import numpy as np

from .rewrite import Program

OPERATIONS: Final[tuple[str, ...]]
SLOTS: Final[int]
LARGEST_SLOT: Final[int]

class Arena:
    def __new__(
        cls, nbytes: int, policy: int, limit: int, first: int, huge: bool = True
    ) -> Arena: ...
    @property
    def capacity(self) -> int: ...
    @property
    def used(self) -> int: ...
    @property
    def peak(self) -> int: ...
    @property
    def live(self) -> int: ...
    @property
    def chunks(self) -> int: ...
    @property
    def heap_fallbacks(self) -> int: ...
    @property
    def limit(self) -> int: ...
    def empty(
        self,
        shape: tuple[int, ...],
        dtype: np.dtype[Any],
        strides: tuple[int, ...] | None = None,
        /,
    ) -> np.ndarray[Any, Any] | None: ...
    def reset(self) -> None: ...
    def trim(self) -> int: ...
    def enter(self) -> object: ...
    def leave(self, former: object, /) -> None: ...

class Gate:
    @property
    def content(self) -> Any: ...

class Gates:
    def __new__(cls, contents: list[Any], /) -> Gates: ...
    @property
    def gates(self) -> tuple[Gate, ...]: ...
    def gate(self, number: int, /) -> Gate: ...
    def add(self, content: Any, /) -> Gate: ...
    def empty(self, number: int, /) -> None: ...

class OperatorSite:
    hits: Final[int]
    misses: Final[int]
    def __new__(
        cls,
        spec: tuple[Any, ...],
        owner: Any,
        number: int,
        arena: Arena,
        frugal: bool,
        name: str,
        ufunc: np.ufunc | None,
        /,
    ) -> OperatorSite: ...
    def call(self, *operands: Any) -> Any: ...

class ResolveSite:
    hits: Final[int]
    misses: Final[int]
    def __new__(
        cls, spec: tuple[Any, ...], owner: Any, number: int, arena: Arena, frugal: bool, /
    ) -> ResolveSite: ...
    def call(self, callee: Any, /) -> Any: ...

class RegionSite:
    hits: Final[int]
    misses: Final[int]
    declined: Final[str | None]
    fault: Final[int]
    def __new__(
        cls,
        spec: tuple[Any, ...],
        owner: Any,
        number: int,
        arena: Arena,
        frugal: bool,
        program: Program,
        /,
    ) -> RegionSite: ...
    def call(self, *given: Any) -> Any: ...
    def call_with(self, *leaves: Any) -> Any: ...
    def describe(self) -> list[dict[str, Any]]: ...
    def trace(self, *leaves: Any) -> list[tuple[str, int | None, dict[str, Any]]]: ...

def configure(
    *,
    plan_loop: Callable[..., Any],
    plan_reduction: Callable[..., Any],
    plan_product: Callable[..., Any],
    plan_callee: Callable[..., Any],
    power_ufunc: Callable[..., Any],
    raise_full: Callable[..., Any],
    remake: Callable[..., Any],
    plan_program: Callable[..., Any],
    plan_number: Callable[..., Any],
    error_modes: Callable[..., Any],
    error_state: Any,
    warnings: dict[str, Any],
) -> None: ...
def learn_elision(happens: bool, for_scalars: bool, /) -> None: ...
def learn_handler(arena: Arena | None, /) -> bool: ...
def set_num_threads(number: int, /) -> None: ...
def owns(array: Any, /) -> bool: ...
