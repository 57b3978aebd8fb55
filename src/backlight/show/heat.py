"""Maps of colours as the smallest of images: indexed PNG, written with nothing but zlib.

Negative numbers are blue, positive ones vermillion, zero is white, stronger colour is a larger number; what is not a
number is black. A matrix of 6 by 6 takes about 250 bytes, a sixth of what rectangles would.
"""

from __future__ import annotations

import base64
import struct
import zlib
from functools import cache
from typing import Any

import numpy as np

__all__ = ["data_url", "image"]

LEVELS = 31              # steps of colour on each side of white
BLUE, WHITE, VERMILLION, BLACK = (0, 114, 178), (255, 255, 255), (213, 94, 0), (0, 0, 0)
LARGEST = 64             # rows and columns; larger matrices are thinned out to this


def image(values: Any) -> bytes:
    """The PNG of a matrix, one pixel an element, scaled by its largest magnitude."""
    array = np.asarray(values, dtype=np.float64)
    matrix = array.reshape(1, -1) if array.ndim < 2 else array.reshape(-1, array.shape[-1])
    matrix = matrix[:: -(-matrix.shape[0] // LARGEST), :: -(-matrix.shape[1] // LARGEST)]
    finite = np.isfinite(matrix)
    most = float(np.abs(matrix[finite]).max()) if finite.any() else 0.0
    share = np.zeros(matrix.shape)
    np.divide(matrix, most, out=share, where=finite & (most > 0))
    index = np.where(finite, np.rint(share * LEVELS) + LEVELS, 2 * LEVELS + 1).astype(np.uint8)
    rows = b"".join(b"\0" + row.tobytes() for row in index)
    height, width = matrix.shape
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        _chunk(name, body)
        for name, body in ((b"IHDR", header), (b"PLTE", _palette()), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    )


def data_url(values: Any) -> str:
    """The same as a URL that holds the image itself."""
    return "data:image/png;base64," + base64.b64encode(image(values)).decode()


@cache
def _palette() -> bytes:
    colours = []
    for level in range(-LEVELS, LEVELS + 1):
        end = BLUE if level < 0 else VERMILLION
        part = abs(level) / LEVELS
        colours.append(bytes(round(w + (c - w) * part) for w, c in zip(WHITE, end, strict=True)))
    return b"".join(colours) + bytes(BLACK)


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
