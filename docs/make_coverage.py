"""Writes `docs/reference/coverage.md`: what each of NumPy's public callables does to the arena.

Run as `python docs/make_coverage.py [--write]`. Each callable is classified by what it is (a row
of the registry, a ufunc, Python code that is entered, or none of these), and called with
arguments that it takes, plain and bumped, to count the bytes of array data from the heap.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import io
import itertools
import sys
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import BuiltinMethodType, FunctionType, MethodType
from typing import Any

import numpy as np

from alloc_rewrite import Buffer
from alloc_rewrite.bump import _bump_any, rewritten_copy
from alloc_rewrite.callees import Dispatcher, Policy
from alloc_rewrite.equivalents import FORWARDS
from alloc_rewrite.profile.counting import CountingSites
from alloc_rewrite.profile.recorder import Recorder
from alloc_rewrite.registry import find
from alloc_rewrite.sites import ArenaSites

PAGE = Path(__file__).parent / "reference" / "coverage.md"
ARENA, RECURSION, HEAP, NOTHING = "arena", "by recursion", "heap", "allocates nothing"
CALLING, ENOUGH = "f(*args, **kwargs)", 4
CLASSES = (ARENA, RECURSION, HEAP, NOTHING)
VERSION = f"NumPy {np.__version__}, Python {sys.version_info[0]}.{sys.version_info[1]}"
INTRODUCTION = f"""\
# Coverage

What every public callable of NumPy does to the arena, in the Python core. This page is made by
`python docs/make_coverage.py --write`; it was made with {VERSION}.

| class | meaning |
|---|---|
| {ARENA} | its array comes out of the buffer, by a row of the registry or as a ufunc |
| {RECURSION} | Python code that is rewritten; what it allocates is up to the rows it reaches |
| {HEAP} | runs as it is, and its array comes from the heap |
| {NOTHING} | it returns views, scalars or other objects, or changes what is there |

The note of an arena row says for which arguments. Other arguments have the original run, and
the result comes from the heap. Always on the heap are arrays without elements, arrays of objects
and of variable-width strings, subclasses of `numpy.ndarray`, and results that NumPy gives as
scalars. The note of a function by recursion names the rows that stayed on the heap in the call
shown.

