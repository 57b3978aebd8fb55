"""How many digits values and derivatives have, ours beside those of PyTorch, JAX and autograd where they are installed.

    python benchmarks/accuracy.py                every elementwise row, at 900 points and more of the whole float64 range
    python benchmarks/accuracy.py tanh erfc      these rows
    python benchmarks/accuracy.py --points 2000 --peers jax,torch

Points are spread by their logarithm over all sizes, evenly over the usual ones, near the ends of where a function is defined,
and at the edges of the format, subnormal numbers and the largest ones included. The truth comes from mpmath with hundreds of
bits. Printed is the largest error in units in the last place; what is infinite or no number where the truth is a number
counts as ∞. Exits with 1 if one of ours is above 4.
"""

from __future__ import annotations

import argparse
import sys
import time
import warnings
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.ops.truth import BINARY, POLES, UNARY, Truth, exact, numbers, pairs_of_numbers, units  # noqa: E402

import backlight as bl  # noqa: E402
from backlight import ops  # noqa: E402
from backlight.core.table import TABLE  # noqa: E402

LIMIT = 4.0
Answers = tuple[Any, list[Any]]  # the values, and the slopes by each operand

# What a row is called elsewhere, where it has another name.
TORCH = {
    "neg": "neg", "atan2": "atan2", "pow": "pow", "mod": "remainder", "div": "div", "xlogy": "xlogy", "ndtr": "special.ndtr",
    "erfcx": "special.erfcx", "log_ndtr": "special.log_ndtr", "ndtri": "special.ndtri",
    "i0e": "special.i0e", "i1": "special.i1", "i1e": "special.i1e", "log_sigmoid": "nn.functional.logsigmoid",
    "hard_sigmoid": "nn.functional.hardsigmoid", "hard_swish": "nn.functional.hardswish", "copysign": "copysign",
    **{name: f"nn.functional.{name}" for name in ("leaky_relu", "elu", "celu", "selu", "gelu", "silu", "mish", "softplus", "hardtanh", "softsign")},
}  # fmt: skip
JAX = {
    "neg": "numpy.negative", "asin": "numpy.arcsin", "acos": "numpy.arccos", "atan": "numpy.arctan", "asinh": "numpy.arcsinh",
    "acosh": "numpy.arccosh", "atanh": "numpy.arctanh", "atan2": "numpy.arctan2", "pow": "numpy.power", "mod": "numpy.remainder",
    "sub": "numpy.subtract", "mul": "numpy.multiply", "div": "numpy.divide", "rsqrt": "lax.rsqrt", "i0": "scipy.special.i0",
    "i0e": "scipy.special.i0e", "i1": "scipy.special.i1", "i1e": "scipy.special.i1e", "lgamma": "scipy.special.gammaln",
    "log_ndtr": "scipy.special.log_ndtr", "ndtri": "scipy.special.ndtri", "ndtr": "scipy.special.ndtr", "erf": "scipy.special.erf", "erfc": "scipy.special.erfc", "erfinv": "scipy.special.erfinv",
    "digamma": "scipy.special.digamma", "xlogy": "scipy.special.xlogy", "softsign": "nn.soft_sign", "softplus": "nn.softplus",
    "hardtanh": "nn.hard_tanh", "hard_sigmoid": "nn.hard_sigmoid", "hard_swish": "nn.hard_swish",
    **{name: f"nn.{name}" for name in ("relu", "leaky_relu", "elu", "celu", "selu", "silu", "mish", "sigmoid", "log_sigmoid")},
}  # fmt: skip
AUTOGRAD = {name: path for name, path in JAX.items() if path.startswith(("numpy.", "scipy."))} | {
    "sigmoid": "scipy.special.expit", "pow": "numpy.power", "neg": "numpy.negative",
}  # fmt: skip


def found(module: str, path: str) -> Any:
    """The function at a dotted path, or None."""
    *rooms, name = path.split(".")
    try:
        room = import_module(".".join([module, *rooms]))
    except ImportError:
        return None
    return getattr(room, name, None)


def in_ours(name: str, attrs: Mapping[str, Any]) -> Callable[..., Answers]:
    row: Any = TABLE[name]

    def ask(*xs: Any) -> Answers:
        value, pull = bl.vjp(lambda *args: row(*args, **attrs), *xs)
        return value, list(pull(np.ones_like(value)))

    return ask


def in_torch(name: str, attrs: Mapping[str, Any]) -> Callable[..., Answers] | None:
    import torch

    function = found("torch", TORCH.get(name, name))
    if function is None or not callable(function):
        return None

    def ask(*xs: Any) -> Answers:
        leaves = [torch.tensor(x, requires_grad=True) for x in xs]
        z = function(*leaves, **attrs)
        slopes = torch.autograd.grad(z, leaves, torch.ones_like(z), allow_unused=True) if z.requires_grad else [None] * len(xs)
        return z.detach().numpy(), [np.zeros_like(x) if g is None else g.numpy() for x, g in zip(xs, slopes, strict=True)]

    return ask


