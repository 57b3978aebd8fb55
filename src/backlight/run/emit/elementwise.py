"""What a scalar operation is on vectors: one line an entry, the functions of `scalar.py` included by name.

An operation that is not here is not lost: lowering opens it into smaller ones, or calls the reference machine.
"""

from __future__ import annotations

from collections.abc import Callable

from backlight.run.emit import scalar
from backlight.run.emit.code import Code
from backlight.run.emit.format import FORMATS
from backlight.run.emit.value import FLOATS, SIZES, Value

INFINITY = float("inf")


def largest(c: Code, x: Value, y: Value) -> Value:
    """Return the larger; NaN if either is."""
    if x.kind not in FLOATS:
        return c.select(x.gt(y), x, y) if x.kind != "i1" else x | y
    return c.select(x.isnan() | x.gt(y), x, y)


def smallest(c: Code, x: Value, y: Value) -> Value:
    """Return the smaller; NaN if either is."""
    if x.kind not in FLOATS:
        return c.select(x.lt(y), x, y) if x.kind != "i1" else x & y
    return c.select(x.isnan() | x.lt(y), x, y)


def absolute(c: Code, x: Value) -> Value:
    """Return the size."""
    return c.abs(x) if x.kind in FLOATS else c.select(x.lt(0), -x, x)


def sign(c: Code, x: Value) -> Value:
    """Return -1, 0 or 1; NaN stays."""
    one = x.lift(1)
    y = c.select(x.gt(0), one, c.select(x.lt(0), -one if x.kind not in FLOATS else x.lift(-1.0), x.lift(0)))
    return c.select(x.isnan(), x, y) if x.kind in FLOATS else y


def intrinsic(name: str) -> Callable[[Code, Value], Value]:
    """Return the entry of a rounding that the processor has; whole numbers are round already."""
    return lambda c, x: c.intrinsic(name, x) if x.kind in FLOATS else x


def relation(name: str) -> Callable[[Code, Value, Value], Value]:
    """Return the entry of a comparison."""

    def compare(c: Code, x: Value, y: Value) -> Value:
        if x.kind == "i1":
            x, y = c.convert(x, "i8"), c.convert(y, "i8")
        found: Value = getattr(x, name)(y)
        return found

    return compare


def function(name: str) -> Callable[..., Value]:
    """Return the entry of a function from the table of scalar functions."""
    return lambda c, *operands: scalar.apply(c, name, *operands)


def add(c: Code, x: Value, y: Value) -> Value:
    """Return the sum."""
    return x + y


def subtract(c: Code, x: Value, y: Value) -> Value:
    """Return the difference."""
    return x - y


def multiply(c: Code, x: Value, y: Value) -> Value:
    """Return the product."""
    return x * y


def divide(c: Code, x: Value, y: Value) -> Value:
    """Return the quotient of floats."""
    return x / y


