"""Graphs as DOT text, for those who have Graphviz: the same cards, edges and legend of looks.

Operands keep their order (`ordering=out`), edges are numbered from 1 and every edge is written, two of them for x·x.
"""

from __future__ import annotations

from .card import Card, Joint
from .figures import inline, number, trouble
from .view import View

__all__ = ["dot"]

BLUE, VERMILLION, YELLOW, RED = "#0072b2", "#d55e00", "#fff3b0", "#c00000"


def dot(seen: View, *, name: str = "graph") -> str:
    """A view as DOT text."""
    lines = [
        f"digraph {_quoted(name)} {{",
        '  graph [rankdir=TB, ordering=out, fontname="monospace"];',
        '  node [shape=box, fontname="monospace", style="filled", fillcolor="#fafafa"];',
        '  edge [dir=back, fontname="monospace"];',
    ]
    lines += [_node(place, card) for place, card in enumerate(seen.cards)]
    lines += [_edge(edge) for edge in seen.joints]
    return "\n".join([*lines, "}", ""])


def _node(place: int, card: Card) -> str:
    words = [f"{card.number}  {card.title}", card.signature]
    if card.shape:
        words.append(f"shape {card.shape}")
    if card.value is not None:
        words.append(f"value {_shown(card.value)}")
    elif not card.ran and card.kind != "constant":
        words.append("no value yet")
    if card.gradient is not None:
        words.append(f"gradient {_shown(card.gradient)} {card.total}".rstrip())
    words += card.notes
    looks = [f"label={_quoted(*words)}"]
    if card.kind == "parameter":
        looks += [f'fillcolor="{YELLOW}"', "penwidth=2"]
    if card.kind == "constant":
        looks.append('style="filled,dashed"')
    if card.output:
        looks += [f'color="{RED}"', "peripheries=2"]
    return f"  n{place} [{', '.join(looks)}];"


def _shown(value: object) -> str:
    wrong = trouble(value)
    return (number(value) if getattr(value, "ndim", 0) == 0 else inline(value)) + (f"  ! {wrong}" if wrong else "")


def _edge(edge: Joint) -> str:
    words = [f"↑ {edge.rising}"] if edge.rising else []
    if edge.carries:
        words.append("↓ " + " ".join(edge.product))
    looks = [f'taillabel="{edge.number}"', f'color="{BLUE if edge.value is not None else "#8a8a8a"}"']
    if words:
        looks.append(f"label={_quoted(*words)}")
    if edge.carries:
        looks.append(f'fontcolor="{VERMILLION}"')
    return f"  n{edge.consumer} -> n{edge.operand} [{', '.join(looks)}];"


def _quoted(*lines: str) -> str:
    """A string of DOT; lines are set flush left."""
    safe = [line.replace("\\", "\\\\").replace('"', '\\"') for line in lines]
    return '"' + ("\\l".join(safe) + "\\l" if len(safe) > 1 else safe[0]) + '"'
