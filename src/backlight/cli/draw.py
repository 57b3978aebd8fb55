"""Pictures as files, beside what is printed: `--svg`, `--html`, `--dot`, `--png` and `--steps`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ..core.graph import Graph
from ..run.record import Run

__all__ = ["KINDS", "draw"]

KINDS: Final = ("svg", "html", "dot", "png", "steps")


def draw(subject: Graph | Run, options: Mapping[str, str]) -> list[str]:
    """Write the files that were asked for, and say which. Raises: FileError where one cannot be written."""
    asked = [kind for kind in KINDS if kind in options]
    if not asked:
        return []
    from ..show.folding import folded
    from ..show.picture import Picture
    from ..show.view import tree, view

    seen = view(subject)
    picture = Picture(subject, tree(seen) if "tree" in options else folded(seen))
    notes = []
    for kind in asked:
        if kind == "steps":
            files = picture.save_steps(options[kind])
            notes.append(f"{len(files) - 1} steps drawn in {options[kind]}; {files[-1].name} plays them")
        else:
            notes.append(f"drawn in {picture.save(options[kind], kind)}")
    return notes
