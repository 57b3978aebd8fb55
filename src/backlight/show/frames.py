"""A run told step by step: the graph built from the bottom up, values going up, gradients coming down, the update.

Nothing moves between two frames: all of them are one drawing, of which more and more is shown. A frame is a drawing of
its own (numbered files, `numbered`), or all are one SVG that plays, pauses, steps back and forth and can be scrubbed,
with the mouse or from the keyboard (`animated`); where scripts do not run it shows the end.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from html import escape
from importlib.resources import files

from .card import after_step
from .drawing import Drawing, Flag, Heat, Line, Mark, Text
from .figures import inline
from .graph import EDGE, drawn
from .svg import Theme, inked, style, svg
from .view import View, stepped

__all__ = ["Film", "animated", "film", "numbered"]

CAPTION = 30.0           # px of height for the caption
CONTROLS = 34.0          # px for the row of controls
BUTTONS = ".bl .button{cursor:pointer}.bl .button:focus-visible{outline:3px solid var(--forward)}"


@dataclass(frozen=True, slots=True)
class Film:
    """A drawing, the step at which each of its marks appears, and the caption of every step."""

    drawing: Drawing
    steps: tuple[int, ...]
    captions: tuple[str, ...]

    def frame(self, step: int) -> Drawing:
        """What is seen at one step, with its caption."""
        seen = [mark for mark, first in zip(self.drawing.marks, self.steps, strict=True) if first <= step]
        words = f"{step + 1} of {len(self.captions)}   {self.captions[step]}"
        caption = Text(EDGE, self.drawing.height + CAPTION / 2, words, "strong")
        return replace(
            self.drawing, height=self.drawing.height + CAPTION, marks=(*seen, caption), title=f"{self.drawing.title}: {words}"
        )


def film(seen: View, *, learning_rate: float | None = None) -> Film:
    """The frames of a graph (how it is built) or of a run (forward and backward pass, and with a rate the update)."""
    seen = seen if learning_rate is None else stepped(seen, learning_rate)
    drawing = drawn(seen)
    order = [card.number for card in seen.cards]
    captions = [f"build {card.name}" for card in seen.cards]
    building = {number: step for step, number in enumerate(order)}
    forward: dict[int, int] = {}
    for card in seen.cards:
        if card.value is not None and card.kind != "constant":      # a constant has its value from the beginning
            forward[card.number] = len(captions)
            captions.append(f"forward: {card.name} = {inline(card.value, 6)}")
    backward: dict[int, int] = {}
    for card in reversed(seen.cards):
        if card.gradient is not None:
            backward[card.number] = len(captions)
            captions.append(f"backward: the gradient of {card.name} is {inline(card.gradient, 6)} {card.total}".rstrip())
    update: dict[int, int] = {}
    for card in seen.cards:
        if card.update and card.number not in update:
            update[card.number] = len(captions)
            new = inline(after_step(card), 6)
            value, gradient = inline(card.value, 6), inline(card.gradient, 6)
            captions.append(f"update: {card.name} becomes {value} + (−{card.update:g} · {gradient}) = {new}")
    steps = tuple(_step(mark, building, forward, backward, update) for mark in drawing.marks)
    return Film(drawing, steps, tuple(captions))


def _step(
    mark: Mark, building: dict[int, int], forward: dict[int, int], backward: dict[int, int], update: dict[int, int]
) -> int:
    """When a mark appears: a card and its edges when they are built, a number when it is known."""
    if mark.node < 0:
        return 0
    if isinstance(mark, (Text, Heat, Flag)) and mark.tone == "forward":
        return forward.get(mark.node, building[mark.node])
    if isinstance(mark, (Text, Heat, Flag, Line)) and mark.tone in ("backward", "wrong"):
        return backward.get(mark.node, building[mark.node])
    if isinstance(mark, Text) and mark.tone == "parameter":
        return update.get(mark.node, building[mark.node])
    return building[mark.node]


def numbered(told: Film, *, theme: Theme = "auto") -> list[tuple[str, str]]:
    """File names, in order, and the SVG of each frame."""
    digits = len(str(len(told.captions)))
    return [(f"{step + 1:0{digits}}.svg", svg(told.frame(step), theme=theme)) for step in range(len(told.captions))]


def animated(told: Film, *, theme: Theme = "auto", seconds_a_step: float = 0.8) -> str:
    """One SVG that plays all frames: space pauses, the arrows step, Home and End go to the ends."""
    drawing = told.drawing
    width = max(drawing.width, 460.0)
    height = drawing.height + CAPTION + CONTROLS
    names = f'tabindex="0" role="group" aria-label="{escape(drawing.title)}"'
    size = f'width="{width:g}" height="{height:g}" viewBox="0 0 {width:g} {height:g}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" xml:space="preserve" class="bl" {names} {size}>',
        f"<title>{escape(drawing.title)}</title>",
        f"<desc>{escape(drawing.twin)}</desc>",
        f"<style>{style(theme)}.bl .hidden{{visibility:hidden}}{BUTTONS}</style>",
    ]
    # What is worked stands above the picture, in sight however tall that is.
    parts.append(_controls(width, told.captions[-1] if told.captions else ""))
    parts.append(f'<g transform="translate(0 {CAPTION + CONTROLS:g})">')
    for step, marks in _by_step(told):
        parts.append(f'<g data-step="{step}">')
        parts += [inked(mark) for mark in marks]
        parts.append("</g>")
    parts.append("</g>")
    script = files("backlight.show").joinpath("film.js").read_text(encoding="utf-8")
    told_data = json.dumps({"captions": told.captions, "milliseconds": round(1000 * seconds_a_step)}, ensure_ascii=False)
    safe = told_data.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    parts.append(f"<script><![CDATA[\n{script.replace('/* FILM */ null', safe)}]]></script>")
    parts.append("</svg>\n")
    return "\n".join(parts)


def _by_step(told: Film) -> list[tuple[int, list[Mark]]]:
    """Stretches of marks that appear together, in the order of drawing."""
    found: list[tuple[int, list[Mark]]] = []
    for mark, step in zip(told.drawing.marks, told.steps, strict=True):
        if found and found[-1][0] == step:
            found[-1][1].append(mark)
        else:
            found.append((step, [mark]))
    return found


def _controls(width: float, caption: str) -> str:
    """The caption, the buttons and the bar to scrub."""
    buttons: Sequence[tuple[str, str, str]] = (
        ("first", "to the start", "M4 2V16H6V2zM18 2V16L7 9z"),
        ("back", "one step back", "M16 2V16L4 9z"),
        ("play", "play or pause", "M2 2V16L11 9z M13 2V16H15V2z M17 2V16H19V2z"),
        ("forth", "one step on", "M4 2V16L16 9z"),
        ("last", "to the end", "M2 2V16L13 9z M14 2V16H16V2z"),
    )
    row = 10.0
    where = f'x="{EDGE:g}" y="{row + CONTROLS + 12:g}"'
    parts = [f'<text class="strong" id="caption" aria-live="polite" {where}>{escape(caption)}</text>']
    for place, (action, words, shape) in enumerate(buttons):
        x = EDGE + 30 * place
        parts.append(
            f'<g class="button" role="button" tabindex="0" aria-label="{words}" data-action="{action}" '
            f'transform="translate({x:g} {row:g})"><rect width="24" height="20" rx="3"/>'
            f'<path class="tip" style="fill:var(--ink)" transform="translate(2 1)" d="{shape}"/></g>'
        )
    x, wide = EDGE + 164, width - 2 * EDGE - 168
    parts.append(
        f'<g class="button" id="bar" role="slider" tabindex="0" aria-label="step" aria-valuemin="1" '
        f'data-x="{x:g}" data-width="{wide:g}">'
        f'<rect x="{x:g}" y="{row + 5:g}" width="{wide:g}" height="10" rx="5"/>'
        f'<rect id="done" class="parameter" x="{x:g}" y="{row + 5:g}" width="{wide:g}" height="10" rx="5"/></g>'
    )
    return "\n".join(parts)
