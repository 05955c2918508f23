"""Which callables are entered, and how: the rewritten counterpart of a callable.

In: any callable, and the arguments where these decide. Out: a callable that does the same with
the arena, or None where the original has to be called. It must not know what sites do.
"""

from __future__ import annotations

import functools
import os
import sys
import weakref
from collections.abc import Callable, Iterable
from inspect import CO_ASYNC_GENERATOR, CO_COROUTINE, CO_GENERATOR
from types import BuiltinMethodType, CellType, CodeType, FunctionType, MethodType, ModuleType
from typing import Any, NamedTuple

import numpy as np

from .callables import (
    Dispatch,
    Dispatcher,
    dispatch_of,
    function_of,
    has_placeholder,
    home_of,
    init_of,
    overrides,
    python_call,
    with_partial,
)
from .judging import Case, Judge, Judging, said
from .numpy_facts import FORWARDS
from .rewrite import Rewriter, Rewritten, is_rewritten

#: Top-level packages that are never entered: the standard library with the import machinery
#: (by `sys.stdlib_module_names`), this library and what it depends on, and test runners.
DENIED = frozenset(
    {
        "alloc_rewrite",
        "bytecode",
        "pytest",
        "_pytest",
        "pluggy",
        "hypothesis",
        "coverage",
        "IPython",
        "ipykernel",
    }
)
#: Parts of NumPy that look at frames or memory, or are tools rather than arithmetic.
DENIED_MODULES = (
    "numpy.testing",
    "numpy.f2py",
    "numpy.distutils",
    "numpy._pytesttester",
    "numpy.ctypeslib",
    "numpy.lib._npyio_impl",
    "numpy._core.arrayprint",
    "numpy._core.getlimits",
    "numpy.lib._format_impl",
    "numpy.lib.format",
)

#: Folders of installed packages.
_INSTALLED = frozenset({"site-packages", "dist-packages"})
#: Flags of code whose call only makes a generator or coroutine.
_MAKES_OBJECTS = CO_GENERATOR | CO_COROUTINE | CO_ASYNC_GENERATOR


class Policy:
    """What `include` and `exclude` make of the deny list.

    Parameters
    ----------
    include, exclude : iterable of str, module or function
        Names of modules or packages, modules, or functions. `include` allows what the deny
        list names, `exclude` denies more; `exclude` wins.
    """

    def __init__(self, include: Iterable[Any] = (), exclude: Iterable[Any] = ()) -> None:
        self.include = _checked(include, "include")
        self.exclude = _checked(exclude, "exclude")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Policy) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def _key(self) -> tuple[frozenset[Any], frozenset[Any]]:
        return _identities(self.include), _identities(self.exclude)

    def includes(self, function: FunctionType) -> bool:
        """Whether `include` names a function."""
        return _matches(function, _module_of(function), self.include)

    def refusal(self, function: FunctionType) -> str:
        """Say why this function is not entered; empty if it is."""
        looked_up = refusal_of_names(function)
        if looked_up:
            return looked_up
        module = _module_of(function)
        if _matches(function, module, self.exclude):
            return "exclude= names it"
        if _matches(function, module, self.include):
            return ""
        top = module.partition(".")[0]
        if top in sys.stdlib_module_names or top in DENIED or module.startswith(DENIED_MODULES):
            return f"module {module} is on the deny list (include= allows it)"
        return ""


def refusal_of_names(function: FunctionType) -> str:
    """Say why a function's global names may not be looked up twice; empty if they may.

    Anything but a plain dictionary may run code at each lookup, or count them.
    """
    for what in ("globals", "builtins"):
        names = getattr(function, f"__{what}__")
        if type(names) is not dict:
            return (
                f"its {what} are a {type(names).__name__}, not a plain dict: "
                "each lookup of a name may run code"
            )
    return ""


def _module_of(function: FunctionType) -> str:
    name = function.__globals__.get("__name__")
    return name if type(name) is str else ""


@functools.lru_cache(4096)
def _is_installed(file: str) -> bool:
    """Whether a file lies where packages are installed."""
    return not _INSTALLED.isdisjoint(file.replace(os.sep, "/").split("/"))


def _checked(entries: Iterable[Any], name: str) -> tuple[Any, ...]:
    if isinstance(entries, str | ModuleType) or callable(entries):
        entries = (entries,)
    out: list[Any] = []
    for entry in entries:
        if isinstance(entry, ModuleType):
            entry = entry.__name__
        if isinstance(entry, MethodType):
            entry = entry.__func__
        if not isinstance(entry, str | FunctionType):
            raise TypeError(f"{name}: {entry!r} is not a module, a module's name or a function")
        out.append(entry.__code__ if isinstance(entry, FunctionType) else entry)
    return tuple(out)


