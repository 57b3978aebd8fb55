"""Views: trees, neighbourhoods, folded groups, opened operations."""

import re

import numpy as np
import pytest
from tests.show import scenes
from tests.show.golden import same

from backlight import api, ops
from backlight.core.array import Array
from backlight.core.graph import Graph
from backlight.core.tape import Tape
from backlight.core.types import Type
from backlight.errors import GraphError, LimitError, NameError
from backlight.explain.births import births
from backlight.show.folding import folded
from backlight.show.graph import drawn
from backlight.show.opened import opened
from backlight.show.svg import svg
from backlight.show.terminal import text
from backlight.show.view import View, neighbourhood, tree, view


def spelled_sigmoid() -> Graph:
    return scenes.graph_of(lambda x: 1 / (1 + ops.exp(-1 * x)), x=0.5)


def used(seen: View) -> list[int]:
    """How many consumers each card has."""
    return [sum(joint.operand == place for joint in seen.joints) for place in range(len(seen.cards))]


def test_J6_the_first_examples_as_tree_and_as_shared_graph() -> None:
    for name, graph, value in (("square", scenes.square(), 2.0), ("sigmoid", spelled_sigmoid(), 0.5)):
        run = api.backprop(graph, x=value)
        same(f"{name}_tree.txt", text(tree(view(run)), width=150, colour=False) + "\n")
        shown = sorted(card.number for card in tree(view(run)).cards)
        assert shown == [card.number for card in view(run).cards]    # nothing is shared in them, so both are alike


def test_J6_what_is_used_twice_is_one_card_in_the_graph_and_two_in_the_tree() -> None:
    graph = view(api.backprop(scenes.shared(), x=3.0, y=-4.0, z=5.0))
    assert max(used(graph)) == 2
    grown = tree(graph)
    assert max(used(grown)) == 1
    assert [card.name for card in grown.cards].count("x") == 2
    assert [card.name for card in grown.cards].count("y") == 2
    assert len(grown.joints) == len(grown.cards) - 1
    same("shared_tree.txt", text(grown, width=150, colour=False) + "\n")


def test_J6_a_tree_too_large_to_draw_is_refused() -> None:
    def write(x: Array) -> Array:
        for _ in range(20):
            x = x * x
        return x

    with pytest.raises(
        LimitError,
        match=r"\Aas a tree this graph has more than 2000 cards: look at the shared graph, or at a part of it\Z",
    ):
        tree(view(scenes.graph_of(write, x=1.0)))


def test_J4_the_sigmoid_opens_into_its_tree_with_four_leaves_and_lettered_inner_nodes() -> None:
    typed = api.run(scenes.graph_of(lambda x: ops.sigmoid(x), x=0.5), x=0.5).graph
    graph = opened(typed, 1)
    seen = tree(view(graph, lettered=True))
    leaves = [place for place in range(len(seen.cards)) if not any(joint.consumer == place for joint in seen.joints)]
    assert sorted(seen.cards[place].name for place in leaves) == ["1", "1", "x", "−1"]
    assert [card.name for card in seen.cards if card.kind == "operation"] == [
        "a = −1·x", "b = e^a", "c = 1 + b", "d = 1 / c",
    ]  # fmt: skip
    same("sigmoid_opened.svg", svg(drawn(seen)))


@pytest.mark.parametrize("value", [-3.0, 0.0, 0.5, 4.0])
def test_J4_an_opened_operation_gives_the_same_values_and_gradients(value: float) -> None:
    whole = api.backprop(scenes.graph_of(lambda x: ops.square(ops.sigmoid(x)), x=value), x=value)
    for number in (1, 2):
        run = api.backprop(opened(whole.graph, number), x=value)
        assert run.output.value == pytest.approx(whole.output.value, rel=1e-15)
        assert run["x"].gradient == pytest.approx(whole["x"].gradient, rel=1e-14)


def test_J4_opened_nodes_say_where_they_come_from() -> None:
    graph = opened(api.run(scenes.graph_of(lambda x: ops.sigmoid(x), x=0.5), x=0.5).graph, 1)
    inner = [node for node in graph.nodes if node.why.kind == "inside"]
    assert {node.why.rule for node in inner} == {"sigmoid"}
    assert {node.scope for node in inner} == {"sigmoid"}


def test_J4_what_cannot_be_opened_says_so() -> None:
    graph = api.run(scenes.square(), x=2.0).graph
    with pytest.raises(GraphError, match=r"\Anode 0 \(x\): input has no definition in smaller operations\Z"):
        opened(graph, "x")
    bare = scenes.graph_of(lambda x: ops.sigmoid(x), x=0.5)
    bare = bare.with_(nodes=tuple(node._replace(type=None) for node in bare.nodes))
    with pytest.raises(
        GraphError, match=r"\Aa graph without types cannot be opened: give its inputs values first, as in bl\.run\Z"
    ):
        opened(bare, 1)


def test_G14_the_neighbourhood_of_a_node() -> None:
    seen = view(api.backprop(scenes.shared(), x=3.0, y=-4.0, z=5.0))
    near = neighbourhood(seen, 4, up=1, down=1)
    assert [card.number for card in near.cards] == [2, 3, 4, 6]
    assert [(near.cards[j.consumer].number, near.cards[j.operand].number) for j in near.joints] == [(4, 3), (4, 2), (6, 4)]
    assert [card.number for card in neighbourhood(seen, 0, up=2, down=5).cards] == [0, 3, 4, 5, 6]
    assert [card.number for card in neighbourhood(seen, 6, up=3, down=0).cards] == [6]
    same("neighbourhood.txt", text(near, width=120, colour=False) + "\n")


