"""Derive the numbers of `backlight.ops.coefficients`, and print that file's tables.

Two polynomials for the error function and its complement, as in `coefficients.py` beside this file; and, for functions
that cross zero somewhere on the way, the place as a sum of two numbers with the Taylor coefficients there, so that even
the double next to the zero has all its digits. Run it, and put what it prints in the place of the tables:
`python tools/special_functions.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

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


def polynomials() -> Iterator[tuple[str, list[mp.mpf]]]:
    """Yield the polynomials: erf x = x + x erf(x²) below 1, and (1 + 2x) erfcx(x) in (x - 4) / (x + 4)."""
    bound = mp.mpf(2) ** -57
    near = series(lambda k: 2 / mp.sqrt(mp.pi) * (-1) ** k / mp.factorial(k) / (2 * k + 1) - (k == 0))
    one: Function = lambda t: mp.mpf(1)
    yield "erf", fit(near, one, 0, 1.0, bound)
    yield "erfcx", fit(erfcx_of, one, -1, 1, bound)


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
    print("}")


if __name__ == "__main__":
    main()
