"""NumPy's decompositions of matrices and its Fourier transforms, in rows."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ... import ops
from ...errors import InputError
from .arrange import swapaxes
from .held import answers, any_traced, bare, whole

__all__ = ["SPECTRAL"]

ALL = slice(None)
ROUNDING = 64.0  # in units in the last place: of the largest number: as far as two sums of the same products may lie apart
ONE = np.eye(1)
SWAPPED = {None: "forward", "backward": "forward", "forward": "backward", "ortho": "ortho"}


@functools.cache
def named(function: Callable[[Any], Any]) -> Any:
    """The kind of tuple, with names, that a function of NumPy returns; asked of it when first needed: LAPACK takes a megabyte."""
    return type(function(ONE))


def half(a: Any, UPLO: str = "L") -> Any:
    """The symmetric matrix that NumPy reads out of one triangle."""
    x = whole(a)
    low = ops.tril(x) if UPLO in ("L", "l") else turned(ops.triu(x))
    strict = ops.tril(low, k=-1)
    return low + turned(strict)


def cholesky(a: Any, upper: bool = False) -> Any:
    """Of one triangle, as NumPy reads it; where the other one mirrors it, the gradient is mirrored too, as elsewhere in the field."""
    x = whole(a)
    shape = x.shape
    if len(shape) > 1 and shape[-1] == shape[-2] and not is_mirrored(x):
        x = half(x, "U" if upper else "L")
    z = ops.cholesky(x)
    return turned(z) if upper else z


def is_mirrored(x: Any) -> bool:
    """Whether matrices are their own mirror image, to within rounding: a question, and so a guard of the trace."""
    if not any_traced(x):
        plain = np.asarray(bare(x))
        return np.array_equal(plain, np.conj(np.swapaxes(plain, -1, -2)))
    largest = ops.max(ops.abs(x), axis=(-2, -1), keepdims=True) if x.size else x
    return bool(ops.all(ops.less_equal(ops.abs(x - turned(x)), largest * (ROUNDING * float(np.finfo(x.dtype).eps)))))


def eigh(a: Any, UPLO: str = "L") -> Any:
    return named(np.linalg.eigh)(*ops.eigh(half(a, UPLO), upper=UPLO in ("U", "u")))


def eig(a: Any) -> Any:
    """Complex, unless NumPy finds that all of them are real."""
    w, v = ops.eig(whole(a))
    if answers(np.linalg.eigvals)(a).dtype.kind != "c":
        w, v = ops.real(w), ops.real(v)
    return named(np.linalg.eig)(w, v)


def svd(a: Any, full_matrices: bool = True, compute_uv: bool = True, hermitian: bool = False) -> Any:
    x = whole(a)
    if not compute_uv:
        return ops.svd(half(x) if hermitian else x)[1]
    u, s, vh = ops.svd(half(x) if hermitian else x)
    if full_matrices and x.shape[-1] != x.shape[-2]:
        whole_u, _, whole_vh = answers(np.linalg.svd)(x)
        u = completed(u, whole_u.value)
        vh = turned(completed(turned(vh), np.conj(np.swapaxes(whole_vh.value, -1, -2))))
    return named(np.linalg.svd)(u, s, vh)


def turned(x: Any) -> Any:
    return swapaxes(ops.conj(x) if x.dtype.kind == "c" else x, -1, -2)


def completed(u: Any, square: Any) -> Any:
    """Orthonormal columns followed by NumPy's others, which only have to stay orthogonal to them: they turn as little as they can.

    With P = u·uᴴ they are (1 − P)·c·(cᴴ·(1 − P)·c)^(−½), where the power is 1 + ½·(1 − cᴴ·(1 − P)·c) as far as its second derivative.
    """
    k = u.shape[-1]
    if k == square.shape[-1]:
        return u
    rest = square[..., k:]
    kept = ops.sub(rest, ops.matmul(u, ops.matmul(turned(u), rest)))
    size = ops.matmul(turned(whole(rest)), kept)
    one = np.eye(size.shape[-1], dtype=rest.dtype)
    return ops.concat(u, ops.matmul(kept, ops.sub(1.5 * one, ops.mul(0.5, size))), axis=-1)


def reflected(x: Any) -> tuple[Any, list[Any], list[Any]]:
    """R of matrices by LAPACK's reflections H = 1 − τ·v·vᴴ, and their v and τ: A = H₁·H₂·…·R.

    A column that is zero below its place, and real there, is left as it is. Each v begins with 1, behind zeros.
    """
    m, n = x.shape[-2:]
    real, r, vs, taus = x.dtype.kind != "c", x, [], []
    for k in range(min(m, n)):
        column = r[..., k:, k]
        first, below = column[..., 0], column[..., 1:]
        left = ops.logical_not(ops.any(ops.not_equal(below, 0.0), axis=-1))
        head = first if real else ops.real(first)
        if not real:
            left = ops.logical_and(left, ops.equal(ops.imag(first), 0.0))
        size = -ops.copysign(ops.norm(column, axis=-1), ops.stop_gradient(head))
        size = size if real else ops.cast(size, dtype=x.dtype.name)
        tau = ops.where(left, 0.0, (size - first) / size)
        tail = ops.where(left[..., None], 0.0, below / (first - size)[..., None])
        start = np.zeros((*x.shape[:-2], k + 1), x.dtype)
        start[..., -1] = 1.0
        v = ops.concat(start, tail, axis=-1)[..., None]
        r = r - (tau if real else ops.conj(tau))[..., None, None] * ops.matmul(v, ops.matmul(turned(v), r))
        vs.append(v)
        taus.append(tau)
    return ops.triu(r), vs, taus


def qr(a: Any, mode: str = "reduced") -> Any:
    """By the row; all columns of Q, or the reflections themselves, by LAPACK's way: they depend on how they are chosen."""
    x = whole(a)
    if mode in ("reduced", "r") or (mode == "complete" and x.shape[-1] >= x.shape[-2]):
        whole_q, r = ops.qr(x)
        return r if mode == "r" else named(np.linalg.qr)(whole_q, r)
    if mode not in ("complete", "raw"):
        raise InputError(f"numpy.linalg.qr: there is no mode {mode!r}: it is 'reduced', 'complete', 'r' or 'raw'")
    r, vs, taus = reflected(x)
    m = x.shape[-2]
    if mode == "complete":
        q: Any = np.broadcast_to(np.eye(m, dtype=x.dtype), (*x.shape[:-1], m))
        for v, tau in zip(vs, taus, strict=True):
            q = ops.sub(q, tau[..., None, None] * ops.matmul(ops.matmul(q, v), turned(v)))
        return named(np.linalg.qr)(q, r)
    columns: list[Any] = [ops.sub(v, (np.arange(m) == k).astype(x.dtype)[:, None]) for k, v in enumerate(vs)]
    columns += [np.zeros((*x.shape[:-1], 1), x.dtype)] * (x.shape[-1] - len(columns))
    return swapaxes(ops.add(r, ops.concat(*columns, axis=-1)), -1, -2), ops.stack(*taus, axis=-1)


