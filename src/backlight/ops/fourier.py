"""Discrete Fourier transforms: of any numbers, and of real ones to half a spectrum and back.

The transform is linear, and its matrix is symmetric, so each row is its own transpose: with complex numbers counted as
pairs, the gradient of `fft` is the conjugate transform of the upstream gradient, which is `ifft` times the sizes of the
axes. Half spectra leave out what the other half repeats; the gradient of `rfft` therefore is the transform of the half
that is there, and that of `irfft` counts the numbers twice that stand for two. Norms are NumPy's: "backward" divides on
the way back, "forward" on the way there, "ortho" by the root on both.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ..core import math as m
from ..core.op import Case, Op, operation, written
from ..core.types import Type
from ..errors import DTypeError, ShapeError, ValueError
from . import batched
from . import samples as s
from .axes import Axis, axes_of, axis_of
from .complex import real
from .index import embed, index
from .reduce import sum as sum_along
from .shape import broadcast_to

__all__ = ["fft", "ifft", "irfft", "rfft"]

NORMS = ("backward", "ortho", "forward")
TURNED = {"backward": "forward", "ortho": "ortho", "forward": "backward"}
SOURCE = "Cooley and Tukey 1965, An algorithm for the machine calculation of complex Fourier series; the rules as in the module"


def complex_of(x: Type) -> Type:
    return x.with_dtype("complex64" if x.dtype in ("float32", "complex64") else "complex128")


def checked(op: str, norm: str) -> None:
    if norm not in NORMS:
        raise ValueError(f"{op}: norm is one of 'backward', 'ortho' and 'forward', and not {norm!r}")


def whole(op: str) -> Callable[..., Type]:
    def rule(x: Type, axes: Axis = -1, norm: str = "backward") -> Type:
        checked(op, norm)
        for a in axes_of(op, x, axes):
            if x.shape[a] == 0:
                raise ShapeError(f"{op}: axis {a} of {x} {x.shape} has size 0: there is nothing to transform")
        return complex_of(x)

    return rule


def listed(x: Any, axes: Axis) -> tuple[int, ...]:
    return axes_of("fft", Type(x.dtype, x.shape), axes)


def kept(found: Any, x: Any) -> Any:
    """NumPy's transform in the precision of its operand."""
    return found.astype(complex_of(Type(x.dtype, x.shape)).dtype, copy=False)


def anywhere(t: Any, axes: Axis, shape: tuple[int, ...]) -> Any:
    """The sum along axes, everywhere along them: each number of a transform has a share of all."""
    return broadcast_to(sum_along(t, axis=axes, keepdims=True), shape=shape)


def paper(name: str) -> Callable[..., m.Math]:
    def call(x: Any, **settings: Any) -> m.Math:
        usual = {"axes": -1, "axis": -1, "norm": "backward", "n": None}
        return m.call(name, x, *(m.keyword(k, written(v)) for k, v in settings.items() if v != usual[k]))

    return call


def numbers(*shape: int) -> Any:
    """Complex numbers of no special structure."""
    n = math.prod(shape)
    return (np.sin(np.arange(1, n + 1) * 1.7) + 1j * np.cos(np.arange(1, n + 1) * 2.3)).reshape(shape)


def one_further(x: Any, axes: Axis) -> tuple[int, ...]:
    """The axes of one, in a batch of them."""
    return tuple(a + 1 for a in axes_of("fft", Type(x.dtype, x.shape[1:]), axes))


def transform(name: str, word: str, other: Callable[[], Op], sign: int) -> Op:
    """The transform, or its inverse."""

    def value(x: Any, axes: Axis = -1, norm: str = "backward") -> Any:
        call = getattr(np.fft, f"{name}n")  # NumPy loads these when they are first asked for
        return kept(call(x, axes=listed(x, axes), norm=norm), x)

    row: Op = operation(
        name, "x",
        doc=f"The {word} along the last axis or others; complex. `norm` is 'backward', 'ortho' or 'forward'.",
        words="linear rule: the conjugate transform of the gradient",
        source=SOURCE,
        kind="linear",
        paper=paper(name),
        attrs={"axes": -1, "norm": "backward"},
        type=whole(name),
        value=value,
        vjp=lambda g, z, x, axes=-1, norm="backward": other()(g, axes=axes, norm=TURNED[norm]),
        linear=(0,),
        climb=lambda ts, x, axes=-1, norm="backward": anywhere(ts[0], axes, x.shape),
        batch=lambda n, xs, mapped, /, axes=-1, norm="backward": row(xs[0], axes=one_further(xs[0], axes), norm=norm),
        cases=[
            Case([1.0, 2.0], gives=[3.0 + 0j, -1.0 + 0j] if sign < 0 else [1.5 + 0j, -0.5 + 0j]),
            Case(s.MATRIX),
            Case(numbers(2, 3, 4), axes=(0, -1), norm="ortho"),
            Case(numbers(5), norm="forward"),
            Case(np.zeros((2, 0)), raises=f"{name}: axis 1 of Matrix Float64 (2, 0) has size 0: there is nothing to transform"),
            Case(s.ROW, norm="both", raises=f"{name}: norm is one of 'backward', 'ortho' and 'forward', and not 'both'"),
            Case(s.ROW, axes=1, raises=f"{name}: there is no axis 1: Vector Float64 (3,) has 1 axes"),
        ],
    )  # fmt: skip
    return row


fft: Op = transform("fft", "discrete Fourier transform", lambda: ifft, -1)
ifft: Op = transform("ifft", "inverse discrete Fourier transform", lambda: fft, 1)


