"""The document in another form, as a file to keep."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from ..errors import InputError
from ..explain.derive import derive
from ..explain.page import Page
from ..run.record import Run
from ..show.code import code
from ..show.picture import Picture
from ..show.report import report
from .data import to_data
from .document import Document
from .news import File
from .picture import seen
from .reading import BindingError, read
from .recording import bundle, page
from .sheet import Sheet, laid_open, revision_of

__all__ = ["export", "page_of"]


def picture(sheet: Sheet) -> Picture:
    run = sheet.explained()
    return Picture(run, seen(run, sheet.document.look), sheet.document.title)


def pages(sheet: Sheet) -> list[Page]:
    """The derivation of every gradient. Raises: InputError where there is none."""
    run: Run = sheet.explained()
    if not run.graph.grads:
        raise InputError(f"there is nothing to derive: {sheet.note}")
    return [derive(run, None, i) for i in run.graph.inputs if i in run.graph.grads]


def as_json(sheet: Sheet) -> str:
    """The document, which the studio opens again, and the whole run."""
    whole = {"document": to_data(sheet.document), "run": report(sheet.explained())}
    return json.dumps(whole, allow_nan=False, ensure_ascii=False, indent=1)


def html(sheet: Sheet) -> str:
    """A page of one file that answers like the studio; where the studio's page was not built, the plain one."""
    built = bundle()
    shown = picture(sheet)
    return shown.html() if built is None else page(sheet, built, shown.svg())


def page_of(document: Document) -> str:
    """The page of one file for a document that nobody has opened yet. Raises: BacklightError where it cannot be opened."""
    try:
        reading = read(document)
    except BindingError as error:
        raise error.error from None
    return html(laid_open(reading, revision_of(reading)))


def mathml(sheet: Sheet) -> str:
    return "\n".join(page.html() for page in pages(sheet))


def program(dialect: str) -> Callable[[Sheet], str]:
    return lambda sheet: code(sheet.explained(), dialect)


WRITERS: Final[Mapping[str, tuple[str, str, Callable[[Sheet], str | bytes]]]] = {
    "svg": (".svg", "image/svg+xml", lambda sheet: picture(sheet).svg()),
    "png": (".png", "image/png", lambda sheet: picture(sheet).png()),
    "html": (".html", "text/html", html),
    "latex": (".tex", "text/x-tex", lambda sheet: Page.document(pages(sheet))),
    "mathml": (".html", "text/html", mathml),
    "json": (".json", "application/json", as_json),
    "dot": (".dot", "text/vnd.graphviz", lambda sheet: picture(sheet).dot()),
    "numpy": (".py", "text/x-python", program("numpy")),
    "torch": (".py", "text/x-python", program("torch")),
    "jax": (".py", "text/x-python", program("jax")),
    "text": (".txt", "text/plain", lambda sheet: picture(sheet).text()),
}


def export(sheet: Sheet, wish: Any) -> tuple[File, bytes]:
    """The file in the form that was asked for. Raises: InputError where the document has no such form."""
    ending, media, write = WRITERS[wish.form]
    made = write(sheet)
    name = "".join(c if c.isalnum() else "_" for c in sheet.document.title).strip("_")[:40] or "backlight"
    return File(name + ending, media, wish.id), made if isinstance(made, bytes) else made.encode()
