"""Cards, chips and dots; and marks on what is no number."""

import xml.etree.ElementTree as ET
from collections import Counter

import numpy as np
import pytest
from tests.show import scenes
from tests.show.golden import same

import backlight as bl
from backlight.errors import NameError, ValueError
from backlight.show.card import Detail
from backlight.show.detail import detailed, looked_at
from backlight.show.drawing import Flag, Frame, Text
from backlight.show.graph import drawn
from backlight.show.svg import svg
from backlight.show.terminal import picture
from backlight.show.view import View, view

DETAILS: tuple[Detail, ...] = ("card", "chip", "dot")


def count(seen: View) -> Counter[str]:
    return Counter(card.detail for card in seen.cards)


@pytest.mark.parametrize(("length", "common"), [(30, "card"), (70, "chip"), (200, "dot")])
def test_many_nodes_are_drawn_small_and_the_output_is_always_a_card(length: int, common: str) -> None:
    seen = detailed(view(scenes.chain(length)))
    assert count(seen).most_common(1)[0][0] == common
    assert next(card for card in seen.cards if card.output).detail == "card"


def test_where_something_goes_wrong_there_is_a_card_and_not_where_it_only_spreads() -> None:
    text = "\n".join(["a0 = log(x)", *(f"a{k + 1} = sin(a{k})*y" for k in range(200))])
    seen = detailed(view(bl.backprop(text, x=-1, y=1)))
    cards = [card.name for card in seen.cards if card.detail == "card"]
    assert cards == ["a0", "a200"]
    text = "\n".join(["a0 = sqrt(x)*0", *(f"a{k + 1} = a{k} + 1" for k in range(200))])
    cards = [card.name for card in detailed(view(bl.backprop(text, x=0))).cards if card.detail == "card"]
    assert cards == ["x", "a200"]                          # 0 times ∞, going backward


@pytest.mark.parametrize("detail", DETAILS)
def test_a_picture_in_each_size(detail: Detail) -> None:
    seen = detailed(view(bl.backprop(scenes.perceptron(), **scenes.PERCEPTRON)), detail)
    drawing = drawn(seen)
    same(f"perceptron_{detail}.svg", svg(drawing))
    same(f"perceptron_{detail}.txt", picture(seen) + "\n")
    words = [mark.text for mark in drawing.marks if isinstance(mark, Text)]
    assert any("::" in word for word in words) == (detail == "card")
    assert ("b" in words) == (detail == "chip")
    assert len([mark for mark in drawing.marks if isinstance(mark, Frame) and mark.node >= 0]) >= len(seen.cards)


def test_a_chip_has_name_value_and_gradient_and_a_dot_says_them_when_it_is_pointed_at() -> None:
    run = bl.backprop("loss = (w*x - y)^2", w=2, x=3, y=1)
    chips = [mark for mark in drawn(detailed(view(run), "chip")).marks if isinstance(mark, Frame) and mark.node >= 0]
    (loss,) = (chip for chip in chips if chip.output)
    assert loss.words == "6  loss :: Float64\n↑ 25\n↓ 1"
    text = svg(drawn(detailed(view(run), "dot")))
    assert "<title>6  loss :: Float64\n↑ 25\n↓ 1</title>" in text
    ET.fromstring(text)


def test_what_one_looks_at_is_near_and_the_rest_is_far() -> None:
    seen = looked_at(view(scenes.chain(10)), 0, cards=2, chips=4)
    by_name = {card.number: card.detail for card in seen.cards}
    assert by_name[0] == "card"
    assert Counter(by_name.values()) == {"dot": len(seen.cards) - sum(d != "dot" for d in by_name.values()), "chip": 4, "card": 4}
    with pytest.raises(NameError):
        looked_at(seen, 999)


def test_another_word_for_a_size_is_refused() -> None:
    with pytest.raises(ValueError) as error:
        bl.show(bl.parse("x + y"), detail="large")  # type: ignore[arg-type]
    assert str(error.value) == "the detail of a picture is one of auto, card, chip, dot, and it is 'large'"


def test_a_picture_may_be_of_what_stands_near_a_node() -> None:
    run = bl.backprop("loss = (w*x - y)^2", w=2, x=3, y=1)
    assert sorted(card.name for card in bl.show(run, near="y", up=1).seen.cards) == ["w·x − y", "y"]
    assert sorted(card.name for card in bl.show(run, near="loss", down=2).seen.cards) == ["2", "loss", "w·x", "w·x − y", "y"]


@pytest.mark.parametrize(
    ("text", "values", "said"),
    [
        ("log(x)", {"x": -1}, ["value    NaN  ! not a number"]),
        ("1/x", {"x": 0}, ["value    ∞  ! infinite", "gradient -∞  ! infinite"]),
        ("sum(log(x))", {"x": [1, -2, 0]}, ["         ! 1 of 3 not a number, 1 of 3 infinite", "value    NaN  ! not a number"]),
    ],
)
def test_what_is_no_number_is_marked_by_words_and_by_a_flag(text: str, values: dict[str, object], said: list[str]) -> None:
    run = bl.backprop(text, **values)  # type: ignore[arg-type]
    seen = view(run)
    drawing = drawn(seen)
    bad = [mark.text for mark in drawing.marks if isinstance(mark, Text) and mark.bad]
    assert set(said) <= set(bad)
    flagged = {mark.node for mark in drawing.marks if isinstance(mark, Flag) and mark.node >= 0}
    wrong = {
        card.number for card in seen.cards
        if any(x is not None and not np.isfinite(x).all() for x in (card.value, card.gradient))
    }
    assert flagged == wrong
    for line in said:
        assert line.strip() in picture(seen)
    assert 'class="flag"' in svg(drawing)


def test_what_is_well_has_no_flag() -> None:
    marks = drawn(view(bl.backprop("x*y", x=1, y=2))).marks
    assert not [mark for mark in marks if isinstance(mark, Flag) or (isinstance(mark, Text) and mark.bad)]


def test_G9_a_step_of_descent_stands_on_the_node_as_arithmetic() -> None:
    run = bl.backprop("(y - (w*x + b))^2", x=2.1, y=4, w=1, b=0)
    shown = bl.show(run, parameters=["w", "b"], learning_rate=0.01)
    text = shown.text()
    assert "update   1 + (−0.01 · (-7.9799999999999995))" in text
    assert "       = 1.0798" in text
    assert "       = 0.038" in text
    assert text.count("update") == 2                       # of the parameters alone
    arrays = bl.show(bl.backprop("sum(w*x)", w=[1, 2], x=[3, 4]), learning_rate=0.5).text()
    assert "update   value + (−0.5 · gradient)" in arrays
    assert "       = [-0.5 0]" in arrays
    with pytest.raises(ValueError) as error:
        bl.show(run, learning_rate=0)
    assert str(error.value) == "the learning rate is 0, and it must be above 0"


def test_edges_without_words_say_the_sign_of_what_comes_down() -> None:
    run = bl.backprop("sum(a - b*c)", a=[1, 2], b=[3, 1], c=[1, -1])
    drawing = drawn(detailed(view(run), "chip"))
    found = [mark.text for mark in drawing.marks if isinstance(mark, Text) and mark.text in ("+", "−", "±")]
    assert sorted(found) == ["+", "+", "±", "−", "−"]
