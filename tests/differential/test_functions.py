"""NumPy's functions that are Python code, and the compiled ones."""

from __future__ import annotations

import pytest

SHAPES = [
    (
        "np.stack([a, b]), np.stack([a, b], 1), np.stack([a, fo], axis=-1), np.stack((row, row)),"
        " np.stack([p, p]), np.stack([a], out=np.empty((1, 3, 4)))"
    ),
    "np.stack([a, row])",
    "np.stack([])",
    (
        "np.vstack([a, b]), np.hstack([a, b]), np.dstack([a, b]), np.column_stack([v, w]), "
        "np.vstack([row, a]), np.hstack([v, 1, 2])"
    ),
    (
        "np.concatenate([a, b]), np.concatenate((a, b), 1), np.concatenate([a, b], axis=None), "
        "np.concatenate([a, i]), np.concatenate([fo, fo], 1)"
    ),
    (
        "np.concatenate([a, f, u]), np.concatenate([a, b], dtype='f4', casting='same_kind'), "
        "np.concatenate([a, [[1, 2, 3, 4]]]), np.concatenate([e, a])"
    ),
    (
        "np.concatenate([dates, dates]), np.concatenate([text, text]), np.concatenate([obj, a]), "
        "np.concatenate([q, i]), np.concatenate([swapped, a])"
    ),
    "np.concatenate([a, row])",
    "np.concatenate([])",
    "np.concatenate([a, b], axis=3)",
    (
        "np.concatenate([a, b], out=np.empty((6, 4))), np.concat([a, b]), np.concatenate([gap, "
        "rev, bc]), np.concatenate([tr, fo], 0), np.concatenate([thin, thin], 1)"
    ),
    (
        "np.block([[a, b], [b, a]]), np.block([a, 1 * b]), np.block([[m, m2]]), np.append(a, b), "
        "np.append(a, b, 0), np.append(v, 3)"
    ),
    (
        "np.tile(a, 2), np.tile(a, (2, 3)), np.tile(row, (2, 1, 2)), np.tile(3, 4), np.tile(a, "
        "0), np.tile(a, ()), np.tile(fo, (1, 2)), np.tile(large, 2)"
    ),
    (
        "np.repeat(a, 2), np.repeat(a, 3, 0), np.repeat(a, [1, 2, 0], axis=0), np.repeat(3, 4), "
        "a.repeat(2, 1), fo.repeat(2), row.repeat([1, 0, 2, 3]), gap.repeat(2, 0)"
    ),
    (
        "np.pad(a, 1), np.pad(a, ((1, 2), (0, 3))), np.pad(a, 2, constant_values=7), np.pad(v, 3,"
        " 'edge'), np.pad(i, 1, 'constant')"
    ),
    (
        "np.pad(a, 1, 'reflect'), np.pad(a, 2, 'symmetric'), np.pad(v, 4, 'wrap'), np.pad(a, 1, "
        "'linear_ramp', end_values=3)"
    ),
    (
        "np.pad(a, 1, 'mean'), np.pad(a, 1, 'median'), np.pad(a, 2, 'maximum'), np.pad(a, 1, "
        "'minimum', stat_length=2), np.pad(fo, 1)"
    ),
    "np.pad(a, -1)",
    "np.pad(a, 1, 'nonsense')",
    "np.pad(v, 2, lambda x, w, axis, kw: x.__setitem__(slice(None, w[0]), 9))",
    (
        "np.roll(a, 1), np.roll(a, 2, 0), np.roll(a, (1, -1), (0, 1)), np.roll(v, 30), "
        "np.roll(fo, 1, 1), np.roll(large, 3, 0), np.roll(e, 1)"
    ),
    (
        "np.flip(a), np.flip(a, 0) + 1, np.fliplr(a), np.flipud(a), np.rot90(a), np.rot90(t, 2, "
        "(0, 2)), np.rot90(a, -1) * 2"
    ),
    (
        "np.split(v, 3), np.array_split(v, 5), np.hsplit(a, 2), np.vsplit(a, 3), [x + 1 for x in "
        "np.split(v, [2, 5])], np.unstack(a)"
    ),
    "np.split(v, 5)",
    (
        "np.insert(v, 2, 9), np.insert(a, 1, row, axis=0), np.insert(v, [1, 3], [7, 8]), "
        "np.delete(v, 3), np.delete(a, [0, 2], 1), np.delete(v, slice(1, 5))"
    ),
    (
        "np.resize(a, (5, 5)), np.resize(v, 3), np.trim_zeros(np.array([0, 0, 1, 2, 0])), "
        "np.resize(a, (0,)), np.ravel(np.broadcast_to(p, (2, 2)))"
    ),
    (
        "np.meshgrid(v, w), np.meshgrid(row, v, sparse=True), [x * 1 for x in np.meshgrid(row, v,"
        " indexing='ij', copy=False)], np.broadcast_to(row, (2, 4)) * 2"
    ),
    "np.broadcast_to(a, (2, 3, 5))",
    (
        "np.kron(a, b), np.kron(row, 2), np.kron(t, row), np.kron(i, i2), np.outer(v, w), "
        "np.outer(a, row), np.outer(2, row), np.outer(v, w, np.empty((12, 12)))"
    ),
    (
        "np.transpose(a) + 1, np.moveaxis(t, 0, 2) * 2, np.swapaxes(t, 0, 1) - t.swapaxes(0, 1), "
        "np.rollaxis(t, 2) ** 2, np.squeeze(one[None]) + 1"
    ),
    (
        "np.lib.stride_tricks.sliding_window_view(v, 3) * 2, "
        "np.lib.stride_tricks.sliding_window_view(a, (2, 2)).sum((2, 3))"
    ),
    (
        "np.lib.stride_tricks.as_strided(v, (4, 3), (8, 16)) + 1, np.diagonal(m) * 2, "
        "m.diagonal(1) + 1, np.diagonal(t, 0, 1, 2) + 1"
    ),
]  # fmt: skip

