"""The network of the article on vectors, and the neuron that is tuned by hand: what is shown is what is computed."""

import json
import runpy
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import backlight as bl
from backlight.explain.plain import number_text
from backlight.show.card import Card
from backlight.show.drawing import Drawing, Heat, Line
from backlight.show.landscape import contour, landscape

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def moons(tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("moons")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.argv", ["two_moons.py", str(folder)])
        found = runpy.run_path(str(ROOT / "examples" / "two_moons.py"))
    return found, folder


def test_V6_two_moons_are_told_apart_by_a_network_that_sees_one_point_at_a_time(moons):
    found, folder = moons
    assert found["points"].shape == (800, 2)
    assert [w.shape for w, _ in found["model"]] == [(8, 2), (5, 8), (1, 5)]
    history = np.array(found["history"])
    assert history.shape == (found["EPOCHS"] + 1, 2)       # training and validation, from before the first epoch on
    assert (history[-1] < 0.25 * history[0]).all()
    # What was plotted last is what the last network does.
    assert history[-1] == pytest.approx([found["mean"](found["learnt"]), found["mean"](found["kept"])], rel=1e-12)
    answers: Drawing = found["answers"]
    assert int(answers.twin.split()[0]) >= 180
    (heat,) = (mark for mark in answers.marks if isinstance(mark, Heat))
    assert heat.values.min() < -0.4
    assert heat.values.max() > 0.4
    assert any(isinstance(mark, Line) and mark.weight == 2.5 for mark in answers.marks)
    assert {path.name for path in folder.iterdir()} == {"curves.svg", "surface.svg"}
    assert "validation</text>" in (folder / "curves.svg").read_text(encoding="utf-8")


def test_V6_its_gradient_is_the_matrix_form_of_the_article(moons):
    found, _ = moons
    x, y = found["points"][0], float(found["label"][0])
    _, slope = bl.value_and_grad(found["loss"])(found["model"], x, y)
    hs, zs = [x], []
    for k, (w, b) in enumerate(found["model"]):
        zs.append(w @ hs[-1] + b)
        hs.append(np.tanh(zs[-1]) if k < 2 else 1 / (1 + np.exp(-zs[-1])))
    delta = 2 * (hs[-1] - y) * hs[-1] * (1 - hs[-1])
    for k in (2, 1, 0):
        assert np.allclose(slope[k][0], np.outer(delta, hs[k]), rtol=1e-10, atol=1e-15)
        assert np.allclose(slope[k][1], delta, rtol=1e-10, atol=1e-15)
        if k:
            delta = (found["model"][k][0].T @ delta) * (1 - hs[k] ** 2)


X = [k / 10 for k in range(-10, 11)]
Y = [0.65 * x - 0.3 for x in X]
LOSS = "loss = mean((w*x + b - y)^2)"


def neuron(w: float, b: float):
    return bl.backprop(LOSS, w=w, b=b, x=X, y=Y)


def test_E7_the_mean_squared_error_is_what_is_written_and_what_is_computed():
    run = neuron(-0.82, -0.02)
    assert f"{run['loss'].value:.7f}" == "0.8707300"
    assert float(run["loss"].value) == pytest.approx(sum((-0.82 * x - 0.02 - y) ** 2 for x, y in zip(X, Y, strict=True)) / 21)


STEPS = st.integers(-100, 100).map(lambda k: k / 100)      # where the two sliders stand


@given(STEPS, STEPS)
def test_E7_every_picture_shows_the_loss_at_the_current_values(w, b):
    run = neuron(w, b)
    loss = run["loss"].value
    assert float(loss) == pytest.approx(np.mean((w * np.array(X) + b - np.array(Y)) ** 2), rel=1e-12, abs=1e-15)
    shown = number_text(loss)
    picture = bl.show(run, near="loss")
    card: Card = next(card for card in picture.seen.cards if card.name == "loss")
    assert float(card.value) == float(loss)
    assert f"value    {shown}" in picture.text()
    assert shown in picture.dot()
    assert json.loads(run.json())["nodes"][run.graph.number("loss")]["value"] == float(loss)


@pytest.mark.parametrize(("w", "b"), [(-0.82, -0.02), (0.65, -0.3), (-1.0, 1.0), (0.33, 0.0)])
def test_E7_the_landscape_stands_where_the_sliders_do(w, b):
    run = neuron(w, b)
    values = {"w": w, "b": b, "x": X, "y": Y}
    loss = float(run["loss"].value)
    said = landscape(run.graph.with_(nodes=run.graph.nodes[: run.graph.forward_count], grads={}, parts={}, forward=-1), "w", values,
                     low=-1, high=1, learning_rate=0.1).twin  # fmt: skip
    assert said.startswith(f"at w = {w:g} the loss is {loss:.6g} and its slope {float(run['w'].gradient):.6g}\n")
    path = contour(bl.parse(LOSS), ("w", "b"), values, low=(-1, -1), high=(1, 1), learning_rate=0.1, steps=3).twin
    assert f": {loss:.6g} becomes " in path
