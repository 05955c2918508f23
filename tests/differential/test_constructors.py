"""Functions that make arrays, and those that copy or convert them."""

from __future__ import annotations

import copy

import numpy as np
import pytest

# The memory of `empty` and its like is not initialised, so it is filled before it is compared.
CASES = [
    *[
        f"r = np.{call}; r.fill(1); r"
        for call in (
            "empty(3)", "empty((2, 3))", "empty((2, 3), order='F')", "empty((2, 3), np.int8)",
            "empty([2, 3], 'f4')", "empty(np.int64(3))", "empty((0, 3))", "empty(())",
            "empty(shape=(2,), dtype=complex)", "empty((2, 1, 3), float, 'F')", "empty(2, '>f8')",
            "empty(2, 'M8[s]')", "empty(2, 'U3')", "empty(2, object)", "empty(3, device='cpu')",
            "empty_like(a)", "empty_like(fo)", "empty_like(tr)", "empty_like(mid)",
            "empty_like(gap)", "empty_like(rev)", "empty_like(bc)", "empty_like(thin)",
            "empty_like(a, order='F')", "empty_like(fo, order='C')", "empty_like(fo, order='A')",
            "empty_like(a, np.float32)", "empty_like(a, shape=(2, 2))",
            "empty_like(fo, shape=(2, 5))", "empty_like(fo, shape=(2, 2, 2))", "empty_like(p)",
            "empty_like([1, 2])", "empty_like(3.0)", "empty_like(e)", "empty_like(obj)",
            "empty_like(dates)", "empty_like(swapped)", "ndarray((2, 3))",
            "ndarray((2, 3), np.int32, order='F')", "ndarray(4, buffer=v)",
            "ndarray((2,), 'f8', v, 8, (16,))",
        )
    ],
    "np.zeros(3), np.zeros((2, 3), order='F'), np.zeros((2, 3), 'i4'), np.zeros(()), np.zeros(0)",
    (
        "np.zeros(2, 'U2'), np.zeros(2, 'M8[D]'), np.zeros(2, [('x', 'f8'), ('y', 'i2')]), "
        "np.zeros(2, bool)"
    ),
    "np.zeros(2, object), np.zeros(2, '>i4'), np.zeros(2, complex), np.zeros((3, 2), 'f2')",
    "np.zeros((2, 3))[0].base is None",
    "np.zeros(-1)",
    "np.zeros('x')",
    "np.zeros(2.0)",
    "np.zeros((2, 3), order='X')",
    "np.zeros(3, 'nonsense')",
    "np.zeros(True)",
    "np.ones(3), np.ones((2, 3), int, 'F'), np.ones(2, object), np.ones(2, 'U1'), np.ones(())",
    (
        "np.full(3, 7), np.full((2, 2), 0.5), np.full(3, 1, np.uint8), np.full((2, 4), row), "
        "np.full(2, 'ab')"
    ),
    "np.full(3, 300, np.uint8)",
    "np.full((2, 3), row)",
    (
        "np.full(2, 1j), np.full(2, True), np.full((2, 2), k), np.full(2, None), np.full((2, 3), "
        "1, order='F')"
    ),
    (
        "np.zeros_like(a), np.zeros_like(fo), np.zeros_like(i, float), np.zeros_like(obj), "
        "np.zeros_like(q)"
    ),
    (
        "np.ones_like(tr), np.ones_like(u), np.ones_like(a, subok=False), np.full_like(a, 2), "
        "np.full_like(i, 2.7)"
    ),
    "np.full_like(fo, np.nan), np.full_like(u, 3, dtype=float), np.zeros_like(z), np.ones_like(bc)",
    "np.asarray(v, order='X')", "np.array(v, copy=None, order='X')", "np.asanyarray(a, order='?')",
    "np.array(a, copy=False, order='X'), 1", "np.asarray(v, order=3)",
    "np.array([True, 2**70, 1.0])",
    "np.array([1.0, 2**63]), np.array([1.0, 2**63 - 1]), np.array([1j, -(2**63) - 1])",
    "np.array([[1, 2.5], [-(2**63), 2**64]]), np.array((False, (2**63))), np.array([2**63, 1])",
    "np.array([1.0, 2**70], float), np.asarray([True, 2**70]), np.asanyarray([[2.5], [2**99]])",
    # arange
    (
        "np.arange(5), np.arange(0), np.arange(-3), np.arange(2, 9), np.arange(9, 2, -2), "
        "np.arange(5.0)"
    ),
    "np.arange(0.1, 3.3, 0.7), np.arange(1, 2, 0.1), np.arange(0, 1, 0.1), np.arange(-1.5, 1.5)",
    (
        "np.arange(5, dtype=np.int8), np.arange(5, dtype=float), np.arange(5, dtype='f4'), "
        "np.arange(5, dtype=complex)"
    ),
    (
        "np.arange(np.int64(4)), np.arange(np.float32(4)), np.arange(np.uint8(4)), "
        "np.arange(True), np.arange(stop=4)"
    ),
    (
        "np.arange(start=2, stop=8, step=3), np.arange(3, None), np.arange(2**62, 2**62 + 3), "
        "np.arange(1e16, 1e16 + 10, 2)"
    ),
    (
        "np.arange(1, 10, 3.0), np.arange(1.0, 10, 3, dtype=int), np.arange('2020-01', '2020-05',"
        " dtype='M8[M]')"
    ),
    "np.arange(5000) * 3, np.arange(3, 5000, 7), np.arange(0.5, 2500, 0.5)",
    "np.arange(1, 5, 0)",
    "np.arange()",
    "np.arange(3, 'x')",
    "np.arange(np.nan)",
    # linspace and its like
    (
        "np.linspace(0, 1), np.linspace(0, 1, 5), np.linspace(0, 1, 5, endpoint=False), "
        "np.linspace(1, 0, 1)"
    ),
    (
        "np.linspace(0, 1, 5, retstep=True), np.linspace(row, 2 * row, 3), np.linspace(row, 2, 3,"
        " axis=1)"
    ),
    (
        "np.linspace(0, 10, 5, dtype=int), np.linspace(0, 1j, 4), np.linspace(0, 1, 0), "
        "np.linspace(2, 2, 3)"
    ),
    "np.linspace(0, 1, -1)",
    (
        "np.logspace(0, 2, 5), np.logspace(0, 2, 5, base=2), np.geomspace(1, 1000, 4), "
        "np.geomspace(-1, -8, 4)"
    ),
    "np.geomspace(0, 1, 4)",
    (
        "np.eye(3), np.eye(3, 4, 1), np.eye(3, k=-1, dtype=int), np.identity(3), np.tri(3), "
        "np.tri(3, 4, -1)"
    ),
    (
        "np.diag(row), np.diag(a), np.diag(row, 1), np.diagflat([[1, 2], [3, 4]]), np.tril(a), "
        "np.triu(a, 1), np.vander(row)"
    ),
    "np.fromfunction(lambda x, y: x * y, (3, 4)), np.fromfunction(lambda x: x, (3,), dtype=int)",
    "np.fromiter((x * x for x in range(5)), float), np.fromiter(range(5), int, 3)",
    "np.frombuffer(b'abcdefgh', np.uint8) + 1, np.frombuffer(v) * 2",
    "np.fromstring('1 2 3', sep=' ') * 2",
    (
        "np.indices((2, 3)), np.indices((2, 3), sparse=True), np.indices((2, 0)), np.indices((2, "
        "2), float)"
    ),
    "np.mgrid[0:3, 0:4:2], np.mgrid[0:1:3j], np.ogrid[0:3, 0:2], np.r_[1:4, 0, v[:2]], np.c_[v, w]",
    (
        "np.ix_([0, 1], [2, 3]), np.tri(4) * m, np.tril_indices(3), np.triu_indices_from(m), "
        "np.diag_indices(3)"
    ),
    (
        "np.mask_indices(3, np.triu), np.meshgrid(v[:3], w[:2]), np.meshgrid(v[:3], w[:2], "
        "indexing='ij', sparse=True)"
    ),
    "np.hanning(5), np.hamming(5), np.blackman(6), np.bartlett(5), np.kaiser(5, 3.0)",
    # array and its like
    (
        "np.array([1, 2, 3]), np.array([1.0, 2]), np.array([[1, 2], [3, 4]]), np.array([1, 2.5, "
        "3j]), np.array([True, 2])"
    ),
    (
        "np.array((1, 2)), np.array(3), np.array(2.5), np.array([]), np.array([[], []]), "
        "np.array(()), np.array([[1.5]])"
    ),
    (
        "np.array([1, 2], float), np.array([1.7, 2.2], int), np.array([1, 2], dtype='f4'), "
        "np.array([1, 0], bool)"
    ),
    "np.array([1, 300], np.uint8)",
    "np.array([1, -1], np.uint8)",
    "np.array([[1, 2], [3]])",
    (
        "np.array([1, [2, 3]], dtype=object), np.array(['a', 'bcd']), np.array([b'x']), "
        "np.array([None, 1])"
    ),
    (
        "np.array([a, b]), np.array((a, b)), np.array([a, b], np.float32), np.array([a, fo]), "
        "np.array([row, row], order='F')"
    ),
    "np.array([a, i]), np.array([a, row])",
    (
        "np.array([p, p]), np.array([k, k]), np.array([k, 1, 2.5]), np.array([np.float32(1), "
        "np.int8(2)]), np.array([[k]])"
    ),
    (
        "np.array([np.float32(0.1)] * 3), np.array([np.uint8(1), np.uint8(2)]), "
        "np.array([np.True_]), np.array([2**63, 1])"
    ),
    "np.array([2**70]), np.array([2**63, -1]), np.array([1, 2**64 - 1])",
    (
        "np.array(a), np.array(fo), np.array(gap), np.array(rev), np.array(bc), np.array(mid), "
        "np.array(thin), np.array(p)"
    ),
    "np.array(a, copy=False) is a, np.array(a, copy=None) is a, np.array(a, copy=True) is a",
    "np.array([1, 2], copy=False)",
    (
        "np.array(a, order='F'), np.array(fo, order='C'), np.array(fo, order='A'), np.array(gap, "
        "order='K'), np.array(a, ndmin=3)"
    ),
    (
        "np.array(a, dtype=np.float32), np.array(z, dtype=complex), np.array(i, float, "
        "order='F'), np.array(swapped)"
    ),
    (
        "np.array(rec), np.array(dates), np.array(text), np.array(obj), np.array(q, int), "
        "np.array(a, 'U5')"
    ),
    (
        "np.array(range(4)), np.array({1, 2}), np.array('abc'), np.array(memoryview(b'abc')), "
        "np.array(np.matrix('1 2'))"
    ),
    (
        "np.asarray(a) is a, np.asarray([1, 2]), np.asarray(a, np.float64) is a, np.asarray(a, "
        "np.float32), np.asarray(fo, order='C')"
    ),
    (
        "np.asarray(3), np.asarray(k), np.asarray(p) is p, np.asarray(a, dtype='d') is a, "
        "np.asarray(a, copy=True)"
    ),
    (
        "np.asanyarray(a) is a, np.asanyarray([1.5]), np.asarray_chkfinite(a), "
        "np.asarray(swapped, float)"
    ),
    "np.asarray_chkfinite(holes)",
    (
        "np.ascontiguousarray(a) is a, np.ascontiguousarray(fo), np.ascontiguousarray(p), "
        "np.ascontiguousarray(3), np.ascontiguousarray([1])"
    ),
    (
        "np.asfortranarray(fo) is fo, np.asfortranarray(a), np.asfortranarray(p), np.require(a, "
        "float, 'F'), np.require(odd, None, 'A')"
    ),
    (
        "np.copy(a), np.copy(fo), np.copy(fo, order='C'), np.copy([1, 2]), a.copy(), fo.copy(), "
        "fo.copy('K'), gap.copy('A')"
    ),
    (
        "rev.copy(), mid.copy('K'), bc.copy('K'), thin.copy('K'), p.copy(), e.copy(), obj.copy(),"
        " rec.copy(), swapped.copy(), odd.copy()"
    ),
    "a.copy(order='X')",
    (
        "a.__copy__(), fo.__copy__(), a.__deepcopy__({}), copy.copy(fo), copy.deepcopy(gap), "
        "copy.deepcopy([a, a])"
    ),
    "np.copyto(a, b); np.copyto(a, 3, where=a > 0); a",
    "np.copyto(i, a)",
    # astype, view and their like
    (
        "a.astype(np.float32), a.astype(int), a.astype('f4', order='F'), fo.astype(np.float32), "
        "fo.astype(np.float32, 'C')"
    ),
    (
        "a.astype(float), a.astype(float, copy=False) is a, a.astype('>f8'), "
        "swapped.astype(float), odd.astype('f4')"
    ),
    (
        "gap.astype(int), rev.astype('f4'), mid.astype('f4'), bc.astype('f4'), thin.astype('f4'),"
        " p.astype(int), e.astype(int)"
    ),
    (
        "a.astype(complex), a.astype(bool), i.astype(float), i.astype(np.uint8), q.astype(float),"
        " u.astype('i2'), h.astype(float)"
    ),
    (
        "a.astype(str), i.astype('U2'), text.astype(int), octets.astype('U3'), obj.astype(float),"
        " a.astype(object)"
    ),
    (
        "dates.astype('M8[s]'), dates.astype(int), spans.astype(float), dates.astype(str), "
        "hours.astype('M8[D]')"
    ),
    "a.astype(int, casting='safe')",
    (
        "a.astype(np.float32, casting='same_kind'), i.astype(float, casting='safe'), "
        "a.astype('f8', casting='no')"
    ),
    "text.astype(float) + 1, np.array(['x']).astype(float)",
    (
        "a.view(np.int64), a.view('u1'), row.view([('x', 'f8')]), a.astype('f4').view('i4'), "
        "z.view(float), v.view('c16')"
    ),
    "(a + 1).view(np.int64) + 1, (a + b).view('f4'), (v * 2).view((np.void, 16)).shape",
    (
        "a.byteswap(), a.byteswap().view('>f8') == a, a.tolist(), a.tobytes(), a.item(3), "
        "a.newbyteorder if 0 else 1"
    ),
    (
        "a.flatten(), a.flatten('F'), fo.flatten('K'), fo.flatten('A'), gap.flatten(), "
        "gap.flatten('K'), p.flatten()"
    ),
    (
        "a.ravel(), a.ravel('F'), fo.ravel(), fo.ravel('K'), fo.ravel('A'), gap.ravel(), "
        "gap.ravel('F'), rev.ravel('K'), p.ravel()"
    ),
    (
        "np.ravel(tr), np.ravel(tr, 'A'), np.ravel([[1, 2], [3, 4]]), mid.ravel('K'), bc.ravel(),"
        " thin.ravel('K')"
    ),
    (
        "a.reshape(4, 3), a.reshape((2, -1)), a.reshape(-1), fo.reshape(4, 3), fo.reshape(4, 3, "
        "order='F'), fo.reshape(-1)"
    ),
    (
        "gap.reshape(2, 6), gap.reshape(12), gapv.reshape(3, 4), rev.reshape(12), t.reshape(6, "
        "4), fo3.reshape(6, 4), mid.reshape(3, -1)"
    ),
    (
        "np.reshape(a, (2, 6)), np.reshape(fo, 12, order='A'), a.reshape(1, 3, 1, 4, 1), "
        "fo.reshape(1, 3, 1, 4), a.reshape(3, 4, copy=True)"
    ),
    (
        "np.reshape(fo, (4, 3), copy=True), a.T.reshape(3, 4), bc.reshape(12), e.reshape(4, 0), "
        "p.reshape(1, 1), one.reshape(())"
    ),
    "a.reshape(5, 5)",
    "a.reshape(-1, -1)",
    "fo.reshape(12, copy=False)",
    "r = a + 1; r.shape = (4, 3); r",
    "r = a.T + 1; s = r.reshape(-1); s[0] = 99; r",
    (
        "r = np.zeros((2, 3)); r.flat = [1, 2, 3, 4, 5, 6]; r.flat[2] = 9; r, r.flat[1:4], [x for"
        " x in r.flat]"
    ),
    (
        "r = np.arange(6); r.dtype, r.strides, r.nbytes, r.itemsize, r.size, r.ndim, "
        "r.data.nbytes, r.ctypes.shape[0]"
    ),
    "r = a + b; r.setflags(write=False); r + 1, r.flags.writeable",
    "r = a + b; r.sort(); r",
    "r = v + w; r.partition(3); r[3]",
    "r = a + 1; r.fill(4); r.put([0, 3], [9, 8]); r.itemset if 0 else r",
    "r = a + b; (memoryview(r).shape, bytes(r), r.tobytes('F'), r.dumps() == (a + b).dumps())",
    (
        "np.squeeze(t4), np.expand_dims(a, 0), np.moveaxis(t, 0, -1), np.swapaxes(t, 0, 2), "
        "np.transpose(t, (1, 0, 2)), np.rollaxis(t, 2)"
    ),
    (
        "np.atleast_1d(p, 3), np.atleast_2d(v), np.atleast_3d(a), np.broadcast_to(row, (3, 4)), "
        "[x.copy() for x in np.broadcast_arrays(row, col)]"
    ),
    "r = np.empty(3); r[:] = 5; s = r; r = np.empty(3); r[:] = 6; s, r",
    "r = [np.zeros(3) for _ in range(40)]; [x.fill(n) for n, x in enumerate(r)]; r",
]  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_cases(same, case):
    same.text(case, copy=copy)


