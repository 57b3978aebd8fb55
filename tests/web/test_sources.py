"""The page's sources: that they know no operation, pass their own checks, and are not larger than they should be."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from backlight import ops
from backlight.core.table import TABLE

assert "add" in ops.__all__

WEB = Path(__file__).parents[2] / "web"
NPM = shutil.which("npm")
WORDS = re.compile(r"[\"'`]([a-z][a-z0-9_]*)[\"'`]")
# Words of the page's own that happen to name an operation, too: a role, a detail, a panel, a field, a question, a cap of
# lines, a list of steps.
OWN = {"input", "dot", "share", "direction", "sign", "round", "trace"}


def sources() -> list[Path]:
    found = [path for path in sorted((WEB / "src").rglob("*")) if path.suffix in (".ts", ".svelte")]
    assert len(found) > 40
    return found


@pytest.mark.parametrize("path", sources(), ids=lambda path: path.name)
def test_the_page_knows_no_operation(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    named = {word for word in WORDS.findall(text) if word in TABLE} - OWN
    assert named == set()
    # names that mean nothing else must not stand there in any form
    telling = {name for name in TABLE if len(name) > 4 and re.search(r"soft|sig|tanh|relu|matmul|einsum|conv|_", name)}
    assert {name for name in telling if re.search(rf"\b{name}\b", text)} == set()


@pytest.mark.parametrize("path", sources(), ids=lambda path: path.name)
def test_no_file_of_the_page_is_larger_than_a_file_should_be(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    assert len(lines) <= (600 if path.name == "wire.ts" else 400), f"{path.name} has {len(lines)} lines"
    assert path.name == "wire.ts" or not re.search(r"\bany\b(?=[;,)\]>])|as any|: any\b", "\n".join(lines))


@pytest.mark.slow
@pytest.mark.skipif(NPM is None, reason="Node is not installed")
@pytest.mark.parametrize("script", ["check", "test"])
def test_the_page_passes_its_own_checks(script: str) -> None:
    if not (WEB / "node_modules").is_dir():
        subprocess.run([str(NPM), "ci", "--silent"], cwd=WEB, check=True)
    done = subprocess.run([str(NPM), "run", "--silent", script], cwd=WEB, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
