"""The studio's page in headless Chromium: how long a person waits. Skipped where Chromium is missing."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from tests.browser import launched, opened
from tests.page.studio import READY, Page, document
from tests.studio.server import start, studio

from backlight.live.address import fragment_of

TERMS = 50
# 50 damped waves of x, added up: about 500 nodes, values and gradients each.
WAVES = "\n".join(f"t{k} = sin({k + 1}*x + {k}/7)*exp(-x^2/{k + 2})" for k in range(TERMS)) + "\nL = " + " + ".join(
    f"t{k}" for k in range(TERMS)
)

# From the moment the slider moves until the frame with the new numbers is painted: the work, without waiting for the screen.
SLIDE = """async (value) => {
    const slider = document.querySelector('input[type=range][aria-label="x, slider"]');
    const begun = performance.now();
    slider.value = value;
    slider.dispatchEvent(new Event('input', {bubbles: true}));
    const handled = performance.now() - begun;
    const frames = backlight.view.painted.frames;
    await new Promise(requestAnimationFrame);
    while (backlight.view.painted.frames === frames) await new Promise(requestAnimationFrame);
    return [handled + backlight.view.painted.last_ms, performance.now() - begun];
}"""

# A picture of so many boxes with two maps each, on a grid.
CROWD = """async (n) => {
    const columns = Math.round(Math.sqrt(n * 2.2)), rows = Math.ceil(n / columns), cards = [], routes = [], slots = [];
    for (let i = 0; i < n; i += 1) {
        const r = Math.floor(i / columns), c = i % columns;
        cards.push({
            node: i, name: `node ${i}`, type: 'Matrix Float64', op: '', signature: 'a', shape: '(6, 6)', kind: 'operation',
            output: i === n - 1, chip: false, openable: false, gradient: i, scope: '', math: '', place: null,
            step: rows - r, x: 130 + c * 300, y: 60 + r * 160, width: 240, height: 100,
        });
        slots.push({start: i * 288, dtype: 'float64', shape: [6, 6]});
        if (r > 0) for (const d of [0, 1]) {
            const o = (r - 1) * columns + Math.min(columns - 1, c + d), a = cards[o], b = cards[i];
            const points = [a.x, a.y + 50, a.x, a.y + 70, b.x, b.y - 70, b.x, b.y - 50];
            routes.push({consumer: o, operand: i, number: d + 1, points, upstream: i, local: i, downstream: i, label: []});
        }
    }
    const values = Float64Array.from({length: n * 36}, (_, i) => Math.sin(i));
    const graph = {
        kind: 'graph', revision: -1, width: columns * 300, height: rows * 160, cards, routes, slots, block_bytes: values.byteLength,
        forward: n, outputs: [n - 1], differentiated: n - 1, rate: -1, updates: [], carries: [], state: [], sums: [],
        to: backlight.state.asked,
    };
    backlight.block.open(graph);
    backlight.block.fill(new Uint8Array(values.buffer), true);
    backlight.dispatch({type: 'news', news: graph});
    backlight.dispatch({type: 'numbers', live: false});
    await new Promise(done => setTimeout(done, 600));
}"""
PAN = """async ([zoom, frames]) => {
    backlight.view.zoom(zoom / backlight.view.camera.zoom);
    await new Promise(done => setTimeout(done, 400));
    const begun = performance.now();
    for (let i = 0; i < frames; i += 1) {
        backlight.view.pan(11, 5 * Math.sin(i / 9));
        await new Promise(requestAnimationFrame);
    }
    return (1000 * frames) / (performance.now() - begun);
}"""
FIT = "() => { backlight.view.fit(true); return backlight.view.camera.zoom }"
TYPE = """async (text) => {
    const field = document.getElementById('bl-text'), before = backlight.state.graph;
    const begun = performance.now();
    field.value = text;
    field.dispatchEvent(new Event('input', {bubbles: true}));
    while (backlight.state.graph === before || backlight.state.heard < backlight.state.asked) {
        await new Promise(requestAnimationFrame);
    }
    return performance.now() - begun;
}"""
# When the first graph was painted, and the clock's time of that and of the first paint.
WATCH = """(() => {
    const look = () => {
        if (window.backlight?.view?.painted.of) window.firstGraph = performance.now();
        else requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
})()"""
SINCE = """() => {
    const paint = Math.max(...performance.getEntriesByType('paint').map(e => e.startTime));
    return [performance.timeOrigin + paint, performance.timeOrigin + window.firstGraph];
}"""
PAINT = """() => {
    const answered = performance.getEntriesByType('navigation')[0].responseStart;
    return Math.max(...performance.getEntriesByType('paint').map(e => e.startTime)) - answered;
}"""


@pytest.fixture(scope="module")
def browser() -> Any:
    with launched() as found:
        yield found


@pytest.fixture(scope="module")
def served() -> Any:
    with studio() as found:
        yield found


def told(benchmark: Any, figures: list[float], **more: Any) -> None:
    """Keep what was measured inside the page beside what pytest-benchmark saw from outside."""
    ordered = sorted(figures)
    benchmark.extra_info.update(
        median_ms=round(ordered[len(ordered) // 2], 2), worst_ms=round(ordered[-1], 2), **more
    )
    print(json.dumps({benchmark.name: benchmark.extra_info}))


@pytest.mark.benchmark(group="page: slider to all values on screen")
def test_slider_over_500_nodes(benchmark: Any, browser: Any, served: Any) -> None:
    with opened(browser, served.address + "#" + fragment_of(document(WAVES, x=0.5))) as plain:
        page = Page(plain).ready()
        nodes = page.state("graph.cards.length")
        assert page.state("live") is True
        found: list[list[float]] = []
        steps = iter(range(10_000))
        benchmark.pedantic(lambda: found.append(plain.evaluate(SLIDE, str(next(steps) % 90 / 20 - 2))), rounds=80, warmup_rounds=10)
        told(benchmark, [work for work, _ in found[10:]], nodes=nodes)


@pytest.mark.benchmark(group="page: panning over 20,000 boxes")
@pytest.mark.parametrize("view", ["all of them", "dots", "chips", "cards"])
def test_pan(benchmark: Any, browser: Any, served: Any, view: str) -> None:
    with opened(browser, served.address) as plain:
        Page(plain).ready()
        plain.evaluate(CROWD, 20_000)
        zoom = {"all of them": plain.evaluate(FIT), "dots": 0.05, "chips": 0.3, "cards": 0.8}[view]
        rates: list[float] = []
        benchmark.pedantic(lambda: rates.append(plain.evaluate(PAN, [zoom, 90])), rounds=1)
        benchmark.extra_info.update(frames_a_second=round(min(rates), 1))
        print(json.dumps({benchmark.name: benchmark.extra_info}))


@pytest.mark.benchmark(group="page: typing to the new graph")
def test_typing(benchmark: Any, browser: Any, served: Any) -> None:
    with opened(browser, served.address + "#" + fragment_of(document("sigmoid(w*x + b)"))) as plain:
        Page(plain).ready()
        texts = iter(f"sigmoid(w*x + b)*{k} + tanh(w*y)" for k in range(1, 1000))
        found: list[float] = []
        benchmark.pedantic(lambda: found.append(plain.evaluate(TYPE, next(texts))), rounds=20, warmup_rounds=3)
        told(benchmark, found[3:])


@pytest.mark.benchmark(group="page: first paint")
def test_first_paint(benchmark: Any, browser: Any, served: Any) -> None:
    found: list[float] = []

    def visit() -> None:
        with opened(browser, served.address) as plain:
            plain.wait_for_function(READY)
            found.append(plain.evaluate(PAINT))

    benchmark.pedantic(visit, rounds=8, warmup_rounds=1)
    told(benchmark, found[1:])


@pytest.mark.benchmark(group="page: from the command to the first paint, and to the first graph")
def test_command(benchmark: Any, browser: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    # where this is set, every process compiles all of the source anew, and that is what would be measured
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
    paints: list[float] = []
    graphs: list[float] = []

    def command() -> None:
        with browser.new_context(viewport={"width": 1280, "height": 800}) as context:  # a browser that is open already
            plain = context.new_page()
            plain.add_init_script(WATCH)
            begun = time.time()
            served = start()
            try:
                plain.goto(served.address, wait_until="commit")
                plain.wait_for_function("() => window.firstGraph")
                paint, graph = plain.evaluate(SINCE)
                paints.append(paint - 1000 * begun)
                graphs.append(graph - 1000 * begun)
            finally:
                served.stop()

    benchmark.pedantic(command, rounds=9, warmup_rounds=1)
    told(benchmark, paints[1:], to_graph_ms=round(sorted(graphs[1:])[len(graphs) // 2], 2), worst_graph_ms=round(max(graphs[1:]), 2))
