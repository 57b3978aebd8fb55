"""Random numbers in compiled code: the same words as the rows make, so the same numbers to the last bit.

The n-th word of a draw is a hash of the seed and n; so a draw is a loop over a position, without memory, and what it makes
is fused into the loop that uses it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

from backlight.core.types import Type
from backlight.run.lower.arrays import entry
from backlight.run.lower.items import Item
from backlight.run.lower.translate import Translation
from backlight.run.lower.views import Shape, View, row_major


def signed(word: Any) -> int:
    """Return a 64-bit word as the signed number with the same bits."""
    number = int(word) % 2**64
    return number - 2**64 if number >= 2**63 else number


class Hashing:
    """Items on 64-bit words, in one shape."""

    def __init__(self, t: Translation, shape: Shape) -> None:
        self.t, self.shape = t, shape

    def number(self, value: float, kind: str = "i64") -> int:
        """Return one number everywhere."""
        return self.t.items.uniform(value, kind, (), self.t.origin)

    def point(self, op: str, *operands: int, kind: str = "i64", shape: Shape | None = None) -> int:
        """Return a scalar operation."""
        return self.t.items.point(op, operands, kind, self.shape if shape is None else shape, self.t.origin)

    def mixed(self, x: int, shape: Shape | None = None) -> int:
        """Return SplitMix64's mixing of a word."""
        from backlight.ops.random import FIRST, SECOND

        for places, factor in ((30, FIRST), (27, SECOND), (31, None)):
            x = self.point("bit_xor", x, self.point("shift_down", x, self.number(places), shape=shape), shape=shape)
            if factor is not None:
                x = self.point("multiply", x, self.number(signed(factor)), shape=shape)
        return x

    def words(self, op: str, seed: int) -> int:
        """Return the words of a draw, one for each number in reading order."""
        from backlight.ops.random import GAMMA, TAGS

        items, gamma = self.t.items, signed(GAMMA)
        seed = self.t.convert(seed, "i64")
        start = self.mixed(self.point("add", seed, self.number(gamma), shape=()), ())
        key = self.mixed(self.point("bit_xor", start, self.number(TAGS[op]), shape=()), ())
        root = items.add(Item("position", "position", (), "i64", self.shape, self.t.origin, (1, 1)))
        place = items.view(root, View(root, self.shape, 0, row_major(self.shape)), self.t.origin)
        return self.mixed(self.point("add", key, self.point("multiply", place, self.number(gamma))))

    def fractions(self, op: str, seed: int, kind: str) -> int:
        """Return numbers in [0, 1), from the highest bits of each word."""
        bits = 53 if kind == "double" else 24
        word = self.point("shift_down", self.words(op, seed), self.number(64 - bits))
        found = self.point("convert", word, kind=kind)
        return self.point("multiply", found, self.number(2.0**-bits, kind), kind=kind)


@entry("uniform")
def uniform(t: Translation, out: Type, inputs: list[int], types: list[Type], attrs: dict[str, Any]) -> int:
    """Fractions, stretched from low to high."""
    kind, h = t.kind(out), Hashing(t, out.shape)
    rounded = out.dtype.type
    wide = h.point("multiply", h.fractions("uniform", inputs[0], kind),
                   h.number(float(rounded(attrs["high"] - attrs["low"])), kind), kind=kind)
    return h.point("add", h.number(float(rounded(attrs["low"])), kind), wide, kind=kind)


@entry("bernoulli")
def bernoulli(t: Translation, out: Type, inputs: list[int], types: list[Type], attrs: dict[str, Any]) -> int:
    """Fractions below the chance."""
    h = Hashing(t, out.shape)
    return h.point("less", h.fractions("bernoulli", inputs[0], "double"), h.number(float(attrs["p"]), "double"), kind="i1")


@entry("randint")
def randint(t: Translation, out: Type, inputs: list[int], types: list[Type], attrs: dict[str, Any]) -> int:
    """Fractions stretched and rounded down: whole numbers below 2^53, so the conversion is exact."""
    h = Hashing(t, out.shape)
    wide = h.point("multiply", h.fractions("randint", inputs[0], "double"),
                   h.number(float(attrs["high"] - attrs["low"]), "double"), kind="double")
    whole = h.point("convert", h.point("floor", wide, kind="double"))
    return h.point("add", whole, h.number(attrs["low"]))