def _identities(entries: tuple[Any, ...]) -> frozenset[Any]:
    """Return entries that compare by identity: code objects from two files may be equal."""
    return frozenset(e if isinstance(e, str) else id(e) for e in entries)


def _matches(function: FunctionType, module: str, entries: tuple[Any, ...]) -> bool:
    if not entries:
        return False
    if any(entry is function.__code__ for entry in entries):
        return True
    parts = module.split(".")
    return any(".".join(parts[: i + 1]) in entries for i in range(len(parts)))


class Known:
    """What is known of a code object."""

    __slots__ = ("is_other", "is_refused", "judge", "pending", "reference", "rewritten")

    def __init__(self, reference: Any, is_refused: bool, is_other: bool) -> None:
        self.reference = reference
        self.is_refused = is_refused
        self.is_other = is_other
        self.judge: Judge | None = None
        self.rewritten: Rewritten | None = None
        self.pending: CellType | None = None  # what will hold the code of one that waits


class Entered(NamedTuple):
    """A function that is entered, or may be: its rewritten code (none while it waits), its judge.

    The cell holds the code as long as that has sites (see `Rewritten`).
    """

    current: CellType | None
    judge: Judge | None


class Callees:
    """Finds the rewritten counterparts of callables for one `Rewriter`.

    Other code is what has been installed, but for NumPy and the packages of bumped functions. It
    is entered only if there is a `judging`, and that finds that it pays, or if `enters_others`.
    Generators and coroutines can't be judged by the time of a call.
    """

    def __init__(
        self,
        rewriter: Rewriter,
        policy: Policy,
        judging: Judging | None = None,
        enters_others: bool = True,
    ) -> None:
        self._rewriter = rewriter
        self._policy = policy
        self._judging = judging
        self._enters_others = enters_others
        self._own = {"numpy"}  # top-level packages
        self._known: dict[int, Known] = {}

    def owns(self, function: FunctionType) -> None:
        """Take a function's package for the user's own from now on."""
        self._own.add(_module_of(function).partition(".")[0])

    def is_other(self, function: FunctionType) -> bool:
        """Whether a function is another library's."""
        module = _module_of(function)
        if module.partition(".")[0] in self._own or self._policy.includes(function):
            return False
        file = function.__globals__.get("__file__")
        return _is_installed(file if type(file) is str else function.__code__.co_filename)

    def waits(self, function: FunctionType) -> bool:
        """Whether a function is another library's, and has to be judged before it is entered."""
        return not self._enters_others and self.is_other(function)

    def leaves(self, callee: Any) -> bool:
        """Whether a callable is a function of another library's that isn't entered now."""
        function = callee.__func__ if type(callee) is MethodType else callee
        if type(function) is not FunctionType or self._enters_others:
            return False
        known = self._known.get(id(function.__code__))
        if known is None or known.reference() is not function.__code__:
            return self.is_other(function)
        return known.is_other and (known.judge is None or known.judge.phase in ("waiting", "left"))

    def lends_to(self, cls: type) -> bool:
        """Whether a class is other code's, and lives as long as its module."""
        module = home_of(cls)
        if self._enters_others or module is None:
            return False
        if type.__getattribute__(cls, "__module__").partition(".")[0] in self._own:
            return False
        file = vars(module).get("__file__")
        return type(file) is str and _is_installed(file)

    def makes(self, cls: type) -> bool:
        """Whether a class lives as long as its module, and has an `__init__` that is entered."""
        init = None if home_of(cls) is None else init_of(cls)
        return init is not None and not self.waits(init) and self.entered(init) is not None

    def said(self, function: FunctionType) -> str:
        """Say what is known of a function that was called."""
        known = self._known.get(id(function.__code__))
        if known is None:
            return ""
        if known.rewritten is not None and not known.rewritten.alive:
            return "left as it is: no site in it gains anything"
        return said(known.judge)

    def function(self, function: FunctionType) -> FunctionType | None:
        """Return a rewritten instance of a Python function, or None."""
        rewritten = self.rewritten(function)
        return None if rewritten is None else rewritten.instance(function)

    def rewritten(self, function: FunctionType) -> Rewritten | None:
        """Return the rewritten form of a Python function, or None if it is not entered.

        Nor is other code that has to be judged first.
        """
        known = self._known_of(function)
        if known is None or (known.is_other and not self._enters_others):
            return None
        return self._form_of(known, function.__code__)

    def entered(self, function: FunctionType, *, at_once: bool = False) -> Entered | None:
        """Return how a Python function is called, or None if it runs as it is for good.

        With `at_once`, other code doesn't wait for its turn to be rewritten.
        """
        known = self._known_of(function)
        if known is None:
            return None
        code = function.__code__
        waits = known.is_other and not self._enters_others
        if self._judging is None or code.co_flags & _MAKES_OBJECTS:
            rewritten = None if waits else self._form_of(known, code)
            return None if rewritten is None else Entered(rewritten.current, None)
        judge = known.judge
        if judge is None:
            name = f"{_module_of(function)}.{function.__qualname__}"
            judge = known.judge = self._judged(known, code, name, self._judging)
        if waits and judge.phase == "waiting" and (at_once or judge.take_due()):
            known.rewritten = self._judging.rewrite(
                judge, len(code.co_code), lambda: self._rewriter.rewritten(code, is_other=True)
            )
        if known.pending is not None and judge.phase == "waiting":
            return Entered(known.pending, judge)
        rewritten = known.rewritten if waits else self._form_of(known, code)
        if rewritten is None:
            return Entered(None, judge) if waits else None
        return Entered(rewritten.current, judge) if rewritten.alive else None

    def _judged(self, known: Known, code: CodeType, name: str, judging: Judging) -> Judge:
        """Return the judge of a function; one of NumPy's may have to wait for its turn."""
        case, due = Case(name, known.is_other), 0
        if known.rewritten is None and not known.is_other and name.startswith("numpy."):
            due = judging.turn_of(len(code.co_code))
        judge = judging.judge(case, due)
        if due:
            known.pending = CellType(None)
            case.rewrite = functools.partial(self._catch_up, known, judge)
        return judge

    def _catch_up(self, known: Known, judge: Judge) -> None:
        """Rewrite a function that has waited."""
        code, pending = known.reference(), known.pending
        rewritten = None if code is None else self._form_of(known, code)
        if rewritten is None or pending is None:
            judge.leave()
        else:
            rewritten.current, pending.cell_contents = pending, rewritten.code
            judge.begin(0.0)

    def inlines(self, function: FunctionType) -> bool:
        """Whether a function's code may become part of its caller's: it is entered by now."""
        return self._known_of(function) is not None and not self.leaves(function)

    def _form_of(self, known: Known, code: CodeType) -> Rewritten | None:
        if known.rewritten is None:
            known.rewritten = self._rewriter.rewritten(code)
        rewritten = known.rewritten
        return None if rewritten is None or not rewritten.alive else rewritten

    def _known_of(self, function: FunctionType) -> Known | None:
        """Return what is known of a function's code; None if it is not entered at all."""
        if refusal_of_names(function):  # other functions may have the same code
            return None
        code = function.__code__
        known = self._known.get(id(code))
        if known is None or known.reference() is not code:
            known = self._remember(function)
        return None if known.is_refused else known

    def _remember(self, function: FunctionType) -> Known:
        code = function.__code__
        refused = is_rewritten(code) or bool(self._policy.refusal(function))
        known, key = self._known, id(code)
        reference = weakref.ref(code, lambda _: known.pop(key, None))
        entry = known[key] = Known(reference, refused, self.is_other(function))
        return entry

    def enter(
        self, callee: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Callable[..., Any] | None:
        """Return what to call instead of `callee` with the same arguments, or None."""
        kind = type(callee)
        if kind is FunctionType:
            return self.function(callee)
        if kind is MethodType:
            return self._method(callee.__func__, callee.__self__)
        if kind is Dispatcher:
            dispatch = dispatch_of(callee)
            if dispatch is None or overrides(args, kwargs):
                return None
            entered = self.function(dispatch.function)
            return entered if entered and self._answers(dispatch, args, kwargs) else None
        if kind is functools.partial:
            if has_placeholder(callee):
                return None
            inner = self.enter(callee.func, *with_partial(callee, args, kwargs))
            return inner and functools.partial(inner, *callee.args, **callee.keywords)
        if kind is BuiltinMethodType:
            if type(callee.__self__) is not np.ndarray:
                return None
            forward = FORWARDS.get(function_of(callee))
            return None if forward is None else self._method(forward, callee.__self__)
        call = python_call(callee)
        return None if call is None else self._method(call, callee)

    def _answers(self, dispatch: Dispatch, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
        """Whether what a dispatcher asks first succeeds; if not, the dispatcher says why."""
        if dispatch.ask is None:
            return True
        try:
            tuple(dispatch.ask(*args, **kwargs))
        except Exception as error:
            if self._rewriter.is_foreign(error):
                raise
            return False
        return True

    def _method(self, function: Any, owner: Any) -> MethodType | None:
        inner = self.function(function) if type(function) is FunctionType else None
        return None if inner is None else MethodType(inner, owner)
