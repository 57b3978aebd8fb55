"""Fewer operations: rules that keep every value, and rules of the algebra one does on paper.

What separates the two is the edge of floating point. x·1 is x, whatever x is. But x·0 is NaN where x is infinite, x + 0
turns −0 into 0, and log(exp(x)) overflows where x does not: those are true of real numbers only, so they are in a
family of their own, `algebra`, which nobody gets without asking for it.
"""

from __future__ import annotations

from typing import Any

from .. import ops as o
from ..core.array import Array
from ..core.op import known_number
from .rules import rule

__all__: list[str] = []

p: Any = o  # the table's rows by name

rule(
    "mul_one", "simplify", "x·1 → x",
    lambda x: x * 1.0, lambda x: x,
    reason="one times a number is the number, infinities and NaN included", exact=True, cases=[(0.5,), (-0.0,)],
)  # fmt: skip
rule(
    "div_one", "simplify", "x / 1 → x",
    lambda x: x / 1.0, lambda x: x,
    reason="dividing by one changes nothing", exact=True, cases=[(0.5,), (-0.0,)],
)  # fmt: skip
rule(
    "sub_zero", "simplify", "x − 0 → x",
    lambda x: x - 0.0, lambda x: x,
    reason="taking away 0 changes nothing, the sign of a zero included", exact=True, cases=[(0.5,), (-0.0,)],
)  # fmt: skip
rule(
    "mul_minus_one", "simplify", "−1·x → −x",
    lambda x: x * -1.0, lambda x: -x,
    reason="minus one times a number is its opposite", exact=True, cases=[(0.5,), (-0.0,)],
)  # fmt: skip
rule(
    "pow_one", "simplify", "x^1 → x",
    lambda x: x**1.0, lambda x: x,
    reason="the first power of a number is the number", exact=True, cases=[(0.5,), (-3.0,)],
)  # fmt: skip
rule(
    "pow_two", "simplify", "x^2 → square(x)",
    lambda x: x**2.0, lambda x: p.square(x),
    reason="one product instead of a power; a power may be one unit in the last place off, the square is right",
    cases=[(0.5,), (-3.0,), (1.1,)],
)  # fmt: skip
rule(
    "neg_neg", ("stabilise", "simplify"), "−(−x) → x",
    lambda x: p.neg(p.neg(x)), lambda x: x,
    reason="two changes of sign undo each other", exact=True, cases=[(0.5,), (-0.0,)],
)  # fmt: skip
rule(
    "add_neg", "simplify", "x + (−y) → x − y",
    lambda x, y: x + (-y), lambda x, y: x - y,
    reason="adding the opposite is taking away", exact=True, cases=[(0.5, 2.0), (1.0, 1.0)],
)  # fmt: skip
rule(
    "sub_neg", "simplify", "x − (−y) → x + y",
    lambda x, y: x - (-y), lambda x, y: x + y,
    reason="taking away the opposite is adding", exact=True, cases=[(0.5, 2.0)],
)  # fmt: skip
rule(
    "mul_neg_neg", "simplify", "(−x)·(−y) → x·y",
    lambda x, y: (-x) * (-y), lambda x, y: x * y,
    reason="two changes of sign undo each other", exact=True, cases=[(0.5, -2.0)],
)  # fmt: skip
rule(
    "transpose_twice", "simplify", "(xᵀ)ᵀ → x",
    lambda x: x.T.T, lambda x: x,
    reason="turning twice is not turning", exact=True, cases=[([[1.0, 2.0], [3.0, 4.0]],)],
)  # fmt: skip
rule(
    "reshape_nothing", "simplify", "reshape(x) to its own shape → x",
    lambda x: p.reshape(x, shape=(2, 2)), lambda x, **shape: x,
    reason="the same numbers in the same shape", exact=True,
    when=lambda x, shape: x.shape == shape, cases=[([[1.0, 2.0], [3.0, 4.0]],)],
)  # fmt: skip
rule(
    "broadcast_nothing", "simplify", "broadcast_to(x) to its own shape → x",
    lambda x: p.broadcast_to(x, shape=(2, 2)), lambda x, **shape: x,
    reason="the same numbers in the same shape", exact=True,
    when=lambda x, shape: x.shape == shape, cases=[([[1.0, 2.0], [3.0, 4.0]],)],
)  # fmt: skip
rule(
    "sum_nothing", "simplify", "sum_to(x) to its own shape → x",
    lambda x: p.sum_to(x, shape=(2, 2)), lambda x, **shape: x,
    reason="there is nothing to add up", exact=True,
    when=lambda x, shape: x.shape == shape, cases=[([[1.0, 2.0], [3.0, 4.0]],)],
)  # fmt: skip
rule(
    "cast_nothing", "simplify", "cast(x) to its own dtype → x",
    lambda x: p.cast(x, dtype="float64"), lambda x, **dtype: x,
    reason="the numbers have this dtype already", exact=True, when=lambda x, dtype: x.dtype.name == dtype, cases=[(0.5,)],
)  # fmt: skip

