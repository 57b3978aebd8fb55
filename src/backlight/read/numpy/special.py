"""SciPy's elementwise special functions that have no row: a node whose value SciPy computes, with a derivative from this table.

NumPy's question brings SciPy's own function along, so nothing is imported here, and the numbers are SciPy's. The table says how
it moves, operand by operand, in rows and in SciPy's functions again, so derivatives are of any order. An order or a degree by
which there is no formula is refused when it is asked for, and never taken for a constant in silence.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from functools import partial
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
from . import elliptic, orders
from .elliptic import where_zero

__all__ = ["RULES", "SEVERAL", "special"]

Local = Callable[..., Any]
UFUNCS: Final = "scipy.special._ufuncs"  # where SciPy keeps its elementwise functions, loaded by whoever called one
FROM: Final = "scipy.special."
TWO_OVER_ROOT_PI: Final = 2.0 / math.sqrt(math.pi)
DEGREE: Final = math.pi / 180.0
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
    return n if isinstance(n, float) or n.dtype.kind in "fc" else ops.cast(n, dtype="float64")


def gamma_density(a: Any, x: Any) -> Any:
    return orders.gamma_density(floats(a), x)


def beta_density(a: Any, b: Any, x: Any) -> Any:
    return orders.beta_density(floats(a), floats(b), x)


def gamma_moved(a: Any, x: Any) -> Any:
    """How the incomplete gamma function moves with its order."""
    return orders.gammainc_by_a(floats(a), floats(x))


def beta_moved(a: Any, b: Any, x: Any, by: str = "a") -> Any:
    """How the incomplete beta function moves with one of its orders."""
    return (orders.betainc_by_a if by == "a" else orders.betainc_by_b)(floats(a), floats(b), floats(x))


def t_moved(n: Any, t: Any) -> Any:
    """How Student's distribution function moves with its degrees: it is half an incomplete beta function on either side of 0."""
    n = floats(n)
    rest = n / (n + t * t)
    by_degree = beta_moved(0.5 * n, 0.5, rest) * 0.5 + beta_density(0.5 * n, 0.5, rest) * (1.0 - rest) / (n + t * t)
    return -0.5 * ops.sign(t) * by_degree


def gap(a: Any, b: Any) -> Any:
    """ψ(a + b) − ψ(a)."""
    return orders.digamma_gap(floats(a), floats(b))


def macdonald(n: Any, x: Any, z: Any) -> Any:
    """e^x times how Macdonald's function moves with its order."""
    return orders.bessel_moment(floats(n), floats(x))


def binomial_density(k: Any, n: Any, p: Any) -> Any:
    """How fast the chance of at most k of n falls when each one grows likelier."""
    k = ops.floor(floats(k))
    count = of("binom", floats(n), k) * (n - k)
    return count * ops.exp(ops.xlogy(k, p) + ops.xlog1py(n - k - 1.0, -p))


def rise(u: Any) -> Any:
    """(u e^u − e^u + 1) / u², which is 1/2 at 0."""
    near = ops.less(ops.abs(u), 0.05)
    far = ops.where(near, 1.0, u)
    small = ops.where(near, u, 0.0)
    terms = (0.5, 1 / 3, 1 / 8, 1 / 30, 1 / 144, 1 / 840, 1 / 5760, 1 / 45360)  # (k + 1) / (k + 2)!
    total: Any = terms[-1]
    for c in reversed(terms[:-1]):
        total = total * small + c
    return ops.where(near, total, (far * ops.exp(far) - ops.expm1(far)) / (far * far))


def box_cox(p: Any, log_x: Any) -> Any:
    """How (x^p − 1)/p moves with p."""
    return ops.square(log_x) * rise(p * log_x)


def at_poles(x: Any, rule: Any) -> Any:
    """A slope of 1/Γ, and (−1)^n n! where Γ has a pole, at x = −n."""
    if x.dtype.kind == "c":
        return rule(x)
    pole = ops.logical_and(ops.less_equal(x, 0.0), ops.equal(x, ops.floor(x)))
    n = ops.where(pole, -x, 0.0)
    return ops.where(pole, ops.cos(math.pi * ops.mod(n, 2.0)) * of("gamma", n + 1.0), rule(ops.where(pole, 0.5, x)))


def t_density(n: Any, t: Any) -> Any:
    half = more(n) * 0.5
    return ops.exp(ops.lgamma(half) - ops.lgamma(n * 0.5) - 0.5 * ops.log(floats(n) * math.pi) - half * ops.log1p(t * t / n))


def gauss(x: Any) -> Any:
    return ops.exp(-(x * x))


def sides(name: str, sign: float) -> Local:
    """Half of the neighbours of a Bessel function together: f(n − 1) ± f(n + 1)."""
    return lambda z, n, x: 0.5 * (of(name, less(n), x) + sign * of(name, more(n), x))


