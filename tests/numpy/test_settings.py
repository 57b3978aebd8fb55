"""NumPy's functions with their settings: each call inside a trace gives NumPy's value, and the derivative that small steps measure."""

import numpy as np
import pytest

import backlight as bl
import backlight.numpy as bnp
from backlight.errors import GraphError, InputError, ShapeError, ValueError

R = np.random.default_rng(0)
A = R.normal(size=(3, 4))
B = R.normal(size=(4, 2))
S = R.normal(size=(3, 3))
P = S @ S.T + np.eye(3)
V = R.normal(size=5)
C = R.normal(size=(2, 3, 4))

CALLS = [
    (lambda x: np.sum(x, axis=(0, 1)), A), (lambda x: np.sum(x, 1, keepdims=True), A), (lambda x: np.sum(x, where=x > 0), A),
    (lambda x: np.sum(x, initial=2.0), A), (lambda x: np.prod(x, axis=-1), A), (lambda x: np.mean(x, axis=(0, 2)), C),
    (lambda x: np.mean(x, where=x > 0), A), (lambda x: np.std(x, axis=1, ddof=1), A), (lambda x: np.var(x, axis=0, keepdims=True), A),
    (lambda x: np.std(x, correction=1), A), (lambda x: np.max(x, axis=1, initial=0.1), A), (lambda x: np.min(x, where=x > 0, initial=9.0), A),
    (lambda x: np.amax(x, axis=(0, 1), keepdims=True), C), (lambda x: np.ptp(x, axis=0), A), (lambda x: np.average(x, axis=0, weights=[1.0, 2.0, 3.0]), A),
    (lambda x: np.average(A, weights=np.abs(x)), A), (lambda x: np.median(x, axis=1), A), (lambda x: np.percentile(x, 30.0), V),
    (lambda x: np.percentile(x, [10.0, 50.0], axis=0), A), (lambda x: np.quantile(x, 0.4, method="midpoint"), V),
    (lambda x: np.quantile(x, [0.2, 0.7], axis=(0, 1), keepdims=True), A), (lambda x: np.nanmean(np.where(x > 0, x, np.nan)), A),
    (lambda x: np.nanstd(np.where(x > -1, x, np.nan), axis=1), A), (lambda x: np.nanmax(np.where(x > 0, x, np.nan)), A),
    (lambda x: np.nanmedian(np.where(x > -1, x, np.nan)), A), (lambda x: np.nansum(np.where(x > 0, x, np.nan), axis=0), A),
    (lambda x: np.nanquantile(np.where(x > -2, x, np.nan), 0.3, axis=1), A),
    (lambda x: np.cumsum(x), A), (lambda x: np.cumsum(x, axis=0), A), (lambda x: np.cumprod(x, axis=1), A),
    (lambda x: np.cumulative_sum(x, axis=1, include_initial=True), A), (lambda x: np.diff(x, n=2), A), (lambda x: np.diff(x, axis=0, prepend=0.0), A),
    (lambda x: np.gradient(x), V), (lambda x: np.gradient(x, 0.3, axis=1), A), (lambda x: np.stack(np.gradient(x)), A),
    (lambda x: np.gradient(x, np.array([0.0, 1.0, 1.5, 3.0, 4.0])), V), (lambda x: np.trapezoid(x, dx=0.5), A), (lambda x: np.trapezoid(x, [0.0, 1.0, 3.0], axis=0), A),
    (lambda x: np.trapezoid(np.sin(x), np.sort(x)), V), (lambda x: np.interp(0.7, [0.0, 1.0, 2.0], x[:3]), V),
    (lambda x: np.interp(x, [-2.0, 0.0, 2.0], [1.0, 3.0, 2.0]), V), (lambda x: np.interp(np.sort(x), np.sort(x) * 1.1, x), V),
    (lambda x: np.convolve(x, [1.0, 2.0, 0.5], mode="valid"), V), (lambda x: np.correlate(x, x[:2], mode="full"), V),
    (lambda x: np.cov(x), A), (lambda x: np.cov(x, rowvar=False, bias=True), A), (lambda x: np.corrcoef(x), A),
    (lambda x: np.reshape(x, (2, -1), order="F"), A), (lambda x: np.ravel(x, order="F"), A), (lambda x: np.transpose(x, (2, 0, 1)), C),
    (lambda x: np.transpose(x), C), (lambda x: np.moveaxis(x, [0, 1], [-1, -2]), C), (lambda x: np.rollaxis(x, 2), C), (lambda x: np.expand_dims(x, (0, 2)), A),
    (lambda x: np.squeeze(x[None, :, None], axis=(0, 2)), A), (lambda x: np.rot90(x, 3, (0, 1)), A), (lambda x: np.roll(x, (1, -2), axis=(0, 1)), A),
    (lambda x: np.roll(x, 5), A), (lambda x: np.flip(x, (0, 1)), A), (lambda x: np.fliplr(np.flipud(x)), A), (lambda x: np.tile(x, (2, 1, 2)), A),
    (lambda x: np.repeat(x, [1, 0, 2], axis=0), A), (lambda x: np.repeat(x, 2), A), (lambda x: np.pad(x, ((1, 0), (0, 2))), A),
    (lambda x: np.pad(x, 2, mode="reflect"), V), (lambda x: np.pad(x, ((1, 1), (2, 0)), mode="edge"), A), (lambda x: np.pad(x, 1, mode="symmetric"), V),
    (lambda x: np.pad(x, {-1: (1, 2)}, mode="wrap"), A), (lambda x: np.concatenate([x, 2 * x], axis=None), A), (lambda x: np.vstack([x, x[0]]), A),
    (lambda x: np.hstack((x[:, :1], x)), A), (lambda x: np.dstack([x, x]), A), (lambda x: np.column_stack([x[:, 0], x]), A), (lambda x: np.stack([x, x * 2], axis=-1), A),
    (lambda x: np.block([[x, x[:, :1]], [x[:1], np.ones((1, 1))]]), A), (lambda x: np.split(x, [1, 3], axis=1)[1], A), (lambda x: np.array_split(x, 3)[0], V),
    (lambda x: np.hsplit(x, 2)[1], A), (lambda x: np.append(x, [9.0]), V), (lambda x: np.insert(x, 1, 9.0), V), (lambda x: np.insert(x, [0, 2], x[:2]), V),
    (lambda x: np.delete(x, [0, 2], axis=1), A), (lambda x: np.resize(x, (2, 3)), V), (lambda x: np.diag(x, 1), V), (lambda x: np.diag(x, -1), A),
    (lambda x: np.diagonal(x, 1), A), (lambda x: np.diagonal(x, axis1=1, axis2=2), C), (lambda x: np.trace(x, offset=1), A), (lambda x: np.tril(x, -1), C),
    (lambda x: np.triu(x, 1), A), (lambda x: np.diagflat(x), A), (lambda x: np.take(x, [[0, 1], [3, -1]], axis=1), A), (lambda x: np.take(x, 7, mode="wrap"), V),
    (lambda x: np.take_along_axis(x, np.argsort(x, axis=1), axis=1), A), (lambda x: np.sort(x, axis=0), A), (lambda x: np.sort(x, axis=None), A),
    (lambda x: np.partition(x, 2), V), (lambda x: np.compress([True, False, True], x, axis=0), A), (lambda x: np.extract(x > 0, x), A), (lambda x: x[x > 0], A),
    (lambda x: x[np.nonzero(x > 0)], A), (lambda x: np.where(x > 0, x, 0.1 * x), A), (lambda x: np.select([x > 1, x > 0], [x, x**2], default=-x), A),
    (lambda x: np.choose(np.array([0, 1, 1]), [x[0, :3], x[1, :3]]), A), (lambda x: np.piecewise(x, [x < 0, x >= 0], [lambda t: -t, lambda t: t**2]), V),
    (lambda x: np.clip(x, -0.5, None), A), (lambda x: np.clip(x, x.min() / 2, 0.5), A), (lambda x: np.nan_to_num(x), A), (lambda x: np.maximum(x, 0.3), A),
    (lambda x: np.fmax(x, np.nan), A), (lambda x: np.heaviside(x, 0.5) * x, A), (lambda x: np.hypot(x, 2.0), A), (lambda x: np.arctan2(x, x[::-1]), V),
    (lambda x: np.logaddexp(x, 1.0), A), (lambda x: np.logaddexp2(x, 1.0), A), (lambda x: np.copysign(x, -1.0), A), (lambda x: np.mod(x, 0.7), A),
    (lambda x: np.fmod(x, 0.7), A), (lambda x: np.divmod(x, 0.7)[1], A), (lambda x: np.modf(x)[0], A), (lambda x: np.sinc(x), A), (lambda x: np.i0(x), V),
    (lambda x: np.power(np.abs(x), 1.5), A), (lambda x: np.float_power(np.abs(x), x), A), (lambda x: 2.0**x, A), (lambda x: np.square(x) ** 0.5, A),
    (lambda x: np.dot(x, B), A), (lambda x: np.dot(B[:, 0], x.T), A), (lambda x: np.inner(x, A), A), (lambda x: np.outer(x, [1.0, 2.0]), V), (lambda x: np.vdot(x, A), A),
    (lambda x: np.tensordot(x, A, axes=([1], [1])), A), (lambda x: np.tensordot(C, x, axes=2), A.T[:3, :3].repeat(2, 1)[:, :4].repeat(1, 0)),
    (lambda x: np.kron(x, [[1.0, 2.0]]), A), (lambda x: np.cross(x[:, :3], [1.0, 2.0, 3.0]), A),
    (lambda x: np.einsum("ij,jk->ik", x, B), A), (lambda x: np.einsum("ij->j", x), A), (lambda x: np.einsum("ii", x), S), (lambda x: np.einsum("...i,...i", x, x), C),
    (lambda x: np.einsum(x, [0, 1], B, [1, 2], [0, 2]), A), (lambda x: np.matmul(C, x), B), (lambda x: np.vecdot(x, A), A), (lambda x: np.matvec(A, x), V[:4]),
    (lambda x: np.linalg.norm(x), A), (lambda x: np.linalg.norm(x, axis=1), A), (lambda x: np.linalg.norm(x, ord=1), V), (lambda x: np.linalg.norm(x, ord=np.inf), A),
    (lambda x: np.linalg.norm(x, ord=3, axis=0), A), (lambda x: np.linalg.norm(x, "nuc"), A), (lambda x: np.linalg.norm(x, 2), A), (lambda x: np.linalg.norm(x, axis=(1, 2)), C),
    (lambda x: np.linalg.inv(x), P), (lambda x: np.linalg.solve(x, V[:3]), P), (lambda x: np.linalg.solve(P, x), A), (lambda x: np.linalg.det(x), P),
    (lambda x: np.linalg.slogdet(x)[1], P), (lambda x: np.linalg.slogdet(x).logabsdet, P), (lambda x: np.linalg.cholesky(x @ x.T + np.eye(3)), S),
    (lambda x: np.linalg.eigvalsh(x + x.T), S), (lambda x: np.linalg.eigh(x).eigenvalues, P), (lambda x: np.linalg.svd(x, compute_uv=False), A),
    (lambda x: np.linalg.svd(x, full_matrices=False)[1], A), (lambda x: np.linalg.qr(x)[1], S), (lambda x: np.linalg.pinv(x), A), (lambda x: np.linalg.matrix_power(x, 3), P),
    (lambda x: np.linalg.matrix_power(x, -2), P), (lambda x: np.linalg.multi_dot([A, x, B.T]), B), (lambda x: np.linalg.lstsq(A.T, x, rcond=None)[0], V[:4]),
    (lambda x: np.linalg.cond(x), P), (lambda x: np.abs(np.fft.fft(x)), V), (lambda x: np.fft.irfft(np.fft.rfft(x)[:2], 5), V), (lambda x: np.real(np.fft.ifft2(np.fft.fft2(x) * 2)), A),
    (lambda x: np.fft.fftshift(x), V), (lambda x: np.abs(np.fft.fft(x, n=8, norm="ortho")), V), (lambda x: np.abs(np.fft.rfftn(x)), A), (lambda x: np.fft.hfft(x), V),
    (lambda x: np.polyval(x, 0.7), V), (lambda x: np.polyval([1.0, 2.0, 3.0], x), V), (lambda x: np.polymul(x, [1.0, 2.0]), V), (lambda x: np.polyder(x), V),
    (lambda x: np.polyint(x), V), (lambda x: np.vander(x, 3), V), (lambda x: np.linspace(x[0], x[1], 5), V), (lambda x: np.geomspace(1.0, np.abs(x[0]), 4), V),
    (lambda x: np.logspace(x[0], 1.0, 3, base=2.0), V), (lambda x: np.meshgrid(x, [1.0, 2.0])[0], V), (lambda x: np.meshgrid(x, x, indexing="ij", sparse=True)[1], V),
    (lambda x: np.apply_along_axis(lambda r: r * r.sum(), 1, x), A), (lambda x: np.unwrap(3 * x), V), (lambda x: np.bincount([0, 1, 1, 0, 2], weights=x), V),
    (lambda x: np.full_like(x, x[0]), V), (lambda x: np.full((2, 2), np.sum(x)), V), (lambda x: np.ediff1d(x, to_end=[1.0]), V), (lambda x: np.unique(x), V),
    (lambda x: np.polyfit([0.0, 1.0, 2.0, 3.0, 4.5], x, 2), V), (lambda x: np.polyfit(np.sort(x), V**2, 1, w=np.abs(x)), V), (lambda x: np.abs(np.roots(x)), V),
    (lambda x: np.poly(x), V), (lambda x: np.poly(x), P), (lambda x: np.linalg.tensorinv(x.reshape(3, 3, 1), ind=1), P), (lambda x: np.linalg.tensorsolve(x, V[:3]), P),
    (lambda x: np.lib.stride_tricks.sliding_window_view(x, 3).sum(axis=0), V), (lambda x: np.stack(list(np.vectorize(lambda t: t * t)(np.asarray(x)))), V),
    (lambda x: np.add.reduce(x, axis=1), A), (lambda x: np.multiply.outer(x, x), V), (lambda x: np.add.accumulate(x), V), (lambda x: np.maximum.reduce(x), V),
    (lambda x: np.angle(x + 1j), V), (lambda x: np.real(np.exp(1j * x)), V), (lambda x: np.abs(x + 2j), V), (lambda x: np.imag(np.conj(x * (1 + 2j))), V),
    (lambda x: np.deg2rad(x), V), (lambda x: np.round(x * 10) / 10 + x, V), (lambda x: np.trunc(x) + np.floor(x) * x, V), (lambda x: np.nextafter(x, 9.0), V),
    (lambda x: np.dot(B[:, 0] * np.ones((3, 4)), C.transpose(0, 2, 1) * x[0]), V), (lambda x: np.dot(x, C.transpose(0, 2, 1)), C), (lambda x: np.reshape(x, (6, 2), "F"), A),
    (lambda x: np.pad(x, (1, 2), constant_values=(3.0, x[0])), V), (lambda x: np.pad(x, 2, mode="reflect", reflect_type="odd"), V),
    (lambda x: np.pad(x, ((2, 1), (7, 9)), mode="reflect", reflect_type="odd"), A), (lambda x: np.pad(x, ((2, 1), (7, 9)), mode="symmetric", reflect_type="odd"), A),
    (lambda x: np.pad(x[:, :1], 2, mode="reflect", reflect_type="odd"), A), (lambda x: np.pad(x, (2, 3), mode="linear_ramp", end_values=((1.0, x[0, 0]), (3.0, -2.0))), A),
    (lambda x: np.pad(x, 2, mode="linear_ramp"), V), (lambda x: np.pad(x, 2, mode="maximum", stat_length=2), A), (lambda x: np.pad(x, ((1, 0), (0, 2)), mode="mean"), A),
    (lambda x: np.pad(x, 2, mode="mean", stat_length=((1, 2), (2, 3))), A), (lambda x: np.pad(x, 2, mode="median"), A), (lambda x: np.pad(x, (0, 3), mode="minimum"), A),
    (lambda x: np.trim_zeros(np.append([0.0, 0.0], x)), V), (lambda x: np.trim_zeros(np.pad(x, 2), "f"), A), (lambda x: np.trim_zeros(np.pad(x, 2), "B", axis=1), A),
    (lambda x: np.trim_zeros(0.0 * x), V), (lambda x: np.kaiser(5, np.abs(x[0])), V), (lambda x: np.kaiser(1, x[0]) * x, V), (lambda x: np.gradient(x, edge_order=2), V),
    (lambda x: np.gradient(x, np.array([0.0, 1.0, 1.5, 3.0, 4.0]), edge_order=2), V), (lambda x: np.gradient(x, 0.3, axis=0, edge_order=2), A),
    (lambda x: np.std(x, where=x > -2), A), (lambda x: np.var(x, axis=1, mean=np.mean(x, axis=1, keepdims=True), ddof=1), A), (lambda x: np.var(x, mean=0.5), A),
    (lambda x: np.quantile(x, [0.2, 0.7], method="hazen"), V), (lambda x: np.quantile(x, 0.3, axis=1, method="averaged_inverted_cdf"), A),
    (lambda x: np.quantile(x, 0.45, method="median_unbiased"), A), (lambda x: np.percentile(x, 45, method="inverted_cdf"), A), (lambda x: np.cov(x, fweights=[1, 2, 1, 3]), A),
    (lambda x: np.cov(x, aweights=np.abs(x[0])), A), (lambda x: np.cov(x, fweights=[1, 2, 1, 3], aweights=[0.5, 1.0, 2.0, 1.0], ddof=0), A),
    (lambda x: np.choose([0, 3, -1, 1, 1], [x, x**2], mode="clip"), V), (lambda x: np.choose([0, 3, -1, 1, 1], [x, x**2], mode="wrap"), V),
    (lambda x: np.polydiv(x, [1.0, 0.5])[0], V), (lambda x: np.polydiv(x, x[:2])[1], V), (lambda x: np.abs(np.sort_complex(x + 1j * x[::-1])), V), (lambda x: np.abs(np.sort(x * 1j + 2.0)), V),
    (lambda x: np.abs(np.max(x * 1j, axis=(0, 1))), C), (lambda x: np.abs(np.min(x + 1j * x[::-1], axis=1, keepdims=True)), A),
    (lambda x: np.apply_over_axes(np.sum, x, [0, 2]), C), (lambda x: np.linalg.svd(x)[1], A), (lambda x: np.abs(np.linalg.svd(x)[0]), A), (lambda x: np.abs(np.linalg.svd(x.T).Vh), A),
    (lambda x: np.linalg.svd(x)[2][3:].T @ np.linalg.svd(x)[2][3:], A), (lambda x: np.linalg.pinv(x, hermitian=True), P), (lambda x: np.logaddexp.reduce(x, axis=1), A),
    (lambda x: np.hypot.reduce(x, axis=(0, 1)), A), (lambda x: np.subtract.reduce(x), A), (lambda x: np.maximum.accumulate(x, axis=1), A), (lambda x: np.divide.reduce(x, axis=1, keepdims=True), A),
    (lambda x: np.add.reduceat(x, [0, 3, 1], axis=1), A), (lambda x: np.add(x, 2.0 * x, out=np.zeros_like(x), where=[True, False, True, False]), A),
    (lambda x: x.compress([True, False, True], axis=0), A), (lambda x: x.flat[2] * x, A), (lambda x: np.stack([v * v for v in x.flat]), A),
    (lambda x: x[True], A), (lambda x: x[False], A), (lambda x: x[np.True_, 1:], A), (lambda x: x[0, True], A), (lambda x: x[:, None, True, [0, 2]], A),
    (lambda x: x[..., [0, 1], True], A), (lambda x: x[np.array(True)], A), (lambda x: np.sum(x)[True], A), (lambda x: np.sum(x)[False], A), (lambda x: np.r_[x, x[0], 0.0], V),
    (lambda x: np.c_[x, x**2], V),
    (lambda x: np.quantile(x, [0.2, 0.7], method="inverted_cdf", weights=np.arange(1.0, 6.0)), V), (lambda x: np.percentile(x, 45, axis=1, method="inverted_cdf", weights=A**2), A),
    (lambda x: np.quantile(x, [[0.2, 0.7]], axis=(0, 2), method="inverted_cdf", weights=C**2, keepdims=True), C), (lambda x: np.quantile(x, 0.4, axis=0, method="inverted_cdf", weights=[1.0, 2.0, 3.0]), A),
    (lambda x: np.nanquantile(np.where(x > -1, x, np.nan), [0.3, 0.6], axis=1, method="inverted_cdf", weights=A**2, keepdims=True), A),
    (lambda x: np.quantile(A, 1 / (1 + x**2), axis=1), V), (lambda x: np.percentile(V, 90 / (1 + x**2), method="median_unbiased"), A), (lambda x: np.quantile(x, 0.5 + 0.1 * x[0], method="hazen"), V),
    (lambda x: np.max(x[:0], axis=0, initial=3.0), A), (lambda x: np.min(x[:, :0], axis=1, initial=3.0, keepdims=True) * x, A),
    (lambda x: np.array(x.tolist()) * 2.0, A), (lambda x: [z := x * 1.0, z.partition(2)][0], V), (lambda x: np.geomspace(x[0] ** 2 + 1, 2.0, 4), V),
    (lambda x: np.linalg.cholesky(np.tril(x) + np.triu(P * 9, 1)), P), (lambda x: np.linalg.cholesky(np.triu(x), upper=True), P), (lambda x: np.linalg.cholesky(x @ x.T), P),
    (lambda x: np.linalg.qr(x.T, mode="complete")[0], A), (lambda x: np.linalg.qr(x.T, mode="complete").R, A), (lambda x: np.linalg.qr(x[:, :1] + np.zeros((3, 2)), mode="complete")[0][:, :1], A),
    *[(lambda x, m=m, k=k, part=part: part(np.linalg.qr(np.stack([x.T, 1j * x.T + 0.1]), mode=m)[k]), A)
      for m in ("complete", "raw") for k in (0, 1) for part in (np.real, np.imag)],
    (lambda x: np.linalg.qr(np.stack([x.T, x.T * x.T[:1]]), mode="complete")[0], A), (lambda x: np.linalg.qr(x, mode="raw")[0], A),
    *[(lambda x, d=d: np.histogramdd(np.c_[V, V**2], bins=3, weights=x, density=d)[0], V) for d in (False, True)],
    (lambda x: np.histogram2d(V, V**2, bins=[2, 3], weights=x, density=True)[0], V), (lambda x: np.histogram2d(V, V**2, bins=[-1.0, 0.5, 9.0], weights=x)[0], V),
    (lambda x: np.histogramdd((x, x**2), bins=3, weights=V, density=True)[0], V),
    *[(lambda x, k=k: np.linalg.lstsq(x.T, np.ones((4, 2)), rcond=None)[k], A) for k in (0, 1, 3)],
    (lambda x: np.linalg.lstsq(x, x[:, 0], rcond=None)[0], A), (lambda x: np.abs(np.linalg.lstsq(x + 1j * x**2, np.ones(x.shape[0]))[0]), A),
    (lambda x: np.real_if_close(x + 0j), V), (lambda x: np.imag(np.real_if_close(x + 1e-9j * x)), V),
    (lambda x: np.histogram(x, bins=3, density=True)[1], V), (lambda x: np.broadcast_arrays(x[:, None], x)[0], V), (lambda x: np.atleast_2d(x), V), (lambda x: np.unstack(x)[2], A),
]  # fmt: skip