def half_type(x: Type, axis: int = -1, norm: str = "backward") -> Type:
    checked("rfft", norm)
    if x.dtype.kind == "c":
        raise DTypeError(f"rfft: takes real numbers, and x is {x} {x.shape}: use fft")
    a = axis_of("rfft", x, axis)
    if x.shape[a] == 0:
        raise ShapeError(f"rfft: axis {a} of {x} {x.shape} has size 0: there is nothing to transform")
    return complex_of(x.with_shape((*x.shape[:a], x.shape[a] // 2 + 1, *x.shape[a + 1 :])))


def half_back(g: Any, z: Any, x: Any, axis: int = -1, norm: str = "backward") -> Any:
    """The half spectrum with zeros behind it, transformed back; only the real part moves a real number."""
    a = axis % x.ndim
    full = embed(g, key=(*[":"] * a, f":{g.shape[a]}"), shape=x.shape)
    return real(ifft(full, axes=a, norm=TURNED[norm]))


rfft: Op = operation(
    "rfft", "x",
    doc="The first half of the Fourier transform of real numbers along an axis, n//2 + 1 of them: the other half repeats it, conjugate.",
    words="linear rule: the real part of the conjugate transform of the gradient",
    source=SOURCE,
    kind="linear",
    paper=paper("rfft"),
    attrs={"axis": -1, "norm": "backward"},
    type=half_type,
    value=lambda x, axis=-1, norm="backward": kept(np.fft.rfft(x, axis=axis, norm=norm), x),
    vjp=half_back,
    batch=batched.along_axes("rfft"),
    linear=(0,),
    climb=lambda ts, x, axis=-1, norm="backward": anywhere(ts[0], axis, half_type(x.type, axis, norm).shape),
    inside=lambda x, axis=-1, norm="backward": index(fft(x, axes=axis, norm=norm), key=(*[":"] * (axis % x.ndim), f":{x.shape[axis] // 2 + 1}")),
    cases=[
        Case([1.0, 2.0, 4.0], gives=[7.0 + 0j, -2.0 + 1.7320508075688772j]),
        Case(s.MATRIX, axis=0, norm="ortho"),
        Case(s.TENSOR, axis=1, norm="forward"),
        Case(s.VECTOR),
        Case(s.VECTOR * 1j, raises="rfft: takes real numbers, and x is Vector Complex128 (4,): use fft"),
        Case(np.zeros(0), raises="rfft: axis 0 of Vector Float64 (0,) has size 0: there is nothing to transform"),
    ],
)  # fmt: skip


def length(x: Type, axis: int, n: int | None) -> int:
    return 2 * (x.shape[axis] - 1) if n is None else n


def back_type(x: Type, axis: int = -1, n: int | None = None, norm: str = "backward") -> Type:
    checked("irfft", norm)
    a = axis_of("irfft", x, axis)
    size = length(x, a, n)
    if size < 1 or size // 2 + 1 != x.shape[a]:
        raise ShapeError(f"irfft: {size} real numbers have a half spectrum of {size // 2 + 1}, and axis {a} of {x} {x.shape} has {x.shape[a]}")
    return Type("float32" if x.dtype in ("float32", "complex64") else "float64", (*x.shape[:a], size, *x.shape[a + 1 :]))


def back_value(x: Any, axis: int = -1, n: int | None = None, norm: str = "backward") -> Any:
    size = length(Type(x.dtype, x.shape), axis % x.ndim, n)
    call: Any = np.fft.irfft
    found = call(x, size, axis=axis, norm=norm)
    return found.astype("float32" if x.dtype in ("float32", "complex64") else "float64", copy=False)


def back_back(g: Any, z: Any, x: Any, axis: int = -1, n: int | None = None, norm: str = "backward") -> Any:
    """The half spectrum of the gradient; what stands for two numbers counts twice."""
    a = axis % x.ndim
    size, count = g.shape[a], x.shape[a]
    twice = np.full(count, 2.0)
    twice[0] = 1.0
    if size % 2 == 0:
        twice[-1] = 1.0
    twice = twice.reshape((-1,) + (1,) * (x.ndim - a - 1)).astype(g.dtype)
    return rfft(g, axis=a, norm=TURNED[norm]) * twice


irfft: Op = operation(
    "irfft", "x",
    doc="The n real numbers (2·(size − 1) where n is not said) whose half spectrum along an axis is x; what its ends have of "
        "imaginary parts is left out.",
    words="linear rule: the half spectrum of the gradient, twice where a number stands for two",
    source=SOURCE,
    kind="linear",
    paper=paper("irfft"),
    attrs={"axis": -1, "n": None, "norm": "backward"},
    type=back_type,
    value=back_value,
    vjp=back_back,
    batch=batched.along_axes("irfft"),
    linear=(0,),
    climb=lambda ts, x, axis=-1, n=None, norm="backward": anywhere(ts[0], axis, back_type(x.type, axis, n, norm).shape),
    cases=[
        Case([7.0 + 0j, -2.0 + 1.7320508075688772j], n=3, gives=[1.0, 2.0, 4.0]),
        Case(numbers(2, 3)),
        Case(numbers(3, 2, 2), axis=0, n=5, norm="ortho"),
        Case(s.TENSOR, axis=1, norm="forward"),
        Case(numbers(3), n=7, raises="irfft: 7 real numbers have a half spectrum of 4, and axis 0 of Vector Complex128 (3,) has 3"),
    ],
)  # fmt: skip
