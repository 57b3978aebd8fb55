"""Modules run by Node: numbers in, numbers out, through the module's own memory."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from backlight.run.wasm.linked import Module

NODE = shutil.which("node")
needs_node = pytest.mark.skipif(NODE is None, reason="Node is not installed")


@dataclass(frozen=True)
class Job:
    """A module to start: what to write into its memory, what to call (an integer is an i32, a text of digits an i64),
    and what to read."""

    module: Module
    pages: int
    stack: int
    writes: Sequence[tuple[int, bytes]]
    calls: Sequence[Sequence[object]]
    reads: Sequence[tuple[int, int]]


def work(jobs: Sequence[Job]) -> list[list[bytes]]:
    """Do all jobs in one process; return what each read."""
    assert NODE is not None
    asked = [
        {
            "code": base64.b64encode(job.module.code).decode(), "pages": job.pages, "stack": job.stack, "calls": job.calls,
            "reads": job.reads, "writes": [(at, base64.b64encode(data).decode()) for at, data in job.writes],
        }
        for job in jobs
    ]
    script = Path(__file__).with_name("start.mjs")
    done = subprocess.run([NODE, str(script)], input=json.dumps(asked), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return [[base64.b64decode(part) for part in parts] for parts in json.loads(done.stdout)]