@pytest.mark.parametrize(("f", "x"), CALLS, ids=range(len(CALLS)))
def test_a_call_with_settings(f, x):
    want = f(x)
    value, pullback = bl.vjp(f, x)
    assert np.shape(value) == np.shape(want)
    assert value == pytest.approx(want, rel=1e-11, abs=1e-12, nan_ok=True)
    upstream = np.cos(np.arange(np.size(want))).reshape(np.shape(want))
    step = np.sin(1.0 + np.arange(x.size)).reshape(x.shape)
    h = 1e-6
    ahead, behind, far, back = (f(x + t * h * step) for t in (1, -1, 2, -2))
    measured = np.sum(upstream * (8 * (ahead - behind) - (far - back)) / (12 * h))
    assert np.sum(pullback(upstream)[0] * step) == pytest.approx(measured, rel=1e-6, abs=1e-6 * (1 + np.sum(np.abs(want))))


@pytest.mark.parametrize(("f", "x"), CALLS, ids=range(len(CALLS)))
def test_a_call_with_settings_has_numpys_dtype_in_float32(f, x):
    x = x.astype(np.float32)
    try:
        want = np.asarray(f(x))
    except (TypeError, np.linalg.LinAlgError):
        pytest.skip("NumPy has no answer in float32")
    assert np.asarray(bl.vjp(f, x)[0]).dtype == want.dtype


