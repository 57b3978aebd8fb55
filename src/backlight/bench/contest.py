"""What a contestant brings to a workload: something to time, how much of it one call is, and a number to compare."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Entry:
    """`call()` does `units` of the work (steps, calls, epochs) and returns a number that all contestants must share.

    `apart` says that the work is done in processes of its own, whose memory counts; `close` ends those that still run.
    """

    call: Callable[[], float]
    units: int
    apart: bool = False
    close: Callable[[], object] = lambda: None


@dataclass(frozen=True, slots=True)
class Workload:
    """A workload: what it is, what is counted, the multiple of a second it is told in.

    Where a library is what is measured, what can be written without one is shown and not counted: it is `bare`.
    """

    key: str
    title: str
    unit: str
    scale: float
    suffix: str
    close: float  # how far the numbers of two contestants may differ, relatively
    bare: bool = False


WORKLOADS = {
    w.key: w
    for w in (
        Workload("W1", "(4x + 1)² and its gradient, scalars", "a call", 1e6, "µs", 1e-9, True),
        Workload("W1s", "sigmoid(w·x + b) and its gradients, scalars", "a call", 1e6, "µs", 1e-6, True),
        Workload("W2", "network 1-8-8-8-1, 50 points, SGD", "a step, looped inside", 1e6, "µs", 1e-2),
        Workload("W2c", "the same, each step called from Python", "a step", 1e6, "µs", 1e-2),
        Workload("W3", "perceptron 5 → 10, one sample, SGD", "a step, looped inside", 1e6, "µs", 1e-2),
        Workload("W4", "network 784-30-10, batch 10, SGD", "an epoch of 50,000", 1.0, "s", 2e-2),
        Workload("W5", "network 784-512-512-10, batch 128, Adam", "a step", 1e3, "ms", 2e-2),
        Workload("W6", "Σ tanh(x)·exp(−x²) + sin(x) and its gradient, 10,000,000 numbers", "a call", 1e3, "ms", 1e-2),
        Workload("W7", "LeNet on 28 × 28, batch 64, SGD", "a step", 1e3, "ms", 1e-4),
        Workload("W8", "transformer, 4 layers of 128, 4 heads, 8 × 128 tokens, Adam", "a step", 1e3, "ms", 1e-4),
        Workload("W9", "100,000 scalar nodes through operators, built and differentiated", "a node", 1e6, "µs", 1e-3, True),
        Workload("W10", "import and first gradient", "a process", 1.0, "s", 1e-6, True),
        Workload("W10c", "import and first compiled gradient, from the cache on disk", "a process", 1.0, "s", 1e-6, True),
        Workload("W10n", "import and first compiled gradient, compiled anew", "a process", 1.0, "s", 1e-6, True),
    )
}


def process(text: str, environment: Mapping[str, str] | None = None) -> Entry:
    """Return the entry of a program as a process of its own, which prints the number to compare."""
    # where this is set, every process would compile all its source anew, and that is what would be measured
    around = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"} | dict(environment or {})

    def call() -> float:
        done = subprocess.run([sys.executable, "-c", text], env=around, capture_output=True, text=True)
        if "ModuleNotFoundError" in done.stderr:
            raise ImportError(done.stderr[-200:])
        done.check_returncode()
        return float(done.stdout)

    return Entry(call, 1, apart=True)
