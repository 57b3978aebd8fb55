"""Upstream times local is downstream, on every edge of every row, the ones that mix axes included."""

import numpy as np
import pytest
from tests.ops import trial as t

from backlight.core.graph import Graph
from backlight.core.tape import Tape
from backlight.core.types import Type
from backlight.diff.reverse import reverse
from backlight.explain.local import local_array
from backlight.ops import matmul, sum
from backlight.run.reference import run


def edges_of(row, case):
    """The edges of one row on one case, for an upstream gradient without symmetry, at every output that has one."""
    tried = t.trial(row, case)
    for k, out in enumerate(tried.smooth_outputs):
        made = run(reverse(tried.graph, out, tried.floats, t.weights(tried.graph.type(out), k)), tried.values)
        for window in made:
            yield from window.parts


def summed_to(array, shape):
    """The array with the axes summed that were stretched from `shape`."""
    array = np.asarray(array)
    extra = array.ndim - len(shape)
    stretched = [*range(extra), *(extra + i for i, n in enumerate(shape) if n == 1 != array.shape[extra + i])]
    return array.sum(axis=tuple(stretched)).reshape(shape)


@pytest.mark.parametrize(("row", "case"), t.pairs(lambda row, case: t.good(row, case) and row.differentiable))
def test_upstream_times_local_is_downstream(row, case):
    for edge in edges_of(row, case):
        graph = edge.run.graph
        out, into = graph.nodes[edge.consumer].type, graph.nodes[edge.to].type
        if not isinstance(out, Type) or not isinstance(into, Type) or "c" in (out.dtype.kind, into.dtype.kind):
            continue
        local = local_array(edge)
        if local is None:
            assert out.size * into.size > 4096 or out.size > 256
            continue
        upstream = np.asarray(edge.upstream, "float64")
        local = np.asarray(local, "float64")
        tolerance = 1e-4 if "float32" in (out.dtype, into.dtype) or "float16" in (out.dtype, into.dtype) else 1e-11
        if edge.part.local >= 0:
            with np.errstate(all="ignore"):
                product = np.where(local == 0, 0.0, upstream * local)  # dropped where a branch was not taken
            found = summed_to(np.broadcast_to(product, out.shape), into.shape)
        else:
            assert local.shape == out.shape + into.shape
            found = np.tensordot(upstream, local, axes=upstream.ndim)
        scale = np.nanmax(np.abs(found[np.isfinite(found)]), initial=1.0) if np.size(found) else 1.0
        t.assert_close(found, edge.downstream, tolerance, scale)


def test_a_jacobian_that_nobody_would_read_is_left_out():
    tape = Tape()
    triangle = np.tri(100)
    out = sum(matmul(triangle, tape.input("x", type=Type("float64", (100,)))))
    made = run(reverse(Graph(tuple(tape.nodes), (0,), (out.number,))), {0: np.ones(100)})
    product = made[made.output.node.inputs[0]]
    assert local_array(product.parts[0]) is None
    assert local_array(product.parts[0], 10_000).tolist() == triangle.tolist()
    assert local_array(made.output.parts[0]).tolist() == [1.0] * 100