CALCULUS = [
    (
        "np.diff(v), np.diff(a), np.diff(a, axis=0), np.diff(v, 3), np.diff(a, prepend=0), "
        "np.diff(v, append=[1, 2]), np.diff(q), np.diff(dates), np.diff(u)"
    ),
    "np.diff(p)",
    (
        "np.ediff1d(v), np.ediff1d(v, to_end=9, to_begin=[1, 2]), np.gradient(v), np.gradient(a),"
        " np.gradient(a, 0.5, axis=1), np.gradient(v, sorted_v), np.gradient(f)"
    ),
    "np.gradient(a, 2.0, [1, 2, 4, 8]), np.gradient(v, edge_order=2), np.gradient(large)",
    "np.gradient(one)",
    (
        "np.trapezoid(v), np.trapezoid(a, dx=0.1), np.trapezoid(v, sorted_v), np.cross(a[:, :3], "
        "b[:, :3]), np.cross(a[:, :3], [1, 2, 3])"
    ),
    (
        "np.linalg.cross(a[:, :3], b[:, :3]), np.cross(i[:, :3], i2[:, :3], axis=1), "
        "np.cross(t[:, :, :3], b[:, :3])"
    ),
    "np.cross(v, w)",
    (
        "np.convolve(v, w), np.convolve(v, [1, 2, 3], 'same'), np.convolve(v, w, 'valid'), "
        "np.correlate(v, w), np.correlate(v, [1, 2], 'full'), np.convolve(iv, iv)"
    ),
    "np.convolve(v, [])",
    (
        "np.interp(v, sorted_v, w), np.interp(0.3, [0, 1], [5, 6]), np.interp(a, sorted_v, w, "
        "left=0, right=1), np.interp(v, [0, 1], [1, 2], period=2), np.interp(v, sorted_v, zv)"
    ),
    (
        "np.polyfit(v, w, 2), np.polyfit(v, w, 1, full=True), np.polyfit(v, w, 2, cov=True), "
        "np.polyfit(v, np.stack([v, w]).T, 1), np.polyfit(v, w, 1, w=abs(v))"
    ),
    (
        "np.polyval([1, 2, 3], v), np.polyval(row, a), np.polyadd(v, row), np.polysub(v, row), "
        "np.polymul(row, row), np.polydiv(v, row), np.polyder(v), np.polyint(row)"
    ),
    (
        "np.roots([1, -6, 11, -6]), np.poly([1, 2, 3]), np.poly1d([1, 2, 3])(v), (np.poly1d(row) "
        "* np.poly1d([1, 2])).coeffs, np.poly1d([1, 2]).integ().c"
    ),
    (
        "np.polynomial.polynomial.polyval(v, row), np.polynomial.chebyshev.chebval(v, row), "
        "np.polynomial.Polynomial([1, 2, 3])(v), np.polynomial.Polynomial.fit(v, w, 2).coef"
    ),
    (
        "np.polynomial.legendre.leggauss(4), np.polynomial.hermite.hermfit(v, w, 2), "
        "np.polynomial.polynomial.polyroots([6, -5, 1]), np.polynomial.Chebyshev([1, 2, "
        "3]).deriv().coef"
    ),
    (
        "np.cov(a), np.cov(a, rowvar=False), np.cov(v, w), np.cov(a, ddof=0), np.cov(z), "
        "np.cov(a, fweights=[1, 2, 3, 4]), np.cov(a, aweights=abs(row)), np.cov(f)"
    ),
    "np.corrcoef(a), np.corrcoef(v, w), np.corrcoef(a, rowvar=False), np.corrcoef(z)",
    (
        "np.histogram(v), np.histogram(v, 5, (-1, 1)), np.histogram(v, [-3, 0, 3], density=True),"
        " np.histogram(iv, weights=v), np.histogram(a, 'auto')"
    ),
    (
        "np.histogram2d(v, w, 3), np.histogramdd(a, 2), np.histogram_bin_edges(v, 'fd'), "
        "np.digitize(v, [-1, 0, 1]), np.digitize(v, [1, 0], right=True)"
    ),
    "np.histogram(v, -1)",
    (
        "np.bincount(uv), np.bincount(uv, v), np.bincount(uv, minlength=30), "
        "np.searchsorted(sorted_v, w), np.searchsorted(sorted_v, 0.5, 'right'), "
        "sorted_v.searchsorted(a)"
    ),
    "np.bincount(iv)",
]  # fmt: skip