rule(
    "add_zero", "algebra", "x + 0 → x",
    lambda x: x + 0.0, lambda x: x,
    reason="adding 0 changes nothing but the sign of a zero: −0 + 0 is 0", cases=[(0.5,)],
)  # fmt: skip
rule(
    "zero_sub", "algebra", "0 − x → −x",
    lambda x: 0.0 - x, lambda x: -x,
    reason="the opposite; where x is 0 the sign of the zero differs", cases=[(0.5,)],
)  # fmt: skip
rule(
    "mul_zero", "algebra", "x·0 → 0",
    lambda x: x * 0.0, lambda x: 0.0,
    reason="nothing times a real number; where x is infinite or NaN the product is NaN, and here it is 0", cases=[(0.5,)],
)  # fmt: skip
rule(
    "zero_div", "algebra", "0 / x → 0",
    lambda x: 0.0 / x, lambda x: 0.0,
    reason="nothing divided is nothing; where x is 0 or NaN the quotient is NaN, and here it is 0", cases=[(0.5,)],
)  # fmt: skip
rule(
    "sub_self", "algebra", "x − x → 0",
    lambda x: x - x, lambda x: 0.0,
    reason="a real number less itself; where x is infinite or NaN the difference is NaN, and here it is 0", cases=[(0.5,)],
)  # fmt: skip
rule(
    "div_self", "algebra", "x / x → 1",
    lambda x: x / x, lambda x: 1.0,
    reason="a number by itself; where x is 0, infinite or NaN the quotient is NaN, and here it is 1", cases=[(0.5,)],
)  # fmt: skip
rule(
    "pow_zero", "algebra", "x^0 → 1",
    lambda x: x**0.0, lambda x: 1.0,
    reason="the empty product, as in the table of operations, where 0^0 is 1", cases=[(0.5,), (0.0,)],
)  # fmt: skip
rule(
    "pow_half", "algebra", "x^0.5 → √x",
    lambda x: x**0.5, lambda x: p.sqrt(x),
    reason="a root is quicker and rounds better; at −∞ and −0 the two differ", cases=[(0.5,), (4.0,)],
)  # fmt: skip
rule(
    "pow_minus_one", "algebra", "x^−1 → 1 / x",
    lambda x: x**-1.0, lambda x: 1.0 / x,
    reason="a quotient is quicker and rounds better", cases=[(0.5,), (-3.0,)],
)  # fmt: skip
rule(
    "exp_log", "algebra", "exp(log(x)) → x",
    lambda x: p.exp(p.log(x)), lambda x: x,
    reason="true where x is positive; the logarithm of a negative number is NaN", cases=[(0.5,)],
)  # fmt: skip
rule(
    "log_exp", "algebra", "log(exp(x)) → x",
    lambda x: p.log(p.exp(x)), lambda x: x,
    reason="exp(x) overflows where x does not: this keeps the ordinary number", cases=[(0.5,)],
)  # fmt: skip
rule(
    "mul_reciprocal", "algebra", "x·(1 / y) → x / y",
    lambda x, y: x * (1.0 / y), lambda x, y: x / y,
    reason="one rounding instead of two", cases=[(0.5, 3.0)],
)  # fmt: skip
rule(
    "add_self", "algebra", "x + x → 2·x",
    lambda x: x + x, lambda x: 2.0 * x,
    reason="the same number, written once", exact=True, cases=[(0.7,)],
)  # fmt: skip
rule(
    "mul_neg", "algebra", "x·(−y) → −(x·y)",
    lambda x, y: x * (-y), lambda x, y: -(x * y),
    reason="signs are taken out to meet others of their kind", exact=True,
    when=lambda x, y: known_number(x) is None, cases=[(0.5, 3.0)],
)  # fmt: skip


def both_constant(a: Array, b: Array, x: Array) -> bool:
    """Whether the two factors are numbers of the graph, and what they are multiplied by is not."""
    return known_number(a) is not None and known_number(b) is not None and known_number(x) is None


rule(
    "collect_factors", "algebra", "a·(b·x) → (a·b)·x, for numbers a and b",
    lambda a, b, x: a * (b * x), lambda a, b, x: (known_number(a) or 0.0) * (known_number(b) or 0.0) * x,
    reason="two numbers become one; the product rounds elsewhere", when=both_constant, cases=[],
)  # fmt: skip
rule(
    "square", "asked", "x·x → square(x)",
    lambda x: x * x, lambda x: p.square(x),
    reason="the same product, under its name", exact=True, cases=[(0.7,)],
)  # fmt: skip

rule(
    "share", "share", "two nodes that say the same → one",
    reason="the same operation on the same operands gives the same number; inputs are never taken for one another", exact=True,
)  # fmt: skip
rule(
    "fold", "fold", "an operation on constants → its value",
    reason="what stands on constants alone is a constant: it need not be computed at every run", exact=True,
)  # fmt: skip
