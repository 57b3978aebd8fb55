"""A page that holds everything: one HTML file that opens from disk with the network off.

It shows the picture, to be panned and zoomed; a click, or Enter on a node, tells the node's story beside it, with its
formulas as MathML, set in a typeface that the page holds; below stands the same content as a table. The page does no
arithmetic and knows no operation: stories are written here, and `page.js` shows and hides them. What is looked at is kept
in the address, so a link is a place.
"""

from __future__ import annotations

import base64
from collections.abc import Collection
from html import escape
from importlib.resources import files

import numpy as np

from ..core.graph import Graph
from ..explain.births import alarm
from ..explain.letters import lettered
from ..explain.page import Page, Step
from ..explain.story import node_steps
from ..run.record import Run
from .account import titled
from .card import Card, Joint
from .detail import detailed
from .drawing import Drawing, Frame, Text
from .face import short
from .figures import inline, marked, number
from .folding import folded
from .graph import drawn
from .svg import Theme, inked, style, svg
from .view import View, view

__all__ = ["fragment", "html"]

WHOLE = 400              # numbers of an array that are written out in its story
AFAR = 32.0              # px: the largest letters on a card that is looked at from afar
DIGITS = 4               # of the numbers of arrays in a story; all of them stand below it
HELP = (
    "Choose a node: click it, or press Tab and Enter. From there ↑ goes to what uses it, ↓ to its first operand, "
    "← and → to the operands beside it; + and − zoom, 0 shows all, Escape leaves."
)
BUTTONS = "".join(
    [
        '<div role="toolbar" aria-label="picture">',
        '<button type="button" data-do="in" aria-label="larger">+</button>',
        '<button type="button" data-do="out" aria-label="smaller">−</button>',
        '<button type="button" data-do="fit">fit</button>',
        "</div>",
    ]
)
POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:; font-src data:"


def html(
    subject: Graph | Run,
    *,
    seen: View | None = None,
    parameters: Collection[str | int] = (),
    title: str = "",
    theme: Theme = "auto",
) -> str:
    """A graph or a run as one HTML page. `seen` is the view of it to draw, all of it or folded unless given."""
    seen = detailed(folded(view(subject, parameters))) if seen is None else seen
    picture = drawn(seen, title=title or titled(subject), afar=True)
    run = subject if isinstance(subject, Run) else None
    script, look = (files("backlight.show").joinpath(name).read_text(encoding="utf-8") for name in ("page.js", "page.css"))
    parts = [
        "<!doctype html>",
        f'<html lang="en" data-theme="{theme}">',
        "<head>",
        '<meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">',
        f"<title>{escape(picture.title)}</title>",
        f"<style>{style(theme)}\n{typeface()}\n{look}</style>",
        "</head>",
        '<body class="bl">',
        f"<header><h1>{escape(picture.title)}</h1>{BUTTONS}</header>",
        '<main><div id="sheet">',
        svg(picture, theme=theme, role="group").replace("</svg>", f"{_from_afar(picture, seen)}</svg>"),
        '</div><aside id="story" aria-label="story" aria-live="polite" tabindex="0">',
        f'<p class="quiet">{HELP}</p>{_alarm(run)}</aside></main>',
        f'<section aria-label="table"><details><summary>The same as a table</summary>{_table(seen)}</details></section>',
        *_stories(seen, run),
        f"<script>{script}</script>",
        "</body></html>",
        "",
    ]
    return "\n".join(parts)


def _alarm(run: Run | None) -> str:
    """Where a NaN was born, said before anybody asks."""
    page = None if run is None else alarm(run)
    return "" if page is None else page.html()


def _from_afar(picture: Drawing, seen: View) -> str:
    """What stands on the cards while the picture is zoomed out: name, value and gradient in letters as large as fit."""
    cards = {card.number: card for card in seen.cards if card.detail == "card"}
    marks = []
    for frame in picture.marks:
        if isinstance(frame, Frame) and not frame.chip and frame.node in cards:
            lines = short(cards[frame.node])
            wide, tall = frame.width - 14.0, frame.height - 8.0
            high = min(AFAR, tall / len(lines) / 1.2, wide / max(len(line) for line, _, _ in lines) / 0.605)
            high = max(high, min(14.0, tall / len(lines) / 1.2))
            room = int(wide / high / 0.605)
            top = frame.y + 4.0 + (tall - high * 1.2 * len(lines)) / 2
            for row, (line, tone, bad) in enumerate(lines):
                words = line if len(line) <= room else line[: room - 1] + "…"
                y = top + high * (1.2 * row + 0.92)
                marks.append(inked(Text(frame.x + 7.0, y, words, tone, "start", high / 12.0, frame.node, bad)))
    return f'<g class="afar" aria-hidden="true">{"".join(marks)}</g>'


