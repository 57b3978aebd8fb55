"""The graph of a document as WebAssembly, so that a page runs it at every move of a slider without asking anybody."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace
from typing import Final

from ..core.graph import Graph
from ..core.types import Type
from .news import Address, Code, Filling

__all__ = ["compiled"]


KEPT: Final = 64          # modules: a class opens the same lesson at the same time
MODULES: OrderedDict[int, tuple[Code, bytes]] = OrderedDict()


def compiled(graph: Graph, revision: int, to: int = 0) -> tuple[Code, bytes]:
    """The module that computes every node which is neither an input nor a constant, as news and bytes.

    The revision names the graph, so what was compiled for it once is used again.
    Raises: GraphError where an operation is known to the reference machine only; LimitError where it needs too much memory.
    """
    found = MODULES.pop(revision, None) or made(graph, revision)
    MODULES[revision] = found
    if len(MODULES) > KEPT:
        MODULES.popitem(last=False)
    return replace(found[0], to=to), found[1]


def made(graph: Graph, revision: int) -> tuple[Code, bytes]:
    """The module of a graph."""
    from ..run.native.page import compile_page

    wanted = [i for i, node in enumerate(graph.nodes) if node.op.name not in ("input", "const") and isinstance(node.type, Type)]
    page = compile_page(graph, wanted)
    code = Code(
        revision, len(page.module.code), page.pages, page.stack,
        tuple(Address(spot.node, spot.address) for spot in page.inputs),
        tuple(Address(spot.node, spot.address) for spot in page.outputs),
        tuple(Filling(start, len(data)) for start, data in page.constants),
    )  # fmt: skip
    return code, b"".join([page.module.code, *(data for _, data in page.constants)])


