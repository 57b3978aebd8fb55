"""Where one number of an array comes from: the terms that add up to it, each a product of other single numbers.

Nothing here knows an operation. Element by element the operands' elements are those that stretching puts there. Where a row
is linear in an operand, `marks` finds which numbers stand beside which, for every value that the inputs may have. Where
neither holds, the terms are the local derivatives of this element at the values as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np

from ..core.array import Array
from ..core.balance import Balance, Number
from ..core.graph import Graph, Node
from ..core.types import Type
from ..run.record import Run
from .marks import MANY, beside, chosen, draws, marked, shrunk, unit, varies

__all__ = [
    "Factor", "Origin", "Spot", "Term", "adds_up", "factor_at", "has_complex", "number_at", "origin", "product", "stretched_places",
    "total_of",
]  # fmt: skip

Kind = Literal["given", "each", "sum", "balance", "depends", "whole"]
Role = Literal["value", "upstream", "local"]
CLOSE: Final = {2: 2e-2, 4: 1e-4, 8: 1e-9}  # of the terms, by the bytes of the dtype


@dataclass(frozen=True, slots=True)
class Spot:
    """One number of a run: its place, counted row after row, in the value of a node."""

    node: int
    at: int


@dataclass(frozen=True, slots=True)
class Factor:
    """A number of a product, and the forward number that it belongs to: itself, or what it is the gradient or a slope of.

    `raised`: not the number but e to the power of it, `less` taken off before.
    """

    spot: Spot
    owner: Spot
    role: Role = "value"
    raised: bool = False
    less: float = 0.0


@dataclass(frozen=True, slots=True)
class Term:
    """A product of numbers; `times` is a number that no value changes, or, with `moment`, a slope at these values."""

    factors: tuple[Factor, ...]
    times: float = 1.0
    moment: bool = False


@dataclass(frozen=True, slots=True)
class Origin:
    """How one number was made.

    given    by whoever gave the input, or a constant
    each     by the operation, from the one number of each term
    sum      as the sum of the terms
    balance  as what makes the terms add up to `total`, of which they may hold the number itself
    depends  by an operation that mixes numbers: `times` of each term is how fast this one moves with that one
    whole    by an operation on whole arrays, of which no more is known

    `adds` says that the terms sum to the number; `moment` that other values may need other terms; `count` how many terms there
    are, of which `terms` holds the first.
    """

    kind: Kind
    terms: tuple[Term, ...] = ()
    adds: bool = False
    moment: bool = False
    count: int = 0
    total: Factor | float = 0.0


def origin(run: Run, number: int, at: int) -> Origin:
    """How element `at` of a node was made."""
    with np.errstate(all="ignore"):
        return found_origin(run, number, at)


def found_origin(run: Run, number: int, at: int) -> Origin:
    graph = run.graph
    node = graph.nodes[number]
    if not node.inputs:
        return Origin("given")
    kinds = [graph.nodes[j].type for j in node.inputs]
    if not isinstance(node.type, Type) or not all(isinstance(kind, Type) for kind in kinds):
        return Origin("whole")
    own = np.ravel(run.value(number))[at]
    if node.op.kind in ("elementwise", "compare"):
        spots = [Spot(j, int(places[at])) for j in node.inputs if (places := stretched_places(graph, j, node.type)) is not None]
        if len(spots) == len(node.inputs) and same(node.op.value(*[number_at(run, s) for s in spots], **dict(node.attrs)), own):
            return Origin("each", tuple(term(s) for s in spots), count=len(spots))
    if has_complex(node.type, *kinds):
        return Origin("whole")
    values = [run.value(j) for j in node.inputs]
    found = structure(node, values, at)
    if found is not None:
        terms, count = found
        return Origin("sum", tuple(terms), True, chosen(node, graph), count)
    return balanced(run, number, at) or slopes(run, number, at, own)


def balanced(run: Run, number: int, at: int) -> Origin | None:
    """The products that define one element, as its row says; None where it says nothing, or where they do not add up here."""
    node = run.graph.nodes[number]
    assert isinstance(node.type, Type)
    if node.op.balance is None:
        return None
    places = tuple(int(k) for k in np.unravel_index(at, node.type.shape)) if node.type.shape else ()
    made: Balance = node.op.balance(places, *[np.asarray(run.value(i)) for i in (number, *node.inputs)], **dict(node.attrs))

    def factor(one: Number) -> Factor:
        where = number if one.of < 0 else node.inputs[one.of]
        shape = run.graph.type(where).shape
        spot = Spot(where, int(np.ravel_multi_index(one.at, shape)) if shape else 0)
        return Factor(spot, spot, raised=one.raised, less=one.less)

    slopes = made.slopes or (1.0,) * len(made.terms)
    terms = tuple(Term(tuple(map(factor, one)), by, bool(made.slopes)) for one, by in zip(made.terms, slopes, strict=True))
    total = made.total if isinstance(made.total, float) else factor(made.total)
    if len(terms) > MANY or not adds_up([product(run, t) for t in terms], total_of(run, total, run.value(number).dtype)):
        return None
    moment = bool(made.slopes) or any(f.raised for t in terms for f in t.factors)
    return Origin("balance", terms, True, moment, len(terms), total)


def total_of(run: Run, total: Factor | float, dtype: Any) -> Any:
    """What a balance comes to, as a number of the run's kind."""
    return np.asarray(total, dtype)[()] if isinstance(total, float) else factor_at(run, total)


