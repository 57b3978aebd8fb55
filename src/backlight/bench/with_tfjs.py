"""The workloads in TensorFlow.js, as a page would run them: under Node, on its WebAssembly backend.

Node looks for it where the variable NODE_PATH says. Nothing is fetched here; `benchmarks/README.md` tells how it is installed.
"""

from __future__ import annotations

import base64
import contextlib
import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from . import data
from .contest import Entry

PROGRAM = Path(__file__).with_name("tfjs.js")


def told(array: data.Array) -> dict[str, Any]:
    """Return an array as the program reads it."""
    return {"shape": list(array.shape), "data": base64.b64encode(np.ascontiguousarray(array, np.float32).tobytes()).decode()}


class Program:
    """A process of Node that has a workload and its arrays; ImportError where Node or the library is missing."""

    def __init__(self, workload: str, **given: Any) -> None:
        node = shutil.which("node")
        if node is None:
            raise ImportError("Node is not installed")
        self.process = subprocess.Popen(
            [node, str(PROGRAM)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        if self.ask(json.dumps({"workload": workload, **given})) != "ready\n":
            self.close()
            raise ImportError("TensorFlow.js is not where NODE_PATH says")

    def ask(self, line: str) -> str:
        """Return the answer to a line, empty if the process has ended."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        try:
            self.process.stdin.write(line + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            return ""
        return self.process.stdout.readline()

    def call(self) -> float:
        return float(self.ask("go"))

    def close(self) -> None:
        """End the process and wait for it."""
        with contextlib.suppress(BrokenPipeError):  # it ended by itself, with a line still on its way
            self.process.communicate()


def entry(units: int, program: Program) -> Entry:
    return Entry(program.call, units, apart=True, close=program.close)


def network(workload: str, x: data.Array, y: data.Array, parameters: dict[str, data.Array], units: int) -> Entry:
    """Return an entry of steps on one batch."""
    given = {name: told(a) for name, a in parameters.items()}
    return entry(units, Program(workload, x=told(x), y=told(y), parameters=given))


ENTRIES: dict[str, Callable[[], Entry]] = {
    "W1": lambda: entry(10, Program("W1")),
    "W2": lambda: network("W2", *data.w2(), 100),
    "W2c": lambda: network("W2", *data.w2(), 100),
    "W3": lambda: network("W3", *data.w3(), 200),
    "W5": lambda: network("W5", *data.w5(), 20),
    "W6": lambda: entry(1, Program("W6", x=told(data.w6()))),
}
