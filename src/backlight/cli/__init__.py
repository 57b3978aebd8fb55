"""The command: `backlight explain TEXT|FILE [name=value …]`, `backlight studio`, `backlight bench [W1 W2 …]`.

What it prints is put together first and written at once, so that a mistake leaves nothing half-written on standard
output: it is one message on standard error and exit status 2. A reader that has gone away is no mistake, nor is Ctrl-C.
Each command is a module of this room and is imported when it is asked for.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from ..errors import BacklightError
from .options import COMMANDS, Words, help_text, split

__all__ = ["main"]

FAILED, INTERRUPTED, UNREAD = 2, 130, 141


def main(words: Sequence[str] | None = None) -> int:
    """Run the command on its words (default: those of the process) and return its exit status."""
    try:
        text = answer(sys.argv[1:] if words is None else words)
        return write(text)
    except KeyboardInterrupt:
        return INTERRUPTED
    except (BacklightError, MemoryError) as error:
        said = str(error) or "there is not enough memory for this"
        print(f"backlight: {said}".encode("utf-8", "backslashreplace").decode("utf-8"), file=sys.stderr)
        return FAILED


def answer(words: Sequence[str]) -> str:
    """What the command prints for these words."""
    if not words or words[0] in ("-h", "--help", "help"):
        return help_text(words[1] if words[1:] and words[1] in COMMANDS else "")
    if words[0] in ("-V", "--version"):
        from importlib.metadata import version

        return f"backlight {version('backlight')}"
    found: Words = split(words)
    if "help" in found.options:
        return help_text(found.command)
    if found.command == "explain":
        from .explain import explain

        return explain(found)
    if found.command == "bench":
        from .bench import bench

        return bench(found)
    if found.command == "studio":
        from .studio import studio

        return studio(found)
    raise AssertionError(f"no module for {found.command}")


def write(text: str) -> int:
    """Put the whole text on standard output, folded where that is a terminal; nothing, where there is none."""
    try:
        if hasattr(sys.stdout, "reconfigure") and not str(sys.stdout.encoding).lower().startswith("utf"):
            sys.stdout.reconfigure(errors="replace")
        if text:
            print(fitted(text) if sys.stdout.isatty() else text)
        sys.stdout.flush()
        return 0
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # what is left is flushed there at exit
        return UNREAD
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        print(f"backlight: cannot write the output: {error.strerror}", file=sys.stderr)
        return FAILED


def fitted(text: str) -> str:
    """The text as the terminal has room for it."""
    import shutil

    from .lines import folded

    return folded(text, shutil.get_terminal_size().columns)
