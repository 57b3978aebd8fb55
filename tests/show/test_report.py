"""A run as JSON: everything, exactly, and valid."""

import json

import numpy as np
import pytest

from backlight import api
from backlight.core.graph import Graph
from backlight.core.tape import Tape
from backlight.core.types import type_of
from backlight.diff.reverse import reverse
from backlight.ops import div, exp, greater, matmul, mul, sigmoid, square, sum
from backlight.run.reference import run
from backlight.show.report import report, value_data

assert api.Above.json  # what a run lends from the rooms above it


def made(function, *args, backward=True):
    tape = Tape()
    values = [np.asarray(a)[()] for a in args]
    xs = [tape.input("xyz"[k], type=type_of(v)) for k, v in enumerate(values)]
    graph = Graph(tuple(tape.nodes), tuple(range(len(xs))), (function(*xs).number,))
    graph = graph.with_(nodes=tuple(tape.nodes))
    return run(reverse(graph) if backward else graph, dict(enumerate(values)))


def parsed(text):
    def no_constant(word):
        raise AssertionError(f"{word} is not JSON")

    return json.loads(text, parse_constant=no_constant)


def test_the_object_has_the_promised_keys_and_nothing_else():
    found = parsed(made(lambda x: square(4.0 * x + 1.0), 2.0).json())
    assert list(found) == ["version", "inputs", "outputs", "guards", "nodes", "backward"]
    keys = ["id", "name", "op", "type", "signature", "shape", "inputs", "value", "gradient", "flags", "why", "parts"]
    assert all(list(node) == keys for node in found["nodes"] + found["backward"])
    assert (found["version"], found["inputs"], found["outputs"]) == (1, {"x": 0}, [5])
    assert [node["id"] for node in found["nodes"] + found["backward"]] == list(range(len(found["nodes"] + found["backward"])))
    assert found["nodes"][5] == {
        "id": 5, "name": "(4·x + 1)²", "op": "square", "type": "Float64", "signature": "sq :: a → a", "shape": [], "inputs": [4],
        "value": 81.0, "gradient": 1.0, "flags": [], "why": {"kind": "source", "rule": "", "of": None, "operand": None},
        "parts": [{"to": 4, "operand": 1, "upstream": 1.0, "local": 18.0, "downstream": 18.0}],
    }  # fmt: skip
    seed = found["backward"][0]
    assert (seed["op"], seed["value"], seed["why"]) == ("const", 1.0, {"kind": "seed", "rule": "seed", "of": 5, "operand": None})


def test_gradient_nodes_say_which_rule_of_which_node_made_them():
    found = report(made(lambda x: sigmoid(x), 0.5))
    whys = [node["why"] for node in found["backward"]]
    assert {"kind": "downstream", "rule": "sigmoid", "of": 1, "operand": 1} in whys
    assert all(node["parts"] == [] and node["gradient"] is None for node in found["backward"])


def test_a_run_without_gradients_has_none_and_no_backward():
    found = parsed(made(lambda x: exp(x), 0.0, backward=False).json())
    assert found["backward"] == []
    assert [(node["gradient"], node["parts"]) for node in found["nodes"]] == [(None, []), (None, [])]


def test_what_is_no_number_in_json_is_one_of_three_strings():
    found = parsed(made(lambda x, y: div(x, y), [1.0, -1.0, 0.0, 2.0], [0.0, 0.0, 0.0, 4.0]).json())
    assert found["nodes"][2]["value"] == ["Infinity", "-Infinity", "NaN", 0.5]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_numbers_come_back_to_the_last_bit(dtype):
    x = np.random.default_rng(3).normal(size=(4, 3)).astype(dtype)
    back = np.array(parsed(json.dumps(value_data(x))), dtype)
    assert back.tobytes() == x.tobytes()
    assert value_data(np.float32(0.1)) == float(np.float32(0.1))


@pytest.mark.parametrize(
    ("value", "data"),
    [
        (None, None), (np.bool_(True), True), (np.int8([[1, -2]]), [[1, -2]]), (np.float64(-0.0), -0.0), (np.zeros((0, 2)), []),
        (np.float32("nan"), "NaN"), (1 + 2j, {"real": 1.0, "imaginary": 2.0}),
    ],
)  # fmt: skip
def test_values_of_every_kind(value, data):
    assert repr(value_data(value)) == repr(data)


def test_types_that_have_no_gradient_and_rules_that_mix_axes():
    found = report(made(lambda x, y: sum(mul(matmul(x, y), greater(y, 0.0)), axis=0), [[1.0, 2.0], [3.0, 4.0]], [5.0, -6.0]))
    by_op = {node["op"]: node for node in found["nodes"]}
    positive = by_op["greater"]
    assert (positive["type"], positive["value"], positive["gradient"]) == ("Vector Bool", [True, False], None)
    assert by_op["matmul"]["parts"][1] == {
        "to": 1, "operand": 2, "upstream": [1.0, 0.0], "local": [[1.0, 2.0], [3.0, 4.0]], "downstream": [1.0, 2.0],
    }  # fmt: skip
