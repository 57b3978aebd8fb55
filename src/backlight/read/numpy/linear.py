"""NumPy's products and its linear algebra, and the calculus that is made of sums and differences."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ... import ops
from ...core.table import TABLE
from ...errors import InputError, ShapeError, ValueError
from .arrange import diagonal, moveaxis, reshape, swapaxes, trace
from .elementwise import vecdot
from .held import answers, asked, bare, held, kind_of, whole
from .reductions import axes, diff

__all__ = ["CALCULUS", "LINEAR"]

ALL = slice(None)


def dot(a: Any, b: Any) -> Any:
    a, b = held(a), held(b)
    if np.ndim(whole(a)) == 0 or np.ndim(whole(b)) == 0:
        return ops.mul(a, b)
    return ops.matmul(a, b) if whole(b).ndim < 3 else tensordot(a, b, ((-1,), (-2,)))


def vdot(a: Any, b: Any) -> Any:
    a, b = reshape(a, -1), reshape(b, -1)
    return ops.sum(ops.mul(ops.conj(a) if a.dtype.kind == "c" else a, b))


def inner(a: Any, b: Any) -> Any:
    a, b = whole(a), whole(b)
    if 0 in (a.ndim, b.ndim):
        return ops.mul(a, b)
    return tensordot(a, b, ((-1,), (-1,)))


def outer(a: Any, b: Any) -> Any:
    return ops.outer(reshape(a, -1), reshape(b, -1))


def tensordot(a: Any, b: Any, axes: Any = 2) -> Any:
    a, b = whole(a), whole(b)
    if isinstance(axes, int):
        left, right = list(range(a.ndim - axes, a.ndim)), list(range(axes))
    else:
        left, right = ([int(k)] if isinstance(k, (int, np.integer)) else [int(i) for i in k] for k in axes)
    left, right = [k % a.ndim for k in left], [k % b.ndim for k in right]
    free_a, free_b = [k for k in range(a.ndim) if k not in left], [k for k in range(b.ndim) if k not in right]
    n = int(np.prod([a.shape[k] for k in left]))
    x = ops.reshape(ops.permute(a, axes=(*free_a, *left)), shape=(int(np.prod([a.shape[k] for k in free_a])), n))
    y = ops.reshape(ops.permute(b, axes=(*right, *free_b)), shape=(int(np.prod([b.shape[k] for k in right])), int(np.prod([b.shape[k] for k in free_b]))))
    return ops.reshape(ops.matmul(x, y), shape=(*(a.shape[k] for k in free_a), *(b.shape[k] for k in free_b)))


def kron(a: Any, b: Any) -> Any:
    a, b = whole(a), whole(b)
    n = max(a.ndim, b.ndim)
    a, b = (ops.reshape(t, shape=(1,) * (n - t.ndim) + t.shape) for t in (a, b))
    x = ops.reshape(a, shape=tuple(s for k in a.shape for s in (k, 1)))
    y = ops.reshape(b, shape=tuple(s for k in b.shape for s in (1, k)))
    return ops.reshape(ops.mul(x, y), shape=tuple(p * q for p, q in zip(a.shape, b.shape, strict=True)))


def cross(a: Any, b: Any, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: int | None = None) -> Any:
    if axis is not None:
        axisa = axisb = axisc = axis
    a, b = moveaxis(a, axisa, -1), moveaxis(b, axisb, -1)
    u, v = ([t[..., k] if k < t.shape[-1] else 0.0 for k in range(3)] for t in (a, b))
    if {a.shape[-1], b.shape[-1]} == {2}:
        return u[0] * v[1] - u[1] * v[0]
    z = [u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]]
    return moveaxis(ops.stack(*z, axis=-1), -1, axisc)


def einsum(*operands: Any, optimize: Any = False) -> Any:
    if not isinstance(operands[0], str):  # einsum(x, [0, 1], y, [1, 2], [0, 2])
        pairs = len(operands) // 2
        words = ["".join("..." if k is Ellipsis else chr(ord("a") + k) for k in part) for part in operands[1 : 2 * pairs : 2]]
        spec = ",".join(words)
        if len(operands) % 2:
            spec += "->" + "".join("..." if k is Ellipsis else chr(ord("a") + k) for k in operands[-1])
        return ops.einsum(*[whole(operands[2 * k]) for k in range(pairs)], spec=spec)
    return ops.einsum(*[whole(x) for x in operands[1:]], spec=operands[0])


def vector_norm(x: Any, axis: Any = None, keepdims: bool = False, ord: Any = 2) -> Any:
    x = whole(x)
    axis, keepdims = axes(axis), bool(keepdims)
    if ord == 2:
        return ops.norm(x, axis=axis, keepdims=keepdims)
    size = ops.abs(x)
    if ord == np.inf:
        return (ops.max(size, axis=axis, keepdims=keepdims) if size.size else ops.norm(size, ord=ord, axis=axis, keepdims=keepdims))
    if ord == -np.inf:
        return ops.min(size, axis=axis, keepdims=keepdims)
    if ord == 0:
        return ops.sum(ops.cast(ops.not_equal(x, 0.0), dtype=size.dtype), axis=axis, keepdims=keepdims)
    if ord == 1:
        return ops.sum(size, axis=axis, keepdims=keepdims)
    return ops.pow(ops.sum(ops.pow(size, float(ord)), axis=axis, keepdims=keepdims), 1.0 / float(ord))


def matrix_norm(x: Any, keepdims: bool = False, ord: Any = "fro", axis: Any = (-2, -1)) -> Any:
    x = whole(x)
    row, column = (k % x.ndim for k in axis)
    keepdims = bool(keepdims)
    if ord in ("fro", None):
        return ops.norm(x, axis=(row, column), keepdims=keepdims)
    if ord in (1, -1, np.inf, -np.inf):
        along, across = (row, column) if ord in (1, -1) else (column, row)
        total = ops.sum(ops.abs(x), axis=along, keepdims=True)
        z = (ops.max if ord > 0 else ops.min)(total, axis=across, keepdims=True)
    elif ord in (2, -2, "nuc"):
        s = ops.svd(moveaxis(x, (row, column), (-2, -1)))[1]
        z = ops.sum(s, axis=-1) if ord == "nuc" else (ops.max if ord == 2 else ops.min)(s, axis=-1)
        kept = tuple(1 if k in (row, column) else n for k, n in enumerate(x.shape))
        return ops.reshape(z, shape=kept) if keepdims else z
    else:
        raise InputError(f"numpy.linalg.norm: there is no norm ord={ord!r} of matrices")
    return z if keepdims else ops.squeeze(z, axis=tuple(sorted((row, column))))


def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    x = whole(x)
    if axis is None:
        if ord is None:
            return ops.norm(x, axis=None, keepdims=bool(keepdims))
        axis = tuple(range(x.ndim))
    axis = axis if isinstance(axis, tuple) else (int(axis),)
    if len(axis) == 1:
        return vector_norm(x, axis, keepdims, 2 if ord is None else ord)
    return matrix_norm(x, keepdims, ord, axis)


def matrix_power(a: Any, n: int) -> Any:
    x = whole(a)
    if n < 0:
        x, n = ops.inv(x), -n
    z: Any = None
    while n:
        z = x if n & 1 and z is None else ops.matmul(z, x) if n & 1 else z
        x, n = (ops.matmul(x, x) if n > 1 else x), n >> 1
    return np.broadcast_to(np.eye(x.shape[-1], dtype=x.dtype), x.shape) if z is None else z


def tensorinv(a: Any, ind: int = 2) -> Any:
    x = whole(a)
    front, back = x.shape[:ind], x.shape[ind:]
    return ops.reshape(ops.inv(ops.reshape(x, shape=(int(np.prod(back)), -1))), shape=(*back, *front))


def tensorsolve(a: Any, b: Any, axes: Any = None) -> Any:
    x, y = whole(a), whole(b)
    if axes is not None:
        rest = [k for k in range(x.ndim) if k not in axes]
        x = ops.permute(x, axes=(*rest, *axes))
    out = x.shape[y.ndim :]
    return ops.reshape(ops.solve(ops.reshape(x, shape=(y.size, -1)), ops.reshape(y, shape=(y.size,))), shape=out)


def multi_dot(arrays: Any) -> Any:
    z, *rest = map(held, arrays)
    for x in rest:
        z = dot(z, x)
    return z


def row(name: str) -> Callable[..., Any]:
    """A row of the linear algebra."""
    return lambda *xs: TABLE[name](*map(whole, xs))


def lstsq(a: Any, b: Any, rcond: Any = None) -> tuple[Any, Any, Any, Any]:
    """By the QR factors where there is full rank: the normal equations would square the condition. That it is full is asked."""
    a, b = whole(a), whole(b)
    kind = np.result_type(a.dtype, b.dtype, np.float32 if a.dtype.itemsize <= 4 else np.float64)
    a, b = (x if x.dtype == kind else ops.cast(x, dtype=kind.name) for x in (a, b))
    m, n = a.shape
    sizes = ops.svd(a)[1]
    eps = float(np.finfo(kind).eps)
    least = max(m, n) * eps if rcond is None else eps if float(rcond) < 0 else float(rcond)
    if not all(a.shape) or not ops.greater(sizes[-1], least * sizes[0]):
        raise InputError("numpy.linalg.lstsq: the matrix has not full rank, so its solution has no derivative: use pinv or a penalty")
    q, r = ops.qr(a if m >= n else turned(a))
    x = ops.solve(r, ops.matmul(turned(q), b)) if m >= n else ops.matmul(q, ops.solve(turned(r), b))
    rest: Any = np.zeros(0, np.zeros(0, kind).real.dtype)
    if m > n:
        rest = ops.sum(ops.square(ops.abs(ops.matmul(a, x) - b)), axis=0)
        rest = ops.reshape(rest, shape=(1,)) if rest.shape == () else rest
    return x, rest, np.int32(min(m, n)), sizes


def turned(x: Any) -> Any:
    return swapaxes(ops.conj(x) if x.dtype.kind == "c" else x, -1, -2)


LINEAR: dict[str, Callable[..., Any]] = {
    "dot": dot, "vdot": vdot, "inner": inner, "outer": outer, "tensordot": tensordot, "kron": kron, "cross": cross, "einsum": einsum,
    "matmul": lambda a, b: ops.matmul(held(a), held(b)), "linalg.matmul": lambda a, b: ops.matmul(held(a), held(b)),
    "linalg.outer": outer, "linalg.tensordot": tensordot, "linalg.cross": lambda x1, x2, axis=-1: cross(x1, x2, axis=axis),
    "linalg.matrix_transpose": lambda x: swapaxes(x, -1, -2), "linalg.norm": norm, "linalg.vector_norm": vector_norm,
    "linalg.matrix_norm": matrix_norm, "linalg.matrix_power": matrix_power, "linalg.multi_dot": multi_dot, "linalg.tensorinv": tensorinv,
    "linalg.tensorsolve": tensorsolve,
    "linalg.inv": row("inv"), "linalg.solve": row("solve"), "linalg.det": row("det"), "linalg.lstsq": lstsq,
    "linalg.vecdot": vecdot,
    "linalg.diagonal": lambda x, offset=0: diagonal(x, offset, -2, -1), "linalg.trace": lambda x, offset=0, dtype=None: trace(x, offset, -2, -1, dtype),
}  # fmt: skip


def convolve(a: Any, v: Any, mode: str = "full") -> Any:
    a, v = (ops.reshape(x, shape=(-1,)) if x.ndim == 0 else x for x in (whole(a), whole(v)))
    if a.shape[0] < v.shape[0]:
        a, v = v, a
    n, m = a.shape[0], v.shape[0]
    rows = np.arange(n + m - 1)[:, None] - np.arange(m)[None, :]  # z[i] = Σ_j v[j]·a[i − j]
    inside = (rows >= 0) & (rows < n)
    z = ops.matmul(ops.where(inside, ops.gather(a, np.clip(rows, 0, n - 1), axis=0), 0.0), v)
    if mode == "full":
        return z
    if mode == "same":
        start = (m - 1) // 2
        return z[start : start + n]
    if mode == "valid":
        return z[m - 1 : n]
    raise InputError(f"numpy.convolve: mode is 'full', 'same' or 'valid', and not {mode!r}")


def correlate(a: Any, v: Any, mode: str = "valid") -> Any:
    a, v = (ops.reshape(x, shape=(-1,)) if x.ndim == 0 else x for x in (whole(a), whole(v)))
    turned = ops.flip(ops.conj(v) if v.dtype.kind == "c" else v, axis=0)
    if a.shape[0] < v.shape[0] and mode == "same":  # NumPy takes the middle of the longer one, seen from its own end
        full, n, m = convolve(a, turned), v.shape[0], a.shape[0]
        start = m // 2
        return full[start : start + n]
    return convolve(a, turned, mode)


def interp(x: Any, xp: Any, fp: Any, left: Any = None, right: Any = None, period: Any = None) -> Any:
    """Straight lines between the points; the pieces are found by the values of x and xp, as `if` would find them."""
    x, xp, fp = (ops.cast(whole(v), dtype="complex128" if whole(v).dtype.kind == "c" else "float64") for v in (x, xp, fp))
    if period is not None:
        x, xp = ops.mod(x, period), ops.mod(xp, period)
        order = np.asarray(answers(np.argsort)(xp).value)
        xp, fp = ops.gather(xp, order), ops.gather(fp, order)
        xp = ops.concat(xp[-1:] - period, xp, xp[:1] + period, axis=0)
        fp = ops.concat(fp[-1:], fp, fp[:1], axis=0)
    n = xp.shape[0]
    piece = np.clip(np.asarray(answers(np.searchsorted)(xp, x, side="right").value) - 1, 0, max(n - 2, 0))
    x0, f0 = ops.gather(xp, piece), ops.gather(fp, piece)
    x1, f1 = ops.gather(xp, np.minimum(piece + 1, n - 1)), ops.gather(fp, np.minimum(piece + 1, n - 1))
    z = f0 + (f1 - f0) / (x1 - x0) * (x - x0) if n > 1 else f0
    z = ops.where(ops.less(x, xp[0]), fp[0] if left is None else left, z)
    return ops.where(ops.greater(x, xp[-1]), fp[-1] if right is None else right, z)


def gradient(f: Any, *spacing: Any, axis: Any = None, edge_order: int = 1) -> Any:
    """Central differences inside, one-sided ones at the two ends."""
    f = whole(f)
    lines = tuple(range(f.ndim)) if axis is None else (axis,) if isinstance(axis, int) else tuple(axis)
    steps = list(spacing) or [1.0]
    steps = steps * len(lines) if len(steps) == 1 else steps
    if edge_order not in (1, 2):
        raise ValueError(f"numpy.gradient: edge_order is 1 or 2, and not {edge_order!r}")
    for k in lines:
        if f.shape[k] <= edge_order:
            raise ShapeError(f"numpy.gradient: axis {k} has size {f.shape[k]}, and edge_order={edge_order} needs at least {edge_order + 1}")
    made = []
    for k, step in zip(lines, steps, strict=True):
        y = moveaxis(f, k, -1)
        h = held(step)
        if np.ndim(whole(h)) == 0:
            inner = (y[..., 2:] - y[..., :-2]) / (2.0 * h)
            d = None
        else:
            d = ops.cast(diff(h), dtype=np.result_type(y.dtype, 1.0).name)
            a, b = d[:-1], d[1:]
            inner = (a * a * y[..., 2:] + (b * b - a * a) * y[..., 1:-1] - b * b * y[..., :-2]) / (a * b * (a + b))
        ends = ((h, h), (h, h)) if d is None else ((d[:1], d[1:2]), (d[-1:], d[-2:-1]))
        first, last = (edge(y if turn == 1 else ops.flip(y, axis=-1), *steps, edge_order) for turn, steps in zip((1, -1), ends, strict=True))
        z = ops.concat(first, inner, ops.neg(last), axis=-1)
        made.append(moveaxis(z, -1, k))
    return made[0] if len(made) == 1 else tuple(made)


def edge(y: Any, a: Any, b: Any, order: int) -> Any:
    """The slope at the first of numbers that stand a, then b apart: of the line through two, or the parabola through three."""
    if order == 1:
        return (y[..., 1:2] - y[..., :1]) / a
    total = a + b
    return -(a + total) / (a * total) * y[..., :1] + total / (a * b) * y[..., 1:2] - a / (b * total) * y[..., 2:3]


def vander(x: Any, N: int | None = None, increasing: bool = False) -> Any:
    x = whole(x)
    n = x.shape[0] if N is None else N
    powers = range(n) if increasing else range(n - 1, -1, -1)
    x = ops.cast(x, dtype=np.promote_types(x.dtype, int).name)
    return ops.stack(*[ops.pow(x, float(k)) for k in powers], axis=1)


def unwrap(p: Any, discont: Any = None, axis: int = -1, period: float = 2 * np.pi) -> Any:
    """Whole periods are added: they are found by the values, and carry no gradient."""
    turns = np.asarray(answers(np.unwrap)(p, discont, axis, period=period).value) - np.asarray(answers(np.asarray)(p).value)
    return whole(p) + turns


def angle(z: Any, deg: bool = False) -> Any:
    z = whole(z)
    a = ops.atan2(ops.imag(z), ops.real(z))
    return a * (180.0 / np.pi) if deg else a


def linspace(
    start: Any, stop: Any, num: int = 50, endpoint: bool = True, retstep: bool = False, dtype: Any = None, axis: int = 0, device: Any = None
) -> Any:
    a, b = whole(start), whole(stop)
    kind = kind_of(start, stop, 1.0).name
    a, b = ops.cast(a, dtype=kind), ops.cast(b, dtype=kind)
    parts = num - 1 if endpoint else num
    step = (b - a) / float(parts) if parts > 0 else np.nan
    t = (np.arange(num) / max(parts, 1)).astype(np.dtype(kind) if kind.startswith("f") else float)
    t = t.reshape(-1, *(1,) * max(a.ndim, b.ndim))
    z = ops.add(ops.mul(a, 1.0 - t), ops.mul(b, t))
    z = moveaxis(z, 0, axis) if axis else z
    z = z if dtype is None else ops.cast(z, dtype=dtype)
    return (z, step) if retstep else z


def geomspace(start: Any, stop: Any, num: int = 50, endpoint: bool = True, dtype: Any = None, axis: int = 0) -> Any:
    a, b = whole(start), whole(stop)
    ratio = ops.div(b, a)
    far = np.asarray(bare(ratio))
    if far.dtype.kind == "f" and not np.all(np.isfinite(far) & (far != 0)) and np.all(np.asarray(bare(a)) * np.sign(bare(b)) > 0):
        z = ops.sign(a) * ops.exp(linspace(ops.log(ops.abs(a)), ops.log(ops.abs(b)), num, endpoint))  # the ratio is beyond all floats
    else:
        z = ops.mul(a, ops.exp(linspace(ops.mul(0.0, ratio), ops.log(ratio), num, endpoint)))
    z = moveaxis(z, 0, axis) if axis else z
    return ops.cast(z, dtype=np.result_type(z.dtype, np.float64).name if dtype is None else dtype)


def logspace(start: Any, stop: Any, num: int = 50, endpoint: bool = True, base: Any = 10.0, dtype: Any = None, axis: int = 0) -> Any:
    return ops.pow(held(base), linspace(start, stop, num, endpoint, axis=axis))


def kaiser(M: Any, beta: Any) -> Any:
    """A window that falls off as Bessel's I₀ does; how many numbers it has is no variable."""
    n = int(np.asarray(asked(M)))
    if n == 1:
        return np.ones(1)
    t = np.arange(n) / (n - 1) * 2.0 - 1.0
    return ops.i0(ops.mul(held(beta), np.sqrt((1.0 - t) * (1.0 + t)))) / ops.i0(held(beta))


CALCULUS: dict[str, Callable[..., Any]] = {
    "convolve": convolve, "correlate": correlate, "interp": interp, "gradient": gradient, "vander": vander,
    "kaiser": kaiser, "unwrap": unwrap, "angle": angle, "linspace": linspace, "geomspace": geomspace, "logspace": logspace,
}  # fmt: skip
