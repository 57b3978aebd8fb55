"""Pictures as SVG: well formed, self-contained, the same bytes every time; and the maps of colours in them."""

import re
import struct
import zlib
from xml.etree import ElementTree

import numpy as np
import pytest
from tests.show import scenes
from tests.show.golden import same

from backlight import api
from backlight.core.graph import Graph
from backlight.run.record import Run
from backlight.show.card import cards
from backlight.show.graph import drawn
from backlight.show.heat import image
from backlight.show.svg import svg
from backlight.show.view import view

SPACE = "{http://www.w3.org/2000/svg}"


def texts(picture: str) -> list[str]:
    return [element.text or "" for element in ElementTree.fromstring(picture).iter(f"{SPACE}text")]


def classes(picture: str, tag: str) -> list[str]:
    return [element.get("class", "") for element in ElementTree.fromstring(picture).iter(SPACE + tag)]


def perceptron(ran: str) -> Graph | Run:
    graph = scenes.perceptron()
    if ran == "before":
        return graph
    return (api.run if ran == "forward" else api.backprop)(graph, **scenes.PERCEPTRON)


@pytest.mark.parametrize("ran", ["before", "forward", "backward"])
def test_G3_the_perceptron_before_a_run_after_the_forward_and_after_the_backward_pass(ran: str) -> None:
    picture = svg(drawn(view(perceptron(ran))))
    same(f"perceptron_{ran}.svg", picture)
    words = texts(picture)
    said = {
        "value": sum(word.startswith("value ") for word in words),
        "gradient": sum(word.startswith("gradient ") for word in words),
        "no value yet": words.count("no value yet"),
    }
    nodes = scenes.perceptron().forward_count
    assert said == {
        "before": {"value": 0, "gradient": 0, "no value yet": nodes},
        "forward": {"value": nodes, "gradient": 0, "no value yet": 0},
        "backward": {"value": nodes, "gradient": nodes, "no value yet": 0},
    }[ran]


def test_G3_a_card_shows_number_name_type_signature_shape_value_and_gradient() -> None:
    words = texts(svg(drawn(view(api.backprop(scenes.square(), x=2.0)))))
    for line in ("4  4·x + 1 :: Float64", "+ :: a → a → a   ()", "value    9", "gradient 18"):
        assert line in words


def test_J3_values_go_up_the_edges_and_gradients_come_down() -> None:
    picture = svg(drawn(view(api.backprop(scenes.square(), x=2.0))))
    same("square.svg", picture)
    assert {"↑ 8", "↓ 18 × 1 = 18"} <= set(texts(picture))
    lines = classes(picture, "path")
    assert lines.count("tip forward") == 6      # one for each edge
    assert lines.count("tip backward") == 3     # one for each edge that carries a gradient


def test_G1_operations_stand_above_their_operands_and_edges_are_numbered_from_1() -> None:
    picture = svg(drawn(view(scenes.perceptron())))
    places = {
        int(element.get("data-node", "-1")): float(element.get("y", "0"))
        for element in ElementTree.fromstring(picture).iter(f"{SPACE}rect")
        if "data-node" in element.keys()  # noqa: SIM118  elements are no mappings
    }
    for number, node in enumerate(scenes.perceptron().nodes):
        assert all(places[operand] > places[number] for operand in node.inputs)
    assert sorted(re.findall(r'data-operand="(\d)"', picture)) == ["1"] * 7 + ["2"] * 3


def test_G7_parameters_are_yellow_the_output_red_and_the_legend_says_so() -> None:
    picture = svg(drawn(view(perceptron("forward"))))
    frames = classes(picture, "rect")
    assert frames.count("parameter") == 3       # W, b and the legend
    assert frames.count("plain output") == 2    # the sum and the legend
    assert frames.count("inner") == 2           # doubled, so that it is seen without colour too
    assert {"learnable parameter", "output"} <= set(texts(picture))


