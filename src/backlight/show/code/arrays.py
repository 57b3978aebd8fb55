"""NumPy and JAX, one line an operation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from .spelling import Dialect, Line, arrays, axis_words, reduced
from .windows import JAX_WINDOWS, NUMPY_HELPERS, NUMPY_WINDOWS

__all__ = ["JAX", "NUMPY"]


def norm(module: str) -> Callable[[Line], str]:
    """Only the usual length is written; other orders go by their definition."""
    return lambda line: f"{module}.sqrt({module}.sum({module}.abs({line.xs[0]}) ** 2{axis_words(line)}))" if line.attrs["ord"] == 2 else ""


SLICES: Final = '''\
def sliced(key):
    """A key as an index: whole numbers, and slices written as text."""
    words = {"...": ..., "new": None}
    parts = key if isinstance(key, tuple) else (key,)
    return tuple(
        words[k] if k in words else slice(*[int(n) if n.strip() else None for n in k.split(":")]) if isinstance(k, str) else k
        for k in parts
    )
'''

DIGAMMA: Final = '''\
def digamma(x):
    """The derivative of log Gamma: moved up to where its asymptotic series holds, and mirrored below zero."""
    x = np.asarray(x, float)
    y = np.where(x > 0, x, 1 - x)
    z = np.zeros_like(y)
    for _ in range(10):
        z = z - np.where(y < 10, 1 / y, 0.0)
        y = y + (y < 10)
    s = 1 / y**2
    z = z + np.log(y) - 0.5 / y - s * (1 / 12 - s * (1 / 120 - s * (1 / 252 - s * (1 / 240 - s * (1 / 132 - s * 691 / 32760)))))
    return np.where(x > 0, z, z - np.pi / np.tan(np.pi * x))
'''
ERFINV: Final = '''\
def erfinv(x):
    """The inverse of erf: Winitzki's approximation, and three of Halley's steps."""
    x = np.asarray(x, float)
    y = np.log1p(-x * x)
    a = 2 / (0.147 * np.pi) + y / 2
    t = np.sign(x) * np.sqrt(np.sqrt(a * a - y / 0.147) - a)
    for _ in range(3):
        off = (@erf(t) - x) * np.sqrt(np.pi) / 2 * np.exp(t * t)
        t = t - off / (1 + t * off)
    return np.where(np.abs(x) == 1, x * np.inf, t)
'''
NUMPY: Final = Dialect(
    "numpy", "import math\n\nimport numpy as np", "np.array({}, {!r})",
    arrays("np") | dict(NUMPY_WINDOWS) | {
        "norm": norm("np"), "erf": "@erf({0})", "erfc": "@erfc({0})", "lgamma": "@lgamma({0})", "digamma": "@digamma({0})",
        "erfinv": "@erfinv({0})", "i0": "np.i0({0})", "floor_div": "{0} // {1}",
        "scatter_add": "@added({0}, {1}, {size}, {axis})", "add_along_axis": "@added_along({0}, {1}, {size}, {axis})",
        "argsort": lambda line: f"np.argsort({'-' * line.attrs['descending']}{line.xs[0]}, axis={line.attrs['axis']}, kind='stable')",
    },
    {
        "embedded": SLICES + '''

def embedded(x, key, shape):
    """Zeros with an array in the place that a key names."""
    y = np.zeros(shape, np.asarray(x).dtype)
    y[sliced(key)] = x
    return y
''',
        "moved_on": '''\
def moved_on(z, axis, first):
    """Every number one place further along an axis, another one in the first place."""
    z = np.roll(z, 1, axis)
    np.moveaxis(z, axis, 0)[0] = first
    return z
''',
        "erf": "erf = np.vectorize(math.erf, otypes=[float])\n",
        "digamma": DIGAMMA,
        "erfinv": ERFINV,
        "erfc": "erfc = np.vectorize(math.erfc, otypes=[float])\n",
        "lgamma": '''\
lgamma = np.vectorize(lambda x: math.inf if x <= 0 and x % 1 == 0 else math.lgamma(x), otypes=[float])
''',
        **NUMPY_HELPERS,
        "added": '''\
def added(y, i, size, axis):
    """Each part of y added up at its place i along an axis."""
    rank = np.ndim(y) - np.ndim(i)
    z = np.zeros((*y.shape[:axis], size, *y.shape[axis + np.ndim(i):]), y.dtype)
    np.add.at(z, (*[slice(None)] * (axis % (rank + 1)), i), y)
    return z
''',
        "added_along": '''\
def added_along(y, i, size, axis):
    """Each number of y added up at its place i along an axis."""
    places = np.indices(np.broadcast_shapes(y.shape, i.shape))
    z = np.zeros((*y.shape[:axis % y.ndim], size, *y.shape[axis % y.ndim + 1:]), y.dtype)
    np.add.at(z, tuple(i if k == axis % y.ndim else p for k, p in enumerate(places)), y)
    return z
''',
    },
)  # fmt: skip

JAX: Final = Dialect(
    "jax", "import jax\nimport jax.numpy as jnp\n\njax.config.update(\"jax_enable_x64\", True)", "jnp.array({}, {!r})",
    arrays("jnp") | dict(JAX_WINDOWS) | {
        "norm": norm("jnp"), "erf": "jax.scipy.special.erf({0})", "erfc": "jax.scipy.special.erfc({0})",
        "erfinv": "jax.scipy.special.erfinv({0})", "lgamma": "jax.scipy.special.gammaln({0})",
        "digamma": "jax.scipy.special.digamma({0})", "polygamma": "jax.scipy.special.polygamma({order}, {0})",
        "log_ndtr": "jax.scipy.special.log_ndtr({0})", "ndtri": "jax.scipy.special.ndtri({0})",
        "i0": "jax.scipy.special.i0({0})", "i1": "jax.scipy.special.i1({0})", "i0e": "jax.scipy.special.i0e({0})",
        "i1e": "jax.scipy.special.i1e({0})", "floor_div": "{0} // {1}", "relu": "jax.nn.relu({0})", "sigmoid": "jax.nn.sigmoid({0})",
        "softplus": "jax.nn.softplus({0})", "log_sigmoid": "jax.nn.log_sigmoid({0})", "silu": "jax.nn.silu({0})",
        "softmax": "jax.nn.softmax({0}, axis={axis})", "log_softmax": "jax.nn.log_softmax({0}, axis={axis})",
        "logsumexp": reduced("jax.nn.logsumexp"), "stop_gradient": "jax.lax.stop_gradient({0})",
    },
    {"moved_on": '''\
def moved_on(z, axis, first):
    """Every number one place further along an axis, another one in the first place."""
    return jnp.moveaxis(jnp.moveaxis(jnp.roll(z, 1, axis), axis, 0).at[0].set(first), 0, axis)
''', "embedded": SLICES + '''

def embedded(x, key, shape):
    """Zeros with an array in the place that a key names."""
    return jnp.zeros(shape, x.dtype).at[sliced(key)].set(x)
'''},
)  # fmt: skip
