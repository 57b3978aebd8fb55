"""Writing drawings as SVG: one file, readable by browsers, editors and screen readers, light and dark.

Tones become classes and classes become ink by a style sheet inside the file, which follows the reader's choice of light
or dark unless the writer fixes it, and prints in greys that still tell things apart: parameters are hatched by a heavy
frame, constants dashed, the output double. Each mark carries the number of its node as `data-node`.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from itertools import pairwise
from typing import Literal

from .drawing import Dot, Drawing, Flag, Frame, Heat, Line, Mark, Text
from .heat import data_url

__all__ = ["Theme", "inked", "style", "svg"]

Theme = Literal["auto", "light", "dark"]

LIGHT = {
    "paper": "#ffffff", "ink": "#1b1b1b", "quiet": "#5f5f5f", "card": "#fafafa", "frame": "#8a8a8a",
    "forward": "#0072b2", "backward": "#b84a00", "parameter": "#fff3b0", "edge": "#d55e00", "output": "#c00000",
}  # fmt: skip
DARK = {
    "paper": "#16181c", "ink": "#ececec", "quiet": "#a8adb5", "card": "#20242a", "frame": "#7d858f",
    "forward": "#5ab4e5", "backward": "#ff9a55", "parameter": "#4d4413", "edge": "#e8702a", "output": "#ff6b6b",
}  # fmt: skip
FACE = "DejaVu Sans Mono,Menlo,Consolas,Liberation Mono,monospace"
RULES = """
.bl{background:var(--paper);font:12px FACE}
.bl text{fill:var(--ink);white-space:pre}
.bl text.quiet{fill:var(--quiet)}.bl text.strong{font-weight:bold}
.bl text.forward{fill:var(--forward)}.bl text.backward{fill:var(--backward)}
.bl text.wrong,.bl text.bad{fill:var(--output);font-weight:bold}
.bl text.halo{paint-order:stroke;stroke:var(--paper);stroke-width:4;stroke-linejoin:round}
.bl text.flag{fill:var(--paper);font-weight:bold}.bl path.flag{fill:var(--output)}
.bl rect{fill:var(--card);stroke:var(--frame);stroke-width:1}
.bl rect.map{fill:none;stroke-width:.5}
.bl rect.parameter{fill:var(--parameter);stroke-width:2.2}.bl rect.constant{stroke-dasharray:3 2}
.bl rect.output{stroke:var(--output);stroke-width:2}.bl rect.inner{fill:none;stroke:var(--output);stroke-width:1}
.bl path{fill:none;stroke:var(--frame)}.bl path.forward{stroke:var(--forward)}.bl path.backward{stroke:var(--edge)}
.bl path.wrong{stroke:var(--output)}.bl image{image-rendering:pixelated}.bl image.quiet{opacity:.4}
.bl circle{fill:var(--ink);stroke:var(--ink);stroke-width:1.5}
.bl circle.forward{fill:var(--forward);stroke:var(--forward)}.bl circle.backward{fill:var(--edge);stroke:var(--edge)}
.bl circle.hollow{fill:var(--paper)}.bl path.strong{stroke:var(--ink)}.bl path.quiet{stroke:var(--frame);opacity:.45}
.bl path.dot{fill:var(--ink);stroke:var(--ink);stroke-width:1.5;opacity:1}
.bl path.dot.forward{fill:var(--forward);stroke:var(--forward)}.bl path.dot.backward{fill:var(--edge);stroke:var(--edge)}
.bl path.dot.hollow{fill:var(--paper)}.bl path.dot.quiet{stroke:var(--quiet);stroke-width:2}
.bl path.tip{stroke:none;fill:var(--frame)}.bl path.tip.forward{fill:var(--forward)}.bl path.tip.backward{fill:var(--edge)}
.bl path.tip.wrong{fill:var(--output)}
""".replace("FACE", FACE)
SHAPES = {
    "square": "M-4-4H4V4H-4z", "triangle": "M0-5L5 4H-5z", "diamond": "M0-5.5L5.5 0L0 5.5L-5.5 0z",
    "cross": "M-4-4L4 4M-4 4L4-4",
}  # fmt: skip
GREYS = {
    "paper": "#fff", "ink": "#000", "quiet": "#444", "card": "#fff", "frame": "#666",
    "forward": "#000", "backward": "#333", "parameter": "#e6e6e6", "edge": "#888", "output": "#000",
}  # fmt: skip


def svg(drawing: Drawing, *, theme: Theme = "auto", identity: str = "", role: Literal["img", "group"] = "img") -> str:
    """A drawing as the text of an SVG file.

    `theme` fixes light or dark; "auto" follows the reader. `identity` keeps apart several pictures on one page. The role
    is what a screen reader takes it for: one image, or a group of things to walk through.
    """
    width, height = _short(drawing.width), _short(drawing.height)
    size = f'width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
    names = f'role="{role}" aria-labelledby="{identity}title {identity}twin"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" xml:space="preserve" class="bl" {names} {size}>',
        f'<title id="{identity}title">{escape(drawing.title)}</title>',
        f'<desc id="{identity}twin">{escape(drawing.twin)}</desc>',
        f"<style>{style(theme)}</style>",
    ]
    if theme != "auto":
        parts.append(f'<path style="fill:var(--paper);stroke:none" d="M0 0H{width}V{height}H0z"/>')
    parts += [inked(mark) for mark in drawing.marks]
    parts.append("</svg>\n")
    return "\n".join(parts)


def inked(mark: Mark) -> str:
    """One mark as SVG elements."""
    if isinstance(mark, Line):
        return _line(mark)
    if isinstance(mark, Frame):
        return _frame(mark)
    if isinstance(mark, Dot):
        return _dot(mark)
    if isinstance(mark, Flag):
        return _flag(mark)
    return _text(mark) if isinstance(mark, Text) else _heat(mark)


def _dot(mark: Dot) -> str:
    words = f"{mark.tone}{' hollow' if mark.hollow else ''}"
    if mark.shape != "disc":
        way = SHAPES[mark.shape]
        return f'<path class="dot {words}" transform="translate({_short(mark.x)} {_short(mark.y)})" d="{way}"{_node(mark.node)}/>'
    return f'<circle class="{words}" cx="{_short(mark.x)}" cy="{_short(mark.y)}" r="4.5"{_node(mark.node)}/>'


def _flag(mark: Flag) -> str:
    left, middle, right = map(_short, (mark.x - 15, mark.x - 6, mark.x + 3))
    bottom, top, foot = map(_short, (mark.y + 7, mark.y - 10, mark.y + 5))
    sign = f'<text class="flag" x="{middle}" y="{foot}" text-anchor="middle"{_node(mark.node)}>!</text>'
    return f'<path class="flag" d="M{left} {bottom}L{middle} {top}L{right} {bottom}z"{_node(mark.node)}/>{sign}'


def style(theme: Theme = "auto") -> str:
    """The style sheet: inks for light and dark, and what each tone is drawn with."""
    light, dark, grey = (_inks(inks) for inks in (LIGHT, DARK, GREYS))
    if theme == "auto":
        inks = f"{light}@media(prefers-color-scheme:dark){{{dark}}}"
    else:
        inks = light if theme == "light" else dark
    return f"{inks}@media print{{{grey}}}" + RULES.replace("\n", "")


def _inks(inks: dict[str, str]) -> str:
    return ".bl{" + ";".join(f"--{name}:{value}" for name, value in inks.items()) + "}"


def _short(x: float) -> str:
    return f"{x:.1f}".removesuffix(".0")


def _node(number: int) -> str:
    return f' data-node="{number}"' if number >= 0 else ""


def _frame(mark: Frame) -> str:
    x, y, width, height = map(_short, (mark.x, mark.y, mark.width, mark.height))
    words = f"{mark.tone}{' output' if mark.output else ''}{' chip' if mark.chip else ''}"
    round_ = "11" if mark.chip else "4"
    found = f'<rect class="{words}" x="{x}" y="{y}" width="{width}" height="{height}" rx="{round_}"{_node(mark.node)}'
    found += f"><title>{escape(mark.words)}</title></rect>" if mark.words else "/>"
    if mark.output:
        inner = map(_short, (mark.x + 3, mark.y + 3, mark.width - 6, mark.height - 6))
        x, y, width, height = inner
        round_ = "8" if mark.chip else "2"
        found += f'<rect class="inner" x="{x}" y="{y}" width="{width}" height="{height}" rx="{round_}"/>'
    return found


def _text(mark: Text) -> str:
    anchor = "" if mark.align == "start" else f' text-anchor="{mark.align}"'
    size = "" if mark.size == 1.0 else f' font-size="{_short(12 * mark.size)}"'
    words = escape(mark.text)
    if "⋮" in words:                                       # many typefaces lack it, and another's may be of another width
        words = words.replace("⋮", f'<tspan textLength="{7.22 * mark.size:.2f}" lengthAdjust="spacingAndGlyphs">⋮</tspan>')
    look = mark.tone + (" bad" if mark.bad else "") + (" halo" if mark.halo else "")
    place = f'x="{_short(mark.x)}" y="{_short(mark.y)}"'
    return f'<text class="{look}" {place}{anchor}{size}{_node(mark.node)}>{words}</text>'


def _line(mark: Line) -> str:
    width = "" if mark.weight == 1.0 else f' stroke-width="{_short(mark.weight)}"'
    dashes = ' stroke-dasharray="4 3"' if mark.dashed else ""
    operand = f' data-operand="{mark.operand}"' if mark.operand else ""
    words = f"{mark.tone}{' afar' if mark.afar else ''}"
    found = f'<path class="{words}" d="{_way(mark.points, mark.curved)}"{width}{dashes}{operand}{_node(mark.node)}/>'
    if mark.arrow:                                         # values arrive at the top of a line, gradients at its foot
        up = mark.tone not in ("backward", "wrong")
        x, y = mark.points[0] if up else mark.points[-1]
        back = 7.0 if up else -7.0
        size = 3.0 + mark.weight / 2
        tip = f"M{_short(x)} {_short(y)}L{_short(x - size)} {_short(y + back)}H{_short(x + size)}z"
        found += f'<path class="tip {mark.tone}" d="{tip}"/>'
    return found


def _way(points: Sequence[tuple[float, float]], curved: bool) -> str:
    """Upright pieces straight, slanted ones, where they may be curved, as curves that leave and arrive upright."""
    if not curved:
        return "M" + "L".join(f"{_short(x)} {_short(y)}" for x, y in points)
    way = [f"M{_short(points[0][0])} {_short(points[0][1])}"]
    for (ax, ay), (bx, by) in pairwise(points):
        if abs(ax - bx) < 0.05:
            way.append(f"V{_short(by)}")
        else:
            middle = _short((ay + by) / 2)
            way.append(f"C{_short(ax)} {middle} {_short(bx)} {middle} {_short(bx)} {_short(by)}")
    return "".join(way)


def _heat(mark: Heat) -> str:
    x, y, width, height = map(_short, (mark.x, mark.y, mark.width, mark.height))
    faint = ' class="quiet"' if mark.tone == "quiet" else ""
    return (
        f'<image{faint} x="{x}" y="{y}" width="{width}" height="{height}" preserveAspectRatio="none" '
        f'href="{data_url(mark.values)}"{_node(mark.node)}/>'
        f'<rect class="map" x="{x}" y="{y}" width="{width}" height="{height}"/>'
    )
