"""Every rule tried by small steps, in the picture: each edge by itself, so that the wrong one is named."""


import numpy as np
import pytest

import backlight as bl
from backlight.core.op import elementwise
from backlight.core.table import TABLE
from backlight.show.drawing import Flag, Text
from backlight.show.graph import drawn
from backlight.show.picture import Picture
from backlight.show.view import view


@pytest.fixture
def picture() -> Picture:
    """A sine whose rule is wrong but near 0, in the middle of things that are right, and a kink."""
    elementwise("crooked", "x", doc="A sine.", value=np.sin, local=lambda z, x: 1.0 - x * x)
    run = bl.backprop("sum(w*crooked(x) + relu(w))", x=[0.4, -1.1], w=[0, 1])
    del TABLE["crooked"]
    return bl.show(run, check=True)


def test_the_wrong_rule_is_named_and_no_other(picture: Picture) -> None:
    verdicts = {picture.seen.cards[joint.consumer].signature.split()[0]: joint.verdict for joint in picture.seen.joints}
    assert verdicts["crooked"] == "✗ wrong: the rule -0.21, small steps 0.453596 at [1]"
    assert verdicts["relu"] == "∧ a kink: the rule 0, small steps 0.5 at [0]"
    others = {joint.verdict for joint in picture.seen.joints} - {verdicts["crooked"], verdicts["relu"]}
    assert others == {"✓ small steps agree"}


def test_it_bears_a_flag_and_says_so_in_every_writer(picture: Picture) -> None:
    drawing = drawn(picture.seen)
    assert [mark.node for mark in drawing.marks if isinstance(mark, Flag)] == [2]
    assert [mark.text for mark in drawing.marks if isinstance(mark, Text) and mark.bad] == [
        "✗ wrong: the rule -0.21, small steps 0.453596 at [1]"
    ]
    for text in (picture.text(), picture.svg(), picture.html()):
        assert "✗ wrong: the rule -0.21, small steps 0.453596 at [1]" in text


def test_without_being_asked_nothing_is_tried() -> None:
    assert {joint.verdict for joint in view(bl.backprop("x*y", x=1, y=2)).joints} == {""}
    assert {joint.verdict for joint in bl.show(bl.parse("x*y"), check=True).seen.joints} == {""}    # a graph has no gradients
