"""How long explanations and pictures take: a derivation of 200 nodes, and 300 nodes as SVG."""

import numpy as np
import pytest

import backlight as bl
from backlight.explain.derive import derive
from backlight.explain.matrix import matrix_page
from backlight.explain.story import story
from backlight.run.record import Run
from backlight.show.detail import detailed
from backlight.show.graph import drawn
from backlight.show.html import html
from backlight.show.svg import svg
from backlight.show.view import view


def scalars(nodes: int) -> Run:
    """An expression of numbers, x and y used again and again."""
    lines, made = ["a0 = x*y"], 3
    while made < nodes:
        k = len(lines)
        lines.append(f"a{k} = sin(a{k - 1}) + x*a{k - 1}" if k % 2 else f"a{k} = tanh(a{k - 1})*y")
        made += 3 if k % 2 else 2
    return bl.backprop("\n".join(lines), x=0.3, y=0.7)


def network(nodes: int) -> Run:
    """Layers of eight neurons and a squared error."""
    lines, values, h = [], {"x": np.linspace(-1, 1, 8)}, "x"
    rng = np.random.default_rng(0)
    for k in range((nodes - 6) // 5):
        lines.append(f"h{k} = tanh(W{k} @ {h} + b{k})")
        values |= {f"W{k}": rng.normal(0, 0.5, (8, 8)), f"b{k}": np.zeros(8)}
        h = f"h{k}"
    return bl.backprop("\n".join([*lines, f"sum(({h} - y)^2)"]), **values, y=np.zeros(8))


@pytest.mark.benchmark(group="200 nodes explained")
@pytest.mark.parametrize("make", [scalars, network], ids=lambda make: make.__name__)
def test_derivation(benchmark, make):
    made = make(200)
    benchmark.extra_info["nodes"] = made.graph.forward_count
    benchmark.pedantic(lambda: str(derive(made, None, "x")), rounds=10, warmup_rounds=1)


@pytest.mark.benchmark(group="200 nodes explained")
def test_matrix_form(benchmark):
    made = network(200)
    benchmark.pedantic(lambda: str(matrix_page(made)), rounds=10, warmup_rounds=1)


@pytest.mark.benchmark(group="200 nodes explained")
def test_story(benchmark):
    made = network(200)
    benchmark.pedantic(lambda: str(story(made, made.graph.outputs[0] - 3)), rounds=10, warmup_rounds=1)


@pytest.mark.benchmark(group="300 nodes as SVG")
@pytest.mark.parametrize("what", ["drawing in hand", "laid out too", "all of it, cards"])
@pytest.mark.parametrize("make", [scalars, network], ids=lambda make: make.__name__)
def test_svg(benchmark, make, what):
    made = make(300)
    seen = detailed(view(made), "card" if what == "all of it, cards" else "auto")
    drawing = drawn(seen)
    work = (lambda: svg(drawing)) if what == "drawing in hand" else lambda: svg(drawn(seen))
    text = benchmark.pedantic(work, rounds=10, warmup_rounds=1)
    assert text.count("data-node=") > 300


@pytest.mark.benchmark(group="300 nodes as SVG")
def test_html(benchmark):
    made = network(300)
    assert len(benchmark.pedantic(lambda: html(made), rounds=3, warmup_rounds=1)) > 10_000
