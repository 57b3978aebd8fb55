"""News that carry bytes, as one binary frame: how long the header is, the header in JSON, the bytes.

The length takes four bytes, lowest first. The header is filled up with blanks to a multiple of 8 bytes from the start of the
frame, so that a page can lay a typed array over the block without copying it.
"""

from __future__ import annotations

import json
import struct
from typing import Any, Final

from .data import encode

__all__ = ["frame", "opened_frame"]

ALIGN: Final = 8


def frame(news: Any, payload: bytes | memoryview) -> bytes:
    """One binary frame."""
    header = encode(news).encode()
    header += b" " * (-(4 + len(header)) % ALIGN)
    return b"".join((struct.pack("<I", len(header)), header, payload))


def opened_frame(data: bytes) -> tuple[dict[str, Any], memoryview]:
    """The header of a frame as a dictionary, and its bytes."""
    (size,) = struct.unpack_from("<I", data)
    return json.loads(data[4 : 4 + size]), memoryview(data)[4 + size :]
