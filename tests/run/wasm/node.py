"""Modules run by Node: numbers in, numbers out, through the module's own memory."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from backlight.run.wasm.linked import Module

NODE = shutil.which("node")
needs_node = pytest.mark.skipif(NODE is None, reason="Node is not installed")


def start(module: Module, pages: int, writes: Sequence[tuple[int, bytes]], calls: Sequence[Sequence[object]],
          reads: Sequence[tuple[int, int]]) -> list[bytes]:
    """Write into the memory, call functions (an integer is an i32, a text of digits an i64), read from the memory."""
    assert NODE is not None
    job = {
        "code": base64.b64encode(module.code).decode(), "pages": pages, "calls": calls, "reads": reads,
        "writes": [(address, base64.b64encode(data).decode()) for address, data in writes],
    }
    script = Path(__file__).with_name("start.mjs")
    done = subprocess.run([NODE, str(script)], input=json.dumps(job), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return [base64.b64decode(part) for part in json.loads(done.stdout)]