DTYPES = ["?", "i1", "u2", "i4", "i8", "u8", "e", "f", "d", "g", "F", "D", "M8[s]", "m8[D]",
"U4", "S2",
          ">f8", "O", "V4", "f4,i2", "T"]  # fmt: skip


@pytest.mark.parametrize("dtype", DTYPES)
def test_dtypes(same, dtype):
    def f(dtype):
        made = np.zeros((2, 3), dtype), np.ones((2, 3), dtype, "F") if dtype[0] not in "VMm" else 0
        like = [
            np.zeros_like(made[0]),
            made[0].copy(),
            np.array(made[0]),
            np.concatenate([made[0]] * 2),
        ]
        return (
            made,
            like,
            made[0].T.copy(),
            made[0].reshape(-1)[::2].copy(),
            np.stack([made[0]] * 2),
        )

    same(f, np.dtype(dtype).str if dtype != "f4,i2" else dtype)


@pytest.mark.parametrize("dtype", DTYPES[:11])
def test_from_every_dtype_to_every_other(same, dtype):
    f = lambda x, to: (
        x.astype(to),
        np.array(x, to),
        np.asarray(x.T, to, "F"),
        np.full(2, x[0, 0], to),
    )
    x = lambda: (np.arange(6).reshape(2, 3) - 1).astype(dtype)
    same.each(f, [(x, to) for to in DTYPES[:13]])


EQUAL_BUT_NOT_THE_SAME = {
    "integers": ["l", "q", "l"],
    "unsigned": ["Q", "L", "Q"],
    "metadata": [np.dtype("f8", metadata={"unit": "m"}), "f8", np.dtype("f8", metadata={"a": 1})],
    "alignment": [np.dtype("i4,i4"), np.dtype("i4,i4", align=True), np.dtype("i4,i4")],
    "bytes": [np.dtype("V4"), np.dtype("V4", metadata={"unit": "m"}), np.dtype("V4")],
}


@pytest.mark.parametrize("name", EQUAL_BUT_NOT_THE_SAME)
def test_dtypes_that_are_equal_but_not_the_same(same, name):
    """The first one met must not decide for the others, whatever their order."""
    rows = [(np.dtype(dtype),) for dtype in EQUAL_BUT_NOT_THE_SAME[name]]
    for order in (rows, rows[1:]):
        same.each(lambda d: (np.zeros(5, d), np.ones((5, 2), d)[0], np.zeros(5, d)[0]), order)
        same.each(lambda d: np.zeros_like(np.zeros(5, d)), order)
