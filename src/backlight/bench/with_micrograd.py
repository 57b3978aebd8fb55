"""The workloads that are made of single numbers, in micrograd."""

from __future__ import annotations

from typing import Any

from . import data
from .contest import Entry, process


def library() -> Any:
    """Return micrograd's one class."""
    import importlib

    return importlib.import_module("micrograd.engine").Value


def polynomial() -> Entry:
    """W1."""
    number = library()

    def call() -> float:
        for _ in range(200):
            x = number(2.0)
            value = (4.0 * x + 1.0) ** 2
            value.backward()
        return float(value.data + x.grad)

    return Entry(call, 200)


def nodes() -> Entry:
    """W9."""
    number = library()
    values = data.w9()

    def call() -> float:
        leaves = [number(x) for x in values]
        z = data.tree(leaves)
        z.backward()
        return float(z.data + leaves[0].grad)

    return Entry(call, data.NODES)


def start() -> Entry:
    """W10."""
    library()
    return process("from micrograd.engine import Value\nx = Value(2.0)\n((4.0 * x + 1.0) ** 2).backward()\nprint(x.grad)")


ENTRIES = {"W1": polynomial, "W9": nodes, "W10": start}
