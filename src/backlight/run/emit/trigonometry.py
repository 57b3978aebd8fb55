"""Sine, cosine, tangent: x = q π/2 + r with |r| <= π/4, and two polynomials in r².

Three parts of π/2 subtracted one by one are enough while q stays small. Beyond, x is a whole number times a power of
two, and the product of that whole number with the right 192 bits of 2/π is formed in integers (Payne and Hanek 1983):
every number up to the largest is reduced as exactly as the small ones. That path is taken only if a lane needs it.
"""

from __future__ import annotations

import functools

from backlight.run.emit.code import Code
from backlight.run.emit.coefficients import POLYNOMIALS
from backlight.run.emit.format import DOUBLE, FLOAT, PI, Format
from backlight.run.emit.value import Value, type_text

# The first 1216 bits of 2/π in words of 32, after two words of zeros: enough for the exponent of any number.
ZEROS = 2
WORDS = 40
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


def reduce(c: Code, f: Format, x: Value) -> tuple[Value, Value]:
    """Return r and the integer q with x = q π/2 + r; only the low two bits of q count."""
    t = c.muladd(x, f.nearest(2 / PI), f.magic)
    n = t - f.magic
    r = x
    for part in half_pi_parts(c, f):
        r = c.muladd(n, -part, r)
    q = t.bits()
    large = c.abs(x).lt(LARGEST[f.kind])
    return tuple(c.when(c.any(~large), lambda: patched(c, f, x, r, q, large), [r, q]))  # type: ignore[return-value]


def patched(c: Code, f: Format, x: Value, r: Value, q: Value, small: Value) -> list[Value]:
    """Return r and q, with the lanes that are not small reduced the long way."""
    r2, q2 = reduce_large(c, f, x)
    return [c.select(small, r, r2), c.select(small, q, q2)]


def reduce_large(c: Code, f: Format, x: Value) -> tuple[Value, Value]:
    """Call the long reduction, which is one function of doubles; floats go there in halves."""
    if f is FLOAT:
        if x.lanes == 1:
            r, q = reduce_large(c, DOUBLE, c.convert(x, "double"))
            return c.convert(r, "float"), c.convert(q, "i32")
        low, high = (reduce_large(c, f, half) for half in c.halves(x))
        return c.join(low[0], high[0]), c.join(low[1], high[1])
    n = x.lanes
    both = "{ double, i64 }" if n == 1 else f"{{ <{n} x double>, <{n} x i64> }}"
    symbol = c.module.define(f"bl.reduce_large.x{n}", both, [("x", "double", n)], "noinline #0", write_reduce_large)
    pair = c.put(f"call {both} @{symbol}({x.typed})", "pair")
    r = c.put(f"extractvalue {both} {pair.text}, 0", "double", n)
    return r, c.put(f"extractvalue {both} {pair.text}, 1", "i64", n)


def write_reduce_large(c: Code, x: Value) -> str:
    """Write the long reduction, lane after lane: it is rare, and a loop compiles eight times sooner than a vector."""
    if x.lanes == 1:
        return pair_text(c, *long_reduction(c, x))
    wide = [c.put(f"alloca {t}, align 64", "ptr") for t in (x.type, x.type, type_text("i64", x.lanes))]
    c.store(x, wide[0], 0)

    def lane(k: Value) -> None:
        r, q = reduce_large(c, DOUBLE, c.load(wide[0], k, "double"))
        c.store(r, wide[1], k)
        c.store(q, wide[2], k)

    c.loop(x.lanes, lane)
    return pair_text(c, c.load(wide[1], 0, "double", x.lanes), c.load(wide[2], 0, "i64", x.lanes))


def pair_text(c: Code, r: Value, q: Value) -> str:
    """Return r and q as one operand of `ret`."""
    both = f"{{ {r.type}, {q.type} }}"
    first = c.put(f"insertvalue {both} poison, {r.typed}, 0", "pair")
    return f"{both} {c.put(f'insertvalue {both} {first.text}, {q.typed}, 1', 'pair').text}"


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


def sine_and_cosine(c: Code, f: Format, r: Value) -> tuple[Value, Value]:
    """Return sin r and cos r for |r| <= π/4."""
    z = r * r
    sine = c.muladd(r * z, c.polynomial(z, POLYNOMIALS["sin", f.kind]), r)
    half = z * 0.5
    w = 1.0 - half
    cosine = w + c.muladd(z * z, c.polynomial(z, POLYNOMIALS["cos", f.kind]), (1.0 - w) - half)
    return sine, cosine


def turn(c: Code, f: Format, y: Value, q: Value) -> Value:
    """Return y with its sign changed where bit 1 of q is set."""
    return (y.bits() ^ ((q << (f.mantissa + f.bias.bit_length() - 1 + 1)) & f.sign_bit)).as_float()


def sin(c: Code, f: Format, x: Value) -> Value:
    """Write the sine."""
    r, q = reduce(c, f, x)
    sine, cosine = sine_and_cosine(c, f, r)
    y = turn(c, f, c.select((q & 1).eq(0), sine, cosine), q)
    return c.select(x.eq(0.0), x, y)


def cos(c: Code, f: Format, x: Value) -> Value:
    """Write the cosine."""
    r, q = reduce(c, f, x)
    sine, cosine = sine_and_cosine(c, f, r)
    q = q + 1
    return turn(c, f, c.select((q & 1).eq(0), sine, cosine), q)


def tan(c: Code, f: Format, x: Value) -> Value:
    """Write the tangent."""
    r, q = reduce(c, f, x)
    sine, cosine = sine_and_cosine(c, f, r)
    odd = (q & 1).ne(0)
    y = c.select(odd, -cosine, sine) / c.select(odd, sine, cosine)
    return c.select(x.eq(0.0), x, y)
