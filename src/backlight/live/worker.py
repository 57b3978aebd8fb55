"""A process that grants the wishes of many visitors, one after the other: `python -m backlight.live.worker`.

It reads frames from standard input and writes frames to standard output: length, visitor, kind, bytes. Whoever started it may
kill it at any moment, because every session follows from the last document: that is how a wish that takes too long ends.
"""

from __future__ import annotations

import os
import sys
from collections import OrderedDict
from collections.abc import Callable
from typing import BinaryIO, Final

from ..errors import InputError
from . import news
from .data import encode, from_data, read_wish
from .document import Document
from .frames import frame
from .pipe import BINARY, DONE, FORGET, GREET, HEAD, TEXT, WISH
from .plain import decode
from .session import Session
from .wishes import Open

__all__ = ["serve"]

MEMORY_BYTES: Final = 3 << 30     # of a worker
KEPT_BYTES: Final = 1 << 29              # of runs; the sessions used longest ago are forgotten beyond it


def serve(source: BinaryIO, sink: BinaryIO) -> None:
    """Grant wishes until standard input ends."""
    sessions: OrderedDict[int, Session] = OrderedDict()
    while head := source.read(HEAD.size):
        size, visitor, kind = HEAD.unpack(head)
        data = source.read(size)
        if kind == FORGET:
            sessions.pop(visitor, None)
            continue
        if kind == GREET:
            answer = greeting(data)
            sink.write(HEAD.pack(len(answer), visitor, TEXT) + answer + HEAD.pack(0, visitor, DONE))
            sink.flush()
            continue
        session = sessions.pop(visitor, None) or Session()
        sessions[visitor] = session

        def send(kind: int, data: bytes, visitor: int = visitor) -> None:
            sink.write(HEAD.pack(len(data), visitor, kind))
            sink.write(data)

        grant(session, data.decode(), send if kind == WISH else silent, sink.flush)
        send(DONE, b"")
        sink.flush()
        keep_few(sessions)


def greeting(data: bytes) -> bytes:
    """The first news for visitors who begin with a document, given as JSON, or with none."""
    document = from_data(Document, decode(data.decode())) if data else None
    return encode(Session(document).greet()).encode()


def silent(kind: int, data: bytes) -> None:
    """What a session says while it is restored, nobody hears again."""


def grant(session: Session, text: str, send: Callable[[int, bytes], None], flush: Callable[[], None]) -> None:
    """Answer one wish; what is no wish is answered too. Where more is to come, what is there goes out at once."""
    try:
        wish = read_wish(text)
    except InputError as error:
        send(TEXT, encode(news.Mistake(str(error), "wish")).encode())
        return
    try:
        for said, payload in session.answer(wish):
            if payload is None:
                send(TEXT, encode(said).encode())
            else:
                send(BINARY, frame(said, payload))
            if isinstance(wish, Open):
                flush()
    except Exception as error:  # a mistake of ours must not take the other visitors with it
        sys.excepthook(type(error), error, error.__traceback__)
        told = f"this is a mistake in Backlight itself, {type(error).__name__}: {error!s:.200}"
        send(TEXT, encode(news.Mistake(told, "fault", None, wish.id)).encode())


def keep_few(sessions: OrderedDict[int, Session]) -> None:
    """Forget sessions until their runs fit in what may be kept; one that comes back opens its document again."""
    total = sum(session.nbytes for session in sessions.values())
    while total > KEPT_BYTES and len(sessions) > 1:
        _, gone = sessions.popitem(last=False)
        total -= gone.nbytes


def limited() -> None:
    """Bound the memory of this process, so that a wish that asks for too much fails and nobody else does."""
    try:
        import resource
    except ImportError:  # no such thing on Windows
        return
    most = MEMORY_BYTES if (hard := resource.getrlimit(resource.RLIMIT_DATA)[1]) < 0 else min(MEMORY_BYTES, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (most, hard))


def main() -> None:
    """Say that this process is ready, load what the first wish would wait for, and serve."""
    sink = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)            # standard output is for frames: whatever prints goes to standard error
    limited()
    sink.write(HEAD.pack(0, 0, DONE))
    sink.flush()
    try:
        serve(sys.stdin.buffer, sink)
    except (BrokenPipeError, KeyboardInterrupt):
        sys.stderr.close()


if __name__ == "__main__":
    main()