def whole_rest(c: Code, x: Value, y: Value) -> Value:
    """Return x - y trunc(x / y), the product exact (Dekker 1971): a page has no library to ask for a remainder.

    Right to the last digit as long as the quotient is one that the format can hold.
    """
    n = c.intrinsic("trunc", x / y)
    f = FORMATS[x.kind]
    mask = -1 << ((f.mantissa + 2) // 2 + 1)
    a, b = (n.bits() & mask).as_float(), (y.bits() & mask).as_float()
    product = n * y
    error = (a * b - product) + a * (y - b) + (n - a) * b + (n - a) * (y - b)
    return (x - product) - error


def remainder(c: Code, x: Value, y: Value) -> Value:
    """Return x - y floor(x / y), with the sign of y."""
    rest = whole_rest(c, x, y) if c.target.name == "wasm" else c.put(f"frem {x.typed}, {y.text}", x.kind, x.lanes)
    wrong = rest.ne(0.0) & (rest.lt(0.0) ^ y.lt(0.0))
    return c.select(wrong, rest + y, c.select(rest.eq(0.0), c.copysign(rest, y), rest))


def floor_divide(c: Code, x: Value, y: Value) -> Value:
    """Return the whole quotient, rounded down: of floats what is left when the rest is taken off, of whole numbers 0 by 0."""
    if x.kind not in FLOATS:
        safe = c.select(y.eq(0) | y.eq(-1), 1, y)  # by -1 the smallest number would overflow
        quotient = x / safe
        rest = x - quotient * safe
        quotient = c.select(rest.ne(0) & (rest.lt(0) ^ safe.lt(0)), quotient - 1, quotient)
        return c.select(y.eq(0), 0, c.select(y.eq(-1), -x, quotient))
    rest = whole_rest(c, x, y) if c.target.name == "wasm" else c.put(f"frem {x.typed}, {y.text}", x.kind, x.lanes)
    wrong = rest.ne(0.0) & (rest.lt(0.0) ^ y.lt(0.0))
    exact = (x - rest) / y
    exact = c.select(wrong, exact - 1.0, exact)
    down = c.intrinsic("floor", exact)
    down = c.select((exact - down).gt(0.5), down + 1.0, down)
    found = c.select(exact.eq(0.0), c.copysign(x.lift(0.0), x / y), down)
    return c.select(y.eq(0.0), x / y, found)


def shift(c: Code, x: Value, y: Value, left: bool) -> Value:
    """Return the bits moved; by as many places as there are bits, or more, nothing of them is left but the sign."""
    bits = 8 * SIZES[x.kind]
    inside = y.ge(0) & y.lt(bits)
    places = c.select(inside, y, 0)
    if left:
        return c.select(inside, x << places, 0)
    return c.select(inside, x >> places, x >> (bits - 1))


def binade(c: Code, x: Value) -> Value:
    """Return the power of two next below |x|, for what is finite and has all its digits; else a number of like use."""
    f = FORMATS[x.kind]
    power = (x.bits() & (((1 << (8 * SIZES[x.kind] - 1 - f.mantissa)) - 1) << f.mantissa)).as_float()
    small = power.lt(f.smallest_normal)
    return c.select(c.abs(x).lt(INFINITY), c.select(small, f.smallest_normal, power), 0.5)


def isfinite(c: Code, x: Value) -> Value:
    """Return whether x is neither infinite nor NaN."""
    return c.abs(x).lt(INFINITY)


def power(c: Code, x: Value, y: Value) -> Value:
    """Return x^y; squares and cubes are known by `small_power`."""
    return scalar.apply(c, "pow", x, y)


ENTRIES: dict[str, Callable[..., Value]] = {
    "add": add,
    "subtract": subtract,
    "multiply": multiply,
    "divide": divide,
    "negate": lambda c, x: -x,
    "reciprocal": lambda c, x: 1.0 / x,
    "square": lambda c, x: x * x,
    "sqrt": lambda c, x: c.sqrt(x),
    "abs": absolute,
    "sign": sign,
    "maximum": largest,
    "minimum": smallest,
    "relu": lambda c, x: c.select(x.lt(0), 0, x),
    "floor": intrinsic("floor"),
    "ceil": intrinsic("ceil"),
    "trunc": intrinsic("trunc"),
    "round": intrinsic("rint"),
    "remainder": remainder,
    "floor_divide": floor_divide,
    "bit_and": lambda c, x, y: x & y,
    "bit_or": lambda c, x, y: x | y,
    "bit_xor": lambda c, x, y: x ^ y,
    "bit_not": lambda c, x: ~x,
    "shift_left": lambda c, x, y: shift(c, x, y, True),
    "shift_right": lambda c, x, y: shift(c, x, y, False),
    "shift_down": lambda c, x, y: x.shift_right(y),
    "binade": binade,
    "bits": lambda c, x: x.bits(),
    "power": power,
    "copysign": lambda c, x, y: c.copysign(x, y),
    "less": relation("lt"),
    "less_equal": relation("le"),
    "greater": relation("gt"),
    "greater_equal": relation("ge"),
    "equal": relation("eq"),
    "not_equal": relation("ne"),
    "logical_and": lambda c, x, y: x & y,
    "logical_or": lambda c, x, y: x | y,
    "logical_xor": lambda c, x, y: x ^ y,
    "logical_not": lambda c, x: ~x,
    "where": lambda c, m, x, y: c.select(m, x, y),
    "isnan": lambda c, x: x.isnan(),
    "isinf": lambda c, x: c.abs(x).eq(INFINITY),
    "isfinite": isfinite,
    **{name: function(name) for name in (*scalar.UNARY, *scalar.BINARY)},
}
