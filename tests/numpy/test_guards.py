"""What a trace was told by the values it met: it holds for these, and a compiled function asks again for others."""

import numpy as np
import pytest

import backlight as bl


def fill_up(x):
    z = x * 1.0
    z[z < 0] = 0.0
    z[1:] += z[:-1]
    return np.sum(z)


CASES = [
    lambda x: np.sum(x[x > 0] * 2), lambda x: np.sum(x[np.nonzero(x > 0)]), lambda x: np.sum(np.extract(x > 0, x) * x.size), fill_up,
    lambda x: np.sum(np.interp(x, [-2.0, 0.0, 2.0], [0.0, 1.0, 4.0])), lambda x: np.sum(np.unique(np.round(x))),
    lambda x: x[np.argmax(x)] * 2, lambda x: x[int(x[0] > 0)], lambda x: np.count_nonzero(x > 0) * x[0], lambda x: np.sum(x, where=x > 0),
    lambda x: np.sum(np.partition(x, 1)[:2]), lambda x: np.median(x) * np.searchsorted(np.sort(x), 0.5), lambda x: np.histogram(x, bins=2)[0] @ x[:2],
]  # fmt: skip


@pytest.mark.parametrize("f", CASES, ids=range(len(CASES)))
def test_a_compiled_function_gives_what_the_function_gives_whatever_the_values(f):
    compiled = bl.compile(f)
    for x in ([1.0, -2.0, 3.0], [-1.0, 2.0, 3.0], [0.2, 0.3, 0.1], [1.5, -2.5, 3.5], [-1.0, -2.0, -3.0]):
        assert compiled(np.array(x)) == pytest.approx(f(np.array(x)), rel=1e-12)


def test_a_guard_says_what_was_asked_and_where():
    graph = bl.trace(lambda x: np.sum(x[x > 0]))(np.array([1.0, -2.0]))
    (guard,) = graph.guards
    assert (guard.kind, guard.answer, graph.nodes[guard.node].op.name) == ("numbers", np.array([True, False]).tobytes(), "greater")
    assert guard.at.file == __file__
