"""A session's news kept in a file: a page that works with the network off, its sliders through WebAssembly.

The page is the same module that the studio serves. What a session would have said is written into it: the picture, the block,
the code, and the story of every node, which holds for all values. Where the module was not built into this copy, the file is
the plain page of pictures instead.
"""

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from collections.abc import Iterator
from html import escape
from importlib.resources import files
from typing import Any, Final

import numpy as np

from ..core.types import Type
from ..errors import GraphError, LimitError
from . import news as n
from .code import compiled
from .data import kind_of, to_data
from .document import VERSION
from .limits import LIMITS
from .picture import picture, seen
from .reading import spans
from .sheet import Sheet
from .told import story
from .typeset import formulas
from .verdicts import verdicts
from .wishes import Check, Story

__all__ = ["bundle", "page", "recorded"]

STORIES: Final = 400     # nodes; of a larger graph no stories are kept
NUMBERS: Final = 600     # numbers of arrays whose stories are kept too, first those of nodes that come first
PAGE: Final = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<title>{title}</title>
{styles}<script type="application/json" id="backlight-news">{news}</script>
</head>
<body>
<div id="backlight">{still}</div>
<script type="module">{script}</script>
</body>
</html>
"""


def bundle() -> tuple[str, str] | None:
    """The module of the page and its styles; None where they were not built into this copy."""
    web = files("backlight").joinpath("web")
    script, styles = web.joinpath("backlight.js"), web.joinpath("backlight.css")
    if not script.is_file():
        return None
    return script.read_text(encoding="utf-8"), styles.read_text(encoding="utf-8") if styles.is_file() else ""


def page(sheet: Sheet, built: tuple[str, str], still: str) -> str:
    """The file. `still` is what is seen before the module has run, and where scripts are off."""
    script, styles = built
    script = script.replace("</script", "<\\/script").replace("<!--", "<\\!--")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = (
        f"default-src 'none'; script-src 'sha256-{digest}' 'wasm-unsafe-eval'; style-src 'unsafe-inline'; "
        "img-src data: blob:; font-src data:; base-uri 'none'; form-action 'none'"
    )
    return PAGE.format(
        policy=policy, title=escape(sheet.document.title or "Backlight"), styles=f"<style>{styles}</style>\n" if styles else "",
        news=embedded(recorded(sheet)), still=still, script=script,
    )  # fmt: skip


def embedded(data: Any) -> str:
    """JSON that may stand inside a page."""
    return json.dumps(data, allow_nan=False, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")


def recorded(sheet: Sheet) -> dict[str, Any]:
    """The document and everything that was said of it, as the page's `Recording`."""
    told = list(numbers(sheet))
    text = json.dumps([answered(sheet, Story(*one)) for one in told], allow_nan=False, ensure_ascii=False, separators=(",", ":"))
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)  # one story of a number is much like the next
    packed = packer.compress(text.encode()) + packer.flush()
    return {
        "document": to_data(sheet.document), "news": list(said(sheet)),
        "numbers": {"nodes": list(dict.fromkeys(node for node, _ in told)), "packed": base64.b64encode(packed).decode()},
    }  # fmt: skip


def said(sheet: Sheet) -> Iterator[dict[str, Any]]:
    """The news in order, those that answer a wish together with it."""
    graph, look = sheet.reading.graph, sheet.document.look
    yield kept(n.Welcome(VERSION, (), (), (), (), LIMITS, sheet.document))
    yield kept(n.Opened(sheet.revision, sheet.inputs(), spans(sheet.document.text), sheet.note))
    yield kept(n.Formula(formulas(graph)))
    yield kept(picture(sheet.run, seen(sheet.explained(), look, bare=True), look, revision=sheet.revision, learning=sheet.learning))
    yield kept(n.Values(sheet.revision, 1), sheet.run.block.tobytes())
    yield kept(verdicts(sheet, Check()))
    try:
        yield kept(*compiled(sheet.run.graph, sheet.revision))
    except (GraphError, LimitError) as error:
        yield kept(n.Absent(sheet.revision, f"this file shows one moment only: {error}"))
    for node in range(graph.forward_count) if graph.forward_count <= STORIES else ():
        yield answered(sheet, Story(node))


def numbers(sheet: Sheet) -> Iterator[tuple[int, tuple[int, ...]]]:
    """The numbers whose stories are kept: all of an array, or none."""
    graph, left = sheet.reading.graph, NUMBERS
    for node in range(graph.forward_count) if graph.forward_count <= STORIES else ():
        kind = graph.nodes[node].type
        if isinstance(kind, Type) and kind.rank and 0 < kind.size <= left and graph.nodes[node].op.name != "const":
            left -= kind.size
            yield from ((node, element) for element in np.ndindex(kind.shape))


def answered(sheet: Sheet, wish: Story) -> dict[str, Any]:
    """The story of a node or of one of its numbers, with the wish that it answers."""
    return kept(story(sheet, wish)) | {"wish": {"kind": "story", **to_data(wish)}}


def kept(news: Any, data: bytes | None = None) -> dict[str, Any]:
    """One piece of news as the page reads it back."""
    found = {"news": {"kind": kind_of(type(news)), **to_data(news)}}
    return found if data is None else found | {"bytes": base64.b64encode(data).decode()}