# By the name of SciPy's function: the local derivative by each operand, (z, *xs) -> Array; None where there is no formula.
RULES: dict[str, tuple[Local | None, ...]] = {
    "j0": (lambda z, x: -of("j1", x),), "j1": (lambda z, x: 0.5 * (of("j0", x) - of("jv", 2.0, x)),),
    "y0": (lambda z, x: -of("y1", x),), "y1": (lambda z, x: 0.5 * (of("y0", x) - of("yv", 2.0, x)),),
    "k0": (lambda z, x: -of("k1", x),), "k1": (lambda z, x: -0.5 * (of("k0", x) + of("kv", 2.0, x)),),
    "k0e": (lambda z, x: z - of("k1e", x),), "k1e": (lambda z, x: z - 0.5 * (of("k0e", x) + of("kve", 2.0, x)),),
    "jv": (None, sides("jv", -1.0)), "yv": (None, sides("yv", -1.0)), "yn": (None, sides("yv", -1.0)), "iv": (None, sides("iv", 1.0)),
    "kv": (lambda z, n, x: ops.exp(-x) * macdonald(n, x, z), lambda z, n, x: -sides("kv", 1.0)(z, n, x)), "kn": (None, lambda z, n, x: -sides("kv", 1.0)(z, n, x)),
    "ive": (None, lambda z, n, x: sides("ive", 1.0)(z, n, x) - ops.sign(x) * z),
    "kve": (lambda z, n, x: macdonald(n, x, z), lambda z, n, x: z - sides("kve", 1.0)(z, n, x)),
    "struve": (None, lambda z, n, x: of("struve", less(n), x) - n * z / x),
    "modstruve": (None, lambda z, n, x: of("modstruve", less(n), x) - n * z / x),
    "gammainc": (lambda z, a, x: gamma_moved(a, x), lambda z, a, x: gamma_density(a, x)), "gammaincc": (lambda z, a, x: -gamma_moved(a, x), lambda z, a, x: -gamma_density(a, x)),
    "gammaincinv": (lambda z, a, y: -gamma_moved(a, z) / gamma_density(a, z), lambda z, a, y: 1.0 / gamma_density(a, z)),
    "gammainccinv": (lambda z, a, y: -gamma_moved(a, z) / gamma_density(a, z), lambda z, a, y: -1.0 / gamma_density(a, z)),
    "betainc": (lambda z, a, b, x: beta_moved(a, b, x), lambda z, a, b, x: beta_moved(a, b, x, "b"), lambda z, a, b, x: beta_density(a, b, x)),
    "betaincc": (lambda z, a, b, x: -beta_moved(a, b, x), lambda z, a, b, x: -beta_moved(a, b, x, "b"), lambda z, a, b, x: -beta_density(a, b, x)),
    "betaincinv": (
        lambda z, a, b, y: -beta_moved(a, b, z) / beta_density(a, b, z), lambda z, a, b, y: -beta_moved(a, b, z, "b") / beta_density(a, b, z),
        lambda z, a, b, y: 1.0 / beta_density(a, b, z),
    ),
    "betainccinv": (
        lambda z, a, b, y: -beta_moved(a, b, z) / beta_density(a, b, z), lambda z, a, b, y: -beta_moved(a, b, z, "b") / beta_density(a, b, z),
        lambda z, a, b, y: -1.0 / beta_density(a, b, z),
    ),
    "bdtr": (None, None, lambda z, k, n, p: -binomial_density(k, n, p)), "bdtrc": (None, None, lambda z, k, n, p: binomial_density(k, n, p)),
    "chdtr": (lambda z, n, x: 0.5 * gamma_moved(n * 0.5, 0.5 * x), lambda z, n, x: 0.5 * gamma_density(n * 0.5, 0.5 * x)),
    "chdtrc": (lambda z, n, x: -0.5 * gamma_moved(n * 0.5, 0.5 * x), lambda z, n, x: -0.5 * gamma_density(n * 0.5, 0.5 * x)),
    "pdtr": (None, lambda z, k, x: -ops.exp(ops.xlogy(ops.floor(k), x) - x - ops.lgamma(ops.floor(more(k))))),
    "pdtrc": (None, lambda z, k, x: ops.exp(ops.xlogy(ops.floor(k), x) - x - ops.lgamma(ops.floor(more(k))))),
    "stdtr": (lambda z, n, t: t_moved(n, t), lambda z, n, t: t_density(n, t)),
    "stdtrit": (lambda z, n, p: -t_moved(n, z) / t_density(n, z), lambda z, n, p: 1.0 / t_density(n, z)),
    "erf": (lambda z, x: TWO_OVER_ROOT_PI * gauss(x),), "erfc": (lambda z, x: -TWO_OVER_ROOT_PI * gauss(x),),
    "erfi": (lambda z, x: TWO_OVER_ROOT_PI * ops.exp(x * x),), "erfcx": (lambda z, x: 2.0 * (x * z) - TWO_OVER_ROOT_PI,),
    "erfcinv": (lambda z, x: (-1.0 / TWO_OVER_ROOT_PI) * ops.exp(z * z),), "exprel": (lambda z, x: rise(x),), "dawsn": (lambda z, x: 1.0 - 2.0 * (x * z),),
    "wofz": (lambda z, x: TWO_OVER_ROOT_PI * 1j - 2.0 * (x * z),),
    "ndtri": (lambda z, p: ROOT_TWO_PI * ops.exp(0.5 * (z * z)),), "log_ndtr": (lambda z, x: ops.exp(-0.5 * (x * x) - z) / ROOT_TWO_PI,),
    "owens_t": (
        lambda z, h, a: (-0.5 / ROOT_TWO_PI) * ops.exp(-0.5 * (h * h)) * ops.erf(a * h * math.sqrt(0.5)),
        lambda z, h, a: ops.exp(-0.5 * (h * h) * (1.0 + a * a)) / (2.0 * math.pi * (1.0 + a * a)),
    ),
    "gammasgn": (lambda z, x: 0.0,),
    "gamma": (lambda z, x: z * of("psi", x),), "rgamma": (lambda z, x: at_poles(x, lambda x: -of("rgamma", x) * of("psi", x)),), "loggamma": (lambda z, x: of("psi", x),), "psi": (None,),
    "beta": (lambda z, a, b: -z * gap(a, b), lambda z, a, b: -z * gap(b, a)), "betaln": (lambda z, a, b: -gap(a, b), lambda z, a, b: -gap(b, a)),
    "poch": (lambda z, x, m: z * gap(x, m), lambda z, x, m: z * of("psi", ops.add(floats(x), m))),
    "binom": (
        lambda z, n, k: z * gap(ops.sub(more(n), k), k), lambda z, n, k: z * (of("psi", ops.sub(more(n), k)) - of("psi", more(k))),
    ),
    "rel_entr": (lambda z, x, y: ops.log(x) - ops.log(y) + 1.0, lambda z, x, y: -(x / y)),
    "kl_div": (lambda z, x, y: ops.log(x) - ops.log(y), lambda z, x, y: (y - x) / y),
    "pseudo_huber": (
        lambda z, d, r: 2.0 * z / d - r * r / (d * ops.sqrt(1.0 + ops.square(r / d))), lambda z, d, r: r / ops.sqrt(1.0 + ops.square(r / d)),
    ),
    "sindg": (lambda z, x: DEGREE * of("cosdg", x),), "cosdg": (lambda z, x: -DEGREE * of("sindg", x),),
    "tandg": (lambda z, x: DEGREE * (1.0 + z * z),), "cotdg": (lambda z, x: -DEGREE * (1.0 + z * z),),
    "_zeta": (None, lambda z, s, q: -s * of("_zeta", more(s), q)),
    "hankel1": (None, sides("hankel1", -1.0)), "hankel2": (None, sides("hankel2", -1.0)),
    "expi": (lambda z, x: ops.exp(x) / x,), "exp1": (lambda z, x: -ops.exp(-x) / x,),
    "expn": (None, lambda z, n, x: -of("expn", ops.sub(n, 1), x)),
    "spence": (lambda z, x: where_zero(x - 1.0, -1.0, lambda d: -ops.log1p(d) / d),),
    "ellipk": (lambda z, k: elliptic.complete_first(k, partial(of, "ellipk"), partial(of, "ellipe")),),
    "ellipe": (lambda z, k: elliptic.complete_second(k, partial(of, "ellipk"), partial(of, "ellipe")),),
    "ellipkinc": (
        lambda z, t, k: 1.0 / ops.sqrt(1.0 - k * ops.sin(t) ** 2),
        lambda z, t, k: elliptic.first(t, k, partial(of, "ellipkinc"), partial(of, "ellipeinc")),
    ),
    "ellipeinc": (
        lambda z, t, k: ops.sqrt(1.0 - k * ops.sin(t) ** 2),
        lambda z, t, k: elliptic.second(t, k, partial(of, "ellipkinc"), partial(of, "ellipeinc")),
    ),
    "hyp0f1": (None, lambda z, a, x: of("hyp0f1", more(a), x) / a), "hyp1f1": (None, None, lambda z, a, b, x: a / b * of("hyp1f1", more(a), more(b), x)),
    "hyp2f1": (None, None, None, lambda z, a, b, c, x: a * b / c * of("hyp2f1", more(a), more(b), more(c), x)),
    "hyperu": (None, None, lambda z, a, b, x: -a * of("hyperu", more(a), more(b), x)),
    "_lambertw": (lambda z, x, k, tol: 1.0 / (ops.exp(z) + x), None, None), "wrightomega": (lambda z, x: z / (1.0 + z),),
    "boxcox": (lambda z, x, p: ops.pow(x, less(p)), lambda z, x, p: box_cox(p, ops.log(x))),
    "boxcox1p": (lambda z, x, p: ops.pow(1.0 + x, less(p)), lambda z, x, p: box_cox(p, ops.log1p(x))),
    "inv_boxcox": (lambda z, y, p: ops.pow(z, 1.0 - p), lambda z, y, p: -ops.pow(z, 1.0 - p) * box_cox(p, ops.log(z))),
    "inv_boxcox1p": (lambda z, y, p: ops.pow(1.0 + z, 1.0 - p), lambda z, y, p: -ops.pow(1.0 + z, 1.0 - p) * box_cox(p, ops.log1p(z))),
}  # fmt: skip

