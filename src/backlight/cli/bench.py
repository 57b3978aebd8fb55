"""`backlight bench`: the workloads, ours beside the peers, as a table."""

from __future__ import annotations

import json

from ..bench.contest import WORKLOADS
from ..bench.race import NAMES, report
from ..core.graph import nearest
from ..errors import InputError
from .options import Words

__all__ = ["bench"]


def bench(words: Words) -> str:
    """What `backlight bench` prints."""
    keys = (words.text or "").split()
    for key in keys:
        if key not in WORKLOADS:
            raise InputError(f"there is no workload {key!r}{nearest(key, list(WORKLOADS))}")
    names = [name for name in words.options.get("peers", ",".join(NAMES)).split(",") if name not in ("backlight", "numpy")]
    for name in names:
        if name not in NAMES:
            raise InputError(f"there is no peer {name!r}{nearest(name, list(NAMES))}")
    rounds = count("rounds", words.options.get("rounds", "5"))
    threads = [count("threads", given) for given in words.options.get("threads", "1").split(",")]
    found = [part for key in keys or list(WORKLOADS) for n in threads
             for part in report([key], ["backlight", "numpy", *names], rounds, 0.2, n)]
    if "json" in words.options:
        return json.dumps([{k: v for k, v in part.items() if k != "lines"} for part in found])
    return "\n".join(line for part in found for line in part["lines"])


def count(name: str, given: str) -> int:
    """A number of rounds or threads; an InputError where it is none."""
    if not given.isdecimal() or not 1 <= int(given) <= 64:
        raise InputError(f"--{name} is a whole number from 1 to 64, and it is {given!r:.40}")
    return int(given)
