"""Optimisers, each one row: what it remembers of every parameter, and how that and a gradient become a change.

A rule is written with operations and not with numbers, so it is graph: the studio draws it, a page computes it beside the
gradients in the same module, and nobody has to trust a second implementation. A parameter becomes value + change; plain
descent changes it by −η · gradient.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ..core.array import Array
from ..ops import equal, sqrt, where
from ..ops import sum as total

__all__ = ["OPTIMIZERS", "Optimizer"]

# (gradient, value, state, rate, number of the step from 0) -> (change, new state)
Rule = Callable[[Array, Array, tuple[Array, ...], Array, Array], tuple[Array, tuple[Array, ...]]]


@dataclass(frozen=True, slots=True)
class Optimizer:
    """A rule, the names of what it remembers (each of the parameter's shape, zero at first), and its source."""

    name: str
    state: tuple[str, ...]
    rule: Rule
    doc: str
    source: str = ""


def descent(g: Any, x: Any, state: Any, rate: Any, t: Any) -> Any:
    return -rate * g, ()


def momentum(g: Any, x: Any, state: Any, rate: Any, t: Any) -> Any:
    v = 0.9 * state[0] + g
    return -rate * v, (v,)


def nesterov(g: Any, x: Any, state: Any, rate: Any, t: Any) -> Any:
    v = 0.9 * state[0] + g
    return -rate * (g + 0.9 * v), (v,)


def adagrad(g: Any, x: Any, state: Any, rate: Any, t: Any) -> Any:
    s = state[0] + g * g
    return -rate * g / (sqrt(s) + 1e-10), (s,)


def rmsprop(g: Any, x: Any, state: Any, rate: Any, t: Any) -> Any:
    s = 0.9 * state[0] + 0.1 * g * g
    return -rate * g / (sqrt(s) + 1e-8), (s,)


def adam(g: Any, x: Any, state: Any, rate: Any, t: Any) -> Any:
    m = 0.9 * state[0] + 0.1 * g
    s = 0.999 * state[1] + 0.001 * g * g
    return -rate * (m / (1 - 0.9 ** (t + 1))) / (sqrt(s / (1 - 0.999 ** (t + 1))) + 1e-8), (m, s)


def adamw(g: Any, x: Any, state: Any, rate: Any, t: Any) -> Any:
    change, new = adam(g, x, state, rate, t)
    return change - rate * 0.01 * x, new


def barzilai_borwein(g: Any, x: Any, state: Any, rate: Any, t: Any) -> Any:
    moved, turned = x - state[0], g - state[1]
    bend = total(turned * turned)
    flat = equal(bend, 0.0)
    found = total(moved * turned) / where(flat, 1.0, bend)
    return -where(equal(t, 0.0), rate, where(flat, rate, found)) * g, (x, g)


OPTIMIZERS: Final[Mapping[str, Optimizer]] = {
    o.name: o
    for o in (
        Optimizer("descent", (), descent, "a step of η against the gradient"),
        Optimizer("momentum", ("velocity",), momentum, "the gradients of before, each worth 0.9 of the next, are added up",
                  "Polyak 1964"),
        Optimizer("nesterov", ("velocity",), nesterov, "momentum, looked ahead by one step", "Nesterov 1983; Sutskever 2013"),
        Optimizer("adagrad", ("squares",), adagrad, "divided by the root of all squared gradients so far", "Duchi 2011"),
        Optimizer("rmsprop", ("squares",), rmsprop, "divided by the root of a running mean of squared gradients", "Hinton 2012"),
        Optimizer("adam", ("mean", "squares"), adam, "a running mean of gradients over the root of one of their squares",
                  "Kingma and Ba 2015"),
        Optimizer("adamw", ("mean", "squares"), adamw, "Adam, and the parameter shrinks by 0.01·η each step",
                  "Loshchilov and Hutter 2019"),
        Optimizer("barzilai-borwein", ("value", "gradient"), barzilai_borwein,
                  "the rate that the last two gradients suggest; η at the first step", "Barzilai and Borwein 1988"),
    )
}  # fmt: skip
