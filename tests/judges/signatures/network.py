"""Convolutions, pooling, normalisation, attention, resizing."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
from tests.judges.signatures.arrange import constant_pad

from backlight import ops as o

__all__ = ["ENTRIES"]


def each(value: Any, rank: int) -> tuple[int, ...]:
    """A setting for each axis, from one number or several; torch's None and empty tuple mean that there is none."""
    found = tuple(value) if isinstance(value, (tuple, list)) else (value,)
    return tuple(int(v) for v in (found * rank if len(found) == 1 else found))


def batched(rank: int, call: Any) -> Any:
    """Single images are batches of one."""

    def wrapped(x: Any, *args: Any, **named: Any) -> Any:
        if np.ndim(x) == rank + 2:
            return call(x, *args, **named)
        found = call(np.expand_dims(x, 0), *args, **named)
        return [f[0] for f in found] if isinstance(found, list) else found[0]

    return wrapped


def biased(z: Any, bias: Any, rank: int) -> Any:
    return z if bias is None else z + np.reshape(bias, (-1,) + (1,) * rank)


def conv(rank: int) -> Any:
    row = getattr(o, f"conv{rank}d")

    def call(x: Any, w: Any, bias: Any = None, stride: Any = 1, padding: Any = 0, dilation: Any = 1, groups: int = 1) -> Any:
        pads: Any = padding if padding == "valid" else None
        if padding == "same":
            total = [d * (n - 1) for d, n in zip(each(dilation, rank), np.shape(w)[2:], strict=True)]
            pads = tuple((t // 2, t - t // 2) for t in total)
        elif pads is None:
            pads = each(padding, rank)
        return biased(row(x, w, stride=each(stride, rank), padding=pads, dilation=each(dilation, rank), groups=groups), bias, rank)

    return batched(rank, call)


def conv_transpose(rank: int) -> Any:
    row = getattr(o, f"conv_transpose{rank}d")

    def call(x: Any, w: Any, bias: Any = None, stride: Any = 1, padding: Any = 0, output_padding: Any = 0, groups: int = 1,
             dilation: Any = 1) -> Any:  # fmt: skip
        z = row(x, w, stride=each(stride, rank), dilation=each(dilation, rank), groups=groups)
        ends = zip(each(padding, rank), each(output_padding, rank), strict=True)
        return biased(constant_pad(z, [n for p, more in reversed(list(ends)) for n in (-p, more - p)]), bias, rank)

    return batched(rank, call)


def max_pool(rank: int) -> Any:
    row = getattr(o, f"max_pool{rank}d")

    def call(x: Any, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1, ceil_mode: bool = False,
             return_indices: bool = False) -> Any:  # fmt: skip
        size = each(kernel_size, rank)
        settings = {
            "size": size, "stride": size if stride in (None, ()) else each(stride, rank), "padding": each(padding, rank),
            "dilation": each(dilation, rank), "ceil": ceil_mode,
        }  # fmt: skip
        z = row(x, **settings)
        return [z, o.max_pool_places(x, **settings)] if return_indices else z

    return batched(rank, call)


def avg_pool(rank: int) -> Any:
    row = getattr(o, f"avg_pool{rank}d")

    def call(x: Any, kernel_size: Any, stride: Any = None, padding: Any = 0, ceil_mode: bool = False, count_include_pad: bool = True,
             divisor_override: Any = None) -> Any:  # fmt: skip
        size = each(kernel_size, rank)
        steps = size if stride in (None, ()) else each(stride, rank)
        z = row(x, size=size, stride=steps, padding=each(padding, rank), ceil=ceil_mode, count_padding=count_include_pad)
        if divisor_override is None:
            return z
        plain = row(x, size=size, stride=steps, padding=each(padding, rank), ceil=ceil_mode, count_padding=False)
        share = np.ones(())
        for n, m, k, t, p in zip(np.shape(x)[2:], np.shape(plain)[2:], size, steps, each(padding, rank), strict=True):
            start = np.arange(m) * t - p
            share = np.multiply.outer(share, np.minimum(start + k, n) - np.maximum(start, 0))
        return plain * (share / divisor_override)

    return batched(rank, call)


def adaptive(rank: int, how: str) -> Any:
    """Windows that divide an axis into a given number of nearly equal parts."""

    def call(x: Any, output_size: Any, return_indices: bool = False) -> Any:
        size = output_size if isinstance(output_size, (tuple, list)) else (output_size,) * rank
        size = [np.shape(x)[2 + k] if n is None else n for k, n in enumerate(size)]
        spans = []
        for n, m in zip(np.shape(x)[2:], size, strict=True):
            spans.append([slice(i * n // m, -(-(i + 1) * n // m)) for i in range(m)])
        axes = tuple(range(2, 2 + rank))
        if how == "avg":
            found = [np.mean(x[(slice(None), slice(None), *key)], axis=axes) for key in itertools.product(*spans)]
            return np.reshape(np.stack(found, -1), (*np.shape(x)[:2], *size))
        flat = np.reshape(x, (*np.shape(x)[:2], -1))
        at = np.reshape(np.arange(math.prod(np.shape(x)[2:])), np.shape(x)[2:])
        places = []
        for key in itertools.product(*spans):
            window = np.asarray(at[key]).reshape(-1)
            best = np.argmax(np.asarray(flat.value)[..., window], -1) if window.size else np.zeros(np.shape(x)[:2], int)
            places.append(window[best])
        where = np.stack(places, -1) if places else np.zeros((*np.shape(x)[:2], 0), int)
        z = np.reshape(o.take_along_axis(flat, where, axis=-1), (*np.shape(x)[:2], *size))
        return [z, where.reshape(*np.shape(x)[:2], *size)] if return_indices else z

    return batched(rank, call)


def max_unpool(rank: int) -> Any:
    def call(x: Any, indices: Any, kernel_size: Any, stride: Any = None, padding: Any = 0, output_size: Any = None) -> Any:
        size = each(kernel_size, rank)
        steps = size if stride in (None, ()) else each(stride, rank)
        if output_size is None:
            room = tuple((n - 1) * s - 2 * p + k for n, s, p, k in zip(np.shape(x)[-rank:], steps, each(padding, rank), size, strict=True))
        else:
            room = tuple(output_size[-rank:])
        lead = np.shape(x)[:-rank]
        flat, where = np.reshape(x, (*lead, -1)), np.reshape(indices, (*lead, -1))
        count = int(np.prod(lead))
        last = np.full((count, math.prod(room)), -1)
        np.put_along_axis(last, where.reshape(count, -1), np.arange(where.shape[-1])[None], -1)
        kept = np.take_along_axis(last, where.reshape(count, -1), -1) == np.arange(where.shape[-1])
        spread = o.add_along_axis(np.where(kept.reshape(where.shape), flat, 0.0), where, size=math.prod(room), axis=-1)
        return np.reshape(spread, (*lead, *room))

    return call


def max_pool_back(x: Any, *, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1, ceil_mode: bool = False,
                  return_indices: bool = False) -> Any:  # fmt: skip
    """The gradient of max_pool2d for an upstream of ones: it does not depend on x, but for jumps."""
    z = max_pool(2)(x, kernel_size, stride, padding, dilation, ceil_mode, True)
    value = np.zeros((*np.shape(x)[:-2], math.prod(np.shape(x)[-2:])))
    where = np.asarray(z[1].value).reshape(*np.shape(x)[:-2], -1)
    lead = int(np.prod(np.shape(x)[:-2]))
    flat = value.reshape(lead, -1)
    for k, row in enumerate(where.reshape(lead, -1)):
        np.add.at(flat[k], row, 1.0)
    return np.reshape(value, np.shape(x)) + 0.0 * o.stop_gradient(x)


def unfolded(x: Any, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1) -> Any:
    size, gap, pad, step = (each(v, 2) for v in (kernel_size, dilation, padding, stride))
    batch = np.ndim(x) == 4
    y = x if batch else np.expand_dims(x, 0)
    y = o.pad(y, width=((0, 0), (0, 0), (pad[0], pad[0]), (pad[1], pad[1])))
    n, c, h, w = np.shape(y)
    rows, columns = ((m - g * (k - 1) - 1) // s + 1 for m, g, k, s in zip((h, w), gap, size, step, strict=True))
    a = np.arange(size[0])[:, None] * gap[0] + np.arange(rows)[None] * step[0]
    b = np.arange(size[1])[:, None] * gap[1] + np.arange(columns)[None] * step[1]
    places = (a[:, None, :, None] * w + b[None, :, None, :]).reshape(-1)
    found = np.take(np.reshape(y, (n, c, h * w)), places, axis=2)
    found = np.reshape(found, (n, c * size[0] * size[1], rows * columns))
    return found if batch else found[0]


def over_channels(v: Any, x: Any) -> Any:
    return np.reshape(v, (1, -1) + (1,) * (np.ndim(x) - 2))


def scaled(z: Any, weight: Any, bias: Any, shape: Any) -> Any:
    z = z if weight is None else z * np.reshape(weight, shape)
    return z if bias is None else z + np.reshape(bias, shape)


def normal(x: Any, axes: Any, eps: float) -> tuple[Any, Any, Any]:
    mean = np.mean(x, axis=axes, keepdims=True)
    rate = o.rsqrt(o.var(x, axis=axes, keepdims=True) + eps)
    return (x - mean) * rate, mean, rate


def batch_norm(x: Any, running_mean: Any = None, running_var: Any = None, weight: Any = None, bias: Any = None, training: bool = False,
               momentum: float = 0.1, eps: float = 1e-5) -> Any:  # fmt: skip
    if np.size(running_mean) == 0 and np.ndim(x) == 1:
        return o.identity(x)
    shape = (1, -1) + (1,) * (np.ndim(x) - 2)
    if training:
        z = normal(x, (0, *range(2, np.ndim(x))), eps)[0]
    else:
        z = (x - over_channels(running_mean, x)) / np.sqrt(over_channels(running_var, x) + eps)
    return scaled(z, weight, bias, shape)


def native_batch_norm(x: Any, weight: Any, bias: Any, *rest: Any) -> Any:
    mean = var = None
    if len(rest) == 5:
        mean, var, *rest = rest
    training, _, eps = rest
    z = batch_norm(x, mean, var, weight, bias, training, eps=eps)
    if not training:
        return [z, np.zeros(0), np.zeros(0)]
    _, m, r = normal(x, (0, *range(2, np.ndim(x))), eps)
    return [z, np.ravel(m), np.ravel(r)]


def updating_batch_norm(x: Any, weight: Any, bias: Any, mean: Any, var: Any, momentum: float, eps: float) -> Any:
    return [*native_batch_norm(x, weight, bias, mean, var, True, momentum, eps), np.zeros(0)]


def instance_norm(x: Any, running_mean: Any = None, running_var: Any = None, weight: Any = None, bias: Any = None,
                  use_input_stats: bool = True, momentum: float = 0.1, eps: float = 1e-5) -> Any:  # fmt: skip
    shape = (1, -1) + (1,) * (np.ndim(x) - 2)
    if not use_input_stats:
        return batch_norm(x, running_mean, running_var, weight, bias, False, momentum, eps)
    return scaled(normal(x, tuple(range(2, np.ndim(x))), eps)[0], weight, bias, shape)


def group_norm(x: Any, num_groups: int, weight: Any = None, bias: Any = None, eps: float = 1e-5) -> Any:
    return native_group_norm(x, weight, bias, np.shape(x)[0], np.shape(x)[1], math.prod(np.shape(x)[2:]), num_groups, eps)[0]


def native_group_norm(x: Any, weight: Any, bias: Any, n: int, c: int, hw: int, groups: int, eps: float) -> Any:
    z, mean, rate = normal(np.reshape(x, (n, groups, c * hw // groups)), 2, eps)
    shape = (1, -1) + (1,) * (np.ndim(x) - 2)
    return [scaled(np.reshape(z, np.shape(x)), weight, bias, shape), mean[..., 0], rate[..., 0]]


def layer_norm(x: Any, normalized_shape: Any, weight: Any = None, bias: Any = None, eps: float = 1e-5) -> Any:
    return native_layer_norm(x, normalized_shape, weight, bias, eps)[0]


def native_layer_norm(x: Any, normalized_shape: Any, weight: Any, bias: Any, eps: float) -> Any:
    z, mean, rate = normal(x, tuple(range(-len(normalized_shape), 0)), eps)
    return [scaled(z, weight, bias, tuple(normalized_shape)), mean, rate]


def rms_norm(x: Any, normalized_shape: Any, weight: Any = None, eps: float | None = None) -> Any:
    eps = float(np.finfo(np.float64).eps) if eps is None else eps
    z = x * o.rsqrt(np.mean(np.square(x), axis=tuple(range(-len(normalized_shape), 0)), keepdims=True) + eps)
    return z if weight is None else z * weight


def local_response_norm(x: Any, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> Any:
    width = [(0, 0)] * np.ndim(x)
    width[1] = (size // 2, (size - 1) // 2)
    squares = o.pad(np.square(x), width=tuple(width))
    n = np.shape(x)[1]
    total = sum(squares[:, j : j + n] for j in range(size))
    return x / (k + alpha * total / size) ** beta


def normalize(x: Any, p: float = 2.0, dim: int = 1, eps: float = 1e-12) -> Any:
    axis = dim if np.ndim(x) else None
    return x / np.maximum(o.norm(x, ord=p, axis=axis, keepdims=True), eps)


# Resizing: each output is a sum over a few inputs of its axis, so along an axis it is the product with a matrix.
def ratio(n: int, m: int, scale: float | None, corners: bool) -> float:
    if corners:
        return (n - 1) / (m - 1) if m > 1 else 0.0
    return 1 / scale if scale else n / m


def centres(n: int, m: int, scale: float | None, corners: bool) -> Any:
    """Where the outputs lie among the inputs."""
    step = ratio(n, m, scale, corners)
    return np.arange(m) * step if corners else (np.arange(m) + 0.5) * step - 0.5


def nearest(n: int, m: int, scale: float | None, half: bool) -> Any:
    step = ratio(n, m, scale, False)
    at = np.floor((np.arange(m) + 0.5) * step) if half else np.floor(np.arange(m) * step)
    return np.clip(at.astype(int), 0, n - 1)


def straight(n: int, m: int, scale: float | None, corners: bool) -> Any:
    at = np.maximum(centres(n, m, scale, corners), 0.0)
    low = np.minimum(np.floor(at).astype(int), n - 1)
    high = np.minimum(low + 1, n - 1)
    matrix = np.zeros((m, n))
    np.add.at(matrix, (np.arange(m), low), 1 - (at - low))
    np.add.at(matrix, (np.arange(m), high), at - low)
    return matrix


def cubic(n: int, m: int, scale: float | None, corners: bool) -> Any:
    at = centres(n, m, scale, corners)
    low = np.floor(at).astype(int)
    matrix = np.zeros((m, n))
    a = -0.75
    for j in range(-1, 3):
        d = np.abs(at - low - j)
        near = (a + 2) * d**3 - (a + 3) * d**2 + 1
        far = a * d**3 - 5 * a * d**2 + 8 * a * d - 4 * a
        np.add.at(matrix, (np.arange(m), np.clip(low + j, 0, n - 1)), np.where(d <= 1, near, far))
    return matrix


def interpolate(x: Any, size: Any = None, scale_factor: Any = None, mode: str = "nearest", align_corners: bool | None = None,
                recompute_scale_factor: bool | None = None) -> Any:  # fmt: skip
    rank = np.ndim(x) - 2
    scales = [None] * rank if scale_factor is None else list(scale_factor) if isinstance(scale_factor, (tuple, list)) else [scale_factor] * rank
    if size is None:
        size = [math.floor(n * s) for n, s in zip(np.shape(x)[2:], scales, strict=True)]
        if recompute_scale_factor:
            scales = [None] * rank
    size = list(size) if isinstance(size, (tuple, list)) else [size] * rank
    if mode == "area":
        return adaptive(rank, "avg")(x, size)
    for k, (m, s) in enumerate(zip(size, scales, strict=True)):
        n = np.shape(x)[2 + k]
        if mode.startswith("nearest"):
            x = np.take(x, nearest(n, m, s, mode == "nearest-exact"), axis=2 + k)
        else:
            matrix = (cubic if mode == "bicubic" else straight)(n, m, s, bool(align_corners))
            x = np.moveaxis(np.moveaxis(x, 2 + k, -1) @ matrix.T, -1, 2 + k)
    return x


def pdist(x: Any, p: float = 2.0) -> Any:
    i, j = np.triu_indices(np.shape(x)[0], 1)
    return o.norm(x[i] - x[j], ord=p, axis=-1)


def cdist(x: Any, y: Any, p: float = 2.0, compute_mode: str = "") -> Any:
    return o.norm(np.expand_dims(x, -2) - np.expand_dims(y, -3), ord=p, axis=-1)


def channel_dropout(x: Any, p: float = 0.5, training: bool = False, inplace: bool = False) -> Any:
    return o.identity(x)


def stft(x: Any, n_fft: int, hop_length: int | None = None, win_length: int | None = None, window: Any = None, center: bool = True,
         pad_mode: str = "reflect", normalized: bool = False, onesided: bool | None = None, return_complex: bool | None = None) -> Any:  # fmt: skip
    hop = n_fft // 4 if hop_length is None else hop_length
    length = n_fft if win_length is None else win_length
    w = np.ones(length) if window is None else window
    left = (n_fft - length) // 2
    w = o.pad(w, width=((left, n_fft - length - left),))
    if center:
        width = ((0, 0),) * (np.ndim(x) - 1) + ((n_fft // 2, n_fft // 2),)
        x = o.pad(x, width=width, mode=pad_mode)
    frames = (np.shape(x)[-1] - n_fft) // hop + 1
    windows = x[..., np.arange(frames)[:, None] * hop + np.arange(n_fft)] * w
    norm = "ortho" if normalized else "backward"
    z = o.fft(windows, norm=norm) if onesided is False else o.rfft(windows, norm=norm)
    z = np.swapaxes(z, -1, -2)
    return z if return_complex else np.stack([np.real(z), np.imag(z)], -1)


ENTRIES: dict[str, Any] = {
    **{f"nn.functional.conv{k}d": conv(k) for k in (1, 2, 3)},
    **{f"nn.functional.conv_transpose{k}d": conv_transpose(k) for k in (1, 2, 3)},
    **{f"nn.functional.max_pool{k}d": max_pool(k) for k in (1, 2, 3)},
    **{f"nn.functional.avg_pool{k}d": avg_pool(k) for k in (1, 2, 3)},
    **{f"nn.functional.adaptive_avg_pool{k}d": adaptive(k, "avg") for k in (1, 2, 3)},
    **{f"nn.functional.adaptive_max_pool{k}d": adaptive(k, "max") for k in (1, 2, 3)},
    **{f"nn.functional.max_unpool{k}d.grad": max_unpool(k) for k in (1, 2, 3)},
    **{f"nn.functional.interpolate.{mode}": interpolate for mode in ("nearest", "nearest-exact", "linear", "bilinear", "bicubic", "trilinear", "area")},
    "nn.functional.upsample_bilinear": lambda x, size=None, scale_factor=None: interpolate(x, size, scale_factor, "bilinear", True),
    "nn.functional.upsample_nearest": lambda x, size=None, scale_factor=None: interpolate(x, size, scale_factor, "nearest"),
    "max_pool2d_with_indices_backward": max_pool_back, "nn.functional.unfold": unfolded,
    "nn.functional.batch_norm": batch_norm, "native_batch_norm": native_batch_norm, "_native_batch_norm_legit": native_batch_norm,
    "_batch_norm_with_update": updating_batch_norm, "nn.functional.instance_norm": instance_norm,
    "nn.functional.group_norm": group_norm, "native_group_norm": native_group_norm, "nn.functional.layer_norm": layer_norm,
    "native_layer_norm": native_layer_norm, "nn.functional.rms_norm": rms_norm,
    "nn.functional.local_response_norm": local_response_norm, "nn.functional.normalize": normalize,
    "nn.functional.pdist": pdist, "cdist": cdist,
    "nn.functional.feature_alpha_dropout.without_train": channel_dropout,
    "torch.ops.aten._safe_softmax.default": lambda x, dim, dtype=None: np.where(
        np.max(x, axis=dim, keepdims=True) > -np.inf, o.softmax(x, axis=dim), 0.0
    ),
    "_softmax_backward_data": lambda g, z, dim, dtype: z * (g - np.sum(g * z, axis=dim, keepdims=True)) if np.ndim(z) else z * (g - g * z),
    "native_dropout_backward": lambda g, mask, scale: g * mask * float(scale),
    "stft": stft,
}  # fmt: skip
