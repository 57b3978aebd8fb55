"""The same numbers in another order, shape or room: views, joins, cuts, copies."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np

from backlight import ops as o

__all__ = ["ENTRIES"]


def kept(x: Any, *_: Any, **__: Any) -> Any:
    """What leaves the numbers as they are."""
    return o.identity(x)


def listed(sizes: Any) -> tuple[int, ...]:
    """Sizes that were given one by one, or as one tuple."""
    return tuple(sizes[0]) if len(sizes) == 1 and isinstance(sizes[0], (tuple, list)) else tuple(sizes)


def expand(x: Any, *sizes: Any, **_: Any) -> Any:
    wanted = listed(sizes)
    lead = len(wanted) - np.ndim(x)
    return np.broadcast_to(x, tuple(np.shape(x)[k - lead] if n == -1 else n for k, n in enumerate(wanted)))


def broadcast_tensors(*xs: Any) -> list[Any]:
    shape = np.broadcast_shapes(*map(np.shape, xs))
    return [np.broadcast_to(x, shape) for x in xs]


def sum_to_size(x: Any, *sizes: Any) -> Any:
    return o.sum_to(x, shape=listed(sizes))


def chunk(x: Any, chunks: int, dim: int = 0) -> list[Any]:
    step = -(-np.shape(x)[dim] // chunks) or 1
    return split(x, step, dim)


def cut(x: Any, start: int, stop: int, dim: int) -> Any:
    return x[(slice(None),) * (dim % np.ndim(x)) + (slice(start, stop),)]


def split(x: Any, size: Any, dim: int = 0) -> list[Any]:
    n = np.shape(x)[dim]
    sizes = [min(size, n - k) for k in range(0, n, size)] if isinstance(size, int) else list(size)
    ends = list(itertools.accumulate(sizes, initial=0))
    return [cut(x, a, b, dim) for a, b in itertools.pairwise(ends)]


def tensor_split(x: Any, where: Any, dim: int = 0) -> list[Any]:
    n = np.shape(x)[dim]
    if isinstance(where, np.ndarray | np.integer):
        where = where.tolist()
    if isinstance(where, int):
        sizes = [n // where + (k < n % where) for k in range(where)]
        return split(x, sizes, dim)
    ends = [0, *(slice(None, w).indices(n)[1] for w in where), n]
    return [cut(x, a, max(a, b), dim) for a, b in itertools.pairwise(ends)]


def apart(axis: int) -> Any:
    return lambda x, where: tensor_split(x, where, 0 if np.ndim(x) == 1 else axis)


def permute(x: Any, *axes: Any) -> Any:
    return np.transpose(x, tuple(a % max(np.ndim(x), 1) for a in listed(axes)))


def exchanged(x: Any, a: int, b: int) -> Any:
    return x if np.ndim(x) < 2 else np.swapaxes(x, a, b)


def squeezed(x: Any, dim: Any = None) -> Any:
    if dim is None or np.ndim(x) == 0:
        return np.squeeze(x)
    axes = [d % np.ndim(x) for d in (dim if isinstance(dim, (tuple, list)) else (dim,))]
    return np.squeeze(x, tuple(d for d in axes if np.shape(x)[d] == 1))


def unflatten(x: Any, dim: int, sizes: Any) -> Any:
    d = dim % np.ndim(x)
    return np.reshape(x, (*np.shape(x)[:d], *sizes, *np.shape(x)[d + 1 :]))


def flattened(x: Any, start_dim: int = 0, end_dim: int = -1) -> Any:
    n = np.ndim(x)
    if n == 0:
        return np.reshape(x, (1,))
    a, b = start_dim % n, end_dim % n
    return np.reshape(x, (*np.shape(x)[:a], math.prod(np.shape(x)[a : b + 1]), *np.shape(x)[b + 1 :]))


def at_least(rank: int, how: Any) -> Any:
    def call(*xs: Any) -> Any:
        given = xs[0] if len(xs) == 1 and isinstance(xs[0], (tuple, list)) else xs
        found = [how(x) for x in given]
        return found if len(found) > 1 else found[0]

    return call


def repeated(x: Any, *times: Any, dims: Any = None) -> Any:
    t = listed(times) if dims is None else tuple(dims)
    return o.tile(x, times=(1,) * (np.ndim(x) - len(t)) + t)


def repeat_interleave(x: Any, repeats: Any, dim: int | None = None, output_size: int | None = None) -> Any:
    times = repeats if isinstance(repeats, int) else np.asarray(repeats)
    if np.ndim(times) and np.size(times) == 1:
        times = int(times[0])
    if np.ndim(times):
        y = np.ravel(x) if dim is None else x
        return np.take(y, np.repeat(np.arange(len(times)), times), axis=dim or 0)
    return o.repeat(np.ravel(x) if dim is None else x, times=int(times), axis=0 if dim is None else dim)


def rolled(x: Any, shifts: Any, dims: Any = None) -> Any:
    axis = tuple(dims) if isinstance(dims, (tuple, list)) else dims
    shift = tuple(shifts) if isinstance(shifts, (tuple, list)) else shifts
    if axis in (None, ()):
        return np.reshape(np.roll(np.ravel(x), shift if isinstance(shift, int) else shift[0]), np.shape(x))
    return np.roll(x, shift, axis)


def rot90(x: Any, k: int = 1, dims: Any = (0, 1)) -> Any:
    a, b = dims
    turned = np.swapaxes(x, a, b)
    return {0: kept(x), 1: np.flip(turned, a), 2: np.flip(np.flip(x, a), b), 3: np.flip(turned, b)}[k % 4]


def diagonal(x: Any, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Any:
    n = np.ndim(x)
    y = np.moveaxis(x, (dim1 % n, dim2 % n), (n - 2, n - 1))
    rows, columns = np.shape(y)[-2:]
    count = max(0, min(rows + min(offset, 0), columns - max(offset, 0)))
    k = np.arange(count)
    return y[..., k + max(-offset, 0), k + max(offset, 0)]


def diag_embed(x: Any, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Any:
    n = np.ndim(x) + 1
    size = np.shape(x)[-1] + abs(offset)
    k = np.arange(np.shape(x)[-1])
    places = (k + max(-offset, 0)) * size + k + max(offset, 0)
    flat = o.scatter_add(x, places, size=size * size, axis=np.ndim(x) - 1)
    y = np.reshape(flat, (*np.shape(x)[:-1], size, size))
    return np.moveaxis(y, (n - 2, n - 1), (dim1 % n, dim2 % n))


def diag(x: Any, diagonal: int = 0) -> Any:
    return np.diag(x, diagonal)


def put_over(x: Any, src: Any, places: Any) -> Any:
    """x, with src at the places (numbers in reading order, shaped as src)."""
    flat = o.scatter(np.ravel(x), np.reshape(places, -1), np.ravel(src))
    return np.reshape(flat, np.shape(x))


def numbered(x: Any) -> Any:
    """The place of each number in reading order."""
    return np.arange(np.size(x)).reshape(np.shape(x))


def diagonal_scatter(x: Any, src: Any, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Any:
    return put_over(x, src, np.diagonal(numbered(x), offset, dim1, dim2))


def select(x: Any, dim: int, index: int) -> Any:
    return x[(slice(None),) * (dim % np.ndim(x)) + (index,)]


def select_scatter(x: Any, src: Any, dim: int, index: int) -> Any:
    return put_over(x, src, select(numbered(x), dim, index))


def sliced(x: Any, dim: int = 0, start: Any = None, end: Any = None, step: int = 1) -> Any:
    return x[(slice(None),) * (dim % np.ndim(x)) + (slice(start, end, step),)]


def slice_scatter(x: Any, src: Any, dim: int = 0, start: Any = None, end: Any = None, step: int = 1) -> Any:
    return put_over(x, src, sliced(numbered(x), dim, start, end, step))


def narrow(x: Any, dim: int, start: Any, length: int) -> Any:
    first = int(start) % np.shape(x)[dim] if int(start) < 0 else int(start)
    return cut(x, first, first + length, dim)


def strided(x: Any, size: Any, stride: Any, offset: int = 0) -> Any:
    """Where a view with strides takes its numbers from."""
    places = np.full(size, offset)
    for axis, (n, step) in enumerate(zip(size, stride, strict=True)):
        places = places + np.reshape(np.arange(n) * step, (-1,) + (1,) * (len(size) - axis - 1))
    return places


def as_strided(x: Any, size: Any, stride: Any, storage_offset: int = 0) -> Any:
    return np.take(np.ravel(x), strided(x, size, stride, storage_offset), axis=0)


def unfold(x: Any, dimension: int, size: int, step: int) -> Any:
    if np.ndim(x) == 0:
        return np.reshape(x, (1,))[:size]
    d = dimension % np.ndim(x)
    n = (np.shape(x)[d] - size) // step + 1
    windows = np.arange(n)[:, None] * step + np.arange(size)
    return np.moveaxis(np.take(x, windows, axis=d), d + 1, -1)


def block_diag(*xs: Any) -> Any:
    two = [np.reshape(x, (1, -1)) if np.ndim(x) < 2 else x for x in xs]
    width = sum(np.shape(x)[1] for x in two)
    rows, start = [], 0
    for x in two:
        rows.append(o.pad(x, width=((0, 0), (start, width - start - np.shape(x)[1]))))
        start += np.shape(x)[1]
    return np.concatenate(rows, 0)


def combinations(x: Any, r: int = 2, with_replacement: bool = False) -> Any:
    choose = itertools.combinations_with_replacement if with_replacement else itertools.combinations
    places = np.array(list(choose(range(np.shape(x)[0]), r)), int).reshape(-1, r)
    return np.take(x, places, axis=0) if r else np.zeros(0)


def cartesian_prod(*xs: Any) -> Any:
    if len(xs) == 1:
        return kept(xs[0])
    return np.stack([np.ravel(g) for g in meshgrid(*xs)], -1)


def meshgrid(*xs: Any, indexing: str = "ij") -> list[Any]:
    given = list(xs[0]) if len(xs) == 1 and isinstance(xs[0], (tuple, list)) else list(xs)
    given = [np.reshape(x, (-1,)) for x in given]
    turn = indexing == "xy" and len(given) > 1
    if turn:
        given[0], given[1] = given[1], given[0]
    shape = tuple(np.shape(x)[0] for x in given)
    found = [np.broadcast_to(np.reshape(x, (-1,) + (1,) * (len(given) - k - 1)), shape) for k, x in enumerate(given)]
    if turn:
        found = [found[1], found[0], *found[2:]]
    return found


def column_stack(xs: Any) -> Any:
    return np.concatenate([np.reshape(x, (-1, 1)) if np.ndim(x) < 2 else x for x in xs], 1)


def joined(xs: Any, dim: int = 0) -> Any:
    some = [x for x in xs if np.shape(x) != (0,)]
    return np.concatenate(some or list(xs), dim)


def deep(x: Any) -> Any:
    return np.reshape(x, {0: (1, 1, 1), 1: (1, -1, 1), 2: (*np.shape(x), 1)}.get(np.ndim(x), np.shape(x)))


def flat_row(x: Any) -> Any:
    return np.reshape(x, (1, -1)) if np.ndim(x) < 2 else kept(x)


def constant_pad(x: Any, pad: Any, value: float = 0.0, mode: str = "constant") -> Any:
    pairs = [(pad[k], pad[k + 1]) for k in range(0, len(pad), 2)][::-1]
    pairs = [(0, 0)] * (np.ndim(x) - len(pairs)) + pairs
    if mode != "replicate" and any(p < 0 for pair in pairs for p in pair):
        keys = tuple(slice(max(0, -a), n - max(0, -b)) for (a, b), n in zip(pairs, np.shape(x), strict=True))
        x = x[keys]
        pairs = [(max(0, a), max(0, b)) for a, b in pairs]
    if mode == "replicate":
        for axis, (n, (a, b)) in enumerate(zip(np.shape(x), pairs, strict=True)):
            x = x if (a, b) == (0, 0) else np.take(x, np.clip(np.arange(-a, n + b), 0, n - 1), axis=axis)
        return o.identity(x)
    if mode == "constant":
        return o.pad(x, width=tuple(pairs), value=float(value or 0.0))
    return o.pad(x, width=tuple(pairs), mode={"reflect": "reflect", "replicate": "edge", "circular": "wrap"}[mode])


def padded(x: Any, pad: Any, mode: str = "constant", value: Any = None) -> Any:
    return constant_pad(x, pad, 0.0 if value is None else value, mode)


def movedim(x: Any, a: Any, b: Any) -> Any:
    return np.moveaxis(x, a, b) if np.ndim(x) else kept(x)


def diagflat(x: Any, offset: int = 0) -> Any:
    return np.diag(np.ravel(x), offset)


def shuffled(x: Any, groups: int) -> Any:
    n, c, *rest = np.shape(x)
    return np.reshape(np.swapaxes(np.reshape(x, (n, groups, c // groups, *rest)), 1, 2), np.shape(x))


def pixel_shuffle(x: Any, upscale_factor: int) -> Any:
    r = upscale_factor
    *lead, c, h, w = np.shape(x)
    n = len(lead)
    y = np.reshape(x, (*lead, c // (r * r), r, r, h, w))
    return np.reshape(np.transpose(y, (*range(n), n, n + 3, n + 1, n + 4, n + 2)), (*lead, c // (r * r), h * r, w * r))


def pixel_unshuffle(x: Any, downscale_factor: int) -> Any:
    r = downscale_factor
    *lead, c, h, w = np.shape(x)
    n = len(lead)
    y = np.reshape(x, (*lead, c, h // r, r, w // r, r))
    return np.reshape(np.transpose(y, (*range(n), n, n + 2, n + 4, n + 1, n + 3)), (*lead, c * r * r, h // r, w // r))


def to_dtype(x: Any, *_: Any, **__: Any) -> Any:
    names = [word for word in (*_, *__.values()) if isinstance(word, str) and word.startswith(("float", "complex", "int"))]
    return o.cast(x, dtype=names[0]) if names else kept(x)


def view(x: Any, *sizes: Any) -> Any:
    return np.reshape(x, listed(sizes))


def like(x: Any, other: Any) -> Any:
    return np.reshape(x, np.shape(other))


def unsqueezed(x: Any, dim: int) -> Any:
    return np.expand_dims(x, dim)


def flipped(x: Any, dims: Any) -> Any:
    axes = listed((dims,))
    for axis in axes:
        x = np.flip(x, axis)
    return x if axes else kept(x)


ENTRIES: dict[str, Any] = {
    "broadcast_to": np.broadcast_to, "broadcast_tensors": broadcast_tensors, "expand": expand, "expand_copy": expand,
    "expand_as": lambda x, y: np.broadcast_to(x, np.shape(y)), "sum_to_size": sum_to_size, "chunk": chunk, "unsafe_chunk": chunk,
    "split": split, "split.list_args": split, "unsafe_split": split, "split_with_sizes": split, "split_with_sizes_copy": split,
    "tensor_split": tensor_split, "hsplit": apart(1), "vsplit": tensor_split, "dsplit": lambda x, w: tensor_split(x, w, 2),
    "permute": permute, "permute_copy": permute, "transpose": exchanged, "transpose_copy": exchanged,
    "T": lambda x: x.T, "t": lambda x: np.transpose(x), "t_copy": lambda x: np.transpose(x), "H": lambda x: np.conj(np.transpose(x)),
    "mT": lambda x: np.swapaxes(x, -1, -2), "mH": lambda x: np.conj(np.swapaxes(x, -1, -2)), "movedim": movedim,
    "squeeze": squeezed, "squeeze.multiple": squeezed, "squeeze_copy": squeezed, "unsqueeze": unsqueezed, "unsqueeze_copy": unsqueezed,
    "flatten": flattened, "unflatten": unflatten, "ravel": np.ravel, "reshape": view, "view": view, "view_copy": view,
    "reshape_as": like, "view_as": like, "atleast_1d": at_least(1, lambda x: np.reshape(x, (1,)) if np.ndim(x) == 0 else kept(x)),
    "atleast_2d": at_least(2, flat_row), "atleast_3d": at_least(3, deep), "repeat": repeated, "tile": repeated,
    "repeat_interleave": repeat_interleave, "roll": rolled, "rot90": rot90, "flip": flipped, "fliplr": lambda x: np.flip(x, 1),
    "flipud": lambda x: np.flip(x, 0), "diag": diag, "diag_embed": diag_embed, "diagflat": diagflat, "diagonal": diagonal,
    "diagonal_copy": diagonal, "linalg.diagonal": lambda A, *, offset=0, dim1=-2, dim2=-1: diagonal(A, offset, dim1, dim2),
    "diagonal_scatter": diagonal_scatter, "select": select, "select_scatter": select_scatter, "slice": sliced,
    "slice_scatter": slice_scatter, "narrow": narrow, "narrow_copy": narrow, "as_strided": as_strided, "as_strided_copy": as_strided,
    "unfold": unfold, "unfold_copy": unfold,
    "block_diag": block_diag, "combinations": combinations, "cartesian_prod": cartesian_prod,
    "meshgrid.variadic_tensors": meshgrid, "meshgrid.list_of_tensors": meshgrid, "column_stack": column_stack,
    "cat": joined, "stack": lambda xs, dim=0: np.stack(xs, dim), "hstack": lambda xs: np.concatenate([np.reshape(x, (1,)) if np.ndim(x) == 0 else x for x in xs], 0 if np.ndim(xs[0]) < 2 else 1),
    "vstack": lambda xs: np.concatenate([flat_row(x) for x in xs], 0), "dstack": lambda xs: np.concatenate([deep(x) for x in xs], 2),
    "unbind": lambda x, dim=0: [select(x, dim, k) for k in range(np.shape(x)[dim])],
    "unbind_copy": lambda x, dim=0: [select(x, dim, k) for k in range(np.shape(x)[dim])],
    "constant_pad_nd": constant_pad, "nn.functional.pad.constant": padded, "nn.functional.pad.reflect": padded,
    "nn.functional.pad.replicate": padded, "nn.functional.pad.replicate_negative": padded, "nn.functional.pad.circular": padded,
    "tril": lambda x, diagonal=0: np.tril(x, diagonal), "triu": lambda x, diagonal=0: np.triu(x, diagonal),
    "nn.functional.pixel_shuffle": pixel_shuffle, "nn.functional.pixel_unshuffle": pixel_unshuffle,
    "nn.functional.channel_shuffle": shuffled, "to": to_dtype, "double": lambda x, **_: o.cast(x, dtype="float64"),
    "cdouble": lambda x, **_: o.cast(x, dtype="complex128"),
    "zero_": lambda x: 0.0 * o.stop_gradient(x), "fill": lambda x, value: np.broadcast_to(value, np.shape(x)),
    "view_as_complex": lambda x: x[..., 0] + 1j * x[..., 1], "view_as_real": lambda x: np.stack([np.real(x), np.imag(x)], -1),
}  # fmt: skip
