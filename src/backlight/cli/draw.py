"""What a picture shows, and pictures as files: `--svg`, `--html`, `--dot`, `--png` and `--steps`."""

from __future__ import annotations

import builtins
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from .. import errors
from ..core.graph import Graph
from ..errors import InputError
from ..run.record import Run

if TYPE_CHECKING:
    from ..show.view import View

__all__ = ["CHOICES", "KINDS", "draw", "levels", "rate_of", "seen"]

KINDS: Final = ("svg", "html", "dot", "png", "steps")
CHOICES: Final = ("tree", "near", "up", "down", "detail", "parameters")  # of what is shown, and how


def draw(subject: Graph | Run, options: Mapping[str, str]) -> list[str]:
    """Write the files that were asked for, and say which. Raises: FileError where one cannot be written."""
    asked = [kind for kind in KINDS if kind in options]
    if not asked:
        return []
    from ..show.account import titled
    from ..show.detail import detailed
    from ..show.folding import folded
    from ..show.picture import Picture
    from ..show.trust import checked
    from ..show.view import stepped

    shown = seen(subject, options)
    if "near" not in options and "tree" not in options:
        shown = folded(shown)
    wish: Any = options.get("detail", "auto")
    rate = rate_of(options) if "descend" in options else None
    if rate is not None:
        shown = stepped(shown, rate)
    if "check" in options and isinstance(subject, Run):
        shown = checked(shown, subject)
    picture = Picture(subject, detailed(shown, wish), titled(subject))
    notes = []
    for kind in asked:
        if kind == "steps":
            files = picture.save_steps(options[kind], rate)
            notes.append(f"{len(files) - 1} steps drawn in {options[kind]}; {files[-1].name} plays them")
        else:
            notes.append(f"drawn in {picture.save(options[kind], kind)}")
    return notes


def seen(subject: Graph | Run, options: Mapping[str, str]) -> View:
    """The nodes that are asked for: all of them, as a tree, or those near one. Raises: NameError for a node that is not there."""
    from ..show.view import neighbourhood, tree, view

    graph = subject.graph if isinstance(subject, Run) else subject
    learnt = [name.strip() for name in options.get("parameters", "").split(",") if name.strip()]
    shown = view(subject, learnt)
    if "near" in options:
        word = options["near"]
        number = graph.number(int(word) if word.isdigit() else word)
        return neighbourhood(shown, number, levels(options, "up"), levels(options, "down"))
    for name in ("up", "down"):
        if name in options:
            raise InputError(f"--{name} says how far to look from a node: name it, as in --near {graph.input_names[0]}")
    return tree(shown) if "tree" in options else shown


def rate_of(options: Mapping[str, str]) -> float:
    """The learning rate of `--descend`, 0.01 unless it is said."""
    word = options["descend"] or "0.01"
    try:
        return float(word)
    except builtins.ValueError:
        raise InputError(f"--descend is a learning rate such as 0.01, and it is {word!r:.40}") from None


def levels(options: Mapping[str, str], name: str) -> int:
    """How many edges to follow, 1 unless it is said."""
    text = options.get(name, "1")
    if not text.isdecimal():
        raise errors.ValueError(f"--{name} is a whole number from 0, and it is {text!r:.40}")
    return int(text)
