"""Numbers turned round, set beside one another, repeated, and surrounded by others."""

from __future__ import annotations

from itertools import accumulate, pairwise
from typing import Any

import numpy as np

from ..core.op import Case, Op, operation
from ..core.types import TupleType, Type
from ..errors import ShapeError, ValueError
from . import batched
from . import samples as s
from .axes import Axis, axes_of, axis_of, sizes
from .index import index
from .reduce import sum as sum_along
from .shape import reshape
from .slices import moved, scatter_add

__all__ = ["concat", "flip", "pad", "repeat", "roll", "split", "stack", "tile"]


def along(axis: int, part: int | str) -> tuple[int | str, ...]:
    """The key that chooses a part of one axis."""
    return (*[":"] * axis, part)


def flip_type(x: Type, axis: Axis = None) -> Type:
    axes_of("flip", x, axis)
    return x


flip: Op = operation(
    "flip", "x",
    doc="In reverse order along one axis, several, or all.",
    words="the gradient is turned round too",
    kind="shape",
    attrs={"axis": None},
    type=flip_type,
    value=lambda x, axis=None: np.flip(x, axis),
    vjp=lambda g, z, x, axis=None: flip(g, axis=axis),
    linear=(0,),
    mask=lambda k, mask, z, x, axis=None: None if mask is None else flip(mask, axis=axis),
    analytic=True,
    batch=batched.along_axes("flip"),
    cases=[
        Case(s.ROW, gives=s.ROW[::-1]),
        Case(s.MATRIX),
        Case(s.TENSOR, axis=(0, -1)),
        Case(s.MATRIX, axis=2, raises="flip: there is no axis 2: Matrix Float64 (2, 3) has 2 axes"),
    ],
)  # fmt: skip


def roll_type(x: Type, shift: int | tuple[int, ...] = 1, axis: Axis = None) -> Type:
    axes_of("roll", x, axis)
    if isinstance(shift, tuple) and (not isinstance(axis, tuple) or len(shift) != len(axis)):
        raise ShapeError(f"roll: shift {shift} must have one number for each axis, and axis is {axis}")
    return x


def opposite(shift: int | tuple[int, ...]) -> int | tuple[int, ...]:
    return tuple(-n for n in shift) if isinstance(shift, tuple) else -shift


roll: Op = operation(
    "roll", "x",
    doc="Shifted along one axis, several, or (without an axis) in reading order; what leaves at the end comes in at the front.",
    words="the gradient is shifted back",
    kind="shape",
    attrs={"shift": 1, "axis": None},
    type=roll_type,
    value=lambda x, shift=1, axis=None: np.roll(x, shift, axis),
    vjp=lambda g, z, x, shift=1, axis=None: roll(g, shift=opposite(shift), axis=axis),
    linear=(0,),
    mask=lambda k, mask, z, x, shift=1, axis=None: None if mask is None else roll(mask, shift=opposite(shift), axis=axis),
    analytic=True,
    batch=batched.rolled,
    cases=[
        Case(s.ROW, gives=[0.35, 1.6, -0.9]),
        Case(s.MATRIX, shift=-2),
        Case(s.TENSOR, shift=(1, -2), axis=(-1, 1)),
        Case(s.MATRIX, shift=(1, 2), axis=0, raises="roll: shift (1, 2) must have one number for each axis, and axis is 0"),
        Case(s.MATRIX, axis=2, raises="roll: there is no axis 2: Matrix Float64 (2, 3) has 2 axes"),
    ],
)  # fmt: skip


def concat_type(*xs: Type, axis: int = 0) -> Type:
    first = xs[0]
    a = axis_of("concat", first, axis)
    for x in xs[1:]:
        if x.rank != first.rank or x.shape[:a] + x.shape[a + 1 :] != first.shape[:a] + first.shape[a + 1 :]:
            raise ShapeError(f"concat: {first} {first.shape} and {x} {x.shape} may differ in size along axis {axis} only")
    shape = (*first.shape[:a], sum(x.shape[a] for x in xs), *first.shape[a + 1 :])
    return Type(np.result_type(*[x.dtype for x in xs]), shape)


def stretch_of(k: int, xs: Any, axis: int) -> tuple[int | str, ...]:
    """Where operand k stands in the result, as a key."""
    a = axis % xs[0].ndim
    start = sum(x.shape[a] for x in xs[:k])
    return along(a, f"{start}:{start + xs[k].shape[a]}")