The last columns are from one call: bytes of array data from the heap, plain and bumped (from the
third call on). Work space inside compiled code (LAPACK, sorting) isn't counted. In the calls `a`
is a 64 x 64 array of float64, `v` a vector of 4096, `i` one of integers, `b` a 64 x 64 array of
bool, `c` one of complex128, `s` one that is symmetric and positive definite, `t` an array of
strings, and `u` one of 4096 bytes.
"""

# Arguments to try, in this order, until a call succeeds; one that allocates is preferred.
TRIED = (
    "a", "a, a", "v", "v, v", "(64, 64)", "[a, a]", "i", "i, i", "i, v", "a, 2", "v, 2", "a, 0",
    "a, 1.0", "a, 0, 1", "a, (0,)", "b", "b, a", "b, a, a", "a, a, a", "a, 0.0, 1.0", "64", "64, 64",
    "0.0, 1.0", "1.0, 2.0", "s", "s, v[:64]", "s, 3", "c", "t", "t, t", "t, 'a'", "t, 2", "t, 'a', 'b'",
    "u", "a, -1, 1", "(a, a)", "a, [32]", "a, i[:64], 0", "a, a.shape", "v, v, v", "v, i[:64]",
    "t, i[:64], i[:64]", "v, v, 3", "v, 0.5", "(8, 8)", "",
)  # fmt: skip
TRIED_OF_RANDOM = (
    "size=1000", "0.5, size=1000", "2.0, size=1000", "5, 0.5, size=1000", "1.0, 2.0, size=1000",
    "0.5, 1.0, 2.0, size=1000", "10, 5, 4, size=1000", "10, size=1000", "10, [0.5, 0.5], size=1000",
    "[1.0, 2.0], size=1000", "v[:2], s[:2, :2], size=1000", "1000", "i", "v", "[3, 4], 2, size=1000",
    "1, 10, size=1000", "1000, 1000", "", "2",
)  # fmt: skip
TRIED_OF_METHODS = (
    "", "0", "i[:64]", "np.float32", "0, 1", "a", "(4096,)", "2.0", "(-1, 1)", "1.0, 2.0", "b[0]", "[a, a]",
    "i[:64], 0.5", "1, 1", "(2, 0)", "np.float64", "[0, 1]", "0.0, 1.0",
)  # fmt: skip
#: Where none of these shows what matters.
CALLS = {
    "numpy.apply_along_axis": "np.sort, 0, a", "numpy.apply_over_axes": "np.sum, a, (0,)",
    "numpy.array2string": "v[:5]", "numpy.array_repr": "v[:5]", "numpy.array_str": "v[:5]",
    "numpy.arange": "4096.0", "numpy.block": "[[a, a]]", "numpy.choose": "i % 2, [v, v]",
    "numpy.bincount": "i", "numpy.concat": "[a, a]", "numpy.concatenate": "[a, a]",
    "numpy.copyto": "a, 1.0", "numpy.cross": "a[:, :3], a[:, :3]", "numpy.einsum": "'ij,jk->ik', a, a",
    "numpy.einsum_path": "'ij,jk->ik', a, a", "numpy.fill_diagonal": "a, 0.0",
    "numpy.fromfunction": "np.add, (64, 64)", "numpy.fromiter": "range(1000), float",
    "numpy.frombuffer": "bytes(4096)", "numpy.fromstring": "'1 2 3', sep=' '",
    "numpy.full": "(64, 64), 1.0", "numpy.full_like": "a, 1.0", "numpy.interp": "v, v[:64], v[:64]",
    "numpy.ix_": "i[:8], i[:8]", "numpy.kron": "a[:8], a[:8]", "numpy.linspace": "0.0, 1.0, 4096",
    "numpy.logspace": "0.0, 1.0, 4096", "numpy.geomspace": "1.0, 2.0, 4096",
    "numpy.mask_indices": "8, np.triu", "numpy.meshgrid": "v[:64], v[:64]",
    "numpy.nested_iters": "a, [[0], [1]]", "numpy.pad": "a, 1", "numpy.piecewise": "v, [v < 0.5], [0.0, 1.0]",
    "numpy.place": "a, b, v", "numpy.put": "a, i[:64], 0.0", "numpy.putmask": "a, b, 0.0",
    "numpy.put_along_axis": "a, i[:64].reshape(1, 64), 0.0, 0", "numpy.ravel_multi_index": "(i, i), (64, 64)",
    "numpy.repeat": "a, 2", "numpy.require": "a, np.float32", "numpy.reshape": "a.T, 4096",
    "numpy.ravel": "a.T", "numpy.roll": "a, 1", "numpy.select": "[a > 0.5], [a]",
    "numpy.take": "v, i", "numpy.take_along_axis": "a, i[:64].reshape(1, 64), 0",
    "numpy.tensordot": "a, a, 1", "numpy.tile": "a, 2", "numpy.trapezoid": "a",
    "numpy.unravel_index": "i, (64, 64)", "numpy.vander": "v[:64]", "numpy.where": "b, a, a",
    "numpy.asarray": "a, np.float32", "numpy.asanyarray": "a, np.float32", "numpy.astype": "a, np.float32",
    "numpy.ascontiguousarray": "a.T", "numpy.asfortranarray": "a", "numpy.asarray_chkfinite": "a.tolist()",
    "numpy.delete": "a, 0, 0", "numpy.insert": "a, 0, 0.0, 0", "numpy.extract": "b, a", "numpy.compress": "b[0], a, 0",
    "numpy.clip": "a, 0.2, 0.8", "numpy.digitize": "v, v[:3].cumsum()", "numpy.searchsorted": "v, v",
    "numpy.lexsort": "(v, v)", "numpy.partition": "a, 3", "numpy.argpartition": "a, 3",
    "numpy.unstack": "a", "numpy.trace": "np.ones((8, 8, 8))", "numpy.broadcast_arrays": "a, v[:64]",
    "numpy.broadcast_to": "v[:64], (64, 64)", "numpy.ndarray": "(64, 64)", "numpy.polyfit": "v, v, 3",
    "numpy.polyval": "v[:3], v", "numpy.roots": "v[:8]", "numpy.convolve": "v, v[:8]", "numpy.correlate": "v, v[:8]",
    "numpy.histogram": "v", "numpy.histogram2d": "v, v", "numpy.histogramdd": "a[:, :2]", "numpy.unwrap": "v",
    "numpy.packbits": "b", "numpy.unpackbits": "u", "numpy.busday_count": "t2, t2", "numpy.busday_offset": "t2, 1",
    "numpy.is_busday": "t2", "numpy.datetime_as_string": "t2", "numpy.isnat": "t2", "numpy.indices": "(64, 64)",
    "numpy.linalg.lstsq": "a, v[:64]", "numpy.linalg.matrix_power": "a, 3", "numpy.linalg.tensorsolve": "s, v[:64]",
    "numpy.linalg.multi_dot": "[a, a, a]", "numpy.linalg.vecdot": "a, a", "numpy.linalg.cross": "a[:, :3], a[:, :3]",
    "numpy.linalg.trace": "np.ones((8, 8, 8))", "numpy.linalg.tensorinv": "np.eye(64).reshape(8, 8, 8, 8), 2",
    "numpy.linalg.det": "np.stack([s, s])", "numpy.linalg.slogdet": "np.stack([s, s])",
    "ndarray.astype": "np.float32", "ndarray.choose": "[a, a]", "ndarray.reshape": "-1, order='F'",
    "ndarray.trace": "", "ndarray.put": "i[:64], 0.0", "ndarray.take": "i[:64], 0", "ndarray.view": "np.int64",
    "ndarray.partition": "3", "ndarray.argpartition": "3", "ndarray.repeat": "2", "ndarray.compress": "b[0], 0",
    "ndarray.setfield": "0.0, np.float64", "ndarray.getfield": "np.float64", "ndarray.sum": "0",
    "ndarray.clip": "0.2, 0.8", "ndarray.searchsorted": "a[0]", "ndarray.dot": "a", "ndarray.ravel": "'F'",
    "ndarray.conj": "", "ndarray.conjugate": "", "ndarray.swapaxes": "0, 1",
    "numpy.random.choice": "v, 1000", "numpy.random.multivariate_normal": "v[:2], s[:2, :2], 1000",
    "numpy.random.Generator.choice": "v, 1000", "numpy.random.dirichlet": "v[:3], 1000",
    "numpy.random.Generator.dirichlet": "v[:3], 1000", "numpy.random.Generator.permuted": "a",
    "numpy.random.Generator.multivariate_normal": "v[:2], s[:2, :2], 1000",
    "numpy.strings.multiply": "t, 2", "numpy.lib.stride_tricks.sliding_window_view": "v, 8",
    "numpy.lib.stride_tricks.as_strided": "v", "numpy.lib.stride_tricks.broadcast_to": "v, (2, 4096)",
    "numpy.lib.scimath.logn": "2.0, v",
}  # fmt: skip
#: What isn't called: files, settings, and classes, whose constructors run as they are.
FILES = (
    "fromfile fromregex genfromtxt load loadtxt save savetxt savez savez_compressed tofile dump"
).split()
SETTINGS = (
    "errstate get_printoptions getbufsize geterr geterrcall printoptions set_printoptions setbufsize "
    "seterr seterrcall show_config show_runtime get_include info test seed get_state set_state "
    "get_bit_generator set_bit_generator setflags setasflat from_dlpack typename issubdtype isdtype "
    "mintypecode common_type format_float_positional format_float_scientific iterable dumps tobytes "
    "tolist item itemset to_device spawn bytes add_newdoc base_repr binary_repr default_rng "
).split()
CONTAINERS = "chararray matrix memmap poly1d rec recarray record vectorize asmatrix bmat".split()
HEAP_CLASSES = frozenset(CONTAINERS)
MODULES = (
    "numpy", "numpy.linalg", "numpy.fft", "numpy.random", "numpy.strings", "numpy.lib.scimath",
    "numpy.lib.stride_tricks", "numpy.polynomial.polynomial",
)  # fmt: skip
OPERATORS = {
    "a + b": "a + a", "a - b": "a - a", "a * b": "a * a", "a / b": "a / a", "a // b": "a // a",
    "a % b": "a % a", "a ** b": "a ** 2", "a @ b": "a @ a", "a & b": "b & b", "a | b": "b | b",
    "a ^ b": "b ^ b", "a << b": "i << i", "a >> b": "i >> i", "a < b": "a < a", "a == b": "a == a",
    "-a": "-a", "+a": "+a", "~a": "~b", "abs(a)": "abs(a)", "divmod(a, b)": "divmod(a, a)",
    "a[integers]": "v[i]", "a[mask]": "a[b]", "a[integers, integers]": "a[i, i]",
    "a[1:, ::2]": "a[1:, ::2]", "a[:, integers]": "a[:, i]",
}  # fmt: skip


@dataclass(frozen=True)
class Entry:
    """One line of the page."""

    name: str
    kind: str
    note: str
    call: str = ""
    plain: int | None = None
    bumped: int | None = None

    def line(self) -> str:
        figures = ("", "") if self.plain is None else (f"{self.plain:,}", f"{self.bumped:,}")
        call = f"`{self.call}`" if self.call else ""
        return f"| `{self.name}` | {self.kind} | {self.note} | {call} | {' | '.join(figures)} |"


def arrays() -> dict[str, Any]:
    """The arrays that calls are made with, fresh: some callables change them."""
    rng = np.random.Generator(np.random.PCG64(0))
    a = rng.random((64, 64))
    i = rng.integers(0, 63, 4096)
    return {
        "np": np, "a": a, "v": rng.random(4096), "i": i, "b": a > 0.5, "c": a + 1j,
        "s": a @ a.T + 64.0 * np.eye(64), "t": np.array(["abc", "bcd"] * 32),
        "t2": np.arange("2026-01", "2026-03", dtype="M8[D]"),
        "u": np.arange(4096).astype(np.uint8),
        "pack": lambda *args, **kwargs: (args, kwargs),
    }  # fmt: skip


class Notes(Recorder):
    """A recorder that also keeps the names of the rows that stay on the heap."""

    def __init__(self) -> None:
        super().__init__()
        self.heap: dict[str, None] = {}

    def made(self, value: Any, where: Any, callee: str, *, heap: bool = False) -> None:
        before = self.count
        super().made(value, where, callee, heap=heap)
        if self.count > before:
            self.heap[callee] = None

    def unseen(self, value: Any, where: Any, callee: str, reason: str) -> None:
        before = len(self.uncaptured)
        super().unseen(value, where, callee, reason)
        if len(self.uncaptured) > before:
            self.heap[callee] = None

    def total(self) -> int:
        return self.nbytes + sum(one.nbytes for one in self.uncaptured)


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """No output, no warnings, and the legacy generator in one state."""
    np.random.seed(0)
    with warnings.catch_warnings(), np.errstate(all="ignore"), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        yield


def counted(call: Callable[..., Any], arguments: tuple[Any, ...]) -> Notes:
    """What one call takes from the heap."""
    notes = Notes()
    function = rewritten_copy(CountingSites(notes).rewriter, _calling)
    with quiet():
        function(call, arguments)
    return notes


def _calling(call: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    call(*arguments)


def compiled(expression: str) -> FunctionType:
    """A function of `x` (a namespace's names) that evaluates the expression: fresh code."""
    source = f"def call(f, args, kwargs, np, a, v, i, b, c, s, t, t2, u):\n    return {expression}\n"
    namespace: dict[str, Any] = {"__name__": "coverage_call"}
    exec(compile(source, "<call>", "exec"), namespace)
    call = namespace["call"]
    assert isinstance(call, FunctionType)
    return call


def plain(prepare: Callable[[], tuple[Any, ...]], expression: str) -> Notes:
    """What a call takes from the heap."""
    return counted(compiled(expression), prepare())


def bumped(prepare: Callable[[], tuple[Any, ...]], expression: str) -> Notes:
    """What a bumped call takes from the heap from the third time on."""
    sites = ArenaSites(Buffer(), Policy(), frugal=False)
    call = _bump_any(sites, compiled(expression))
    for _ in range(2):
        with quiet():
            call(*prepare())
    return counted(call, prepare())


def with_arguments(function: Callable[[dict[str, Any]], Any], text: str) -> tuple[Any, ...]:
    """The arguments of a compiled call: the function, what it is called with, the arrays."""
    names = arrays()
    args, kwargs = eval(f"pack({text})", names)
    kept = [names[name] for name in ("np", "a", "v", "i", "b", "c", "s", "t", "t2", "u")]
    return function(names), args, kwargs, *kept


def works(prepare: Callable[[], tuple[Any, ...]]) -> bool:
    try:
        function, args, kwargs, *_ = prepare()
        with quiet():
            return function(*args, **kwargs) is not NotImplemented
    except Exception:
        return False


def classified(callee: Any) -> tuple[str, str]:
    """The class of a callable by what it is, and its row's note."""
    found = find(callee)
    if found is not None:
        row = found[0]
        if row.equivalent is not None:
            return ARENA, row.note
        return (NOTHING if "nothing" in row.note or "scalar" in row.note else HEAP), row.note
    if type(callee) is np.ufunc:
        if callee.nout > 1:
            return HEAP, "several outputs"
        return (ARENA, "of numbers") if callee.signature is None else (HEAP, "it has no row")
    inner: Any = callee._implementation if type(callee) is Dispatcher else callee
    if type(inner) is MethodType:
        inner = inner.__func__
    if type(inner) is BuiltinMethodType and type(inner.__self__) is np.ndarray:
        inner = FORWARDS.get(inner.__name__, inner)
    if type(inner) is FunctionType:
        reason = Policy().refusal(inner)
        return (HEAP, reason) if reason else (RECURSION, "")
    return HEAP, "compiled code without a row"


def entry(shown: str, name: str, get: Callable[[dict[str, Any]], Any], tried: tuple[str, ...]) -> Entry:
    """Classify a callable, call it if that is possible, and say what is left on the heap."""
    short = shown.rpartition(".")[2]
    if shown == "ndarray.resize":
        return Entry(shown, HEAP, "refused for arrays of the arena, which own no memory")
    if short in FILES:
        return Entry(shown, HEAP, "reads or writes files")
    if short in HEAP_CLASSES:
        return Entry(shown, HEAP, "a class, whose constructor runs as it is")
    if short in SETTINGS:
        return Entry(shown, NOTHING, "")
    kind, note = classified(get(arrays()))
    chosen: tuple[str, Notes] | None = None
    for text in _worth_trying(get, (CALLS[name],) if name in CALLS else tried):
        before = plain(functools.partial(with_arguments, get, text), CALLING)
        if chosen is None or before.total():
            chosen = text, before
        if before.total():
            break
    if chosen is None:
        return Entry(shown, kind, note or "not called here")
    text, before = chosen
    after = bumped(functools.partial(with_arguments, get, text), CALLING)
    return concluded(shown, kind, note, f"{short}({text})", before, after)


def _worth_trying(get: Callable[[dict[str, Any]], Any], tried: tuple[str, ...]) -> Iterator[str]:
    """The first few arguments with which the callable succeeds."""
    working = (text for text in tried if works(functools.partial(with_arguments, get, text)))
    return itertools.islice(working, ENOUGH)


def concluded(shown: str, kind: str, note: str, call: str, before: Notes, after: Notes) -> Entry:
    """An entry, with its class and note corrected by what was measured."""
    if not before.total() and kind != ARENA:
        kind, note = NOTHING, note if note != "compiled code without a row" else ""
    left = ", ".join(f"`{one.removeprefix('numpy.')}`" for one in sorted(after.heap))
    if kind == RECURSION and left:
        note = f"on the heap: {left}"
    return Entry(shown, kind, note, call, before.total(), after.total())


def public(module: Any) -> list[str]:
    """The names of a module's public callables, without types of scalars and exceptions."""
    names = sorted(set(module.__all__) if hasattr(module, "__all__") else set(dir(module)))
    out = []
    for name in names:
        value = getattr(module, name, None)
        skipped = isinstance(value, type) and (
            issubclass(value, np.generic | BaseException | np.dtype | np.random.RandomState)
            or value.__module__.startswith("numpy.random")
        )
        if callable(value) and not skipped and not name.startswith("_"):
            out.append(name)
    return out


def functions(name: str) -> list[Entry]:
    """The entries of a module."""
    module = importlib.import_module(name)
    tried = TRIED_OF_RANDOM if name == "numpy.random" else TRIED
    out = []
    for one in public(module):
        value = getattr(module, one)
        if isinstance(value, type) and find(value) is None and one not in HEAP_CLASSES:
            out.append(Entry(f"{name}.{one}", NOTHING, "a class"))
        elif type(value) is not np.ufunc or name == "numpy.strings":
            out.append(entry(f"{name}.{one}", f"{name}.{one}", lambda _, f=value: f, tried))
    return out


def ufuncs() -> list[Entry]:
    """The entries of NumPy's ufuncs, aliases left out."""
    tried = ("a, a", "a", "i, i", "i", "b, b", "a, i[:64]", "c", "t2", "a, a", "s, s")
    found = {getattr(np, name) for name in public(np) if type(getattr(np, name)) is np.ufunc}
    return [
        entry(f"numpy.{u.__name__}", f"numpy.{u.__name__}", lambda _, f=u: f, tried)
        for u in sorted(found, key=lambda u: u.__name__)
    ]


def ufunc_methods() -> list[Entry]:
    """The entries of what every ufunc has."""
    calls = {
        "reduce": "a, 0", "accumulate": "a, 0", "reduceat": "v, i[:64]", "outer": "v[:64], v[:64]",
        "at": "v, i, 1.0",
    }  # fmt: skip
    return [
        entry(f"numpy.ufunc.{name}", "", lambda _, f=getattr(np.add, name): f, (text,))
        for name, text in calls.items()
    ]


def methods() -> list[Entry]:
    """The entries of the methods of arrays."""
    names = [n for n in dir(np.ndarray) if not n.startswith("_") and callable(getattr(np.ndarray, n))]
    owner = {"conj": "c", "conjugate": "c", "choose": "b"}
    return [
        entry(
            f"ndarray.{name}",
            f"ndarray.{name}",
            lambda names, name=name: getattr(names[owner.get(name, "a")], name),
            TRIED_OF_METHODS,
        )
        for name in [*names, "__copy__", "__deepcopy__"]
    ]


def generator_methods() -> list[Entry]:
    """The entries of the methods of `numpy.random.Generator`."""
    names = [n for n in dir(np.random.Generator) if not n.startswith("_")]
    made = np.random.Generator(np.random.PCG64(0))
    return [
        entry(
            f"Generator.{name}",
            f"numpy.random.Generator.{name}",
            lambda _, name=name: getattr(np.random.Generator(np.random.PCG64(0)), name),
            TRIED_OF_RANDOM,
        )
        for name in names
        if callable(getattr(made, name))
    ]


def operators() -> list[Entry]:
    """The entries of operators and subscripts."""
    out = []
    for name, expression in OPERATORS.items():
        prepare = functools.partial(with_arguments, lambda _: None, "")
        before, after = plain(prepare, expression), bumped(prepare, expression)
        kind = NOTHING if not before.total() else HEAP if after.total() else ARENA
        note = {"a[integers]": "one array of integers, on the first axis"}.get(name, "")
        out.append(Entry(name, kind, note, expression, before.total(), after.total()))
    return out


def sections() -> dict[str, list[Entry]]:
    """All entries, by section."""
    return {
        "Operators and subscripts": operators(),
        "Ufuncs": ufuncs(),
        "Methods of ufuncs": ufunc_methods(),
        "Methods of arrays": methods(),
        **{f"{name}": functions(name) for name in MODULES[:4]},
        "Methods of numpy.random.Generator": generator_methods(),
        **{f"{name}": functions(name) for name in MODULES[4:]},
    }


def page(found: dict[str, list[Entry]]) -> str:
    """The page, as it has to be for this version of NumPy."""
    out = [INTRODUCTION]
    out.append("| section | " + " | ".join(CLASSES) + " |")
    out.append("|---|" + "---:|" * len(CLASSES))
    for title, entries in found.items():
        counts = [sum(one.kind == kind for one in entries) for kind in CLASSES]
        out.append(f"| {title} | " + " | ".join(map(str, counts)) + " |")
    for title, entries in found.items():
        out.append(f"\n## {title}\n")
        out.append("| callable | class | note | call | plain | bumped |")
        out.append("|---|---|---|---|---:|---:|")
        out += [one.line().replace("a | b", "a \\| b").replace("b | b", "b \\| b") for one in entries]
    return "\n".join(out) + "\n"


if __name__ == "__main__":
    if "--write" in sys.argv:
        PAGE.write_text(page(sections()), encoding="utf-8")
    else:
        print(page(sections()), end="")
