"""One contestant in a process of its own: it prepares a workload, then runs it whenever it is told to.

In a process of its own, so that nobody's threads, memory or imports are in anybody else's way. It reads `go SECONDS` or
`end` on standard input and answers each with one line of JSON.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import time
from typing import TextIO

# The module of each, and the table in it: a library that can work in several ways takes part once for each.
CONTESTANTS = {
    "backlight": ("ours", "ENTRIES"),
    "numpy": ("by_hand", "ENTRIES"),
    "jax": ("with_jax", "ENTRIES"),
    "jax-step": ("with_jax", "STEPS"),
    "torch": ("with_torch", "ENTRIES"),
    "torch-func": ("with_torch_func", "ENTRIES"),
    "torch-compile": ("with_torch_func", "COMPILED"),
    "autograd": ("with_autograd", "ENTRIES"),
    "pytensor": ("with_pytensor", "ENTRIES"),
    "tinygrad": ("with_tinygrad", "ENTRIES"),
    "tfjs": ("with_tfjs", "ENTRIES"),
    "micrograd": ("with_micrograd", "ENTRIES"),
}
DEEP = ["W7", "W8"]  # workloads that the room `deep` has


def peak_bytes(apart: bool) -> int:
    """Return the most memory this process, or the largest of those it started, has had; 0 where the system does not say."""
    try:
        import resource
    except ImportError:
        return 0
    who = resource.RUSAGE_CHILDREN if apart else resource.RUSAGE_SELF
    return resource.getrusage(who).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def work(workload: str, contestant: str, asked: TextIO, answers: TextIO) -> int:
    """Answer until told to end; return the exit status: 3 if the contestant is not installed or does not take part."""
    def answer(**fields: object) -> None:
        answers.write(json.dumps(fields) + "\n")
        answers.flush()

    if os.environ.get("BACKLIGHT_THREADS") == "1" and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, [max(os.sched_getaffinity(0))])  # some libraries take all the processors they see
    start = time.perf_counter()
    try:
        module, table = CONTESTANTS[contestant]
        room = "deep." if workload in DEEP else ""
        entry = getattr(importlib.import_module(f".{room}{module}", __package__), table)[workload]()
        check = entry.call()
    except (AttributeError, ImportError, KeyError):
        return 3
    answer(first_s=time.perf_counter() - start, check=check)
    for line in asked:
        word, *rest = line.split()
        if word == "end":
            break
        best, spent, calls = float("inf"), 0.0, 0
        while spent < float(rest[0]) or calls < 1:
            begin = time.perf_counter()
            entry.call()
            took = time.perf_counter() - begin
            best, spent, calls = min(best, took), spent + took, calls + 1
        answer(best_s=best / entry.units, mean_s=spent / calls / entry.units, calls=calls)
    entry.close()
    answer(peak_bytes=peak_bytes(entry.apart))
    return 0


if __name__ == "__main__":
    sys.exit(work(sys.argv[1], sys.argv[2], sys.stdin, sys.stdout))