@entry("permutation")
def permutation(t: Translation, out: Type, inputs: list[int], types: list[Type], attrs: dict[str, Any]) -> int:
    """The order of the words, as numbers without a sign."""
    h = Hashing(t, out.shape)
    words = t.plain(h.point("bit_xor", h.words("permutation", inputs[0]), h.number(-(2**63))))
    rows = t.items.reshape(words, (1, prod(out.shape)), t.origin)
    made = t.items.add(Item("sort", "order", (rows,), "i64", (1, prod(out.shape)), t.origin, False))
    return t.items.reshape(made, out.shape, t.origin)


@entry("subseed")
def subseed(t: Translation, out: Type, inputs: list[int], types: list[Type], attrs: dict[str, Any]) -> int:
    """The first word of a draw whose seed is the first word of another, with the number's bits."""
    h = Hashing(t, ())
    first = h.words("subseed", inputs[0])
    return h.words("subseed", h.point("bit_xor", first, t.convert(inputs[1], "i64")))


class Doubles:
    """Arithmetic on doubles, in the order in which it is written."""

    def __init__(self, h: Hashing) -> None:
        self.h = h

    def point(self, op: str, *operands: int | float, kind: str = "double") -> int:
        """Return a scalar operation; numbers are literals."""
        items = [x if isinstance(x, int) else self.h.number(x, "double") for x in operands]
        return self.h.point(op, *items, kind=kind)

    def quotient(self, polynomials: Sequence[Sequence[float]], r: int) -> int:
        """Return the quotient of two polynomials, constant term first, by Horner's rule."""
        totals = [self.point("multiply", 0.0, r) for _ in polynomials]
        for pair in zip(*(reversed(p) for p in polynomials), strict=True):
            totals = [self.point("add", self.point("multiply", x, r), float(a)) for x, a in zip(totals, pair, strict=True)]
        return self.point("divide", *totals)

    def log(self, x: int) -> int:
        """Return the logarithm as the row makes it, of a number in (0, 1) with all its digits."""
        h, point = self.h, self.point
        bits = point("bits", x, kind="i64")
        k = h.point("subtract", h.point("shift_down", bits, h.number(52)), h.number(1022))
        # x is m · 2^k with m from a half to one: dividing by the power of two is exact
        m = point("divide", x, point("multiply", 2.0, point("binade", x)))
        small = point("less", m, 0.70710678118654752, kind="i1")
        m = point("where", small, point("multiply", 2.0, m), m)
        k = h.point("subtract", k, h.point("convert", small))
        t = point("divide", point("subtract", m, 1.0), point("add", m, 1.0))
        square = point("multiply", t, t)
        series = point("multiply", 0.0, t)
        for n in range(23, 0, -2):
            series = point("add", point("multiply", series, square), 1.0 / n)
        twice = point("multiply", point("multiply", 2.0, t), series)
        return point("add", twice, point("multiply", h.point("convert", k, kind="double"), 0.6931471805599453))


@entry("normal")
def normal(t: Translation, out: Type, inputs: list[int], types: list[Type], attrs: dict[str, Any]) -> int:
    """The quantile of fractions between 0 and 1, neither of them included, by the row's own rational approximations."""
    from backlight.ops.random import CENTRE, FAR, NEAR

    h = Hashing(t, out.shape)
    d = Doubles(h)
    point: Callable[..., int] = d.point
    word = h.point("shift_down", h.words("normal", inputs[0]), h.number(12))
    p = point("multiply", point("add", h.point("convert", word, kind="double"), 0.5), 2.0**-52)
    q = point("subtract", p, 0.5)
    centre = point("multiply", q, d.quotient(CENTRE, point("subtract", 0.180625, point("multiply", q, q))))
    below = point("less", q, 0.0, kind="i1")
    r = point("sqrt", point("negate", d.log(point("where", below, p, point("subtract", 1.0, p)))))
    near, far = d.quotient(NEAR, point("subtract", r, 1.6)), d.quotient(FAR, point("subtract", r, 5.0))
    tail = point("where", point("less_equal", r, 5.0, kind="i1"), near, far)
    tail = point("where", below, point("negate", tail), tail)
    found = point("where", point("less_equal", point("abs", q), 0.425, kind="i1"), centre, tail)
    found = point("add", float(attrs["mean"]), point("multiply", float(attrs["std"]), found))
    return t.convert(found, t.kind(out))
