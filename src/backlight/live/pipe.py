"""How a server and its workers talk through a pipe: length, visitor, kind, then the bytes. It knows nothing else, so a server
that only passes bytes on does not load what computes."""

from __future__ import annotations

import struct
from typing import Final

__all__ = ["BINARY", "DONE", "FORGET", "GREET", "HEAD", "RESTORE", "TEXT", "WISH"]

HEAD: Final = struct.Struct("<IIB")      # bytes that follow, visitor, kind
WISH, RESTORE, FORGET, GREET = 0, 1, 2, 3   # kinds going in
TEXT, BINARY, DONE = 0, 1, 2             # kinds coming out
