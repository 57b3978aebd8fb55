"""The address is the document: a fragment of a URL that holds all of it, and back.

`#1`, then base64url of raw deflate of the document in JSON, without whatever is as in a new one. The digit is the version. The
page does the same in `web/src/state/address.ts`; both are tried on `tests/live/addresses.json`. A fragment never reaches the
server by itself: it is written for links in documents, and read where somebody gives one to the command.
"""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from collections.abc import Mapping
from typing import Any, Final

from ..errors import BacklightError, FileError
from .data import from_data, to_data
from .document import Binding, Document, Look

__all__ = ["PREFIX", "document_of", "fragment_of"]

PREFIX: Final = "1"
LARGEST: Final = 1 << 22  # bytes of JSON; a fragment may not grow without bound when it is unpacked
USUAL: Final[Mapping[str, Mapping[str, Any]]] = {
    "binding": to_data(Binding("1")), "look": to_data(Look()), "document": to_data(Document()),
}  # fmt: skip


def fragment_of(document: Document) -> str:
    """The fragment of a document, without the `#`.

    >>> document_of(fragment_of(Document("x*y", {"x": Binding("2")}))).text
    'x*y'
    """
    data = to_data(document)
    short = different(data | {"inputs": {}, "look": USUAL["look"]}, USUAL["document"])
    look = different(data["look"], USUAL["look"])
    inputs = {name: different(binding, USUAL["binding"]) for name, binding in data["inputs"].items()}
    short |= ({"inputs": inputs} if inputs else {}) | ({"look": look} if look else {})
    text = json.dumps(short, ensure_ascii=False, separators=(",", ":"))
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = packer.compress(text.encode()) + packer.flush()
    return PREFIX + base64.urlsafe_b64encode(packed).decode().rstrip("=")


def different(data: Mapping[str, Any], usual: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in data.items() if value != usual.get(name)}


def document_of(fragment: str) -> Document:
    """The document of a fragment. Raises: FileError for one that is damaged, or of another version."""
    text = fragment.removeprefix("#")
    if not text.startswith(PREFIX):
        raise FileError(f"the address begins with {text[:8]!r}, and this program reads addresses that begin with {PREFIX!r}")
    try:
        packed = base64.b64decode(text[1:] + "=" * (-len(text[1:]) % 4), altchars=b"-_", validate=True)
        opener = zlib.decompressobj(-15)
        found = opener.decompress(packed, LARGEST)
        if opener.unconsumed_tail:
            raise FileError(f"the address holds more than {LARGEST} bytes: save the document in a file instead")
        if not opener.eof:
            raise zlib.error("cut off")
        data = json.loads(found.decode())
        look = dict(USUAL["look"]) | data.pop("look", {})
        inputs = {name: dict(USUAL["binding"]) | binding for name, binding in data.pop("inputs", {}).items()}
    except (binascii.Error, zlib.error, UnicodeError, ValueError, TypeError, AttributeError, RecursionError) as error:
        if isinstance(error, BacklightError):
            raise
        raise FileError("the address is cut off or damaged, so nothing was opened from it: ask for the link again") from None
    whole: Document = from_data(Document, data | {"look": look, "inputs": inputs})
    return whole
