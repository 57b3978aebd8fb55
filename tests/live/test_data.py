import dataclasses
import importlib.util
import json
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backlight.errors import InputError
from backlight.live import wire
from backlight.live.data import encode, fields_of, from_data, kind_of, read_wish, to_data
from backlight.live.frames import frame, opened_frame
from backlight.live.plain import mistaken

ROOT = Path(__file__).parents[2]
CLASSES = [c for c in vars(wire).values() if isinstance(c, type) and dataclasses.is_dataclass(c)]


def test_the_types_of_the_page_are_written_from_those_of_the_session() -> None:
    place = importlib.util.spec_from_file_location("wire_types", ROOT / "tools" / "wire_types.py")
    assert place is not None
    assert place.loader is not None
    tool = importlib.util.module_from_spec(place)
    place.loader.exec_module(tool)
    assert tool.TARGET.read_text(encoding="utf-8") == tool.written(), "run: python tools/wire_types.py"


def test_no_two_messages_are_called_alike() -> None:
    names = [kind_of(cls) for cls in (*wire.WISHES, *wire.NEWS)]
    assert len(names) == len(set(names))


def plain(hint: Any) -> st.SearchStrategy[Any]:
    """Values of one field's type."""
    from typing import get_args

    if dataclasses.is_dataclass(hint):
        return st.builds(hint, **{name: plain(kind) for name, kind in fields_of(hint).items()})
    text = str(hint)
    if text.startswith("typing.Annotated"):
        return st.floats()
    if hint is float:
        return st.floats(allow_nan=False, allow_infinity=False)
    if hint is int:
        return st.integers(-(2**53), 2**53)
    if hint in (str, bool):
        return st.from_type(hint)
    args = get_args(hint)
    if text.startswith("typing.Literal"):
        return st.sampled_from(args)
    if "Mapping" in text:
        return st.dictionaries(st.text(max_size=5), plain(args[1]), max_size=3)
    if text.startswith("tuple"):
        return st.tuples(*map(plain, args)) if args[1] is not Ellipsis else st.lists(plain(args[0]), max_size=3).map(tuple)
    return st.none() | plain(args[0])


@pytest.mark.parametrize("cls", CLASSES, ids=kind_of)
def test_every_class_of_the_wire_survives_the_journey(cls: type) -> None:
    @settings(max_examples=15)
    @given(plain(cls))
    def survives(value: Any) -> None:
        data = json.loads(json.dumps(to_data(value), allow_nan=False))
        assert repr(from_data(cls, data)) == repr(value)

    survives()


def test_a_wish_is_read_whole() -> None:
    wish = wire.Open(wire.Document("x + 1", {"x": wire.Binding("2")}), id=7)
    assert read_wish(encode(wish)) == wish


def test_a_frame_lays_its_bytes_on_eight() -> None:
    news = wire.Values(3, 4, 5)
    data = frame(news, bytes(range(16)))
    header, payload = opened_frame(data)
    assert header == {"kind": "values", "revision": 3, "frame": 4, "to": 5}
    assert bytes(payload) == bytes(range(16))
    assert (len(data) - 16) % 8 == 0


BAD = [
    ("", "a wish is one JSON object, and this is none, at character 1"),
    ("[" * 100_000, "a wish is one JSON object, and this is none"),
    ("[1]", "a wish is one JSON object, and this is a list"),
    ("1" * 10_000, "a wish is one JSON object, and this one has a number that is too long"),
    ('{"kind": "dance"}', 'there is no wish "dance"; there is ' + ", ".join(map(kind_of, wire.WISHES))),
    ("{}", "there is no wish null; there is " + ", ".join(map(kind_of, wire.WISHES))),
    ('{"kind": "story"}', "story lacks node"),
    ('{"kind": "story", "node": "1"}', "story.node is not a whole number, but a string"),
    ('{"kind": "story", "node": 1e300}', "story.node is 1e+300, and whole numbers go up to 2^53"),
    ('{"kind": "story", "node": 1, "size": 2}', 'story has no "size"; it has node, element, id'),
    ('{"kind": "open", "document": 1}', "open.document is not an object, but a number"),
    ('{"kind": "open", "document": {"text": null}}', "open.document.text is not a string, but null"),
    ('{"kind": "open", "document": {"text": "\\ud800"}}',
     "open.document.text holds half a character, which no text can be saved with"),
    ('{"kind": "open", "document": {"inputs": {"x": {"value": "1", "low": true}}}}',
     "open.document.inputs.x.low is not a number, but a truth value"),
    ('{"kind": "open", "document": {"rate": 1' + "0" * 400 + "}}", "open.document.rate is larger than any float64"),
    ('{"kind": "open", "document": {"dtype": "int8"}}', 'open.document.dtype is one of float64, float32, and it is "int8"'),
    ('{"kind": "open", "document": {"inputs": {"x": {"value": "1", "parameter": 1}}}}',
     "open.document.inputs.x.parameter is neither true nor false, but a number"),
    ('{"kind": "open", "document": {"asked": {}}}', "open.document.asked is not a list, but an object"),
    ('{"kind": "chart", "names": ["x"], "low": [0, 0], "high": [1, 1]}', "chart.names has 2 items, and 1 came"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "message"), BAD, ids=range(len(BAD)))
def test_what_is_no_wish_is_refused_with_the_place(text: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        read_wish(text)
    assert str(caught.value) == message


def test_a_mistake_is_said_alike_by_those_who_know_the_wire_and_by_those_who_do_not() -> None:
    assert mistaken("no <such> thing: ∞", "limit", 7) == encode(wire.Mistake("no <such> thing: ∞", "limit", None, 7))


def test_numbers_that_are_none_travel_as_words() -> None:
    way = wire.Way("reverse", (math.nan, math.inf, -math.inf, -0.0), None, 1, None, 0.5, "")
    assert to_data(way)["gradients"] == ["NaN", "Infinity", "-Infinity", -0.0]
