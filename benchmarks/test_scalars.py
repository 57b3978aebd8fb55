"""Functions of numbers and of short vectors, as people write them in NumPy: traced and differentiated, per operation.

Each is called as a user calls it, `grad(f)(x)`, so tracing is in the time; a loop of some hundred operations keeps what a call
costs once out of sight. HIPS autograd and PyTorch run the very same lines. The three run interleaved, round by round, and the
last test prints the ratios of their best rounds: those are what to read, since the machine may be busy.
"""

import importlib
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import backlight as bl

ROUNDS = 7


def logistic(np: Any) -> Callable[[Any], Any]:
    def f(r: Any) -> Any:
        x = 0.3 * r
        for _ in range(200):
            x = r * x * (1.0 - x)
        return x

    return f


def waves(np: Any) -> Callable[[Any], Any]:
    def f(x: Any) -> Any:
        y = x
        for _ in range(100):
            y = np.sin(y) * 1.1 + 0.5 * np.cos(x * y)
        return y

    return f


def vectors(np: Any) -> Callable[[Any], Any]:
    def f(x: Any) -> Any:
        y = x
        for _ in range(60):
            y = np.tanh(y) * 0.9 + x * 0.1
        return np.sum(y * y)

    return f


CASES = {"logistic": (logistic, 600, 3.1), "waves": (waves, 700, 0.7), "vectors": (vectors, 242, np.linspace(0.1, 1.0, 5))}


def with_backlight(make: Any, x: Any) -> Callable[[], Any]:
    slope = bl.grad(make(np))
    return lambda: slope(x)


def with_autograd(make: Any, x: Any) -> Callable[[], Any]:
    slope = pytest.importorskip("autograd").grad(make(importlib.import_module("autograd.numpy")))
    return lambda: slope(x)


def with_torch(make: Any, x: Any) -> Callable[[], Any]:
    torch = pytest.importorskip("torch")
    torch.set_num_threads(1)
    f = make(SimpleNamespace(sin=torch.sin, cos=torch.cos, tanh=torch.tanh, sum=torch.sum))

    def slope() -> Any:
        at = torch.tensor(x, dtype=torch.float64, requires_grad=True)
        f(at).backward()
        return at.grad.numpy()

    return slope


def best(calls: list[Callable[[], Any]], each: int = 10) -> list[float]:
    """The shortest time of each, in seconds a call, round by round in turn."""
    found = [float("inf")] * len(calls)
    for _ in range(ROUNDS):
        for k, call in enumerate(calls):
            start = time.perf_counter()
            for _ in range(each):
                call()
            found[k] = min(found[k], (time.perf_counter() - start) / each)
    return found


@pytest.mark.parametrize("case", CASES)
def test_a_gradient_per_operation(case: str, capsys: Any):
    make, operations, x = CASES[case]
    calls = [library(make, x) for library in (with_backlight, with_autograd, with_torch)]
    for call in calls[1:]:
        np.testing.assert_allclose(call(), calls[0](), rtol=1e-9)
    ours, autograd, torch = best(calls)
    with capsys.disabled():
        of = f"{ours / autograd:.2f} of autograd's {autograd / operations * 1e6:.2f}, {ours / torch:.2f} of torch's"
        print(f"\n{case}: {ours / operations * 1e6:.2f} µs an operation, {of} {torch / operations * 1e6:.2f}")