def test_G7_inputs_can_be_named_as_parameters() -> None:
    graph = scenes.square()
    assert [card.kind for card in cards(graph)] == ["input", "constant", "operation"] + ["constant", "operation"] * 2
    assert next(card.kind for card in cards(graph, ["x"])) == "parameter"


def test_E12_x_times_x_is_drawn_with_two_edges() -> None:
    picture = svg(drawn(view(api.backprop(scenes.self_product(), x=3.0))))
    same("self_product.svg", picture)
    ways = re.findall(r'd="(M[^"]*)" data-operand="(\d)"', picture)
    assert [number for _, number in ways] == ["1", "2"]
    assert ways[0][0] != ways[1][0]


def test_the_thicker_line_carries_the_larger_gradient() -> None:
    run = api.backprop(scenes.graph_of(lambda x, y: x * y, x=1.0, y=10.0), x=1.0, y=10.0)
    widths = [float(width) for width in re.findall(r'class="backward" d="[^"]*" stroke-width="([\d.]+)"', svg(drawn(view(run))))]
    assert sorted(set(widths)) == [1.3, 4.0]


def test_a_gradient_of_zero_is_dashed_and_one_that_is_no_number_is_marked() -> None:
    run = api.backprop(scenes.graph_of(lambda x, y: x * y, x=0.0, y=1.0), x=0.0, y=1.0)
    assert 'stroke-dasharray="4 3"' in svg(drawn(view(run)))
    run = api.backprop(scenes.graph_of(lambda x, y: x * y, x=np.nan, y=1.0), x=np.nan, y=1.0)
    assert "wrong" in classes(svg(drawn(view(run))), "path")


def test_arrows_of_values_point_up_and_those_of_gradients_down() -> None:
    for x in (2.0, np.nan):
        run = api.backprop(scenes.graph_of(lambda x, y: x * y, x=x, y=1.0), x=x, y=1.0)
        tips = re.findall(r'class="tip (\w+)" d="M[\d.]+ ([\d.]+)L[\d.]+ ([\d.]+)', svg(drawn(view(run))))
        assert {tone for tone, _, _ in tips} >= {"forward"}
        assert all((float(tip) < float(foot)) == (tone == "forward") for tone, tip, foot in tips)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_theme_can_be_fixed(theme: str) -> None:
    picture = svg(drawn(view(scenes.square())), theme=theme)  # type: ignore[arg-type]  # one of two literals
    assert "prefers-color-scheme" not in picture
    assert ("--paper:#ffffff" in picture) == (theme == "light")


def test_a_picture_needs_nothing_from_elsewhere_and_says_the_same_in_words() -> None:
    picture = svg(drawn(view(perceptron("backward"))))
    assert re.findall(r'href="(?!data:)', picture) == []
    assert "url(" not in picture
    root = ElementTree.fromstring(picture)
    assert root.findtext(f"{SPACE}title") == "Graph of sum((σ(#6) − y)²)"
    twin = root.findtext(f"{SPACE}desc") or ""
    for card in cards(perceptron("backward")):
        assert card.title in twin


def decoded(data: bytes) -> tuple[int, int, list[bytes]]:
    """Width, height and rows of indices of an indexed PNG."""
    width, height = struct.unpack(">II", data[16:24])
    start = data.index(b"IDAT")
    (length,) = struct.unpack(">I", data[start - 4 : start])
    rows = zlib.decompress(data[start + 4 : start + 4 + length])
    return width, height, [rows[k * (width + 1) + 1 : (k + 1) * (width + 1)] for k in range(height)]


def test_G5_a_matrix_becomes_a_map_of_its_signs_and_sizes() -> None:
    assert decoded(image([[1.0, -1.0, 0.0], [0.5, np.nan, -0.25]])) == (3, 2, [bytes([62, 0, 31]), bytes([47, 63, 23])])


def test_G5_large_matrices_are_thinned_out() -> None:
    width, height, _ = decoded(image(np.ones((1000, 10))))
    assert width == 10
    assert height <= 64


def test_a_small_map_is_a_few_hundred_bytes() -> None:
    assert len(image(np.arange(36.0).reshape(6, 6) - 18)) < 400