# The same of functions that give several numbers, for each of them: filled by several.py.
SEVERAL: dict[str, tuple[tuple[Local | None, ...], ...]] = {}
MADE: dict[tuple[Any, int | None], Op] = {}


def special(function: Any, *inputs: Any) -> Any:
    """The node of one of SciPy's functions, or a tuple of nodes, or None where these tables have no rule for it."""
    name = function.__name__
    if UFUNCS not in sys.modules or not (name in SEVERAL or (name in RULES and function.nout == 1)):
        return None
    if len(SEVERAL[name][0] if name in SEVERAL else RULES[name]) != function.nin:
        return None
    inputs = tuple(np.int64(x) if type(x) is int and any(kinds[k] in "lqp" for kinds in function.types) else x for k, x in enumerate(inputs))
    complexes = [x.dtype for x in inputs if isinstance(x, (Array, np.ndarray, np.generic)) and x.dtype.kind == "c"]
    if complexes:  # an order beside a complex number is a real number still
        real = np.zeros(0, complexes[0]).real.dtype
        inputs = tuple(np.asarray(x, real) if type(x) in (int, float) else x for x in inputs)
    if name in SEVERAL:
        return tuple([made(function, k)(*inputs) for k in range(function.nout)])
    return made(function)(*inputs)


def part(name: str, k: int, *xs: Any) -> Any:
    """One of the numbers that a function gives together."""
    return made(getattr(sys.modules[UFUNCS], name), k)(*xs)