def test_weights_that_move_choose_the_same_number_and_have_no_slope():
    f = lambda w: np.quantile(V, 0.4, method="inverted_cdf", weights=w)
    assert bl.value_and_grad(f)(np.arange(1.0, 6.0)) == (f(np.arange(1.0, 6.0)), pytest.approx(np.zeros(5)))


def test_what_numpy_is_told_to_raise_is_raised_and_no_more():
    def strict(f):
        def g(x):
            with np.errstate(all="raise"):
                return f(x)

        return g

    for f, x in ((np.log, 0.0), (np.exp, -800.0), (np.reciprocal, 0.0)):
        with pytest.raises(FloatingPointError):
            bl.grad(strict(f))(x)
    for f in (bl.ops.logsumexp, bl.ops.softmax, bl.ops.log_softmax, bl.ops.sigmoid, np.tanh, np.linalg.norm, np.std):
        assert np.all(np.isfinite(bl.grad(strict(lambda x, f=f: np.sum(f(x))))(np.array([0.0, -800.0]))))


def test_the_number_after_minus_zero_on_the_way_to_itself_is_minus_zero():
    assert np.signbit(bl.value_and_grad(lambda x: np.nextafter(x, -0.0))(-0.0)[0])
    assert bl.value_and_grad(lambda x: np.nextafter(x, 1.0))(0.0) == (5e-324, 1.0)


