"""A run told step by step."""

import json
import re
from itertools import pairwise
from xml.etree import ElementTree

import pytest
from tests.show import scenes
from tests.show.golden import same

from backlight import api
from backlight.show.drawing import Frame, Line, Text
from backlight.show.frames import animated, film, numbered
from backlight.show.view import view

RUN = api.backprop(scenes.square(), x=2.0)


def test_G2_the_graph_is_built_bottom_up_one_operation_a_frame() -> None:
    told = film(view(scenes.square()))
    assert told.captions == tuple(
        f"build {name}" for name in ("x", "4", "4·x", "1", "4·x + 1", "2", "(4·x + 1)²")
    )
    for step in range(len(told.captions)):
        shown = {mark.node for mark in told.frame(step).marks if isinstance(mark, Frame) and mark.node >= 0}
        assert shown == set(range(step + 1))
        ends = {mark.node for mark in told.frame(step).marks if isinstance(mark, Line)}
        assert ends <= shown


def test_G2_forward_backward_and_update_follow() -> None:
    told = film(view(RUN, ["x"]), learning_rate=0.01)
    assert told.captions[7:] == (
        "forward: x = 2",
        "forward: 4·x = 8",
        "forward: 4·x + 1 = 9",
        "forward: (4·x + 1)² = 81",
        "backward: the gradient of (4·x + 1)² is 1",
        "backward: the gradient of 4·x + 1 is 18",
        "backward: the gradient of 4·x is 18",
        "backward: the gradient of x is 72",
        "update: x becomes 2 + (−0.01 · 72) = 1.28",
    )


def test_G2_numbers_appear_when_they_are_known_and_not_before() -> None:
    told = film(view(RUN))
    known = [
        {mark.text for mark in told.frame(step).marks if isinstance(mark, Text) and mark.tone in ("forward", "backward")}
        for step in range(len(told.captions))
    ]
    at = {caption: step for step, caption in enumerate(told.captions)}
    assert "value    9" not in known[at["forward: 4·x + 1 = 9"] - 1]
    assert "value    9" in known[at["forward: 4·x + 1 = 9"]]
    assert "↓ 18 × 4 = 72" not in known[at["backward: the gradient of 4·x is 18"] - 1]
    assert "↓ 18 × 4 = 72" in known[at["backward: the gradient of 4·x is 18"]]
    assert all(before <= after for before, after in pairwise(known))


def test_G2_frames_are_numbered_files_of_one_size() -> None:
    files = numbered(film(view(RUN)))
    assert [name for name, _ in files][:3] == ["01.svg", "02.svg", "03.svg"]
    assert len({re.search(r'viewBox="[^"]*"', text).group() for _, text in files}) == 1  # type: ignore[union-attr]
    same("square_frame_12.svg", files[11][1])


def test_G2_the_animation_holds_every_frame_and_its_controls() -> None:
    told = film(view(RUN))
    text = animated(told)
    root = ElementTree.fromstring(text)
    space = "{http://www.w3.org/2000/svg}"
    steps = {int(group.get("data-step", "")) for group in root.iter(f"{space}g") if group.get("data-step")}
    assert steps <= set(range(len(told.captions)))
    actions = [group.get("data-action") for group in root.iter(f"{space}g") if group.get("data-action")]
    assert actions == ["first", "back", "play", "forth", "last"]
    told_data = json.loads(re.search(r"const film = (\{.*\});", text).group(1))  # type: ignore[union-attr]
    assert told_data == {"captions": list(told.captions), "milliseconds": 800}


def test_names_with_marks_of_the_page_cannot_break_out_of_the_animation() -> None:
    graph = scenes.square()
    graph = graph.with_(nodes=tuple(n._replace(name="]]></script><b>") if n.name == "x" else n for n in graph.nodes))
    root = ElementTree.fromstring(animated(film(view(graph))))
    assert not list(root.iter("{http://www.w3.org/2000/svg}b"))


@pytest.mark.parametrize("count", [1, 12])
def test_a_film_has_a_step_for_every_mark(count: int) -> None:
    told = film(view(scenes.chain(count)))
    assert len(told.steps) == len(told.drawing.marks)
    assert max(told.steps) < len(told.captions)
