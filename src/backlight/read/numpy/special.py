"""SciPy's elementwise special functions that have no row: a node whose value SciPy computes, with a derivative from this table.

NumPy's question brings SciPy's own function along, so nothing is imported here, and the numbers are SciPy's. The table says how
it moves, operand by operand, in rows and in SciPy's functions again, so derivatives are of any order. An order or a degree by
which there is no formula is refused when it is asked for, and never taken for a constant in silence.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from typing import Any, Final

import numpy as np

from ... import ops
from ...core import math as m
from ...core.array import Array
from ...core.graph import Above
from ...core.op import Op, stretch
from ...core.own import remember
from ...core.types import Type
from ...errors import DifferentiationError

__all__ = ["RULES", "special"]

Local = Callable[..., Any]
UFUNCS: Final = "scipy.special._ufuncs"  # where SciPy keeps its elementwise functions, loaded by whoever called one
FROM: Final = "scipy.special."
TWO_OVER_ROOT_PI: Final = 2.0 / math.sqrt(math.pi)
ROOT_TWO_PI: Final = math.sqrt(2.0 * math.pi)


def of(name: str, *xs: Any) -> Any:
    """One of SciPy's functions, on traced numbers too."""
    return getattr(sys.modules[UFUNCS], name)(*xs)


def less(n: Any) -> Any:
    """An order, less one; and more by one."""
    return ops.sub(floats(n), 1.0)


def more(n: Any) -> Any:
    return ops.add(floats(n), 1.0)


def floats(n: Any) -> Any:
    return n if n.dtype.kind in "fc" else ops.cast(n, dtype="float64")


def gamma_density(a: Any, x: Any) -> Any:
    return ops.exp(ops.xlogy(less(a), x) - x - ops.lgamma(a))


def beta_density(a: Any, b: Any, x: Any) -> Any:
    total = ops.lgamma(ops.add(a, b)) - ops.lgamma(a) - ops.lgamma(b)
    return ops.exp(ops.xlogy(less(a), x) + ops.mul(less(b), ops.log1p(-x)) + total)


def t_density(n: Any, t: Any) -> Any:
    half = more(n) * 0.5
    return ops.exp(ops.lgamma(half) - ops.lgamma(n * 0.5) - 0.5 * ops.log(floats(n) * math.pi) - half * ops.log1p(t * t / n))


def gauss(x: Any) -> Any:
    return ops.exp(-(x * x))


def sides(name: str, sign: float) -> Local:
    """Half of the neighbours of a Bessel function together: f(n − 1) ± f(n + 1)."""
    return lambda z, n, x: 0.5 * (of(name, less(n), x) + sign * of(name, more(n), x))


def where_zero(x: Any, limit: float, rule: Callable[[Any], Any]) -> Any:
    """A rule of x, and its limit at 0, where it is no number."""
    none = ops.equal(x, 0.0)
    return ops.where(none, limit, rule(ops.where(none, 0.5, x)))