concat: Op = operation(
    "concat", "*xs",
    doc="One behind the other along an axis.",
    words="each operand gets its own stretch of the gradient",
    kind="shape",
    attrs={"axis": 0},
    type=concat_type,
    value=lambda *xs, axis=0: np.concatenate(xs, axis),
    vjp=lambda k, g, z, *xs, axis=0: index(g, key=stretch_of(k, xs, axis)),
    jvp=lambda ts, z, *xs, axis=0: concat(*map(moved, ts, xs), axis=axis),
    mask=lambda k, mask, z, *xs, axis=0: None if mask is None else index(mask, key=stretch_of(k, xs, axis)),
    analytic=True,
    batch=batched.set_beside("concat"),
    cases=[
        Case([1.0, 2.0], [3.0], gives=[1.0, 2.0, 3.0], grads=[[1.0, 1.0], [1.0]]),
        Case(s.MATRIX, s.OTHER, s.POSITIVE, axis=-1),
        Case(s.MATRIX, np.zeros((0, 3)), s.OTHER[:1]),
        Case(s.TENSOR, s.TENSOR[:, :1] * 2.0, axis=1),
        Case(s.MATRIX, s.ROW, raises="concat: Matrix Float64 (2, 3) and Vector Float64 (3,) may differ in size along axis 0 only"),
        Case(1.0, 2.0, raises="concat: there is no axis 0: Float64 () has 0 axes"),
    ],
)  # fmt: skip


def stack_type(*xs: Type, axis: int = 0) -> Type:
    first = xs[0]
    for x in xs[1:]:
        if x.shape != first.shape:
            raise ShapeError(f"stack: {first} {first.shape} and {x} {x.shape} must have one shape")
    a = axis_of("stack", first.with_shape((*first.shape, 1)), axis)
    return Type(np.result_type(*[x.dtype for x in xs]), (*first.shape[:a], len(xs), *first.shape[a:]))


stack: Op = operation(
    "stack", "*xs",
    doc="One behind the other along a new axis.",
    words="each operand gets its own slice of the gradient",
    kind="shape",
    attrs={"axis": 0},
    type=stack_type,
    value=lambda *xs, axis=0: np.stack(xs, axis),
    vjp=lambda k, g, z, *xs, axis=0: index(g, key=along(axis % g.ndim, k)),
    jvp=lambda ts, z, *xs, axis=0: stack(*map(moved, ts, xs), axis=axis),
    mask=lambda k, mask, z, *xs, axis=0: None if mask is None else index(mask, key=along(axis % z.ndim, k)),
    analytic=True,
    batch=batched.set_beside("stack"),
    cases=[
        Case(1.5, 2.5, gives=[1.5, 2.5], grads=[1.0, 1.0]),
        Case(s.MATRIX, s.OTHER, axis=1),
        Case(s.ROW, s.POSITIVE_ROW, s.ROW * 2.0, axis=-1),
        Case(s.MATRIX, s.ROW, raises="stack: Matrix Float64 (2, 3) and Vector Float64 (3,) must have one shape"),
        Case(s.ROW, axis=2, raises="stack: there is no axis 2: Matrix Float64 (3, 1) has 2 axes"),
    ],
)  # fmt: skip


