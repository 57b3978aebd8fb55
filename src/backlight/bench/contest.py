"""What a contestant brings to a workload: something to time, how much of it one call is, and a number to compare."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Entry:
    """`call()` does `units` of the work (steps, calls, epochs) and returns a number that all contestants must share."""

    call: Callable[[], float]
    units: int


@dataclass(frozen=True, slots=True)
class Workload:
    """A workload: what it is, what is counted, the multiple of a second it is told in."""

    key: str
    title: str
    unit: str
    scale: float
    suffix: str
    close: float  # how far the numbers of two contestants may differ, relatively


WORKLOADS = {
    w.key: w
    for w in (
        Workload("W1", "(4x + 1)² and its gradient, scalars", "a call", 1e6, "µs", 1e-9),
        Workload("W1s", "sigmoid(w·x + b) and its gradients, scalars", "a call", 1e6, "µs", 1e-6),
        Workload("W2", "network 1-8-8-8-1, 50 points, SGD", "a step, looped inside", 1e6, "µs", 1e-2),
        Workload("W2c", "the same, each step called from Python", "a step", 1e6, "µs", 1e-2),
        Workload("W3", "perceptron 5 → 10, one sample, SGD", "a step, looped inside", 1e6, "µs", 1e-2),
        Workload("W4", "network 784-30-10, batch 10, SGD", "an epoch of 50,000", 1.0, "s", 2e-2),
        Workload("W5", "network 784-512-512-10, batch 128, Adam", "a step", 1e3, "ms", 2e-2),
        Workload("W6", "Σ tanh(x)·exp(−x²) + sin(x) and its gradient, 10,000,000 numbers", "a call", 1e3, "ms", 1e-2),
    )
}