def pinv(a: Any, rcond: Any = None, hermitian: bool = False, rtol: Any = 1e-15) -> Any:
    """Left out, `rtol` is NumPy's number; None is the standard's, which the row has too."""
    limit = rtol if rcond is None else rcond
    x = half(a) if hermitian else whole(a)
    return ops.pinv(x) if limit is None else ops.pinv(x, rtol=float(limit))


def cond(x: Any, p: Any = None) -> Any:
    """By the sizes of the matrix, or as ‖x‖·‖x⁻¹‖."""
    from .linear import norm

    x = whole(x)
    if p in (None, 2, -2):
        s = ops.svd(x)[1]
        return s[..., -1] / s[..., 0] if p == -2 else s[..., 0] / s[..., -1]
    return norm(x, p, (-2, -1)) * norm(ops.inv(x), p, (-2, -1))


def sized(x: Any, n: int | None, axis: int) -> Any:
    """Cut or filled with zeros to n along an axis."""
    axis %= x.ndim
    have = x.shape[axis]
    if n is None or n == have:
        return x
    if n < have:
        return x[(*(ALL,) * axis, slice(0, n))]
    return ops.pad(x, width=tuple((0, n - have) if k == axis else (0, 0) for k in range(x.ndim)))


def spread(row: Any) -> Callable[..., Any]:
    """fft and ifft along one axis."""
    return lambda a, n=None, axis=-1, norm=None: row(sized(whole(a), n, axis), axes=int(axis), norm=norm or "backward")