def test_G14_a_node_that_is_not_there_is_named() -> None:
    with pytest.raises(NameError, match=r"\Anode 9 is not in this view: it shows 0, 1\Z"):
        neighbourhood(view(scenes.self_product()), 9)


def blocks(count: int, own: bool, spoil: bool = False) -> Graph:
    """Layers tanh(x @ W + b) in scopes net/layer.k (`own`) or all in net/cell with the same parameters."""
    tape = Tape()
    matrix, vector = Type("float64", (2, 2)), Type("float64", (2,))
    role = (("role", "parameter"),)
    x = tape.input("x", type=vector)
    for k in range(count):
        if own or not k:
            w, b = (tape.input(f"{name}{k}", type=type, attrs=role) for name, type in (("W", matrix), ("b", vector)))
        tape.scope = f"net/layer.{k}" if own else "net/cell"
        x = ops.tanh(w @ x + b)
        if spoil and k == 1:
            x = ops.log(x - 2.0)
        tape.scope = ""
    y = ops.sum(x)
    return Graph(tuple(tape.nodes), tuple(tape.inputs), (y.number,))


def test_groups_alike_with_parameters_of_their_own_are_drawn_once_with_how_many_more() -> None:
    seen = folded(view(blocks(12, own=True)), most=10)
    names = [card.name for card in seen.cards]
    assert "net/layer.0 +11 more" in names
    assert len(names) == 3      # x, the layers, their sum
    assert next(card for card in seen.cards if card.kind == "group").signature == "36 operations, 24 parameters"


def test_a_body_repeated_with_the_same_parameters_says_how_often() -> None:
    seen = folded(view(blocks(12, own=False)), most=10)
    assert [card.name for card in seen.cards][-2] == "net/cell ×12"
    assert seen.cards[-2].signature == "36 operations, 2 parameters"
    same("folded_cell.txt", text(seen, width=100, colour=False) + "\n")


def test_bodies_alike_with_parameters_of_their_own_are_not_called_repeated() -> None:
    seen = folded(view(blocks(12, own=True)), most=2)
    assert not any("×" in card.name for card in seen.cards)


def test_scopes_fold_from_the_inside_and_only_as_far_as_needed() -> None:
    graph = view(blocks(3, own=True))
    assert folded(graph, most=60) == graph
    assert len(folded(graph, most=10).cards) <= 10


def test_a_scope_can_be_kept_open() -> None:
    seen = folded(view(blocks(6, own=True)), most=5, unfold=["net/layer.2"])
    names = [card.name for card in seen.cards]
    assert "net/layer.0 +1 more" in names
    assert "net/layer.3 +2 more" in names
    assert sum(card.scope == "net/layer.2" and card.kind == "operation" for card in seen.cards) == 3


def test_a_scope_can_be_folded_though_there_is_room() -> None:
    whole = view(blocks(3, own=True))
    seen = folded(whole, fold=["net/layer.0", "net/layer.1"])
    assert [card.name for card in seen.cards if card.kind == "group"] == ["net/layer.0", "net/layer.1"]
    assert {card.scope for card in seen.cards if card.kind == "operation" and card.scope} == {"net/layer.2"}
    assert [card.kind for card in folded(whole, fold=["net"]).cards].count("group") == 1
    assert folded(whole, fold=["nowhere"]) == whole
    part = folded(whole, fold=["net"], unfold=["net/layer.1"])
    assert sum(card.scope == "net/layer.1" and card.kind == "operation" for card in part.cards) == 3


def test_what_has_a_problem_is_never_folded_away() -> None:
    graph = blocks(6, own=True, spoil=True)
    values = {name: np.eye(2) if name[0] == "W" else np.zeros(2) for name in graph.input_names}
    run = api.run(graph, **values)
    bad = {i for i in range(graph.forward_count) if not np.isfinite(run.value(i)).all()}
    assert 5 < len(bad) < len(view(run).cards) - 5
    shown = {card.number for card in folded(view(run), most=len(bad)).cards if card.kind == "operation"}
    assert bad <= shown


def test_of_a_problem_that_spread_over_more_than_can_be_read_its_birth_is_never_folded_away() -> None:
    graph = blocks(6, own=True, spoil=True)
    values = {name: np.eye(2) if name[0] == "W" else np.zeros(2) for name in graph.input_names}
    run = api.backprop(graph, **values)
    forward = births(run)
    # a gradient belongs to the node that it reaches: there it is no number, and above it was one
    wrong = {i for i in range(graph.forward_count) if i in run.graph.grads and not np.isfinite(run.value(run.graph.grads[i])).all()}
    above = {j for i in wrong for j in graph.nodes[i].inputs}
    born = {finding.node for finding in forward} | {i for i in wrong - above if graph.nodes[i].inputs}
    assert forward
    assert len(born) < 5 < len(wrong)
    seen = folded(view(run), most=5)
    shown = {card.number for card in seen.cards if card.kind == "operation"}
    assert born <= shown
    assert len(seen.cards) < len(view(run).cards) - 5


def test_folding_makes_no_circle_and_loses_no_output() -> None:
    seen = folded(view(blocks(6, own=True)), most=5)
    assert all(joint.operand < joint.consumer for joint in seen.joints)
    assert sum(card.output for card in seen.cards) == 1
    assert re.search("<svg", svg(drawn(seen)))