LINEAR_ALGEBRA = [
    (
        "np.dot(a, b.T), np.dot(v, w), np.dot(a, row), np.dot(2, a), np.dot(i, i2.T), np.dot(a, "
        "i.T), np.dot(t, m), np.dot(m, stack), np.dot(fo, gap.T), np.dot(q, q2.T)"
    ),
    "np.dot(a, b)",
    (
        "a.dot(b.T), a.dot(row), row.dot(row), a.dot(2), f.dot(f.T), z.dot(z.T), h.dot(h.T), "
        "m.dot(m2, np.empty((4, 4))), rev.dot(rev.T), odd.dot(odd.T)"
    ),
    (
        "np.inner(a, b), np.inner(v, w), np.inner(a, row), np.inner(t, row), np.inner(2, a), "
        "np.inner(i, u), np.vdot(a, b), np.vdot(z, z), np.inner(fo, tr)"
    ),
    (
        "np.tensordot(a, b.T, 1), np.tensordot(t, t, ([1, 2], [1, 2])), np.tensordot(a, b, 0), "
        "np.tensordot(a, b, 2), np.tensordot(i, i2.T, (1, 0)), np.tensordot(t, m, (2, 0))"
    ),
    "np.tensordot(a, b, 1)",
    (
        "np.einsum('ij,kj->ik', a, b), np.einsum('ij,ij->', a, b), np.einsum('ii->i', m), "
        "np.einsum('ii', m), np.einsum('ij->ji', a) + 1, np.einsum('i,j', v, w)"
    ),
    (
        "np.einsum('ij,jk,kl->il', a, m, m2), np.einsum('ij,jk,kl->il', a, m, m2, optimize=True),"
        " np.einsum('ij,jk,kl', a, m, m2, optimize='optimal')"
    ),
    (
        "np.einsum('...ij,...jk->...ik', stack, m), np.einsum('ijk->ki', t), np.einsum('ij->j', "
        "a), np.einsum('ij,j->i', a, row), np.einsum('ij,ij->ij', a, i)"
    ),
    (
        "np.einsum('ij,kj->ik', a, b, dtype=complex), np.einsum('ij,j', f, row), "
        "np.einsum('ij,jk->ik', fo, fo.T), np.einsum('ij,jk->ik', gap, rev.T), np.einsum(a, [0, "
        "1], b, [2, 1])"
    ),
    (
        "np.einsum('ij,jk->ik', a, m, out=np.empty((3, 4))), np.einsum('bij,bjk->bik', stack, "
        "stack), np.einsum('bij->b', stack), np.einsum('ij,kl->ijkl', a, b), "
        "np.einsum('ijk,k->ji', t, row)"
    ),
    (
        "np.einsum('ij,jk->ik', i, i2.T), np.einsum('ij,ij->i', z, z), np.einsum('ij,ij->i', q, "
        "q2), np.einsum('ij,ij->j', u, u), np.einsum('ab,ab->b', h, h), "
        "np.einsum_path('ij,jk,kl', a, m, m2)"
    ),
    "np.einsum('ij,jk', a, b)",
    "np.einsum('i->', a)",
    (
        "np.linalg.inv(m), np.linalg.inv(stack), np.linalg.inv(f[:, :3]), np.linalg.pinv(a), "
        "np.linalg.det(m), np.linalg.det(stack), np.linalg.slogdet(m), np.linalg.slogdet(stack)"
    ),
    "np.linalg.inv(np.zeros((2, 2)))",
    "np.linalg.inv(a)",
    (
        "np.linalg.solve(m, row), np.linalg.solve(m, m2), np.linalg.solve(stack, m), "
        "np.linalg.solve(m, i[:, :1].repeat(2, 1)[[0, 1, 2, 0]]), np.linalg.solve(stack, row[:, "
        "None])"
    ),
    "np.linalg.solve(m, v)",
    "np.linalg.solve(np.ones((2, 2)), np.ones(2))",
    (
        "np.linalg.svd(a), np.linalg.svd(a, full_matrices=False), np.linalg.svd(m, "
        "compute_uv=False), np.linalg.svd(spd, hermitian=True), np.linalg.svdvals(a)"
    ),
    (
        "np.linalg.eigh(spd), np.linalg.eigvalsh(spd), np.linalg.eigh(spd, 'U'), "
        "np.linalg.eig(m), np.linalg.eigvals(m), np.linalg.eig(spd), np.linalg.eigh(stack @ "
        "stack.mT)"
    ),
    (
        "np.linalg.cholesky(spd), np.linalg.qr(a), np.linalg.qr(a, 'r'), np.linalg.qr(m, "
        "'complete'), np.linalg.qr(stack), np.linalg.lstsq(a.T, row, rcond=None), "
        "np.linalg.lstsq(m, m2)"
    ),
    "np.linalg.cholesky(-spd)",
    (
        "np.linalg.matrix_power(m, 3), np.linalg.matrix_power(m, -2), np.linalg.matrix_power(m, "
        "0), np.linalg.matrix_power(m, 8), np.linalg.multi_dot([a, m, m2]), "
        "np.linalg.multi_dot([row, m, row])"
    ),
    (
        "np.linalg.tensorsolve(np.eye(6).reshape(2, 3, 6), np.ones((2, 3))), "
        "np.linalg.tensorinv(np.eye(4).reshape(2, 2, 4), 2), np.linalg.matrix_transpose(t), "
        "np.linalg.diagonal(stack), np.linalg.trace(stack)"
    ),
    (
        "np.linalg.outer(v, w), np.linalg.matmul(m, m2), np.linalg.cond(m, 1), "
        "np.linalg.matrix_rank(np.ones((3, 3)))"
    ),
    (
        "m @ np.linalg.inv(m) - np.eye(4), np.linalg.solve(spd, np.eye(4)) @ spd, (m.T @ m) / "
        "np.trace(m)"
    ),
]  # fmt: skip