def lines(x: Any, s: Any, axes: Any) -> tuple[Any, tuple[int, ...]]:
    """The axes that a transform goes along, and the array cut to the sizes that were asked for."""
    if axes is None:
        axes = range(-len(s), 0) if s is not None else range(x.ndim)
    found = tuple(int(k) % x.ndim for k in axes)
    for k, n in zip(found, s if s is not None else [None] * len(found), strict=True):
        x = sized(x, None if n in (None, -1) else int(n), k)
    return x, found


def over(row: Any, default: Sequence[int] | None) -> Callable[..., Any]:
    """fft2, fftn and their inverses."""

    def call(a: Any, s: Any = None, axes: Any = default, norm: str | None = None) -> Any:
        x, found = lines(whole(a), s, axes)
        return row(x, axes=found, norm=norm or "backward")

    return call


def rfft(a: Any, n: int | None = None, axis: int = -1, norm: str | None = None) -> Any:
    return ops.rfft(sized(whole(a), n, axis), axis=int(axis), norm=norm or "backward")


def irfft(a: Any, n: int | None = None, axis: int = -1, norm: str | None = None) -> Any:
    x = whole(a)
    n = 2 * (x.shape[axis] - 1) if n is None else n
    return ops.irfft(sized(x, n // 2 + 1, axis), axis=int(axis), n=n, norm=norm or "backward")


def rfftn(default: Sequence[int] | None) -> Callable[..., Any]:
    def call(a: Any, s: Any = None, axes: Any = default, norm: str | None = None) -> Any:
        x, found = lines(whole(a), s, axes)
        z = rfft(x, None, found[-1], norm)
        return ops.fft(z, axes=found[:-1], norm=norm or "backward") if len(found) > 1 else z

    return call


def irfftn(default: Sequence[int] | None) -> Callable[..., Any]:
    def call(a: Any, s: Any = None, axes: Any = default, norm: str | None = None) -> Any:
        sizes = None if s is None else list(s)
        last = None if sizes is None else sizes[-1]
        x = whole(a)
        if sizes is not None:
            sizes[-1] = sizes[-1] // 2 + 1
        x, found = lines(x, sizes, axes)
        z = ops.ifft(x, axes=found[:-1], norm=norm or "backward") if len(found) > 1 else x
        return irfft(z, last, found[-1], norm)

    return call


def hfft(a: Any, n: int | None = None, axis: int = -1, norm: str | None = None) -> Any:
    return irfft(ops.conj(whole(a)), n, axis, SWAPPED[norm])


def ihfft(a: Any, n: int | None = None, axis: int = -1, norm: str | None = None) -> Any:
    return ops.conj(rfft(a, n, axis, SWAPPED[norm]))


SPECTRAL: dict[str, Callable[..., Any]] = {
    "linalg.cholesky": cholesky, "linalg.eigh": eigh, "linalg.eigvalsh": lambda a, UPLO="L": ops.eigh(half(a, UPLO), upper=UPLO in ("U", "u"))[0], "linalg.eig": eig,
    "linalg.eigvals": lambda a: eig(a)[0], "linalg.svd": svd, "linalg.svdvals": lambda x: ops.svd(whole(x))[1], "linalg.qr": qr,
    "linalg.slogdet": lambda a: named(np.linalg.slogdet)(*ops.slogdet(whole(a))), "linalg.pinv": pinv, "linalg.cond": cond,
    "fft.fft": spread(ops.fft), "fft.ifft": spread(ops.ifft), "fft.fft2": over(ops.fft, (-2, -1)), "fft.ifft2": over(ops.ifft, (-2, -1)),
    "fft.fftn": over(ops.fft, None), "fft.ifftn": over(ops.ifft, None), "fft.rfft": rfft, "fft.irfft": irfft,
    "fft.rfft2": rfftn((-2, -1)), "fft.rfftn": rfftn(None), "fft.irfft2": irfftn((-2, -1)), "fft.irfftn": irfftn(None),
    "fft.hfft": hfft, "fft.ihfft": ihfft, "i0": lambda x: ops.i0(whole(x)),
}  # fmt: skip
