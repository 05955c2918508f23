"""Calls for each row with an equivalent: `CALLS[name](maker) -> (args, kwargs)`.

A call may be one that the equivalent declines, as long as most are not.
"""

from __future__ import annotations

import numpy as np
from numpy.linalg import _umath_linalg

from .arena_cases import DTYPES

_ORDERS = "CFAK"
_UFUNCS = (np.add, np.multiply, np.maximum, np.minimum, np.logical_or, np.logical_and, np.hypot)
_SUBSCRIPTS = (
    "ij,jk->ik", "ij,jk", "ij,jk->ki", "ijk,kl->lij", "ij->i", "ij->j", "iij->j", "i,j->ij",
    "i,j->ji", "ij,ij->i", "bij,bjk->bik", "ijk->ki", "ijk->k", "ij,jk,kl->il", "ijk->kj",
)  # fmt: skip


def _dtype(m):
    return m.pick(DTYPES)


def _empty(m):
    shape = m.pick([m.shape(), list(m.shape()), 7, np.int32(5)])
    return (shape, m.pick([float, np.int8, "f4", ">i2", "S3", np.dtype("M8[s]")]), m.pick("CF")), {}


def _array(m):
    a = m.array()
    choices = [
        ((a,), {"order": m.pick(_ORDERS)}),
        ((a, _dtype(m)), {}),
        (([a] * m.pick([1, 2, 3]),), {}),
        ((m.array(m.shape(1, 3)).tolist(),), {}),
        ((m.array(dtype="d").tolist(), m.pick("dfFD")), {"order": m.pick(_ORDERS)}),
        ((m.pick([True, 3, 2.5, 1j, np.float32(7)]),), {}),
        (([1, 2.5, True],), {}),
        (((np.int8(3), np.int8(4)),), {}),
    ]
    return m.pick(choices)


def _contiguous(m):
    return m.pick([((m.array(),), {}), ((m.array(), _dtype(m)), {}), (([[1, 2], [3, 4]],), {})])


def _arange(m):
    start, step = m.pick([0, 1, -3, 0.1, 2**33, -7.25]), m.pick([1, 2, -1, 0.1, 0.7, 3, 1e-3])
    stop = start + step * m.pick([1, 2, 3, 10.5, 1023, 1024, 1025, 5000])
    return m.pick([((start, stop, step), {}), ((m.pick([1, 9, 1024, 4097]),), {}),
                   ((17,), {"dtype": m.pick([float, int, "f8"])})])  # fmt: skip


def _method(*choices):
    def call(m):
        a = m.array()
        return (a, *[choice(m, a) for choice in choices]), {}

    return call


def _take(m):
    a = m.array()
    places = m.array(m.shape(1, 2), m.pick("lliB"))
    axis = m.pick([None, m.axis(a)])
    if m.pick([True, False]):
        return (a, places, axis), {"mode": m.pick(["wrap", "clip"])}
    length = a.size if axis is None else a.shape[axis]
    return (a, m.pick([places % length, [0, -1, 0], -1 - (places % length).astype(int)]), axis), {}


def _reshape(m):
    a = m.array()
    left, shape = a.size, []
    while left > 1 and m.pick([True, True, False]):
        shape.append(m.pick([n for n in range(1, left + 1) if left % n == 0]))
        left //= shape[-1]
    shape.append(m.pick([left, -1]))
    return m.pick([(a, *shape), (a, shape)]), {"order": m.pick("CFA")}


def _concatenate(m):
    a = m.array()
    axis = m.axis(a)
    shape = list(a.shape)
    shape[axis] = m.pick([1, 2, 3])
    parts = [a, m.array(shape, m.pick([a.dtype, _dtype(m)])), a][: m.pick([1, 2, 3])]
    kwargs = m.pick([{}, {}, {"dtype": _dtype(m), "casting": "unsafe"}])
    return (m.pick([parts, tuple(parts)]), m.pick([axis, axis, None])), kwargs


def _where(m):
    a = m.array()
    mask = m.array(m.pick([a.shape, a.shape[-1:]]), "?")
    other = m.pick([0, 1.5, np.float32(2), m.array(a.shape), m.array(a.shape[-1:], a.dtype)])
    return (mask, *m.pick([(a, other), (other, a)])), {}


def _reduce(m):
    a = m.array()
    kwargs = {"axis": m.axes(a), "keepdims": m.pick([True, False])}
    if m.pick([True, False, False]):
        kwargs["dtype"] = m.pick("fdD")
    if m.pick([True, False, False]):
        kwargs["initial"] = m.pick([0, 1.5, 3])
        kwargs["where"] = m.array(m.pick([a.shape, a.shape[1:], (1,) * a.ndim]), "?")
    return (m.pick(_UFUNCS), a), kwargs


def _accumulate(m):
    a = m.array()
    return (m.pick(_UFUNCS), a, m.axis(a)), m.pick([{}, {"dtype": m.pick("fdD")}])


def _scan(m):
    a = m.array()
    return (a, m.pick([None, m.axis(a)])), {"dtype": m.pick([None, None, "d", "D"])}


def _argument(m):
    a = m.array()
    return (a, m.pick([None, m.axis(a)])), {"keepdims": m.pick([True, False])}


