"""The graph of a document as WebAssembly, so that a page runs it at every move of a slider without asking anybody."""

from __future__ import annotations

from ..core.graph import Graph
from ..core.types import Type
from .news import Address, Code, Filling

__all__ = ["compiled"]


def compiled(graph: Graph, revision: int, to: int = 0) -> tuple[Code, bytes]:
    """The module that computes every node which is neither an input nor a constant, as news and bytes.

    Raises: GraphError where an operation is known to the reference machine only; LimitError where it needs too much memory.
    """
    from ..run.native.page import compile_page

    wanted = [i for i, node in enumerate(graph.nodes) if node.op.name not in ("input", "const") and isinstance(node.type, Type)]
    page = compile_page(graph, wanted)
    code = Code(
        revision, len(page.module.code), page.pages, page.stack,
        tuple(Address(spot.node, spot.address) for spot in page.inputs),
        tuple(Address(spot.node, spot.address) for spot in page.outputs),
        tuple(Filling(start, len(data)) for start, data in page.constants), to,
    )  # fmt: skip
    return code, b"".join([page.module.code, *(data for _, data in page.constants)])