def test_a_persons_own_function_of_numbers_is_traced_number_by_number():
    square = np.frompyfunc(lambda t: t * t, 1, 1)
    assert bl.grad(lambda x: np.sum(square(x)))(V).tolist() == (2 * V).tolist()
    assert bl.grad(lambda x: np.sum(np.vectorize(lambda t: t * t)(x)))(V).tolist() == (2 * V).tolist()


def test_numbers_are_added_in_place_as_often_as_their_place_is_named():
    def f(x):
        z = np.zeros_like(x)
        np.add.at(z, [0, 0, 2], x[:3] * 2.0)
        np.subtract.at(z, ([3],), x[0])
        return z

    value, pullback = bl.vjp(f, V)
    assert value == pytest.approx([2 * (V[0] + V[1]), 0.0, 2 * V[2], -V[0], 0.0])
    assert pullback(np.array([1.0, 10.0, 100.0, 1000.0, 7.0]))[0].tolist() == [2.0 - 1000.0, 2.0, 200.0, 0.0, 0.0]


REFUSED = [
    (lambda x: sum(t for t in np.nditer(x)), InputError,
     ("NumPy cannot do this with an array of objects, which `numpy.array` makes of traced numbers (Iterator operand or requested dtype holds "
      "references, but the NPY_ITER_REFS_OK flag was not enabled): make one array of them, with backlight.numpy.array or np.stack")),
    (lambda x: np.pad(x, 1, lambda *a: None), InputError,
     "numpy.pad: a function as mode would write into a NumPy array, and cannot be traced: name a mode, or use concatenate"),
    (lambda x: np.pad(x, 1, "round"), ValueError,
     "numpy.pad: there is no mode 'round': there is constant, edge, reflect, symmetric, wrap, linear_ramp, maximum, mean, median, minimum, empty"),
    (lambda x: np.pad(x, 1, "edge", end_values=3.0), ValueError, "numpy.pad: mode='edge' has no setting 'end_values'"),
    (lambda x: np.pad(x, 1, "mean", stat_length=0), ValueError, "numpy.pad: stat_length must be at least 1, and it is 0"),
    (lambda x: np.pad(x, 1, constant_values=[1.0, 2.0, 3.0]), ValueError,
     "numpy.pad: a setting of shape (3,) does not fit 1 axes: give one number, a pair, or a pair an axis"),
    (lambda x: np.trim_zeros(x, "x"), ValueError, "numpy.trim_zeros: trim says where to cut, 'f', 'b' or 'fb', and it is 'x'"),
    (lambda x: np.choose([0, 2], [x, x]), ValueError, "numpy.choose: there is no choice 2 among 2: use 0 to 1, or a mode"),
    (lambda x: np.take(x, 9), bl.errors.IndexError, "gather: there is no index 9 along an axis of size 5: use -5 to 4"),
    (lambda x: np.gradient(x, edge_order=3), ValueError, "numpy.gradient: edge_order is 1 or 2, and not 3"),
    (lambda x: np.gradient(x[:2], edge_order=2), ShapeError, "numpy.gradient: axis 0 has size 2, and edge_order=2 needs at least 3"),
    (lambda x: np.add(x, 1.0, where=[True] * 5), InputError,
     "numpy.add: the argument where leaves numbers as they were in out: give out, or use numpy.where on the result"),
    (lambda x: np.hypot.reduce(x, where=[True] * 5), InputError, "numpy.hypot.reduce: the argument where cannot be traced: use numpy.where on the array"),
    (lambda x: np.subtract.reduce(x[:0]), ShapeError, "numpy.subtract.reduce: there is no number along axis 0, which has size 0"),
    (lambda x: np.add.at(np.zeros(5), 0, x[0]), GraphError,
     ("numpy.add.at: would write into a NumPy array, which cannot hold a traced value: make that array with backlight.numpy.zeros or "
      "np.zeros_like of a traced array, or make a new one, as in a = a + x in place of a += x")),
    (lambda x: np.vecdot(x, x[:1]), ShapeError, "numpy.vecdot: axis -1 is not as long in (5,) as in (1,)"),
    (lambda x: np.linalg.vecdot(x, x, axis=1), ShapeError, "numpy.vecdot: axis 1 is not as long in (5,) as in (5,)"),
    (lambda x: np.concatenate([x[0]]), ShapeError, "numpy.concatenate: a number has no axis to join along: use stack, or axis=None"),
    (lambda x: np.concatenate([x], axis=1), ShapeError, "numpy.concatenate: there is no axis 1 in Vector Float64 (5,)"),
    (lambda x: np.ix_(x[None]), ValueError, "numpy.ix_: every argument is one line of places, with one axis"),
    (lambda x: np.linalg.qr(np.outer(x, x), mode="half"), InputError, "numpy.linalg.qr: there is no mode 'half': it is 'reduced', 'complete', 'r' or 'raw'"),
    (lambda x: bnp.r_["r", x], InputError, "numpy.r_: a word for the axes cannot be traced: use concatenate or stack"),
]  # fmt: skip


