"""Transformations of transformations, in any order, around loops, choices and assignments: beside Cauchy's integral.

The reference differentiates the same function, written with Python's `for` and `if`, by its values on a circle in the complex
plane: Σ f(x + r·ωᵏ·v) / ωᵏ / (N·r) is the derivative along v, exact but for rounding as far as f is analytic, and it nests.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import backlight as bl
from backlight.core.array import Array

A = np.array([[0.5, -1.0, 0.2], [0.3, 0.7, -0.4], [-0.6, 0.1, 0.9]])
V, W = np.array([0.7, -0.3, 0.5]), np.array([-0.2, 0.9, 0.4])
CIRCLE, RADIUS = np.exp(2j * np.pi * np.arange(12) / 12), 0.05  # r¹² is 2e-16: what a circle of twelve leaves out

Scalar = Callable[[Any], Any]  # from a vector of three to a number


def along(f: Scalar, v: Any) -> Scalar:
    return lambda x: sum(f(x + RADIUS * w * v) / w for w in CIRCLE) / (len(CIRCLE) * RADIUS)


def slopes(f: Scalar) -> Scalar:
    return lambda x: np.array([along(f, e)(x) for e in np.eye(3)])


def scanned(x: Any) -> Any:
    end, kept = bl.scan(lambda c, s: (np.tanh(A @ c) * s + x, np.sum(c * s)), x, np.array([0.5, 0.25, -1.0]))
    return np.sum(end * end) + np.sum(kept * kept)


def stepped(x: Any) -> Any:
    c, kept = x, 0.0
    for s in (0.5, 0.25, -1.0):
        c, kept = np.tanh(A @ c) * s + x, kept + np.sum(c * s) ** 2
    return np.sum(c * c) + kept


def asked(x: Any) -> Any:
    def choose(c: Any, s: Any) -> Any:
        return bl.cond(s > 0, lambda a: np.sin(a) * x[0], lambda a: a * x[1] + x[2], c), c

    return bl.scan(choose, np.sum(x), np.array([1.0, -1.0, 1.0]))[0]


def answered(x: Any) -> Any:
    c = np.sum(x)
    for s in (1, -1, 1):
        c = np.sin(c) * x[0] if s > 0 else c * x[1] + x[2]
    return c


def until(x: Any) -> Any:
    return np.sum(bl.while_loop(lambda c: c[1] < 3, lambda c: (np.sin(c[0]) * x + 0.3, c[1] + 1), (x, 0))[0])


def thrice(x: Any) -> Any:
    c = x
    for _ in range(3):
        c = np.sin(c) * x + 0.3
    return np.sum(c)


def each(x: Any) -> Any:
    return np.sum(bl.vmap(lambda a, b: bl.scan(lambda c, _: (c * a + np.sin(b), None), a * b, length=2)[0])(x, x * x[::-1]))


def one_by_one(x: Any) -> Any:
    return sum((a * b * a + np.sin(b)) * a + np.sin(b) for a, b in zip(x, x * x[::-1], strict=True))


def assigned(x: Any) -> Any:
    z = np.zeros_like(x)
    z[0], z[1:] = x[1] * x[2], np.sin(x[:2])
    z[1] += x[0] ** 2
    return bl.checkpoint(lambda u: np.sum(u * u * x))(z) if isinstance(x, Array) else np.sum(z * z * x)


FUNCTIONS = [(scanned, stepped), (asked, answered), (until, thrice), (each, one_by_one), (assigned, assigned)]
WAYS: dict[str, tuple[Callable[[Scalar], Scalar], Callable[[Scalar], Scalar]]] = {
    "grad": (lambda f: lambda x: np.sum(bl.grad(f)(x) * x), lambda f: lambda x: np.sum(slopes(f)(x) * x)),
    "jvp": (lambda f: lambda x: bl.jvp(f, (x,), (x * x,))[1], lambda f: lambda x: np.sum(slopes(f)(x) * x * x)),
    "linearize": (lambda f: lambda x: bl.linearize(f, x)[1](V), lambda f: along(f, V)),
    "vjp": (lambda f: lambda x: np.sum(bl.vjp(f, x)[1](2.0)[0] * W), lambda f: lambda x: 2.0 * along(f, W)(x)),
    "hvp": (lambda f: lambda x: np.sum(bl.hvp(f, x, V) * W), lambda f: along(along(f, V), W)),
    "hessian": (lambda f: lambda x: V @ bl.hessian(f)(x) @ W, lambda f: along(along(f, V), W)),
    "jacobian": (lambda f: lambda x: np.sum(bl.jacobian(lambda y: np.stack([f(y), f(2.0 * y)]))(x) @ V),
                 lambda f: lambda x: along(f, V)(x) + 2.0 * along(f, V)(2.0 * x)),
    "vmap": (lambda f: lambda x: np.sum(bl.vmap(f)(np.stack([x, 0.5 * x]))), lambda f: lambda x: f(x) + f(0.5 * x)),
    "vmap of grad": (lambda f: lambda x: np.sum(bl.vmap(bl.grad(f))(np.stack([x, 0.5 * x])) @ V),
                     lambda f: lambda x: along(f, V)(x) + along(f, V)(0.5 * x)),
    "checkpoint": (lambda f: lambda x: bl.checkpoint(f)(x), lambda f: f),
    "scan": (lambda f: lambda x: np.sum(bl.scan(lambda c, s: (0.5 * c + 0.1 * x, f(c) * s), x, np.array([1.0, 2.0]))[1]),
             lambda f: lambda x: f(x) + 2.0 * f(0.6 * x)),
    "compile": (lambda f: bl.compile(f), lambda f: f),
}  # fmt: skip


@settings(max_examples=30)
@given(st.sampled_from(FUNCTIONS), st.lists(st.sampled_from(sorted(WAYS)), min_size=1, max_size=2), st.integers(0, 9))
def test_transformations_nest_in_any_order(functions: tuple[Scalar, Scalar], ways: list[str], seed: int):
    made, wanted = functions
    for name in ways:
        made, wanted = WAYS[name][0](made), WAYS[name][1](wanted)
    x = np.random.default_rng(seed).uniform(-0.8, 0.8, 3)
    assert float(np.asarray(made(x))) == pytest.approx(complex(wanted(x.astype(complex))).real, rel=1e-6, abs=1e-6)
