"""Derive the polynomials of `backlight.run.emit.coefficients`, and print that file's table.

Each polynomial interpolates a smooth remainder at Chebyshev nodes with 60 digits: within a small factor of the best
polynomial of its degree, and nothing to iterate. The degree is the smallest whose error stays within the bound.
Run it, and put what it prints in the place of the table: `python tools/coefficients.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import mpmath as mp

mp.mp.dps = 60
Function = Callable[[mp.mpf], mp.mpf]


def interpolate(f: Function, low: mp.mpf, high: mp.mpf, degree: int) -> list[mp.mpf]:
    """Return the coefficients, constant first, of the polynomial through f at the Chebyshev nodes of [low, high]."""
    n = degree + 1
    nodes = [mp.cos(mp.pi * (2 * k + 1) / (2 * n)) for k in range(n)]
    x = [(low + high) / 2 + (high - low) / 2 * t for t in nodes]
    matrix = mp.matrix(n, n)
    for i in range(n):
        for j in range(n):
            matrix[i, j] = x[i] ** j
    return list(mp.lu_solve(matrix, mp.matrix([f(t) for t in x])))


def error(f: Function, weight: Function, coefficients: list[mp.mpf], low: mp.mpf, high: mp.mpf) -> mp.mpf:
    """Return the largest weighted error on a grid of 200 points."""
    grid = [low + (high - low) * k / 200 for k in range(201)]
    return max(abs(mp.polyval(coefficients[::-1], t) - f(t)) * weight(t) for t in grid)


def fit(f: Function, weight: Function, low: float, high: float, bound: mp.mpf) -> list[mp.mpf]:
    """Return the polynomial of the smallest degree within `bound`."""
    for degree in range(1, 40):
        coefficients = interpolate(f, mp.mpf(low), mp.mpf(high), degree)
        if error(f, weight, coefficients, mp.mpf(low), mp.mpf(high)) < bound:
            return coefficients
    raise ValueError(f"no polynomial of degree < 40 on [{low}, {high}] within {bound}")


def series(terms: Callable[[int], mp.mpf]) -> Function:
    """Return the power series with these terms: where the closed form cancels."""
    return lambda t: mp.fsum(terms(k) * t**k for k in range(90))


def erfcx_of(t: mp.mpf) -> mp.mpf:
    """Return (1 + 2x) e^(x²) erfc(x) with x = 4 (1 + t) / (1 - t): smooth from t = -1 (x = 0) to t = 1 (x = ∞)."""
    if t >= 1:
        return 2 / mp.sqrt(mp.pi)
    x = 4 * (1 + t) / (1 - t)
    if x > 50:
        tail = mp.fsum((-1) ** k * mp.fac2(2 * k - 1) / (2 * x * x) ** k for k in range(1, 30)) + 1
        return (1 + 2 * x) / (x * mp.sqrt(mp.pi)) * tail
    return (1 + 2 * x) * mp.exp(x * x) * mp.erfc(x)


def tables() -> Iterator[tuple[str, str, list[mp.mpf]]]:
    """Yield every polynomial: its name, its precision, its coefficients."""
    one: Function = lambda t: mp.mpf(1)
    for precision, bits in (("double", 56), ("float", 27)):
        bound = mp.mpf(2) ** -bits
        near = bound * (4 if precision == "float" else 1)  # half a unit more, and one product less in each loop over them
        # e^r = 1 + r + r² exp(r)
        yield "exp", precision, fit(series(lambda k: 1 / mp.factorial(k + 2)), lambda r: abs(r), -0.35, 0.35, near)
        # log((1 + s) / (1 - s)) = 2s + s z log(z), z = s²
        yield "log", precision, fit(series(lambda k: mp.mpf(2) / (2 * k + 3)), lambda z: z / 2, 0, 0.0296, bound)
        # sin r = r + r z sin(z); cos r = 1 - z/2 + z² cos(z), z = r²
        sine = series(lambda k: (-1) ** (k + 1) / mp.factorial(2 * k + 3))
        yield "sin", precision, fit(sine, lambda z: z, 0, 0.63, near)
        cosine = series(lambda k: (-1) ** k / mp.factorial(2 * k + 4))
        yield "cos", precision, fit(cosine, lambda z: z * z, 0, 0.63, bound)
        if precision == "float":  # the same near 0: sin r = r + r z sin_near(z), cos r - 1 = z cos_near(z), |r| <= π/16
            yield "sin_near", precision, fit(sine, lambda z: z, 0, 0.039, near)
            less = series(lambda k: (-1) ** (k + 1) / mp.factorial(2 * k + 2))
            yield "cos_near", precision, fit(less, lambda z: z, 0, 0.039, near)
        # atan t = t + t z atan(z), asin x = x + x z asin(z)
        atan = lambda z: (mp.atan(mp.sqrt(z)) / mp.sqrt(z) - 1) / z if z > 1e-20 else mp.mpf(-1) / 3
        yield "atan", precision, fit(atan, lambda z: z, 0, 0.1717, bound)
        asin = lambda z: (mp.asin(mp.sqrt(z)) / mp.sqrt(z) - 1) / z if z > 1e-20 else mp.mpf(1) / 6
        yield "asin", precision, fit(asin, lambda z: z, 0, 0.2501, bound)
        # erf x = x + x erf(z), z = x², |x| < 1
        erf = series(lambda k: 2 / mp.sqrt(mp.pi) * (-1) ** k / mp.factorial(k) / (2 * k + 1) - (k == 0))
        yield "erf", precision, fit(erf, one, 0, 1.0, bound)
        yield "erfcx", precision, fit(erfcx_of, one, -1, 1, bound)
    # log((1 + s) / (1 - s)) = 2s + 2/3 s z + s z² log_tail(z), to the 68 bits that a power needs
    rest = series(lambda k: mp.mpf(2) / (2 * k + 5))
    yield "log_tail", "double", fit(rest, lambda z: z * z / 2, 0, 0.0296, mp.mpf(2) ** -68)
    # -log(erfc x) = x erf_tail(x) for 0.9 < x < 4: erf in float32, where 1 - erfc needs only absolute digits
    tail = lambda x: -mp.log(mp.erfc(x)) / x
    yield "erf_tail", "float", fit(tail, lambda x: x * mp.erfc(x), 0.9, 4.0, mp.mpf(2) ** -27)


def main() -> None:
    """Print the table."""
    print("POLYNOMIALS: dict[tuple[str, str], tuple[float, ...]] = {")
    for name, precision, coefficients in tables():
        print(f'    ("{name}", "{precision}"): (')
        line = "       "
        for c in coefficients:
            text = f" {float(c)!r},"
            if len(line) + len(text) > 116:
                print(line)
                line = "       "
            line += text
        print(line)
        print("    ),")
    print("}")


if __name__ == "__main__":
    main()
