"""How long one waits before anything happens: processes from start to end, as a person at a terminal meets them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


# Where this is set, every process compiles all of the source anew, and that is what would be measured.
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def process(*words: str) -> None:
    subprocess.run([sys.executable, *words], cwd=ROOT, check=True, stdout=subprocess.DEVNULL, env=ENVIRONMENT)


@pytest.mark.benchmark(group="a process that imports")
@pytest.mark.parametrize("words", ["import numpy", "import backlight", "from backlight import backprop"])
def test_import(benchmark, words):
    # The third is the one to compare: names of the package are loaded when they are first asked for.
    benchmark.pedantic(process, ("-c", words), rounds=15, warmup_rounds=2)


@pytest.mark.benchmark(group="a process that explains")
@pytest.mark.parametrize("form", ["text", "json"])
def test_explain(benchmark, form):
    words = ("do.py", "explain", "(4*x + 1)^2", "x=2", *(["--json"] if form == "json" else []))
    benchmark.pedantic(process, words, rounds=10, warmup_rounds=2)
