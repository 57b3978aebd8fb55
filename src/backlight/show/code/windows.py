"""Convolutions and pools in NumPy, PyTorch and JAX. How the windows lie is worked out here: the code that is written holds numbers.

NumPy has no convolution, so a few lines of it are written above the program; its gradients need the transposed one and
the sum over windows as well. PyTorch and JAX differentiate by themselves and get theirs by name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np

from ...core.types import Type
from ...ops.pooling import counts, pooled
from ...ops.window import Windows, each, layout, transposed_size
from .spelling import Line, Spelling

__all__ = ["JAX_WINDOWS", "JAX_WINDOWS_HELPERS", "NUMPY_HELPERS", "NUMPY_WINDOWS", "TORCH_WINDOWS", "TORCH_WINDOWS_HELPERS"]

RANKS: Final = (1, 2, 3)


def convolution(line: Line) -> Windows:
    """The windows of a convolution."""
    a = line.attrs
    return layout("", line.shapes[0][2:], line.shapes[1][2:], a["stride"], a["padding"], a["dilation"])


def spreading(line: Line) -> Windows:
    """The windows that a transposed convolution spreads over."""
    g, w = (Type("float64", shape) for shape in line.shapes)
    a = line.attrs
    return transposed_size("", g, w, a["stride"], a["padding"], a["dilation"], a["output_padding"])


def weighing(line: Line) -> Windows:
    """The windows that are weighed."""
    a, rank = line.attrs, len(line.shapes[0]) - 2
    return layout("", line.shapes[0][2:], each("", "size", a["size"], rank), a["stride"], a["padding"], a["dilation"])


def pooling(line: Line) -> Windows:
    """The windows of a pool."""
    settings = {key: value for key, value in line.attrs.items() if key != "count_padding"}
    return pooled("", np.empty(line.shapes[0]), **settings)


def counted(line: Line, array: str) -> str:
    """By how many numbers the sum of each window is divided: one number where they are all full, else an array of them."""
    settings = {key: value for key, value in line.attrs.items() if key not in ("count_padding", "ceil")}
    at = pooling(line)
    asked = at._replace(pads=pooled("", np.empty(line.shapes[0]), **settings).pads)
    found = counts(asked, line.attrs["count_padding"])
    return str(int(np.prod(at.kernel))) if bool(np.all(found == np.prod(at.kernel))) else array.format(found.astype(int).tolist())


NUMPY_HELPERS: Final[Mapping[str, str]] = {
    "windows": '''\
def windows(x, size, stride, pads, dilation, fill=0.0):
    """The windows of padded x (batch, channels, ...): (batch, channels, windows..., window...)."""
    x = np.pad(x, [(0, 0), (0, 0), *pads], constant_values=fill)
    reach = [d * (k - 1) + 1 for k, d in zip(size, dilation)]
    seen = np.lib.stride_tricks.sliding_window_view(x, reach, axis=tuple(range(2, x.ndim)))
    return seen[(..., *[slice(None, None, step) for step in (*stride, *dilation)])]
''',
    "convolved": '''\
def convolved(x, w, stride, pads, dilation, groups):
    """The windows of x times w (channels out, channels in / groups, window...), summed."""
    rank = w.ndim - 2
    seen = np.split(@windows(x, w.shape[2:], stride, pads, dilation), groups, 1)
    axes = [1, *range(2 + rank, 2 + 2 * rank)], list(range(1, 2 + rank))
    parts = [np.tensordot(s, v, axes) for s, v in zip(seen, np.split(w, groups))]
    return np.moveaxis(np.concatenate(parts, -1), -1, 1)
''',
    "spread": '''\
def spread(g, w, size, stride, pads, dilation, groups):
    """Each number of g times w, added up over its window of a result of this size."""
    channels = w.shape[1]
    z = np.zeros((len(g), groups * channels, *[n + a + b for n, (a, b) in zip(size, pads)]), g.dtype)
    for place in np.ndindex(w.shape[2:]):
        spots = [slice(k * d, k * d + (m - 1) * t + 1, t) for k, d, m, t in zip(place, dilation, g.shape[2:], stride)]
        for k, (y, v) in enumerate(zip(np.split(g, groups, 1), np.split(w[(..., *place)], groups))):
            z[(slice(None), slice(k * channels, (k + 1) * channels), *spots)] += np.moveaxis(np.tensordot(y, v, (1, 0)), -1, 1)
    return z[(..., *[slice(a, a + n) for n, (a, _) in zip(size, pads)])]
''',
    "weighed": '''\
def weighed(x, g, size, stride, pads, dilation, groups):
    """The windows of x, each times its number of g, summed: the gradient of the weights."""
    seen = np.split(@windows(x, size, stride, pads, dilation), groups, 1)
    axes = [0, *range(2, x.ndim)]
    return np.concatenate([np.tensordot(y, s, (axes, axes)) for s, y in zip(seen, np.split(g, groups, 1))])
''',
    "places": '''\
def places(x, size, stride, pads, dilation):
    """Where the largest number of each window is, counted over the axes behind (batch, channels)."""
    seen = @windows(x, size, stride, pads, dilation, -np.inf)
    there = @windows(np.ones(x.shape, bool), size, stride, pads, dilation, False)
    shape = seen.shape[:x.ndim]
    there = there.reshape(*shape, math.prod(size))
    best = seen.reshape(there.shape).argmax(-1)
    best = np.where(np.take_along_axis(there, best[..., None], -1)[..., 0], best, there.argmax(-1))
    found = 0
    for n, corner, k, t, d, (a, _) in zip(x.shape[2:], np.indices(shape[2:]), np.unravel_index(best, size), stride, dilation, pads):
        found = found * n + corner * t + k * d - a
    return found
''',
}  # fmt: skip


def numpy_windows(name: str, windows: Callable[[Line], Windows], *first: str) -> Callable[[Line], str]:
    """A call of a helper: the operands, what of the windows it needs first, and how they lie."""

    def write(line: Line) -> str:
        at = windows(line)
        told = [repr(getattr(at, word)) for word in (*first, "stride", "pads", "dilation")]
        groups = [repr(line.attrs["groups"])] if "groups" in line.attrs else []
        return f"@{name}({', '.join([*line.xs, *told, *groups])})"

    return write


def numpy_mean(line: Line) -> str:
    at, rank = pooling(line), len(line.shapes[0])
    axes = tuple(range(rank, 2 * rank - 2))
    seen = f"@windows({line.xs[0]}, {at.kernel!r}, {at.stride!r}, {at.pads!r}, {at.dilation!r})"
    return f"np.sum({seen}, axis={axes!r}) / {counted(line, 'np.array({}, ' + repr(line.type.dtype.name) + ')')}"


def numpy_max(line: Line) -> str:
    at, rank = pooling(line), len(line.shapes[0])
    axes = tuple(range(rank, 2 * rank - 2))
    fill = f", {lowest(line)}" if any(map(any, at.pads)) else ""
    return f"np.max(@windows({line.xs[0]}, {at.kernel!r}, {at.stride!r}, {at.pads!r}, {at.dilation!r}{fill}), axis={axes!r})"


def lowest(line: Line) -> str:
    """What is below every number of a dtype."""
    dtype = line.types[0].dtype
    return "-float('inf')" if dtype.kind == "f" else "False" if dtype.kind == "b" else str(np.iinfo(dtype).min)


# -- PyTorch ----------------------------------------------------------------------------------------------------------
def torch_padded(x: str, at: Windows, fill: str = "") -> str:
    """x with its padding, which PyTorch names from the last axis on."""
    if not any(map(any, at.pads)):
        return x
    pads = tuple(n for pair in reversed(at.pads) for n in pair)
    return f"torch.nn.functional.pad({x}, {pads!r}{fill and f', value={fill}'})"


def torch_conv(line: Line) -> str:
    at = convolution(line)
    x, w = line.xs
    told = {"stride": at.stride, "dilation": at.dilation, "groups": line.attrs["groups"]}
    how = "".join(f", {word}={said!r}" for word, said in told.items() if said not in (1, (1,) * len(at.size)))
    return f"torch.nn.functional.conv{len(at.size)}d({torch_padded(x, at)}, {w}{how})"


def torch_max(line: Line) -> str:
    at = pooling(line)
    x = torch_padded(line.xs[0], at, lowest(line))
    apart = f", dilation={at.dilation!r}" if max(at.dilation) > 1 else ""
    return f"torch.nn.functional.max_pool{len(at.size)}d({x}, {at.kernel!r}, {at.stride!r}{apart})"


def torch_mean(line: Line) -> str:
    at = pooling(line)
    made = f"torch.nn.functional.avg_pool{len(at.size)}d({torch_padded(line.xs[0], at)}, {at.kernel!r}, {at.stride!r})"
    full, counts_ = int(np.prod(at.kernel)), counted(line, f"torch.tensor({{}}, dtype=torch.{line.type.dtype.name})")
    return made if counts_ == str(full) else f"{made} * ({full} / {counts_})"


def torch_windows(name: str, windows: Callable[[Line], Windows], first: str) -> Callable[[Line], str]:
    """A call of a helper, by the number of axes that the windows lie over."""

    def write(line: Line) -> str:
        at = windows(line)
        told = [repr(getattr(at, word)) for word in (first, "stride", "pads", "dilation")]
        return f"@{name}({', '.join([*line.xs, *told, repr(line.attrs['groups'])])})"

    return write


TORCH_WINDOWS_HELPERS: Final[Mapping[str, str]] = {
    "spread": '''\
def spread(g, w, size, stride, pads, dilation, groups):
    """Each number of g times w, added up over its window of a result of this size: a transposed convolution."""
    back = getattr(torch.nn.grad, f"conv{len(size)}d_input")
    whole = [n + a + b for n, (a, b) in zip(size, pads)]
    z = back((len(g), groups * w.shape[1], *whole), w, g, stride=stride, dilation=dilation, groups=groups)
    return torch.nn.functional.pad(z, [-n for pair in reversed(pads) for n in pair])
''',
    "weighed": '''\
def weighed(x, g, size, stride, pads, dilation, groups):
    """The windows of x, each times its number of g, summed: the gradient of the weights."""
    back = getattr(torch.nn.grad, f"conv{len(size)}d_weight")
    x = torch.nn.functional.pad(x, [n for pair in reversed(pads) for n in pair])
    return back(x, (g.shape[1], x.shape[1] // groups, *size), g, stride=stride, dilation=dilation, groups=groups)
''',
    "places": '''\
def places(x, size, stride, pads, dilation):
    """Where the largest number of each window is, counted over the axes behind (batch, channels)."""
    lowest = -float("inf") if x.is_floating_point() else torch.iinfo(x.dtype).min
    around = [n for pair in reversed(pads) for n in pair]
    seen, there = torch.nn.functional.pad(x, around, value=lowest), torch.nn.functional.pad(torch.ones_like(x), around)
    for axis, (k, t, d) in enumerate(zip(size, stride, dilation), 2):
        seen, there = [y.unfold(axis, d * (k - 1) + 1, t)[..., ::d] for y in (seen, there)]
    there, rest = there.flatten(x.ndim), seen.flatten(x.ndim).argmax(-1, keepdim=True)
    found, rest = 0, torch.where(there.gather(-1, rest) > 0, rest, there.argmax(-1, keepdim=True))[..., 0]
    for axis in range(len(size)):
        inside = rest // math.prod(size[axis + 1:]) % size[axis]
        corner = torch.arange(seen.shape[axis + 2]).reshape(-1, *[1] * (len(size) - axis - 1))
        found = found * x.shape[axis + 2] + corner * stride[axis] + inside * dilation[axis] - pads[axis][0]
    return found
''',
}  # fmt: skip


# -- JAX --------------------------------------------------------------------------------------------------------------
def jax_conv(line: Line) -> str:
    at = convolution(line)
    x, w = line.xs
    if max(at.stride) > 1 and max(at.dilation) > 1:
        return f"@convolved({x}, {w}, {at.stride!r}, {at.pads!r}, {at.dilation!r}, {line.attrs['groups']})"
    more = "".join([
        f", rhs_dilation={at.dilation!r}" if max(at.dilation) > 1 else "",
        f", feature_group_count={line.attrs['groups']}" if line.attrs["groups"] > 1 else "",
    ])  # fmt: skip
    return f"jax.lax.conv_general_dilated({x}, {w}, {at.stride!r}, {at.pads!r}{more})"


def jax_reduced(x: str, at: Windows, start: str, function: str) -> str:
    sizes, strides, dilations = ((1, 1, *found) for found in (at.kernel, at.stride, at.dilation))
    pads = ((0, 0), (0, 0), *at.pads)
    return (
        f"jax.lax.reduce_window({x}, {start}, jax.lax.{function}, {sizes!r}, {strides!r}, {pads!r}, window_dilation={dilations!r})"
    )


def jax_max(line: Line) -> str:
    """JAX differentiates no pool with gaps, so that one goes by the places of the largest."""
    if max(pooling(line).dilation) > 1:
        return ""
    start = f"jnp.array({lowest(line)}, {line.types[0].dtype.name!r})" if line.types[0].dtype.kind in "iub" else "-jnp.inf"
    return jax_reduced(line.xs[0], pooling(line), start, "max")


def jax_mean(line: Line) -> str:
    made = jax_reduced(line.xs[0], pooling(line), "0.0", "add")
    return f"{made} / {counted(line, 'jnp.array({}, ' + repr(line.type.dtype.name) + ')')}"


JAX_WINDOWS_HELPERS: Final[Mapping[str, str]] = {
    "convolved": '''\
def convolved(x, w, stride, pads, dilation, groups):
    """A convolution with steps and gaps: some of all windows. Asked for both at once, XLA 0.10 crashes on the gradient."""
    z = jax.lax.conv_general_dilated(x, w, [1] * len(stride), pads, rhs_dilation=dilation, feature_group_count=groups)
    return z[(..., *[slice(None, None, step) for step in stride])]
''',
    "spread": '''\
def spread(g, w, size, stride, pads, dilation, groups):
    """Each number of g times w, added up over its window of a result of this size: a convolution turned around."""
    x = jnp.zeros((len(g), groups * w.shape[1], *size), g.dtype)
    return jax.vjp(lambda x: @convolved(x, w, stride, pads, dilation, groups), x)[1](g)[0]
''',
    "weighed": '''\
def weighed(x, g, size, stride, pads, dilation, groups):
    """The windows of x, each times its number of g, summed: the gradient of the weights."""
    w = jnp.zeros((g.shape[1], x.shape[1] // groups, *size), g.dtype)
    return jax.vjp(lambda w: @convolved(x, w, stride, pads, dilation, groups), w)[1](g)[0]
''',
    "places": '''\
def places(x, size, stride, pads, dilation):
    """Where the largest number of each window is, counted over the axes behind (batch, channels)."""
    lowest = -jnp.inf if jnp.issubdtype(x.dtype, jnp.floating) else jnp.iinfo(x.dtype).min
    around = [(0, 0), (0, 0), *pads]
    seen, there = jnp.pad(x, around, constant_values=lowest), jnp.pad(jnp.ones(x.shape, bool), around)
    for axis, (k, t, d) in enumerate(zip(size, stride, dilation), 2):
        number = (seen.shape[axis] - d * (k - 1) - 1) // t + 1
        at = jnp.arange(number)[:, None] * t + jnp.arange(k) * d
        seen, there = [jnp.moveaxis(jnp.take(y, at, axis=axis), axis + 1, -1) for y in (seen, there)]
    there = there.reshape(*seen.shape[:x.ndim], math.prod(size))
    rest = seen.reshape(there.shape).argmax(-1)
    found, rest = 0, jnp.where(jnp.take_along_axis(there, rest[..., None], -1)[..., 0], rest, there.argmax(-1))
    for axis in range(len(size)):
        inside = rest // math.prod(size[axis + 1:]) % size[axis]
        corner = jnp.arange(seen.shape[axis + 2]).reshape(-1, *[1] * (len(size) - axis - 1))
        found = found * x.shape[axis + 2] + corner * stride[axis] + inside * dilation[axis] - pads[axis][0]
    return found
''',
}  # fmt: skip

NUMPY_WINDOWS: Final[Mapping[str, Spelling]] = {
    **{f"conv{n}d": numpy_windows("convolved", convolution) for n in RANKS},
    **{f"conv_transpose{n}d": numpy_windows("spread", spreading, "size") for n in RANKS},
    **{f"conv_weight{n}d": numpy_windows("weighed", weighing, "kernel") for n in RANKS},
    **{f"avg_pool{n}d": numpy_mean for n in RANKS}, **{f"max_pool{n}d": numpy_max for n in RANKS},
    "max_pool_places": numpy_windows("places", pooling, "kernel"),
}  # fmt: skip
TORCH_WINDOWS: Final[Mapping[str, Spelling]] = {
    **{f"conv{n}d": torch_conv for n in RANKS}, **{f"max_pool{n}d": torch_max for n in RANKS}, **{f"avg_pool{n}d": torch_mean for n in RANKS},
    **{f"conv_transpose{n}d": torch_windows("spread", spreading, "size") for n in RANKS},
    **{f"conv_weight{n}d": torch_windows("weighed", weighing, "kernel") for n in RANKS},
    "max_pool_places": numpy_windows("places", pooling, "kernel"),
}  # fmt: skip
JAX_WINDOWS: Final[Mapping[str, Spelling]] = {
    **{f"conv{n}d": jax_conv for n in RANKS}, **{f"max_pool{n}d": jax_max for n in RANKS}, **{f"avg_pool{n}d": jax_mean for n in RANKS},
    **{f"conv_transpose{n}d": torch_windows("spread", spreading, "size") for n in RANKS},
    **{f"conv_weight{n}d": torch_windows("weighed", weighing, "kernel") for n in RANKS},
    "max_pool_places": numpy_windows("places", pooling, "kernel"),
}  # fmt: skip
