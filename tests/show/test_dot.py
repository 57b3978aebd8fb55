"""Graphs as DOT text."""

from tests.show import scenes
from tests.show.golden import same

from backlight import api
from backlight.show.dot import dot
from backlight.show.view import view


def test_G16_a_graph_as_dot_text() -> None:
    text = dot(view(api.backprop(scenes.perceptron(), **scenes.PERCEPTRON)))
    same("perceptron.dot", text)
    assert text.count(" -> ") == 10
    assert text.count("peripheries=2") == 1
    assert text.count('fillcolor="#fff3b0"') == 2


def test_G16_every_edge_is_written_and_numbered_from_1() -> None:
    text = dot(view(scenes.self_product()))
    assert '  n1 -> n0 [taillabel="1", color="#8a8a8a"];\n  n1 -> n0 [taillabel="2", color="#8a8a8a"];\n' in text


def test_G16_quotes_and_backslashes_in_names_are_kept() -> None:
    graph = scenes.square().with_(nodes=tuple(n._replace(name='say "x\\y"') if n.name else n for n in scenes.square().nodes))
    assert 'label="0  say \\"x\\\\y\\" :: Float64\\l' in dot(view(graph))