def made(function: Any, part: int | None = None) -> Op:
    """The operation of a function or of one of its parts, one for all its uses, known to files by its name in SciPy."""
    op = MADE.get((function, part))
    if op is None:
        op = MADE[function, part] = new(function, part)
        remember(op, function)
    return op


def make(source: str) -> None:
    """Make the operation that a file names, where SciPy is loaded."""
    name, _, place = source.removeprefix(FROM).partition("#")
    if not source.startswith(FROM) or not hasattr(sys.modules.get(UFUNCS), name):
        return
    if (not place and name in RULES) or (place.isdecimal() and int(place) < len(SEVERAL.get(name, ()))):
        made(getattr(sys.modules[UFUNCS], name), int(place) if place else None)


Above.maker = make


def new(function: Any, part: int | None) -> Op:
    """The operation itself: SciPy's value, and its rules."""
    plain = function.__name__.strip("_")
    name = plain if part is None else f"{plain}{part}"
    rules = RULES[function.__name__] if part is None else SEVERAL[function.__name__][part]
    words = [f"operand {k + 1}" if len(rules) > 1 else "x" for k in range(len(rules))]
    return Op(
        name=name,
        args=(*"abcdefgh"[: len(rules) - 1], "x"),
        type=lambda *types: type_of_result(function, name, types),
        value=function if part is None else lambda *xs: function(*xs)[part],
        kind="elementwise",
        doc=f"SciPy's function {plain}: its value is SciPy's own." if part is None else f"Number {part} of what SciPy's {plain} gives.",
        source=f"{FROM}{function.__name__}" + ("" if part is None else f"#{part}"),
        words="by its formula in SciPy's functions",
        paper=lambda *xs, **attrs: m.call(name, *xs),
        local=tuple(rule or refusing(name, word) for rule, word in zip(rules, words, strict=True)),
    )


def type_of_result(function: Any, name: str, types: tuple[Type, ...]) -> Type:
    """The dtype that SciPy has for operands of these dtypes, in the shape that they stretch to."""
    found = function(*[np.ones(0, t.dtype) for t in types])
    return Type((found[0] if isinstance(found, tuple) else found).dtype, stretch(name, types))


def refusing(name: str, word: str) -> Local:
    def local(z: Any, *xs: Any) -> Any:
        raise DifferentiationError(
            f"scipy.special.{name}: there is no formula here for its derivative by {word}: give the plain value "
            "(x.value), which counts as constant, or give it a derivative with bl.rule"
        )

    return local
