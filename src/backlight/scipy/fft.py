"""Fourier, cosine and sine transforms of arrays that remember, with SciPy's names and arguments.

`scipy.fft` asks a backend that a person sets what its functions are, and this module is one:

    with scipy.fft.set_backend(backlight.scipy.fft): …

follows the transforms of traced arrays and leaves plain ones to SciPy. The cosine and sine transforms are Fourier transforms of the
array mirrored: exact to rounding, of any length, and linear, so their derivatives are transforms too.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Final

import numpy as np

from .. import ops
from ..core.array import Array
from ..errors import InputError, ValueError
from ..read.numpy.door import answer, any_traced
from .original import floats, lent

__all__ = [
    "dct", "dctn", "dst", "dstn", "fft", "fft2", "fftfreq", "fftn", "fftshift", "hfft", "hfft2", "hfftn", "idct", "idctn", "idst",
    "idstn", "ifft", "ifft2", "ifftn", "ifftshift", "ihfft", "ihfft2", "ihfftn", "irfft", "irfft2", "irfftn", "rfft", "rfft2",
    "rfftfreq", "rfftn",
]  # fmt: skip

__ua_domain__ = "numpy.scipy.fft"
OTHER: Final = {"backward": "forward", "forward": "backward", "ortho": "ortho"}
INVERSE: Final = {1: 1, 2: 3, 3: 2, 4: 4}


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    return lent(f"fft.{name}")


def __ua_function__(method: Any, args: Any, named: Any) -> Any:  # noqa: N807 - what the dispatch calls
    """What SciPy's dispatch asks: the transform of arrays of ours, and nothing of other arrays."""
    name = method.__name__
    given = [*args, *named.values()]
    if name not in __all__ or not (any_traced(given) or any(isinstance(x, Array) for x in given)):
        return NotImplemented
    return globals()[name](*args, **named)


def like_numpy(name: str, several: bool) -> Callable[..., Any]:
    """A transform that NumPy has by the same name; SciPy's settings of speed and memory change no number."""
    function: Any = getattr(np.fft, name)
    last = (-2, -1) if name.endswith("2") else None
    if several:

        def over(x: Any, s: Any = None, axes: Any = last, norm: Any = None,
                 overwrite_x: bool = False, workers: Any = None, *, plan: Any = None) -> Any:  # fmt: skip
            if s is not None and axes is None:
                axes = tuple(range(-len(s), 0))
            return answer(function, (x, s, axes, norm), {})

        made: Callable[..., Any] = over
    else:

        def along(x: Any, n: Any = None, axis: int = -1, norm: Any = None,
                  overwrite_x: bool = False, workers: Any = None, *, plan: Any = None) -> Any:  # fmt: skip
            return answer(function, (x, n, axis, norm), {})

        made = along
    made.__name__ = made.__qualname__ = name
    made.__doc__ = f"What SciPy's `{name}` gives; recorded inside a trace."
    return made


fft, ifft, rfft, irfft, hfft, ihfft = (like_numpy(name, False) for name in "fft ifft rfft irfft hfft ihfft".split())
fft2, ifft2, rfft2, irfft2, fftn, ifftn, rfftn, irfftn = (
    like_numpy(name, True) for name in "fft2 ifft2 rfft2 irfft2 fftn ifftn rfftn irfftn".split()
)


def fftfreq(n: int, d: float = 1.0) -> Any:
    """The frequencies of an `fft` of n samples, d apart."""
    return answer(np.fft.fftfreq, (n, d), {})


def rfftfreq(n: int, d: float = 1.0) -> Any:
    """Those of an `rfft`."""
    return answer(np.fft.rfftfreq, (n, d), {})


def fftshift(x: Any, axes: Any = None) -> Any:
    """Frequency 0 moved to the middle."""
    return answer(np.fft.fftshift, (x, axes), {})


def ifftshift(x: Any, axes: Any = None) -> Any:
    """And back to the front."""
    return answer(np.fft.ifftshift, (x, axes), {})


def hfftn(x: Any, s: Any = None, axes: Any = None, norm: Any = None, **named: Any) -> Any:
    """The transform of samples whose other half is their mirror image: real."""
    return irfftn(answer(np.conj, (x,), {}), s, axes, OTHER[norm or "backward"])


