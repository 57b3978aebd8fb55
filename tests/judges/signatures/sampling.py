"""Numbers taken from moving places of an image, and sums over bags and segments of unequal lengths."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from backlight import ops as o

__all__ = ["ENTRIES"]

MODES, PADDINGS = ("bilinear", "nearest", "bicubic"), ("zeros", "border", "reflection")


def plain(x: Any) -> Any:
    return np.asarray(getattr(x, "value", x))


def reflected(c: Any, size: int, align: bool) -> Any:
    """A place mirrored at both edges, as often as it takes: at the numbers of the edges, or half a step beyond."""
    low, span = (0.0, size - 1.0) if align else (-0.5, float(size))
    if span == 0:
        return c * 0.0
    c = np.abs(c - low)
    turns = np.floor(plain(c) / span)
    rest = c - turns * span
    return np.where(turns % 2 == 0, rest + low, span + low - rest)


def padded(c: Any, size: int, padding: str, align: bool) -> Any:
    """A place brought inside, where the padding says so."""
    if padding == "zeros":
        return c
    return np.clip(reflected(c, size, align) if padding == "reflection" else c, 0.0, size - 1.0)


def cubic(t: Any) -> list[Any]:
    """What each of four neighbours weighs at a share t between the middle two."""
    a = -0.75
    near = lambda s: ((a + 2) * s - (a + 3)) * s * s + 1
    far = lambda s: ((a * s - 5 * a) * s + 8 * a) * s - 4 * a
    return [far(t + 1), near(t), near(1 - t), far(2 - t)]


def taps(c: Any, size: int, mode: str, padding: str, align: bool) -> list[tuple[Any, Any]]:
    """The neighbours of a place along one axis, and what each of them weighs."""
    if mode == "bicubic":
        first = np.floor(plain(c))
        return [(padded(first + k, size, padding, align), w) for k, w in zip((-1, 0, 1, 2), cubic(c - first), strict=True)]
    c = padded(c, size, padding, align)
    if mode == "nearest":
        return [(np.rint(plain(c)), 1.0)]
    first = np.floor(plain(c))
    return [(first, first + 1 - c), (first + 1, c - first)]


def grid_sample(x: Any, grid: Any, mode: str = "bilinear", padding_mode: str = "zeros", align_corners: bool = False) -> Any:
    """The numbers of images (batch, channels, …) at places from −1 to 1, whose last coordinate is that of the first axis."""
    sizes, rank = x.shape[2:], grid.shape[-1]
    flat = np.reshape(x, (*x.shape[:2], -1))
    every = []
    for k, size in enumerate(sizes):
        c = grid[..., rank - 1 - k]
        c = (c + 1) / 2 * (size - 1) if align_corners else ((c + 1) * size - 1) / 2
        every.append(taps(c, size, mode, padding_mode, align_corners))
    total = 0.0
    for chosen in itertools.product(*every):
        index, inside, weight = 0, True, 1.0
        for (place, w), size in zip(chosen, sizes, strict=True):
            inside = inside & (place >= 0) & (place < size)
            index, weight = index * size + np.clip(place, 0, size - 1).astype(int), weight * w
        places = np.broadcast_to(np.reshape(index, (x.shape[0], 1, -1)), (*x.shape[:2], index[0].size))
        taken = np.reshape(np.take_along_axis(flat, places, 2), (*x.shape[:2], *index.shape[1:]))
        total = total + taken * np.expand_dims(np.where(inside, weight, 0.0), 1)
    return total


def grid_sampler(x: Any, grid: Any, mode: int, padding: int, align: bool) -> Any:
    return grid_sample(x, grid, MODES[mode], PADDINGS[padding], align)


def segments(x: Any, kind: str, offsets: list[int], axis: int, initial: Any) -> Any:
    """One number for each segment from an offset to the next, along an axis."""
    rows = np.moveaxis(x, axis, 0)
    found = []
    for start, stop in itertools.pairwise(offsets):
        part = rows[start:stop]
        empty = np.zeros(rows.shape[1:])
        if kind in ("sum", "mean"):
            z = np.sum(part, 0) + (0.0 if initial is None else initial)
            z = z / (stop - start) if kind == "mean" and stop > start else z if kind == "sum" or initial is not None else empty + np.nan
        elif kind == "prod":
            z = np.prod(part, 0) * (1.0 if initial is None else initial)
        else:
            first = {"max": -np.inf, "min": np.inf}[kind] if initial is None else initial
            z = getattr(np, kind)(part, 0, initial=first) if stop > start else empty + first
        found.append(z)
    return np.moveaxis(np.stack(found), 0, axis)


def segment_reduce(x: Any, kind: str, *, lengths: Any = None, offsets: Any = None, axis: int = 0, unsafe: bool = False, initial: Any = None) -> Any:
    if offsets is None:
        lengths = np.asarray(lengths)
        offsets = np.concatenate([np.zeros((*lengths.shape[:-1], 1), int), np.cumsum(lengths, -1)], -1)
    offsets = np.asarray(offsets)
    if offsets.ndim > 1:  # every line of a batch has segments of its own
        found = [segment_reduce(x[k], kind, offsets=offsets[k], axis=axis - 1, initial=initial) for k in range(len(offsets))]
        return np.stack(found)
    return segments(x, kind, [int(k) for k in offsets], axis, initial)


def embedding_bag(table: Any, index: Any, offsets: Any = None, mode: str = "mean", per_sample_weights: Any = None, padding_idx: int | None = None,
                  include_last_offset: bool = False) -> Any:  # fmt: skip
    """The rows of a table added up, averaged or compared, for bags of numbers of rows."""
    index = np.asarray(index)
    bags = [(k * index.shape[1], (k + 1) * index.shape[1]) for k in range(len(index))] if index.ndim == 2 else []
    if index.ndim == 1:
        ends = [*map(int, offsets), *(() if include_last_offset else (len(index),))]
        bags = list(itertools.pairwise(ends))
    rows = index.reshape(-1)
    weights = None if per_sample_weights is None else np.reshape(per_sample_weights, (-1,))
    padding = None if padding_idx is None else padding_idx % table.shape[0]
    found = []
    for start, stop in bags:
        kept = [k for k in range(start, stop) if rows[k] != padding]
        if not kept:
            found.append(np.zeros(table.shape[1]) + 0.0 * table[0])
            continue
        part = o.gather(table, rows[kept], axis=0)
        part = part if weights is None else part * np.expand_dims(weights[np.array(kept)], 1)
        found.append(np.max(part, 0) if mode == "max" else np.sum(part, 0) / (len(kept) if mode == "mean" else 1))
    return np.stack(found)


ENTRIES: dict[str, Any] = {
    "nn.functional.grid_sample": grid_sample, "grid_sampler_2d": grid_sampler, "grid_sampler_3d": grid_sampler,
    "_segment_reduce.lengths": segment_reduce, "_segment_reduce.offsets": segment_reduce, "nn.functional.embedding_bag": embedding_bag,
}  # fmt: skip
