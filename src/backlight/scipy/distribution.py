"""A distribution: formulas for its standard form, and in one place what all of them share.

That is place and scale; 0 and 1, −∞ and 0 beyond the edges of the support, where the formulas are not asked; NaN for parameters
that mean nothing; a chance that is missing as the logarithm or the complement of another; frozen parameters.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from .. import ops
from ..errors import InputError
from .original import floats, of_plain, original

__all__ = ["Distribution", "Frozen"]

Formula = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Distribution:
    """One of SciPy's distributions, by SciPy's name: `logpdf(x, *shapes, loc=0, scale=1)` and its kin, or frozen by a call.

    Told of it are the names of its shapes; its formulas; the edges of its support, whether the lower one is no part of it,
    and whether it is of whole numbers; which shapes mean something; whether it is even about 0: then the chance above x is
    the one below −x.
    """

    name: str
    shapes: tuple[str, ...] = ()
    formulas: dict[str, Formula] = field(default_factory=dict)
    low: float = -np.inf
    high: Any = np.inf
    whole: bool = False
    valid: Formula | None = None
    open: bool = False

    def __init__(self, name: str, shapes: tuple[str, ...] = (), *, low: float = -np.inf, high: Any = np.inf, whole: bool = False,
                 valid: Formula | None = None, even: bool = False, open: bool = False,
                 **formulas: Formula) -> None:  # fmt: skip
        if even:
            for sf, cdf in (("sf", "cdf"), ("logsf", "logcdf"), ("isf", "ppf")):
                formulas[sf] = mirrored(formulas[cdf], sf == "isf")
        given = {
            "name": name, "shapes": shapes, "formulas": formulas, "low": low, "high": high, "whole": whole, "valid": valid,
            "open": open,
        }  # fmt: skip
        for key, value in given.items():
            object.__setattr__(self, key, value)

    def __call__(self, *args: Any, **named: Any) -> Frozen:
        """The distribution with its parameters given."""
        return Frozen(self, args, named)

    def pdf(self, x: Any, *args: Any, **named: Any) -> Any:
        """The density at x."""
        return self.density("pdf", x, args, named)

    def logpdf(self, x: Any, *args: Any, **named: Any) -> Any:
        """The logarithm of the density at x, also where the density itself is too small for a number."""
        return self.density("logpdf", x, args, named)

    def pmf(self, k: Any, *args: Any, **named: Any) -> Any:
        """The chance of k."""
        return self.density("pmf", k, args, named)

    def logpmf(self, k: Any, *args: Any, **named: Any) -> Any:
        """The logarithm of the chance of k."""
        return self.density("logpmf", k, args, named)

    def cdf(self, x: Any, *args: Any, **named: Any) -> Any:
        """The chance of at most x."""
        return self.chance("cdf", x, args, named)

    def sf(self, x: Any, *args: Any, **named: Any) -> Any:
        """The chance of more than x, with all its digits where it is small."""
        return self.chance("sf", x, args, named)

    def logcdf(self, x: Any, *args: Any, **named: Any) -> Any:
        """The logarithm of the chance of at most x."""
        return self.chance("logcdf", x, args, named)

    def logsf(self, x: Any, *args: Any, **named: Any) -> Any:
        """The logarithm of the chance of more than x."""
        return self.chance("logsf", x, args, named)

    def ppf(self, q: Any, *args: Any, **named: Any) -> Any:
        """The number that is not exceeded with the chance q."""
        return self.quantile("ppf", q, args, named)

    def isf(self, q: Any, *args: Any, **named: Any) -> Any:
        """The number that is exceeded with the chance q."""
        return self.quantile("isf", q, args, named)

    def __getattr__(self, said: str) -> Any:
        """What SciPy's distribution has besides, for plain numbers: `rvs`, `mean`, `fit`, …"""
        if said.startswith("__"):
            raise AttributeError(said)
        return of_plain(original(f"stats.{self.name}"), said, f"stats.{self.name}.{said}")

    def bound(self, said: str, x: Any, args: Any, named: Any) -> tuple[Any, list[Any], Any, Any, Any]:
        """x, the shapes, place and scale as arrays of one dtype, and which of them mean something."""
        words = [inspect.Parameter(w, inspect.Parameter.POSITIONAL_OR_KEYWORD) for w in ("x", *self.shapes)]
        words += [inspect.Parameter("loc", inspect.Parameter.POSITIONAL_OR_KEYWORD, default=0.0)]
        if not self.whole:
            words += [inspect.Parameter("scale", inspect.Parameter.POSITIONAL_OR_KEYWORD, default=1.0)]
        try:
            given = inspect.Signature(words).bind(x, *args, **named)
        except TypeError as error:
            text = ", ".join(("x", *self.shapes, "loc=0" if self.whole else "loc=0, scale=1"))
            raise InputError(f"stats.{self.name}.{said}: {error}: it takes ({text})") from None
        given.apply_defaults()
        x, *shapes = floats(*given.args[: 2 + len(self.shapes)], *(() if self.whole else (given.args[-1],)))
        scale = None if self.whole else shapes.pop()
        loc = shapes.pop()
        fair = None if self.valid is None else self.valid(*shapes)
        if scale is not None:
            right = ops.greater(scale, 0.0)
            fair = right if fair is None else ops.logical_and(fair, right)
        return x, shapes, loc, scale, fair

    def formula(self, said: str) -> Formula:
        """A formula, or the exponential, the logarithm or the complement of one that is there."""
        found = self.formulas
        if said in found:
            return found[said]
        if said in ("pmf", "logpmf"):
            return self.formula(said.replace("pmf", "pdf"))
        if said == "pdf":
            return lambda x, *a: ops.exp(found["logpdf"](x, *a))
        if said.startswith("log"):
            return self.logarithm(said[3:])
        if said == "sf":
            return lambda x, *a: 1.0 - found["cdf"](x, *a)
        return lambda q, *a: found["ppf"](1.0 - q, *a)

    def logarithm(self, said: str) -> Formula:
        """The logarithm of a chance; of a large one by what is missing to 1."""

        def formula(x: Any, *shapes: Any) -> Any:
            chance, rest = self.formula(said)(x, *shapes), self.formula("sf" if said == "cdf" else "cdf")(x, *shapes)
            small = ops.less(chance, 0.5)
            return ops.where(small, ops.log(ops.where(small, chance, 0.5)), ops.log1p(-ops.where(small, 0.5, rest)))

        return formula

    def fallen(self, x: Any, shapes: list[Any], strictly: bool) -> tuple[Any, Any]:
        """Which numbers lie below the support, and which above."""
        high = self.high(*shapes) if callable(self.high) else self.high
        above = ops.greater_equal if strictly else ops.greater
        return ops.less(x, self.low), above(x, high)

    def density(self, said: str, x: Any, args: Any, named: Any) -> Any:
        if self.whole != ("pmf" in said):
            kind, there = ("whole", "logpmf or pmf") if self.whole else ("all", "logpdf or pdf")
            raise InputError(f"stats.{self.name} has no {said}: it is of {kind} numbers, so take {there}")
        x, shapes, loc, scale, fair = self.bound(said, x, args, named)
        y = x - loc if scale is None else (x - loc) / scale
        below, above = self.fallen(y, shapes, False)
        out = ops.logical_or(below, above)
        if self.open:
            out = ops.logical_or(out, ops.equal(y, self.low))
        if self.whole:
            out = ops.logical_or(out, ops.not_equal(y, ops.floor(y)))
        z = self.formula(said)(ops.where(out, self.middle(shapes), y), *shapes)
        if scale is not None:
            z = z - ops.log(scale) if said == "logpdf" else z / scale
        return told(ops.where(out, -np.inf if said.startswith("log") else 0.0, z), y, fair)

    def middle(self, shapes: list[Any]) -> Any:
        """A number of the support."""
        if self.whole:
            return self.low
        return self.low + 0.5 if np.isfinite(self.low) else 0.0

    def chance(self, said: str, x: Any, args: Any, named: Any) -> Any:
        x, shapes, loc, scale, fair = self.bound(said, x, args, named)
        y = x - loc if scale is None else (x - loc) / scale
        y = ops.floor(y) if self.whole else y
        below, above = self.fallen(y, shapes, True)
        z = self.formula(said)(ops.where(ops.logical_or(below, above), self.middle(shapes), y), *shapes)
        none, all_ = (-np.inf, 0.0) if said.startswith("log") else (0.0, 1.0)
        first, last = (none, all_) if said.endswith("cdf") else (all_, none)
        return told(ops.where(below, first, ops.where(above, last, z)), y, fair)

    def quantile(self, said: str, q: Any, args: Any, named: Any) -> Any:
        if said not in self.formulas and "ppf" not in self.formulas:
            raise InputError(
                f"stats.{self.name}.{said} has no operations here, because its result is whole numbers, which have no derivative: "
                "give it the plain value (x.value)"
            )
        q, shapes, loc, scale, fair = self.bound(said, q, args, named)
        inside = ops.logical_and(ops.greater_equal(q, 0.0), ops.less_equal(q, 1.0))
        z = self.formula(said)(ops.where(inside, q, 0.5), *shapes)
        first, last = (self.low, self.high) if said == "ppf" else (self.high, self.low)
        z = ops.where(ops.equal(q, 0.0), first, ops.where(ops.equal(q, 1.0), last, z))
        return told(ops.where(inside, z, np.nan) * scale + loc, q, fair)


