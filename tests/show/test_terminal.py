"""Pictures of graphs and runs in a terminal."""

import io
import re
import sys

import numpy as np
import pytest
from tests.show import scenes
from tests.show.golden import same

from backlight import api
from backlight.show.card import cards, joints
from backlight.show.cells import celled
from backlight.show.terminal import picture, shows_colour, table, text
from backlight.show.view import view


def test_J3_values_go_up_and_gradients_come_down_the_edges_of_the_square() -> None:
    same("square.txt", text(api.backprop(scenes.square(), x=2.0), width=100, colour=False) + "\n")


def test_G3_before_a_run_the_value_says_so_and_there_is_no_gradient() -> None:
    drawn = text(scenes.square(), width=100, colour=False)
    same("square_before.txt", drawn + "\n")
    assert drawn.count("no value yet") == 4
    assert "gradient" not in drawn


def test_G3_after_the_forward_pass_the_value_is_there_and_no_gradient() -> None:
    drawn = text(api.run(scenes.square(), x=2.0), width=100, colour=False)
    same("square_forward.txt", drawn + "\n")
    assert "no value yet" not in drawn
    assert "gradient" not in drawn


def test_G3_after_the_backward_pass_every_node_on_the_way_has_its_gradient() -> None:
    run = api.backprop(scenes.perceptron(), **scenes.PERCEPTRON)
    same("perceptron.txt", text(run, width=200, colour=False) + "\n")
    assert all(card.gradient is not None for card in cards(run))


def test_G1_the_operation_stands_above_its_operands_and_edges_are_numbered_from_1() -> None:
    drawn = text(scenes.graph_of(lambda x, y: x + y, x=1.0, y=2.0), width=100, colour=False)
    same("sum.txt", drawn + "\n")
    rows = drawn.splitlines()
    place = {word: next(k for k, row in enumerate(rows) if word in row) for word in ("x + y", "0  x", "1  y")}
    assert place["x + y"] < place["0  x"] == place["1  y"]
    assert re.search(r"1╤═+2╤", drawn)


def test_G7_parameters_constants_and_outputs_differ_by_their_frames() -> None:
    drawn = text(api.run(scenes.perceptron(), **scenes.PERCEPTRON), width=200, colour=False)
    assert drawn.count("┏") == 3    # W, b and the legend
    assert drawn.count("╔") == 2    # the output and the legend
    assert drawn.endswith("\n┏━┓ parameter   ╔═╗ output   ↑ value")


def test_E12_both_edges_of_a_square_are_drawn_and_numbered() -> None:
    drawn = text(api.backprop(scenes.self_product(), x=3.0), width=100, colour=False)
    same("self_product.txt", drawn + "\n")
    assert drawn.count("↓ 1 × 3 = 3") == 2
    assert re.search(r"1╤═+2╤", drawn)


def test_E6_gradients_that_arrive_over_several_edges_are_visibly_summed() -> None:
    drawn = text(api.backprop(scenes.self_product(), x=3.0), width=100, colour=False)
    assert "│ gradient 6            │\n│          = 3 + 3      │" in drawn
    drawn = text(api.backprop(scenes.shared(), x=3.0, y=-4.0, z=5.0), width=150, colour=False)
    assert "= 5 + (-3)" in drawn
    run = api.backprop(scenes.graph_of(lambda x: x * x, x=[1.0, 2.0]), x=[1.0, 2.0])
    assert "+ summed over 2 edges" in text(run, width=150, colour=False)


def test_E12_a_minus_b_and_b_minus_a_are_drawn_differently() -> None:
    one = text(scenes.graph_of(lambda a, b: a - b, a=1.0, b=2.0), width=100, colour=False)
    other = text(scenes.graph_of(lambda a, b: b - a, a=1.0, b=2.0), width=100, colour=False)
    assert one != other


def test_edges_that_cross_are_told_apart() -> None:
    same("shared.txt", text(api.backprop(scenes.shared(), x=3.0, y=-4.0, z=5.0), width=150, colour=False) + "\n")


def test_what_does_not_fit_becomes_a_table() -> None:
    run = api.backprop(scenes.perceptron(), **scenes.PERCEPTRON)
    drawn = text(run, width=100, colour=False)
    same("perceptron_table.txt", drawn + "\n")
    assert max(map(len, drawn.splitlines())) <= 100


def test_a_long_table_is_elided_in_the_middle() -> None:
    drawn = text(scenes.chain(2000), width=120, colour=False)
    assert "⋮  3881 more" in drawn.splitlines()
    assert len(drawn.splitlines()) < 300


def test_colour_is_written_only_where_it_is_asked_for() -> None:
    run = api.backprop(scenes.square(), x=2.0)
    plain, coloured = text(run, width=100, colour=False), text(run, width=100, colour=True)
    assert "\x1b" not in plain
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == plain
    assert "\x1b[38;5;32mvalue    81\x1b[0m" in coloured
    assert "\x1b[38;5;166mgradient 18\x1b[0m" in coloured


@pytest.mark.parametrize(
    ("environment", "expected"),
    [({}, False), ({"FORCE_COLOR": "1"}, True), ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False)],
)
def test_colour_obeys_the_environment(
    environment: dict[str, str], expected: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("FORCE_COLOR", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert shows_colour(io.StringIO()) is expected


@pytest.mark.parametrize("subject", ["square", "shared", "perceptron"])
def test_no_text_of_a_picture_is_crossed_by_a_line(subject: str) -> None:
    graph = getattr(scenes, subject)()
    run = api.backprop(graph, **(scenes.PERCEPTRON if subject == "perceptron" else dict.fromkeys(graph.input_names, 2.0)))
    drawn = picture(view(run))
    for card in cards(run):
        assert f"{card.number}  {card.title}" in drawn
        assert card.signature in drawn
    for joint in joints(run):
        for line in joint.product:
            assert line in drawn


def test_print_shows_a_run_as_a_picture(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    run = api.backprop(scenes.square(), x=2.0)
    sys.stdout.write(f"{run}\n")
    assert capsys.readouterr().out == text(run, width=100, colour=False) + "\n"


def test_many_edges_into_one_operation_keep_their_own_ways() -> None:
    graph = scenes.graph_of(lambda a, b, c, d: (a + d) * (b + c) - (c + a) * (d + b), a=1.0, b=2.0, c=3.0, d=4.0)
    drawing = celled(view(graph))
    same("woven.txt", picture(view(graph)) + "\n")
    ends = [line.points[-1] for line in drawing.marks if hasattr(line, "points")]
    assert len(set(ends)) == len(ends)


def test_tables_name_operands_and_products() -> None:
    run = api.backprop(scenes.self_product(), x=3.0)
    assert table(view(run), 100) == (
        "    name :: type    op :: signature   shape  operands  value  gradient\n"
        "0   x :: Float64    input :: Float64  ()               3      6\n"
        "1*  x·x :: Float64  × :: a → a → a    ()     0 0       9      1\n"
        "\n"
        "edge (operand)  upstream × local = downstream\n"
        "1 → 0 (1)       1 × 3 = 3\n"
        "1 → 0 (2)       1 × 3 = 3"
    )


def test_arrays_of_no_element_and_of_many_axes_are_drawn() -> None:
    graph = scenes.graph_of(lambda x: x * 2.0, x=np.ones((2, 3, 4)))
    assert "⎣1 1 1 1⎦ +1 more" in text(api.run(graph, x=np.ones((2, 3, 4))), width=100, colour=False)