@pytest.mark.parametrize(("f", "error", "message"), REFUSED)
def test_a_setting_that_cannot_be_is_refused(f, error, message):
    with pytest.raises(error) as caught:
        bl.grad(f)(V)
    assert str(caught.value).splitlines()[0] == message


def test_least_squares_keep_their_digits_and_hold_for_other_numbers():
    """By the normal equations half of the digits of a matrix with a condition of 10⁸ were lost, or all of them."""
    t = np.linspace(0.0, 1.0, 30)
    V, y = np.vander(t, 12), np.sin(t)
    f = lambda V: np.linalg.lstsq(V, y, rcond=None)[0]
    want = f(V)
    assert np.linalg.norm(bl.vjp(f, V)[0] - want) < 1e-7 * np.linalg.norm(want)
    graph = bl.trace(f)(V)
    assert [guard.kind for guard in graph.guards] == ["bool"]
    np.testing.assert_allclose(V @ graph(V * 0.5), V @ f(V * 0.5), rtol=1e-9, atol=1e-14)


def test_means_of_halves_and_steps_between_the_ends_of_all_floats_do_not_overflow():
    x = np.full((2, 3000), 60.0, np.float16)
    found = bl.vjp(lambda x: np.mean(x, axis=1), x)[0]
    assert found.dtype == np.float16
    assert found.tolist() == [60.0, 60.0]
    for a, b in ((1e-300, 1e300), (-1e300, -1e-300)):
        np.testing.assert_allclose(bl.vjp(lambda a, b=b: np.geomspace(a, b, 4), a)[0], np.geomspace(a, b, 4), rtol=1e-12)
    assert bl.grad(lambda a: np.geomspace(a, 1e300, 4)[1] * 1e100)(1e-300) == pytest.approx(2 / 3 * 1e300, rel=1e-11)
