"""Derive the numbers of `backlight.ops.coefficients`, and print that file's tables.

Two polynomials for the error function and its complement, as in `coefficients.py` beside this file; and, for functions
that cross zero somewhere on the way, the place as a sum of two numbers with the Taylor coefficients there, so that even
the double next to the zero has all its digits. Run it, and put what it prints in the place of the tables:
`python tools/special_functions.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import mpmath as mp
from coefficients import erfcx_of, fit, series

mp.mp.dps = 60
Function = Callable[[mp.mpf], mp.mpf]


def sigmoid(x: mp.mpf) -> mp.mpf:
    """Return 1 / (1 + e^-x)."""
    return 1 / (1 + mp.exp(-x))


def silu_slope(x: mp.mpf) -> mp.mpf:
    """Return the derivative of x sigmoid(x)."""
    return sigmoid(x) * (1 + x * sigmoid(-x))


def gelu_slope(x: mp.mpf) -> mp.mpf:
    """Return the derivative of x Φ(x)."""
    return (1 + mp.erf(x / mp.sqrt(2))) / 2 + x * mp.exp(-x * x / 2) / mp.sqrt(2 * mp.pi)


def gelu_tanh_slope(x: mp.mpf) -> mp.mpf:
    """Return the derivative of the approximation of gelu by tanh."""
    c, a = 2 * mp.sqrt(2 / mp.pi), mp.mpf("0.044715")
    u = c * (x + a * x**3)
    return sigmoid(u) * (1 + x * c * (1 + 3 * a * x * x) * sigmoid(-u))


def mish_slope(x: mp.mpf) -> mp.mpf:
    """Return the derivative of x tanh(log(1 + e^x))."""
    t = mp.exp(x)
    return t * (t**3 + 4 * t * t + 6 * t + 4 + 4 * x * (1 + t)) / (t * (t + 2) + 2) ** 2


# The functions whose slope crosses zero, about where, and how far around it the series is used.
ROOTS: dict[str, tuple[Function, float, float]] = {
    "gelu": (gelu_slope, -0.75, 0.6),
    "gelu_tanh": (gelu_tanh_slope, -0.75, 0.6),
    "silu": (silu_slope, -1.28, 0.75),
    "mish": (mish_slope, -1.19, 0.7),
    "digamma": (mp.digamma, 1.46, 0.3),
}


def erfcx_slope_of(t: mp.mpf) -> mp.mpf:
    """Return (1 + 2x)² (2/√π - 2x erfcx x) with x = 4 (1 + t) / (1 - t), from t = -1 (x = 0) to t = 1 (x = ∞)."""
    if t >= 1:
        return 4 / mp.sqrt(mp.pi)
    x = 4 * (1 + t) / (1 - t)
    if x > 50:
        tail = -mp.fsum((-1) ** k * mp.fac2(2 * k - 1) / (2 * x * x) ** k for k in range(1, 30))
        return (1 + 2 * x) ** 2 * 2 / mp.sqrt(mp.pi) * tail
    with mp.workdps(100):
        return (1 + 2 * x) ** 2 * (2 / mp.sqrt(mp.pi) - 2 * x * mp.exp(x * x) * mp.erfc(x))


def polynomials() -> Iterator[tuple[str, list[mp.mpf]]]:
    """Yield the polynomials: erf x = x + x erf(x²) below 1; (1 + 2x) erfcx(x) and -(1 + 2x)² erfcx'(x) in (x - 4) / (x + 4)."""
    bound = mp.mpf(2) ** -57
    near = series(lambda k: 2 / mp.sqrt(mp.pi) * (-1) ** k / mp.factorial(k) / (2 * k + 1) - (k == 0))
    one: Function = lambda t: mp.mpf(1)
    yield "erf", fit(near, one, 0, 1.0, bound)
    yield "erfcx", fit(erfcx_of, one, -1, 1, bound)
    yield "erfcx_slope", fit(erfcx_slope_of, one, -1, 1, mp.mpf(2) ** -56)