def in_jax(name: str, attrs: Mapping[str, Any]) -> Callable[..., Answers] | None:
    import jax

    jax.config.update("jax_enable_x64", True)
    function = found("jax", JAX.get(name, f"numpy.{name}"))
    if name == "gelu":
        function = lambda x: jax.nn.gelu(x, approximate=attrs.get("approximate") == "tanh")
    elif attrs:
        return None
    if function is None:
        return None

    def ask(*xs: Any) -> Answers:
        z, pull = jax.vjp(function, *xs)
        return np.asarray(z), [np.asarray(g) for g in pull(jax.numpy.ones_like(z))]

    return ask


def in_autograd(name: str, attrs: Mapping[str, Any]) -> Callable[..., Answers] | None:
    from autograd import elementwise_grad

    function = found("autograd", AUTOGRAD.get(name, f"numpy.{name}"))
    if function is None or attrs:
        return None
    return lambda *xs: (function(*xs), [elementwise_grad(function, k)(*xs) for k in range(len(xs))])


PEERS: dict[str, Callable[[str, Mapping[str, Any]], Callable[..., Answers] | None]] = {
    "ours": in_ours, "torch": in_torch, "jax": in_jax, "autograd": in_autograd,
}  # fmt: skip


def points(name: str, truth: Truth, count: int) -> tuple[Any, ...]:
    """At least so many points, or pairs of them."""
    one = len(TABLE[name.split()[0]].args) == 1
    for n in range(40, 4000, 20):
        made = (numbers("float64", truth.inside, n, name not in POLES),) if one else pairs_of_numbers("float64", truth.inside, n)
        if made[0].size >= count:
            return made
    raise AssertionError(f"{name}: too few points")


def errors(answers: Answers, true: list[list[Any]]) -> list[float]:
    """The largest error of the values and of each slope."""
    value, slopes = answers
    return [
        max((units(x, t, "float64") for x, t in zip(np.ravel(part), wanted, strict=True)), default=0.0)
        for part, wanted in zip([value, *slopes], true, strict=True)
        if wanted
    ]


def measure(name: str, truth: Truth, count: int, peers: list[str]) -> dict[str, tuple[float, float] | None]:
    """For each library: the largest error of the value and of the derivatives; None where it has no such function."""
    places = points(name, truth, count)
    where = list(zip(*places, strict=True))
    true = [[] if f is None else [exact(f, truth.bits, *place) for place in where] for f in (truth.value, *truth.slopes)]
    said: dict[str, tuple[float, float] | None] = {}
    for peer in peers:
        ask = PEERS[peer](name.split()[0], dict(truth.attrs))
        try:
            with np.errstate(all="ignore"):
                worst = errors(ask(*places), true) if ask is not None else None
        except (TypeError, NotImplementedError, RuntimeError):
            worst = None  # a function of that name that is another one
        said[peer] = None if worst is None else (worst[0], max(worst[1:], default=0.0))
    return said


def figure(x: float) -> str:
    return "∞" if np.isinf(x) else f"{x:.1f}" if x < 1e3 else f"{x:.0e}"


def installed(names: list[str]) -> list[str]:
    """The peers that are there."""
    here = ["ours"]
    for name in names:
        try:
            import_module(name)
        except ImportError:
            print(f"{name} is not installed, so it is left out", file=sys.stderr)
        else:
            here.append(name)
    return here


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("rows", nargs="*", help="rows of the table (default: every elementwise one)")
    parser.add_argument("--points", type=int, default=900, help="at least so many points a row")
    parser.add_argument("--peers", default="torch,jax,autograd", help="libraries to set beside ours")
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    peers = installed([p for p in given.peers.split(",") if p])
    start, wrong, count = time.perf_counter(), 0, 0
    print(f"{'':16}" + "".join(f"{peer + ' value':>17}{'slope':>9}" for peer in peers))
    for name, truth in (UNARY | BINARY).items():
        if given.rows and name.split()[0] not in given.rows:
            continue
        said = measure(name, truth, given.points, peers)
        count += 1
        wrong += max(said["ours"] or (0.0, 0.0)) > LIMIT
        cells = ["".join(f"{figure(x):>{n}}" for x, n in zip(pair, (17, 9), strict=True)) if pair else f"{'-':>17}{'-':>9}" for pair in said.values()]
        print(f"{name:16}" + "".join(cells), flush=True)
    print(f"{count - wrong} of {count} rows within {LIMIT:.0f} units in the last place, {time.perf_counter() - start:.0f} s")
    return 1 if wrong else 0


if __name__ == "__main__":
    assert ops.__all__
    sys.exit(main())
