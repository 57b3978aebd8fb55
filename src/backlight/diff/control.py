"""The rules of the rows that hold graphs, lent to the table of operations: it is below, and they need to differentiate."""

from __future__ import annotations

from ..core.graph import Above
from .choices import block_inside, block_move, block_pull, cond_inside, cond_move, cond_pull
from .counted import counted_batch, counted_graph, counted_move, counted_pull, counted_types, counted_value
from .crowd import block_batch, cond_batch, scan_batch, while_batch
from .inside import keeping
from .loops import scan_inside, scan_move, scan_pull, while_move, while_pull

__all__ = ["keeping"]

Above.control = {
    "block_pull": block_pull, "block_move": block_move, "block_batch": block_batch, "block_inside": block_inside,
    "cond_pull": cond_pull, "cond_move": cond_move, "cond_batch": cond_batch, "cond_inside": cond_inside,
    "scan_pull": scan_pull, "scan_move": scan_move, "scan_batch": scan_batch, "scan_inside": scan_inside,
    "counted_pull": counted_pull, "counted_move": counted_move, "counted_batch": counted_batch,
    "counted_types": counted_types, "counted_graph": counted_graph,
    "counted_value": counted_value, "while_pull": while_pull, "while_move": while_move, "while_batch": while_batch,
}  # fmt: skip