SEARCHING = [
    (
        "np.sort(a), np.sort(a, 0), np.sort(v, kind='stable'), np.sort(fo, None), np.sort(u), "
        "np.sort(text), np.sort(rec, order='n'), np.sort(dates), np.sort(holes), np.sort(z)"
    ),
    (
        "np.argsort(a), np.argsort(v, kind='mergesort'), a.argsort(0), np.lexsort((v, w)), "
        "np.partition(v, 4), np.argpartition(v, 4), np.sort_complex(v), v.argpartition(2)"
    ),
    (
        "np.unique(iv), np.unique(i, return_index=True, return_inverse=True, return_counts=True),"
        " np.unique(a), np.unique(i, axis=0), np.unique(text), np.unique_values(iv), "
        "np.unique_counts(u)"
    ),
    (
        "np.intersect1d(iv, i), np.union1d(iv, u), np.setdiff1d(iv, u), np.setxor1d(iv, [1, 2]), "
        "np.isin(i, [1, 2, 3]), np.isin(a, b, invert=True), np.isin(iv, uv, kind='table')"
    ),
    (
        "np.where(a > 0), np.where(a > 0, a, b), np.where(q, 1, 2.5), np.where(q, a, 0), "
        "np.where(qrow, a, row), np.where(i, 1, 0), np.where(q, i, a), np.where(q, u, 300), "
        "np.where(p > 1, a, b)"
    ),
    (
        "np.where(q, fo, tr), np.where(q, gap, rev), np.where(q, 'a', 'bc'), np.where(q, None, "
        "a), np.where(q, f, 1e300) if 0 else 1, np.where(q, f, 0.1), np.where(q, h, "
        "np.float32(1)), np.where(e > 0, e, 1)"
    ),
    (
        "np.where(q, z, a), np.where(q, dates, dates[0, 0]), np.where(q, True, False), "
        "np.where(q, 1j, 2), np.where(q[:, :1], a, col), np.where(q, np.uint8(1), 2), "
        "np.where([True, False], 1, 2)"
    ),
    "np.where(q, a, v)",
    "np.where(q, a)",
    (
        "np.nonzero(a > 0), (a > 0).nonzero(), np.argwhere(i > 1), np.flatnonzero(q), "
        "np.searchsorted([1, 2, 3], v), np.extract(a > 0, a), np.compress([True, False, True], a,"
        " 0), a.compress([0, 1, 1], 0)"
    ),
    (
        "np.select([a > 1, a < -1], [a, -a], 0), np.piecewise(v, [v < 0, v >= 0], [lambda x: -x, "
        "lambda x: x * 2]), np.choose(i % 3, [a, b, 0]), np.choose([0, 1, 2, 1], a), "
        "np.select([q, q2], [i, a])"
    ),
    (
        "np.take(a, idx), np.take(a, [0, 2], 1), a.take(idx2), a.take([[0, 5]], mode='wrap'), "
        "a.take(20, mode='clip'), np.take(v, idx, out=np.empty(5)) if 0 else 1, np.take(fo, idx, "
        "0), np.take(a, 3)"
    ),
    "np.take(a, [99])",
    (
        "np.take_along_axis(a, np.argsort(a, 1), 1), np.put_along_axis(a, np.argmax(a, 1, "
        "keepdims=True), 99, 1), a, np.place(v, v > 0, [1, 2]), v, np.put(w, [0, 1], 5), w, "
        "np.putmask(i, i > 2, 0), i"
    ),
    "np.fill_diagonal(m, 0); np.copyto(a, 1, where=q); m, a",
    (
        "np.unravel_index([3, 7], (3, 4)), np.ravel_multi_index(([0, 1], [2, 3]), (3, 4)), "
        "np.packbits(q), np.unpackbits(u, axis=1), np.nditer(a).shape, [x + 0 for x in "
        "np.nditer(a)], list(np.ndenumerate(row)), list(np.ndindex(2, 2))"
    ),
    (
        "np.allclose(a, a), np.array_equal(a, b), np.array_equiv(a, a[None]), np.array_equal(n, "
        "n, equal_nan=True), np.isclose(a, a + 1e-9), np.shares_memory(a, a.T), "
        "np.may_share_memory(a + 1, a)"
    ),
    (
        "np.iscomplexobj(z), np.isreal(z), np.iscomplex(z), np.isrealobj(a), np.result_type(a, "
        "f), np.can_cast(int, float), np.promote_types('i4', 'f4'), np.common_type(a, f), "
        "np.min_scalar_type(300), np.ndim(a), np.size(a, 1)"
    ),
]  # fmt: skip

