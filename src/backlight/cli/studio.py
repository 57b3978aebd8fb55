"""`backlight studio`: what its command line asks for. The server is the room `studio`; what it needs is an extra."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from ..errors import FileError, InputError
from ..live.document import Binding, Document
from .options import Words

__all__ = ["studio"]

LARGEST_TEXT = 400_000  # characters: what a session takes


def studio(words: Words) -> str:
    """Serve until interrupted; nothing is printed then."""
    options = words.options
    port = options.get("port")
    if port is not None and not (port.isdecimal() and int(port) < 1 << 16):
        raise InputError(f"--port is a whole number from 0 to 65535, and it is {port!r:.40}")
    document = None if words.text is None else read_document(words.text, words.values)
    from ..studio.serve import serve

    serve(document, host=options.get("host", "127.0.0.1"), port=None if port is None else int(port), opens="no-open" not in options)
    return ""


def read_document(text: str, values: Mapping[str, str]) -> Document:
    """The document that a link or a file holds, or a text that was typed. Values that are given stand above those in it.

    A file may hold a text, a document of the studio, or a run that Python saved.
    """
    if "#" in text:
        from ..live.address import PREFIX, document_of

        if text.startswith(("#" + PREFIX, "http")):
            return with_values(document_of(text.partition("#")[2]), values)
    path = Path(text)
    try:
        is_file = path.is_file()
    except (OSError, ValueError):
        is_file = False
    title = ""
    if is_file:
        title = path.stem
        try:
            text = path.read_text("utf-8-sig")
        except UnicodeDecodeError as error:
            found = saved_run(path, title)
            if found is None:
                raise FileError(f"{path} is not a text: byte {error.start} is not UTF-8") from None
            return with_values(found, values)
        except OSError as error:
            raise FileError(f"cannot read {path}: {error.strerror}") from None
        if path.suffix == ".json":
            return with_values(saved(path, text), values)
    if len(text) > LARGEST_TEXT:
        raise InputError(f"the text has {len(text)} characters, and the studio takes {LARGEST_TEXT}")
    return with_values(Document(text, title=title), values)


def saved_run(path: Path, title: str) -> Document | None:
    """The document of a run that Python saved; None where the file is none. What computes is loaded for nobody else."""
    from ..run.file import MARK, load_run

    with path.open("rb") as file:
        if file.read(len(MARK)) != MARK:
            return None
    from ..notebook import document_of

    return document_of(load_run(path), title)


def saved(path: Path, text: str) -> Document:
    """A document that the studio saved as JSON. Raises: FileError where the file holds none."""
    try:
        found = json.loads(text)["document"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise FileError(f"{path} holds no document of the studio: its JSON has one under \"document\"") from None
    from ..live.data import from_data  # it knows all of the wire, which nobody waits for who opens no file

    return from_data(Document, found)  # type: ignore[no-any-return]


def with_values(document: Document, values: Mapping[str, str]) -> Document:
    """A document with other values for some inputs."""
    inputs = dict(document.inputs)
    for name, value in values.items():
        inputs[name] = replace(inputs[name], value=value) if name in inputs else Binding(value)
    return replace(document, inputs=inputs)
