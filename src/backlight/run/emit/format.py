"""What the scalar functions must know of a floating-point format: its bits, and constants split for exact products."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, getcontext
from fractions import Fraction

from backlight.run.emit.value import round_to_float

getcontext().prec = 80
LN2 = Decimal(2).ln()
LN10 = Decimal(10).ln()
# 60 digits of pi: the two and three parts below need 160 bits at most
PI = Decimal("3.14159265358979323846264338327950288419716939937510582097494459")


@dataclass(frozen=True, slots=True)
class Format:
    """A floating-point format, and the numbers at its edges."""

    kind: str
    whole: str  # the integers of its size
    mantissa: int  # stored bits of the mantissa
    bias: int
    exp_high: float  # e^x is infinite from here on
    exp_low: float  # and 0 below
    exp_emin: float  # 2^x is 0 below

    @property
    def magic(self) -> float:
        """The number whose unit in the last place is 1: adding it rounds to a whole number, kept in the low bits."""
        return 1.5 * 2.0**self.mantissa

    @property
    def magic_bits(self) -> int:
        """The bits of `magic`."""
        return ((self.bias + self.mantissa) << self.mantissa) | (1 << (self.mantissa - 1))

    @property
    def smallest_normal(self) -> float:
        """The smallest number with all its digits."""
        return 2.0 ** (1 - self.bias)

    @property
    def sign_bit(self) -> int:
        """The sign bit, as a signed integer."""
        return -(1 << (63 if self.kind == "double" else 31))

    def nearest(self, value: Decimal) -> float:
        """Return the nearest number of this format."""
        return float(value) if self.kind == "double" else round_to_float(float(value))

    def split(self, value: Decimal, *bits: int) -> list[float]:
        """Return value as a sum: parts of so many bits each, then the rest rounded."""
        parts, rest = [], Fraction(value)
        for count in bits:
            scale = Fraction(2) ** (count - exponent_of(rest))
            part = Fraction(int(rest * scale)) / scale
            parts.append(float(part))
            rest -= part
        return [*parts, self.nearest(Decimal(rest.numerator) / Decimal(rest.denominator))]


def exponent_of(value: Fraction) -> int:
    """Return the smallest e with |value| < 2^e."""
    e = abs(value).numerator.bit_length() - value.denominator.bit_length() - 1
    while abs(value) >= Fraction(2) ** e:
        e += 1
    return e


DOUBLE = Format("double", "i64", 52, 1023, 709.79, -745.2, -1076.0)
FLOAT = Format("float", "i32", 23, 127, 88.73, -104.0, -151.0)
FORMATS = {"double": DOUBLE, "float": FLOAT}
