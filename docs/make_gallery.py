"""Write `gallery.md` and the pictures in `gallery/`: each is one function here, an example, a page and a test at once.

    .venv/bin/python docs/make_gallery.py

Whoever changes how pictures look runs this again and looks at what has changed; a test says so.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path

import numpy as np

import backlight as bl
from backlight.show.drawing import Drawing
from backlight.show.landscape import contour, landscape
from backlight.show.opened import opened
from backlight.show.picture import Picture
from backlight.show.svg import svg
from backlight.show.terminal import terminal
from backlight.show.view import neighbourhood, tree, view

FOLDER = Path(__file__).with_name("gallery")
PAGE = Path(__file__).with_name("gallery.md")
HEAD = """\
# Gallery

Every picture is made by the function beside it. Values go up, blue; gradients come down, vermillion, as upstream × local =
downstream; the thicker the line, the larger the gradient. Parameters are yellow with a heavy frame, the output has a
double red one, constants a dashed one.

```python
import numpy as np

import backlight as bl
from backlight.show.landscape import contour, landscape
from backlight.show.opened import opened
from backlight.show.picture import Picture
from backlight.show.view import neighbourhood, tree, view
```
"""
Shown = Picture | Drawing
PICTURES: dict[str, Callable[[], Shown]] = {}

WEIGHTS = (np.arange(50.0).reshape(5, 10) - 20) / 10
PERCEPTRON = "sum((sigmoid(W.T @ x + b) - y)^2)"
INPUTS = {"x": [0.1, 0.2, 0.3, 0.4, 0.5], "W": WEIGHTS, "b": 0, "y": [0.1, 0.9, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.9, 0.1]}


def picture(make: Callable[[], Shown]) -> Callable[[], Shown]:
    """Register a picture under the name of its function; its docstring is the heading."""
    PICTURES[make.__name__] = make
    return make


@picture
def x_plus_y() -> Shown:
    """x + y"""
    return bl.show(bl.backprop("x + y", x=2, y=3))


@picture
def square() -> Shown:
    """(4·x + 1)²"""
    return bl.show(bl.backprop("(4*x + 1)^2", x=2))


@picture
def x_times_x() -> Shown:
    """x·x: one input, two edges, their gradients summed"""
    return bl.show(bl.backprop("x*x", x=3))


@picture
def three_factors() -> Shown:
    """L = (x + y)·z"""
    return bl.show(bl.backprop("q = x + y\nL = q*z", x=-2, y=5, z=-4))


@picture
def sigmoid_opened() -> Shown:
    """The sigmoid opened into its definition: four leaves, inner nodes lettered"""
    run = bl.run("sigmoid(x)", x=0.5)
    inside = bl.backprop(opened(run.graph, run.graph.outputs[0]), x=0.5)
    return Picture(inside, tree(view(inside, lettered=True)))


@picture
def perceptron_before() -> Shown:
    """A perceptron before a run"""
    return bl.show(bl.run(PERCEPTRON, **INPUTS).graph, parameters=["W", "b"])


@picture
def perceptron_forward() -> Shown:
    """The same after the forward pass"""
    return bl.show(bl.run(PERCEPTRON, **INPUTS), parameters=["W", "b"])


@picture
def perceptron_backward() -> Shown:
    """The same after the backward pass"""
    return bl.show(bl.backprop(PERCEPTRON, **INPUTS), parameters=["W", "b"])


@picture
def squared_errors() -> Shown:
    """The sum of squared errors"""
    return bl.show(bl.backprop("e = z - y\nsum(e^2)", z=[0.9, 0.2, 0.4], y=[1, 0, 0]))


@picture
def two_layers() -> Shown:
    """Two layers and a loss"""
    text = "h = sigmoid(W1 @ x + b1)\np = sigmoid(W2 @ h + b2)\nsum((p - y)^2)"
    weights = {"W1": [[0.1, -0.2], [0.4, 0.3]], "b1": [0, 0.1], "W2": [[0.5, -0.6]], "b2": [0.2]}
    return bl.show(bl.backprop(text, x=[1, 2], y=[1], **weights), parameters=list(weights))


@picture
def residual_block() -> Shown:
    """A residual block: the gradient goes past the layers as well as through them"""
    text = "sum(x + W2 @ relu(W1 @ x))"
    run = bl.backprop(text, x=[1, 2], W1=[[1, 0.5], [-0.8, 0.3]], W2=[[0.2, 0.1], [0.4, -0.5]])
    return bl.show(run, parameters=["W1", "W2"])


@picture
def attention() -> Shown:
    """Attention of two queries to three keys"""
    queries, keys, values = [[1, 0], [0, 2]], [[1, 1], [0, 1], [2, 0]], [[1, 2], [3, 4], [5, 6]]
    return bl.show(bl.backprop("sum(softmax(Q @ K.T / sqrt(2)) @ V)", Q=queries, K=keys, V=values))


@picture
def not_a_number() -> Shown:
    """A NaN being born: 0 times −∞, and what it spoils"""
    return bl.show(bl.backprop("x*log(x) + y", x=0, y=1))


@picture
def cross_entropy() -> Shown:
    """Softmax with cross-entropy: the gradient is what was said less what was true"""
    return bl.show(bl.backprop("-sum(y * log_softmax(z))", z=[2, 1, -1], y=[1, 0, 0]), parameters=["z"])


@picture
def near_a_node() -> Shown:
    """One node of a larger graph with what stands next to it"""
    run = bl.backprop(PERCEPTRON, **INPUTS)
    return Picture(run, neighbourhood(view(run, ["W", "b"]), 5, up=1, down=1))


@picture
def loss_over_one_input() -> Shown:
    """A loss over one input, and what descent sees of it"""
    return landscape(bl.parse("(4*x + 1)^2"), "x", {"x": 2.0}, low=-3, high=3, learning_rate=0.02)


@picture
def loss_over_two_inputs() -> Shown:
    """A loss over two inputs with the path of descent"""
    loss = bl.parse("(w + b - 2)^2 + (3*w + b - 1)^2")
    return contour(loss, ("w", "b"), {"w": -1.5, "b": 2.5}, low=(-2, -3), high=(3, 3), learning_rate=0.02, steps=12)


@picture
def one_neuron() -> Shown:
    """One neuron to be tuned: the mean squared error at w = −0.82, b = −0.02, and the way down from there"""
    x = np.arange(-10, 11) / 10
    values = {"w": -0.82, "b": -0.02, "x": x, "y": 0.65 * x - 0.3}
    loss = bl.parse("mean((w*x + b - y)^2)")
    return contour(loss, ("w", "b"), values, low=(-1, -1), high=(1, 1), learning_rate=0.3, steps=10)


def files(name: str) -> dict[str, str]:
    """The files of one picture: SVG, and text where it has one."""
    shown = PICTURES[name]()
    if isinstance(shown, Drawing):
        return {f"{name}.svg": svg(shown)}
    from backlight.show.cells import celled

    return {f"{name}.svg": shown.svg(), f"{name}.txt": terminal(celled(shown.seen)) + "\n"}


def page() -> str:
    """The text of `gallery.md`."""
    parts = [HEAD]
    for name, make in PICTURES.items():
        source = inspect.getsource(make).replace("@picture\n", "").replace(" -> Shown", "")
        lines = [line for line in source.splitlines() if '"""' not in line]
        title = inspect.getdoc(make)
        parts.append(f"## {title}\n\n![{title}](gallery/{name}.svg)\n")
        if "PERCEPTRON" in source and 'PERCEPTRON = "' not in "".join(parts):
            parts.append(f"```python\n{given()}\n```\n")
        parts.append("```python\n" + "\n".join(lines) + "\n```\n")
    return "\n".join(parts)


def given() -> str:
    """The lines of this file that give the perceptron its text and its numbers."""
    lines = Path(__file__).read_text(encoding="utf-8").splitlines()
    return "\n".join(line for line in lines if line.startswith(("WEIGHTS =", "PERCEPTRON =", "INPUTS =")))


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    PAGE.write_text(page(), encoding="utf-8")
    for name in PICTURES:
        for file, text in files(name).items():
            (FOLDER / file).write_text(text, encoding="utf-8")
