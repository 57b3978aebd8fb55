"""Write the pictures of the studio in `studio/`, each with its text twin: the page itself in a real browser.

    .venv/bin/python docs/make_studio.py

It needs Chromium. Whoever changes how the page looks runs this again and looks at what has changed; a test holds the twins
against the page.
"""

from __future__ import annotations

import struct
import sys
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

FOLDER = Path(__file__).with_name("studio")
sys.path.insert(0, str(FOLDER.parents[1]))

from tests.browser import launched  # noqa: E402 - found only now
from tests.page.studio import Page, visit  # noqa: E402
from tests.studio.server import studio  # noqa: E402

from backlight.live.document import Look  # noqa: E402
from backlight.live.lessons import LESSONS  # noqa: E402

__all__ = ["SCENES", "shown"]

SIZE = {"width": 1180, "height": 720}
COLOURS = 128            # of a picture: letters keep their edges, and the file is a third of what the browser makes
LESSON = {lesson.key: lesson.document for lesson in LESSONS}


def neuron(page: Page) -> None:
    """A neuron, and the story of its sum."""
    node = page.state("graph.cards.find(c => c.name === 'z').node")
    page.page.evaluate("(node) => backlight.dispatch({type: 'select', node})", node)


def backward(page: Page) -> None:
    """A gradient on its way down."""
    page.tab("Story")
    page.page.get_by_label("step", exact=True).fill("12")


def saddle(page: Page) -> None:
    """What descent sees of a saddle, and where it goes."""
    page.tab("Landscape")
    page.ready()
    page.page.get_by_role("tabpanel").evaluate("(panel) => { panel.scrollTop = panel.scrollHeight }")


SCENES: dict[str, tuple[str, Callable[[Page], None]]] = {
    "neuron": ("neuron", neuron), "backward": ("product", backward), "saddle": ("saddle", saddle),
}  # fmt: skip


def shown(browser: Any, served: Any, name: str) -> tuple[bytes, str]:
    """A scene as PNG and as text."""
    lesson, act = SCENES[name]
    found = replace(LESSON[lesson], look=Look())
    with visit(browser, served, found, viewport=SIZE, reduced_motion="reduce") as page:
        act(page)
        page.ready().frame()
        page.page.evaluate("() => document.fonts.ready")
        taken = page.page.screenshot()
        caption = page.page.get_by_test_id("caption").inner_text()
        page.tab("Share")
        page.ready()
        twin = page.page.get_by_test_id("twin").inner_text()
    return smaller(taken), f"{found.text}\n\n{caption}\n\n{twin}\n"


def smaller(png: bytes) -> bytes:
    """The same picture with few colours."""
    pixels = pixels_of(png)
    colours, counts = np.unique(pixels.reshape(-1, 3) // 8, axis=0, return_counts=True)
    kept = colours[np.argsort(-counts, kind="stable")[:COLOURS]].astype(int)
    far = ((colours[:, None, :].astype(int) - kept) ** 2).sum(axis=2)
    nearest = far.argmin(axis=1).astype(np.uint8)
    codes = {tuple(colour): code for colour, code in zip(colours.tolist(), nearest.tolist(), strict=True)}
    keys, places = np.unique(pixels.reshape(-1, 3) // 8, axis=0, return_inverse=True)
    table = np.array([codes[tuple(key)] for key in keys.tolist()], np.uint8)
    rows = table[places.reshape(-1)].reshape(pixels.shape[:2])
    palette = np.minimum(255, kept * 8 + kept // 4).astype(np.uint8)  # 31 is white again
    raw = np.hstack([np.zeros((len(rows), 1), np.uint8), rows]).tobytes()
    head = struct.pack(">IIBBBBB", rows.shape[1], rows.shape[0], 8, 3, 0, 0, 0)
    parts = [(b"IHDR", head), (b"PLTE", palette.tobytes()), (b"IDAT", zlib.compress(raw, 9)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(kind, data) for kind, data in parts)


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def pixels_of(png: bytes) -> Any:
    """The pixels of a PNG of eight bits a colour, as (height, width, 3)."""
    at, packed = 8, b""
    while at < len(png):
        size, kind = struct.unpack(">I4s", png[at : at + 8])
        data = png[at + 8 : at + 8 + size]
        if kind == b"IHDR":
            width, height, _, colour = struct.unpack(">IIBB", data[:10])
        packed += data if kind == b"IDAT" else b""
        at += 12 + size
    depth = {2: 3, 6: 4}[colour]
    rows = np.frombuffer(zlib.decompress(packed), np.uint8).reshape(height, 1 + width * depth)
    made = np.zeros((height, width, depth), np.uint8)
    above = np.zeros((width, depth), int)
    for y, row in enumerate(rows):
        above = unfiltered(int(row[0]), row[1:].reshape(width, depth).astype(int), above)
        made[y] = above
    return made[:, :, :3]


def unfiltered(kind: int, row: Any, above: Any) -> Any:
    """One row of a PNG, as its filter left it, made whole again."""
    if kind == 0:
        return row
    if kind == 2:
        return (row + above) % 256
    if kind == 1:
        return np.cumsum(row, axis=0) % 256
    found = np.zeros_like(row)
    left, corner = np.zeros(row.shape[1], int), np.zeros(row.shape[1], int)
    for x in range(len(row)):
        up = above[x]
        guess = (left + up) // 2 if kind == 3 else paeth(left, up, corner)
        left, corner = (row[x] + guess) % 256, up
        found[x] = left
    return found


def paeth(left: Any, up: Any, corner: Any) -> Any:
    """Whichever of the three is nearest to left + up − corner."""
    away = [abs(up - corner), abs(left - corner), abs(left + up - 2 * corner)]
    return np.where((away[0] <= away[1]) & (away[0] <= away[2]), left, np.where(away[1] <= away[2], up, corner))


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    with studio() as served, launched() as browser:
        for name in SCENES:
            png, text = shown(browser, served, name)
            (FOLDER / f"{name}.png").write_bytes(png)
            (FOLDER / f"{name}.txt").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
