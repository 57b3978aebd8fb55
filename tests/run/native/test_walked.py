import re

import numpy as np
import pytest
from tests.run.native.graphs import CLOSE, ROWS, agree, graph_of, named, reference, with_gradients

from backlight import errors, ops
from backlight.core.array import as_value
from backlight.core.types import TupleType, Type
from backlight.run.lower.tape import BINARY, LONG, OPCODES, UNARY, Tape, tape
from backlight.run.lower.translate import POINT
from backlight.run.native.machine import compile_graph
from backlight.run.native.walked import Walked

SCALARS = [(row, number) for row, number in ROWS if named(row, number)[0].kind in {"elementwise", "compare"}]


def no_one(*values, **_):  # what a plan calls where it does not understand; here it is never called
    raise AssertionError(values)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(("row", "number"), SCALARS)
def test_every_row_of_single_numbers_and_its_gradients_agree_with_the_reference(row: str, number: int, dtype: str) -> None:
    op, case = named(row, number)
    values = []
    for x in case.args:
        x = np.asarray(as_value(x))
        if x.size == 0 or x.dtype.kind not in "fb":
            pytest.skip("not of floats")
        with np.errstate(over="ignore"):
            values.append(x.flat[1 % x.size].astype(dtype if x.dtype.kind == "f" else x.dtype))
    graph = graph_of(lambda *xs: op(*xs, **case.attrs), *(Type(v.dtype.name, ()) for v in values))
    outputs = list(graph.outputs)
    if isinstance(graph.nodes[outputs[0]].type, TupleType):
        pytest.skip("several results")
    if (more := with_gradients(graph)) is not None:
        graph, grads = more
        outputs += grads
    found = tape(graph, outputs, least=0)
    if found is None:
        assert row not in POINT, "what a loop can compute a walker can"
        pytest.skip("this row is compiled")
    several = Walked(graph, found, no_one, outputs).run(values)
    several = (several,) if len(outputs) == 1 else several
    for a, b in zip(several, reference(graph, values, outputs), strict=True):
        assert agree(np.asarray(a), b, CLOSE[dtype]), (a, b)


def test_every_operation_of_compiled_loops_is_one_of_the_walker() -> None:
    of_whole_numbers = {op for op in POINT.values() if op.startswith(("bit_", "shift_"))}
    assert set(POINT.values()) - of_whole_numbers <= set(OPCODES)
    assert len(set(OPCODES)) == len(UNARY) + len(BINARY) + 1


def long_chain(x, y):
    z = x
    for _ in range(LONG):
        z = ops.sin(z * y) + 0.5 - x
    return z


def test_a_long_graph_of_single_numbers_is_walked_along_with_its_gradients() -> None:
    graph, grads = with_gradients(graph_of(long_chain, *[Type("float64", ())] * 2))
    f = compile_graph(graph, [graph.outputs[0], *grads])
    wanted = reference(graph, [np.float64(0.3), np.float64(0.9)], [graph.outputs[0], *grads])
    for given in ((0.3, 0.9), (np.float64(0.3), 0.9), (np.array(0.3), 0.9)):
        found = f(*given)
        assert all(type(v) is float for v in found)
        assert np.allclose(found, wanted, 1e-9)
    assert isinstance(f.latest, Walked)
    assert f(x0=0.3, x1=0.9) == found
    listing = f.listing().splitlines()
    assert re.fullmatch(r"tape of \d+ instructions on single numbers, walked along: too long to be compiled one by one", listing[0])
    assert listing[1] == "     0 c0 = multiply(c-1, c-2)    %2 mul"
    assert listing[-1].endswith(" × double: 2 inputs, 2 constants")
    where = f.where()
    assert where[0] == ()
    assert where[2] == (0,)
    assert where[3] == (1,)


def test_a_walker_that_watches_names_the_first_node_that_is_not_finite() -> None:
    def function(x):
        z = x
        for _ in range(LONG):
            z = z * 0.5 + 1.0
        return 1.0 / ops.exp(800.0 * z * x)

    f = compile_graph(graph_of(function, Type("float64", ())), watch=True)
    assert f(0.1) == pytest.approx(np.exp(-160.0))
    with pytest.raises(errors.NotFiniteError, match=r"^node \d+ \(exp\) is inf: it is the first that is not finite$"):
        f(1.0)


def test_truth_values_and_float32_come_back_as_what_they_are() -> None:
    graph = graph_of(lambda x, y: (x < y, ops.where(x < y, x * 2.0, y)), *[Type("float32", ())] * 2)
    found = tape(graph, graph.outputs, least=0)
    assert isinstance(found, Tape)
    less, picked = Walked(graph, found, no_one, graph.outputs).run([np.float32(1.5), np.float32(2.0)])
    assert less.dtype == np.bool_
    assert bool(less)
    assert (picked.dtype, picked) == (np.float32, 3.0)


def test_a_float32_sum_is_rounded_to_one() -> None:
    graph = graph_of(lambda x, y: x + y, *[Type("float32", ())] * 2)
    walked = Walked(graph, tape(graph, graph.outputs, least=0), no_one, graph.outputs)
    assert walked.run([np.float32(16777216.0), np.float32(1.0)]) == np.float32(16777216.0)
    assert walked.listing().splitlines()[1] == "     0 c0 = add(c-1, c-2) as float32    %2 add"


def test_whole_numbers_are_left_to_the_compiler() -> None:
    graph = graph_of(lambda x, y: x * y, Type("int64", ()), Type("float64", ()))
    assert tape(graph, graph.outputs, least=0) is None


def test_short_graphs_and_graphs_of_arrays_are_left_to_the_compiler() -> None:
    assert tape(graph_of(lambda x: x * x, Type("float64", ())), [1]) is None
    assert tape(graph_of(lambda x: x * x, Type("float64", (2,))), [1], least=0) is None