# By the name of SciPy's function: the local derivative by each operand, (z, *xs) -> Array; None where there is no formula.
RULES: dict[str, tuple[Local | None, ...]] = {
    "j0": (lambda z, x: -of("j1", x),), "j1": (lambda z, x: 0.5 * (of("j0", x) - of("jv", 2.0, x)),),
    "y0": (lambda z, x: -of("y1", x),), "y1": (lambda z, x: 0.5 * (of("y0", x) - of("yv", 2.0, x)),),
    "k0": (lambda z, x: -of("k1", x),), "k1": (lambda z, x: -0.5 * (of("k0", x) + of("kv", 2.0, x)),),
    "k0e": (lambda z, x: z - of("k1e", x),), "k1e": (lambda z, x: z - 0.5 * (of("k0e", x) + of("kve", 2.0, x)),),
    "jv": (None, sides("jv", -1.0)), "yv": (None, sides("yv", -1.0)), "yn": (None, sides("yv", -1.0)), "iv": (None, sides("iv", 1.0)),
    "kv": (None, lambda z, n, x: -sides("kv", 1.0)(z, n, x)), "kn": (None, lambda z, n, x: -sides("kv", 1.0)(z, n, x)),
    "ive": (None, lambda z, n, x: sides("ive", 1.0)(z, n, x) - ops.sign(x) * z),
    "kve": (None, lambda z, n, x: z - sides("kve", 1.0)(z, n, x)),
    "struve": (None, lambda z, n, x: of("struve", less(n), x) - n * z / x),
    "modstruve": (None, lambda z, n, x: of("modstruve", less(n), x) - n * z / x),
    "gammainc": (None, lambda z, a, x: gamma_density(a, x)), "gammaincc": (None, lambda z, a, x: -gamma_density(a, x)),
    "gammaincinv": (None, lambda z, a, y: 1.0 / gamma_density(a, z)), "gammainccinv": (None, lambda z, a, y: -1.0 / gamma_density(a, z)),
    "betainc": (None, None, lambda z, a, b, x: beta_density(a, b, x)), "betaincc": (None, None, lambda z, a, b, x: -beta_density(a, b, x)),
    "betaincinv": (None, None, lambda z, a, b, y: 1.0 / beta_density(a, b, z)),
    "betainccinv": (None, None, lambda z, a, b, y: -1.0 / beta_density(a, b, z)),
    "chdtr": (None, lambda z, n, x: 0.5 * gamma_density(n * 0.5, 0.5 * x)), "chdtrc": (None, lambda z, n, x: -0.5 * gamma_density(n * 0.5, 0.5 * x)),
    "pdtr": (None, lambda z, k, x: -ops.exp(ops.xlogy(ops.floor(k), x) - x - ops.lgamma(ops.floor(more(k))))),
    "pdtrc": (None, lambda z, k, x: ops.exp(ops.xlogy(ops.floor(k), x) - x - ops.lgamma(ops.floor(more(k))))),
    "stdtr": (None, lambda z, n, t: t_density(n, t)), "stdtrit": (None, lambda z, n, p: 1.0 / t_density(n, z)),
    "erf": (lambda z, x: TWO_OVER_ROOT_PI * gauss(x),), "erfc": (lambda z, x: -TWO_OVER_ROOT_PI * gauss(x),),
    "erfi": (lambda z, x: TWO_OVER_ROOT_PI * ops.exp(x * x),), "erfcx": (lambda z, x: 2.0 * (x * z) - TWO_OVER_ROOT_PI,),
    "erfcinv": (lambda z, x: (-1.0 / TWO_OVER_ROOT_PI) * ops.exp(z * z),), "dawsn": (lambda z, x: 1.0 - 2.0 * (x * z),),
    "wofz": (lambda z, x: TWO_OVER_ROOT_PI * 1j - 2.0 * (x * z),),
    "ndtri": (lambda z, p: ROOT_TWO_PI * ops.exp(0.5 * (z * z)),), "log_ndtr": (lambda z, x: ops.exp(-0.5 * (x * x) - z) / ROOT_TWO_PI,),
    "owens_t": (
        lambda z, h, a: (-0.5 / ROOT_TWO_PI) * ops.exp(-0.5 * (h * h)) * ops.erf(a * h * math.sqrt(0.5)),
        lambda z, h, a: ops.exp(-0.5 * (h * h) * (1.0 + a * a)) / (2.0 * math.pi * (1.0 + a * a)),
    ),
    "gammasgn": (lambda z, x: 0.0,),
    "gamma": (lambda z, x: z * of("psi", x),), "rgamma": (lambda z, x: -z * of("psi", x),), "loggamma": (lambda z, x: of("psi", x),), "psi": (None,),
    "expi": (lambda z, x: ops.exp(x) / x,), "exp1": (lambda z, x: -ops.exp(-x) / x,),
    "expn": (None, lambda z, n, x: -of("expn", ops.sub(n, 1), x)),
    "spence": (lambda z, x: where_zero(x - 1.0, -1.0, lambda d: -ops.log1p(d) / d),),
    "ellipk": (lambda z, k: where_zero(k, math.pi / 8, lambda k: (of("ellipe", k) / (1.0 - k) - of("ellipk", k)) / (2.0 * k)),),
    "ellipe": (lambda z, k: where_zero(k, -math.pi / 8, lambda k: (of("ellipe", k) - of("ellipk", k)) / (2.0 * k)),),
    "ellipkinc": (lambda z, t, k: 1.0 / ops.sqrt(1.0 - k * ops.sin(t) ** 2), None),
    "ellipeinc": (lambda z, t, k: ops.sqrt(1.0 - k * ops.sin(t) ** 2), None),
    "hyp0f1": (None, lambda z, a, x: of("hyp0f1", more(a), x) / a), "hyp1f1": (None, None, lambda z, a, b, x: a / b * of("hyp1f1", more(a), more(b), x)),
    "hyp2f1": (None, None, None, lambda z, a, b, c, x: a * b / c * of("hyp2f1", more(a), more(b), more(c), x)),
    "hyperu": (None, None, lambda z, a, b, x: -a * of("hyperu", more(a), more(b), x)),
    "_lambertw": (lambda z, x, k, tol: 1.0 / (ops.exp(z) + x), None, None), "wrightomega": (lambda z, x: z / (1.0 + z),),
    "boxcox": (lambda z, x, p: ops.pow(x, less(p)), None), "boxcox1p": (lambda z, x, p: ops.pow(1.0 + x, less(p)), None),
    "inv_boxcox": (lambda z, y, p: ops.pow(z, 1.0 - p), None), "inv_boxcox1p": (lambda z, y, p: ops.pow(1.0 + z, 1.0 - p), None),
}  # fmt: skip

