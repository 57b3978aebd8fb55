"""A picture in hand: what is shown, ready to be printed, shown in a notebook, or saved as a file of any kind."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..core.graph import Graph, lent
from ..errors import BacklightError, FileError
from ..run.file import write_whole
from ..run.record import Run
from .account import titled
from .detail import Wish, detailed
from .dot import dot
from .folding import folded
from .frames import animated, film, numbered
from .graph import drawn
from .html import html
from .png import png
from .svg import Theme, svg
from .terminal import text
from .trust import checked
from .view import View, neighbourhood, stepped, view

__all__ = ["Picture", "picture", "written"]


@dataclass(frozen=True, slots=True)
class Picture:
    """A graph or a run, and the view of it to draw. A terminal prints it, a notebook shows it, `save` writes it."""

    subject: Graph | Run
    seen: View
    title: str = ""
    theme: Theme = "auto"

    def __str__(self) -> str:
        return text(self.seen)

    def __repr__(self) -> str:
        return str(self)

    def text(self) -> str:
        """As text, without colour."""
        return text(self.seen, colour=False) + "\n"

    def svg(self) -> str:
        """As SVG."""
        return svg(drawn(self.seen, title=self.title), theme=self.theme)

    def html(self) -> str:
        """As a page that holds everything."""
        return html(self.subject, seen=self.seen, title=self.title, theme=self.theme)

    def dot(self) -> str:
        """As DOT text, for Graphviz."""
        return dot(self.seen, name=self.title or "graph")

    def png(self) -> bytes:
        """As PNG; needs the extra `png`."""
        return png(drawn(self.seen, title=self.title), "light" if self.theme == "auto" else self.theme)

    def animated(self, learning_rate: float | None = None) -> str:
        """As one SVG that plays how the graph is built, run, differentiated and, with a rate, updated."""
        return animated(film(self.seen, learning_rate=learning_rate), theme=self.theme)

    def save(self, path: str | Path, kind: str = "") -> Path:
        """Write a file of a kind, by default the one that its ending names: .svg .html .dot .txt .png.

        Raises: FileError for another ending, or where the file cannot be written.
        """
        file = Path(path)
        writers: dict[str, Callable[[], str | bytes]] = {
            ".svg": self.svg, ".html": self.html, ".dot": self.dot, ".txt": self.text, ".png": self.png,
        }  # fmt: skip
        write = writers.get(f".{kind}" if kind else file.suffix.lower())
        if write is None:
            raise FileError(f"cannot draw to {file.name!r}: the ending is one of .svg .html .dot .txt .png")
        made = write()
        written(file, made if isinstance(made, bytes) else made.encode())
        return file

    def save_steps(self, folder: str | Path, learning_rate: float | None = None) -> list[Path]:
        """Write one numbered SVG a step, and `all.svg`, which plays them, into a folder.

        Raises: FileError where they cannot be written.
        """
        where = Path(folder)
        told = film(self.seen, learning_rate=learning_rate)
        files = [*numbered(told, theme=self.theme), ("all.svg", animated(told, theme=self.theme))]
        try:
            where.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise FileError(f"cannot make the folder {where}: {error.strerror}") from None
        for name, made in files:
            written(where / name, made.encode())
        return [where / name for name, _ in files]

    def widget(self) -> Any:
        """The studio's view of it for a notebook, both ways; needs the extra `notebook`."""
        return lent("widget")(self)

    def _repr_svg_(self) -> str:
        return self.svg()

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        return lent("bundle")(self)  # type: ignore[no-any-return]

    def _display_(self) -> Any:
        """What marimo shows."""
        try:
            return self.widget()
        except BacklightError:
            return Markup(lent("bundle")(self).get("text/html") or self.svg())


@dataclass(frozen=True, slots=True)
class Markup:
    """HTML that a notebook takes as it is."""

    text: str

    def _repr_html_(self) -> str:
        return self.text


def written(file: Path, data: bytes) -> None:
    """Write a file, all or nothing. Raises: FileError where that cannot be done."""
    write_whole(file, [data])


def picture(
    subject: Graph | Run,
    *,
    parameters: Collection[str | int] = (),
    title: str = "",
    theme: Theme = "auto",
    detail: Wish = "auto",
    near: int | str | None = None,
    up: int = 1,
    down: int = 1,
    learning_rate: float | None = None,
    check: bool = False,
) -> Picture:
    """The picture of a graph or a run, folded and drawn small where it is large; or of what stands `near` a node.

    With a learning rate the step of descent stands on every parameter; with `check` every
    edge says what small steps think of its rule.
    Raises: NameError for a node that is not there; ValueError for a detail that is none, or a rate that is not above 0.
    """
    graph = subject.graph if isinstance(subject, Run) else subject
    seen = view(subject, parameters)
    seen = folded(seen) if near is None else neighbourhood(seen, graph.number(near), up, down)
    seen = seen if learning_rate is None else stepped(seen, learning_rate)
    seen = checked(seen, subject) if check and isinstance(subject, Run) else seen
    return Picture(subject, detailed(seen, detail), title or titled(subject), theme)