def part_sizes(x: Type, parts: int | tuple[int, ...], axis: int) -> tuple[int, ...]:
    """The size of each part."""
    n = x.shape[axis_of("split", x, axis)]
    if isinstance(parts, int):
        if parts < 1 or n % parts:
            raise ShapeError(f"split: axis {axis} of {x} {x.shape} has size {n}, which is not {parts} equal parts: give the sizes")
        return (n // parts,) * parts
    if sum(sizes("split", "parts", parts)) != n:
        raise ShapeError(f"split: the sizes {parts} add up to {sum(parts)}, and axis {axis} of {x} {x.shape} has size {n}")
    return parts


def split_type(x: Type, parts: int | tuple[int, ...] = 2, axis: int = 0) -> TupleType:
    a = axis_of("split", x, axis)
    return TupleType([x.with_shape((*x.shape[:a], n, *x.shape[a + 1 :])) for n in part_sizes(x, parts, axis)])


def ends(x: Any, parts: int | tuple[int, ...], axis: int) -> list[tuple[int, int]]:
    return list(pairwise(accumulate(part_sizes(Type(x.dtype, x.shape), parts, axis), initial=0)))


def split_value(x: Any, parts: int | tuple[int, ...] = 2, axis: int = 0) -> tuple[Any, ...]:
    return tuple(x[(slice(None),) * (axis % x.ndim) + (slice(a, b),)] for a, b in ends(x, parts, axis))


split: Op = operation(
    "split", "x",
    doc="Cut along an axis into equal parts, or into parts of the sizes given: several results.",
    words="the gradients of the parts are set beside one another",
    kind="shape",
    attrs={"parts": 2, "axis": 0},
    type=split_type,
    value=split_value,
    vjp=lambda g, z, x, parts=2, axis=0: concat(*g, axis=axis),
    linear=(0,),
    chooses=True,
    analytic=True,
    batch=batched.along_axes("split"),
    cases=[
        Case([1.0, 2.0, 3.0, 4.0], gives=([1.0, 2.0], [3.0, 4.0])),
        Case(s.MATRIX, parts=3, axis=-1),
        Case(s.TENSOR, parts=(1, 0, 3), axis=2),
        Case(s.ROW, raises="split: axis 0 of Vector Float64 (3,) has size 3, which is not 2 equal parts: give the sizes"),
        Case(s.ROW, parts=(1, 1), raises="split: the sizes (1, 1) add up to 2, and axis 0 of Vector Float64 (3,) has size 3"),
        Case(s.ROW, parts=(4, -1), raises="split: parts must be whole numbers from 0 on, and it is (4, -1)"),
        Case(s.ROW, axis=1, raises="split: there is no axis 1: Vector Float64 (3,) has 1 axes"),
    ],
)  # fmt: skip


def tiled(x: Any, times: Any) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Shape and number of copies, both with as many axes as the longer of them has."""
    copies = sizes("tile", "times", times)
    rank = max(len(copies), len(x.shape))
    return (1,) * (rank - len(x.shape)) + x.shape, (1,) * (rank - len(copies)) + copies


def tile_type(x: Type, times: int | tuple[int, ...] = 2) -> Type:
    shape, copies = tiled(x, times)
    return x.with_shape(tuple(n * c for n, c in zip(shape, copies, strict=True)))


def tile_back(g: Any, x: Any, times: Any, join: Any) -> Any:
    """The copies of each axis laid out as an axis of their own, and joined."""
    shape, copies = tiled(x, times)
    apart = tuple(n for pair in zip(copies, shape, strict=True) for n in pair)
    return reshape(join(reshape(g, shape=apart), tuple(range(0, len(apart), 2))), shape=x.shape)


def summed(x: Any, axes: tuple[int, ...]) -> Any:
    return sum_along(x, axis=axes)


def joined(x: Any, axes: tuple[int, ...]) -> Any:
    """Whether any of the truth values holds."""
    return sum_along(x, axis=axes) > 0


tile: Op = operation(
    "tile", "x",
    doc="The whole array again and again, so many times along each axis; axes are counted from the last.",
    words="copies: the gradients of all copies are summed",
    kind="shape",
    attrs={"times": 2},
    type=tile_type,
    value=lambda x, times=2: np.tile(x, times),
    vjp=lambda g, z, x, times=2: tile_back(g, x, times, summed),
    linear=(0,),
    mask=lambda k, mask, z, x, times=2: None if mask is None else tile_back(mask, x, times, joined),
    analytic=True,
    batch=batched.tiled,
    cases=[
        Case([1.0, 2.0], gives=[1.0, 2.0, 1.0, 2.0], grads=[[2.0, 2.0]]),
        Case(s.MATRIX, times=(2, 1, 3)),
        Case(s.MATRIX, times=0),
        Case(1.5, times=(2, 2)),
        Case(s.ROW, times=-1, raises="tile: times must be whole numbers from 0 on, and it is -1"),
    ],
)  # fmt: skip


def repeat_type(x: Type, times: int = 2, axis: int | None = None) -> Type:
    sizes("repeat", "times", times)
    if axis is None:
        return x.with_shape((x.size * times,))
    a = axis_of("repeat", x, axis)
    return x.with_shape((*x.shape[:a], x.shape[a] * times, *x.shape[a + 1 :]))


def repeat_back(g: Any, x: Any, times: int, axis: int | None, join: Any) -> Any:
    """The copies of each element laid out along an axis of their own, and joined."""
    if axis is None:
        return reshape(join(reshape(g, shape=(x.size, times)), (1,)), shape=x.shape)
    a = axis % x.ndim
    return join(reshape(g, shape=(*x.shape[: a + 1], times, *x.shape[a + 1 :])), (a + 1,))


repeat: Op = operation(
    "repeat", "x",
    doc="Each element so many times, along one axis or (without an axis) in reading order.",
    words="copies: the gradients of all copies are summed",
    kind="shape",
    attrs={"times": 2, "axis": None},
    type=repeat_type,
    value=lambda x, times=2, axis=None: np.repeat(x, times, axis),
    vjp=lambda g, z, x, times=2, axis=None: repeat_back(g, x, times, axis, summed),
    linear=(0,),
    mask=lambda k, mask, z, x, times=2, axis=None: None if mask is None else repeat_back(mask, x, times, axis, joined),
    analytic=True,
    batch=batched.repeated,
    cases=[
        Case([1.0, 2.0], gives=[1.0, 1.0, 2.0, 2.0], grads=[[2.0, 2.0]]),
        Case(s.TENSOR, times=3, axis=1),
        Case(s.MATRIX, times=2, axis=-1),
        Case(s.MATRIX, times=0),
        Case(s.ROW, times=-1, raises="repeat: times must be whole numbers from 0 on, and it is -1"),
        Case(s.ROW, axis=1, raises="repeat: there is no axis 1: Vector Float64 (3,) has 1 axes"),
    ],
)  # fmt: skip

Width = int | tuple[int, int] | tuple[tuple[int, int], ...]


def widths(x: Any, width: Width) -> tuple[tuple[int, int], ...]:
    """What goes before and after along each axis."""
    rank = len(x.shape)
    if isinstance(width, int):
        found: tuple[Any, ...] = ((width, width),) * rank
    elif all(isinstance(n, int) for n in width):
        found = (width,) * rank
    else:
        found = width
    if len(found) != rank or any(not isinstance(pair, tuple) or len(pair) != 2 for pair in found):
        raise ShapeError(f"pad: width is a number, a pair, or a pair for each of the {rank} axes, and it is {width}")
    for pair in found:
        sizes("pad", "width", pair)
    return found


def pad_type(x: Type, width: Width = 1, mode: str = "constant", value: float = 0.0) -> Type:
    if mode not in ("constant", "edge", "reflect", "wrap"):
        raise ValueError(f"pad: mode is 'constant', 'edge', 'reflect' or 'wrap', and not {mode!r}")
    pairs = widths(x, width)
    for axis, (pair, n) in enumerate(zip(pairs, x.shape, strict=True)):
        if mode != "constant" and n == 0 and any(pair):
            raise ShapeError(f"pad: axis {axis} of {x} {x.shape} has nothing to repeat: use mode='constant'")
    return x.with_shape(tuple(n + a + b for n, (a, b) in zip(x.shape, pairs, strict=True)))


def pad_value(x: Any, width: Width = 1, mode: str = "constant", value: float = 0.0) -> Any:
    pairs = widths(x, width)
    if not pairs:
        return x
    if mode == "constant":
        return np.pad(x, pairs, constant_values=np.asarray(value).astype(x.dtype))
    return np.pad(x, pairs, mode)  # type: ignore[call-overload]


def middle(x: Any, width: Width) -> tuple[int | str, ...]:
    """Where x stands in the padded array, as a key."""
    return tuple(f"{a}:{a + n}" for n, (a, _) in zip(x.shape, widths(x, width), strict=True))


def pad_vjp(g: Any, z: Any, x: Any, width: Width = 1, mode: str = "constant", value: float = 0.0) -> Any:
    if mode == "constant":
        return index(g, key=middle(x, width))
    for axis, (pair, n) in enumerate(zip(widths(x, width), x.shape, strict=True)):
        if any(pair):  # copies go back to where they came from
            g = scatter_add(g, np.pad(np.arange(n), pair, mode), size=n, axis=axis)  # type: ignore[call-overload]
    return g


pad: Op = operation(
    "pad", "x",
    doc="Surrounded by a constant, or by copies of its edge, of its mirror image, or of itself.",
    words="the gradient of x's own place; copies add theirs",
    kind="shape",
    attrs={"width": 1, "mode": "constant", "value": 0.0},
    type=pad_type,
    value=pad_value,
    vjp=pad_vjp,
    jvp=lambda ts, z, x, width=1, mode="constant", value=0.0: pad(ts[0], width=width, mode=mode),
    mask=lambda k, mask, z, x, **attrs: None if mask is None else pad_vjp(mask, z, x, **attrs),
    fills=True,
    analytic=True,
    batch=batched.padded,
    cases=[
        Case([1.0, 2.0], width=(1, 2), gives=[0.0, 1.0, 2.0, 0.0, 0.0], grads=[[1.0, 1.0]]),
        Case(s.MATRIX, width=((1, 0), (0, 2)), value=-1.5),
        Case([1.0, 2.0, 3.0], width=2, mode="reflect", gives=[3.0, 2.0, 1.0, 2.0, 3.0, 2.0, 1.0], grads=[[2.0, 3.0, 2.0]]),
        Case(s.MATRIX, width=1, mode="edge"),
        Case(s.TENSOR, width=((0, 0), (1, 1), (0, 5)), mode="wrap"),
        Case(np.zeros((0, 2)), width=1),
        Case(2.5),
        Case(s.MATRIX, width=((1, 1),), raises="pad: width is a number, a pair, or a pair for each of the 2 axes, and it is ((1, 1),)"),
        Case(s.ROW, width=-1, raises="pad: width must be whole numbers from 0 on, and it is (-1, -1)"),
        Case(s.ROW, mode="mirror", raises="pad: mode is 'constant', 'edge', 'reflect' or 'wrap', and not 'mirror'"),
        Case(np.zeros((2, 0)), mode="edge", raises="pad: axis 1 of Matrix Float64 (2, 0) has nothing to repeat: use mode='constant'"),
    ],
)  # fmt: skip
