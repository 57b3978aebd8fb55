"""Pictures as PNG, for places that take nothing else. This is the one file that knows the renderer, an extra.

The renderer knows no variables in style sheets, so each ink is put in where it is used.
"""

from __future__ import annotations

import re
from typing import Any

from ..errors import FileError
from .drawing import Drawing
from .svg import DARK, LIGHT, Theme, svg

__all__ = ["png"]


def png(drawing: Drawing, theme: Theme = "light", *, scale: float = 2.0) -> bytes:
    """The PNG of a drawing, at so many pixels a unit. Raises: FileError where the renderer is not installed."""
    try:
        import resvg_py
    except ImportError:
        raise FileError("a PNG needs a renderer, the package resvg-py (the extra `png`): install it, or save as .svg") from None
    inks = DARK if theme == "dark" else LIGHT
    text = re.sub(r"@media print\{.*?\}\}", "", svg(drawing, theme=theme))
    text = re.sub(r"var\(--(\w+)\)", lambda found: inks[found[1]], text)
    renderer: Any = resvg_py
    return bytes(renderer.svg_to_bytes(svg_string=text, zoom=scale, background=inks["paper"]))
