import base64
import json
import zlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from tests.live.test_data import plain

from backlight.errors import FileError, InputError
from backlight.live import wire as w
from backlight.live.address import document_of, fragment_of
from backlight.live.data import from_data

FIXTURES = json.loads((Path(__file__).parent / "addresses.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("fixture", FIXTURES)
def test_an_address_and_its_document_are_the_same(fixture: dict[str, Any]) -> None:
    document = from_data(w.Document, fixture["document"])
    assert document_of("#" + fixture["fragment"]) == document
    assert document_of(fragment_of(document)) == document


@settings(max_examples=50)
@given(plain(w.Document))
def test_every_document_survives_its_address(document: w.Document) -> None:
    assert document_of(fragment_of(document)) == document


def test_a_small_document_has_a_small_address() -> None:
    assert len(fragment_of(w.Document("(4*x + 1)^2", {"x": w.Binding("2")}))) < 70


def packed(data: bytes) -> str:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return "1" + base64.urlsafe_b64encode(packer.compress(data) + packer.flush()).decode().rstrip("=")


DAMAGED = "the address is cut off or damaged, so nothing was opened from it: ask for the link again"
BAD = [
    ("", "the address begins with '', and this program reads addresses that begin with '1'"),
    ("2abc", "the address begins with '2abc', and this program reads addresses that begin with '1'"),
    ("1", DAMAGED), ("1?", DAMAGED), ("1AAAA", DAMAGED), (packed(b"\xff"), DAMAGED), (packed(b"[]"), DAMAGED),
    (packed(b'{"look": 3}'), DAMAGED), (fragment_of(w.Document("a long text, cut off"))[:-4], DAMAGED),
    (packed(b" " * 5_000_000), "the address holds more than 4194304 bytes: save the document in a file instead"),
]  # fmt: skip


@pytest.mark.parametrize(("fragment", "message"), BAD, ids=range(len(BAD)))
def test_what_is_no_address_is_refused(fragment: str, message: str) -> None:
    with pytest.raises(FileError) as caught:
        document_of(fragment)
    assert str(caught.value) == message


def test_an_address_with_a_strange_field_says_which() -> None:
    with pytest.raises(InputError) as caught:
        document_of(packed(b'{"rate": "fast"}'))
    assert str(caught.value) == "document.rate is not a number, but a string"