def ihfftn(x: Any, s: Any = None, axes: Any = None, norm: Any = None, **named: Any) -> Any:
    """The half that `hfftn` takes, of a real spectrum."""
    return answer(np.conj, (rfftn(x, s, axes, OTHER[norm or "backward"]),), {})


def hfft2(x: Any, s: Any = None, axes: Any = (-2, -1), norm: Any = None, **named: Any) -> Any:
    """`hfftn` over two axes."""
    return hfftn(x, s, axes, norm)


def ihfft2(x: Any, s: Any = None, axes: Any = (-2, -1), norm: Any = None, **named: Any) -> Any:
    """`ihfftn` over two axes."""
    return ihfftn(x, s, axes, norm)


def turned(by: Any, x: Any) -> Any:
    """e^(iπ·by), in the complex numbers that belong to x."""
    return np.exp(1j * math.pi * np.asarray(by)).astype(np.result_type(x.dtype, np.complex64))


def mirrored(x: Any) -> Any:
    return ops.flip(x, axis=-1)


def signs(x: Any) -> Any:
    """1, −1, 1, … along the last axis."""
    return np.where(np.arange(x.shape[-1]) % 2, -1.0, 1.0).astype(x.dtype)


def weighted(x: Any, first: float = 1.0, last: float = 1.0) -> Any:
    """The first and the last number along the last axis times something."""
    w = np.ones(x.shape[-1], x.dtype)
    w[0] *= first
    w[-1] *= last
    return x * w


def cosine(x: Any, kind: int) -> Any:
    """The cosine transform along the last axis, without a scale."""
    n = x.shape[-1]
    k = np.arange(n)
    if kind == 1:
        return ops.real(ops.rfft(ops.concat(x, mirrored(x[..., 1:-1]), axis=-1)))
    if kind == 2:
        return ops.real(ops.rfft(ops.concat(x, mirrored(x), axis=-1))[..., :n] * turned(-k / (2.0 * n), x))
    if kind == 3:
        return 2.0 * n * ops.irfft(padded(x * turned(k / (2.0 * n), x), n + 1), n=2 * n)[..., :n]
    z = ops.fft(padded(x * turned(-k / (2.0 * n), x), 2 * n))[..., :n]
    return 2.0 * ops.real(z * turned(-(2.0 * k + 1.0) / (4.0 * n), x))


def sine(x: Any, kind: int) -> Any:
    """The sine transform along the last axis, without a scale."""
    n = x.shape[-1]
    if kind == 1:
        none = np.zeros((*x.shape[:-1], 1), x.dtype)
        return -ops.imag(ops.rfft(ops.concat(none, x, none, -mirrored(x), axis=-1)))[..., 1 : n + 1]
    if kind == 2:
        return mirrored(cosine(x * signs(x), 2))
    return cosine(mirrored(x), kind) * signs(x)


def padded(x: Any, n: int) -> Any:
    return ops.pad(x, width=((0, 0),) * (len(x.shape) - 1) + ((0, n - x.shape[-1]),))


def transform(name: str, x: Any, kind: int, n: Any, axis: int, norm: Any, orthogonalize: Any) -> Any:
    """A cosine or a sine transform with SciPy's scales."""
    if kind not in INVERSE:
        raise ValueError(f"{name}: there are types 1 to 4, and not {kind!r}")
    if norm not in (None, *OTHER):
        raise ValueError(f"{name}: norm is 'backward', 'forward' or 'ortho', and not {norm!r}")
    (x,) = floats(x)
    if x.dtype.kind == "c":
        parts = [transform(name, part(x), kind, n, axis, norm, orthogonalize) for part in (ops.real, ops.imag)]
        return parts[0] + parts[1] * 1j
    rank = len(x.shape)
    if not -rank <= axis < rank:
        raise ValueError(f"{name}: there is no axis {axis}: the array has {rank} axes")
    x = ops.moveaxis(x, source=axis, destination=-1) if axis % rank != rank - 1 else x
    size = x.shape[-1] if n is None else int(n)
    if size < (2 if kind == 1 and "dct" in name else 1):
        raise ValueError(f"{name}: {size} numbers along axis {axis} are too few")
    x = x[..., :size] if size <= x.shape[-1] else padded(x, size)
    square = orthogonalize if orthogonalize is not None else norm == "ortho"
    root = math.sqrt(2.0)
    z = cosine_scaled(x, kind, square, root) if "c" in name else sine_scaled(x, kind, square, root)
    points = 2.0 * (size + (0 if kind != 1 else -1 if "c" in name else 1))
    scale = {"ortho": 1.0 / math.sqrt(points), "forward": 1.0 / points}.get(norm, 1.0)
    z = z * scale if scale != 1.0 else z
    return ops.moveaxis(z, source=-1, destination=axis) if axis % rank != rank - 1 else z