def slopes(run: Run, number: int, at: int, own: Any) -> Origin:
    """The local derivatives of one element at the values as they are."""
    node = run.graph.nodes[number]
    assert isinstance(node.type, Type)
    values = [run.value(j) for j in node.inputs]
    z, xs = Array(None, -1, run.value(number)), [Array(None, -1, x) for x in values]
    g = Array(None, -1, unit(node.type.shape, at).astype(node.type.dtype)[()]) if node.type.is_float else None
    terms: list[Term] = []
    count, known = 0, False
    for k, j in enumerate(node.inputs):
        rule = node.op.rule("vjp", k) if g is not None and np.asarray(values[k]).dtype.kind == "f" else None
        answer = None if rule is None else rule(g, z, *xs, **dict(node.attrs))
        if answer is not None:
            row = np.ravel(shrunk(np.real(answer.value), np.shape(values[k])))
            known, places = True, np.flatnonzero(row)
            terms += [term(Spot(j, p), float(row[p]), True) for p in places[:MANY].tolist()]
            count += len(places)
    if not known:
        return Origin("whole", moment=True)
    adds = count == len(terms) and adds_up([product(run, t) for t in terms], own)
    return Origin("depends", tuple(terms), adds, True, count)


def structure(node: Node, values: Sequence[Any], at: int) -> tuple[list[Term], int] | None:
    """The terms of one element of a row that is linear in operands, whatever their values; None where that is not all of it."""
    draw = draws()
    found: dict[frozenset[tuple[int, int]], Term] = {}
    count = 0
    asked = [k for k in range(len(values)) if varies(node, k)]
    for k in asked:
        pairs, many = beside(node, values, k, at, False, draw) or ([], -1)
        if many < 0 and not node.op.linear:
            return None
        count = max(count, many)
        for place, times, other in pairs:
            spots = [(k, place), *([other] if other else [])]
            factors = tuple(Factor(Spot(node.inputs[m], n), Spot(node.inputs[m], n)) for m, n in spots)
            found.setdefault(frozenset(spots), Term(factors, times))
    if not asked or count > MANY:
        return (list(found.values())[:MANY], count) if asked else None
    trial = marked(node, values, draw)
    wanted = np.ravel(node.op.value(*trial, **dict(node.attrs)))[at]
    flat = [np.ravel(x) for x in trial]
    products = [t.times * float(np.prod([flat[m][n] for m, n in key])) for key, t in found.items()]
    return (list(found.values()), len(found)) if adds_up(products, wanted) else None


def number_at(run: Run, spot: Spot) -> Any:
    """The number of a spot."""
    return np.ravel(run.value(spot.node))[spot.at]


def factor_at(run: Run, factor: Factor) -> Any:
    """What a factor comes to."""
    found = number_at(run, factor.spot)
    return np.exp(found - found.dtype.type(factor.less)) if factor.raised else found


def product(run: Run, term: Term) -> Any:
    """What a term comes to."""
    found: Any = term.times
    for factor in term.factors:
        found = found * factor_at(run, factor)
    return found


def term(spot: Spot, times: float = 1.0, moment: bool = False) -> Term:
    return Term((Factor(spot, spot),), times, moment)


def same(a: Any, b: Any) -> bool:
    """Whether two numbers are one, but for the last digits."""
    if np.shape(a) != np.shape(b) or np.asarray(b).dtype.kind not in "biufc":
        return False
    return bool(np.isclose(a, b, rtol=CLOSE.get(np.asarray(b).dtype.itemsize, 1e-9), atol=0.0, equal_nan=True))


def adds_up(products: Sequence[Any], total: Any) -> bool:
    """Whether products sum to a number, as far as rounding lets them."""
    if len(products) == 0:
        return bool(total == 0)
    each = np.asarray(products, float)
    found, near = float(np.sum(each)), CLOSE.get(np.asarray(total).dtype.itemsize, 1e-9) * float(np.sum(np.abs(each)))
    if np.isnan(found) or np.isinf(found) or not np.isfinite(near):
        return bool(found == total or (np.isnan(found) and np.isnan(total)))
    return bool(abs(found - float(total)) <= near)


def has_complex(*kinds: Any) -> bool:
    return any(kind.dtype.kind not in "biuf" for kind in kinds)


def stretched_places(graph: Graph, operand: int, to: Type) -> np.ndarray[Any, Any] | None:
    """Where each number of the result comes from in an operand; None where it is not stretched to that shape."""
    shape = graph.type(operand).shape
    fits = len(shape) <= to.rank and all(n in (1, m) for n, m in zip(reversed(shape), reversed(to.shape), strict=False))
    return broadcast_places(shape, to.shape) if fits else None


def broadcast_places(shape: Sequence[int], to: Sequence[int]) -> np.ndarray[Any, Any]:
    """For every number of an array of shape `to`, row after row, the place of the one that was stretched to it."""
    size = int(np.prod(shape, dtype=int))
    return np.broadcast_to(np.arange(size).reshape(tuple(shape)), tuple(to)).reshape(-1)
