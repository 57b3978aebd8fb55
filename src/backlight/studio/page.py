"""The page as the server sends it: first its frame, which a browser paints at once, then the first news and the end.

The frame is what the module draws a moment later, without anything in it. It needs neither the module nor a worker, so that
whoever opened the studio sees it while both are still being loaded.
"""

from __future__ import annotations

from typing import Final

__all__ = ["head", "tail"]

HEAD: Final = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Backlight</title>
<link rel="icon" href="data:,">
<link rel="modulepreload" href="web/backlight.js">
{styles}<style>
:root {{ --paper: #fff; --ink: #1b1b1b; --quiet: #5a5f66; --line: #c9ced6 }}
@media (prefers-color-scheme: dark) {{ :root {{ --paper: #16181c; --ink: #ececec; --quiet: #a8adb5; --line: #474e58 }} }}
html, body, #backlight {{ height: 100%; margin: 0; background: var(--paper); color: var(--ink) }}
.first {{ height: 100%; font: 15px/1.5 system-ui, "Segoe UI", "DejaVu Sans", sans-serif;
  display: grid; grid-template: auto 1fr / minmax(17rem, 22rem) 1fr minmax(19rem, 25rem) }}
.first h1 {{ grid-column: 1 / -1; margin: 0; padding: 0.5rem 0.8rem; font-size: 1.1rem; border-bottom: 1px solid var(--line) }}
.first p {{ margin: 0; padding: 0.7rem; color: var(--quiet); font-size: 0.85rem; font-weight: 600 }}
.first p + p {{ border-left: 1px solid var(--line) }}
@media (max-width: 1100px) {{ .first {{ display: block }} .first p + p {{ display: none }} }}
</style>
<script type="module" src="web/backlight.js"></script>
</head>
<body>
<div id="backlight"><div class="first"><h1>Backlight</h1><p>Equation</p><p></p><p>{said}</p></div></div>
<noscript>The studio needs JavaScript. Without it, the command `backlight explain` shows the same as text.</noscript>
"""
TAIL: Final = """{greeting}</body>
</html>
"""
STYLES: Final = '<link rel="stylesheet" href="web/backlight.css">\n'
GREETING: Final = '<script type="application/json" id="backlight-welcome">{news}</script>\n'


def head(said: str, *, styled: bool) -> str:
    """The page down to its body, with something said in HTML where there is no module to say it."""
    return HEAD.format(styles=STYLES if styled else "", said=said)


def tail(greeting: str) -> str:
    """The rest of the page, with the first news, in JSON, inside; or without them, then the websocket brings them."""
    news = greeting.replace("<", "\\u003c")
    return TAIL.format(greeting=GREETING.format(news=news) if news else "")
