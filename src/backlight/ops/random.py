"""Random numbers that are a function of their seed: the same seed gives the same numbers, on every machine, every time.

The n-th number of a draw is a hash of the seed and n (SplitMix64: two multiplications of 64-bit words), so draws need no
state, can be made in any order, and are plain integer arithmetic that any machine repeats. What is made of the bits uses
only + − × ÷ and √, which all machines round alike; so even normal numbers are the same to the last bit. Each row hashes in
a tag of its own, so that two kinds of draw with one seed have nothing to do with each other; for two draws of one kind take
two seeds: `subseed` makes new ones.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..core.op import Case, Op, operation
from ..core.types import Type
from ..errors import DTypeError, ShapeError, ValueError
from . import samples as s
from .axes import sizes
from .compare import logical_and, where
from .reduce import float_type
from .shape import cast

__all__ = ["bernoulli", "dropout", "normal", "permutation", "randint", "subseed", "uniform"]

SPLITMIX = "Steele, Lea, Flood 2014, Fast splittable pseudorandom number generators"
GAMMA, FIRST, SECOND = np.array([0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB], np.uint64)
TAGS = {"subseed": 1, "uniform": 2, "normal": 3, "bernoulli": 4, "randint": 5, "permutation": 6}


def mixed(x: Any) -> Any:
    """Every bit of the result depends on every bit of x, one to one."""
    x = (x ^ (x >> np.uint64(30))) * FIRST
    x = (x ^ (x >> np.uint64(27))) * SECOND
    return x ^ (x >> np.uint64(31))


def words(op: str, seed: Any, count: int) -> Any:
    """So many 64-bit words of this draw."""
    start = np.array([int(seed) % 2**64], np.uint64)
    key = mixed(mixed(start + GAMMA) ^ np.array([TAGS[op]], np.uint64))
    return mixed(key + np.arange(1, count + 1, dtype=np.uint64) * GAMMA)


def fractions(op: str, seed: Any, shape: tuple[int, ...], dtype: Any = "float64") -> Any:
    """Numbers in [0, 1): the highest bits of each word, as many as the dtype can hold."""
    bits = 53 if np.dtype(dtype).itemsize == 8 else 24
    found = (words(op, seed, int(np.prod(shape, dtype=int))) >> np.uint64(64 - bits)).astype(dtype)
    return (found * np.dtype(dtype).type(2.0**-bits)).reshape(shape)[()]


def checked(op: str, seed: Type, shape: Any, dtype: str = "float64") -> tuple[int, ...]:
    if seed.rank:
        raise ShapeError(f"{op}: the seed must be a single whole number, and it is {seed} {seed.shape}")
    if dtype not in ("float32", "float64"):
        raise DTypeError(f"{op}: dtype is 'float64' or 'float32', and not {dtype!r}")
    return sizes(op, "shape", shape)


def shaped(shape: Any) -> tuple[int, ...]:
    return shape if isinstance(shape, tuple) else (shape,)


BAD: dict[str, Callable[[str], Case]] = {
    "seed": lambda op: Case([1, 2], raises=f"{op}: the seed must be a single whole number, and it is Vector Int64 (2,)"),
    "kind": lambda op: Case(0.5, raises=f"{op}: seed must be whole numbers, and it is Float64 ()"),
    "shape": lambda op: Case(1, shape=(2, -1), raises=f"{op}: shape must be whole numbers from 0 on, and it is (2, -1)"),
}


def draw(name: str, doc: str, attrs: dict[str, Any], value: Any, check: Any, cases: list[Case], dtype: str = "") -> Op:
    """A row that draws numbers from a seed."""

    def rule(seed: Type, shape: Any = (), **settings: Any) -> Type:
        found = checked(name, seed, shape, settings.get("dtype", "float64"))
        check(**settings)
        return Type(dtype or settings.get("dtype", "float64"), found)

    return operation(
        name, "seed",
        doc=f"{doc} The same seed gives the same numbers on every machine.",
        source=SPLITMIX,
        kind="random",
        integers=(0,),
        attrs={"shape": (), **attrs},
        type=rule,
        value=lambda seed, shape=(), **settings: value(seed, shaped(shape), **{**attrs, **settings}),
        cases=[*cases, Case(3, shape=(0, 2)), Case(-1), *(bad(name) for bad in BAD.values())],
    )  # fmt: skip


def uniform_value(seed: Any, shape: Any, low: float, high: float, dtype: str) -> Any:
    kind = np.dtype(dtype).type
    return (kind(low) + fractions("uniform", seed, shape, dtype) * kind(high - low))[()]


def low_below_high(op: str) -> Any:
    def check(low: float = 0, high: float = 1, dtype: str = "") -> None:
        if not low < high:
            raise ValueError(f"{op}: low must be below high, and they are {low} and {high}")

    return check


uniform: Op = draw(
    "uniform", "Numbers from low (included) to high, all equally likely.", {"low": 0.0, "high": 1.0, "dtype": "float64"},
    uniform_value, low_below_high("uniform"),
    [
        Case(7, shape=3, gives=[0.23998262527757386, 0.9543507512670324, 0.1983163264539003]),
        Case(7, shape=(2, 2), low=-1.0, dtype="float32"),
        Case(7, low=1.0, high=0.5, raises="uniform: low must be below high, and they are 1.0 and 0.5"),
        Case(7, dtype="int64", raises="uniform: dtype is 'float64' or 'float32', and not 'int64'"),
    ],
)  # fmt: skip


# Rational approximations of the inverse of the normal distribution function, constant term first.
# Source: Wichura 1988, Algorithm AS 241 (PPND16), accurate to about 1 part in 10^16.
CENTRE = (
    (3.3871328727963666080e0, 1.3314166789178437745e2, 1.9715909503065514427e3, 1.3731693765509461125e4,
     4.5921953931549871457e4, 6.7265770927008700853e4, 3.3430575583588128105e4, 2.5090809287301226727e3),
    (1.0, 4.2313330701600911252e1, 6.8718700749205790830e2, 5.3941960214247511077e3,
     2.1213794301586595867e4, 3.9307895800092710610e4, 2.8729085735721942674e4, 5.2264952788528545610e3),
)  # fmt: skip
NEAR = (
    (1.42343711074968357734e0, 4.63033784615654529590e0, 5.76949722146069140550e0, 3.64784832476320460504e0,
     1.27045825245236838258e0, 2.41780725177450611770e-1, 2.27238449892691845833e-2, 7.74545014278341407640e-4),
    (1.0, 2.05319162663775882187e0, 1.67638483018380384940e0, 6.89767334985100004550e-1,
     1.48103976427480074590e-1, 1.51986665636164571966e-2, 5.47593808499534494600e-4, 1.05075007164441684324e-9),
)  # fmt: skip
FAR = (
    (6.65790464350110377720e0, 5.46378491116411436990e0, 1.78482653991729133580e0, 2.96560571828504891230e-1,
     2.65321895265761230930e-2, 1.24266094738807843860e-3, 2.71155556874348757815e-5, 2.01033439929228813265e-7),
    (1.0, 5.99832206555887937690e-1, 1.36929880922735805310e-1, 1.48753612908506148525e-2,
     7.86869131145613259100e-4, 1.84631831751005468180e-5, 1.42151175831644588870e-7, 2.04426310338993978564e-15),
)  # fmt: skip


def quotient(polynomials: Any, r: Any) -> Any:
    above, below = 0.0 * r, 0.0 * r
    for a, b in zip(*(reversed(p) for p in polynomials), strict=True):
        above, below = above * r + a, below * r + b
    return above / below


def plain_log(x: Any) -> Any:
    """Natural logarithm from + − × ÷ alone, so that every machine gives the same bits: of x = m·2^k, from (m−1)/(m+1)."""
    m, k = np.frexp(x)
    small = m < 0.70710678118654752
    m, k = np.where(small, 2.0 * m, m), k - small
    t = (m - 1.0) / (m + 1.0)
    series = 0.0 * t
    for n in range(23, 0, -2):  # |t| < 0.1716, so the next term is below 1e-19 of the first
        series = series * (t * t) + 1.0 / n
    return 2.0 * t * series + k * 0.6931471805599453


def normal_quantile(p: Any) -> Any:
    """The number that a normal one is below with chance p, 0 < p < 1."""
    q = p - 0.5
    centre = q * quotient(CENTRE, 0.180625 - q * q)
    r = np.sqrt(-plain_log(np.where(q < 0, p, 1.0 - p)))
    tail = np.where(r <= 5.0, quotient(NEAR, r - 1.6), quotient(FAR, r - 5.0))
    return np.where(np.abs(q) <= 0.425, centre, np.where(q < 0, -tail, tail))


def normal_value(seed: Any, shape: Any, mean: float, std: float, dtype: str) -> Any:
    # Between the 2^52 fractions and never on 0 or 1, where the normal number would be infinite.
    p = ((words("normal", seed, int(np.prod(shape, dtype=int))) >> np.uint64(12)).astype(np.float64) + 0.5) * 2.0**-52
    return (mean + std * normal_quantile(p)).astype(dtype).reshape(shape)[()]


def std_not_negative(mean: float = 0.0, std: float = 1.0, dtype: str = "") -> None:
    if not std >= 0:
        raise ValueError(f"normal: std must be at least 0, and it is {std}")


normal: Op = draw(
    "normal", "Normal numbers, of this mean and this standard deviation.", {"mean": 0.0, "std": 1.0, "dtype": "float64"},
    normal_value, std_not_negative,
    [
        Case(7, shape=3, gives=[0.2161921073321118, -0.4807939183175032, 0.6924410625284414]),
        Case(7, shape=(2, 2), mean=5.0, std=0.5, dtype="float32"),
        Case(7, std=-1.0, raises="normal: std must be at least 0, and it is -1.0"),
    ],
)  # fmt: skip


def is_chance(p: float = 0.5) -> None:
    if not 0 <= p <= 1:
        raise ValueError(f"bernoulli: p is a chance from 0 to 1, and it is {p}")


bernoulli: Op = draw(
    "bernoulli", "Truth values, each true with chance p.", {"p": 0.5},
    lambda seed, shape, p: fractions("bernoulli", seed, shape) < p, is_chance,
    [
        Case(1, shape=4, gives=[True, False, True, True]),
        Case(7, shape=(2, 3), p=1.0, gives=np.ones((2, 3), bool)),
        Case(7, p=1.5, raises="bernoulli: p is a chance from 0 to 1, and it is 1.5"),
    ],
    dtype="bool",
)  # fmt: skip


def whole_bounds(low: int = 0, high: int = 2) -> None:
    if type(low) is not int or type(high) is not int or not low < high or high - low > 2**53:
        raise ValueError(f"randint: low and high are whole numbers, low below high by at most 2^53, and they are {low} and {high}")


randint: Op = draw(
    "randint", "Whole numbers from low (included) up to high (left out), all equally likely.", {"low": 0, "high": 2},
    lambda seed, shape, low, high: (np.floor(fractions("randint", seed, shape) * (high - low)).astype(np.int64) + low)[()], whole_bounds,
    [
        Case(7, shape=4, low=-3, high=10, gives=[4, -1, -2, 2]),
        Case(7, low=3, high=3, raises="randint: low and high are whole numbers, low below high by at most 2^53, and they are 3 and 3"),
    ],
    dtype="int64",
)  # fmt: skip


def seed_only(op: str) -> Any:
    def rule(seed: Type, n: int = 0) -> Type:
        checked(op, seed, ())
        return Type("int64", (sizes(op, "n", n)[0],))

    return rule


permutation: Op = operation(
    "permutation", "seed",
    doc="The whole numbers below n in random order. The same seed gives the same order on every machine.",
    source=SPLITMIX,
    kind="random",
    integers=(0,),
    attrs={"n": 0},
    type=seed_only("permutation"),
    value=lambda seed, n=0: np.argsort(words("permutation", seed, n), kind="stable"),
    cases=[
        Case(7, n=5, gives=[3, 4, 1, 0, 2]),
        Case(7),
        Case(7, n=-1, raises="permutation: n must be whole numbers from 0 on, and it is -1"),
        BAD["seed"]("permutation"),
    ],
)  # fmt: skip


def subseed_value(seed: Any, k: Any) -> Any:
    word = words("subseed", (int(words("subseed", seed, 1)[0]) ^ int(k) % 2**64), 1)
    return word.astype(np.int64)[0]


def subseed_type(seed: Type, k: Type) -> Type:
    checked("subseed", seed, ())
    checked("subseed", k, ())
    return Type("int64", ())


subseed: Op = operation(
    "subseed", "seed k",
    doc="A new seed from a seed and a number: for each layer, step or draw its own.",
    source=SPLITMIX,
    kind="random",
    integers=(0, 1),
    type=subseed_type,
    value=subseed_value,
    cases=[Case(7, 0, gives=np.int64(-2808335705367586164)), Case(7, 1), Case([1, 2], 0, raises="subseed: the seed must be a single whole number, and it is Vector Int64 (2,)")],
)  # fmt: skip


def dropout_type(x: Type, seed: Type, rate: float = 0.5) -> Type:
    checked("dropout", seed, ())
    if not 0 <= rate < 1:
        raise ValueError(f"dropout: rate must be at least 0 and below 1, and it is {rate}")
    return float_type(x)


def kept(x: Any, seed: Any, rate: float) -> Any:
    return bernoulli(seed, shape=x.shape, p=1.0 - rate)


def dropout_value(x: Any, seed: Any, rate: float = 0.5) -> Any:
    x = x.astype(float_type(Type(x.dtype, x.shape)).dtype)
    return np.where(fractions("bernoulli", seed, x.shape) < 1.0 - rate, x / x.dtype.type(1.0 - rate), x.dtype.type(0))[()]


def dropout_mask(k: int, mask: Any, z: Any, x: Any, seed: Any, rate: float = 0.5) -> Any:
    own = kept(x, seed, rate)
    return own if mask is None else logical_and(mask, own)


def dropout_inside(x: Any, seed: Any, rate: float = 0.5) -> Any:
    return where(kept(x, seed, rate), x / (1.0 - rate), 0.0)


dropout: Op = operation(
    "dropout", "x seed",
    doc="Each number set to 0 with chance `rate`, the others divided by 1 − rate, so that the mean stays. Used while training only.",
    words="gate: the gradient passes where the number was kept, divided by 1 − rate too",
    source="Srivastava, Hinton, Krizhevsky, Sutskever, Salakhutdinov 2014, Dropout",
    kind="random",
    integers=(1,),
    attrs={"rate": 0.5},
    type=dropout_type,
    value=dropout_value,
    vjp=(lambda g, z, x, seed, rate=0.5: dropout(g, seed, rate=rate), None),
    linear=(0,),
    mask=dropout_mask,
    climb=lambda ts, x, seed, rate=0.5: ts[0] * cast(kept(x, seed, rate), dtype="float64"),
    fills=True,
    chooses=True,
    inside=dropout_inside,
    batch="inside",
    cases=[
        Case([1.0, 2.0, 3.0, 4.0], 1, gives=[2.0, 0.0, 6.0, 8.0], grads=[[2.0, 0.0, 2.0, 2.0], None]),
        Case(s.TENSOR, 3, rate=0.25),
        Case(s.MATRIX, 3, rate=0.0, gives=s.MATRIX),
        Case(s.MATRIX, 3, rate=1.0, raises="dropout: rate must be at least 0 and below 1, and it is 1.0"),
        Case(s.MATRIX, 0.5, raises="dropout: seed must be whole numbers, and it is Float64 ()"),
        Case(s.MATRIX, [1, 2], raises="dropout: the seed must be a single whole number, and it is Vector Int64 (2,)"),
    ],
)  # fmt: skip
