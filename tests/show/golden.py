"""Golden files: pictures that somebody has looked at. `REDRAW=1` draws them anew, and then they are looked at again."""

import os
from pathlib import Path

FOLDER = Path(__file__).parent / "golden"


def same(name: str, text: str) -> None:
    """Assert that the picture is the golden one, byte for byte."""
    path = FOLDER / name
    if os.environ.get("REDRAW"):
        path.write_text(text, encoding="utf-8", newline="\n")
    assert text == path.read_text(encoding="utf-8")
