"""The same number with the digits that the plain formula loses.

Left and right are equal in exact arithmetic. In floating point the left side rounds away what the right side keeps, or
overflows where the result is an ordinary number; nowhere is the right side worse.
"""

from __future__ import annotations

from typing import Any

from .. import ops as o
from .rules import rule

__all__: list[str] = []

p: Any = o  # the table's rows by name

rule(
    "log1p", "stabilise", "log(1 + a) → log1p(a)",
    lambda a: p.log(1.0 + a), lambda a: p.log1p(a),
    reason="1 + a rounds away the digits of a small a: log(1 + 1e-17) is 0, log1p(1e-17) is 1e-17",
    cases=[(0.5,), (1e-17,), (-0.25,)],
)  # fmt: skip
rule(
    "log1p_minus", "stabilise", "log(1 − a) → log1p(−a)",
    lambda a: p.log(1.0 - a), lambda a: p.log1p(-a),
    reason="1 − a rounds away the digits of a small a",
    cases=[(0.5,), (1e-17,)],
)  # fmt: skip
rule(
    "expm1", "stabilise", "exp(x) − 1 → expm1(x)",
    lambda x: p.exp(x) - 1.0, lambda x: p.expm1(x),
    reason="near x = 0 the difference cancels: exp(1e-17) − 1 is 0, expm1(1e-17) is 1e-17",
    cases=[(0.5,), (1e-17,), (-40.0,)],
)  # fmt: skip
rule(
    "expm1_minus", "stabilise", "1 − exp(x) → −expm1(x)",
    lambda x: 1.0 - p.exp(x), lambda x: -p.expm1(x),
    reason="near x = 0 the difference cancels",
    cases=[(0.5,), (1e-17,)],
)  # fmt: skip
rule(
    "softplus", "stabilise", "log(1 + exp(x)) → softplus(x)",
    lambda x: p.log(1.0 + p.exp(x)), lambda x: p.softplus(x),
    reason="exp(x) overflows from x = 710 on, and 1 + exp(x) is 1 below x = -37: softplus is x and exp(x) there",
    cases=[(0.5,), (800.0,), (-50.0,)],
)  # fmt: skip
rule(
    "softplus_log1p", "stabilise", "log1p(exp(x)) → softplus(x)",
    lambda x: p.log1p(p.exp(x)), lambda x: p.softplus(x),
    reason="exp(x) overflows from x = 710 on: softplus is x there",
    cases=[(0.5,), (800.0,)],
)  # fmt: skip
rule(
    "sigmoid", "stabilise", "1 / (1 + exp(−x)) → sigmoid(x)",
    lambda x: 1.0 / (1.0 + p.exp(-x)), lambda x: p.sigmoid(x),
    reason="exp(−x) overflows below x = -709: the value is 0 too early, and the gradient there NaN",
    cases=[(0.5,), (-720.0,), (800.0,)],
)  # fmt: skip
rule(
    "log_sigmoid", "stabilise", "log(sigmoid(x)) → log_sigmoid(x)",
    lambda x: p.log(p.sigmoid(x)), lambda x: p.log_sigmoid(x),
    reason="sigmoid(x) is 0 below x = -745, and its logarithm −∞ instead of x; from x = 37 on it is 1, and the logarithm 0",
    cases=[(0.5,), (-800.0,), (40.0,)],
)  # fmt: skip
rule(
    "sigmoid_complement", "stabilise", "1 − sigmoid(x) → sigmoid(−x)",
    lambda x: 1.0 - p.sigmoid(x), lambda x: p.sigmoid(-x),
    reason="from x = 37 on sigmoid(x) is 1 and the difference 0: sigmoid(−x) keeps every digit",
    cases=[(0.5,), (40.0,), (-3.0,)],
)  # fmt: skip
rule(
    "log_softmax", "stabilise", "log(softmax(x)) → log_softmax(x)",
    lambda x: p.log(p.softmax(x)), lambda x, **axis: p.log_softmax(x, **axis),
    reason="a probability below 1e-308 is 0, and its logarithm −∞ instead of the ordinary number it should be",
    cases=[([0.5, 1.0, -2.0],), ([0.0, -800.0],)],
)  # fmt: skip
rule(
    "logsumexp", "stabilise", "log(sum(exp(x))) → logsumexp(x)",
    lambda x: p.log(p.sum(p.exp(x))), lambda x, **axis: p.logsumexp(x, **axis),
    reason="exp(x) overflows from x = 710 on, and is 0 below x = -745: the largest x is taken out first",
    cases=[([0.5, 1.0, -2.0],), ([800.0, 799.0],)],
)  # fmt: skip
rule(
    "logaddexp", "stabilise", "log(exp(x) + exp(y)) → logaddexp(x, y)",
    lambda x, y: p.log(p.exp(x) + p.exp(y)), lambda x, y: p.logaddexp(x, y),
    reason="exp overflows from 710 on, and is 0 below -745: the larger of the two is taken out first",
    cases=[(0.5, 1.0), (800.0, 799.0)],
)  # fmt: skip
rule(
    "norm", "stabilise", "sqrt(sum(x²)) → norm(x)",
    lambda x: p.sqrt(p.sum(p.square(x))), lambda x, **axis: p.norm(x, **axis),
    reason="x² overflows from 1.4e154 on, and is 0 below 1.5e-162; at x = 0 the root has no derivative, the norm takes 0",
    cases=[([3.0, 4.0],), ([3e200, 4e200],)],
)  # fmt: skip
rule(
    "norm_product", "stabilise", "sqrt(sum(x·x)) → norm(x)",
    lambda x: p.sqrt(p.sum(x * x)), lambda x, **axis: p.norm(x, **axis),
    reason="x·x overflows from 1.4e154 on, and is 0 below 1.5e-162; at x = 0 the root has no derivative, the norm takes 0",
    cases=[([3.0, 4.0],), ([3e200, 4e200],)],
)  # fmt: skip
rule(
    "norm_power", "stabilise", "sqrt(sum(x^2)) → norm(x)",
    lambda x: p.sqrt(p.sum(x**2.0)), lambda x, **axis: p.norm(x, **axis),
    reason="x^2 overflows from 1.4e154 on, and is 0 below 1.5e-162; at x = 0 the root has no derivative, the norm takes 0",
    cases=[([3.0, 4.0],), ([3e200, 4e200],)],
)  # fmt: skip
rule(
    "hypot", "stabilise", "sqrt(x^2 + y^2) → hypot(x, y)",
    lambda x, y: p.sqrt(x**2.0 + y**2.0), lambda x, y: p.hypot(x, y),
    reason="the squares overflow from 1.4e154 on, and are 0 below 1.5e-162",
    cases=[(3.0, 4.0), (3e200, 4e200)],
)  # fmt: skip
rule(
    "erfc", "stabilise", "1 − erf(x) → erfc(x)",
    lambda x: 1.0 - p.erf(x), lambda x: p.erfc(x),
    reason="from x = 6 on erf(x) is 1 and the difference 0: erfc keeps every digit",
    cases=[(0.5,), (7.0,), (-1.0,)],
)  # fmt: skip
