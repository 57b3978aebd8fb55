"""NumPy, one line an operation; special functions are SciPy's."""

from __future__ import annotations

from typing import Final

from .arrays import PLAIN, SLICES, arrays
from .draws import drawing, draws
from .linear import NUMPY_LINEAR, NUMPY_LINEAR_HELPERS
from .spelling import Dialect, Line
from .windows import NUMPY_HELPERS, NUMPY_WINDOWS

__all__ = ["SLOPES", "NUMPY"]

SLOPES: Final = {
    "erfcx_slope": '''\
def erfcx_slope(x):
    """2 x erfcx(x) - 2 / sqrt(pi), the derivative of erfcx; far out, where that would cancel, by its asymptotic series."""
    s = 1 / MODULE.where(x > 30, x, 30) ** 2
    far = -s * (1 - s * (3 / 2 - s * (15 / 4 - s * 105 / 8))) / math.sqrt(math.pi)
    return MODULE.where(x > 30, far, 2 * (x * ERFCX - 1 / math.sqrt(math.pi)))
''',
    "i0e_slope": '''\
def i0e_slope(x):
    """The derivative of i0e; far out, where i1e - i0e would cancel, by Hankel's series (DLMF 10.40.1)."""
    y = MODULE.where(MODULE.abs(x) > 200, MODULE.abs(x), 200)
    far = -(1 + 9 / (8 * y) * (1 + 75 / (48 * y) * (1 + 245 / (120 * y)))) / (2 * y * MODULE.sqrt(2 * math.pi * y))
    return MODULE.sign(x) * MODULE.where(MODULE.abs(x) > 200, far, SPECIAL.i1e(MODULE.abs(x)) - SPECIAL.i0e(x))
''',
    "i1e_slope": '''\
def i1e_slope(x):
    """The derivative of i1e: i0e - i1e - i1e/|x|, and 1/2 at 0."""
    y = MODULE.where(x == 0, 1, MODULE.abs(x))
    return MODULE.where(x == 0, 0.5, -MODULE.sign(x) * @i0e_slope(x) - SPECIAL.i1e(y) / y).astype(x.dtype)
''',
}


def argsorted(line: Line) -> str:
    x, axis = line.xs[0], line.attrs["axis"]
    if not line.attrs["descending"]:
        return f"np.argsort({x}, axis={axis}, stable=True)"
    return f"{line.shapes[0][axis] - 1} - np.flip(np.argsort(np.flip({x}, {axis}), axis={axis}, stable=True), {axis})"


def polygamma(line: Line) -> str:
    made = f"scipy.special.polygamma({line.attrs['order']}, {line.xs[0]})"
    return made if line.type.dtype == "float64" else f"{made}.astype({line.type.dtype.name!r})"


NUMPY: Final = Dialect(
    "numpy", "NumPy", "np", "import numpy as np", "np.array({})", "np.{}",
    arrays("np") | dict(NUMPY_WINDOWS) | dict(NUMPY_LINEAR) | dict(draws("{}.astype({!r})")) | {
        **{name: f"scipy.special.{name}({{0}})" for name in "erf erfc erfcx erfinv ndtr ndtri log_ndtr digamma i0 i1 i0e i1e".split()},
        "lgamma": "scipy.special.gammaln({0})",
        "polygamma": polygamma,
        "i0e_slope": "@i0e_slope({0})", "i1e_slope": "@i1e_slope({0})", "mish_slope": "@mish_slope({0})",
        "erfcx_slope": "@erfcx_slope({0})", "log_ndtr_slope": "0.7978845608028654 / scipy.special.erfcx(-0.7071067811865476 * {0})",
        "sigmoid": "np.exp(-np.logaddexp(0.0, -{0}))",
        "tanh_slope": "1.0 / np.cosh({0}) ** 2",
        "scatter": "@written({0}, {1}, {2}, {axis}, {mode!r})", "recurrence": "@recurrence({0}, {1}, {axis}, {reverse})",
        "scatter_add": "@added({0}, {1}, {size}, {axis})", "add_along_axis": "@added_along({0}, {1}, {size}, {axis})",
        "argsort": argsorted,
        "logcumsumexp": "np.logaddexp.accumulate({0}, axis={axis})",
    },
    {
        "sliced": SLICES,
        "embedded": '''\
def embedded(x, key, shape):
    """Zeros with an array in the place that a key names."""
    y = np.zeros(shape, np.asarray(x).dtype)
    y[@sliced(key)] = x
    return y
''',
        "moved_on": '''\
def moved_on(z, axis, first):
    """Every number one place further along an axis, another one in the first place."""
    z = np.roll(z, 1, axis)
    np.moveaxis(z, axis, 0)[:1] = first
    return z
''',
        "mish_slope": '''\
def mish_slope(x):
    """The derivative of mish(x) = x * tanh(softplus(x))."""
    t = np.tanh(np.logaddexp(x, 0.0))
    return t + x * (1 - t * t) * np.exp(-np.logaddexp(0.0, -x))
''',
        "recurrence": '''\
def recurrence(a, b, axis, reverse):
    """z with z[k] = a[k] z[k - 1] + b[k] along an axis, or from its end."""
    a, z = np.moveaxis(a, axis, 0), np.moveaxis(b, axis, 0).astype(np.result_type(a, b))
    a, z = (a[::-1], z[::-1]) if reverse else (a, z)
    for k in range(1, len(z)):
        z[k] += a[k] * z[k - 1]
    return np.moveaxis(z[::-1] if reverse else z, 0, axis)
''',
        **NUMPY_HELPERS, **NUMPY_LINEAR_HELPERS, **drawing("np", "scipy.special.ndtri"),
        **{name: text.replace("MODULE", "np").replace("SPECIAL", "scipy.special").replace("ERFCX", "scipy.special.erfcx(x)") for name, text in SLOPES.items()},
        "written": '''\
def written(x, i, y, axis, mode):
    """A copy of x with slices of y set or added at their places i along an axis."""
    z = np.moveaxis(x.astype(np.result_type(x, y)), axis, 0)
    y = np.moveaxis(y.reshape(*x.shape[:axis % x.ndim], -1, *x.shape[axis % x.ndim + 1:]), axis % x.ndim, 0)
    if mode == "add":
        np.add.at(z, np.ravel(i), y)
    else:
        z[np.ravel(i)] = y
    return np.moveaxis(z, 0, axis)
''',
        "added": '''\
def added(y, i, size, axis):
    """Each part of y added up at its place i along an axis."""
    z = np.zeros((*y.shape[:axis], size, *y.shape[axis + np.ndim(i):]), y.dtype)
    np.add.at(z, (*[slice(None)] * axis, i), y)
    return z
''',
        "added_along": '''\
def added_along(y, i, size, axis):
    """Each number of y added up at its place i along an axis."""
    places = list(np.indices(y.shape, sparse=True))
    places[axis] = i
    z = np.zeros((*y.shape[:axis % y.ndim], size, *y.shape[axis % y.ndim + 1:]), y.dtype)
    np.add.at(z, tuple(places), y)
    return z
''',
    },
    PLAIN,
)  # fmt: skip
