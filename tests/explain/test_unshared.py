"""The tree that a formula is."""

import pytest

import backlight as bl
from backlight.errors import LimitError
from backlight.explain.unshared import unshared


def test_what_is_used_twice_is_there_twice_with_the_gradients_of_its_own_paths():
    graph = bl.parse("y = x + 1\ny * y")
    tree = unshared(graph)
    assert [len(uses) for uses in tree.consumers()] == [2, 1, 1, 1, 1, 0]  # x, and twice the 1 and the sum, and the product
    run = bl.backprop(tree, x=3)
    assert (run.output.value, run["x"].gradient) == (16, 8)
    assert [window.gradient for window in run if window.name == "y"] == [4, 4]
    assert bl.backprop(graph, x=3)["y"].gradient == 8


def test_a_tree_of_a_tree_is_itself_and_inputs_alone_stay():
    tree = unshared(bl.parse("sin(x) * 2 + y"))
    assert unshared(tree).nodes == tree.nodes
    assert [node.op.name for node in unshared(bl.parse("f(x, y) = x")).nodes] == ["input", "input"]


@pytest.mark.parametrize(("depth", "count"), [(10, "2047"), (40, "2.2e+12"), (2000, "more than 1e300")])
def test_a_tree_that_nobody_could_look_at_is_refused(depth, count):
    graph = bl.parse("\n".join(["a0 = x + x", *(f"a{k + 1} = a{k} + a{k}" for k in range(depth - 1))]), limit=100_000)
    with pytest.raises(LimitError) as error:
        unshared(graph)
    assert str(error.value) == f"as a tree this graph has {count} nodes, and the limit is 2000: look at the graph itself"