def expansion(f: Function, guess: float, radius: float) -> tuple[mp.mpf, list[mp.mpf]]:
    """Return a root and the Taylor coefficients there, from the first power on, as far as the radius needs them."""
    with mp.workdps(120):
        root = mp.findroot(f, guess)
        # Cauchy's integral over a circle, by the trapezoidal rule: exact to all digits, and no difference quotients.
        n, r = 256, mp.mpf(radius) * mp.mpf("1.5")
        ring = [f(root + r * mp.expjpi(mp.mpf(2 * k) / n)) for k in range(n)]
        terms = []
        for order in range(1, 60):
            c = mp.fsum(v * mp.expjpi(mp.mpf(-2 * order * k) / n) for k, v in enumerate(ring)) / n / r**order
            terms.append(mp.re(c))
            if order > 3 and all(abs(terms[-j]) * radius ** (order - j) < abs(terms[0]) * mp.mpf(2) ** -58 for j in (1, 2)):
                break
        return root, terms


def zeros_of_lgamma() -> Iterator[list[mp.mpf]]:
    """Yield the zeros of log |Γ(x)| for x < 0 with the first six Taylor coefficients there, as long as there are any to see.

    There are two between any two whole numbers from -2 down, ever nearer to them: 1 / n! away. From -18 down the double next to a
    zero is the pole itself.
    """
    with mp.workdps(80):
        for n in range(2, 18):
            least = mp.findroot(mp.digamma, (-n - mp.mpf("0.9"), -n - mp.mpf("0.1")), solver="anderson")
            for pole in (-n - 1, -n):
                inside, outside = least, mp.mpf(pole)
                for _ in range(300):
                    middle = (inside + outside) / 2
                    small = abs(mp.gamma(middle)) < 1 if middle != pole else False
                    inside, outside = (middle, outside) if small else (inside, middle)
                yield [inside, *(mp.psi(k, inside) / mp.factorial(k + 1) for k in range(6))]


def zeros_of_digamma() -> Iterator[list[mp.mpf]]:
    """Yield the zeros of ψ between 0 and -50, one between any two whole numbers, with the first Taylor coefficients there."""
    with mp.workdps(60):
        for n in range(50):
            low, high = mp.mpf(-n - 1), mp.mpf(-n)
            for _ in range(220):
                middle = (low + high) / 2
                low, high = (middle, high) if mp.psi(0, middle) < 0 else (low, middle)
            yield [low, *(mp.psi(k, low) / mp.factorial(k) for k in range(1, 7))]


def zero(root: mp.mpf, terms: Sequence[mp.mpf]) -> None:
    """Print a zero, as a sum of two numbers, and the Taylor coefficients there."""
    high = mp.mpf(float(root))
    texts = [repr(float(c)) for c in (high, root - high, *terms)]
    print(f"    ({', '.join(texts[:4])},\n     {', '.join(texts[4:])}),")


def listed(name: str, numbers: list[mp.mpf]) -> None:
    """Print one line of a table, wrapped."""
    print(f"    {name!r}: (".replace("'", '"'))
    line = "       "
    for c in numbers:
        text = f" {float(c)!r},"
        if len(line) + len(text) > 120:
            print(line)
            line = "       "
        line += text
    print(line)
    print("    ),")


def main() -> None:
    """Print the tables."""
    print("POLYNOMIALS: Final[dict[str, tuple[float, ...]]] = {")
    for name, numbers in polynomials():
        listed(name, numbers)
    print("}\n\nROOTS: Final[dict[str, tuple[float, ...]]] = {")
    for name, (f, guess, radius) in ROOTS.items():
        root, terms = expansion(f, guess, radius)
        high = mp.mpf(float(root))
        listed(name, [mp.mpf(radius), high, root - high, *terms])
    print("}\n\nLGAMMA_ZEROS: Final[tuple[tuple[float, ...], ...]] = (")
    for root, *terms in sorted(zeros_of_lgamma()):
        if float(root) != round(float(root)):
            zero(root, terms)
    print(")\n\nDIGAMMA_ZEROS: Final[tuple[tuple[float, ...], ...]] = (")
    for root, *terms in sorted(zeros_of_digamma()):
        zero(root, terms)
    print(")")


if __name__ == "__main__":
    main()
