"""Contestants side by side: rounds interleaved, medians, ratios within one run.

The machine may be slower now than a minute ago; so each round lets every contestant run once, in turn, and what is
compared is the middle round of each.
"""

from __future__ import annotations

import json
import math
import os
import statistics
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from .contest import WORKLOADS, Workload
from .worker import CONTESTANTS


@dataclass
class Runner:
    """One contestant's process."""

    name: str
    process: subprocess.Popen[str]
    first_s: float = 0.0
    check: float = 0.0
    times_s: list[float] = field(default_factory=list)
    peak_bytes: int = 0

    def read(self) -> dict[str, Any] | None:
        """Return the next answer, or None if the process has ended."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        return json.loads(line) if line else None

    def ask(self, text: str) -> dict[str, Any] | None:
        """Return the answer to a line."""
        assert self.process.stdin is not None
        self.process.stdin.write(text + "\n")
        self.process.stdin.flush()
        return self.read()

    def close(self) -> None:
        """Wait for the process to end."""
        self.process.communicate()


def begin(workload: str, name: str, threads: int) -> Runner | None:
    """Return a contestant that is ready, or None if it does not take part."""
    count = str(threads)
    environment = {**os.environ, "BACKLIGHT_THREADS": count, "OMP_NUM_THREADS": count, "OPENBLAS_NUM_THREADS": count,
                   "MKL_NUM_THREADS": count}
    if threads == 1:
        environment["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false " + environment.get("XLA_FLAGS", "")
    process = subprocess.Popen(
        [sys.executable, "-m", f"{__package__}.worker", workload, name], env=environment, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )
    runner = Runner(name, process)
    ready = runner.read()
    if ready is None:
        runner.close()
        return None
    runner.first_s, runner.check = ready["first_s"], ready["check"]
    return runner


def race(workload: Workload, names: Sequence[str], rounds: int, seconds: float, threads: int) -> list[Runner]:
    """Return the contestants with their times, after so many interleaved rounds."""
    runners = [r for name in names if (r := begin(workload.key, name, threads)) is not None]
    for _ in range(rounds):
        for runner in runners:
            found = runner.ask(f"go {seconds}")
            assert found is not None, f"{runner.name} stopped in {workload.key}"
            runner.times_s.append(found["best_s"])
    for runner in runners:
        last = runner.ask("end")
        runner.peak_bytes = last["peak_bytes"] if last else 0
        runner.close()
    return runners


def table(workload: Workload, runners: Sequence[Runner], threads: int = 1) -> list[str]:
    """Return the result as lines: median, ratio to the quickest peer, first call, memory."""
    medians = {r.name: statistics.median(r.times_s) for r in runners}
    best = best_peer(workload, medians)
    lines = [f"{workload.key}  {workload.title}; {workload.unit}" + (f"; {threads} threads" if threads > 1 else "")]
    for runner in sorted(runners, key=lambda r: medians[r.name]):
        same = agrees(runner, runners[0], workload.close)
        lines.append(
            f"    {runner.name:13} {medians[runner.name] * workload.scale:10.4g} {workload.suffix}"
            f"   {medians[runner.name] / best:8.3f} × the best peer   first call {runner.first_s:7.2f} s"
            f"   {runner.peak_bytes / 2**20:5.0f} MB{'' if same else '   ANOTHER RESULT: ' + repr(runner.check)}"
        )
    return lines


def best_peer(workload: Workload, medians: dict[str, float]) -> float:
    """Return the median of the quickest peer; by hand counts where a library is not what is measured, or no library is there."""
    peers = {name: m for name, m in medians.items() if name != "backlight"}
    libraries = {name: m for name, m in peers.items() if not (workload.bare and name == "numpy")}
    return min((libraries or peers or medians).values())


def agrees(runner: Runner, other: Runner, close: float) -> bool:
    """Return whether two contestants computed the same."""
    return math.isclose(runner.check, other.check, rel_tol=close, abs_tol=close * 1e-3)


def report(
    keys: Sequence[str], names: Sequence[str], rounds: int = 5, seconds: float = 0.2, threads: int = 1
) -> list[dict[str, Any]]:
    """Run the workloads; return what was found as plain data, each with its printed lines."""
    found = []
    for key in keys or list(WORKLOADS):
        workload = WORKLOADS[key]
        runners = race(workload, names, rounds, seconds, threads)
        found.append({
            "workload": key, "threads": threads, "lines": table(workload, runners, threads),
            "results": [{"name": r.name, "median_s": statistics.median(r.times_s), "first_s": r.first_s,
                         "check": r.check, "peak_bytes": r.peak_bytes} for r in runners],
        })
    return found


NAMES = tuple(CONTESTANTS)