OTHERS = [
    (
        "np.apply_along_axis(lambda x: x * 2 + 1, 0, a), np.apply_along_axis(np.sum, 1, a), "
        "np.apply_along_axis(lambda x: np.outer(x, x), 1, a), np.apply_over_axes(np.sum, t, [0, "
        "2])"
    ),
    (
        "np.vectorize(lambda x, y: x + y)(a, 2), np.vectorize(lambda x: (x, x * 2))(v), "
        "np.vectorize(lambda x: x.sum(), signature='(n)->()')(a), np.vectorize(lambda x: int(x), "
        "otypes=['i4'])(a)"
    ),
    (
        "np.fft.fft(v), np.fft.ifft(zv), np.fft.rfft(v), np.fft.irfft(zv), np.fft.fft2(a), "
        "np.fft.fftn(t), np.fft.fft(a, 8, 0), np.fft.fftshift(v), np.fft.fftfreq(8, 0.5), "
        "np.fft.hfft(zv), np.fft.fft(f), np.fft.rfft2(a)"
    ),
    (
        "np.fft.ifft(np.fft.fft(v)).real - v, abs(np.fft.rfft(v * np.hanning(12))) ** 2, "
        "np.fft.ifftshift(a), np.fft.rfftfreq(9), np.fft.fft(v, norm='ortho'), np.fft.fft(i), "
        "np.fft.fft(h)"
    ),
    "np.fft.fft(ev)",
    (
        "np.array2string(a + b, precision=2), str(a * 2), repr(a @ a.T), f'{(a + b).sum():.3f}', "
        "np.array_repr(row * 2), format(k + 1, '.2f'), str(p + 1)"
    ),
    (
        "np.iinfo(np.int8).max + i1, np.finfo(float).eps * a, np.pi * a, np.e ** row, np.inf * 0 "
        "if 0 else 1, np.newaxis is None"
    ),
    (
        "np.lib.scimath.sqrt(a), np.emath.log(a), np.lib.stride_tricks.broadcast_shapes((3, 1), "
        "(4,)) if 0 else 1, np.nan_to_num(holes, nan=1.0), np.real_if_close(z)"
    ),
    (
        "np.busday_count('2020-01-01', '2020-02-01'), np.is_busday(dates), "
        "np.busday_offset(dates, 1, roll='forward'), np.datetime_as_string(dates), "
        "np.datetime64('2020') + spans"
    ),
    (
        "np.char.upper(text), np.strings.add(text, 'x'), np.strings.find(text, '1'), "
        "np.strings.replace(text, '1', 'ab'), np.char.multiply(octets, 2), "
        "np.strings.isdigit(text), np.char.split(text)[0]"
    ),
    (
        "np.errstate(all='ignore').__class__, np.ascontiguousarray(a.T) @ a, np.require(fo, "
        "requirements='C') + 1, np.isfortran(fo), np.base_repr(10, 2), np.binary_repr(5, width=8)"
    ),
    "import io; np.savetxt(s := io.StringIO(), a + 1); np.loadtxt(io.StringIO(s.getvalue())) * 2",
    "import io; np.save(s := io.BytesIO(), a + b); s.seek(0); np.load(s) - a",
    (
        "import pickle; pickle.loads(pickle.dumps(a + b)), pickle.loads(pickle.dumps((a + b).T, "
        "5)), pickle.loads(pickle.dumps([a * 2, (a * 2)[0]]))"
    ),
    (
        "import math; math.fsum(a[0] * 2), math.sqrt((v * v).sum()), sum(v * w), list(a[0] + 1), "
        "sorted(v + w), max(v * 2), len(a + b), bool((a == a).all()), float(one * 2 if 0 else p *"
        " 2), int(p * 2), complex(p + 1)"
    ),
    (
        "import functools; functools.reduce(lambda x, y: x @ y, [m, m2, m]), "
        "functools.reduce(np.add, [a, b, a]), list(map(np.sum, [a, b])), list(map(lambda x: x * "
        "2, a)), list(filter(lambda x: (x + 1 > 0).all(), a))"
    ),
    (
        "import itertools; [x * y for x, y in itertools.product(a, b)], "
        "list(itertools.accumulate(a, np.add)), dict(zip('xyz', a * 2)), {k: x + 1 for k, x in "
        "enumerate(a)}, [*(a + 1)], [*map(abs, a)]"
    ),
    (
        "np.array(list(map(lambda x: x ** 2, v))), np.array([x * 2 for x in a]), "
        "np.array([np.array([1, 2]) + n for n in range(3)]), np.asarray([a + 1, b + 1]), "
        "np.stack([x * 2 for x in a]), np.sum([x * x for x in a], axis=0)"
    ),
    (
        "from fractions import Fraction; np.array([Fraction(1, 3), Fraction(1, 2)]) * 2, "
        "np.array([Fraction(1, 3)]) + np.array([1])"
    ),
    (
        "from decimal import Decimal; np.array([Decimal('1.1'), Decimal(2)]) + Decimal(3), "
        "np.array([Decimal(1)]) * 2"
    ),
]  # fmt: skip


@pytest.mark.parametrize("case", SHAPES)
def test_shapes(same, case):
    same.text(case)


@pytest.mark.parametrize("case", CALCULUS)
def test_calculus_and_statistics(same, case):
    same.text(case)


@pytest.mark.parametrize("case", LINEAR_ALGEBRA)
def test_linear_algebra(same, case):
    same.text(case)


@pytest.mark.parametrize("case", SEARCHING)
def test_sorting_and_searching(same, case):
    same.text(case)


@pytest.mark.parametrize("case", OTHERS)
def test_others(same, case):
    same.text(case)
