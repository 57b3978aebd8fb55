"""JAX, one line an operation."""

from __future__ import annotations

from typing import Final

from .arrays import PLAIN, SLICES, arrays
from .draws import drawing, draws
from .linear import JAX_LINEAR, JAX_LINEAR_HELPERS
from .numpy import SLOPES
from .spelling import Dialect, reduced
from .windows import JAX_WINDOWS, JAX_WINDOWS_HELPERS

__all__ = ["JAX"]

JAX: Final = Dialect(
    "jax", "JAX", "jnp", "import jax\nimport jax.numpy as jnp\n\njax.config.update(\"jax_enable_x64\", True)", "jnp.array({})", "jnp.{}",
    arrays("jnp") | dict(JAX_WINDOWS) | dict(JAX_LINEAR) | dict(draws("{}.astype({!r})")) | {
        **{name: f"jax.scipy.special.{name}({{0}})" for name in "erf erfc erfinv ndtr ndtri log_ndtr digamma i0 i1 i0e i1e".split()},
        "lgamma": "jax.scipy.special.gammaln({0})",
        "polygamma": lambda line: f"jax.scipy.special.polygamma({line.attrs['order']}, {line.xs[0]})",
        "i0e_slope": "@i0e_slope({0})", "i1e_slope": "@i1e_slope({0})",
        "erfcx": "@erfcx({0})", "erfcx_slope": "@erfcx_slope({0})", "log_ndtr_slope": "0.7978845608028654 / @erfcx(-0.7071067811865476 * {0})",
        "relu": "jax.nn.relu({0})", "sigmoid": "jax.nn.sigmoid({0})", "rsqrt": "jax.lax.rsqrt({0})",
        "softplus": "jax.nn.softplus({0})", "log_sigmoid": "jax.nn.log_sigmoid({0})", "silu": "jax.nn.silu({0})",
        "elu": "jax.nn.elu({0}, {alpha})", "celu": "jax.nn.celu({0}, {alpha})", "selu": "jax.nn.selu({0})",
        "leaky_relu": "jax.nn.leaky_relu({0}, {slope})",
        "gelu": lambda line: f"jax.nn.gelu({line.xs[0]}, approximate={line.attrs['approximate'] == 'tanh'})",
        "softmax": "jax.nn.softmax({0}, axis={axis})", "log_softmax": "jax.nn.log_softmax({0}, axis={axis})",
        "logsumexp": reduced("jax.nn.logsumexp"), "stop_gradient": "jax.lax.stop_gradient({0})",
        "mish_slope": "jax.vmap(jax.grad(jax.nn.mish))({0}.ravel()).reshape({0}.shape)",
        "scatter": lambda line: f"@written({line.xs[0]}, {line.xs[1]}, {line.xs[2]}, {line.attrs['axis']}, {line.attrs['mode']!r})",
        "recurrence": "@recurrence({0}, {1}, {axis}, {reverse})",
        "scatter_add": "@added({0}, {1}, {size}, {axis})", "add_along_axis": "@added_along({0}, {1}, {size}, {axis})",
        "argsort": "jnp.argsort({0}, axis={axis}, stable=True, descending={descending})",
        "logcumsumexp": lambda line: f"jax.lax.cumlogsumexp({line.xs[0]}, axis={line.attrs['axis'] % len(line.out)})",
    },
    {
        "erfcx": '''\
def erfcx(x):
    """exp(x^2) erfc(x), which JAX has no word for."""
    return jnp.exp(x**2 + math.log(2) + jax.scipy.special.log_ndtr(-math.sqrt(2) * x))
''',
        "sliced": SLICES,
        "embedded": '''\
def embedded(x, key, shape):
    """Zeros with an array in the place that a key names."""
    return jnp.zeros(shape, x.dtype).at[@sliced(key)].set(x)
''',
        "moved_on": '''\
def moved_on(z, axis, first):
    """Every number one place further along an axis, another one in the first place."""
    return jnp.moveaxis(jnp.moveaxis(jnp.roll(z, 1, axis), axis, 0).at[:1].set(first), 0, axis)
''',
        "recurrence": '''\
def recurrence(a, b, axis, reverse):
    """z with z[k] = a[k] z[k - 1] + b[k] along an axis, or from its end."""
    a, b = jnp.moveaxis(a, axis, 0), jnp.moveaxis(b, axis, 0)
    z = jax.lax.scan(lambda c, x: (x[0] * c + x[1],) * 2, jnp.zeros(b.shape[1:], jnp.result_type(a, b)), (a, b), reverse=reverse)[1]
    return jnp.moveaxis(z, 0, axis)
''',
        **JAX_WINDOWS_HELPERS, **JAX_LINEAR_HELPERS, **drawing("jnp", "jax.scipy.special.ndtri"),
        **{name: text.replace("MODULE", "jnp").replace("SPECIAL", "jax.scipy.special").replace("ERFCX", "@erfcx(x)") for name, text in SLOPES.items()},
        "written": '''\
def written(x, i, y, axis, mode):
    """x with slices of y set or added at their places i along an axis; of several at one place the last is set."""
    axis = axis % x.ndim
    z = jnp.moveaxis(x.astype(jnp.result_type(x, y)), axis, 0)
    y = jnp.moveaxis(y.reshape(*x.shape[:axis], -1, *x.shape[axis + 1:]), axis, 0)
    if mode == "add":
        z = z.at[jnp.ravel(i)].add(y)
    else:
        for k, place in enumerate(jnp.ravel(i)):
            z = z.at[place].set(y[k])
    return jnp.moveaxis(z, 0, axis)
''',
        "added": '''\
def added(y, i, size, axis):
    """Each part of y added up at its place i along an axis."""
    z = jnp.zeros((*y.shape[:axis], size, *y.shape[axis + jnp.ndim(i):]), y.dtype)
    return z.at[(*[slice(None)] * axis, i)].add(y)
''',
        "added_along": '''\
def added_along(y, i, size, axis):
    """Each number of y added up at its place i along an axis."""
    places = list(jnp.indices(y.shape, sparse=True))
    places[axis] = i
    z = jnp.zeros((*y.shape[:axis % y.ndim], size, *y.shape[axis % y.ndim + 1:]), y.dtype)
    return z.at[tuple(places)].add(y)
''',
    },
    PLAIN,
)  # fmt: skip