MADE: dict[Any, Op] = {}


def special(function: Any, *inputs: Any) -> Array | None:
    """The node of one of SciPy's functions, or None where this table has no rule for it."""
    rules = RULES.get(function.__name__)
    if rules is None or function.nout != 1 or len(rules) != function.nin or UFUNCS not in sys.modules:
        return None
    op = made(function, rules)
    complexes = [x.dtype for x in inputs if isinstance(x, (Array, np.ndarray, np.generic)) and x.dtype.kind == "c"]
    if complexes:  # an order beside a complex number is a real number still
        real = np.zeros(0, complexes[0]).real.dtype
        inputs = tuple(np.asarray(x, real) if type(x) in (int, float) else x for x in inputs)
    return op(*inputs)


def made(function: Any, rules: tuple[Local | None, ...]) -> Op:
    """The operation of a function, one for all its uses, known to files by its name in SciPy."""
    op = MADE.get(function)
    if op is None:
        op = MADE[function] = new(function, rules)
        remember(op, function)
    return op


def make(source: str) -> None:
    """Make the operation that a file names, where SciPy is loaded."""
    name = source.removeprefix(FROM)
    if source.startswith(FROM) and name in RULES and hasattr(sys.modules.get(UFUNCS), name):
        made(getattr(sys.modules[UFUNCS], name), RULES[name])


Above.maker = make


def new(function: Any, rules: tuple[Local | None, ...]) -> Op:
    name = function.__name__.strip("_")
    words = [f"operand {k + 1}" if len(rules) > 1 else "x" for k in range(len(rules))]
    return Op(
        name=name,
        args=(*"abcdefgh"[: len(rules) - 1], "x"),
        type=lambda *types: type_of_result(function, name, types),
        value=function,
        kind="elementwise",
        doc=f"SciPy's function {name}: its value is SciPy's own.",
        source=f"{FROM}{function.__name__}",
        words="by its formula in SciPy's functions",
        paper=lambda *xs, **attrs: m.call(name, *xs),
        local=tuple(rule or refusing(name, word) for rule, word in zip(rules, words, strict=True)),
    )


def type_of_result(function: Any, name: str, types: tuple[Type, ...]) -> Type:
    """The dtype that SciPy has for operands of these dtypes, in the shape that they stretch to."""
    return Type(function(*[np.ones(0, t.dtype) for t in types]).dtype, stretch(name, types))


def refusing(name: str, word: str) -> Local:
    def local(z: Any, *xs: Any) -> Any:
        raise DifferentiationError(
            f"scipy.special.{name}: there is no formula here for its derivative by {word}: give the plain value "
            "(x.value), which counts as constant, or give it a derivative with bl.rule"
        )

    return local
