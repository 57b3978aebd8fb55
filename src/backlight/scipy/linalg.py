"""What Gaussian processes and their kin need of SciPy's linear algebra, on arrays that remember; the rest is SciPy's own.

Of a matrix that is said to be triangular or symmetric one triangle is read, as SciPy does.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import ops
from ..errors import InputError, ValueError
from ..read.numpy.door import answer
from .original import floats, lent

__all__ = [
    "block_diag", "cho_factor", "cho_solve", "cholesky", "det", "eigh", "eigvalsh", "expm", "inv", "norm", "pinv", "solve",
    "solve_banded", "solve_sylvester", "solve_triangular", "svdvals",
]  # fmt: skip

DETAILS = {"overwrite_a", "overwrite_b", "check_finite", "overwrite_c"}  # settings that change no number


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    return lent(f"linalg.{name}")


def settled(said: str, named: dict[str, Any], known: tuple[str, ...] = ()) -> dict[str, Any]:
    """The settings without those that change no number. Raises: InputError for those that are not known here."""
    rest = {k: v for k, v in named.items() if k not in DETAILS}
    for name in rest:
        if name not in known:
            raise InputError(f"backlight.scipy.linalg.{said} does not know the argument {name}: leave it out")
    return rest


def adjoint(a: Any) -> Any:
    turned = ops.swapaxes(a)
    return ops.conj(turned) if a.dtype.kind == "c" else turned


def cholesky(a: Any, lower: bool = False, **named: Any) -> Any:
    """The upper triangular factor U of a = Uᴴ·U, or with `lower` L of a = L·Lᴴ."""
    settled("cholesky", named)
    (a,) = floats(a)
    return answer(np.linalg.cholesky, (a,), {"upper": not lower})


def cho_factor(a: Any, lower: bool = False, **named: Any) -> tuple[Any, bool]:
    """The factor and which triangle it is, for `cho_solve`."""
    settled("cho_factor", named)
    return cholesky(a, lower), lower


def cho_solve(c_and_lower: tuple[Any, bool], b: Any, **named: Any) -> Any:
    """a⁻¹·b from what `cho_factor` gave of a."""
    settled("cho_solve", named)
    factor, lower = c_and_lower
    half = solve_triangular(factor, b, trans=0 if lower else 2, lower=lower)
    return solve_triangular(factor, half, trans=2 if lower else 0, lower=lower)


def solve_triangular(a: Any, b: Any, trans: Any = 0, lower: bool = False, unit_diagonal: bool = False, **named: Any) -> Any:
    """a⁻¹·b of a triangular a; `trans` 1 takes its transpose, 2 the adjoint."""
    settled("solve_triangular", named)
    if trans not in (0, 1, 2, "N", "T", "C"):
        raise ValueError(f"solve_triangular: trans is 0, 1 or 2 (N, T or C), and it is {trans!r}")
    a, b = floats(a, b)
    n = a.shape[-1]
    part = np.tri(n) if lower else np.tri(n).T
    a = ops.where(part > 0, a, 0.0)
    a = ops.where(np.eye(n) > 0, 1.0, a) if unit_diagonal else a
    if trans in (1, "T"):
        a = ops.swapaxes(a)
    elif trans in (2, "C"):
        a = adjoint(a)
    return answer(np.linalg.solve, (a, b), {})


def solve(a: Any, b: Any, lower: bool = False, assume_a: str | None = None, transposed: bool = False, **named: Any) -> Any:
    """a⁻¹·b; whatever `assume_a` promises of a, all of it is read."""
    settled("solve", named)
    a, b = floats(a, b)
    return answer(np.linalg.solve, (ops.transpose(a) if transposed else a, b), {})


def numpys(name: str, doc: str, *known: str) -> Any:
    """One of NumPy's functions, without SciPy's settings that change no number."""

    def call(a: Any, *args: Any, **named: Any) -> Any:
        return answer(getattr(np.linalg, name), (a, *args), settled(name, named, known))

    call.__name__ = call.__qualname__ = name
    call.__doc__ = doc
    return call


inv = numpys("inv", "The inverse.")
det = numpys("det", "The determinant.")
pinv = numpys("pinv", "The pseudo-inverse.", "rtol")
norm = numpys("norm", "A norm of a vector or of a matrix.", "ord", "axis", "keepdims")
svdvals = numpys("svdvals", "The singular values.")


def eigh(a: Any, b: None = None, *, lower: bool = True, eigvals_only: bool = False, **named: Any) -> Any:
    """Eigenvalues in rising order, and the vectors in columns."""
    if b is not None:
        raise InputError("backlight.scipy.linalg.eigh does not know the argument b: solve with its Cholesky factor first")
    settled("eigh", named)
    found = answer(np.linalg.eigh, (a,), {"UPLO": "L" if lower else "U"})
    return found[0] if eigvals_only else tuple(found)


def eigvalsh(a: Any, b: None = None, *, lower: bool = True, **named: Any) -> Any:
    """Eigenvalues in rising order."""
    return eigh(a, b, lower=lower, eigvals_only=True, **named)


def expm(A: Any) -> Any:
    """e to the power of a matrix."""
    return ops.expm(*floats(A))


def solve_banded(l_and_u: tuple[int, int], ab: Any, b: Any, **named: Any) -> Any:
    """a⁻¹·b of a matrix whose diagonals, the highest first, are the rows of ab: u above the main one, l below it."""
    settled("solve_banded", named)
    low, high = l_and_u
    ab, b = floats(ab, b)
    n = ab.shape[-1]
    if ab.shape[0] != low + high + 1:
        rows = low + high + 1
        raise ValueError(f"solve_banded: {low} diagonals below and {high} above need {rows} rows, and ab has {ab.shape[0]}")
    row, column = np.indices((n, n))
    place = high + row - column
    inside = (place >= 0) & (place <= low + high)
    flat = ops.reshape(ab, shape=(ab.shape[0] * n,))
    a = ops.where(inside, ops.gather(flat, np.where(inside, place, 0) * n + column), 0.0)
    return answer(np.linalg.solve, (a, b), {})


def solve_sylvester(a: Any, b: Any, q: Any) -> Any:
    """The matrix x with a·x + x·b = q, as one system of all its numbers."""
    a, b, q = floats(a, b, q)
    n, m = a.shape[0], b.shape[0]
    whole = ops.add(answer(np.kron, (np.eye(m), a), {}), answer(np.kron, (ops.transpose(b), np.eye(n)), {}))
    x = answer(np.linalg.solve, (whole, ops.reshape(ops.transpose(q), shape=(n * m,))), {})
    return ops.transpose(ops.reshape(x, shape=(m, n)))


def block_diag(*arrays: Any) -> Any:
    """Matrices along the diagonal of one."""
    found = floats(*arrays)
    found = [ops.reshape(x, shape=(1,) * (2 - len(x.shape)) + x.shape) for x in found]
    columns = sum(x.shape[1] for x in found)
    rows, before = [], 0
    for x in found:
        after = columns - before - x.shape[1]
        blocks = [np.zeros((x.shape[0], before), x.dtype), x, np.zeros((x.shape[0], after), x.dtype)]
        rows.append(ops.concat(*[part for part in blocks if part.shape[1]], axis=1) if len(found) > 1 else x)
        before += x.shape[1]
    return ops.concat(*rows, axis=0) if len(rows) > 1 else rows[0]
