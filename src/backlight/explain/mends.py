"""What may help against a number that is none, or a gradient that is zero: a sentence for each operation that can be behind it.

Outside its domain an operation gives NaN, at the edge of it ∞, and these want different things: log(−2) asks where the
minus comes from, log(0) wants a little room. Where a NaN is made of an infinity (0·∞, ∞ − ∞), it is the infinity that
is to be mended, so it is followed back to where it was born.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from ..core.types import Type
from ..run.record import Run
from .formula import names_of

__all__ = ["advice", "infinite_origin", "relief"]

NEGATIVE: Final = "is of positive numbers only: make its operand so, by abs(x), x^2 or exp(x), or find out why it is not"
ROOM: Final = "keep its operand away from 0"
INSIDE: Final = "keep its operand inside (−1, 1), by clip(x, −1, 1) for one that only rounding took outside"
DENOMINATOR: Final = (
    "keep the denominator away from 0: x / (y + 1e-12), or choose by where on both sides: "
    "where(y == 0, 0, x / where(y == 0, 1, y))"
)
LOGARITHM: Final = (
    f"{ROOM}: log(x + 1e-12), or log1p(x) where it is log(1 + x); of a softmax or a sigmoid, log_softmax or log_sigmoid"
)
SQUARE_ROOT: Final = f"{ROOM}: sqrt(x + 1e-12), or norm(x) where it is the length of a vector"
# What helps where the operand is outside of what the operation is of, and where it stands at the edge.
MENDS: Final = {
    "log": (f"log {NEGATIVE}", LOGARITHM),
    "log2": (f"log2 {NEGATIVE}", f"{ROOM}: log2(x + 1e-12)"),
    "log10": (f"log10 {NEGATIVE}", f"{ROOM}: log10(x + 1e-12)"),
    "log1p": ("log1p is of numbers above −1 only: find out why its operand is not", "keep its operand above −1"),
    "sqrt": ("sqrt is of numbers from 0 on: make its operand so, or find out why it is negative", SQUARE_ROOT),
    "rsqrt": (f"rsqrt {NEGATIVE}", f"{ROOM}: rsqrt(x + 1e-12)"),
    "div": (DENOMINATOR, DENOMINATOR),
    "reciprocal": (DENOMINATOR, f"{ROOM}: 1 / (x + 1e-12)"),
    "exp": ("", "keep its operand small: softplus(x) for log(1 + exp(x)), logsumexp(x) for log(sum(exp(x)))"),
    "pow": ("keep the base positive where the exponent is no whole number", "keep the base away from 0"),
    "acos": (INSIDE, INSIDE), "asin": (INSIDE, INSIDE), "atanh": (INSIDE, INSIDE),
    "acosh": ("keep its operand from 1 on", "keep its operand above 1"),
    "norm": ("", "keep the vector away from 0: sqrt(sum(x^2) + 1e-12)"),
    "mod": (DENOMINATOR, DENOMINATOR),
}  # fmt: skip

ABOVE: Final = "bring its operand above 0 for some of the data: a smaller step or bias, weights drawn anew"
FLAT: Final = "it is flat everywhere: let the gradient pass it by, as in x + stop_gradient({name}(x) − x)"
SPREAD: Final = "keep its operand near 0: smaller weights, inputs with mean 0 and spread 1"
LOGITS: Final = "; in a loss, log_sigmoid(x) instead of log(sigmoid(x))"
# What helps where an operation lets no gradient through, by its name.
LETS_THROUGH: Final = {
    "relu": f"{ABOVE}; or leaky_relu, softplus, gelu, which are never flat on a whole side",
    "maximum": f"where it is maximum(x, 0): {ABOVE}",
    "clip": "keep its operand inside the limits, or clip only what nothing is learnt from",
    **{name: FLAT.format(name=name) for name in ("floor", "ceil", "round", "trunc", "sign")},
}
ZEROS: Final = "what is learnt must not begin at 0, where weights hold one another fast: draw it, as in normal(3, 2, seed=1)"


def relief(run: Run, number: int, kind: str, toward: int) -> str:
    """What helps where a gradient is lost at a node, on the edge toward an operand; empty where nothing is known."""
    graph, node = run.graph, run.graph.nodes[number]
    if kind == "saturated":
        return SPREAD + (LOGITS if node.op.name == "sigmoid" else "")
    if kind in ("not chosen", "zero factor") and node.op.name in LETS_THROUGH:
        return LETS_THROUGH[node.op.name]
    if kind != "zero factor" or node.op.name not in ("matmul", "mul", "einsum"):
        return ""
    for j in node.inputs:
        if j == toward or not isinstance(graph.nodes[j].type, Type) or np.asarray(run.value(j)).any():
            continue
        name = graph.nodes[j].op.name
        if name == "input":
            return ZEROS
        if name in LETS_THROUGH:
            return f"mend what is 0, node {j}, {names_of(graph, [j])[j]}: {LETS_THROUGH[name]}"
    return ""


def advice(run: Run, number: int, kind: str) -> tuple[str, str]:
    """What helps against a birth of NaN or of ∞ at a node, empty where nothing is known; before it the node that is to be
    mended, where that is another one, which gave an infinity.
    """
    graph = run.graph
    origin = infinite_origin(run, number) if kind == "nan" else number
    if origin == number:
        return "", of_operation(run, number, kind)
    home = at_home(run, origin)
    return f"node {home}, {names_of(graph, [home])[home]}", of_operation(run, origin, "inf")


def of_operation(run: Run, number: int, kind: str) -> str:
    """What helps one operation, that of a forward node or that whose rule wrote a gradient."""
    home = at_home(run, number)
    outside, edge = MENDS.get(run.graph.nodes[home].op.name, ("", ""))
    return outside if kind == "nan" and np.isnan(run.value(home)).any() else edge


def at_home(run: Run, number: int) -> int:
    """The forward node that a gradient node belongs to, or the node itself."""
    graph = run.graph
    while number >= graph.forward_count and 0 <= graph.nodes[number].why.of < number:
        number = graph.nodes[number].why.of
    return number


def infinite_origin(run: Run, number: int) -> int:
    """Where the infinity was born that a node takes in; the node itself where all its operands are finite."""
    graph = run.graph
    while True:
        operands = [j for j in graph.nodes[number].inputs if isinstance(graph.nodes[j].type, Type)]
        endless = [j for j in operands if np.asarray(run.value(j)).dtype.kind in "fc" and np.isinf(run.value(j)).any()]
        if not endless:
            return number
        number = endless[0]