def _matrices(m, *, vectors=True):
    inner, rows, columns = m.pick([1, 3, 20, 64]), m.pick([1, 2, 5, 33]), m.pick([1, 3, 4])
    dtype = _dtype(m)
    stacks = m.pick([((), ()), ((2,), (2,)), ((3, 2), (3, 2)), ((1, 2), (3, 1)), ((3, 2), ())])
    shapes = [(*stacks[0], rows, inner), (*stacks[1], inner, columns)]
    if vectors:
        shapes = [m.pick([shapes[0], (inner,)]), m.pick([shapes[1], (inner,)])]
    return [m.array(shape, dtype) for shape in shapes]


def _products(m):
    return tuple(_matrices(m)), {}


def _inner(m):
    a = m.array()
    return (a, m.array((*m.shape(0, 2), a.shape[-1]), a.dtype)), {}


def _vecdot(m):
    a = m.array(m.shape(2, 4))
    return (a, m.array(m.pick([a.shape, a.shape[-1:], (1, *a.shape[1:])]), a.dtype)), {}


def _matvec(m):
    a = m.array(m.shape(2, 4))
    return (a, m.array((*a.shape[:-2], a.shape[-1]), a.dtype)), {}


def _vecmat(m):
    a = m.array(m.shape(2, 4))
    return (m.array((*a.shape[:-2], a.shape[-2]), a.dtype), a), {}


def _einsum(m):
    subscripts, dtype = m.pick(_SUBSCRIPTS), _dtype(m)
    sizes = {label: m.pick([1, 2, 3, 9]) for label in "bijkl"}
    shapes = [[sizes[label] for label in part] for part in subscripts.split("->")[0].split(",")]
    return (subscripts, *[m.array(shape, dtype) for shape in shapes]), {}


def _linalg(name):
    ufunc = getattr(_umath_linalg, name)
    signature = ufunc.signature

    def call(m):
        types = m.pick([one for one in ufunc.types if one[0] in "dD"])
        stack = m.pick([(), (2,), (2, 4), (1, 4)])
        sizes = {"m": 3, "n": 3 if name == "solve" else 5}
        if "_n" in name or name.startswith("qr"):  # which are for tall matrices
            sizes = {"m": 5, "n": 3}
        arrays = []
        for group, char in zip(signature.split("->")[0].split("),"), types):
            core = tuple(sizes.get(one.strip(), 3) for one in group.strip("() ").split(","))
            # compiled routines may write out of bounds where numpy.linalg lets no NaN through
            arrays.append(np.nan_to_num(m.array(stack + core, char), posinf=1, neginf=1))
        return tuple(arrays), {"signature": types}

    return call


_METHODS = {
    "copy": _method(lambda m, a: m.pick(_ORDERS)),
    "__copy__": _method(),
    "__deepcopy__": _method(lambda m, a: {}),
    "astype": _method(lambda m, a: m.pick([_dtype(m), a.dtype, np.float64]),
                      lambda m, a: m.pick(_ORDERS)),
    "flatten": _method(lambda m, a: m.pick(_ORDERS)),
    "ravel": _method(lambda m, a: m.pick(_ORDERS)),
    "reshape": _reshape,
    "repeat": _method(lambda m, a: m.pick([1, 2, 3]), lambda m, a: m.pick([None, m.axis(a)])),
    "take": _take,
    "round": _method(lambda m, a: m.pick([0, 0, 1, 2, -1])),
    "conj": _method(),
    "conjugate": _method(),
    "cumsum": _scan,
    "cumprod": _scan,
    "argmax": _argument,
    "argmin": _argument,
    "trace": lambda m: ((m.array(m.shape(3, 4)), m.pick([0, 0, -1]), 0, 2), {}),
    "dot": _products,
}  # fmt: skip

CALLS = {
    "numpy.empty": _empty,
    "numpy.zeros": _empty,
    "numpy.empty_like": lambda m: ((m.array(), m.pick([None, "f4"]), m.pick(_ORDERS)), {}),
    "numpy.ndarray": lambda m: ((m.shape(), m.pick([float, "i2"])), {"order": m.pick("CF")}),
    "numpy.array": _array,
    "numpy.asarray": lambda m: (
        (m.array(), m.pick([None, _dtype(m)]), m.pick([None, "C", "F"])),
        {},
    ),
    "numpy.asanyarray": _contiguous,
    "numpy.ascontiguousarray": _contiguous,
    "numpy.asfortranarray": _contiguous,
    "numpy.arange": _arange,
    "numpy.concatenate": _concatenate,
    "numpy.where": _where,
    "numpy.ufunc.reduce": _reduce,
    "numpy.ufunc.accumulate": _accumulate,
    "numpy.ufunc.reduceat": lambda m: ((np.add, m.array((40,)), np.array([0, 9, 20, 3])), {}),
    "numpy.ufunc.outer": lambda m: (
        (m.pick([np.add, np.less, np.true_divide]), m.array(m.shape(1, 2)), m.array(m.shape(1, 2))),
        {},
    ),
    "numpy.dot": _products,
    "numpy.inner": _inner,
    "numpy.matmul": _products,
    "numpy.vecdot": _vecdot,
    "numpy.matvec": _matvec,
    "numpy.vecmat": _vecmat,
    "numpy._core.multiarray.c_einsum": _einsum,
    **{f"numpy.ndarray.{name}": call for name, call in _METHODS.items()},
}


def call_for(name):
    """The maker of calls for a row, or None."""
    if name.startswith("numpy.linalg._umath_linalg."):
        return _linalg(name.rpartition(".")[2])
    return CALLS.get(name)
