"""Nothing is recursive: a chain of a million operations is built, run, differentiated, printed, saved and freed."""

import gc
import weakref

import numpy as np
import pytest

import backlight as bl


@pytest.mark.parametrize("length", [20_000, pytest.param(1_000_000, marks=pytest.mark.slow)])
def test_a_long_chain_goes_all_the_way_and_comes_back(length, tmp_path):
    def chain(x):
        for _ in range(length // 2):
            x = x * 1.0000001
            x = x + 1e-7
        return x

    graph = bl.trace(chain)(1.0)
    assert graph.forward_count > length
    run = bl.backprop(graph, x=1.0)
    assert float(run.output.value) == pytest.approx(2 * 1.0000001 ** (length // 2) - 1, rel=1e-9)
    assert float(run["x"].gradient) == pytest.approx(1.0000001 ** (length // 2), rel=1e-9)
    text = str(run)
    assert text.count("\n") < 400
    assert f"⋮  {graph.forward_count - 120} more\n" in text
    assert str(graph.forward_count - 1) + "*" in text
    run.save(tmp_path / "chain.run")
    assert bl.load_run(tmp_path / "chain.run").block.tobytes() == run.block.tobytes()
    gone = weakref.ref(run.block)
    del run, graph
    gc.collect()
    assert gone() is None


def test_a_deep_formula_is_read_run_and_printed():
    text = "\n".join(["y0 = x", *(f"y{k + 1} = y{k} * 1.001 + sin(y{k})" for k in range(500))])
    run = bl.backprop(bl.parse(text, limit=10_000), x=0.5)
    x, slope = 0.5, 1.0
    for _ in range(500):
        x, slope = x * 1.001 + np.sin(x), slope * (1.001 + np.cos(x))
    assert float(run.output.value) == pytest.approx(x, rel=1e-12)
    assert float(run["x"].gradient) == pytest.approx(slope, rel=1e-9)
    assert "⋮" in str(run)