def told(z: Any, x: Any, fair: Any) -> Any:
    """A result where everything that was given means something, and NaN elsewhere."""
    lost = ops.isnan(x) if fair is None else ops.logical_or(ops.isnan(x), ops.logical_not(fair))
    return ops.where(lost, np.nan, z)


def mirrored(formula: Formula, result: bool) -> Formula:
    """The chance above x from the one below −x, or the place by the other chance."""
    return (lambda q, *a: -formula(q, *a)) if result else (lambda x, *a: formula(-x, *a))


@dataclass(frozen=True, slots=True)
class Frozen:
    """A distribution whose parameters are given: `norm(loc=1.0).logpdf(x)`."""

    dist: Distribution
    args: tuple[Any, ...]
    kwds: dict[str, Any]

    def __getattr__(self, said: str) -> Any:
        if said.startswith("__"):
            raise AttributeError(said)
        found = getattr(self.dist, said)
        if said in ("rvs", "mean", "var", "std", "entropy", "median", "stats", "support"):
            return lambda *args, **named: found(*self.args, *args, **self.kwds, **named)
        return partial_of(found, self.args, self.kwds)


def partial_of(function: Formula, args: tuple[Any, ...], named: dict[str, Any]) -> Formula:
    """The function of one number, with the rest given."""
    return partial(lambda x: function(x, *args, **named))
