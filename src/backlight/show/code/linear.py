"""Products of matrices and Fourier transforms as code, in NumPy, PyTorch and JAX. What each leaves out is a helper of a few lines."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np

from .spelling import Line, Spelling, whole_axes

__all__ = ["JAX_LINEAR", "JAX_LINEAR_HELPERS", "NUMPY_LINEAR", "NUMPY_LINEAR_HELPERS", "TORCH_LINEAR", "TORCH_LINEAR_HELPERS"]


def turned(x: str, line: Line) -> str:
    """The transpose of each matrix of a stack, conjugate where it is complex."""
    return f"{x}.mT.conj()" if line.types[0].dtype.kind == "c" else f"{x}.mT"


def transform(call: str, axis: str) -> Callable[[Line], str]:
    """fft and ifft; the usual settings are left out."""
    several = "axes" if axis == "axis" else axis

    def write(line: Line) -> str:
        axes, norm = line.attrs["axes"], line.attrs["norm"]
        one = isinstance(axes, int)
        where = "" if axes == -1 else f", {axis}={axes}" if one else f", {several}={whole_axes(line, axes)!r}"
        return f"{call if one else call + 'n'}({line.xs[0]}{where}{norm_words(norm)})"

    return write


def norm_words(norm: str) -> str:
    return "" if norm == "backward" else f", norm={norm!r}"


def half(call: str, axis: str) -> Callable[[Line], str]:
    """rfft, and irfft with the size of what it gives."""

    def write(line: Line) -> str:
        a = line.attrs["axis"]
        size = f", n={line.out[a]}" if "n" in line.attrs else ""
        return f"{call}({line.xs[0]}{size}{'' if a == -1 else f', {axis}={a}'}{norm_words(line.attrs['norm'])})"

    return write


def fourier(module: str, axis: str) -> dict[str, Spelling]:
    return {
        "fft": transform(f"{module}.fft", axis), "ifft": transform(f"{module}.ifft", axis),
        "rfft": half(f"{module}.rfft", axis), "irfft": half(f"{module}.irfft", axis),
    }  # fmt: skip


def least(line: Line) -> float:
    """Below which share of the largest a singular value counts as 0."""
    rtol = line.attrs["rtol"]
    return float(max(line.shapes[0][-2:]) * np.finfo(line.type.dtype).eps) if rtol is None else rtol


COFACTORS: Final = '''\
def cofactors(x):
    """The derivative of the determinant by each number of x: by the singular values, which need no division."""
    known = np.isfinite(x).all((-2, -1), keepdims=True)
    u, s, vt = np.linalg.svd(np.where(known, x, 0))
    others = np.stack([np.prod(np.delete(s, k, -1), -1) for k in range(s.shape[-1])], -1)
    sign = (np.linalg.det(u) * np.linalg.det(vt))[..., None, None]
    return np.where(known, (sign.conj() * ((u * others[..., None, :]) @ vt)).conj(), np.nan)
'''
REGULAR: Final = '''\
def cofactors(x):
    """The derivative of the determinant by each number of x."""
    return MODULE.linalg.det(x)[..., None, None] * MODULE.linalg.inv(x).mT
'''


def eigh(call: str, kept: str) -> Callable[[Line], str]:
    """Of the half of a matrix that is read the gradient would be lost: the mean of both is the same matrix."""
    return lambda line: f"{call}(({line.xs[0]} + {turned(line.xs[0], line)}) / 2{kept if line.attrs['upper'] else ''})"


NUMPY_LINEAR: Final[Mapping[str, Spelling]] = {
    **fourier("np.fft", "axis"), "solve": "np.linalg.solve({0}, {1})",
    "eigh": eigh("np.linalg.eigh", ", UPLO='U'"),
    "eig": lambda line: f"@eig({line.xs[0]})", "svd": "np.linalg.svd({0}, full_matrices=False)", "qr": "np.linalg.qr({0})",
    "lu": "@lu({0})", "slogdet": "np.linalg.slogdet({0})", "expm": "scipy.linalg.expm({0})", "cofactors": "@cofactors({0})",
    "pinv": lambda line: f"np.linalg.pinv({line.xs[0]}, rcond={least(line)!r})",
}  # fmt: skip
NUMPY_LINEAR_HELPERS: Final[Mapping[str, str]] = {
    "cofactors": COFACTORS,
    "eig": '''\
def eig(x):
    """The eigenvalues of a matrix and its eigenvectors, complex even where they are real."""
    w, v = np.linalg.eig(x)
    kind = np.result_type(x, np.complex64)
    return w.astype(kind), v.astype(kind)
''',
    "lu": '''\
def lu(x):
    """The order of rows, l and u, with x[order] = l @ u."""
    order, lower, upper = scipy.linalg.lu(x, p_indices=True)
    return np.argsort(order, axis=-1), lower, upper
''',
}  # fmt: skip


def torch_solve(line: Line) -> str:
    """A matrix on the right that PyTorch would take for a stack of vectors is said to be one of a stack."""
    a, b = line.shapes
    taken = len(b) > 1 and len(a) == len(b) + 1 and a[:-1] == b
    return f"torch.linalg.solve({line.xs[0]}, {line.xs[1]}{'[None]' if taken else ''})"


TORCH_LINEAR: Final[Mapping[str, Spelling]] = {
    **fourier("torch.fft", "dim"), "solve": torch_solve, "eigh": eigh("torch.linalg.eigh", ", UPLO='U'"),
    "eig": "torch.linalg.eig({0})", "svd": "torch.linalg.svd({0}, full_matrices=False)", "qr": "torch.linalg.qr({0})",
    "lu": "@lu({0})", "slogdet": "torch.linalg.slogdet({0})", "expm": "torch.matrix_exp({0})", "cofactors": "@cofactors({0})",
    "pinv": lambda line: f"torch.linalg.pinv({line.xs[0]}, rtol={least(line)!r})",
}  # fmt: skip
TORCH_LINEAR_HELPERS: Final[Mapping[str, str]] = {
    "cofactors": REGULAR.replace("MODULE", "torch"),
    "lu": '''\
def lu(x):
    """The order of rows, l and u, with x[order] = l @ u."""
    p, lower, upper = torch.linalg.lu(x)
    return p.argmax(-2), lower, upper
''',
}  # fmt: skip
JAX_LINEAR: Final[Mapping[str, Spelling]] = {
    **fourier("jnp.fft", "axis"), "solve": "jnp.linalg.solve({0}, {1})",
    "eigh": eigh("jnp.linalg.eigh", ", UPLO='U'"), "eig": "@eig({0})",
    "svd": "jnp.linalg.svd({0}, full_matrices=False)", "lu": "@lu({0})",
    "qr": lambda line: f"{'@wide_qr' if line.shapes[0][-1] > line.shapes[0][-2] else 'jnp.linalg.qr'}({line.xs[0]})",
    "slogdet": "jnp.linalg.slogdet({0})", "expm": "jax.scipy.linalg.expm({0})", "cofactors": "@cofactors({0})",
    "pinv": lambda line: f"jnp.linalg.pinv({line.xs[0]}, rtol={least(line)!r})",
}  # fmt: skip
JAX_LINEAR_HELPERS: Final[Mapping[str, str]] = {
    "cofactors": REGULAR.replace("MODULE", "jnp"),
    "lu": '''\
def lu(x):
    """The order of rows, l and u, with x[order] = l @ u."""
    packed, _, order = jax.lax.linalg.lu(x)
    n, k = x.shape[-2], min(x.shape[-2:])
    lower = jnp.tril(packed[..., :k], -1) + jnp.eye(n, k, dtype=x.dtype)
    return order.astype(jnp.int64), lower, jnp.triu(packed[..., :k, :])
''',
    "eig": '''\
def eig(x):
    """Eigenvalues and eigenvectors; the derivative of these holds as long as nobody looks at their phase."""
    return jax.lax.linalg.eig(x, compute_left_eigenvectors=False, enable_eigvec_derivs=True)
''',
    "wide_qr": '''\
def wide_qr(x):
    """q and r of a matrix that is wider than high, which JAX does not differentiate by itself: those of its left square."""
    n = x.shape[-2]
    q, r = jnp.linalg.qr(x[..., :n])
    return q, jnp.concatenate([r, q.mT.conj() @ x[..., n:]], axis=-1)
''',
}  # fmt: skip
