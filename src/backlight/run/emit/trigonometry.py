"""Sine, cosine, tangent: x = q π/2 + r with |r| <= π/4, and two polynomials in r².

Three parts of π/2 subtracted one by one are enough while q stays small. Beyond, x is a whole number times a power of
two, and the product of that whole number with the right 192 bits of 2/π is formed in integers (Payne and Hanek 1983):
every number up to the largest is reduced as exactly as the small ones. That path is taken only if a lane needs it.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence

from backlight.run.emit.code import Code, bundle_type
from backlight.run.emit.coefficients import POLYNOMIALS
from backlight.run.emit.format import DOUBLE, FLOAT, PI, Format
from backlight.run.emit.value import SIZES, Value, type_text
from backlight.run.emit.widest import by_table, lookup

# The first 1216 bits of 2/π in words of 32, after two words of zeros: enough for the exponent of any number.
ZEROS = 2
WORDS = 40
QUARTERS = {"sin": (-0.0, 1.0, -0.0, -1.0), "cos": (1.0, -0.0, -1.0, -0.0)}
LARGEST = {"double": 2.0**17, "float": 2.0**14}


@functools.cache
def two_over_pi() -> list[int]:
    """Return 2/π in words of 32 bits, from Machin's formula in whole numbers."""
    bits = 32 * WORDS + 64

    def arctangent_of_inverse(n: int) -> int:
        term = total = (1 << bits) // n
        k, sign = 1, -1
        while term:
            term //= n * n
            k += 2
            total += sign * (term // k)
            sign = -sign
        return total

    pi = 4 * (4 * arctangent_of_inverse(5) - arctangent_of_inverse(239))
    quotient = ((2 << (2 * bits)) // pi) >> (bits - 32 * WORDS)
    words = [(quotient >> (32 * (WORDS - 1 - k))) & 0xFFFFFFFF for k in range(WORDS)]
    return [0] * ZEROS + words


def half_pi_parts(c: Code, f: Format) -> list[float]:
    """Return π/2 as a sum whose parts times q are exact: whole ones if the target fuses, short ones if not."""
    if c.target.fma:
        return f.split(PI / 2, f.mantissa + 1, f.mantissa + 1)
    return f.split(PI / 2, 33, 33, 33) if f.kind == "double" else f.split(PI / 2, 9, 9, 9, 9, 9)


def reduce(c: Code, f: Format, a: Value) -> tuple[Value, Value]:
    """Return r and the integer q with a = q π/2 + r, for a that is not large; only the low two bits of q count."""
    t = c.muladd(a, f.nearest(2 / PI), f.magic)
    n = t - f.magic
    r = a
    for part in half_pi_parts(c, f):
        r = c.muladd(n, -part, r)
    return r, t.bits()


def reduce_large(c: Code, f: Format, x: Value) -> tuple[Value, Value]:
    """Call the long reduction, which is one function of doubles; floats go there in halves."""
    if f is FLOAT:
        if x.lanes == 1:
            r, q = reduce_large(c, DOUBLE, c.convert(x, "double"))
            return c.convert(r, "float"), c.convert(q, "i32")
        low, high = (reduce_large(c, f, half) for half in c.halves(x))
        return c.join(low[0], high[0]), c.join(low[1], high[1])
    like = [x, Value(c, "", "i64", x.lanes)]
    parameters = [("x", "double", x.lanes)]
    symbol = c.module.define(f"bl.reduce_large.x{x.lanes}", bundle_type(like), parameters, "noinline #0", write_reduce_large)
    r, q = c.call_several(symbol, [x], like)
    return r, q


def write_reduce_large(c: Code, x: Value) -> str:
    """Write the long reduction, lane after lane: it is rare, and a loop compiles eight times sooner than a vector."""
    if x.lanes == 1:
        return c.bundle(long_reduction(c, x))
    wide = [c.put(f"alloca {t}, align 64", "ptr") for t in (x.type, x.type, type_text("i64", x.lanes))]
    c.store(x, wide[0], 0)

    def lane(k: Value) -> None:
        r, q = reduce_large(c, DOUBLE, c.load(wide[0], k, "double"))
        c.store(r, wide[1], k)
        c.store(q, wide[2], k)

    c.loop(x.lanes, lane)
    return c.bundle([c.load(wide[1], 0, "double", x.lanes), c.load(wide[2], 0, "i64", x.lanes)])


def long_reduction(c: Code, x: Value) -> tuple[Value, Value]:
    """Return r and q of one number. With x = M 2^e, A the 192 bits of 2/π that matter, 4 frac(M A) = x 2/π mod 4."""
    bits = c.abs(x).bits()
    exponent = bits.shift_right(52) - 1075
    mantissa = (bits & ((1 << 52) - 1)) | (1 << 52)
    skip = exponent + (32 * ZEROS - 2)
    # infinities and NaN point beyond the table: keep the loads inside it, the result is NaN anyway
    word = skip >> 5
    last = c.constant(ZEROS + WORDS - 7, "i64")
    word = c.select(word.gt(last), last, c.select(word.lt(0), 0, word))
    shift = skip & 31
    raw = table_words(c, word, 7)
    a = [((raw[k] << shift) | raw[k + 1].shift_right(32 - shift)) & 0xFFFFFFFF for k in range(6)]
    low, high = mantissa & 0xFFFFFFFF, mantissa.shift_right(32)
    products_low = [low * word for word in a]
    products_high = [high * word for word in a]
    carry = bits.lift(0)
    column: list[Value] = [carry] * 6
    for k in range(5, -1, -1):
        total = carry + (products_low[k] & 0xFFFFFFFF)
        if k + 1 < 6:
            total = total + products_low[k + 1].shift_right(32) + (products_high[k + 1] & 0xFFFFFFFF)
        if k + 2 < 6:
            total = total + products_high[k + 2].shift_right(32)
        column[k] = total & 0xFFFFFFFF
        carry = total.shift_right(32)
    q = (column[0] + 0x20000000).shift_right(30)
    rest = column[0] - (q << 30)
    negative = rest.lt(0)
    # the size of the signed 128-bit rest: flip and add one where negative, so that the sum below cannot cancel
    flip = c.select(negative, 0xFFFFFFFF, rest.lift(0))
    carry = c.select(negative, 1, rest.lift(0))
    size: list[Value] = []
    for digit in (column[3], column[2], column[1], rest & 0xFFFFFFFF):
        total = (digit ^ flip) + carry
        size.append(total & 0xFFFFFFFF)
        carry = total.shift_right(32)
    total = c.constant(0.0, "double")
    for k, digit in enumerate(size):
        number = (digit | 0x4330000000000000).as_float() - 2.0**52
        total = total + number * 2.0 ** (-32 * (4 - k))
    r = total * DOUBLE.nearest(2 * PI)
    r = c.select(negative, -r, r)
    odd = x.bits().lt(0)
    r = c.select(odd, -r, r)
    q = c.select(odd, -q, q)
    r = c.select(c.abs(x).lt(float("inf")), r, x - x)
    return r, q


def table_words(c: Code, word: Value, count: int) -> list[Value]:
    """Return `count` words of 2/π from this place on."""
    symbol = c.module.constant_array("bl.two_over_pi", "i64", two_over_pi())
    at = c.address(Value(c, f"@{symbol}", "ptr", 1), word, "i64")
    return [c.load(at, k, "i64") for k in range(count)]


def sine(c: Code, f: Format, r: Value, z: Value) -> Value:
    """Return sin r for |r| <= π/4, z = r²."""
    return c.muladd(r * z, c.polynomial(z, POLYNOMIALS["sin", f.kind]), r)


def cosine(c: Code, f: Format, z: Value) -> Value:
    """Return cos r for |r| <= π/4, z = r²."""
    return c.polynomial(z, (1.0, -0.5, *POLYNOMIALS["cos", f.kind]))


def turned(c: Code, f: Format, x: Value, r: Value, q: Value, wanted: Sequence[str]) -> list[Value]:
    """Return what is wanted of the sine, the cosine and the tangent of x, where |x| = q π/2 + r.

    Bit 1 of q turns the sine, bit 1 of q + 1 the cosine: the two bits of q joined.
    """
    z, bits = r * r, 8 * SIZES[f.kind]
    s, k, even = sine(c, f, r, z), cosine(c, f, z), (q & 1).eq(0)
    turn = c.apart((q << (bits - 2)) & f.sign_bit)
    sign = x.bits() & f.sign_bit
    found = []
    for name in wanted:
        if name == "cos":
            y, change = c.select(even, k, s), turn ^ (q << (bits - 1))
        elif name == "sin":
            y, change = c.select(even, s, k), turn ^ sign
        else:
            y, change = c.select(even, s, -k) / c.select(even, k, s), sign
        found.append((y.bits() ^ c.apart(change)).as_float())
    return found


def sixteenths(c: Code, f: Format, x: Value, wanted: Sequence[str]) -> list[Value]:
    """Return what is wanted of the sine and the cosine of x, which is not large, from those of the nearest sixteenth of a turn.

    With x = k π/8 + r: sin x = S + (S (cos r - 1) + C sin r), S and C being the sine and cosine of k π/8. Every sign is in the
    table, and S = -0 where x is near a multiple of π; with z times each polynomial +0 at r = 0, sin -0 is -0.
    """
    t = c.muladd(x, 4 * f.nearest(2 / PI), f.magic)
    n, r = t - f.magic, x
    for part in half_pi_parts(c, f):
        r = c.muladd(n, -part / 4, r)
    z = r * r
    less = c.muladd(z, c.polynomial(z, POLYNOMIALS["cos_near", f.kind]), 0.0)
    sine = c.muladd(r, c.muladd(z, c.polynomial(z, POLYNOMIALS["sin_near", f.kind]), 0.0), r)
    of = {name: lookup(c, [getattr(math, name)(k * math.pi / 8) if k % 4 else QUARTERS[name][k // 4] for k in range(16)], t.bits())
          for name in ("sin", "cos")}
    found = {"sin": lambda: of["sin"] + c.muladd(of["cos"], sine, of["sin"] * less),
             "cos": lambda: of["cos"] + c.muladd(-of["sin"], sine, of["cos"] * less)}
    return [found[name]() for name in wanted]


def write(c: Code, f: Format, x: Value, wanted: Sequence[str]) -> list[Value]:
    """Write what is wanted of the sine, the cosine and the tangent of x, which share the reduction.

    Large numbers are looked at last, when least is in registers that the call for them would cost; or by the loop around.
    """
    a = c.abs(x)
    if by_table(c, f, x) and "tan" not in wanted:
        found = sixteenths(c, f, x, wanted)
    else:
        found = turned(c, f, x, *reduce(c, f, a), wanted)
    if c.worries is not None:
        c.worries.append((a, LARGEST[f.kind]))
        return found
    small = a.lt(LARGEST[f.kind])
    return c.when(c.any(~small), lambda: patched(c, f, x, found, small, wanted), found)


def patched(c: Code, f: Format, x: Value, found: Sequence[Value], small: Value, wanted: Sequence[str]) -> list[Value]:
    """Return what was found, with the lanes that are not small computed anew by one function for all of them."""

    def define(inner: Code, y: Value) -> str:
        r, q = reduce_large(inner, f, inner.abs(y))
        return inner.bundle(turned(inner, f, y, r, q, wanted))

    name = f"bl.large.{'.'.join(wanted)}.{f.kind}.x{x.lanes}"
    symbol = c.module.define(name, bundle_type(found), [("x", x.kind, x.lanes)], "noinline cold #0", define)
    return [c.select(small, y, z) for y, z in zip(found, c.call_several(symbol, [x], found), strict=True)]


def sin(c: Code, f: Format, x: Value) -> Value:
    """Write the sine."""
    return write(c, f, x, ["sin"])[0]


def cos(c: Code, f: Format, x: Value) -> Value:
    """Write the cosine."""
    return write(c, f, x, ["cos"])[0]


def tan(c: Code, f: Format, x: Value) -> Value:
    """Write the tangent."""
    return write(c, f, x, ["tan"])[0]


def sin_and_cos(c: Code, f: Format, x: Value) -> tuple[Value, Value]:
    """Write the sine and the cosine."""
    s, k = write(c, f, x, ["sin", "cos"])
    return s, k
