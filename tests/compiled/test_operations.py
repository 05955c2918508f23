"""Every operation that there is code for, against NumPy's loops."""

import ctypes

import numpy as np
import pytest

from alloc_rewrite.compiled import rules
from alloc_rewrite.compiled.kernels import workshop
from alloc_rewrite.compiled.llvm import Compiler, refusal
from alloc_rewrite.compiled.lowering import lanes_of, module_of, vectors_of
from alloc_rewrite.compiled.pieces import Access, Operation, Piece
from alloc_rewrite.compiled.trial import CALLED, passes

from .pieces import operations, single

ALL = operations()
LIES = ["contiguous", "strided", "repeated", "scalar"]


@pytest.fixture(scope="module")
def compiler():
    if refusal():
        pytest.skip(refusal())
    return Compiler()


def agrees(compiler, piece, width=None):
    return passes(piece, compiler.compile(module_of(piece, width or compiler.width)).address)


def test_there_is_code_for_them():
    assert {name for name, _, _ in ALL} >= {"add", "select", "cast", "isnan", "clip", "rint"}
    assert len(ALL) > 400


@pytest.mark.parametrize("kind", rules.TYPES)
def test_every_operation(compiler, kind):
    for name, types, made in ALL:
        if types[-1] == kind:
            assert agrees(compiler, single(name, types, made)), (name, types, made)


@pytest.mark.parametrize("lies", LIES)
@pytest.mark.parametrize("kind", "fdbQ?")
def test_every_access(compiler, kind, lies):
    for name, types, made in ALL:
        if types[-1] == kind and (name != "cast" or made in "dq"):
            written = "strided" if lies == "strided" else "contiguous"
            piece = single(name, types, made, lies, written)
            assert agrees(compiler, piece), (name, types, made)


@pytest.mark.parametrize(
    ("width", "is_aliased"),
    [(1, False), (8, True), (16, False), (32, True), (64, False), (64, True)],
)
def test_widths_of_vectors(compiler, width, is_aliased):
    """What the vectors of other processors take; and rows that are gone through item by item."""
    for name, types, made in [op for op in ALL if op[1][-1] in "fdi?" and op[0] != "cast"]:
        piece = single(name, types, made)._replace(is_aliased=is_aliased)
        assert agrees(compiler, piece, width), (name, types, made)


@pytest.mark.parametrize("width", [16, 32, 64])
@pytest.mark.parametrize("is_aliased", [False, True])
@pytest.mark.parametrize("kind", "dfFb")
def test_much_arithmetic(compiler, kind, is_aliased, width):
    """A loop over two vectors at a time, and what it leaves."""
    reads = (Access(kind, "contiguous"), Access(kind, "scalar"))
    names = "add", rules.operation_of(np.multiply, kind * 3)
    chain = [Operation(names[k % 2], (k + 1, k % 2), kind) for k in range(9)]
    piece = Piece(reads, tuple(chain), (Access(kind, "contiguous"),), (10,), is_aliased)
    assert vectors_of(piece, lanes_of(piece, width), width) == 2
    assert agrees(compiler, piece, width)


def test_several_writes_and_accesses(compiler):
    reads = tuple(Access("d", lies) for lies in LIES)
    chain = (
        Operation("multiply", (0, 1), "d"),
        Operation("add", (4, 2), "d"),
        Operation("less", (5, 3), "?"),
        Operation("select", (6, 4, 5), "d"),
        Operation("cast", (7,), "f"),
    )
    writes = (Access("d", "strided"), Access("?", "contiguous"), Access("f", "contiguous"))
    assert agrees(compiler, Piece(reads, chain, writes, (7, 6, 8), False))


def test_what_is_written_over_what_is_read(compiler):
    """Each item is read before it is written."""
    piece = single("subtract", ("d", "d"), "d")._replace(is_aliased=True)
    code = compiler.compile(module_of(piece, compiler.width))
    for n in (1, 7, 8, 9, 63, 64, 100):
        a, b = np.arange(n) * 1.5, np.arange(n) ** 2.0
        expected = a - b
        at = (ctypes.c_void_p * 3)(a.ctypes.data, b.ctypes.data, a.ctypes.data)
        strides = (ctypes.c_ssize_t * 6)(8, 0, 8, 0, 8, 0)
        CALLED(code.address)(ctypes.addressof(at), ctypes.addressof(strides), n, 1)
        assert a.tobytes() == expected.tobytes()


@pytest.mark.parametrize(
    ("one", "other"),
    [("add", "subtract"), ("maximum", "minimum"), ("less", "less_equal"), ("multiply", "add")],
)
def test_the_trial_notices_other_code(compiler, one, other):
    made = "?" if one.startswith("less") else "d"
    code = compiler.compile(module_of(single(other, ("d", "d"), made), compiler.width))
    assert not passes(single(one, ("d", "d"), made), code.address)


def test_the_trial_notices_writes_in_gaps(compiler):
    """Code for items without gaps fails the trial for items with gaps."""
    piece = single("add", ("d", "d"), "d", written="strided")
    wrong = single("add", ("d", "d"), "d")
    assert not passes(piece, compiler.compile(module_of(wrong, compiler.width)).address)


def test_zeros_of_both_signs(compiler):
    """NumPy's maximum of two zeros is the second one, or whatever it is: the trial decides."""
    assert agrees(compiler, single("maximum", ("d", "d"), "d"))
    assert agrees(compiler, single("minimum", ("f", "f"), "f"))


@pytest.mark.parametrize("kind", "df")
def test_between_numbers(compiler, kind):
    """NumPy's clip between two numbers leaves the sign of a zero that equals one of them."""
    reads = (Access(kind, "contiguous"), Access(kind, "scalar"), Access(kind, "scalar"))
    piece = single("clip_between", (kind,) * 3, kind)._replace(reads=reads)
    code = compiler.compile(module_of(piece, compiler.width)).address
    assert all(passes(piece, code, seed) for seed in range(20))


@pytest.mark.parametrize("ufunc", [np.exp, np.power, np.arctan2, np.floor_divide, np.fmax])
def test_there_is_no_code_for_others(ufunc):
    assert rules.operation_of(ufunc, "d" * ufunc.nin + "d") is None


def test_types_that_are_not_known():
    for ufunc, _ in rules.LOOPS:
        for kind in "gGOeM":
            assert rules.operation_of(ufunc, kind * ufunc.nin + kind) is None
        assert rules.operation_of(ufunc, "df"[: ufunc.nin].ljust(ufunc.nin, "d") + "e") is None
    assert not rules.casts("d", "i")
    assert not rules.casts("d", "?")
    assert not rules.casts("D", "d")


def test_kernels_are_shared_by_their_piece():
    kernel = workshop.kernel_of(single("add", ("d", "d"), "d"))
    assert workshop.kernel_of(single("add", ("d", "d"), "d")) is kernel
    assert workshop.kernel_of(single("add", ("f", "f"), "f")) is not kernel
    assert kernel.state == "compiled"
    assert kernel.size > 0