def cosine_scaled(x: Any, kind: int, square: bool, root: float) -> Any:
    """With `square` the matrix of the transform is made orthogonal, up to its scale."""
    if square and kind in (1, 3):
        x = weighted(x, root, root if kind == 1 else 1.0)
    z = cosine(x, kind)
    return weighted(z, 1.0 / root, 1.0 / root if kind == 1 else 1.0) if square and kind in (1, 2) else z


def sine_scaled(x: Any, kind: int, square: bool, root: float) -> Any:
    z = sine(weighted(x, 1.0, root) if square and kind == 3 else x, kind)
    return weighted(z, 1.0, 1.0 / root) if square and kind == 2 else z


def dct(x: Any, type: int = 2, n: Any = None, axis: int = -1, norm: Any = None, overwrite_x: bool = False, workers: Any = None,
        orthogonalize: Any = None) -> Any:  # fmt: skip
    """The cosine transform of type 1 to 4 along an axis.

    >>> import numpy as np
    >>> print(np.round(dct(np.array([1.0, 2.0, 4.0])), 6))
    [14.       -5.196152  1.      ]
    """
    return transform("dct", x, type, n, axis, norm, orthogonalize)


def idct(x: Any, type: int = 2, n: Any = None, axis: int = -1, norm: Any = None, overwrite_x: bool = False, workers: Any = None,
         orthogonalize: Any = None) -> Any:  # fmt: skip
    """The inverse of `dct`."""
    return transform("idct", x, INVERSE.get(type, type), n, axis, OTHER.get(norm or "backward", norm), orthogonalize)


def dst(x: Any, type: int = 2, n: Any = None, axis: int = -1, norm: Any = None, overwrite_x: bool = False, workers: Any = None,
        orthogonalize: Any = None) -> Any:  # fmt: skip
    """The sine transform of type 1 to 4 along an axis."""
    return transform("dst", x, type, n, axis, norm, orthogonalize)


def idst(x: Any, type: int = 2, n: Any = None, axis: int = -1, norm: Any = None, overwrite_x: bool = False, workers: Any = None,
         orthogonalize: Any = None) -> Any:  # fmt: skip
    """The inverse of `dst`."""
    return transform("idst", x, INVERSE.get(type, type), n, axis, OTHER.get(norm or "backward", norm), orthogonalize)


def over_axes(one: Callable[..., Any]) -> Callable[..., Any]:
    """The same along several axes, one after the other."""

    def call(x: Any, type: int = 2, s: Any = None, axes: Any = None, norm: Any = None, overwrite_x: bool = False,
             workers: Any = None, *, orthogonalize: Any = None) -> Any:  # fmt: skip
        (z,) = floats(x)
        if axes is None:
            axes = range(len(z.shape)) if s is None else range(-np.size(s), 0)
        axes = (axes,) if isinstance(axes, int) else tuple(axes)
        sizes = [None] * len(axes) if s is None else [s] if isinstance(s, int) else list(s)
        if len(sizes) != len(axes):
            raise InputError(f"{one.__name__}n: s has {len(sizes)} sizes, and there are {len(axes)} axes")
        for axis, size in zip(axes, sizes, strict=True):
            z = one(z, type, size, axis, norm, orthogonalize=orthogonalize)
        return z

    call.__name__ = call.__qualname__ = f"{one.__name__}n"
    call.__doc__ = f"`{one.__name__}` along several axes, all unless given."
    return call


dctn, idctn, dstn, idstn = (over_axes(one) for one in (dct, idct, dst, idst))
