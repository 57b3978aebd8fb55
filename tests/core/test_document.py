"""A graph as plain data and back."""

import json

import numpy as np
import pytest

from backlight import ops
from backlight.core.document import graph_from_json, graph_to_json
from backlight.core.graph import Graph, Node, Why
from backlight.core.table import TABLE
from backlight.core.tape import Tape
from backlight.core.types import TupleType, Type, type_of
from backlight.diff.reverse import reverse
from backlight.errors import FileError
from backlight.ops import mul, square, sum

assert ops.__all__


def sample():
    tape = Tape()
    x = tape.input("x", type=Type("float32", (2, 3)))
    out = sum(mul(square(x), np.array([1.0, np.nan, -np.inf], "float32")), axis=(0, -1))
    return reverse(Graph(tuple(tape.nodes), (0,), (out.number,), source="Σ x²"))


def test_the_same_graph_comes_back_through_json():
    graph = sample()
    text = json.dumps(graph_to_json(graph), allow_nan=False)
    back = graph_from_json(json.loads(text))
    assert [n._replace(attrs=()) for n in back.nodes] == [n._replace(attrs=()) for n in graph.nodes]
    assert dict(back.grads) == dict(graph.grads)
    assert dict(back.parts) == dict(graph.parts)
    assert (back.inputs, back.outputs, back.source, back.forward) == (graph.inputs, graph.outputs, "Σ x²", graph.forward)
    assert json.dumps(graph_to_json(back), allow_nan=False) == text


@pytest.mark.parametrize(
    "value",
    [
        1, 1.0, True, None, "a", float("inf"), -0.0, 2 - 3j, (1, (2.5, "b")), slice(None, -1, 2), np.float32(0.1),
        np.array([[1, 2]], "int8"), np.array(3.0), np.bool_(True), np.zeros((0, 3)), np.array([1 + 2j, np.nan]),
    ],
)  # fmt: skip
def test_settings_of_every_kind_keep_their_kind(value):
    graph = Graph((Node(TABLE["const"], attrs=(("value", value),)),), (), (0,))
    back = graph_from_json(json.loads(json.dumps(graph_to_json(graph), allow_nan=False))).nodes[0].attr("value")
    assert type(back) is type(value)
    if isinstance(value, (np.ndarray, np.generic)):
        assert type_of(back) is type_of(value)
        assert back.tobytes() == value.tobytes()
    else:
        assert repr(back) == repr(value)


def test_types_of_several_outputs_and_none_and_reasons_come_back():
    pair = TupleType([Type("float64", (3,)), Type("int64", (3,))])
    nodes = (Node(TABLE["input"], name="x"), Node(TABLE["item"], (0,), pair, why=Why("rewrite", "log1p", 0, 2), scope="a/b"))
    assert graph_from_json(graph_to_json(Graph(nodes, (0,), (1,)))).nodes == nodes


def test_a_setting_that_is_no_data_is_refused_with_its_node():
    graph = Graph((Node(TABLE["const"], attrs=(("value", object()),)),), (), (0,))
    with pytest.raises(FileError) as error:
        graph_to_json(graph)
    assert str(error.value) == "node 0 cannot be written down: its setting value is a object"


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"code": "1"}, "this is no description of a graph: a setting of the kind 'code'"),
        ({"a": 1, "b": 2}, "this is no description of a graph: ValueError: too many values to unpack (expected 1)"),
        (
            {"array": ["<f8", [2], "AAAA", True]},
            "this is no description of a graph: ValueError: buffer size must be a multiple of element size",
        ),
    ],
)
def test_a_setting_that_does_not_hold_is_refused(setting, message):
    data = graph_to_json(sample())
    data["nodes"][0][3] = [["role", setting]]
    with pytest.raises(FileError) as error:
        graph_from_json(data)
    assert str(error.value) == message