def typeface() -> str:
    """The style sheet's rule that brings the typeface of the formulas along: brackets and sums stretch with it."""
    data = base64.b64encode(files("backlight.show").joinpath("fonts/STIXTwoMath.woff2").read_bytes()).decode()
    return (
        "/* STIX Two Math, copyright 2001-2021 The STIX Fonts Project Authors, SIL Open Font License 1.1, a subset */\n"
        f'@font-face{{font-family:"STIX Two Math";src:url(data:font/woff2;base64,{data}) format("woff2")}}'
    )


def fragment(subject: Graph | Run, *, parameters: Collection[str | int] = ()) -> str:
    """The picture alone, for a page that has others: what a notebook shows."""
    picture = drawn(detailed(folded(view(subject, parameters))), title=titled(subject))
    return f'<div style="overflow:auto">{svg(picture, identity=f"bl{id(subject):x}")}</div>'


def _table(seen: View) -> str:
    """Every node on a row: the picture's twin."""
    operands: dict[int, list[str]] = {}
    for edge in seen.joints:
        operands.setdefault(edge.consumer, []).append(str(seen.cards[edge.operand].number))
    heads = ("node", "name", "type", "operation", "shape", "operands", "value", "gradient")
    rows = ["<tr>" + "".join(f'<th scope="col">{head}</th>' for head in heads) + "</tr>"]
    for place, card in enumerate(seen.cards):
        cells = (
            card.name, card.type, card.signature, card.shape, " ".join(operands.get(place, [])),
            marked(card.value), marked(card.gradient),
        )  # fmt: skip
        rows.append(f'<tr><th scope="row">{card.number}</th>' + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + "</tr>")
    return "<table>" + "".join(rows) + "</table>"


def _stories(seen: View, run: Run | None) -> list[str]:
    """One hidden story a card, and where the arrows lead from it."""
    up: dict[int, list[int]] = {}
    down: dict[int, list[int]] = {}
    asked: dict[int, list[Joint]] = {}
    for edge in seen.joints:
        high, low = seen.cards[edge.consumer].number, seen.cards[edge.operand].number
        down.setdefault(high, []).append(low)
        up.setdefault(low, []).append(high)
        if edge.verdict:
            asked.setdefault(high, []).append(edge)
    called = lettered(run.graph) if run is not None else []
    told: dict[int, str] = {}
    for card in seen.cards:
        links = "".join(
            f' data-{way}="{" ".join(map(str, dict.fromkeys(found[card.number])))}"'
            for way, found in (("up", up), ("down", down))
            if card.number in found
        )
        if run is None or card.kind == "group":
            words = _plain(card)
        else:
            steps = node_steps(run, card.number, called)
            verdicts = [(f"operand {edge.number}: {edge.verdict}",) for edge in asked.get(card.number, ())]
            if verdicts:
                steps.append(Step("small steps", tuple(verdicts), card.number))
            words = Page(f"{card.number}  {card.title}", tuple(steps)).html(DIGITS) + _numbers(card)
        told[card.number] = f'<template data-story="{card.number}" data-title="{escape(card.title)}"{links}>{words}</template>'
    return list(told.values())


def _plain(card: Card) -> str:
    words = f"<section><h2>{escape(f'{card.number}  {card.title}')}</h2><p>{escape(card.signature)} {card.shape}</p>"
    if card.value is None:
        return words + ("" if card.kind == "constant" else "<p>no value yet</p>") + "</section>"
    return words + f"<p>value {escape(inline(card.value, 6))}</p></section>"


def _numbers(card: Card) -> str:
    """Arrays of a size to be read as real tables of numbers, every digit of them."""
    found = []
    for word, value in (("value", card.value), ("gradient", card.gradient)):
        array = np.asarray(value)
        if value is None or array.ndim == 0 or array.size > WHOLE or not array.size:
            continue
        matrix = array.reshape(1, -1) if array.ndim == 1 else array.reshape(-1, array.shape[-1])
        rows = "".join("<tr>" + "".join(f"<td>{number(x)}</td>" for x in row) + "</tr>" for row in matrix)
        found.append(f"<details><summary>{word}, all {array.size} numbers</summary><table>{rows}</table></details>")
    return "".join(found)
